//! What the doctor finds in the books.

use serde_json::{Value, json};

use super::{activity, closed, take};
use crate::points::rig::Rig;
use crate::support::TestDb;

async fn given_a_paid_payout_when_its_total_or_state_is_changed_behind_our_back_then_the_doctor_names_it(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    activity(&rig).await;
    let run = closed(&rig).await;
    let id = run["id"].as_i64().unwrap();
    let off = async || bole::app::pay::check_books(&rig.app).await.unwrap();
    assert_eq!(off().await, Vec::<i64>::new());
    assert_eq!(take(&rig, "admin", &run, "pay").await.0, 200);
    assert_eq!(off().await, Vec::<i64>::new());
    for (wrong, right) in [
        ("total = total + 1", "total = total - 1"),
        ("state = 'approved'", "state = 'paid'"),
        ("state = 'closed'", "state = 'paid'"),
    ] {
        let change = async |what: &str| {
            let text = format!("update runs set {what} where id = {id}");
            assert_eq!(db.sql(&text).await, 1, "{text}");
        };
        change(wrong).await;
        assert_eq!(off().await, [id], "{wrong}");
        change(right).await;
        assert_eq!(off().await, Vec::<i64>::new(), "{right}");
    }
    let (facts, changed) = bole::app::pay::check_facts(&rig.app).await.unwrap();
    assert_eq!((facts, changed), (3, None));
}

async fn given_a_legal_acknowledgement_when_finance_gives_it_then_it_is_refused_and_an_administrators_stands(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let mut tx = db.store.begin().await.unwrap();
    let (hash, role) = (bole::web::hash_key("finance"), bole::domain::Role::Finance);
    bole::storage::insert_api_key(&mut tx, "finance", &hash, role, None, 1, None)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let change = async |key: &str, params: Value| {
        let version = json!({"from_on": "2026-01-01", "params": params, "enabled": false, "note": "test"});
        rig.post(key, "/schemes/10-team-pk/versions", version).await
    };
    let on = json!({"stake_mode": "employee_paid", "legal_acknowledged": true});
    let (status, body) = change("finance", on.clone()).await;
    assert_eq!(status, 422, "{body}");
    assert_eq!(
        body["errors"][0]["pointer"], "/params/legal_acknowledged",
        "{body}"
    );
    assert_eq!(change("finance", json!({"company_add": "300"})).await.0, 201);
    assert_eq!(change("admin", on.clone()).await.0, 201);
    // What an administrator acknowledged, finance leaves as it is; withdrawing it is the administrator's as well.
    let more = json!({"stake_mode": "employee_paid", "legal_acknowledged": true, "company_add": "500"});
    assert_eq!(change("finance", more).await.0, 201);
    assert_eq!(change("finance", json!({"company_add": "500"})).await.0, 422);
}

async fn given_an_order_with_a_product_class_when_it_flows_then_the_rate_of_that_product_can_be_paid(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let coupon = json!({"employee": "l4", "campaign": "spring", "code": "LI10", "percent_off": 10});
    assert_eq!(rig.post("admin", "/coupons", coupon).await.0, 201);
    for (id, class) in [("SO-1", Some("serum")), ("SO-2", Some("high")), ("SO-3", None)] {
        let mut order = json!({"kind": "sale", "external_id": id, "occurred_at": "2026-11-17T06:00:00Z",
                               "amount": "1000.00", "coupon": "LI10", "customer": {"phone": format!("1380013800{}", &id[3..])}});
        if let Some(class) = class {
            order["product_class"] = json!(class);
        }
        let (status, body) = rig.post("admin", "/conversions", order).await;
        assert_eq!(status, 201, "{body}");
    }

    let days = ("2026-11-01".parse().unwrap(), "2026-12-01".parse().unwrap());
    bole::app::pay::flow(&rig.app, days.0, days.1, &["order".to_owned()].into())
        .await
        .unwrap();
    let facts = rig.get("admin", "/facts?kind=order").await;
    let told = |key: &str| {
        let rows = facts["data"].as_array().unwrap();
        let row = rows.iter().find(|row| row["source_key"] == key).unwrap();
        (row["fields"]["product"].clone(), row["fields"]["margin"].clone())
    };
    assert_eq!(told("SO-1"), (json!("serum"), Value::Null));
    assert_eq!(told("SO-2"), (json!("high"), json!("high")));
    assert_eq!(told("SO-3"), (Value::Null, Value::Null));
}

both!(given_a_paid_payout_when_its_total_or_state_is_changed_behind_our_back_then_the_doctor_names_it);
both!(given_a_legal_acknowledgement_when_finance_gives_it_then_it_is_refused_and_an_administrators_stands);
both!(given_an_order_with_a_product_class_when_it_flows_then_the_rate_of_that_product_can_be_paid);
