//! A sign holds what it is about, tells the employee, and waits for a person (attribution.md §9).

use bole::app::suspect::{Decision, decide_on_suspicion};
use bole::app::{Actor, approve_due, slices};
use bole::attribution::odd::Odd;
use bole::domain::{Class, EmployeeId};
use bole::storage::suspicions::{Evidence, Suspicion, file_suspicion};
use bole::tell::NoticeKind;

use super::*;

const DAY_OF: &str = "2026-11-18";
const DAY_MS: i64 = 86_400_000;

/// 张三's day: an order three seconds after its click, and another half an hour after another click.
async fn two_orders(db: TestDb) -> Shop {
    let shop = Shop::open(db).await;
    for (n, (id, click, when)) in [
        ("FAST", "2026-11-18T00:30:00Z", "2026-11-18T00:30:03Z"),
        ("SLOW", "2026-11-18T01:00:00Z", "2026-11-18T01:30:00Z"),
    ]
    .into_iter()
    .enumerate()
    {
        let click = shop.click(1, click, "human").await;
        let body = and(sale(id, when, &format!("1390000000{n}")), "click", click);
        assert_eq!(told(&shop.take(body).await), "Z3 click pending", "{id}");
    }
    shop
}

impl Shop {
    async fn states(&self) -> [String; 2] {
        let mut found = [String::new(), String::new()];
        for (slot, id) in found.iter_mut().zip(["FAST", "SLOW"]) {
            *slot = self.stands(id).await;
        }
        found
    }

    async fn stands(&self, id: &str) -> String {
        let now = self.get(&format!("/conversions/{id}")).await;
        now["status"].as_str().expect("a status").to_owned()
    }

    /// What 张三 was told of leads and orders, the newest first: state and reason.
    async fn told_z3(&self) -> Vec<(String, String)> {
        let rows = self.db.store.notices(EmployeeId(1), None, 99).await.unwrap();
        let moved = rows.into_iter().filter(|n| n.kind == NoticeKind::ConversionMoved);
        let word = |facts: &Value, name: &str| facts[name].as_str().unwrap_or("-").to_owned();
        moved
            .map(|n| (word(&n.facts, "state"), word(&n.facts, "reason")))
            .collect()
    }

    async fn the_sign(&self, kind: Odd) -> Suspicion {
        let open = self.app.store.suspicions("open", 0, 9).await.unwrap();
        open.into_iter().find(|s| s.kind == kind).expect("a sign")
    }

    async fn settle(&self, kind: Odd, decision: Decision) {
        let manager = Actor::Account {
            id: 99,
            roles: vec![Role::Manager],
            employee: None,
        };
        let sign = self.the_sign(kind).await.id;
        decide_on_suspicion(&self.app, &manager, sign, decision, "看过监控")
            .await
            .unwrap();
    }

    /// Signs and approvals as the chores do them.
    async fn chores(&self) {
        slices::count_due(&self.app).await.unwrap();
        approve_due(&self.app).await.unwrap();
    }
}

async fn given_an_order_a_sign_is_about_when_the_day_is_looked_at_then_it_waits_for_a_person_and_she_is_told(
    db: TestDb,
) {
    let shop = two_orders(db).await;
    assert_eq!(shop.board(1, DAY_OF).await, [0, 2, 39_800]);
    slices::count_due(&shop.app).await.unwrap();
    assert_eq!(shop.states().await, ["held", "pending"], "only what it is about");
    assert_eq!(shop.board(1, DAY_OF).await, [0, 1, 19_900]);
    let held = ("held".to_owned(), "sign:instant".to_owned());
    assert_eq!(shop.told_z3().await, std::slice::from_ref(&held));
    assert_eq!(shop.the_sign(Odd::Instant).await.evidence.held, ["FAST"]);
    let raw = shop.get("/conversions/FAST").await;
    assert_eq!(
        (&raw["reason"], &raw["decided_by"]),
        (&json!("sign:instant"), &json!("system")),
        "{raw}"
    );
    slices::count_due(&shop.app).await.unwrap();
    assert_eq!(shop.told_z3().await, [held], "once");
    assert_eq!(
        shop.the_sign(Odd::Instant).await.evidence.held,
        ["FAST"],
        "looked at again, it holds what it held"
    );
    shop.db.clock.advance_ms(60 * DAY_MS);
    shop.chores().await;
    assert_eq!(
        shop.states().await,
        ["held", "approved"],
        "time approves nothing here"
    );
    shop.settle(Odd::Instant, Decision::Clear).await;
    assert_eq!(shop.states().await, ["pending", "approved"]);
    shop.chores().await;
    assert_eq!(shop.states().await, ["approved", "approved"]);
}

async fn given_an_order_a_sign_holds_when_it_is_confirmed_then_it_is_rejected(db: TestDb) {
    let shop = two_orders(db).await;
    slices::count_due(&shop.app).await.unwrap();
    shop.settle(Odd::Instant, Decision::Confirm(Class::Suspect)).await;
    assert_eq!(shop.states().await, ["rejected", "pending"]);
    assert_eq!(shop.board(1, DAY_OF).await, [0, 1, 19_900]);
    assert_eq!(
        shop.told_z3().await[0],
        ("rejected".to_owned(), "看过监控".to_owned())
    );
}

async fn given_an_order_somebody_released_when_a_sign_is_found_about_it_then_it_stays_released(db: TestDb) {
    let shop = two_orders(db).await;
    for decision in ["held", "released"] {
        let body = json!({ "decision": decision, "reason": "问过客户" });
        shop.post("/conversions/FAST/decision", body).await.is(200);
    }
    slices::count_due(&shop.app).await.unwrap();
    assert_eq!(shop.the_sign(Odd::Instant).await.evidence.held, [""; 0]);
    assert_eq!(shop.states().await, ["pending", "pending"]);
    shop.db.clock.advance_ms(60 * DAY_MS);
    shop.chores().await;
    assert_eq!(
        shop.states().await,
        ["approved", "approved"],
        "a person has looked"
    );
}

async fn given_an_order_that_came_to_a_sign_later_when_its_hold_is_over_then_it_is_held_and_not_approved(
    db: TestDb,
) {
    let shop = two_orders(db).await;
    let mut tx = shop.app.store.begin().await.unwrap();
    let evidence = Evidence {
        conversions: vec!["FAST".to_owned()],
        ..Evidence::default()
    };
    let day = DAY_OF.parse().unwrap();
    file_suspicion(&mut tx, EmployeeId(1), day, (Odd::Instant, 1, 2), &evidence, 1)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    shop.db.clock.advance_ms(60 * DAY_MS);
    approve_due(&shop.app).await.unwrap();
    assert_eq!(shop.states().await, ["held", "approved"]);
    assert_eq!(shop.the_sign(Odd::Instant).await.evidence.held, ["FAST"]);
}

async fn given_a_claim_after_the_crm_when_a_person_verifies_it_then_its_money_waits_at_once(db: TestDb) {
    let shop = Shop::open(db).await;
    shop.make_key("verifier", Role::Verifier, None).await;
    let record = json!({ "external_id": "R-1", "customer": { "phone": "13800138000" }, "order": "SO-1",
        "source_note": "门店自然到店", "created_by": "crm", "occurred_on": "2026-11-17" });
    shop.post("/crm/records", record).await.is(201);
    shop.db.clock.advance_ms(1000);
    let claim = json!({ "employee": "Z3", "kind": "sale", "customer": { "name": "王女士", "phone": "13800138000" },
        "order": "SO-1", "amount": "1280.00", "occurred_on": "2026-11-17", "story": "聊了三周" });
    let made = shop.post("/claims", claim).await.is(201);
    let path = format!("/claims/{}/decision", made["id"]);
    let body = json!({ "decision": "verified", "reason": "对过账" });
    shop.with_key("verifier", Method::POST, &path, Some(body))
        .await
        .is(200);
    assert_eq!(shop.stands(&format!("claim:{}", made["id"])).await, "held");
    let held = ("held".to_owned(), "sign:late-claim".to_owned());
    assert_eq!(shop.told_z3().await, [held]);
}

async fn given_what_the_rules_hold_from_the_start_when_it_comes_in_then_she_is_told_why_it_waits(db: TestDb) {
    let shop = Shop::open(db).await;
    let click = shop.click(1, "2026-11-18T00:30:00Z", "suspect").await;
    let body = and(sale("ODD", "2026-11-18T01:30:00Z", "13900000001"), "click", click);
    assert_eq!(told(&shop.take(body).await), "Z3 click held");
    let suspect = ("held".to_owned(), "step:click-suspect".to_owned());
    assert_eq!(shop.told_z3().await, std::slice::from_ref(&suspect));
    let record = json!({ "external_id": "R-1", "customer": { "phone": "13800138000" }, "order": "SO-1",
        "source_note": "员工推荐-Z3", "created_by": "前台", "occurred_on": "2026-11-17" });
    shop.post("/crm/records", record).await.is(201);
    shop.db.clock.advance_ms(1000);
    let claim = json!({ "employee": "Z3", "kind": "sale", "customer": { "name": "王女士", "phone": "13800138000" },
        "order": "SO-1", "amount": "199.00", "occurred_on": "2026-11-17", "story": "聊了三周" });
    let made = shop.post("/claims", claim).await.is(201);
    assert_eq!(made["status"], "verified", "{made}");
    let late = ("held".to_owned(), "step:claim-late".to_owned());
    assert_eq!(shop.told_z3().await, [late, suspect]);
}

both!(
    given_an_order_a_sign_is_about_when_the_day_is_looked_at_then_it_waits_for_a_person_and_she_is_told,
    given_an_order_a_sign_holds_when_it_is_confirmed_then_it_is_rejected,
    given_an_order_somebody_released_when_a_sign_is_found_about_it_then_it_stays_released,
    given_an_order_that_came_to_a_sign_later_when_its_hold_is_over_then_it_is_held_and_not_approved,
    given_a_claim_after_the_crm_when_a_person_verifies_it_then_its_money_waits_at_once,
    given_what_the_rules_hold_from_the_start_when_it_comes_in_then_she_is_told_why_it_waits,
);
