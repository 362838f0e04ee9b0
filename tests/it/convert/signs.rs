//! Signs that need more than the day's clicks: a browser of one's own, leads nobody answers, claims after the deal was won.

use bole::app::suspect::{Decision, case, decide_on_suspicion};
use bole::app::{Actor, slices};
use bole::attribution::odd::Odd;
use bole::domain::Class;
use bole::storage::suspicions::Suspicion;

use super::*;
use crate::support::Kind;

fn manager() -> Actor {
    Actor::Account {
        id: 99,
        roles: vec![Role::Manager],
        employee: None,
    }
}

/// The open suspicion of this kind, when the day has been looked at.
async fn sign(shop: &Shop, kind: Odd) -> Option<Suspicion> {
    slices::count_due(&shop.app).await.unwrap();
    let open = shop.app.store.suspicions("open", 0, 20).await.unwrap();
    open.into_iter().find(|s| s.kind == kind)
}

async fn hold(shop: &Shop, found: &Suspicion) {
    decide_on_suspicion(&shop.app, &manager(), found.id, Decision::Hold, "核对中")
        .await
        .unwrap();
}

async fn confirm(shop: &Shop, found: &Suspicion) {
    let class = Decision::Confirm(Class::Bot);
    decide_on_suspicion(&shop.app, &manager(), found.id, class, "监控里是她自己")
        .await
        .unwrap();
}

async fn state(shop: &Shop, id: &str) -> String {
    shop.get(&format!("/conversions/{id}")).await["status"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn given_an_order_by_a_browser_of_the_employees_own_when_the_day_is_looked_at_then_it_is_a_sign(
    db: TestDb,
) {
    let shop = Shop::open(db).await;
    shop.click(1, "2026-11-18T00:10:00Z", "self").await;
    let (hers, his) = (
        shop.click(1, "2026-11-18T00:20:00Z", "human").await,
        shop.click(1, "2026-11-18T00:30:00Z", "human").await,
    );
    let visitor = |byte: u8| match shop.db.kind {
        Kind::Sqlite => format!("x'{}'", format!("{byte:02x}").repeat(12)),
        Kind::Postgres => format!("'\\x{}'::bytea", format!("{byte:02x}").repeat(12)),
    };
    let at_20 = at("2026-11-18T00:20:00Z").as_millisecond();
    shop.db
        .sql(&format!(
            "update clicks set visitor = {} where at <= {at_20}",
            visitor(1)
        ))
        .await;
    shop.db
        .sql(&format!(
            "update clicks set visitor = {} where at > {at_20}",
            visitor(2)
        ))
        .await;
    shop.take(and(
        sale("KIN", "2026-11-18T01:20:00Z", "13900000001"),
        "click",
        hers,
    ))
    .await;
    shop.take(and(
        sale("REAL", "2026-11-18T01:30:00Z", "13900000002"),
        "click",
        his,
    ))
    .await;
    let found = sign(&shop, Odd::Kin).await.expect("a sign");
    assert_eq!(
        (found.hits, found.base, found.evidence.kin.as_slice()),
        (1, 2, &["KIN".to_owned()][..])
    );
    hold(&shop, &found).await;
    assert_eq!(
        [state(&shop, "KIN").await, state(&shop, "REAL").await],
        ["held", "pending"]
    );
}

async fn given_an_order_a_sign_does_not_name_when_its_click_is_confirmed_as_her_own_then_it_falls_too(
    db: TestDb,
) {
    let shop = Shop::open(db).await;
    shop.click(1, "2026-11-17T00:10:00Z", "self").await;
    let hers = shop.click(1, "2026-11-17T00:20:00Z", "human").await;
    let visitor = match shop.db.kind {
        Kind::Sqlite => "x'010101010101010101010101'",
        Kind::Postgres => "'\\x010101010101010101010101'::bytea",
    };
    shop.db
        .sql(&format!("update clicks set visitor = {visitor}"))
        .await;
    let his = shop.click(1, "2026-11-17T00:30:00Z", "human").await;
    for (n, (id, when, click)) in [
        ("KIN", "2026-11-17T01:20:00Z", &hers),
        ("NEXT", "2026-11-18T01:00:00Z", &hers),
        ("HELD", "2026-11-18T01:10:00Z", &hers),
        ("REAL", "2026-11-17T01:30:00Z", &his),
    ]
    .into_iter()
    .enumerate()
    {
        let body = and(sale(id, when, &format!("1390000000{n}")), "click", click.clone());
        assert_eq!(told(&shop.take(body).await), "Z3 click pending", "{id}");
    }
    let held = json!({ "decision": "held", "reason": "查" });
    shop.post("/conversions/HELD/decision", held).await.is(200);
    let found = sign(&shop, Odd::Kin).await.expect("a sign");
    assert_eq!(
        found.evidence.kin,
        ["KIN"],
        "it names what came on its own day alone"
    );
    let case = case(&shop.app, found.id).await.unwrap().expect("a case");
    let ids = |decision| -> Vec<String> {
        let moves = case.moves(decision).conversions;
        moves.into_iter().map(|c| c.external_id).collect()
    };
    assert_eq!(ids(Decision::Clear), ["KIN"], "it is held already");
    assert!(ids(Decision::Hold).is_empty());
    assert_eq!(ids(Decision::Confirm(Class::Bot)), ["KIN", "NEXT", "HELD"]);
    confirm(&shop, &found).await;
    for (id, then) in [
        ("KIN", "rejected"),
        ("NEXT", "rejected"),
        ("HELD", "rejected"),
        ("REAL", "pending"),
    ] {
        assert_eq!(state(&shop, id).await, then, "{id}");
    }
    assert_eq!(shop.board(1, "2026-11-18").await, [0, 0, 0]);
    assert_eq!(shop.board(1, "2026-11-17").await, [0, 1, 19_900]);
    assert_eq!(
        bole::app::redecide_lost(&shop.app).await.unwrap(),
        0,
        "no click credits in vain"
    );
}

async fn given_leads_found_void_when_they_are_half_of_the_day_then_the_others_are_looked_at_too(db: TestDb) {
    let shop = Shop::open(db).await;
    for n in 0..5 {
        let click = shop.click(1, "2026-11-18T00:10:00Z", "human").await;
        let body = lead(
            &format!("L-{n}"),
            &later("2026-11-18T01:00:00Z", n * 1000),
            &format!("1390000010{n}"),
        );
        shop.take(and(body, "click", click)).await;
    }
    let void = json!({ "decision": "rejected", "reason": "空号" });
    for n in 0..2 {
        shop.post(&format!("/conversions/L-{n}/decision"), void.clone())
            .await
            .is(200);
    }
    assert_eq!(sign(&shop, Odd::Silent).await, None, "two may happen");
    shop.post("/conversions/L-2/decision", void).await.is(200);
    let found = sign(&shop, Odd::Silent).await.expect("a sign");
    assert_eq!((found.hits, found.base), (3, 5));
    hold(&shop, &found).await;
    assert_eq!(
        [state(&shop, "L-0").await, state(&shop, "L-4").await],
        ["rejected", "held"]
    );
    let answers = json!({ "decision": "released" });
    shop.post("/conversions/L-3/decision", answers).await.is(200);
    let told = case(&shop.app, found.id).await.unwrap().expect("a case");
    let falls = told.moves(Decision::Confirm(Class::Bot));
    assert_eq!((falls.conversions.len(), falls.clicks.len()), (1, 1), "{falls:?}");
    assert_eq!(falls.conversions[0].external_id, "L-4");
    confirm(&shop, &found).await;
    assert_eq!(
        [state(&shop, "L-3").await, state(&shop, "L-4").await],
        ["pending", "rejected"],
        "who was released has answered"
    );
    let bots = "select count(*) from clicks where class = 'bot'";
    assert_eq!(shop.db.number(bots).await, 1, "the click of L-4 alone");
    assert_eq!(shop.board(1, "2026-11-18").await, [1, 0, 0]);
}

async fn given_an_order_the_shop_knows_when_a_claim_on_it_came_after_the_crm_then_its_money_is_held(
    db: TestDb,
) {
    let shop = Shop::open(db).await;
    let order = sale("SO-1", "2026-11-17T06:00:00Z", "13800138000");
    assert_eq!(told(&shop.take(order).await), "- - uncredited");
    let record = json!({ "external_id": "R-1", "customer": { "phone": "13800138000" }, "order": "SO-1",
        "source_note": "员工推荐-Z3", "created_by": "前台", "occurred_on": "2026-11-17" });
    shop.post("/crm/records", record).await;
    shop.db.clock.advance_ms(1000);
    let claim = json!({ "employee": "Z3", "kind": "sale", "customer": { "name": "王女士", "phone": "13800138000" },
        "order": "SO-1", "amount": "199.00", "occurred_on": "2026-11-17", "story": "聊了三周" });
    let made = shop.post("/claims", claim).await.is(201);
    assert_eq!(made["status"], "verified", "{made}");
    assert_eq!(told(&shop.get("/conversions/SO-1").await), "Z3 claim held");
    assert_eq!(shop.board(1, "2026-11-17").await, [0, 0, 0]);
    let claim = shop.get(&format!("/claims/{}", made["id"])).await;
    assert_eq!(claim["conversion"], "SO-1");
}

async fn given_a_claim_on_what_the_crm_had_when_it_is_verified_then_it_is_a_sign(db: TestDb) {
    let shop = Shop::open(db).await;
    shop.make_key("verifier", Role::Verifier, None).await;
    let record = |id: &str, order: &str, note: &str| {
        json!({ "external_id": id, "customer": { "phone": "13800138000" }, "order": order, "source_note": note,
                "created_by": "crm", "occurred_on": "2026-11-17" })
    };
    let claim = |order: &str| {
        json!({ "employee": "Z3", "kind": "sale", "customer": { "name": "王女士", "phone": "13800138000" }, "order": order,
                "amount": "1280.00", "occurred_on": "2026-11-17", "story": "聊了三周" })
    };
    shop.post("/crm/records", record("R-1", "SO-1", "门店自然到店"))
        .await;
    shop.db.clock.advance_ms(1000);
    let late = shop.post("/claims", claim("SO-1")).await.is(201);
    let early = shop.post("/claims", claim("SO-2")).await.is(201);
    shop.db.clock.advance_ms(1000);
    shop.post("/crm/records", record("R-2", "SO-2", "门店自然到店"))
        .await;
    for made in [&late, &early] {
        let path = format!("/claims/{}/decision", made["id"]);
        let body = json!({ "decision": "verified", "reason": "对过账" });
        shop.with_key("verifier", Method::POST, &path, Some(body))
            .await
            .is(200);
    }
    let found = sign(&shop, Odd::LateClaim).await.expect("a sign");
    let id = format!("claim:{}", late["id"]);
    assert_eq!(
        (found.hits, found.evidence.late_claims.as_slice()),
        (1, &[id.clone()][..])
    );
    assert_eq!(state(&shop, &id).await, "held");
    let early = shop.get(&format!("/conversions/claim:{}", early["id"])).await;
    // The same customer: what brought her waits for a person, and so does this, though it is no sign itself.
    assert_eq!(early["status"], "held", "{early}");
    let steps = early["decision"].as_array().unwrap();
    assert!(
        steps.iter().any(|step| step["reason"] == "binding-held"),
        "{early}"
    );
}

async fn given_signs_that_cannot_be_written_when_a_claim_is_verified_then_the_decision_stands(db: TestDb) {
    let shop = Shop::open(db).await;
    shop.make_key("verifier", Role::Verifier, None).await;
    let bar = match shop.db.kind {
        Kind::Sqlite => "create trigger bar before insert on suspicions begin select raise(abort, 'no'); end",
        Kind::Postgres => {
            "create function bar() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$; \
             create trigger bar before insert on suspicions for each row execute function bar()"
        }
    };
    shop.db.sql(bar).await;
    let record = json!({ "external_id": "R-1", "customer": { "phone": "13800138000" }, "order": "SO-1",
        "source_note": "自然到店", "created_by": "前台", "occurred_on": "2026-11-17" });
    shop.post("/crm/records", record).await.is(201);
    shop.db.clock.advance_ms(1000);
    let claim = json!({ "employee": "Z3", "kind": "sale", "customer": { "name": "王女士", "phone": "13800138000" },
        "order": "SO-1", "amount": "199.00", "occurred_on": "2026-11-17", "story": "聊了三周" });
    let made = shop.post("/claims", claim).await.is(201);
    let verified = json!({ "decision": "verified", "reason": "对过账" });
    let path = format!("/claims/{}/decision", made["id"]);
    let answer = shop
        .with_key("verifier", Method::POST, &path, Some(verified))
        .await
        .is(200);
    assert_eq!(answer["status"], "verified", "{answer}");
    assert_eq!(state(&shop, &format!("claim:{}", made["id"])).await, "pending");
}

both!(
    given_signs_that_cannot_be_written_when_a_claim_is_verified_then_the_decision_stands,
    given_an_order_a_sign_does_not_name_when_its_click_is_confirmed_as_her_own_then_it_falls_too,
    given_an_order_the_shop_knows_when_a_claim_on_it_came_after_the_crm_then_its_money_is_held,
    given_an_order_by_a_browser_of_the_employees_own_when_the_day_is_looked_at_then_it_is_a_sign,
    given_leads_found_void_when_they_are_half_of_the_day_then_the_others_are_looked_at_too,
    given_a_claim_on_what_the_crm_had_when_it_is_verified_then_it_is_a_sign,
);
