//! Two processes where one belongs.

use std::time::Duration;

use super::books::{balanced, settled};
use super::{LOADED, SHOP};
use crate::support::free_port;
use crate::support::load::{Load, Told};
use crate::support::scene::Scene;
use crate::support::server::Server;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_running_server_when_a_second_starts_on_its_spool_then_it_is_refused_and_nothing_is_doubled()
{
    let mut first = Server::with(&LOADED).await;
    let scene = Scene::lay(&first, 3, SHOP).await;
    let mut second = Server::prepare(&LOADED);
    second.set("data_dir", &first.data_dir.display().to_string());
    second.set("listen", &format!("127.0.0.1:{}", free_port()));

    let mut told = Told::default();
    let load = Load::start(&first.base, &scene.codes, 4);
    tokio::time::sleep(Duration::from_millis(300)).await;
    told.add(load.stop().await);
    second.spawn();
    let ended = second.ended(Duration::from_secs(30)).await;
    let status = ended.unwrap_or_else(|| panic!("the second server runs on; its log:\n{}", second.log()));
    assert!(!status.success(), "a refusal has a status: {status}");
    let log = second.log();
    assert!(log.contains("spool"), "the refusal says what is taken:\n{log}");

    // A dead owner's lock is nobody's obstacle.
    first.kill();
    first.restart().await;
    let load = Load::start(&first.base, &scene.codes, 4);
    tokio::time::sleep(Duration::from_millis(300)).await;
    told.add(load.stop().await);
    settled(&scene, told.clicks.len(), Duration::from_secs(60)).await;
    let (rows, _) = balanced(&scene, &told, 0).await;
    println!(
        "second server refused; {} clicks answered, {rows} rows",
        told.clicks.len()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_two_nodes_on_one_store_when_both_are_loaded_then_every_click_is_there_once() {
    let name = crate::support::db::unique_name();
    let url = crate::support::shared::create_database(&name).await;
    let secret = "5c".repeat(32);
    let node = |name| {
        let mut settings = LOADED.to_vec();
        settings.extend([
            ("database_url", url.as_str()),
            ("secret_key", secret.as_str()),
            ("node", name),
        ]);
        settings
    };
    let mut one = Server::with(&node("one")).await;
    let mut two = Server::with(&node("two")).await;
    let scene = Scene::lay(&one, 3, SHOP).await;
    // Links of one node are known to the other within 2 s.
    tokio::time::sleep(Duration::from_secs(3)).await;

    let mut told = Told::default();
    for _ in 0..3 {
        let (a, b) = (
            Load::start(&one.base, &scene.codes, 4),
            Load::start(&two.base, &scene.codes, 4),
        );
        tokio::time::sleep(Duration::from_millis(400)).await;
        two.kill();
        told.add(b.stop().await);
        told.add(a.stop().await);
        two.restart().await;
    }
    settled(&scene, told.clicks.len(), Duration::from_secs(90)).await;
    let (rows, _) = balanced(&scene, &told, 0).await;
    println!("two nodes: {} clicks answered, {rows} rows", told.clicks.len());
    one.stop().await;
    two.stop().await;
    crate::support::shared::drop_database(&name).await;
}
