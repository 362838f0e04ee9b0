//! What speaks against a claim: it goes with the credit, to whichever conversion has it.

use bole::app::suspect::{Decision, decide_on_suspicion};
use bole::app::{Actor, slices};
use bole::attribution::odd::Odd;
use bole::domain::Class;

use super::*;

const DAY_OF: &str = "2026-11-17";
const THEN: &str = "2026-11-17T06:00:00Z";
const PHONE: &str = "13800138000";

fn manager() -> Actor {
    Actor::Account {
        id: 99,
        roles: vec![Role::Manager],
        employee: None,
    }
}

async fn open(db: TestDb) -> Shop {
    let shop = Shop::open(db).await;
    shop.make_key("verifier", Role::Verifier, None).await;
    shop
}

impl Shop {
    /// 张三's claim on an order of 199.00, verified; by a record that was there before, or by a person.
    async fn claimed(&self, order: &str, phone: &str, by_record: bool) -> String {
        if by_record {
            let record = json!({ "external_id": format!("R-{order}"), "customer": { "phone": phone }, "order": order,
                "source_note": "员工推荐-Z3", "created_by": "前台", "occurred_on": DAY_OF });
            self.post("/crm/records", record).await.is(201);
            self.db.clock.advance_ms(1000);
        }
        let claim = json!({ "employee": "Z3", "kind": "sale", "customer": { "name": "王女士", "phone": phone },
            "order": order, "amount": "199.00", "occurred_on": DAY_OF, "story": "聊了三周" });
        let made = self.post("/claims", claim).await.is(201);
        if !by_record {
            self.decided_claim(&made["id"]).await;
        }
        format!("claim:{}", made["id"])
    }

    async fn decided_claim(&self, id: &Value) {
        let verified = json!({ "decision": "verified", "reason": "对过账" });
        let path = format!("/claims/{id}/decision");
        self.with_key("verifier", Method::POST, &path, Some(verified))
            .await
            .is(200);
    }

    async fn verdict(&self, id: &str, decision: &str) {
        let body = json!({ "decision": decision, "reason": "查过了" });
        self.post(&format!("/conversions/{id}/decision"), body)
            .await
            .is(200);
    }

    async fn seen_as(&self, id: &str) -> (String, Vec<String>) {
        let now = self.get(&format!("/conversions/{id}")).await;
        (told(&now), reasons(&now))
    }
}

fn says(reasons: &[String], reason: &str) -> bool {
    assert_eq!(
        reasons.last().map(String::as_str),
        Some("credited"),
        "{reasons:?}"
    );
    reasons.iter().any(|r| r == reason)
}

async fn given_a_claim_the_crm_was_faster_than_when_the_shops_order_comes_then_it_is_held_and_says_why(
    db: TestDb,
) {
    let shop = open(db).await;
    let own = shop.claimed("SO-1", PHONE, true).await;
    let (stands, why) = shop.seen_as(&own).await;
    assert_eq!(stands, "Z3 claim held");
    assert!(says(&why, "claim-late"), "{why:?}");
    let order = shop.take(sale("SO-1", THEN, PHONE)).await;
    assert_eq!(told(&order), "Z3 claim held");
    assert!(says(&reasons(&order), "claim-late"), "{order}");
    assert_eq!(
        shop.seen_as(&own).await.0,
        "Z3 claim rejected",
        "one order, one credit"
    );
    assert_eq!(shop.board(1, DAY_OF).await, [0, 0, 0]);
    shop.verdict("SO-1", "released").await;
    assert_eq!(shop.seen_as("SO-1").await.0, "Z3 claim pending");
    assert_eq!(shop.board(1, DAY_OF).await, [0, 1, 19_900]);
}

async fn given_a_held_claim_that_somebody_released_when_the_shops_order_comes_then_it_is_not_held_again(
    db: TestDb,
) {
    let shop = open(db).await;
    let own = shop.claimed("SO-1", PHONE, true).await;
    shop.verdict(&own, "released").await;
    let order = shop.take(sale("SO-1", THEN, PHONE)).await;
    assert_eq!(told(&order), "Z3 claim pending", "that doubt was seen: {order}");
    assert_eq!(shop.board(1, DAY_OF).await, [0, 1, 19_900]);
}

async fn given_a_claim_a_person_held_or_rejected_when_the_shops_order_comes_then_a_person_decides_on_it(
    db: TestDb,
) {
    let shop = open(db).await;
    for (decision, phone) in [("held", "13800138001"), ("rejected", "13800138002")] {
        let order = format!("SO-{decision}");
        let own = shop.claimed(&order, phone, false).await;
        assert_eq!(shop.seen_as(&own).await.0, "Z3 claim pending", "{decision}");
        shop.verdict(&own, decision).await;
        let made = shop.take(sale(&order, THEN, phone)).await;
        assert_eq!(told(&made), "Z3 claim held", "{decision}");
        assert!(says(&reasons(&made), "claim-doubted"), "{made}");
        let steps = made["decision"].to_string();
        assert!(steps.contains("查过了"), "{steps}");
        assert_eq!(shop.board(1, DAY_OF).await, [0, 0, 0]);
    }
}

async fn given_a_claim_that_was_refunded_when_the_shops_order_comes_then_the_amount_is_for_a_person(
    db: TestDb,
) {
    let shop = open(db).await;
    // What was refunded whole still says whose customer it is.
    for (order, phone, back, then) in [
        ("SO-PART", "13800138001", "80.00", "Z3 claim held"),
        ("SO-ALL", "13800138002", "199.00", "Z3 customer held"),
    ] {
        let own = shop.claimed(order, phone, false).await;
        let refund = json!({ "external_id": format!("R-{order}"), "amount": back, "occurred_at": "2026-11-17T08:00:00Z" });
        shop.post(&format!("/conversions/{own}/refunds"), refund)
            .await
            .is(201);
        let made = shop.take(sale(order, THEN, phone)).await;
        assert_eq!(told(&made), then, "{order}");
        assert!(says(&reasons(&made), "claim-refunded"), "{made}");
        assert!(made["decision"].to_string().contains(back), "{made}");
        assert_eq!(shop.board(1, DAY_OF).await, [0, 0, 0], "{order}");
    }
}

async fn given_a_doubtful_claim_when_the_order_is_credited_otherwise_then_the_doubt_waits_with_the_claim(
    db: TestDb,
) {
    let shop = open(db).await;
    shop.claimed("SO-1", PHONE, true).await;
    let coupon = and(sale("SO-1", THEN, PHONE), "coupon", "L10");
    assert_eq!(
        told(&shop.take(coupon).await),
        "L4 coupon pending",
        "a colleague's coupon rests on no claim"
    );
    // By a click of her own at first; when that turns out to be a machine's, by the claim.
    let other = "13800138111";
    shop.claimed("SO-2", other, true).await;
    let (token, click) = shop.token("2026-11-17T05:00:00Z");
    shop.store_click(click, 1, "2026-11-17T05:00:00Z", "human").await;
    let order = shop.take(and(sale("SO-2", THEN, other), "click", token)).await;
    assert_eq!(told(&order), "Z3 click pending", "{order}");
    let bot = json!({ "class": "bot", "reason": "看过记录" });
    shop.post(&format!("/clicks/{click}/class"), bot).await.is(200);
    let (stands, why) = shop.seen_as("SO-2").await;
    assert_eq!(stands, "Z3 claim held");
    assert!(says(&why, "claim-late"), "{why:?}");
}

async fn given_a_sign_about_a_claim_when_the_shops_order_took_its_place_then_the_decision_moves_the_order(
    db: TestDb,
) {
    let shop = open(db).await;
    for (order, phone, last, then) in [
        (
            "SO-1",
            "13800138001",
            Decision::Confirm(Class::Suspect),
            "Z3 claim rejected",
        ),
        ("SO-2", "13800138002", Decision::Clear, "Z3 claim pending"),
    ] {
        let note = json!({ "external_id": format!("N-{order}"), "customer": { "phone": phone }, "order": order,
            "source_note": "自然到店", "created_by": "前台", "occurred_on": DAY_OF });
        shop.post("/crm/records", note).await.is(201);
        shop.db.clock.advance_ms(1000);
        let own = shop.claimed(order, phone, false).await;
        slices::count_due(&shop.app).await.unwrap();
        let open = shop.app.store.suspicions("open", 0, 9).await.unwrap();
        let sign = open.iter().find(|s| s.kind == Odd::LateClaim).expect("a sign").id;
        let decide = async |decision| {
            decide_on_suspicion(&shop.app, &manager(), sign, decision, "看过监控")
                .await
                .unwrap();
        };
        decide(Decision::Hold).await;
        assert_eq!(shop.seen_as(&own).await.0, "Z3 claim held", "{order}");
        let made = shop.take(sale(order, THEN, phone)).await;
        assert_eq!(told(&made), "Z3 claim held", "{order}");
        decide(last).await;
        assert_eq!(shop.seen_as(order).await.0, then);
        // One sign a day: the next one is of another.
        shop.db.sql("delete from suspicions").await;
    }
    assert_eq!(shop.board(1, DAY_OF).await, [0, 1, 19_900]);
}

async fn given_a_person_with_a_lead_when_another_is_claimed_then_it_is_one_lead_and_a_known_customer_none(
    db: TestDb,
) {
    let shop = open(db).await;
    let click = shop.click(1, "2026-11-16T00:00:00Z", "human").await;
    let first = lead("L-1", "2026-11-16T00:10:00Z", PHONE);
    assert_eq!(
        told(&shop.take(and(first, "click", click)).await),
        "Z3 click pending"
    );
    let claim = async |employee: &str, phone: &str| {
        let body = json!({ "employee": employee, "kind": "lead", "customer": { "name": "王女士", "phone": phone },
            "occurred_on": DAY_OF, "story": "在群里聊的" });
        let made = shop.post("/claims", body).await.is(201);
        shop.decided_claim(&made["id"]).await;
        let made = shop.get(&format!("/conversions/claim:{}", made["id"])).await;
        (told(&made), reasons(&made))
    };
    let (stands, why) = claim("L4", PHONE).await;
    assert_eq!(stands, "- - uncredited", "one lead per person");
    assert!(why.contains(&"lead-known".to_owned()), "{why:?}");
    shop.take(sale("O-1", "2026-10-01T00:00:00Z", "13900000001"))
        .await;
    let (stands, why) = claim("L4", "13900000001").await;
    assert_eq!(stands, "- - uncredited", "the firm knew them");
    assert!(why.contains(&"customer-known".to_owned()), "{why:?}");
    assert_eq!(claim("L4", "13900000002").await.0, "L4 claim pending");
    assert_eq!(shop.board(2, DAY_OF).await, [1, 0, 0]);
}

both!(
    given_a_claim_the_crm_was_faster_than_when_the_shops_order_comes_then_it_is_held_and_says_why,
    given_a_held_claim_that_somebody_released_when_the_shops_order_comes_then_it_is_not_held_again,
    given_a_claim_a_person_held_or_rejected_when_the_shops_order_comes_then_a_person_decides_on_it,
    given_a_claim_that_was_refunded_when_the_shops_order_comes_then_the_amount_is_for_a_person,
    given_a_doubtful_claim_when_the_order_is_credited_otherwise_then_the_doubt_waits_with_the_claim,
    given_a_sign_about_a_claim_when_the_shops_order_took_its_place_then_the_decision_moves_the_order,
    given_a_person_with_a_lead_when_another_is_claimed_then_it_is_one_lead_and_a_known_customer_none,
);
