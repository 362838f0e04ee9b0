//! What the CRM says: who is proved, and what waits for a person.

use serde_json::{Value, json};

use super::{filed, sale, status, steps};
use crate::points::rig::Rig;
use crate::support::{TestDb, at};

fn record(id: &str, note: &str, by: &str) -> Value {
    json!({"external_id": id, "customer": {"phone": "13800138000"}, "source_note": note, "created_by": by,
           "occurred_on": "2026-11-17"})
}

async fn given_a_claim_when_somebody_elses_record_names_the_claimant_then_it_is_verified_and_credited(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    for (n, note) in ["员工推荐-张三", " 员工推荐 － z3 ", "员工推荐——Ｚ３"]
        .into_iter()
        .enumerate()
    {
        let mut claim = sale("z3", None);
        claim["customer"] = json!({"phone": format!("1390013900{n}")});
        let id = filed(&rig, claim).await;
        let mut sent = record(&format!("R-{n}"), note, "李四");
        sent["customer"] = json!({"phone": format!("1390013900{n}")});
        let (code, body) = rig.post("other", "/crm/records", sent.clone()).await;
        assert_eq!(
            (code, &body["verified_claims"]),
            (201, &json!([id])),
            "{note:?}: {body}"
        );
        assert_eq!(status(&rig, id).await, "verified");
        let claim = rig.get("admin", &format!("/claims/{id}")).await;
        let conversion = claim["conversion"].as_str().unwrap();
        let made = rig.get("admin", &format!("/conversions/{conversion}")).await;
        assert_eq!(made["via"], "claim");
        assert_eq!(made["credited_to"], "Z3");
        assert_eq!(made["status"], "pending");
        assert_eq!(made["amount"], "1280.00");
        // The same again gives the first answer; other content is refused.
        assert_eq!(rig.post("other", "/crm/records", sent.clone()).await, (200, body));
        sent["created_by"] = json!("前台");
        assert_eq!(rig.post("other", "/crm/records", sent).await.0, 409);
    }
    let board = rig
        .get("admin", "/leaderboard?period=2026-W47&metric=sales&by=employee")
        .await;
    assert_eq!(board["rows"][0]["value"], "3840.00", "{board}");
}

async fn given_records_that_prove_nothing_when_they_come_then_a_person_must_look(db: TestDb) {
    let rig = Rig::new(&db).await;
    db.sql(
        "insert into employees (id, code, code_key, name, display, created_at, changed_at) \
         values (9, 'Z4', 'z4', '张 三', 'unasked', 1, 1)",
    )
    .await;
    let id = filed(&rig, sale("z3", None)).await;
    for (n, (note, by)) in [
        ("员工推荐-张三", "前台"), // two of that name
        ("员工推荐-L4", "前台"),   // somebody else
        ("员工推荐-赵六", "前台"), // nobody
        ("老客户介绍", "前台"),    // no such note
        ("员工推荐-Z3", "张三"),   // the claimant's own hand
        ("员工推荐-Z3", " z3 "),
    ]
    .into_iter()
    .enumerate()
    {
        let (code, body) = rig
            .post("other", "/crm/records", record(&format!("R-{n}"), note, by))
            .await;
        assert_eq!(
            (code, &body["verified_claims"]),
            (201, &json!([])),
            "{note} {by}: {body}"
        );
    }
    // The claimant's own key speaks of nobody's claim.
    assert_eq!(
        rig.post(
            "employee-z3",
            "/crm/records",
            record("R-9", "员工推荐-Z3", "前台")
        )
        .await
        .0,
        403
    );
    assert_eq!(status(&rig, id).await, "submitted");
    assert_eq!(
        steps(&rig, id).await.iter().filter(|s| *s == "crm_seen").count(),
        6
    );
    // The verifier sees them beside the claim.
    let claim = rig.get("other", &format!("/claims/{id}")).await;
    assert_eq!(claim["crm_records"].as_array().unwrap().len(), 6);
}

fn order(id: &str, coupon: Option<&str>) -> Value {
    json!({"kind": "sale", "external_id": id, "occurred_at": "2026-11-17T06:00:00Z", "amount": "1300.00",
           "customer": {"phone": "13800138000"}, "coupon": coupon})
}

async fn given_a_claim_without_an_order_when_the_record_names_it_then_that_order_is_credited_once(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let id = filed(&rig, sale("z3", None)).await;
    let mut sent = record("R-1", "员工推荐-Z3", "前台");
    sent["order"] = json!("so-17");
    let (_, body) = rig.post("other", "/crm/records", sent).await;
    assert_eq!(body["verified_claims"], json!([id]));
    let (code, made) = rig.post("admin", "/conversions", order("SO-17", None)).await;
    assert_eq!((code, &made["via"]), (201, &json!("claim")), "{made}");
    let own = rig.get("admin", &format!("/conversions/claim:{id}")).await;
    assert_eq!(own["status"], "rejected", "the shop's order took its place");
    let board = rig
        .get("admin", "/leaderboard?period=2026-W47&metric=sales&by=employee")
        .await;
    assert_eq!(board["rows"][0]["value"], "1300.00", "{board}");
}

async fn given_a_claim_without_an_order_when_the_records_order_is_a_colleagues_then_a_person_must_look(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let coupon = json!({"employee": "l4", "campaign": "spring", "code": "LI10", "percent_off": 10});
    assert_eq!(rig.post("admin", "/coupons", coupon).await.0, 201);
    let (_, made) = rig
        .post("admin", "/conversions", order("SO-17", Some("LI10")))
        .await;
    assert_eq!(made["credited_to"], "L4", "{made}");
    let id = filed(&rig, sale("z3", None)).await;
    let mut sent = record("R-1", "员工推荐-Z3", "前台");
    sent["order"] = json!("SO-17");
    let (_, body) = rig.post("other", "/crm/records", sent).await;
    assert_eq!(body["verified_claims"], json!([]), "one order, one credit");
    assert_eq!(status(&rig, id).await, "submitted");
    assert_eq!(steps(&rig, id).await, ["filed", "crm_seen"]);
}

async fn given_records_of_other_deals_when_they_come_then_the_claim_is_left_alone(db: TestDb) {
    let rig = Rig::new(&db).await;
    let id = filed(&rig, sale("z3", Some("SO-17"))).await;
    let mut other_order = record("R-1", "员工推荐-Z3", "前台");
    other_order["order"] = json!("SO-18");
    let mut other_customer = record("R-2", "员工推荐-Z3", "前台");
    other_customer["customer"] = json!({"phone": "13900139000"});
    for sent in [other_order, other_customer] {
        let (_, body) = rig.post("other", "/crm/records", sent).await;
        assert_eq!(body["verified_claims"], json!([]));
    }
    assert_eq!(steps(&rig, id).await, ["filed"]);
    // By the order alone, whoever the customer is there.
    let mut by_order = record("R-3", "员工推荐-Z3", "前台");
    by_order["customer"] = json!({"email": "other@example.com"});
    by_order["order"] = json!("so-17");
    let (_, body) = rig.post("other", "/crm/records", by_order).await;
    assert_eq!(body["verified_claims"], json!([id]));
}

async fn given_a_record_that_was_first_when_the_deal_is_claimed_then_it_is_verified_and_the_money_is_held(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    db.clock.set(at("2026-11-18T01:00:00Z"));
    let (_, body) = rig
        .post("other", "/crm/records", record("R-1", "员工推荐-Z3", "前台"))
        .await;
    assert_eq!(body["verified_claims"], json!([]));
    db.clock.set(at("2026-11-18T02:00:00Z"));
    let id = filed(&rig, sale("z3", None)).await;
    assert_eq!(status(&rig, id).await, "verified");
    let made = rig.get("admin", &format!("/conversions/claim:{id}")).await;
    assert_eq!(made["status"], "held");
    let board = rig
        .get("admin", "/leaderboard?period=2026-W47&metric=sales&by=employee")
        .await;
    assert_eq!(board["rows"], json!([]), "held money is on no board");
}

async fn given_a_file_of_records_when_imported_twice_then_lines_are_told_and_nothing_doubles(db: TestDb) {
    let rig = Rig::new(&db).await;
    let id = filed(&rig, sale("z3", None)).await;
    let csv = "\u{feff}编号,手机,来源备注,创建人,日期\nR-1,13800138000,员工推荐-张三,前台,2026/11/17\n\
               R-2,,员工推荐-张三,前台,2026-11-17\nR-3,13900139000,员工推荐-张三,前台,昨天\n";
    let (code, report) = rig.csv("other", "/crm/records/import", csv.as_bytes()).await;
    assert_eq!(code, 200, "{report}");
    assert_eq!(
        (&report["created"], &report["rejected_count"]),
        (&json!(1), &json!(2)),
        "{report}"
    );
    assert_eq!(report["rejected"][0]["line"], 3);
    assert_eq!(report["rejected"][1]["line"], 4);
    assert_eq!(status(&rig, id).await, "verified");
    let (_, again) = rig.csv("other", "/crm/records/import", csv.as_bytes()).await;
    assert_eq!((&again["created"], &again["known"]), (&json!(0), &json!(1)));
}

both!(given_a_claim_when_somebody_elses_record_names_the_claimant_then_it_is_verified_and_credited);
both!(given_records_that_prove_nothing_when_they_come_then_a_person_must_look);
both!(given_records_of_other_deals_when_they_come_then_the_claim_is_left_alone);
both!(given_a_record_that_was_first_when_the_deal_is_claimed_then_it_is_verified_and_the_money_is_held);
both!(given_a_file_of_records_when_imported_twice_then_lines_are_told_and_nothing_doubles);
both!(
    given_a_claim_without_an_order_when_the_record_names_it_then_that_order_is_credited_once,
    given_a_claim_without_an_order_when_the_records_order_is_a_colleagues_then_a_person_must_look,
);
