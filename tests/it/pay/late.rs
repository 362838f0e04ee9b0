//! What comes after the close: only the difference is booked, in the open period, once; debts are carried.

use serde_json::{Value, json};

use super::{activity, closed, lines, receipt, record, step, take};
use crate::points::rig::Rig;
use crate::support::TestDb;

async fn next_activity(rig: &Rig) -> Value {
    let body = json!({"scheme": "01-team-process", "period": "2026-11-10..2026-11-12"});
    let (status, run) = rig.post("admin", "/payouts", body).await;
    assert_eq!(status, 201, "{run}");
    run
}

async fn settle(rig: &Rig, run: &Value) {
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

async fn balance(rig: &Rig, account: &str) -> i64 {
    let all = rig.app.store.trial_balance().await.unwrap();
    assert_eq!(all.iter().map(|(_, minor)| minor).sum::<i64>(), 0, "{all:?}");
    all.into_iter()
        .find(|(name, _)| name == account)
        .map_or(0, |(_, minor)| minor)
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
    settle(&rig, &second).await;
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

both!(given_a_late_refund_when_the_next_period_is_calculated_then_the_difference_is_booked_once_and_carried);
both!(given_a_late_person_when_the_next_period_is_calculated_then_shares_move_and_the_total_stays);
