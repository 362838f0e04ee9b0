//! A click that a person overrules: what it credits, and what it no longer does.

use bole::attribution::Status;
use bole::domain::ClickId;
use bole::storage::conversions::{lock_by_external_id, set_status};
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

async fn given_a_claim_that_was_paid_when_its_orders_click_is_cleared_then_the_order_waits_for_a_person(
    db: TestDb,
) {
    let shop = Shop::open(db).await;
    let claim = json!({ "employee": "Z3", "kind": "sale", "customer": { "name": "王女士", "phone": "13900000001" },
        "order": "SO-1", "amount": "199.00", "occurred_on": "2026-11-17", "story": "聊了三周" });
    let made = shop.post("/claims", claim).await.is(201);
    shop.make_key("verifier", Role::Verifier, None).await;
    let path = format!("/claims/{}/decision", made["id"]);
    let verified = json!({ "decision": "verified", "reason": "对过账" });
    shop.with_key("verifier", Method::POST, &path, Some(verified))
        .await
        .is(200);
    let own = format!("claim:{}", made["id"]);
    assert_eq!(shop.now(&own).await, "Z3 claim pending");
    shop.db
        .sql(&format!(
            "update conversions set status = 'paid' where external_id = '{own}'"
        ))
        .await;
    let (token, click) = shop.seen(1, "2026-11-18T01:00:00Z", "suspect").await;
    let order = shop
        .take(and(sale("SO-1", NOW, "13900000001"), "click", token))
        .await;
    assert_eq!(told(&order), "Z3 click held");
    for class in ["human", "suspect", "human"] {
        shop.overrule(click, class).await;
        assert_eq!(
            shop.now("SO-1").await,
            "Z3 click held",
            "{class}: its claim was paid"
        );
        let why = reasons(&shop.get("/conversions/SO-1").await);
        assert!(why.contains(&"claim-paid".to_owned()), "{why:?}");
    }
    shop.post("/conversions/SO-1/decision", json!({ "decision": "released" }))
        .await
        .is(200);
    shop.overrule(click, "repeat").await;
    assert_eq!(
        shop.now("SO-1").await,
        "Z3 click pending",
        "a person has seen both"
    );
    assert_eq!(shop.now(&own).await, "Z3 claim paid");
}

async fn given_a_colleagues_click_when_overruling_it_gives_the_order_to_the_actor_then_another_must_say_so(
    db: TestDb,
) {
    let rules = Programme {
        protection_days: 0,
        ..Programme::default()
    };
    let shop = Shop::under(db, rules).await;
    shop.make_key("li", Role::Manager, Some(2)).await;
    for (n, key, then) in [(1, "li", "L4 customer held"), (2, "shop", "L4 customer pending")] {
        let phone = format!("1390000000{n}");
        let order = format!("O-{n}");
        let (hers, _) = shop.seen(2, "2026-11-18T00:10:00Z", "human").await;
        let (his, click) = shop.seen(1, "2026-11-18T00:20:00Z", "human").await;
        let first = lead(&format!("L-{n}"), "2026-11-18T00:30:00Z", &phone);
        assert_eq!(
            told(&shop.take(and(first, "click", hers)).await),
            "L4 click pending"
        );
        let second = and(sale(&order, "2026-11-18T00:40:00Z", &phone), "click", his);
        assert_eq!(told(&shop.take(second).await), "Z3 click pending");
        let body = json!({ "class": "bot", "reason": "看过记录" });
        let path = format!("/clicks/{click}/class");
        shop.with_key(key, Method::POST, &path, Some(body)).await.is(200);
        assert_eq!(shop.now(&order).await, then, "{key}");
        let why = reasons(&shop.get(&format!("/conversions/{order}")).await);
        assert_eq!(why.last().unwrap(), "credited", "{why:?}");
        assert_eq!(why.contains(&"click-own-word".to_owned()), key == "li", "{why:?}");
        // Whatever is said of the click then, the order still waits for somebody else.
        shop.overrule(click, "internal").await;
        assert_eq!(shop.now(&order).await, then, "{key}");
    }
    assert_eq!(shop.board(2, DAY_OF).await, [2, 1, 19_900]);
    let released = json!({ "decision": "released" });
    shop.with_key(
        "li",
        Method::POST,
        "/conversions/O-1/decision",
        Some(released.clone()),
    )
    .await
    .is(403);
    shop.post("/conversions/O-1/decision", released).await.is(200);
    assert_eq!(shop.board(2, DAY_OF).await, [2, 2, 39_800]);
}

async fn given_an_order_under_way_when_its_click_was_overruled_then_it_is_found_before_it_is_approved(
    db: TestDb,
) {
    let shop = Shop::open(db).await;
    let (token, click) = shop.seen(1, "2026-11-18T01:00:00Z", "human").await;
    let body = and(sale("O", NOW, "13900000001"), "click", token);
    assert_eq!(told(&shop.take(body).await), "Z3 click pending");
    let bound = sale("B", NOW, "13900000001");
    assert_eq!(told(&shop.take(bound).await), "Z3 customer pending");
    assert_eq!(bole::app::redecide_lost(&shop.app).await.unwrap(), 0);
    // As it stands when the order is committed after the overruling has looked.
    let ms = at("2026-11-18T01:00:00Z").as_millisecond();
    shop.db
        .sql(&format!("update clicks set class = 'bot' where at = {ms}"))
        .await;
    shop.db.clock.set(at("2026-12-07T16:00:00Z"));
    assert_eq!(bole::app::approve_due(&shop.app).await.unwrap(), 0, "{click}");
    assert_eq!(shop.now("O").await, "- - uncredited");
    assert_eq!(shop.now("B").await, "- - uncredited", "it hung on that click");
    assert_eq!(shop.board(1, DAY_OF).await, [0, 0, 0]);
    assert_eq!(bole::app::redecide_lost(&shop.app).await.unwrap(), 0, "once");
}

async fn given_an_order_that_is_approved_while_its_binding_falls_when_both_are_through_then_it_stays_approved(
    db: TestDb,
) {
    let shop = Shop::open(db).await;
    // A link whose campaign credits for three days: what comes later hangs on the binding alone.
    let (token, click) = shop.seen(4, "2026-11-08T00:00:00Z", "human").await;
    let first = and(sale("A", "2026-11-08T00:10:00Z", "13900000001"), "click", token);
    assert_eq!(told(&shop.take(first).await), "Z3 click pending");
    let second = shop.take(sale("B", NOW, "13900000001")).await;
    assert_eq!(told(&second), "Z3 customer pending");
    assert!(reasons(&second).contains(&"binding-in".to_owned()), "{second}");
    let mut tx = shop.app.store.begin().await.unwrap();
    let b = lock_by_external_id(&mut tx, "B").await.unwrap().expect("B");
    let by = ("account:9", "对过账");
    set_status(&mut tx, b.id, Status::Approved, Some(by), 1)
        .await
        .unwrap();
    let approved = async {
        // Long enough for whoever overrules to have looked, and to wait.
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        tx.commit().await.unwrap();
    };
    tokio::join!(shop.overrule(click, "bot"), approved);
    assert_eq!(
        shop.now("B").await,
        "Z3 customer approved",
        "what is settled stays, whatever bound it"
    );
    assert_eq!(shop.board(1, DAY_OF).await, [0, 1, 19_900]);
}

both!(
    given_an_order_that_is_approved_while_its_binding_falls_when_both_are_through_then_it_stays_approved,
    given_a_claim_that_was_paid_when_its_orders_click_is_cleared_then_the_order_waits_for_a_person,
    given_a_colleagues_click_when_overruling_it_gives_the_order_to_the_actor_then_another_must_say_so,
    given_an_order_under_way_when_its_click_was_overruled_then_it_is_found_before_it_is_approved,
    given_a_held_order_of_a_suspect_click_when_overruled_then_it_is_decided_again_each_way,
    given_an_order_by_a_click_and_one_by_its_binding_when_the_click_falls_then_both_fall_and_come_back,
    given_what_a_person_decided_when_the_click_is_overruled_then_their_word_stands,
);
