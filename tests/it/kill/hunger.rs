//! The store taken away, the spool's disk full: redirects go on.

use std::path::Path;
use std::time::{Duration, Instant};

use super::books::{balanced, settled};
use super::{LOADED, SHOP};
use crate::support::cluster::Own;
use crate::support::db::open;
use crate::support::load::{Load, Told};
use crate::support::scene::Scene;
use crate::support::server::Server;

/// Loads for `ms` and says what was answered.
async fn burst(server: &Server, scene: &Scene, ms: u64) -> Told {
    let load = Load::start(&server.base, &scene.codes, 4);
    tokio::time::sleep(Duration::from_millis(ms)).await;
    load.stop().await
}

/// The value of a metric of `/metrics`, summed over its labels.
async fn metric(server: &Server, name: &str) -> Option<f64> {
    let url = format!("{}/metrics", server.base);
    let text = crate::support::api::client()
        .get(url)
        .send()
        .await
        .ok()?
        .text()
        .await
        .ok()?;
    let values: Vec<f64> = text
        .lines()
        .filter(|line| line.starts_with(name) && line[name.len()..].starts_with(['{', ' ']))
        .filter_map(|line| line.rsplit(' ').next()?.parse().ok())
        .collect();
    (!values.is_empty()).then(|| values.iter().sum())
}

/// All metrics that are not zero, for a failed test's message.
async fn metrics(server: &Server) -> String {
    let url = format!("{}/metrics", server.base);
    let answer = crate::support::api::client().get(url).send().await;
    let text = match answer {
        Ok(answer) => answer.text().await.unwrap_or_else(|e| e.to_string()),
        Err(e) => e.to_string(),
    };
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.ends_with(" 0") && !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// A server on a PostgreSQL of its own.
async fn on_own_postgres(cluster: &Own) -> Server {
    let url = cluster.0.url("postgres");
    open(&url).await.close().await;
    let mut settings = LOADED.to_vec();
    settings.push(("database_url", &url));
    Server::prepare(&settings)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_the_store_is_down_when_clicked_then_redirects_go_on_and_the_clicks_are_loaded_later() {
    let cluster = tokio::task::spawn_blocking(Own::start)
        .await
        .expect("a PostgreSQL");
    let mut server = on_own_postgres(&cluster).await;
    server.restart().await;
    let scene = Scene::lay(&server, 3, SHOP).await;
    let mut told = burst(&server, &scene, 300).await;

    cluster.0.stop();
    let before = told.clicks.len();
    told.add(burst(&server, &scene, 1_500).await);
    assert!(
        told.clicks.len() > before + 100,
        "redirects go on without the store"
    );
    assert!(told.others.is_empty(), "{:?}", told.others);
    let health = crate::support::api::client()
        .get(format!("{}/healthz", server.base))
        .send()
        .await;
    assert!(
        health.is_ok_and(|answer| answer.status().is_success()),
        "the process is healthy, its store is not"
    );

    cluster.0.start();
    settled(&scene, told.clicks.len(), Duration::from_secs(90)).await;
    told.add(burst(&server, &scene, 300).await);
    settled(&scene, told.clicks.len(), Duration::from_secs(60)).await;
    let (rows, _) = balanced(&scene, &told, 0).await;
    println!(
        "store away and back: {} clicks answered, {rows} rows",
        told.clicks.len()
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_the_spools_disk_is_full_when_clicked_then_redirects_go_on_and_missed_clicks_are_counted() {
    let cluster = tokio::task::spawn_blocking(Own::start)
        .await
        .expect("a PostgreSQL");
    let mut server = on_own_postgres(&cluster).await;
    server.on_small_disk(Path::new("spool"), "400k");
    server.restart().await;
    let scene = Scene::lay(&server, 3, SHOP).await;
    let mut told = burst(&server, &scene, 100).await;
    settled(&scene, told.clicks.len(), Duration::from_secs(30)).await;
    assert_eq!(
        metric(&server, "bole_clicks_missed_total")
            .await
            .unwrap_or(0.0)
            .to_bits(),
        0f64.to_bits()
    );

    // With the store away nothing is consumed, and the disk fills.
    cluster.0.stop();
    let end = Instant::now() + Duration::from_secs(30);
    let mut missed = 0.0;
    while missed < 500.0 {
        if Instant::now() > end {
            panic!(
                "the disk never filled: {} clicks answered\n{}",
                told.clicks.len(),
                metrics(&server).await
            );
        }
        told.add(burst(&server, &scene, 500).await);
        assert!(
            told.others.is_empty(),
            "redirects go on with a full disk: {:?}",
            told.others
        );
        missed = metric(&server, "bole_clicks_missed_total").await.unwrap_or(0.0);
    }

    cluster.0.start();
    let before = missed;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    let missed = missed as usize;
    settled(&scene, told.clicks.len() - missed, Duration::from_secs(90)).await;
    // Room again: nothing more is missed.
    told.add(burst(&server, &scene, 100).await);
    let now = metric(&server, "bole_clicks_missed_total").await.unwrap_or(0.0);
    assert_eq!(
        now.to_bits(),
        before.to_bits(),
        "there is room again and clicks are missed:\n{}",
        metrics(&server).await
    );
    settled(&scene, told.clicks.len() - missed, Duration::from_secs(60)).await;
    let (rows, lost) = balanced(&scene, &told, missed).await;
    assert_eq!(
        lost, missed,
        "each missed click is counted, and no other is missing"
    );
    println!(
        "disk full: {} clicks answered, {missed} missed and counted, {rows} rows",
        told.clicks.len()
    );
    server.stop().await;
}
