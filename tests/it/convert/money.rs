//! Refunds, verdicts, holds: what counts, and where.

use serde_json::json;

use super::*;

async fn given_a_sale_when_refunded_in_part_and_whole_then_its_own_day_goes_down(db: TestDb) {
    let shop = Shop::open(db).await;
    let click = shop.click(1, "2026-11-09T01:00:00Z", "human").await;
    shop.take(and(
        sale("S", "2026-11-10T01:00:00Z", "13900000001"),
        "click",
        click,
    ))
    .await;
    let refund = |id: &str, amount: &str| json!({ "external_id": id, "amount": amount, "occurred_at": NOW });
    let first = shop
        .post("/conversions/S/refunds", refund("R1", "50.50"))
        .await
        .is(201);
    assert_eq!(
        (first["status"].as_str(), first["rest"].as_str()),
        (Some("pending"), Some("148.50"))
    );
    assert_eq!(
        shop.board(1, "2026-11-10").await,
        [0, 1, 14_850],
        "at the sale's own day"
    );
    assert_eq!(shop.board(1, "2026-11-18").await, [0, 0, 0]);
    let beyond = shop.post("/conversions/S/refunds", refund("R2", "148.51")).await;
    beyond.wrong_at("/amount");
    let again = shop
        .post("/conversions/S/refunds", refund("R1", "50.50"))
        .await
        .is(200);
    assert_eq!(again, first, "the first answer again");
    shop.post("/conversions/S/refunds", refund("R1", "50.51"))
        .await
        .is(409);
    let last = shop
        .post("/conversions/S/refunds", refund("R3", "148.50"))
        .await
        .is(201);
    assert_eq!(last["status"], "refunded");
    assert_eq!(shop.board(1, "2026-11-10").await, [0, 0, 0]);
    assert_eq!(shop.link(1).await, [0, 0, 0]);
    let whole = shop.get("/conversions/S").await;
    assert_eq!(whole["refunds"].as_array().unwrap().len(), 2);
    assert_eq!(whole["refunded"], "199.00");
    shop.post("/conversions/S/refunds", refund("R4", "0.01"))
        .await
        .wrong_at("/amount");
    shop.take(and(sale("T", NOW, "13900000002"), "amount", "10.00"))
        .await;
    shop.post("/conversions/T/refunds", refund("R1", "1.00"))
        .await
        .is(409);
    shop.post("/conversions/NONE/refunds", refund("R9", "1.00"))
        .await
        .is(404);
    let early = json!({ "external_id": "R8", "amount": "1.00", "occurred_at": "2026-11-01T00:00:00Z" });
    shop.post("/conversions/T/refunds", early)
        .await
        .wrong_at("/occurred_at");
    shop.take(lead("L", NOW, "13900000003")).await;
    shop.post("/conversions/L/refunds", refund("R7", "1.00"))
        .await
        .wrong_at("/amount");
}

async fn given_a_conversion_when_people_decide_then_it_counts_or_not_and_who_and_why_stay(db: TestDb) {
    let shop = Shop::open(db).await;
    let click = shop.click(1, "2026-11-18T01:00:00Z", "human").await;
    shop.take(and(lead("L", NOW, "13900000001"), "click", click.clone()))
        .await;
    assert_eq!(shop.board(1, "2026-11-18").await, [1, 0, 0]);
    let path = "/conversions/L/decision";
    shop.post(path, json!({ "decision": "rejected" }))
        .await
        .wrong_at("/reason");
    shop.post(path, json!({ "decision": "rejected", "reason": "  " }))
        .await
        .wrong_at("/reason");
    shop.post(path, json!({ "decision": "held", "reason": "x".repeat(501) }))
        .await
        .wrong_at("/reason");
    shop.post(path, json!({ "decision": "perhaps" }))
        .await
        .wrong_at("/decision");
    shop.post(path, json!({ "decision": "released" })).await.is(409);
    let void = shop
        .post(path, json!({ "decision": "rejected", "reason": "空号" }))
        .await
        .is(200);
    assert_eq!(
        (void["status"].as_str(), void["reason"].as_str()),
        (Some("rejected"), Some("空号"))
    );
    assert_eq!(shop.board(1, "2026-11-18").await, [0, 0, 0]);
    let audited =
        "select count(*) from audit_log where action = 'conversion.rejected' and subject = 'conversion:L'";
    assert_eq!(shop.db.number(audited).await, 1);
    shop.post(path, json!({ "decision": "rejected", "reason": "空号" }))
        .await
        .is(200);
    assert_eq!(shop.db.number(audited).await, 1, "the same again changes nothing");
    shop.post(path, json!({ "decision": "approved" })).await.is(409);
    let again = shop
        .post(
            "/conversions",
            and(lead("L", NOW, "13900000001"), "click", click.clone()),
        )
        .await
        .is(200);
    assert_eq!(again["status"], "pending", "the first answer");
    // A void lead neither binds the customer nor makes them known.
    let fresh = shop
        .take(and(sale("S", NOW, "13900000001"), "click", click))
        .await;
    assert!(reasons(&fresh).contains(&"owner-none".to_owned()), "{fresh}");
    assert_eq!(told(&fresh), "Z3 click pending");
}

async fn given_who_is_credited_when_deciding_on_themselves_then_it_is_refused(db: TestDb) {
    let shop = Shop::open(db).await;
    shop.make_key("zhang", Role::Admin, Some(1)).await;
    shop.make_key("li", Role::Manager, Some(2)).await;
    shop.make_key("plain", Role::Employee, Some(1)).await;
    shop.make_key("other", Role::Employee, Some(2)).await;
    let click = shop.click(1, "2026-11-18T01:00:00Z", "human").await;
    shop.take(and(sale("S", NOW, "13900000001"), "click", click))
        .await;
    let child = shop.click(5, "2026-11-18T01:00:00Z", "human").await;
    shop.take(and(sale("CH", NOW, "13900000002"), "click", child))
        .await;
    let approve = json!({ "decision": "approved" });
    for path in ["/conversions/S/decision", "/conversions/CH/decision"] {
        shop.with_key("zhang", Method::POST, path, Some(approve.clone()))
            .await
            .is(403);
        shop.with_key("plain", Method::POST, path, Some(approve.clone()))
            .await
            .is(403);
        shop.with_key("li", Method::POST, path, Some(approve.clone()))
            .await
            .is(200);
    }
    shop.with_key("plain", Method::GET, "/conversions/S", None)
        .await
        .is(200);
    shop.with_key("other", Method::GET, "/conversions/S", None)
        .await
        .is(404);
    shop.with_key("plain", Method::GET, "/conversions", None)
        .await
        .is(403);
    let own = shop
        .with_key("plain", Method::GET, "/conversions?employee=Z3", None)
        .await
        .is(200);
    assert_eq!(own["data"].as_array().unwrap().len(), 2);
    shop.with_key("plain", Method::GET, "/conversions?employee=L4", None)
        .await
        .is(403);
    shop.with_key(
        "plain",
        Method::POST,
        "/conversions",
        Some(sale("X", NOW, "13900000009")),
    )
    .await
    .is(403);
    shop.with_key("nobody", Method::GET, "/conversions/S", None)
        .await
        .is(401);
}

async fn given_a_month_when_it_is_closed_seven_days_then_what_is_pending_becomes_approved(db: TestDb) {
    let shop = Shop::open(db).await;
    let click = shop.click(1, "2026-11-18T01:00:00Z", "human").await;
    shop.take(and(sale("S", NOW, "13900000001"), "click", click.clone()))
        .await;
    shop.take(and(sale("H", NOW, "13900000002"), "click", click))
        .await;
    shop.post(
        "/conversions/H/decision",
        json!({ "decision": "held", "reason": "查" }),
    )
    .await
    .is(200);
    shop.db.clock.set(at("2026-12-07T15:59:59Z"));
    assert_eq!(bole::app::approve_due(&shop.app).await.unwrap(), 0);
    shop.db.clock.set(at("2026-12-07T16:00:00Z"));
    assert_eq!(bole::app::approve_due(&shop.app).await.unwrap(), 1);
    assert_eq!(shop.get("/conversions/S").await["status"], "approved");
    assert_eq!(shop.get("/conversions/H").await["status"], "held");
    assert_eq!(shop.board(1, "2026-11-18").await, [0, 1, 19_900]);
}

async fn given_a_leads_contact_when_it_is_kept_then_sealed_audited_and_erased_on_its_date(db: TestDb) {
    let shop = Shop::open(db).await;
    let body = json!({ "kind": "lead", "external_id": "L", "occurred_at": NOW,
        "customer": { "phone": "138 2222 3333", "name": "王女士" } });
    shop.take(body).await;
    shop.take(sale("S", NOW, "13822224444")).await;
    let contact = shop.get("/conversions/L/contact").await;
    assert_eq!(
        (contact["name"].as_str(), contact["phone"].as_str()),
        (Some("王女士"), Some("138 2222 3333"))
    );
    assert_eq!(
        shop.db
            .number("select count(*) from audit_log where action = 'contact.read'")
            .await,
        1
    );
    let get = |path: &'static str| shop.with_key("shop", Method::GET, path, None);
    get("/conversions/S/contact").await.is(410);
    get("/conversions/NONE/contact").await.is(404);
    shop.make_key("send", Role::Finance, None).await;
    shop.with_key("send", Method::GET, "/conversions/L/contact", None)
        .await
        .is(403);
    shop.db.clock.advance_ms(180 * DAY - 1);
    get("/conversions/L/contact").await.is(200);
    shop.db.clock.advance_ms(1);
    get("/conversions/L/contact").await.is(410);
    assert_eq!(bole::app::erase_due_contacts(&shop.app).await.unwrap(), 1);
    assert_eq!(shop.db.number("select count(*) from sealed_contacts").await, 0);
}

both!(
    given_a_sale_when_refunded_in_part_and_whole_then_its_own_day_goes_down,
    given_a_conversion_when_people_decide_then_it_counts_or_not_and_who_and_why_stay,
    given_who_is_credited_when_deciding_on_themselves_then_it_is_refused,
    given_a_month_when_it_is_closed_seven_days_then_what_is_pending_becomes_approved,
    given_a_leads_contact_when_it_is_kept_then_sealed_audited_and_erased_on_its_date
);
