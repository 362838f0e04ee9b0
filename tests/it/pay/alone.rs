//! Acts on a store with one connection: what is read is read before the transaction, never beside it.
//!
//! # Why
//! A read beside an open transaction takes a second connection of PostgreSQL's pool; as many people as there are
//! connections then wait for each other. On SQLite everybody who writes waits for the reading.

use std::time::Duration;

use bole::app::Actor;
use bole::app::pay::{Enterable, calculate_again, confirm, enter, known, look_at_file};
use bole::domain::{EmployeeId, Role};
use bole::storage::{Store, StoreOptions, insert_api_key};
use serde_json::json;

use super::{activity, calculated, late, record, take};
use crate::points::rig::Rig;
use crate::support::TestDb;

/// The same database through one connection, which is waited for a moment only.
async fn alone(db: TestDb) -> TestDb {
    let options = StoreOptions {
        connections: 1,
        patience: Duration::from_secs(2),
        ..StoreOptions::new(&db.url)
    };
    TestDb {
        store: Store::open(&options).await.unwrap(),
        ..db
    }
}

async fn given_one_connection_when_a_payout_is_doubted_and_approved_then_nobody_waits_for_another(
    db: TestDb,
) {
    let db = alone(db).await;
    let rig = Rig::new(&db).await;
    let mut tx = db.store.begin().await.unwrap();
    let (hash, w5) = (bole::web::hash_key("approver-w5"), Some(EmployeeId(3)));
    insert_api_key(&mut tx, "approver-w5", &hash, Role::Approver, w5, 1, None)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    activity(&rig).await;
    let run = calculated(&rig, "admin").await;
    assert_eq!(take(&rig, "admin", &run, "submit").await.0, 200);
    let own = rig
        .get("employee-z3", &format!("/payouts/{}/lines", run["id"]))
        .await;
    let new = json!({"line": own["data"][0]["id"], "reason": "少算了一个节点"});
    let (status, filed) = rig.post("employee-z3", "/objections", new).await;
    assert_eq!(status, 201, "{filed}");
    let decision = json!({"decision": "recalculate", "reason": "签到表上有"});
    let path = format!("/objections/{}/decision", filed["id"]);
    let (status, body) = rig.post("admin", &path, decision).await;
    assert_eq!((status, &body["status"]), (200, &json!("accepted")), "{body}");
    let again = calculate_again(&rig.app, &Actor::System, run["id"].as_i64().unwrap())
        .await
        .unwrap();
    let again = json!({"id": again.id});
    assert_eq!(take(&rig, "admin", &again, "submit").await.0, 200);
    let (status, body) = take(&rig, "approver-w5", &again, "approve").await;
    assert_eq!(status, 200, "{body}");
    for step in ["close", "pay"] {
        let (status, body) = take(&rig, "admin", &again, step).await;
        assert_eq!(status, 200, "{step}: {body}");
    }
    db.store.close().await;
}

async fn given_one_connection_when_facts_and_attributes_are_entered_then_nobody_waits_for_another(
    db: TestDb,
) {
    let db = alone(db).await;
    let rig = Rig::new(&db).await;
    let actor = Actor::System;
    let known = known(&rig.app).await.unwrap();
    for (word, file, cells, set) in [
        (
            "roster:07-new-customers",
            "code,from,role\nZ3,2026-01-01,sales\nL4,2026-01-01,sales\n",
            vec![("code", "W5"), ("from_on", "2026-02-01"), ("role", "sales")],
            "select count(*) from roster_values",
        ),
        (
            "receipt",
            "key,date,amount\nr1,2026-11-04,500.00\nr2,2026-11-05,700.00\n",
            vec![
                ("source_key", "r3"),
                ("occurred_on", "2026-11-06"),
                ("amount", "1.00"),
            ],
            "select count(*) from facts",
        ),
    ] {
        let what = Enterable::find(&known, word).unwrap();
        let heads: Vec<String> = what.columns().into_iter().map(|c| c.2).collect();
        let file = ("all.csv", file.as_bytes());
        let id = look_at_file(&rig.app, &actor, &what, "hr", file).await;
        let id = id.unwrap_or_else(|error| panic!("{error}: {heads:?}"));
        assert_eq!(confirm(&rig.app, &actor, id).await.unwrap(), 2, "{word}");
        let cells = cells.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned()));
        let item = enter(&rig.app, &actor, &what, ("form", None, ""), cells.collect())
            .await
            .unwrap();
        assert_eq!(db.number(set).await, 3, "{item:?}");
    }
    db.store.close().await;
}

async fn given_one_connection_when_a_pool_hands_on_what_is_left_then_nobody_waits_for_another(db: TestDb) {
    let db = alone(db).await;
    let rig = Rig::new(&db).await;
    late::pool(&rig).await;
    record(&rig, vec![late::takings("1000.00", "t8", "2026-08-03")]).await;
    let month = |month: &str| json!({"scheme": "94-pool", "period": month});
    let (status, august) = rig.post("admin", "/payouts", month("2026-08")).await;
    assert_eq!(status, 201, "{august}");
    late::settle(&rig, &august).await;
    record(&rig, vec![late::takings("900.00", "t8", "2026-08-03")]).await;
    let (status, september) = rig.post("admin", "/payouts", month("2026-09")).await;
    assert_eq!(status, 201, "{september}");
    let handed = "select count(*) from facts where kind = 'left_over'";
    assert_eq!(db.number(handed).await, 1);
    db.store.close().await;
}

both!(given_one_connection_when_a_pool_hands_on_what_is_left_then_nobody_waits_for_another);
both!(given_one_connection_when_a_payout_is_doubted_and_approved_then_nobody_waits_for_another);
both!(given_one_connection_when_facts_and_attributes_are_entered_then_nobody_waits_for_another);
