//! From a true claim to one credit per order.

use serde_json::{Value, json};

use super::{decide, filed, sale};
use crate::points::rig::Rig;
use crate::support::TestDb;

fn order(id: &str, amount: &str) -> Value {
    json!({"kind": "sale", "external_id": id, "occurred_at": "2026-11-17T06:00:00Z", "amount": amount,
           "customer": {"phone": "13800138000"}})
}

async fn sales_of(rig: &Rig, code: &str) -> String {
    let board = rig
        .get("admin", "/leaderboard?period=2026-W47&metric=sales&by=employee")
        .await;
    let rows = board["rows"].as_array().unwrap();
    let row = rows.iter().find(|r| r["code"] == code);
    row.map_or("0".to_owned(), |r| r["value"].as_str().unwrap().to_owned())
}

async fn given_an_uncredited_order_when_the_claim_on_it_is_verified_then_that_order_is_credited(db: TestDb) {
    let rig = Rig::new(&db).await;
    let (_, before) = rig.post("admin", "/conversions", order("SO-17", "1300.00")).await;
    assert_eq!(before["status"], "uncredited");
    let id = filed(&rig, sale("z3", Some("SO-17"))).await;
    assert_eq!(decide(&rig, "other", id, "verified", "").await.0, 200);
    let after = rig.get("admin", "/conversions/SO-17").await;
    assert_eq!(
        (&after["via"], &after["credited_to"]),
        (&json!("claim"), &json!("Z3"))
    );
    // What the shop was paid, not what was claimed.
    assert_eq!(sales_of(&rig, "Z3").await, "1300.00");
    let claim = rig.get("admin", &format!("/claims/{id}")).await;
    assert_eq!(claim["conversion"], "SO-17");
}

async fn given_a_verified_claim_when_the_shops_order_arrives_then_it_takes_the_claims_place(db: TestDb) {
    let rig = Rig::new(&db).await;
    let id = filed(&rig, sale("z3", Some("SO-17"))).await;
    assert_eq!(decide(&rig, "other", id, "verified", "").await.0, 200);
    assert_eq!(sales_of(&rig, "Z3").await, "1280.00");
    let (code, made) = rig.post("admin", "/conversions", order("SO-17", "1300.00")).await;
    assert_eq!(
        (code, &made["credited_to"], &made["via"]),
        (201, &json!("Z3"), &json!("claim")),
        "{made}"
    );
    assert_eq!(
        sales_of(&rig, "Z3").await,
        "1300.00",
        "once, and by the shop's amount"
    );
    let own = rig.get("admin", &format!("/conversions/claim:{id}")).await;
    assert_eq!(own["status"], "rejected");
}

async fn given_an_order_with_a_coupon_when_somebody_elses_claim_on_it_was_verified_then_the_coupon_wins(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let coupon = json!({"employee": "l4", "campaign": "spring", "code": "LI10", "percent_off": 10});
    assert_eq!(rig.post("admin", "/coupons", coupon).await.0, 201);
    let id = filed(&rig, sale("z3", Some("SO-17"))).await;
    assert_eq!(decide(&rig, "other", id, "verified", "").await.0, 200);
    let mut sent = order("SO-17", "1300.00");
    sent["coupon"] = json!("LI10");
    let (_, made) = rig.post("admin", "/conversions", sent).await;
    assert_eq!(
        (&made["credited_to"], &made["via"]),
        (&json!("L4"), &json!("coupon"))
    );
    assert_eq!(sales_of(&rig, "Z3").await, "0");
    assert_eq!(sales_of(&rig, "L4").await, "1300.00");
}

async fn given_an_order_credited_to_another_when_a_claim_on_it_is_verified_then_it_is_refused(db: TestDb) {
    let rig = Rig::new(&db).await;
    let coupon = json!({"employee": "l4", "campaign": "spring", "code": "LI10", "percent_off": 10});
    assert_eq!(rig.post("admin", "/coupons", coupon).await.0, 201);
    let mut sent = order("SO-17", "1300.00");
    sent["coupon"] = json!("LI10");
    assert_eq!(rig.post("admin", "/conversions", sent).await.0, 201);
    let id = filed(&rig, sale("z3", Some("SO-17"))).await;
    let (code, body) = decide(&rig, "other", id, "verified", "").await;
    assert_eq!(code, 409, "{body}");
    assert_eq!(super::status(&rig, id).await, "submitted");
    assert_eq!(
        decide(&rig, "other", id, "rejected", "订单已经用优惠码归给别人")
            .await
            .0,
        200
    );
}

async fn given_an_order_number_typed_otherwise_when_the_claim_is_verified_then_the_shops_order_is_found(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let (_, before) = rig.post("admin", "/conversions", order("SO-17", "1300.00")).await;
    assert_eq!(before["status"], "uncredited");
    let id = filed(&rig, sale("z3", Some("ｓｏ－17"))).await;
    assert_eq!(decide(&rig, "other", id, "verified", "").await.0, 200);
    assert_eq!(
        sales_of(&rig, "Z3").await,
        "1300.00",
        "the shop's order, and once"
    );
    let claim = rig.get("admin", &format!("/claims/{id}")).await;
    assert_eq!(claim["conversion"], "SO-17");
    let coupon = json!({"employee": "l4", "campaign": "spring", "code": "LI10", "percent_off": 10});
    assert_eq!(rig.post("admin", "/coupons", coupon).await.0, 201);
    let mut sent = order("SO-18", "900.00");
    sent["coupon"] = json!("LI10");
    assert_eq!(rig.post("admin", "/conversions", sent).await.0, 201);
    let id = filed(&rig, sale("z3", Some("so - 18"))).await;
    let (code, body) = decide(&rig, "other", id, "verified", "").await;
    assert_eq!(code, 409, "{body}");
    assert_eq!(sales_of(&rig, "Z3").await, "1300.00");
}

async fn given_two_claims_on_one_deal_without_an_order_when_one_was_found_true_then_the_other_is_not(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let first = filed(&rig, sale("z3", None)).await;
    assert_eq!(
        decide(&rig, "other", first, "rejected", "没有聊天记录").await.0,
        200
    );
    let second = filed(&rig, sale("l4", None)).await;
    assert_eq!(decide(&rig, "other", second, "verified", "").await.0, 200);
    let appeal = json!({"reason": "有聊天记录"});
    let path = format!("/claims/{first}/appeal");
    assert_eq!(rig.post("employee-z3", &path, appeal).await.0, 200);
    let (code, body) = decide(&rig, "third", first, "verified", "补了记录").await;
    assert_eq!(code, 409, "one deal, one credit: {body}");
    assert_eq!(sales_of(&rig, "L4").await, "1280.00");
    assert_eq!(sales_of(&rig, "Z3").await, "0");
    // Months later the customer comes again.
    db.clock.advance_ms(31 * 86_400_000);
    let mut later = sale("z3", None);
    later["bought"] = json!("补水套装");
    let again = filed(&rig, later).await;
    assert_eq!(decide(&rig, "other", again, "verified", "").await.0, 200);
}

async fn given_ones_own_purchase_when_claimed_and_verified_then_it_earns_nothing_and_says_why(db: TestDb) {
    let rig = Rig::new(&db).await;
    let patch = json!({"phone": "13800138000"});
    assert_eq!(
        rig.call("admin", "PATCH", "/employees/z3", Some(patch)).await.0,
        200
    );
    let id = filed(&rig, sale("z3", None)).await;
    assert_eq!(decide(&rig, "other", id, "verified", "").await.0, 200);
    let made = rig.get("admin", &format!("/conversions/claim:{id}")).await;
    assert_eq!(made["status"], "uncredited");
    let text = made["decision"].to_string();
    assert!(text.contains("claim") && text.contains("own"), "{text}");
}

async fn given_a_caller_when_they_use_a_claims_id_for_an_order_then_it_is_refused(db: TestDb) {
    let rig = Rig::new(&db).await;
    let id = filed(&rig, sale("z3", None)).await;
    let (code, body) = rig
        .post("admin", "/conversions", order(&format!("claim:{id}"), "9.00"))
        .await;
    assert_eq!(
        (code, &body["errors"][0]["pointer"]),
        (422, &json!("/external_id")),
        "{body}"
    );
}

both!(given_an_uncredited_order_when_the_claim_on_it_is_verified_then_that_order_is_credited);
both!(given_a_verified_claim_when_the_shops_order_arrives_then_it_takes_the_claims_place);
both!(given_an_order_with_a_coupon_when_somebody_elses_claim_on_it_was_verified_then_the_coupon_wins);
both!(given_an_order_credited_to_another_when_a_claim_on_it_is_verified_then_it_is_refused);
both!(given_an_order_number_typed_otherwise_when_the_claim_is_verified_then_the_shops_order_is_found);
both!(given_two_claims_on_one_deal_without_an_order_when_one_was_found_true_then_the_other_is_not);
both!(given_ones_own_purchase_when_claimed_and_verified_then_it_earns_nothing_and_says_why);
both!(given_a_caller_when_they_use_a_claims_id_for_an_order_then_it_is_refused);
