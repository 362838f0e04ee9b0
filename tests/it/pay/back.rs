//! Back from review with a reason, closes before the days are over, and reasons for what it warns of.

use bole::app::Actor;
use bole::app::pay::{Check, review};
use bole::domain::{EmployeeId, Role};
use bole::storage::pay::RunState;
use bole::storage::{AuditQuery, insert_api_key};
use serde_json::{Value, json};

use super::{activity, calculated, guards, lines, record, step, take};
use crate::points::rig::Rig;
use crate::support::TestDb;

async fn key(db: &TestDb, name: &str, role: Role, person: Option<EmployeeId>) {
    let mut tx = db.store.begin().await.unwrap();
    insert_api_key(&mut tx, name, &bole::web::hash_key(name), role, person, 1, None)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn with(rig: &Rig, key: &str, run: &Value, act: &str, body: Value) -> (u16, Value) {
    let id = run["id"].as_i64().unwrap();
    rig.post(key, &format!("/payouts/{id}/{act}"), body).await
}

async fn given_a_payout_under_review_when_it_is_sent_back_then_it_is_calculated_anew_and_the_reason_stays(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    activity(&rig).await;
    key(&db, "approver", Role::Approver, None).await;
    key(&db, "approver-z3", Role::Approver, Some(EmployeeId(1))).await;
    key(&db, "finance", Role::Finance, None).await;
    let run = calculated(&rig, "admin").await;
    let why = json!({"reason": "第三个人漏了"});
    assert_eq!(
        with(&rig, "approver", &run, "return", why.clone()).await.0,
        409,
        "not yet"
    );
    assert_eq!(take(&rig, "admin", &run, "submit").await.0, 200);
    for (key, status) in [
        ("employee-z3", 403),
        ("manager-z3", 403),
        ("third", 403),
        ("approver-z3", 403),
    ] {
        assert_eq!(
            with(&rig, key, &run, "return", why.clone()).await.0,
            status,
            "{key}"
        );
    }
    for wordless in [
        json!({}),
        json!({"reason": "  "}),
        json!({"reason": "字".repeat(501)}),
        json!({"words": "x"}),
    ] {
        let (status, body) = with(&rig, "approver", &run, "return", wordless).await;
        assert_eq!(status, 422, "{body}");
    }
    let id = run["id"].as_i64().unwrap();
    let own = format!("/payouts/{id}/lines");
    assert_eq!(rig.call("employee-z3", "GET", &own, None).await.0, 200);
    let (status, back) = with(&rig, "approver", &run, "return", why.clone()).await;
    assert_eq!(
        (status, &back["state"], &back["submitted"]),
        (200, &json!("calculated"), &Value::Null),
        "{back}"
    );
    assert_eq!(back["notes"][0]["words"], "第三个人漏了", "{back}");
    assert_eq!(
        rig.call("employee-z3", "GET", &own, None).await.0,
        404,
        "hidden again"
    );
    assert_eq!(with(&rig, "approver", &run, "return", why).await.0, 409, "once");
    let asked = AuditQuery {
        action: "payout.returned".into(),
        limit: 9,
        ..AuditQuery::default()
    };
    let audit = db.store.audit(&asked).await.unwrap();
    assert!(
        audit.len() == 1 && audit[0].detail.contains("第三个人漏了"),
        "{audit:?}"
    );
    // What was missing comes in, and the new one goes the whole road; the reason is still told.
    record(&rig, vec![step("p3", "w5", "close", "2026-11-04")]).await;
    let new = calculated(&rig, "finance").await;
    assert_eq!(lines(&rig, &new).await.len(), 3);
    let seen = rig.get("admin", &format!("/payouts/{}", new["id"])).await;
    assert_eq!(
        (&seen["notes"][0]["payout"], &seen["notes"][0]["step"]),
        (&json!(id), &json!("returned")),
        "{seen}"
    );
    assert_eq!(take(&rig, "finance", &new, "submit").await.0, 200);
    // Finance may take its own submission back, too.
    let (status, _) = with(&rig, "finance", &new, "return", json!({"reason": "再看一眼"})).await;
    assert_eq!(status, 200);
    assert_eq!(take(&rig, "finance", &new, "submit").await.0, 200);
    assert_eq!(take(&rig, "approver", &new, "approve").await.0, 200);
    let (status, _) = with(&rig, "approver", &new, "return", json!({"reason": "太晚"})).await;
    assert_eq!(status, 409, "approved is approved");
    assert_eq!(take(&rig, "finance", &new, "close").await.0, 200);
}

async fn given_a_period_that_goes_on_when_it_is_closed_then_it_is_told_first_and_stops_nothing(db: TestDb) {
    let rig = Rig::new(&db).await;
    let body = json!({"scheme": "07-new-customers", "period": "2026-11"});
    let (status, run) = rig.post("admin", "/payouts", body).await;
    assert_eq!(status, 201, "{run}");
    for (key, act) in [("admin", "submit"), ("other", "approve")] {
        assert_eq!(take(&rig, key, &run, act).await.0, 200, "{act}");
    }
    let checks = async || {
        let id = run["id"].as_i64().unwrap();
        let found = review(&rig.app, &Actor::System, id).await.unwrap();
        found.checks
    };
    let told = Check::NotOver(jiff::civil::date(2026, 11, 30));
    assert!(checks().await.contains(&told) && !told.stops(RunState::Approved));
    // The firm's midnight, not the world's.
    db.clock.set("2026-11-30T15:59:59Z".parse().unwrap());
    assert!(checks().await.contains(&told));
    db.clock.set("2026-11-30T16:00:00Z".parse().unwrap());
    assert!(!checks().await.contains(&told));
    db.clock.set("2026-11-29T16:00:00Z".parse().unwrap());
    assert_eq!(take(&rig, "admin", &run, "close").await.0, 200);
    assert_eq!(take(&rig, "admin", &run, "pay").await.0, 200);
}

/// An order of 100 on which three parties get 10 % each.
fn introduced(key: &str, reason: Option<&str>) -> Value {
    let mut fact = json!({"kind": "introduced_order", "source": "till", "source_key": key, "occurred_on": "2026-10-05",
        "measures": {"amount": "100.00"},
        "dimensions": {"introducer": "k1", "agreement": true, "party": "customer", "facilitated_by": "customer_service",
                       "service_handler": "Z3", "sales_handler": "L4"}});
    if let Some(reason) = reason {
        fact["dimensions"]["reason"] = json!(reason);
    }
    fact
}

async fn october(rig: &Rig, orders: Vec<Value>) -> Value {
    for (code, department) in [("Z3", "customer_service"), ("L4", "sales")] {
        let set = json!({"from_on": "2026-01-01", "attributes": {"department": department}});
        let (status, body) = rig
            .call(
                "admin",
                "PUT",
                &format!("/employees/{code}/attributes"),
                Some(set),
            )
            .await;
        assert!(status < 300, "{body}");
    }
    record(rig, orders).await;
    let (status, run) = rig
        .post(
            "admin",
            "/payouts",
            json!({"scheme": "12-customer-service", "period": "2026-10"}),
        )
        .await;
    assert_eq!(status, 201, "{run}");
    assert_eq!(take(rig, "admin", &run, "submit").await.0, 200);
    run
}

async fn given_an_order_above_the_ceiling_when_approved_then_with_a_reason_that_is_kept(db: TestDb) {
    let rig = Rig::new(&db).await;
    let run = october(&rig, vec![introduced("i1", None)]).await;
    assert_eq!(run["outcome"]["warnings"][0]["needs_reason"], true, "{run}");
    for wordless in [json!({}), Value::Null, json!({"reason": " "})] {
        let (status, told) = with(&rig, "other", &run, "approve", wordless).await;
        assert_eq!(
            (status, &told["errors"][0]["pointer"]),
            (422, &json!("/reason")),
            "{told}"
        );
    }
    let (status, told) = with(
        &rig,
        "other",
        &run,
        "approve",
        json!({"reason": "老客户，年初已定"}),
    )
    .await;
    assert_eq!((status, &told["state"]), (200, &json!("approved")), "{told}");
    assert_eq!(
        (&told["notes"][0]["step"], &told["notes"][0]["words"]),
        (&json!("approved"), &json!("老客户，年初已定"))
    );
    let asked = AuditQuery {
        action: "payout.approved".into(),
        limit: 9,
        ..AuditQuery::default()
    };
    let audit = db.store.audit(&asked).await.unwrap();
    assert!(audit[0].detail.contains("年初已定"), "{audit:?}");
    // Said once is said.
    assert_eq!(take(&rig, "admin", &run, "close").await.0, 200);
}

async fn given_an_order_that_says_why_when_approved_then_nobody_is_asked_again(db: TestDb) {
    let rig = Rig::new(&db).await;
    let run = october(&rig, vec![introduced("i1", Some("开拓新区"))]).await;
    assert_eq!(run["outcome"]["warnings"][0].get("needs_reason"), None, "{run}");
    assert_eq!(run["outcome"]["warnings"].as_array().unwrap().len(), 1, "{run}");
    assert_eq!(take(&rig, "other", &run, "approve").await.0, 200);
}

/// A payout of one scheme alone, approved when nothing else of its order was known; then another scheme pays for it too.
async fn given_a_ceiling_only_the_close_sees_when_closed_then_a_reason_is_asked_for_and_kept(db: TestDb) {
    let rig = Rig::new(&db).await;
    guards::schemes(&rig).await;
    record(
        &rig,
        vec![
            guards::order("SO-9", "L4", "120000.00"),
            guards::batch("SO-9", "z3", "120000.00"),
        ],
    )
    .await;
    let social = guards::calculated(&rig, "00-social").await;
    for (key, step) in [("admin", "submit"), ("other", "approve")] {
        let (status, body) = take(&rig, key, &social, step).await;
        assert_eq!(status, 200, "{step}: {body}");
    }
    guards::calculated(&rig, "07-new-customers").await;
    let long = "长".repeat(501);
    for wordless in [
        json!({}),
        Value::Null,
        json!({"reason": "  "}),
        json!({"reason": long}),
    ] {
        let (status, told) = with(&rig, "admin", &social, "close", wordless).await;
        assert_eq!(
            (status, &told["errors"][0]["pointer"]),
            (422, &json!("/reason")),
            "{told}"
        );
    }
    let id = social["id"].as_i64().unwrap();
    let seen = rig.get("admin", &format!("/payouts/{id}")).await;
    assert_eq!(
        (&seen["state"], &seen["notes"]),
        (&json!("approved"), &Value::Null),
        "nothing was closed"
    );
    let reason = json!({"reason": "开业促销，总经理批准"});
    let (status, told) = with(&rig, "admin", &social, "close", reason).await;
    assert_eq!((status, &told["state"]), (200, &json!("closed")), "{told}");
    assert_eq!(
        (&told["notes"][0]["step"], &told["notes"][0]["words"]),
        (&json!("closed"), &json!("开业促销，总经理批准"))
    );
    let asked = AuditQuery {
        action: "payout.closed".into(),
        limit: 9,
        ..AuditQuery::default()
    };
    let audit = db.store.audit(&asked).await.unwrap();
    assert!(audit[0].detail.contains("总经理批准"), "{audit:?}");
    assert!(
        audit[0].detail.contains("over_cap"),
        "what the guards warned of: {audit:?}"
    );
    // Warned, not taken.
    assert_eq!(lines(&rig, &social).await, ["L4 3600.00 line"]);
}

both!(given_a_payout_under_review_when_it_is_sent_back_then_it_is_calculated_anew_and_the_reason_stays);
both!(given_a_period_that_goes_on_when_it_is_closed_then_it_is_told_first_and_stops_nothing);
both!(given_an_order_above_the_ceiling_when_approved_then_with_a_reason_that_is_kept);
both!(given_an_order_that_says_why_when_approved_then_nobody_is_asked_again);
both!(given_a_ceiling_only_the_close_sees_when_closed_then_a_reason_is_asked_for_and_kept);
