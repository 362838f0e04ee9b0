//! Pay through the API on both databases: facts in, calculated, reviewed, approved by another, closed, paid, corrected.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod across;
mod alone;
mod back;
mod books;
mod debts;
mod doubts;
mod facts;
mod files;
mod flow;
mod guards;
mod histories;
mod late;
mod next;
mod periods;
mod reads;
mod road;
mod unknown;
mod wages;

use serde_json::{Value, json};

use crate::points::rig::Rig;

/// A receipt of the team-process scheme (7.2), on a day.
pub fn receipt(key: &str, amount: &str, day: &str) -> Value {
    json!({"kind": "receipt", "source": "till", "source_key": key, "occurred_on": day, "measures": {"amount": amount},
           "dimensions": {"for_scheme": "01-team-process"}})
}

/// Who did which step of it.
pub fn step(key: &str, person: &str, node: &str, day: &str) -> Value {
    json!({"kind": "participation", "source": "till", "source_key": key, "subject": person, "occurred_on": day,
           "dimensions": {"node": node}})
}

/// Sends facts that must all be recorded.
pub async fn record(rig: &Rig, facts: Vec<Value>) {
    let count = facts.len();
    let (status, body) = rig.post("admin", "/facts", json!(facts)).await;
    assert_eq!((status, &body["recorded"]), (200, &json!(count)), "{body}");
}

/// The activity of 3 to 5 November: 500 000 received, 张三 and 李四 each did one step.
pub async fn activity(rig: &Rig) {
    let version =
        json!({"from_on": "2026-01-01", "params": {"manager_rate": "0"}, "enabled": false, "note": "test"});
    let (status, body) = rig
        .post("admin", "/schemes/01-team-process/versions", version)
        .await;
    assert_eq!(status, 201, "{body}");
    record(
        rig,
        vec![
            receipt("r1", "500000.00", "2026-11-04"),
            step("p1", "z3", "close", "2026-11-04"),
            step("p2", "l4", "close", "2026-11-04"),
        ],
    )
    .await;
}

/// Calculates the activity with a key.
pub async fn calculated(rig: &Rig, key: &str) -> Value {
    let body = json!({"scheme": "01-team-process", "period": {"from": "2026-11-03", "to": "2026-11-06"}});
    let (status, run) = rig.post(key, "/payouts", body).await;
    assert_eq!(status, 201, "{run}");
    run
}

/// Takes a step with a key; gives status and body.
pub async fn take(rig: &Rig, key: &str, run: &Value, step: &str) -> (u16, Value) {
    let id = run["id"].as_i64().unwrap();
    rig.post(key, &format!("/payouts/{id}/{step}"), json!({})).await
}

/// Calculates and closes the activity.
pub async fn closed(rig: &Rig) -> Value {
    let run = calculated(rig, "admin").await;
    for (key, step) in [("admin", "submit"), ("other", "approve"), ("admin", "close")] {
        let (status, body) = take(rig, key, &run, step).await;
        assert_eq!(status, 200, "{step}: {body}");
    }
    let id = run["id"].as_i64().unwrap();
    rig.get("admin", &format!("/payouts/{id}")).await
}

/// `payee amount kind` of every line.
pub async fn lines(rig: &Rig, run: &Value) -> Vec<String> {
    let id = run["id"].as_i64().unwrap();
    let list = rig.get("admin", &format!("/payouts/{id}/lines?limit=200")).await;
    let rows = list["data"].as_array().unwrap();
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    rows.iter()
        .map(|r| format!("{} {} {}", text(r, "payee"), text(r, "amount"), text(r, "kind")))
        .collect()
}
