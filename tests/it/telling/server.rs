//! The real server: told within seconds, and told again by the next one when it was killed in between.

use serde_json::json;

use super::receiver::{Does, Receiver};
use crate::support::server::Server;

#[expect(
    clippy::disallowed_methods,
    reason = "the real server goes by the machine's clock"
)]
fn sale(id: &str) -> serde_json::Value {
    json!({ "kind": "sale", "external_id": id, "occurred_at": jiff::Timestamp::now().to_string(), "amount": "199.00" })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_running_server_when_killed_while_it_sends_then_the_next_one_sends_again_with_the_same_id() {
    let mut server = Server::with(&[("webhook_networks", "127.0.0.0/8")]).await;
    let receiver = Receiver::open(Does::ok()).await;
    let api = server.api("admin");
    let wish = json!({ "url": receiver.url, "events": ["sale.created"] });
    let made = api.post("/webhooks", wish).await.expect(201);
    api.post("/conversions", sale("S-1")).await.expect(201);
    receiver.wait_for(1).await;
    let got = receiver.take();
    assert!(got[0].is_signed_with(made["secret"].as_str().unwrap()));

    receiver.now_does(Does::Sleeps);
    api.post("/conversions", sale("S-2")).await.expect(201);
    receiver.wait_for(1).await;
    server.kill();
    let first = receiver.take();
    receiver.now_does(Does::ok());
    server.restart().await;
    // The dead server's lease is a minute long.
    for _ in 0..90 {
        if receiver.count() > 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    let second = receiver.take();
    assert_eq!(second.len(), 1, "sent again, once");
    assert_eq!(second[0].id(), first[0].id());
    let stopped = server.stop().await;
    assert!(stopped.success(), "{stopped}");
}

#[tokio::test]
async fn given_a_server_with_the_default_settings_when_a_webhook_names_it_then_it_is_refused() {
    let server = Server::start().await;
    let wish = json!({ "url": format!("{}/b", server.base), "events": ["sale.created"] });
    let problem = server.api("admin").post("/webhooks", wish).await.problem(422);
    assert_eq!(problem["errors"][0]["pointer"], "/url");
}
