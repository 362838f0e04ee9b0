//! A server whose store gives trouble, and one that was killed amid a request.

use std::str::FromStr;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};

use crate::support::api::client;
use crate::support::scene::Scene;
use crate::support::server::Server;

/// Runs a statement on a server's database file, beside it.
async fn sql(server: &Server, statement: &'static str) {
    let file = format!("sqlite:{}", server.data_dir.join("bole.db").display());
    let options = SqliteConnectOptions::from_str(&file).expect("a file");
    let options = options.busy_timeout(Duration::from_secs(10));
    let mut db = SqliteConnection::connect_with(&options)
        .await
        .expect("the database");
    sqlx::raw_sql(statement)
        .execute(&mut db)
        .await
        .expect("a statement");
    db.close().await.expect("the end");
}

/// Asks `/readyz` until it answers with this status; what it said.
async fn readiness(server: &Server, status: u16) -> String {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let answer = client()
            .get(format!("{}/readyz", server.base))
            .send()
            .await
            .expect("an answer");
        let found = answer.status().as_u16();
        let words = answer.text().await.expect("words");
        if found == status {
            return words;
        }
        assert!(Instant::now() < end, "still {found} {words}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_store_that_takes_no_clicks_when_asked_then_the_server_is_not_ready_until_it_does() {
    // What a compose file does not set says nothing.
    let server = Server::with(&[("trusted_proxies", ""), ("dwell_limit_ms", "")]).await;
    let scene = Scene::lay(&server, 1, "https://shop.example/autumn").await;
    sql(&server, "alter table clicks rename to clicks_away").await;
    let answer = client()
        .get(format!("{}/{}", server.base, scene.codes[0]))
        .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36")
        .header("accept-language", "zh-CN")
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 302, "redirects go on");
    let words = readiness(&server, 503).await;
    assert!(words.contains("loader"), "{words}");
    sql(&server, "alter table clicks_away rename to clicks").await;
    readiness(&server, 200).await;
    let path = format!(
        "/clicks/count?link={}&from=2020-01-01T00:00:00+08:00",
        scene.codes[0]
    );
    let count = scene.api.get(&path).await.expect(200);
    assert_eq!(
        count["count"], 1,
        "none is lost, and a plus in an instant is a plus"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_request_under_way_when_the_server_is_killed_then_its_key_answers_right_after_the_start() {
    let mut server = Server::with(&[]).await;
    let scene = Scene::lay(&server, 1, "https://shop.example/autumn").await;
    let body = json!({ "code": "e9", "name": "王五" });
    let send = async || {
        let request = client()
            .request(Method::POST, format!("{}/api/v1/employees", server.base))
            .bearer_auth(&scene.api.key)
            .header("idempotency-key", "once")
            .json(&body);
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(send().await, 201);
    server.kill();
    // As the kill leaves it between the act and its answer.
    sql(
        &server,
        "update idempotency_keys set status = 1, body = '' where key = 'once'",
    )
    .await;
    server.restart().await;
    let send = async || {
        let request = client()
            .request(Method::POST, format!("{}/api/v1/employees", server.base))
            .bearer_auth(&scene.api.key)
            .header("idempotency-key", "once")
            .json(&body);
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(send().await, 200, "done before, known by its code");
}
