//! Whatever was answered is visible in counts within two seconds (attribution.md §2), on the real server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::api::client;
use crate::support::scene::Scene;
use crate::support::server::Server;

const SHOP: &str = "https://shop.example/autumn";
const BAR: Duration = Duration::from_secs(2);
const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";

async fn click(server: &Server, code: &str, connection: &reqwest::Client) {
    let answer = connection
        .get(format!("{}/{code}", server.base))
        .header("user-agent", AGENT)
        .header("accept-language", "zh-CN")
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 302);
}

/// Clicks on a link at odd moments; how long each took to be in its counts.
async fn seen_after(server: &Server, scene: &Scene, connection: &reqwest::Client) -> Vec<Duration> {
    let mut times = Vec::new();
    for n in 1..=7_u64 {
        // Odd moments of the loader's round.
        tokio::time::sleep(Duration::from_millis(n * 137 % 400)).await;
        click(server, &scene.codes[0], connection).await;
        let began = Instant::now();
        while scene.stats(&scene.codes[0]).await["requests"] != n {
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "click {n} is never seen"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        times.push(began.elapsed());
    }
    times.sort_unstable();
    times
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_node_at_rest_or_with_a_trickle_when_a_link_is_clicked_then_counts_show_it_within_two_seconds()
 {
    let mut server = Server::start().await;
    let scene = Scene::lay(&server, 2, SHOP).await;
    let connection = client();
    let at_rest = seen_after(&server, &scene, &connection).await;
    // Another link is clicked a hundred times a second meanwhile: then clicks gather for longer.
    let stop = Arc::new(AtomicBool::new(false));
    let (stopped, base, other) = (stop.clone(), server.base.clone(), scene.codes[1].clone());
    let trickle_on = connection.clone();
    let trickle = tokio::spawn(async move {
        while !stopped.load(Ordering::Relaxed) {
            let sent = trickle_on
                .get(format!("{base}/{other}"))
                .header("user-agent", AGENT)
                .send();
            let _ = sent.await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    tokio::time::sleep(Duration::from_secs(2)).await;
    // The first one's counts stand at seven: the same steps on a link of its own.
    let fresh = Scene {
        api: server.api("admin"),
        codes: vec![new_link(&scene).await],
    };
    let beside_a_trickle = seen_after(&server, &fresh, &connection).await;
    stop.store(true, Ordering::Relaxed);
    trickle.await.expect("the trickle ends");
    println!("seen after, at rest {at_rest:?}, beside a trickle {beside_a_trickle:?}");
    // The middle one: a machine that stands still for a moment is not the loader's.
    for times in [at_rest, beside_a_trickle] {
        assert!(times[times.len() / 2] <= BAR, "{times:?}");
    }
    server.stop().await;
}

async fn new_link(scene: &Scene) -> String {
    let link = serde_json::json!({ "employee": "e1", "campaign": "autumn", "channel": "weibo" });
    let link = scene.api.post("/links", link).await.expect(201);
    link["code"].as_str().expect("a code").to_owned()
}
