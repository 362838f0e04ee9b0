//! What comes after the close: only the difference is booked, in the open period, once; debts are carried.

use bole::app::Outside;
use bole::domain::Programme;
use serde_json::{Value, json};

use super::{activity, closed, lines, receipt, record, step, take};
use crate::points::rig::{Rig, app_by};
use crate::support::TestDb;

pub async fn next_activity(rig: &Rig) -> Value {
    let body = json!({"scheme": "01-team-process", "period": "2026-11-10..2026-11-12"});
    let (status, run) = rig.post("admin", "/payouts", body).await;
    assert_eq!(status, 201, "{run}");
    run
}

pub async fn settle(rig: &Rig, run: &Value) {
    for (key, step) in [
        ("admin", "submit"),
        ("other", "approve"),
        ("admin", "close"),
        ("admin", "pay"),
    ] {
        let (status, body) = take(rig, key, run, step).await;
        assert_eq!(status, 200, "{step}: {body}");
    }
}

pub async fn balance(rig: &Rig, account: &str) -> i64 {
    let all = rig.app.store.trial_balance().await.unwrap();
    assert_eq!(all.iter().map(|(_, minor)| minor).sum::<i64>(), 0, "{all:?}");
    all.into_iter()
        .find(|(name, _)| name == account)
        .map_or(0, |(_, minor)| minor)
}

async fn given_a_firm_that_corrects_fewer_months_back_when_calculated_then_older_payouts_stay_as_they_are(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    activity(&rig).await;
    closed(&rig).await;
    record(&rig, vec![receipt("r1", "499999.99", "2026-11-04")]).await;
    for (clawback_months, corrections) in [(0, 0), (1, 2)] {
        let programme = Programme {
            clawback_months,
            ..Programme::default()
        };
        let app = app_by(&db, &rig.app.store, programme, Outside::default(), 7);
        let period = "2026-11-10..2026-11-12";
        let run = bole::app::pay::calculate(&app, &bole::app::Actor::System, "01-team-process", period);
        let run = run.await.unwrap();
        let found = lines(&rig, &json!({"id": run.id})).await;
        assert_eq!(found.len(), corrections, "{clawback_months} months back");
    }
}

async fn given_a_late_refund_when_the_next_period_is_calculated_then_the_difference_is_booked_once_and_carried(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    activity(&rig).await;
    let first = closed(&rig).await;
    take(&rig, "admin", &first, "pay").await;
    // The receipt was one fen less: below the target, the whole pool is gone.
    record(&rig, vec![receipt("r1", "499999.99", "2026-11-04")]).await;
    let second = next_activity(&rig).await;
    assert_eq!(
        lines(&rig, &second).await,
        ["L4 -15000.00 late", "Z3 -15000.00 late"]
    );
    let id = second["id"].as_i64().unwrap();
    let list = rig.get("admin", &format!("/payouts/{id}/lines")).await;
    assert_eq!(list["data"][0]["origin"], first["id"]);
    // Nothing is due any more: what took it away is told, not the arithmetic of what it was.
    let line = list["data"][0]["id"].as_i64().unwrap();
    let told = rig
        .get("admin", &format!("/payout-lines/{line}/explanation"))
        .await;
    let (zh, en) = (
        told["sentences"]["zh"].as_str().unwrap(),
        told["sentences"]["en"].as_str().unwrap(),
    );
    assert!(
        zh.contains("已没有金额") && zh.contains("r1 (2026-11-04)") && zh.contains("499999.99"),
        "{zh}"
    );
    assert!(
        en.contains("nothing of it is left") && en.contains("r1 (2026-11-04)"),
        "{en}"
    );
    assert!(!zh.contains("500000"), "{zh}");
    assert_eq!(told["trace"]["from"][0]["from"][0]["key"], "r1", "{told}");
    settle(&rig, &second).await;
    // The one it was taken from reads it, too.
    let own = list["data"][1]["id"].as_i64().unwrap();
    let own = rig
        .get("employee-z3", &format!("/payout-lines/{own}/explanation"))
        .await;
    let zh = own["sentences"]["zh"].as_str().unwrap_or_default();
    assert!(zh.contains("已没有金额"), "{own}");
    // Nothing is taken from anybody: the debt waits for later variable pay.
    assert_eq!(balance(&rig, "payable:employee:Z3").await, -1_500_000);
    assert_eq!(balance(&rig, "cash").await, 3_000_000);
    // Another activity earns 25 000 each: 15 000 settle the debt.
    record(
        &rig,
        vec![
            receipt("r3", "700000.00", "2026-11-15"),
            step("p3", "z3", "close", "2026-11-15"),
            step("p4", "l4", "close", "2026-11-15"),
        ],
    )
    .await;
    let body = json!({"scheme": "01-team-process", "period": "2026-11-14..2026-11-17"});
    let (_, third) = rig.post("admin", "/payouts", body).await;
    assert_eq!(
        lines(&rig, &third).await,
        ["Z3 25000.00 line", "L4 25000.00 line"],
        "the difference is booked already"
    );
    settle(&rig, &third).await;
    assert_eq!(balance(&rig, "payable:employee:Z3").await, 0);
    assert_eq!(balance(&rig, "cash").await, 3_000_000 + 2 * 1_000_000);
    // The first closed run is as it was, and what is due by all facts is what is booked.
    let replayed = bole::app::pay::replay(&rig.app, first["id"].as_i64().unwrap())
        .await
        .unwrap();
    assert!(replayed.is_same(), "{replayed:?}");
    assert_eq!(balance(&rig, "expense:01-team-process").await, -5_000_000);
}

async fn given_a_late_person_when_the_next_period_is_calculated_then_shares_move_and_the_total_stays(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    activity(&rig).await;
    closed(&rig).await;
    record(&rig, vec![step("p5", "w5", "close", "2026-11-05")]).await;
    let second = next_activity(&rig).await;
    let mut found = lines(&rig, &second).await;
    found.sort_unstable();
    assert_eq!(
        found,
        ["L4 -5000.00 late", "W5 10000.00 late", "Z3 -5000.00 late"]
    );
    assert_eq!(second["total"], "0.00");
}

/// A pool of a tenth of what was taken, in equal parts; what late facts change in a closed month comes into the next pool.
pub const POOL: &str = r#"
[scheme]
id = "94-pool"
zh = "奖金池"
en = "Pool"
source = "test"
period = "month"
from = "2026-01-01"
late = "next_pool"
[roster]
included = "bool"
[fact.takings]
fields = { amount = "money" }
[fact.left_over]
fields = { amount = "money" }
[[step]]
id = "takings"
do = "select"
from = "fact.takings"
[[step]]
id = "left"
do = "select"
from = "fact.left_over"
[[step]]
id = "taken"
do = "aggregate"
from = "takings"
columns = { amount = "sum(amount)" }
[[step]]
id = "more"
do = "aggregate"
from = "left"
columns = { amount = "sum(amount)" }
[[step]]
id = "who"
do = "select"
from = "roster"
where = "included"
[[step]]
id = "pool"
do = "allocate"
from = "who"
amount = "max(taken.amount * 10% + more.amount, 0)"
weight = "1"
as = "pay"
[[step]]
id = "pool_share"
do = "emit"
as = "line"
zh = "分红"
en = "share"
from = "pool"
payee = "id"
amount = "pay"
[[example]]
id = "one"
zh = "例"
en = "one"
period = { from = "2026-10-01", to = "2026-11-01" }
roster = [{ id = "a", included = true }]
facts = [{ kind = "takings", occurred = "2026-10-02", amount = "100" }, { kind = "left_over", occurred = "2026-10-01", amount = "-1" }]
expect = { lines = ["a pool_share 9.00"] }
"#;

/// Sets the pool up: 张三 and 李四 share it.
pub async fn pool(rig: &Rig) {
    let version =
        json!({"from_on": "2026-01-01", "params": {}, "document": POOL, "enabled": false, "note": "test"});
    let (status, body) = rig.post("admin", "/schemes/94-pool/versions", version).await;
    assert_eq!(status, 201, "{body}");
    for who in ["z3", "l4"] {
        let set = json!({"from_on": "2026-01-01", "attributes": {"included": true}});
        let path = format!("/employees/{who}/attributes");
        let (status, body) = rig.call("admin", "PUT", &path, Some(set)).await;
        assert_eq!(status, 200, "{body}");
    }
}

pub fn takings(amount: &str, key: &str, day: &str) -> Value {
    json!({"kind": "takings", "source": "till", "source_key": key, "occurred_on": day,
           "measures": {"amount": amount}, "dimensions": {}})
}

async fn given_a_pool_when_a_closed_month_changes_then_the_next_pools_get_the_difference_once(db: TestDb) {
    let rig = Rig::new(&db).await;
    pool(&rig).await;
    let run = async |month: &str| {
        let body = json!({"scheme": "94-pool", "period": month});
        let (status, run) = rig.post("admin", "/payouts", body).await;
        assert_eq!(status, 201, "{run}");
        let mut found = lines(&rig, &run).await;
        found.sort_unstable();
        (run, found)
    };
    record(&rig, vec![takings("1000.00", "t8", "2026-08-03")]).await;
    let (august, found) = run("2026-08").await;
    assert_eq!(found, ["L4 50.00 line", "Z3 50.00 line"]);
    settle(&rig, &august).await;
    // 100 less was taken in August: September's pool is 10 smaller, and nobody's August line moves.
    record(
        &rig,
        vec![
            takings("900.00", "t8", "2026-08-03"),
            takings("500.00", "t9", "2026-09-03"),
        ],
    )
    .await;
    let (_, found) = run("2026-09").await;
    assert_eq!(found, ["L4 20.00 line", "Z3 20.00 line"]);
    // Twice is once; and what is known by the close counts.
    record(&rig, vec![takings("800.00", "t8", "2026-08-03")]).await;
    let (september, found) = run("2026-09").await;
    assert_eq!(found, ["L4 15.00 line", "Z3 15.00 line"]);
    settle(&rig, &september).await;
    // October gets only what September was not handed.
    record(
        &rig,
        vec![
            takings("810.00", "t8", "2026-08-03"),
            takings("100.00", "t10", "2026-10-03"),
        ],
    )
    .await;
    let (october, found) = run("2026-10").await;
    assert_eq!(found, ["L4 5.50 line", "Z3 5.50 line"]);
    settle(&rig, &october).await;
    let (_, found) = run("2026-11").await;
    assert_eq!(found, Vec::<String>::new(), "nothing is handed on twice");
    // Nobody's closed line moved, and all that was paid is a tenth of all that was taken: 810, 500 and 100.
    assert_eq!(balance(&rig, "cash").await, 14_100);
    assert_eq!(balance(&rig, "payable:employee:Z3").await, 0);
    for run in [august, september, october] {
        let again = bole::app::pay::replay(&rig.app, run["id"].as_i64().unwrap())
            .await
            .unwrap();
        assert!(again.is_same(), "{again:?}");
    }
}

async fn given_a_version_that_takes_nothing_left_when_a_difference_waits_then_it_is_refused_and_kept(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    pool(&rig).await;
    record(&rig, vec![takings("1000.00", "t8", "2026-08-03")]).await;
    let body = |month: &str| json!({"scheme": "94-pool", "period": month});
    let (_, august) = rig.post("admin", "/payouts", body("2026-08")).await;
    settle(&rig, &august).await;
    // From September on every difference is booked, and the pool takes nothing in.
    let document = POOL
        .replace("late = \"next_pool\"", "late = \"full\"")
        .replace(" + more.amount", "")
        .replace("[fact.left_over]\nfields = { amount = \"money\" }\n", "")
        .replace(
            r#", { kind = "left_over", occurred = "2026-10-01", amount = "-1" }"#,
            "",
        )
        .replace("9.00", "10.00");
    let step = |id: &str, text: &str| {
        let (start, end) = (
            text.find(&format!("[[step]]\nid = \"{id}\"")).unwrap(),
            "[[step]]",
        );
        let next = text[start + 1..].find(end).unwrap() + start + 1;
        format!("{}{}", &text[..start], &text[next..])
    };
    let document = step("more", &step("left", &document));
    let version = |from_on: &str, document: &str| json!({"from_on": from_on, "params": {}, "document": document, "enabled": false, "note": "test"});
    let path = "/schemes/94-pool/versions";
    let (status, told) = rig.post("admin", path, version("2026-09-01", &document)).await;
    assert_eq!(status, 201, "{told}");
    record(
        &rig,
        vec![
            takings("900.00", "t8", "2026-08-03"),
            takings("500.00", "t9", "2026-09-03"),
        ],
    )
    .await;
    let (status, told) = rig.post("admin", "/payouts", body("2026-09")).await;
    let detail = told["detail"].as_str().unwrap_or_default();
    assert!(
        status == 422 && detail.contains("leaves -10.00 to the next pool"),
        "{status} {told}"
    );
    // A version that takes it in gets it.
    let (status, told) = rig.post("admin", path, version("2026-09-01", POOL)).await;
    assert_eq!(status, 201, "{told}");
    let (_, september) = rig.post("admin", "/payouts", body("2026-09")).await;
    let mut found = lines(&rig, &september).await;
    found.sort_unstable();
    assert_eq!(found, ["L4 20.00 line", "Z3 20.00 line"]);
}

both!(given_a_pool_when_a_closed_month_changes_then_the_next_pools_get_the_difference_once);
both!(given_a_version_that_takes_nothing_left_when_a_difference_waits_then_it_is_refused_and_kept);
both!(given_a_firm_that_corrects_fewer_months_back_when_calculated_then_older_payouts_stay_as_they_are);
both!(given_a_late_refund_when_the_next_period_is_calculated_then_the_difference_is_booked_once_and_carried);
both!(given_a_late_person_when_the_next_period_is_calculated_then_shares_move_and_the_total_stays);
