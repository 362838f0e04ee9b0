//! Claims through the API on both databases: filed once, decided by another, proved by the CRM, credited once.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod credit;
mod crm;
mod decisions;
mod files;
mod filing;

use serde_json::{Value, json};

use crate::points::rig::Rig;

/// A sale 张三 (or whoever) claims: customer 13800138000, 1 280 yuan, on 17 November.
pub fn sale(employee: &str, order: Option<&str>) -> Value {
    let mut claim = json!({
        "employee": employee, "kind": "sale", "customer": {"name": "王女士", "phone": "138 0013 8000"},
        "bought": "护理套装", "amount": "1280.00", "occurred_on": "2026-11-17", "story": "看了朋友圈，微信里聊了三周"
    });
    if let Some(order) = order {
        claim["order"] = json!(order);
    }
    claim
}

/// Files it as an admin's key; its id.
pub async fn filed(rig: &Rig, claim: Value) -> i64 {
    let (status, body) = rig.post("admin", "/claims", claim).await;
    assert_eq!(status, 201, "{body}");
    body["id"].as_i64().unwrap()
}

/// Decides with a key; gives status and body.
pub async fn decide(rig: &Rig, key: &str, id: i64, decision: &str, reason: &str) -> (u16, Value) {
    let body = json!({"decision": decision, "reason": reason});
    rig.post(key, &format!("/claims/{id}/decision"), body).await
}

/// The state of a claim.
pub async fn status(rig: &Rig, id: i64) -> String {
    let claim = rig.get("admin", &format!("/claims/{id}")).await;
    claim["status"].as_str().unwrap().to_owned()
}

/// The steps on its timeline.
pub async fn steps(rig: &Rig, id: i64) -> Vec<String> {
    let claim = rig.get("admin", &format!("/claims/{id}")).await;
    let events = claim["timeline"].as_array().unwrap();
    events
        .iter()
        .map(|e| e["step"].as_str().unwrap().to_owned())
        .collect()
}
