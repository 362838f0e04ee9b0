//! What others are told: webhooks, group robots, notices and mail, on both databases, to real receivers on loopback.

mod address;
mod events;
mod failures;
mod mail;
mod nodes;
mod notices;
mod receiver;
mod robots;
mod server;
mod smtp;
mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use bole::app::deliver::{RobotWords, send_to};
use bole::app::{App, Outside};
use bole::courier::Courier;
use bole::web::telling::GroupWords;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::points::rig::Rig;
use crate::support::TestDb;

/// Ways out that reach loopback; a request may take a second.
pub fn outside() -> Outside {
    Outside {
        courier: Courier::with_patience(&["127.0.0.0/8".parse().unwrap()], Duration::from_secs(1)),
        ..Outside::default()
    }
}

/// The firm of [`Rig`], able to reach loopback.
pub async fn rig(db: &TestDb) -> Rig {
    Rig::reaching(db, outside()).await
}

/// Sends what is due, each webhook's messages in a task of their own as the chore does; how many were taken.
pub async fn send(app: &App) -> u64 {
    let words: Arc<dyn RobotWords> = Arc::new(GroupWords {
        base: "http://bole.test".to_owned(),
    });
    let mut running = JoinSet::new();
    for target in app.store.due_targets(app.clock.now_ms()).await.unwrap() {
        let (app, words) = (app.clone(), Arc::clone(&words));
        running.spawn(async move { send_to(&app, &*words, &target).await.unwrap() });
    }
    running.join_all().await.iter().sum()
}

/// Makes a webhook that asks for these events; gives the answer.
pub async fn webhook(rig: &Rig, url: &str, events: &[&str]) -> Value {
    let (status, made) = rig
        .post("admin", "/webhooks", json!({ "url": url, "events": events }))
        .await;
    assert_eq!(status, 201, "{made}");
    made
}

/// A sale nobody is credited with.
pub async fn sale(rig: &Rig, id: &str) -> Value {
    let sale = json!({ "kind": "sale", "external_id": id, "occurred_at": "2026-11-18T01:00:00Z", "amount": "199.00",
                       "customer": { "phone": "13900000001" } });
    let (status, taken) = rig.post("admin", "/conversions", sale).await;
    assert_eq!(status, 201, "{taken}");
    taken
}

/// `state attempts status detail` of a webhook's messages, newest first.
pub async fn deliveries(rig: &Rig, webhook: &Value) -> Vec<String> {
    let list = rig
        .get("admin", &format!("/webhooks/{}/deliveries", webhook["id"]))
        .await;
    let rows = list["data"].as_array().unwrap();
    rows.iter()
        .map(|d| {
            let status = d["status"].as_i64().map_or("-".to_owned(), |s| s.to_string());
            let (state, detail) = (d["state"].as_str().unwrap(), d["detail"].as_str().unwrap());
            format!("{state} {} {status} {detail}", d["attempts"])
                .trim_end()
                .to_owned()
        })
        .collect()
}
