//! Filing: one claim per deal, held for 30 days.

use serde_json::json;

use super::{filed, sale};
use crate::points::rig::Rig;
use crate::support::{TestDb, at};

async fn given_a_claimed_deal_when_another_files_it_then_they_learn_that_it_is_taken_but_not_by_whom(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let first = filed(&rig, sale("z3", Some("so-17"))).await;
    // The order in another spelling, of another customer.
    let mut same_order = sale("l4", Some(" ＳＯ－17"));
    same_order["customer"] = json!({"email": "a@example.com"});
    // The same customer in another spelling, without an order.
    let mut same_customer = sale("l4", None);
    same_customer["customer"] = json!({"phone": "+86 13800138000"});
    for again in [same_order, same_customer] {
        let (status, body) = rig.post("employee-l4", "/claims", again).await;
        assert_eq!(status, 409, "{body}");
        assert_eq!(body["instance"], format!("/api/v1/claims/{first}"));
        let text = body.to_string();
        assert!(!text.contains("Z3") && !text.contains("张三"), "{text}");
    }
    // Another order of the same customer is another deal.
    let (status, body) = rig
        .post("employee-l4", "/claims", sale("l4", Some("SO-18")))
        .await;
    assert_eq!(status, 201, "{body}");
}

async fn given_a_claim_when_sent_again_then_it_is_the_same_and_other_words_are_refused(db: TestDb) {
    let rig = Rig::new(&db).await;
    let (one, a) = rig
        .post("employee-z3", "/claims", sale("Z3", Some("SO-17")))
        .await;
    let (two, b) = rig
        .post("employee-z3", "/claims", sale("z3", Some("so-17")))
        .await;
    assert_eq!((one, two, &a["id"]), (201, 200, &b["id"]));
    let mut other = sale("z3", Some("SO-17"));
    other["amount"] = json!("1281.00");
    assert_eq!(rig.post("employee-z3", "/claims", other).await.0, 409);
}

async fn given_a_decided_claim_when_sent_again_then_the_first_answer_comes_again(db: TestDb) {
    let rig = Rig::new(&db).await;
    let (_, first) = rig
        .post("employee-z3", "/claims", sale("z3", Some("SO-17")))
        .await;
    let id = first["id"].as_i64().unwrap();
    db.clock.advance_ms(1000);
    assert_eq!(
        super::decide(&rig, "other", id, "verified", "对过账").await.0,
        200
    );
    let (status, again) = rig
        .post("employee-z3", "/claims", sale("z3", Some("SO-17")))
        .await;
    assert_eq!((status, &again), (200, &first));
    assert_eq!(
        super::status(&rig, id).await,
        "verified",
        "asked for, it is as it stands"
    );
}

async fn given_an_undecided_claim_when_thirty_days_are_over_then_another_may_file(db: TestDb) {
    let rig = Rig::new(&db).await;
    db.clock.set(at("2026-11-18T02:00:00Z"));
    filed(&rig, sale("z3", None)).await;
    db.clock.set(at("2026-12-18T01:59:59.999Z"));
    assert_eq!(rig.post("employee-l4", "/claims", sale("l4", None)).await.0, 409);
    db.clock.set(at("2026-12-18T02:00:00Z"));
    assert_eq!(rig.post("employee-l4", "/claims", sale("l4", None)).await.0, 201);
}

async fn given_a_rejected_claim_when_another_files_the_deal_then_it_is_free(db: TestDb) {
    let rig = Rig::new(&db).await;
    let id = filed(&rig, sale("z3", Some("SO-17"))).await;
    assert_eq!(
        super::decide(&rig, "other", id, "rejected", "CRM 里没有").await.0,
        200
    );
    assert_eq!(
        rig.post("employee-l4", "/claims", sale("l4", Some("SO-17")))
            .await
            .0,
        201
    );
}

async fn given_wrong_fields_when_a_claim_is_filed_then_each_is_named_and_nothing_is_stored(db: TestDb) {
    let rig = Rig::new(&db).await;
    for (field, value, pointer) in [
        ("employee", json!("nobody"), "/employee"),
        ("customer", json!({"name": "王女士"}), "/customer"),
        ("customer", json!({"phone": "12"}), "/customer/phone"),
        ("customer", json!({"email": "x"}), "/customer/email"),
        ("order", json!(""), "/order"),
        ("order", json!("9".repeat(61)), "/order"),
        ("amount", json!("0"), "/amount"),
        ("amount", json!("-1.00"), "/amount"),
        ("amount", json!("1.001"), "/amount"),
        ("amount", json!(1280), "/amount"),
        ("kind", json!("gift"), "/kind"),
        ("occurred_on", json!("2026-11-19"), "/occurred_on"),
        ("occurred_on", json!("1999-12-31"), "/occurred_on"),
        ("story", json!("  "), "/story"),
        ("story", json!("长".repeat(2001)), "/story"),
        ("bought", json!("x".repeat(201)), "/bought"),
        ("boss", json!(1), ""),
    ] {
        let mut claim = sale("z3", Some("SO-17"));
        claim[field] = value.clone();
        let (status, body) = rig.post("admin", "/claims", claim).await;
        assert_eq!(status, 422, "{field}={value}: {body}");
        if !pointer.is_empty() {
            assert_eq!(body["errors"][0]["pointer"], pointer, "{field}={value}: {body}");
        }
    }
    let list = rig.get("admin", "/claims").await;
    assert_eq!(list["data"], json!([]));
}

async fn given_somebody_else_when_they_file_or_read_then_it_is_not_theirs(db: TestDb) {
    let rig = Rig::new(&db).await;
    assert_eq!(rig.post("employee-l4", "/claims", sale("z3", None)).await.0, 403);
    let id = filed(&rig, sale("z3", None)).await;
    let path = format!("/claims/{id}");
    assert_eq!(rig.call("employee-l4", "GET", &path, None).await.0, 404);
    assert_eq!(
        rig.call("employee-l4", "GET", "/claims?employee=z3", None)
            .await
            .0,
        403
    );
    assert_eq!(rig.get("employee-l4", "/claims").await["data"], json!([]));
    // Their own line manager reads the list, not the customer.
    let own = rig.get("employee-z3", &path).await;
    assert_eq!(own["customer"]["phone"], "138 0013 8000");
    assert_eq!(own["crm_records"], json!([]));
    let appeal = json!({"reason": "x"});
    assert_eq!(
        rig.post("employee-l4", &format!("{path}/appeal"), appeal).await.0,
        404
    );
}

async fn given_a_retention_date_when_it_comes_then_the_customer_is_erased_and_the_claim_stays(db: TestDb) {
    let rig = Rig::new(&db).await;
    let id = filed(&rig, sale("z3", None)).await;
    let days = rig.app.programme.contact_retention_days;
    let due = rig.app.clock.now_ms() + days * 24 * 3600 * 1000;
    db.clock.set(jiff::Timestamp::from_millisecond(due - 1).unwrap());
    assert_eq!(bole::app::erase_due_contacts(&rig.app).await.unwrap(), 0);
    db.clock.set(jiff::Timestamp::from_millisecond(due).unwrap());
    assert_eq!(bole::app::erase_due_contacts(&rig.app).await.unwrap(), 1);
    let claim = rig.get("admin", &format!("/claims/{id}")).await;
    assert_eq!(claim["customer"], json!(null));
    assert_eq!(claim["amount"], "1280.00");
}

async fn given_one_deal_when_two_file_it_in_the_same_instant_then_one_wins(db: TestDb) {
    let rig = Rig::new(&db).await;
    let mut winners = 0;
    for round in 0..8 {
        let order = format!("SO-{round}");
        let one = rig.post("employee-z3", "/claims", sale("z3", Some(&order)));
        let mut other = sale("l4", Some(&order));
        other["customer"] = json!({"phone": format!("1390013900{round}")});
        let two = rig.post("employee-l4", "/claims", other);
        let ((a, first), (b, second)) = tokio::join!(one, two);
        let mut answers = [a, b];
        answers.sort_unstable();
        assert_eq!(answers, [201, 409], "{first} {second}");
        winners += 1;
    }
    assert_eq!(
        rig.get("admin", "/claims").await["data"]
            .as_array()
            .unwrap()
            .len(),
        winners
    );
}

both!(given_a_claimed_deal_when_another_files_it_then_they_learn_that_it_is_taken_but_not_by_whom);
both!(given_a_claim_when_sent_again_then_it_is_the_same_and_other_words_are_refused);
both!(given_an_undecided_claim_when_thirty_days_are_over_then_another_may_file);
both!(given_a_rejected_claim_when_another_files_the_deal_then_it_is_free);
both!(given_wrong_fields_when_a_claim_is_filed_then_each_is_named_and_nothing_is_stored);
both!(given_somebody_else_when_they_file_or_read_then_it_is_not_theirs);
both!(given_a_retention_date_when_it_comes_then_the_customer_is_erased_and_the_claim_stays);
both!(given_a_decided_claim_when_sent_again_then_the_first_answer_comes_again);
both!(given_one_deal_when_two_file_it_in_the_same_instant_then_one_wins);
