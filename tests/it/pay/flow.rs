//! The tracker's own facts: exactly once, corrected, voided.

use serde_json::json;

use crate::points::rig::Rig;
use crate::support::TestDb;

async fn flow(rig: &Rig) -> u64 {
    flow_of(rig, "2026-11-01", "2026-12-01").await
}

async fn flow_of(rig: &Rig, from: &str, to: &str) -> u64 {
    let kinds = ["order", "refund", "share", "lead"].map(str::to_owned).into();
    let days = (from.parse().unwrap(), to.parse().unwrap());
    bole::app::pay::flow(&rig.app, days.0, days.1, &kinds)
        .await
        .unwrap()
}

async fn given_credited_orders_when_they_flow_then_once_and_their_changes_are_revisions(db: TestDb) {
    let rig = Rig::new(&db).await;
    let coupon = json!({"employee": "l4", "campaign": "spring", "code": "LI10", "percent_off": 10});
    assert_eq!(rig.post("admin", "/coupons", coupon).await.0, 201);
    let order = json!({"kind": "sale", "external_id": "SO-1", "occurred_at": "2026-11-17T06:00:00Z",
                       "amount": "199.00", "coupon": "LI10", "customer": {"phone": "13800138000"}});
    assert_eq!(rig.post("admin", "/conversions", order).await.0, 201);
    let share = json!({"employee": "z3", "link": "aaaaaa2", "channel": "wechat", "posted_at": "2026-11-17T01:00:00Z"});
    assert_eq!(rig.post("admin", "/shares", share).await.0, 201);
    assert_eq!(flow(&rig).await, 2);
    assert_eq!(flow(&rig).await, 0, "nothing new");
    let facts = rig.get("admin", "/facts?kind=order").await;
    assert_eq!(facts["data"][0]["fields"]["coupon"], "L4");
    assert_eq!(facts["data"][0]["fields"]["amount"], "199.00");
    assert_eq!(facts["data"][0]["source"], "tracker");
    let refund = json!({"external_id": "RF-1", "amount": "99.00", "occurred_at": "2026-11-17T08:00:00Z"});
    assert_eq!(
        rig.post("admin", "/conversions/SO-1/refunds", refund).await.0,
        201
    );
    assert_eq!(flow(&rig).await, 1);
    let held = json!({"decision": "held", "reason": "检查"});
    assert_eq!(rig.post("other", "/conversions/SO-1/decision", held).await.0, 200);
    assert_eq!(flow(&rig).await, 2, "order and refund are void");
    let facts = rig.get("admin", "/facts?kind=order").await;
    assert_eq!(
        (&facts["data"][0]["void"], &facts["data"][0]["revision"]),
        (&json!(true), &json!(1))
    );
    let released = json!({"decision": "released", "reason": "没有问题"});
    assert_eq!(
        rig.post("other", "/conversions/SO-1/decision", released).await.0,
        200
    );
    assert_eq!(flow(&rig).await, 2, "and back");
    assert_eq!(flow(&rig).await, 0);
}

async fn given_a_refund_of_an_order_older_than_the_clawback_when_it_flows_then_it_is_told_and_not_taken_back(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let coupon = json!({"employee": "l4", "campaign": "spring", "code": "LI10", "percent_off": 10});
    assert_eq!(rig.post("admin", "/coupons", coupon).await.0, 201);
    let order = json!({"kind": "sale", "external_id": "SO-1", "occurred_at": "2026-11-17T06:00:00Z",
                       "amount": "199.00", "coupon": "LI10", "customer": {"phone": "13800138000"}});
    assert_eq!(rig.post("admin", "/conversions", order).await.0, 201);
    let refund = json!({"external_id": "RF-1", "amount": "99.00", "occurred_at": "2026-11-17T08:00:00Z"});
    assert_eq!(
        rig.post("admin", "/conversions/SO-1/refunds", refund).await.0,
        201
    );
    assert_eq!(flow(&rig).await, 2);
    // A year later orders are looked at from the 20th on: the order lies before, its refund within.
    db.sql("update conversions set occurred_at = occurred_at - 864000000 where external_id = 'SO-1'")
        .await;
    let kinds = ["refund"].map(str::to_owned).into();
    let (from, to) = ("2027-12-10".parse().unwrap(), "2028-01-10".parse().unwrap());
    assert_eq!(bole::app::pay::flow(&rig.app, from, to, &kinds).await.unwrap(), 0);
    let facts = rig.get("admin", "/facts?kind=refund").await;
    assert_eq!(facts["data"][0]["void"], false, "{facts}");
}

async fn given_a_refund_of_a_later_order_when_an_earlier_month_is_calculated_then_it_stays_what_it_was(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let coupon = json!({"employee": "l4", "campaign": "spring", "code": "LI10", "percent_off": 10});
    assert_eq!(rig.post("admin", "/coupons", coupon).await.0, 201);
    let order = json!({"kind": "sale", "external_id": "SO-1", "occurred_at": "2026-11-17T06:00:00Z",
                       "amount": "199.00", "coupon": "LI10", "customer": {"phone": "13800138000"}});
    assert_eq!(rig.post("admin", "/conversions", order).await.0, 201);
    let refund = json!({"external_id": "RF-1", "amount": "99.00", "occurred_at": "2026-11-17T08:00:00Z"});
    assert_eq!(
        rig.post("admin", "/conversions/SO-1/refunds", refund).await.0,
        201
    );
    let october = ("2026-10-01", "2026-11-01");
    assert_eq!(
        flow_of(&rig, october.0, october.1).await,
        0,
        "an order to come is not told, nor its refund"
    );
    assert_eq!(flow(&rig).await, 2);
    assert_eq!(flow_of(&rig, october.0, october.1).await, 0, "not taken back");
    let facts = rig.get("admin", "/facts?kind=refund").await;
    assert_eq!(
        (&facts["data"][0]["void"], &facts["data"][0]["revision"]),
        (&json!(false), &json!(0)),
        "{facts}"
    );
    // What no longer holds is taken back, whichever month is looked at.
    let held = json!({"decision": "held", "reason": "检查"});
    assert_eq!(rig.post("other", "/conversions/SO-1/decision", held).await.0, 200);
    assert_eq!(flow_of(&rig, october.0, october.1).await, 1);
    assert_eq!(flow(&rig).await, 1, "the order itself is November's");
}

both!(given_a_refund_of_a_later_order_when_an_earlier_month_is_calculated_then_it_stays_what_it_was);
both!(given_a_refund_of_an_order_older_than_the_clawback_when_it_flows_then_it_is_told_and_not_taken_back);
both!(given_credited_orders_when_they_flow_then_once_and_their_changes_are_revisions);
