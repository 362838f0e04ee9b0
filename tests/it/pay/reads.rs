//! What a run reads: the days its document looks at and no others, whatever else a firm keeps.

use bole::app::Actor;
use bole::app::pay::{
    Check, ExportKind, ExportOf, SettingInput, change_setting, export_table, review, set_attributes,
};
use bole::domain::{Money, Period};
use bole::sheet::Cell;
use serde_json::{Value, json};

use super::{activity, closed, lines, record, take};
use crate::points::rig::Rig;
use crate::support::{Kind, TestDb};

/// The first-batch scheme in force, 张三 and 李四 selling.
async fn sellers(rig: &Rig) {
    let from_on = "2026-01-01".parse().unwrap();
    let input = SettingInput {
        from_on,
        document: None,
        params: serde_json::Map::new(),
        enabled: false,
        note: String::new(),
    };
    change_setting(&rig.app, &Actor::System, "07-new-customers", &input)
        .await
        .unwrap();
    for code in ["Z3", "L4"] {
        let role = json!({"07-new-customers.role": "sales"});
        set_attributes(&rig.app, &Actor::System, code, from_on, role.as_object().unwrap())
            .await
            .unwrap();
    }
}

fn batch(source: &str, key: &str, seller: &str, day: &str, amount: &str) -> Value {
    json!({"kind": "first_batch", "source": source, "source_key": key, "subject": seller, "occurred_on": day,
           "measures": {"amount": amount}, "dimensions": {"customer": format!("shop {key}")}})
}

/// A card of 1 000 sold: a kind that is read of its own month only.
fn card(key: &str, seller: &str, day: &str) -> Value {
    json!({"kind": "card", "source": "till", "source_key": key, "subject": seller, "occurred_on": day,
           "measures": {"amount": "1000.00"}, "dimensions": {}})
}

async fn month(rig: &Rig, period: &str) -> Value {
    let body = json!({"scheme": "07-new-customers", "period": period});
    let (status, run) = rig.post("admin", "/payouts", body).await;
    assert_eq!(status, 201, "{run}");
    run
}

async fn input_of(rig: &Rig, run: &Value) -> Vec<u8> {
    let run = rig.app.store.run(run["id"].as_i64().unwrap()).await.unwrap();
    run.unwrap().input_hash
}

async fn close(rig: &Rig, run: &Value) {
    for (key, step) in [("admin", "submit"), ("other", "approve"), ("admin", "close")] {
        let (status, body) = take(rig, key, run, step).await;
        assert_eq!(status, 200, "{step}: {body}");
    }
}

async fn given_facts_of_other_months_when_a_month_is_calculated_then_it_reads_its_own_and_is_not_late_for_them(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    sellers(&rig).await;
    record(&rig, vec![batch("till", "o1", "z3", "2026-10-10", "60000.00")]).await;
    let first = month(&rig, "2026-10").await;
    let read = input_of(&rig, &first).await;
    record(
        &rig,
        vec![card("s1", "z3", "2026-09-30"), card("n1", "l4", "2026-11-01")],
    )
    .await;
    let again = month(&rig, "2026-10").await;
    assert_eq!(
        (&again["total"], input_of(&rig, &again).await),
        (&first["total"], read.clone())
    );
    record(&rig, vec![batch("till", "o2", "l4", "2026-10-31", "1000.00")]).await;
    let more = month(&rig, "2026-10").await;
    assert_ne!(input_of(&rig, &more).await, read, "a fact of the month is read");
    close(&rig, &more).await;
    // November has its own fact and nothing to correct.
    let november = lines(&rig, &month(&rig, "2026-11").await).await;
    assert_eq!(november, ["L4 80.00 line"]);
}

async fn given_a_revision_that_moves_a_fact_to_another_month_when_that_is_calculated_then_both_months_are_right(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    sellers(&rig).await;
    record(&rig, vec![batch("till", "o1", "z3", "2026-10-31", "10000.00")]).await;
    let first = month(&rig, "2026-10").await;
    close(&rig, &first).await;
    record(&rig, vec![batch("till", "o1", "z3", "2026-11-01", "10000.00")]).await;
    let mut found = lines(&rig, &month(&rig, "2026-11").await).await;
    found.sort_unstable();
    let expected = [
        "Z3 -1000.00 late",
        "Z3 -300.00 late",
        "Z3 1000.00 line",
        "Z3 300.00 line",
    ];
    assert_eq!(found, expected);
}

/// How many facts a review says came in too late.
async fn newer(rig: &Rig, run: &Value) -> i64 {
    let found = review(&rig.app, &Actor::System, run["id"].as_i64().unwrap())
        .await
        .unwrap();
    let count = found.checks.iter().find_map(|check| match check {
        Check::NewerFacts(count) => Some(*count),
        _ => None,
    });
    count.unwrap_or(0)
}

async fn given_facts_that_came_in_since_when_a_payout_is_reviewed_then_those_it_would_read_are_counted(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    sellers(&rig).await;
    record(&rig, vec![batch("till", "o1", "z3", "2026-10-10", "60000.00")]).await;
    let run = month(&rig, "2026-10").await;
    record(
        &rig,
        vec![card("s1", "z3", "2026-09-30"), card("n1", "l4", "2026-11-01")],
    )
    .await;
    assert_eq!(newer(&rig, &run).await, 0, "other months'");
    record(&rig, vec![batch("till", "o2", "l4", "2026-10-31", "1000.00")]).await;
    assert_eq!(newer(&rig, &run).await, 1);
    record(&rig, vec![batch("till", "o1", "z3", "2026-11-02", "60000.00")]).await;
    assert_eq!(newer(&rig, &run).await, 2, "and what left the month");
}

both!(given_facts_that_came_in_since_when_a_payout_is_reviewed_then_those_it_would_read_are_counted);

async fn given_one_key_of_two_sources_when_calculated_then_both_count_and_are_told_by_source(db: TestDb) {
    let rig = Rig::new(&db).await;
    sellers(&rig).await;
    let mut other = batch("web", "o1", "l4", "2026-10-12", "20000.00");
    record(
        &rig,
        vec![batch("till", "o1", "z3", "2026-10-10", "10000.00"), other.clone()],
    )
    .await;
    let run = month(&rig, "2026-10").await;
    assert_eq!(
        run["total"], "3600.00",
        "both sales, 10 % each, and each a new shop"
    );
    let list = rig.get("admin", &format!("/payouts/{}/lines", run["id"])).await;
    let told = rig
        .get(
            "admin",
            &format!("/payout-lines/{}/explanation", list["data"][0]["id"]),
        )
        .await;
    assert!(told["trace"].to_string().contains("till/o1"), "{told}");
    // One that is another scheme's does not make two of it.
    other["dimensions"]["for_scheme"] = json!("07-repeat-orders");
    record(&rig, vec![other]).await;
    let run = month(&rig, "2026-10").await;
    let list = rig.get("admin", &format!("/payouts/{}/lines", run["id"])).await;
    let told = rig
        .get(
            "admin",
            &format!("/payout-lines/{}/explanation", list["data"][0]["id"]),
        )
        .await;
    assert!(!told["trace"].to_string().contains("till/o1"), "{told}");
}

async fn given_somebody_who_left_long_ago_when_a_fact_still_names_them_then_the_scheme_can_be_calculated(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    sellers(&rig).await;
    record(&rig, vec![batch("till", "o1", "l4", "2027-10-10", "10000.00")]).await;
    let left = json!({"left_on": "2026-01-31"});
    let (status, body) = rig.call("admin", "PATCH", "/employees/l4", Some(left)).await;
    assert_eq!(status, 200, "{body}");
    let run = month(&rig, "2027-10").await;
    assert_eq!(
        lines(&rig, &run).await,
        Vec::<String>::new(),
        "nothing after the last day: {run}"
    );
}

/// Makes a run's roster unreadable: whoever reads the whole run fails.
async fn without_roster(db: &TestDb, run: &Value) {
    let id = &run["id"];
    match db.kind {
        Kind::Sqlite => {
            let set = format!("update runs set roster = cast(x'ff' as text) where id = {id}");
            db.sql(&set).await;
        }
        Kind::Postgres => {
            db.sql("alter table runs alter column roster drop not null").await;
            db.sql(&format!("update runs set roster = null where id = {id}"))
                .await;
        }
    }
    assert!(
        db.store.run(run["id"].as_i64().unwrap()).await.is_err(),
        "the roster can still be read"
    );
}

async fn given_closed_runs_when_files_guards_and_settings_look_at_them_then_nobody_reads_their_documents(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    sellers(&rig).await;
    record(&rig, vec![batch("till", "o1", "z3", "2026-10-10", "10000.00")]).await;
    let october = month(&rig, "2026-10").await;
    close(&rig, &october).await;
    record(&rig, vec![batch("till", "o1", "z3", "2026-10-10", "20000.00")]).await;
    let november = month(&rig, "2026-11").await;
    db.clock.set("2026-12-01T02:00:00Z".parse().unwrap());
    close(&rig, &november).await;
    assert_eq!(lines(&rig, &november).await, ["Z3 1000.00 late"]);
    without_roster(&db, &october).await;
    without_roster(&db, &november).await;
    // More lines than are read at a time.
    for _ in 0..11 {
        db.sql(&format!(
            "insert into run_lines (run_id, kind, origin_id, payee, payee_kind, component, rule, title_zh, title_en, \
             amount, about, due, says_zh, says_en, trace) select run_id, kind, origin_id, payee, payee_kind, component, \
             rule, title_zh, title_en, amount, about, due, says_zh, says_en, trace from run_lines where run_id = {}",
            november["id"]
        ))
        .await;
    }
    let id = november["id"].as_i64().unwrap();
    let month = Period::parse("2026-11").unwrap();
    for of in [ExportOf::Run(id), ExportOf::Month(month)] {
        for kind in ExportKind::ALL {
            let table = export_table(&rig.app, &Actor::System, of, kind).await.unwrap();
            if kind == ExportKind::Payroll {
                let corrects = table.rows.iter().filter(|row| row[13] == "2026-10".into());
                assert_eq!((table.rows.len(), corrects.count()), (2048, 2048));
                let total = table.totals.as_ref().map(|row| row[8].clone());
                assert_eq!(total, Some(Money::from_minor(204_800_000).into()));
            }
            if kind == ExportKind::Cost {
                let row = &table.rows[0];
                let told = [&row[4], &row[5], &row[7], &row[9]].map(Clone::clone);
                let money = || Money::from_minor(204_800_000).into();
                assert_eq!(told, [Cell::Integer(1), Cell::Integer(2048), money(), money()]);
            }
        }
    }
    // Another scheme of these days is calculated, looked at by the guards, and closed.
    activity(&rig).await;
    closed(&rig).await;
    let input = SettingInput {
        from_on: "2026-12-01".parse().unwrap(),
        document: None,
        params: serde_json::Map::new(),
        enabled: true,
        note: String::new(),
    };
    change_setting(&rig.app, &Actor::System, "07-new-customers", &input)
        .await
        .unwrap();
}

both!(given_closed_runs_when_files_guards_and_settings_look_at_them_then_nobody_reads_their_documents);
both!(given_facts_of_other_months_when_a_month_is_calculated_then_it_reads_its_own_and_is_not_late_for_them);
both!(given_a_revision_that_moves_a_fact_to_another_month_when_that_is_calculated_then_both_months_are_right);
both!(given_one_key_of_two_sources_when_calculated_then_both_count_and_are_told_by_source);
both!(given_somebody_who_left_long_ago_when_a_fact_still_names_them_then_the_scheme_can_be_calculated);
