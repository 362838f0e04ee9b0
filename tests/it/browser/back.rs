//! The back button: a page out of the browser's cache goes on counting the same visit, and never twice.

use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use serde_json::Value;

use crate::support::browser::{Browser, Look};
use crate::support::scene::Scene;
use crate::support::server::Server;

/// A stranger's site that a browser may keep in its back/forward cache.
async fn site(short: &str) -> String {
    let offer = |State(short): State<String>| async move {
        Html(format!(
            "<!doctype html><html lang=zh><head><meta charset=utf-8><title>offer</title><link rel=icon href='data:,'>\
             <script src='{short}/b.js' defer></script><script>onpageshow = (e) => {{ window.cached = e.persisted; }}\
             </script></head><body><h1>offer</h1><a id=away href='/elsewhere'>away</a></body></html>"
        ))
    };
    let elsewhere = || async {
        Html(
            "<!doctype html><html lang=zh><title>elsewhere</title><link rel=icon href='data:,'><p id=there>…</p>",
        )
    };
    let app = Router::new()
        .route("/offer", get(offer))
        .route("/elsewhere", get(elsewhere))
        .with_state(short.to_owned());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    base
}

async fn dwell(scene: &Scene) -> Value {
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let rows = scene.clicks("").await;
    assert_eq!(rows.len(), 1, "going back is no click: {rows:?}");
    rows[0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_visit_when_left_and_come_back_to_by_the_back_button_then_its_time_is_counted_once() {
    let mut server = Server::with(&[("dwell_limit_ms", "4000")]).await;
    let site = site(&server.base).await;
    let scene = Scene::lay(&server, 1, &format!("{site}/offer")).await;
    let browser = Browser::open(Look::PHONE).await;
    // Before the page can begin to count.
    let came = Instant::now();
    browser.goto(&format!("{}/{}", server.base, scene.codes[0])).await;
    browser
        .until("location.pathname === '/offer'", Duration::from_secs(5))
        .await;
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    browser.click("#away").await;
    browser.find("#there").await;
    let first = u64::try_from(came.elapsed().as_millis()).unwrap();
    let row = dwell(&scene).await;
    let told = row["dwell_ms"].as_u64().expect("measured");
    assert!(told >= 500 && told <= first, "{told} of {first} ms");

    // Two and a half seconds elsewhere count for nothing, whatever the browser did with the page meanwhile.
    let back = Instant::now();
    browser.driver.back().await.expect("back");
    browser
        .until("window.cached !== undefined", Duration::from_secs(5))
        .await;
    println!("out of the cache: {}", browser.js("return window.cached").await);
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    browser.click("#away").await;
    browser.find("#there").await;
    let both = first + u64::try_from(back.elapsed().as_millis()).unwrap();
    let row = dwell(&scene).await;
    let told_again = row["dwell_ms"].as_u64().expect("measured");
    assert!(
        told_again >= told + 500,
        "the visit goes on: {told} then {told_again} ms"
    );
    assert!(told_again <= both, "counted once: {told_again} of {both} ms");
    assert_eq!(row["valid"], false, "{row}");
    assert_eq!(browser.console_errors().await, Vec::<String>::new());
    browser.close().await;
    server.stop().await;
}
