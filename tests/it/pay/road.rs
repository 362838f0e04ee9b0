//! The road of a payout: never back, and never both sides of a decision.

use serde_json::json;

use super::{activity, calculated, closed, lines, record, take};
use bole::domain::Role;

use crate::points::rig::Rig;
use crate::support::TestDb;

async fn given_a_calculated_payout_when_it_goes_its_road_then_it_is_booked_once_and_paid(db: TestDb) {
    let rig = Rig::new(&db).await;
    activity(&rig).await;
    let run = calculated(&rig, "admin").await;
    assert_eq!(
        (&run["state"], &run["total"]),
        (&json!("calculated"), &json!("30000.00")),
        "{run}"
    );
    assert_eq!(lines(&rig, &run).await, ["Z3 15000.00 line", "L4 15000.00 line"]);
    assert_eq!(run["outcome"]["warnings"], json!([]), "its days are over");
    // Out of order.
    for step in ["approve", "close", "pay"] {
        assert_eq!(take(&rig, "other", &run, step).await.0, 409, "{step}");
    }
    assert_eq!(take(&rig, "admin", &run, "submit").await.1["state"], "in_review");
    assert_eq!(take(&rig, "admin", &run, "submit").await.0, 409, "twice");
    assert_eq!(
        take(&rig, "admin", &run, "approve").await.0,
        403,
        "who calculated"
    );
    assert_eq!(take(&rig, "other", &run, "approve").await.1["state"], "approved");
    assert_eq!(
        bole::app::pay::check_ledger(&rig.app).await.unwrap().entries,
        0,
        "nothing booked yet"
    );
    let (_, done) = take(&rig, "admin", &run, "close").await;
    assert_eq!(done["state"], "closed");
    assert_eq!(done["snapshot"].as_str().map(str::len), Some(64));
    let ledger = bole::app::pay::check_ledger(&rig.app).await.unwrap();
    assert_eq!(
        (ledger.entries, ledger.broken_at, ledger.trial_balance),
        (2, None, 0)
    );
    assert_eq!(take(&rig, "admin", &run, "pay").await.1["state"], "paid");
    assert_eq!(take(&rig, "admin", &run, "pay").await.0, 409, "twice");
    let balance = rig.app.store.trial_balance().await.unwrap();
    assert_eq!(
        balance,
        [
            ("cash".to_owned(), 3_000_000),
            ("expense:01-team-process".to_owned(), -3_000_000)
        ]
        .into_iter()
        .chain(["L4", "Z3"].map(|who| (format!("payable:employee:{who}"), 0)))
        .collect::<Vec<_>>()
    );
    // Closed is closed: the same days are not calculated again, nor days that overlap.
    for period in [
        json!({"from": "2026-11-03", "to": "2026-11-06"}),
        json!({"from": "2026-11-05", "to": "2026-11-09"}),
    ] {
        let body = json!({"scheme": "01-team-process", "period": period});
        assert_eq!(rig.post("admin", "/payouts", body).await.0, 409);
    }
    let replayed = bole::app::pay::replay(&rig.app, run["id"].as_i64().unwrap())
        .await
        .unwrap();
    assert!(replayed.is_same() && replayed.same == 2, "{replayed:?}");
}

async fn given_a_payout_when_somebody_it_pays_or_without_the_right_decides_then_it_is_refused(db: TestDb) {
    let rig = Rig::new(&db).await;
    activity(&rig).await;
    for key in ["employee-z3", "manager-z3", "third"] {
        let body = json!({"scheme": "01-team-process", "period": "2026-11-03..2026-11-06"});
        assert_eq!(rig.post(key, "/payouts", body).await.0, 403, "{key}");
        assert_eq!(rig.call(key, "GET", "/payouts", None).await.0, 403, "{key}");
        assert_eq!(rig.post(key, "/facts", json!([])).await.0, 403, "{key}");
        assert_eq!(rig.call(key, "GET", "/schemes", None).await.0, 403, "{key}");
    }
    let run = calculated(&rig, "admin").await;
    take(&rig, "admin", &run, "submit").await;
    let mut tx = db.store.begin().await.unwrap();
    let hash = bole::web::hash_key("approver-z3");
    let z3 = Some(bole::domain::EmployeeId(1));
    bole::storage::insert_api_key(
        &mut tx,
        "approver-z3",
        &hash,
        bole::domain::Role::Approver,
        z3,
        1,
        None,
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        take(&rig, "approver-z3", &run, "approve").await.0,
        403,
        "it pays them"
    );
    assert_eq!(take(&rig, "approver-z3", &run, "close").await.0, 403);
}

/// A scheme that gives the owner of an order's link a share of it.
fn paying(id: &str, rate: &str) -> String {
    format!(
        r#"
[scheme]
id = "{id}"
version = 1
zh = "按订单"
en = "By order"
source = "test"
period = "month"
from = "2026-01-01"
[fact.order]
zh = "订单"
en = "order"
[fact.order.fields]
amount = {{ type = "money", min = "0", zh = "金额", en = "amount" }}
link = "employee"
[[step]]
id = "orders"
do = "select"
from = "fact.order"
[[step]]
id = "shares"
do = "derive"
from = "orders"
columns = {{ pay = "amount * {rate}" }}
[[step]]
id = "cash"
do = "round"
from = "shares"
column = "pay"
as = "paid"
[[step]]
id = "share"
do = "emit"
as = "line"
rule = "R1"
zh = "份额"
en = "share"
from = "cash"
payee = "link"
amount = "paid"
about = "id"
[[example]]
id = "one"
zh = "一单"
en = "one order"
period = {{ from = "2026-10-01", to = "2026-11-01" }}
roster = [{{ id = "a" }}]
facts = [{{ kind = "order", id = "o", occurred = "2026-10-03", amount = "100", link = "a" }}]
expect = {{ lines = ["a share {expected}"] }}
"#,
        expected = if rate == "10%" { "10.00" } else { "8.00" }
    )
}

async fn given_two_payouts_of_one_order_when_closed_at_once_then_the_guards_take_the_smaller_once(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    record(
        &rig,
        vec![
            json!({"kind": "order", "source": "till", "source_key": "o-1", "occurred_on": "2026-10-05",
                   "measures": {"amount": "1000.00"}, "dimensions": {"customer": "c", "link": "Z3"}}),
        ],
    )
    .await;
    let mut runs = Vec::new();
    for (scheme, rate) in [("97-one", "10%"), ("98-two", "8%")] {
        let version = json!({"from_on": "2026-01-01", "document": paying(scheme, rate), "enabled": false, "note": "test"});
        let path = format!("/schemes/{scheme}/versions");
        let (status, body) = rig.post("admin", &path, version).await;
        assert_eq!(status, 201, "{body}");
        let body = json!({"scheme": scheme, "period": "2026-10"});
        let (status, run) = rig.post("admin", "/payouts", body).await;
        assert_eq!(status, 201, "{run}");
        take(&rig, "admin", &run, "submit").await;
        assert_eq!(take(&rig, "other", &run, "approve").await.0, 200);
        runs.push(run);
    }
    let (a, b) = tokio::join!(
        take(&rig, "admin", &runs[0], "close"),
        take(&rig, "admin", &runs[1], "close")
    );
    assert_eq!((a.0, b.0), (200, 200), "{} {}", a.1, b.1);
    let owed = rig
        .app
        .store
        .account_balance("payable:employee:Z3")
        .await
        .unwrap();
    assert_eq!(
        owed.minor(),
        10_000,
        "the larger of both: {:?}",
        [lines(&rig, &runs[0]).await, lines(&rig, &runs[1]).await]
    );
}

async fn given_one_person_with_two_keys_when_both_sides_of_a_payout_are_theirs_then_it_is_refused(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    activity(&rig).await;
    let run = calculated(&rig, "admin").await;
    let mut tx = db.store.begin().await.unwrap();
    let w5 = Some(bole::domain::EmployeeId(3));
    for (key, role) in [("finance-w5", Role::Finance), ("approver-w5", Role::Approver)] {
        bole::storage::insert_api_key(&mut tx, key, &bole::web::hash_key(key), role, w5, 1, None)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(take(&rig, "finance-w5", &run, "submit").await.0, 200);
    let (status, body) = take(&rig, "approver-w5", &run, "approve").await;
    assert_eq!(status, 403, "who submitted, with another key: {body}");
    assert_eq!(take(&rig, "other", &run, "approve").await.0, 200);
}

async fn given_a_payout_when_read_by_whom_it_pays_then_they_see_their_own_and_only_under_review(db: TestDb) {
    let rig = Rig::new(&db).await;
    activity(&rig).await;
    let run = calculated(&rig, "admin").await;
    let path = format!("/payouts/{}/lines", run["id"]);
    assert_eq!(
        rig.call("employee-z3", "GET", &path, None).await.0,
        404,
        "not under review"
    );
    take(&rig, "admin", &run, "submit").await;
    let own = rig.get("employee-z3", &path).await;
    let rows = own["data"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]["payee"]), (1, &json!("Z3")));
    assert_eq!(
        rig.call("employee-z3", "GET", &format!("{path}?payee=L4"), None)
            .await
            .0,
        403
    );
    let line = rows[0]["id"].as_i64().unwrap();
    let explanation = rig
        .get("employee-z3", &format!("/payout-lines/{line}/explanation"))
        .await;
    let (zh, en) = (&explanation["sentences"]["zh"], &explanation["sentences"]["en"]);
    assert!(zh.as_str().is_some_and(|t| !t.is_empty()) && en.as_str().is_some_and(|t| !t.is_empty()));
    assert!(explanation["trace"]["from"].is_array(), "{explanation}");
    assert_eq!(
        rig.call(
            "employee-l4",
            "GET",
            &format!("/payout-lines/{line}/explanation"),
            None
        )
        .await
        .0,
        404
    );
}

async fn given_a_clock_turned_back_when_a_payout_goes_on_then_it_is_refused_and_nothing_is_lost(db: TestDb) {
    let rig = Rig::new(&db).await;
    activity(&rig).await;
    let run = calculated(&rig, "admin").await;
    assert_eq!(take(&rig, "admin", &run, "submit").await.0, 200);
    assert_eq!(take(&rig, "other", &run, "approve").await.0, 200);
    let now = bole::domain::Clock::now(&*db.clock);
    // A minute is what two nodes may differ by.
    db.clock.advance_ms(-60_000);
    assert_eq!(take(&rig, "admin", &run, "close").await.0, 200);
    db.clock.set(now);
    db.clock.advance_ms(-3_600_000);
    let (status, body) = take(&rig, "admin", &run, "pay").await;
    let detail = body["detail"].as_str().unwrap_or_default();
    assert!(
        status == 409 && detail.contains("set the clock right first"),
        "{body}"
    );
    let ledger = bole::app::pay::check_ledger(&rig.app).await.unwrap();
    assert_eq!(
        (ledger.entries, ledger.broken_at),
        (2, None),
        "nothing was posted"
    );
    db.clock.set(now);
    assert_eq!(take(&rig, "admin", &run, "pay").await.0, 200);
}

async fn given_an_earlier_calculation_when_calculated_again_then_only_the_new_one_counts(db: TestDb) {
    let rig = Rig::new(&db).await;
    activity(&rig).await;
    let first = calculated(&rig, "admin").await;
    record(&rig, vec![super::receipt("r2", "200000.00", "2026-11-05")]).await;
    let second = calculated(&rig, "admin").await;
    assert_eq!(second["total"], "50000.00");
    assert_eq!(take(&rig, "admin", &first, "submit").await.0, 409, "superseded");
    let list = rig.get("admin", "/payouts?scheme=01-team-process").await;
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    // Under review it stays as it is.
    take(&rig, "admin", &second, "submit").await;
    let body = json!({"scheme": "01-team-process", "period": "2026-11-03..2026-11-06"});
    assert_eq!(rig.post("admin", "/payouts", body).await.0, 409);
}

async fn given_days_that_overlap_when_calculated_at_once_then_one_counts(db: TestDb) {
    let rig = Rig::new(&db).await;
    activity(&rig).await;
    let ask = async |from: &str, to: &str| {
        let body = json!({"scheme": "01-team-process", "period": {"from": from, "to": to}});
        rig.post("admin", "/payouts", body).await.0
    };
    let (a, b) = tokio::join!(ask("2026-11-03", "2026-11-06"), ask("2026-11-05", "2026-11-09"));
    // One after the other the later one counts; in the same instant the other is refused.
    assert!(matches!((a, b), (201, 409) | (409, 201) | (201, 201)), "{a} {b}");
    let list = rig.get("admin", "/payouts?scheme=01-team-process").await;
    assert_eq!(list["data"].as_array().unwrap().len(), 1, "{list}");
}

async fn given_a_scheme_that_is_due_when_another_is_closed_before_it_was_calculated_then_it_is_refused(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let version = json!({"from_on": "2026-01-01", "params": {}, "note": "due every month"});
    let (status, body) = rig
        .post("admin", "/schemes/07-new-customers/versions", version.clone())
        .await;
    assert_eq!(status, 201, "{body}");
    let (status, body) = rig
        .post("admin", "/schemes/07-repeat-orders/versions", version)
        .await;
    assert_eq!(status, 201, "{body}");
    let (status, run) = rig
        .post(
            "admin",
            "/payouts",
            json!({"scheme": "07-new-customers", "period": "2026-10"}),
        )
        .await;
    assert_eq!(status, 201, "{run}");
    take(&rig, "admin", &run, "submit").await;
    take(&rig, "other", &run, "approve").await;
    let (status, body) = take(&rig, "admin", &run, "close").await;
    assert_eq!(status, 409, "{body}");
    assert!(
        body["detail"].as_str().unwrap().contains("07-repeat-orders"),
        "{body}"
    );
    let (status, _) = rig
        .post(
            "admin",
            "/payouts",
            json!({"scheme": "07-repeat-orders", "period": "2026-10"}),
        )
        .await;
    assert_eq!(status, 201);
    assert_eq!(take(&rig, "admin", &run, "close").await.0, 200);
}

async fn given_wrong_input_when_a_payout_is_asked_for_then_it_says_where(db: TestDb) {
    let rig = Rig::new(&db).await;
    for (body, pointer) in [
        (json!({"scheme": "no-such", "period": "2026-11"}), "/scheme"),
        (
            json!({"scheme": "01-team-process", "period": "November"}),
            "/period",
        ),
        (
            json!({"scheme": "07-new-customers", "period": "2026-Q4"}),
            "/period",
        ),
        (
            json!({"scheme": "07-new-customers", "period": "2026-11-03..2026-11-06"}),
            "/period",
        ),
    ] {
        let (status, answer) = rig.post("admin", "/payouts", body.clone()).await;
        assert_eq!(
            (status, &answer["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{body}: {answer}"
        );
    }
    // A parameter nobody supplied: named.
    let body = json!({"scheme": "01-team-process", "period": "2026-11-03..2026-11-06"});
    let (status, answer) = rig.post("admin", "/payouts", body).await;
    assert_eq!(status, 422);
    assert!(
        answer["detail"].as_str().unwrap().contains("manager_rate"),
        "{answer}"
    );
    assert_eq!(rig.post("admin", "/payouts/99/submit", json!({})).await.0, 404);
    // Settings: unknown parameters, broken documents, closed days.
    for (version, pointer) in [
        (
            json!({"from_on": "2026-01-01", "params": {"no": "1"}}),
            "/params/no",
        ),
        (
            json!({"from_on": "2026-01-01", "params": {"over_rate": "101%"}}),
            "/params/over_rate",
        ),
        (
            json!({"from_on": "2026-01-01", "document": "[scheme]\nid = 3"}),
            "/document",
        ),
    ] {
        let (status, answer) = rig
            .post("admin", "/schemes/01-team-process/versions", version)
            .await;
        assert_eq!(
            (status, &answer["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{answer}"
        );
    }
    activity(&rig).await;
    closed(&rig).await;
    let version = json!({"from_on": "2026-11-05", "params": {"manager_rate": "1%"}});
    let (status, answer) = rig
        .post("admin", "/schemes/01-team-process/versions", version)
        .await;
    assert_eq!(
        (status, &answer["errors"][0]["pointer"]),
        (422, &json!("/from_on")),
        "{answer}"
    );
}

async fn given_a_booked_ledger_when_somebody_edits_it_then_the_store_or_the_chain_says_so(db: TestDb) {
    let rig = Rig::new(&db).await;
    activity(&rig).await;
    closed(&rig).await;
    assert!(
        crate::points::people::sql(&db.store, "update ledger set amount = 1 where id = 1")
            .await
            .is_err()
    );
    assert!(
        crate::points::people::sql(&db.store, "delete from ledger where id = 2")
            .await
            .is_err()
    );
    assert!(
        crate::points::people::sql(&db.store, "update facts set fields = '{}'")
            .await
            .is_err()
    );
    // Past the triggers: the chain shows it.
    match db.kind {
        crate::support::db::Kind::Sqlite => {
            db.sql("drop trigger ledger_no_update; update ledger set amount = amount + 1 where id = 1")
                .await;
        }
        crate::support::db::Kind::Postgres => {
            db.sql(
                "alter table ledger disable trigger all; update ledger set amount = amount + 1 where id = 1",
            )
            .await;
        }
    }
    let report = bole::app::pay::check_ledger(&rig.app).await.unwrap();
    assert_eq!(report.broken_at, Some(1));
    // A word of a closed line: no entry says it, the seal does.
    let sealed = |(looked, broken): (usize, Vec<i64>)| (looked, broken.len());
    assert_eq!(
        sealed(bole::app::pay::check_seals(&rig.app).await.unwrap()),
        (1, 0)
    );
    db.sql("update run_lines set says_zh = says_zh || '。'").await;
    assert_eq!(
        sealed(bole::app::pay::check_seals(&rig.app).await.unwrap()),
        (1, 1)
    );
}

both!(given_a_clock_turned_back_when_a_payout_goes_on_then_it_is_refused_and_nothing_is_lost);
both!(given_a_calculated_payout_when_it_goes_its_road_then_it_is_booked_once_and_paid);
both!(given_a_payout_when_somebody_it_pays_or_without_the_right_decides_then_it_is_refused);
both!(given_days_that_overlap_when_calculated_at_once_then_one_counts);
both!(given_two_payouts_of_one_order_when_closed_at_once_then_the_guards_take_the_smaller_once);
both!(given_one_person_with_two_keys_when_both_sides_of_a_payout_are_theirs_then_it_is_refused);
both!(given_a_payout_when_read_by_whom_it_pays_then_they_see_their_own_and_only_under_review);
both!(given_an_earlier_calculation_when_calculated_again_then_only_the_new_one_counts);
both!(given_a_scheme_that_is_due_when_another_is_closed_before_it_was_calculated_then_it_is_refused);
both!(given_wrong_input_when_a_payout_is_asked_for_then_it_says_where);
both!(given_a_booked_ledger_when_somebody_edits_it_then_the_store_or_the_chain_says_so);
