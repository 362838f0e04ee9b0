//! A click that a person overrules: what it credits, and what it no longer does.

use bole::domain::ClickId;
use bole::tell::NoticeKind;

use super::*;

const DAY_OF: &str = "2026-11-18";

impl Shop {
    /// A click of this class in the store: its token and id.
    async fn seen(&self, link: i64, when: &str, class: &str) -> (String, ClickId) {
        let (token, id) = self.token(when);
        self.store_click(id, link, when, class).await;
        (token, id)
    }

    async fn overrule(&self, click: ClickId, class: &str) {
        let body = json!({ "class": class, "reason": "看过记录" });
        self.db.clock.advance_ms(1000);
        self.post(&format!("/clicks/{click}/class"), body).await.is(200);
    }

    async fn now(&self, id: &str) -> String {
        told(&self.get(&format!("/conversions/{id}")).await)
    }
}

async fn given_a_held_order_of_a_suspect_click_when_overruled_then_it_is_decided_again_each_way(db: TestDb) {
    let shop = Shop::open(db).await;
    let (token, click) = shop.seen(1, "2026-11-18T01:00:00Z", "suspect").await;
    let first = shop
        .take(and(sale("O", NOW, "13900000001"), "click", token))
        .await;
    assert_eq!(told(&first), "Z3 click held");
    shop.overrule(click, "human").await;
    assert_eq!(shop.now("O").await, "Z3 click pending", "its one doubt is gone");
    assert_eq!(shop.board(1, DAY_OF).await, [0, 1, 19_900]);
    assert_eq!(shop.link(1).await, [0, 1, 19_900]);
    shop.overrule(click, "bot").await;
    assert_eq!(shop.now("O").await, "- - uncredited");
    let decision = shop.get("/conversions/O").await;
    assert!(
        reasons(&decision).contains(&"click-class".to_owned()),
        "{decision}"
    );
    assert_eq!(shop.board(1, DAY_OF).await, [0, 0, 0]);
    assert_eq!(shop.link(1).await, [0, 0, 0]);
    shop.overrule(click, "suspect").await;
    assert_eq!(shop.now("O").await, "Z3 click held");
    assert_eq!(
        shop.board(1, DAY_OF).await,
        [0, 0, 0],
        "what is held counts nowhere"
    );
    let notices = shop
        .db
        .store
        .notices(bole::domain::EmployeeId(1), None, 9)
        .await
        .unwrap();
    let told: Vec<_> = notices
        .iter()
        .filter(|n| n.kind == NoticeKind::ConversionMoved)
        .collect();
    assert!(!told.is_empty(), "{notices:?}");
    assert_eq!(told[0].facts["state"], "held", "{told:?}");
    let audits = "select count(*) from audit_log where action = 'conversion.redecided'";
    assert_eq!(shop.db.number(audits).await, 3);
}

async fn given_an_order_by_a_click_and_one_by_its_binding_when_the_click_falls_then_both_fall_and_come_back(
    db: TestDb,
) {
    let shop = Shop::open(db).await;
    let (token, click) = shop.seen(1, "2026-11-18T00:10:00Z", "human").await;
    let by_click = and(sale("A", "2026-11-18T00:20:00Z", "13900000001"), "click", token);
    assert_eq!(told(&shop.take(by_click).await), "Z3 click pending");
    let (bot, _) = shop.seen(1, "2026-11-18T00:10:00Z", "bot").await;
    let later = and(sale("B", "2026-11-18T00:40:00Z", "13900000001"), "click", bot);
    assert_eq!(
        told(&shop.take(later).await),
        "Z3 customer pending",
        "by the touch of A"
    );
    let mut other = sale("C", "2026-11-18T00:50:00Z", "13900000002");
    other["coupon"] = json!("L10");
    assert_eq!(told(&shop.take(other).await), "L4 coupon pending");
    shop.overrule(click, "bot").await;
    for id in ["A", "B"] {
        assert_eq!(shop.now(id).await, "- - uncredited", "{id}");
    }
    assert_eq!(shop.now("C").await, "L4 coupon pending");
    assert_eq!(shop.board(1, DAY_OF).await, [0, 0, 0]);
    shop.overrule(click, "human").await;
    assert_eq!(shop.now("A").await, "Z3 click pending");
    assert_eq!(shop.now("B").await, "Z3 customer pending");
    assert_eq!(shop.board(1, DAY_OF).await, [0, 2, 39_800]);
}

async fn given_what_a_person_decided_when_the_click_is_overruled_then_their_word_stands(db: TestDb) {
    let shop = Shop::open(db).await;
    let mut clicks = Vec::new();
    for (n, id) in ["HELD", "GOOD", "FREE"].into_iter().enumerate() {
        let class = if id == "FREE" { "suspect" } else { "human" };
        let (token, click) = shop.seen(1, "2026-11-18T01:00:00Z", class).await;
        let phone = format!("1390000001{n}");
        shop.take(and(sale(id, NOW, &phone), "click", token)).await;
        clicks.push(click);
    }
    for (id, decision) in [("HELD", "held"), ("GOOD", "approved"), ("FREE", "released")] {
        let body = json!({ "decision": decision, "reason": "问过门店" });
        shop.post(&format!("/conversions/{id}/decision"), body)
            .await
            .is(200);
    }
    shop.overrule(clicks[0], "repeat").await;
    assert_eq!(shop.now("HELD").await, "Z3 click held", "a person holds it");
    shop.overrule(clicks[2], "suspect").await;
    assert_eq!(
        shop.now("FREE").await,
        "Z3 click pending",
        "that doubt was seen when it was released"
    );
    shop.overrule(clicks[1], "bot").await;
    assert_eq!(
        shop.now("GOOD").await,
        "Z3 click approved",
        "what is settled stays"
    );
    let decision = shop.get("/conversions/GOOD").await;
    let reasons = reasons(&decision);
    assert!(reasons.contains(&"click-later".to_owned()), "{reasons:?}");
    assert_eq!(
        reasons.last().unwrap(),
        "credited",
        "the outcome stays the last step"
    );
    shop.overrule(clicks[0], "bot").await;
    assert_eq!(shop.now("HELD").await, "- - uncredited");
}

both!(
    given_a_held_order_of_a_suspect_click_when_overruled_then_it_is_decided_again_each_way,
    given_an_order_by_a_click_and_one_by_its_binding_when_the_click_falls_then_both_fall_and_come_back,
    given_what_a_person_decided_when_the_click_is_overruled_then_their_word_stands,
);
