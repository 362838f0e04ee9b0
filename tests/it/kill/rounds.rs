//! `kill -9` at random moments under load.

use std::time::Duration;

use rand::RngExt;

use super::books::{balanced, settled};
use super::{LOADED, SHOP};
use crate::support::load::{Load, Told};
use crate::support::rng;
use crate::support::scene::Scene;
use crate::support::server::Server;
use crate::support::shared;

/// Loads the server, kills it `rounds` times, and compares at the end.
async fn kill_often(settings: &[(&str, &str)], rounds: u32, connections: u32) {
    let mut all = LOADED.to_vec();
    all.extend_from_slice(settings);
    let mut server = Server::with(&all).await;
    let scene = Scene::lay(&server, 5, SHOP).await;
    let mut chance = rng();
    let mut told = Told::default();
    let mut answered_in = Vec::new();
    for _ in 0..rounds {
        let load = Load::start(&server.base, &scene.codes, connections);
        tokio::time::sleep(Duration::from_millis(chance.random_range(20..700))).await;
        server.kill();
        let round = load.stop().await;
        answered_in.push(round.clicks.len());
        told.add(round);
        // Sometimes the next process dies as well, in the midst of catching up.
        if chance.random_bool(0.3) {
            server.spawn();
            tokio::time::sleep(Duration::from_millis(chance.random_range(1..150))).await;
            server.kill();
        }
        server.restart().await;
    }
    assert!(
        told.clicks.len() > 1_000,
        "a load worth the name: {answered_in:?}"
    );
    settled(&scene, told.clicks.len(), Duration::from_secs(600)).await;
    let (rows, _) = balanced(&scene, &told, 0).await;
    println!(
        "{rounds} kills: {} clicks answered, {} requests cut off, {rows} rows, 0 lost, 0 doubled; per round {answered_in:?}",
        told.clicks.len(),
        told.unanswered
    );
    let status = server.stop().await;
    assert!(status.success(), "a graceful stop: {status}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_loaded_server_on_sqlite_when_killed_twenty_times_then_every_answered_click_is_there_once() {
    kill_often(&[], 20, 8).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_loaded_server_on_postgres_when_killed_then_every_answered_click_is_there_once() {
    let name = crate::support::db::unique_name();
    let url = shared::create_database(&name).await;
    kill_often(&[("database_url", &url)], 6, 8).await;
    shared::drop_database(&name).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_strict_spool_when_killed_then_every_answered_click_is_there_once() {
    kill_often(&[("spool_durability", "strict")], 4, 16).await;
}
