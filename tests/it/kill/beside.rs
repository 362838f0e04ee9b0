//! An operator's commands beside a server under load: keys, backups.

use std::collections::HashSet;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use bole::storage::{Store, StoreOptions};
use uuid::Uuid;

use super::books::settled;
use super::{LOADED, SHOP};
use crate::support::load::Load;
use crate::support::scene::Scene;
use crate::support::server::Server;

/// Runs a command that may fail.
fn try_cli(server: &Server, arguments: &[&str]) -> Output {
    server
        .command()
        .args(arguments)
        .output()
        .expect("the bole binary")
}

fn words(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_loaded_server_when_keys_are_made_beside_it_then_none_is_refused_and_none_waits_long() {
    let mut server = Server::with(&LOADED).await;
    let scene = Scene::lay(&server, 3, SHOP).await;
    let load = Load::start(&server.base, &scene.codes, 16);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut longest = Duration::ZERO;
    for n in 0..12 {
        let name = format!("beside-{n}");
        let began = Instant::now();
        let made = try_cli(
            &server,
            &["api-key", "create", "--name", &name, "--role", "manager"],
        );
        longest = longest.max(began.elapsed());
        assert!(made.status.success(), "{}", words(&made));
        assert!(String::from_utf8_lossy(&made.stdout).starts_with("bole_"));
    }
    let told = load.stop().await;
    println!(
        "{} clicks answered meanwhile; the longest took {longest:?}",
        told.clicks.len()
    );
    assert!(longest < Duration::from_secs(20), "{longest:?}");
    server.stop().await;
}

/// Everything a query gives on a data folder's store.
async fn ask<T>(data_dir: &Path, query: &'static str) -> Vec<T>
where
    T: Send + Unpin + for<'r> sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    let options = StoreOptions::new(format!("sqlite:{}", data_dir.join("bole.db").display()));
    let store = Store::open(&options).await.expect("the store");
    let Store::Sqlite { read, .. } = &store else {
        panic!("SQLite")
    };
    let found = sqlx::query_scalar(query).fetch_all(read).await.expect("rows");
    store.close().await;
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_loaded_server_when_backed_up_and_restored_then_no_click_answered_before_is_missing_or_doubled()
 {
    let mut server = Server::with(&LOADED).await;
    let scene = Scene::lay(&server, 3, SHOP).await;
    let folder = tempfile::tempdir().expect("a folder");
    let backup = folder.path().join("backup");
    let backup = backup.to_str().expect("UTF-8");

    let load = Load::start(&server.base, &scene.codes, 8);
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    let before = load.stop().await;
    let load = Load::start(&server.base, &scene.codes, 8);
    let made = try_cli(&server, &["backup", backup]);
    assert!(made.status.success(), "{}", words(&made));
    let meanwhile = load.stop().await;
    println!(
        "{}; {} clicks before, {} meanwhile",
        words(&made).trim(),
        before.clicks.len(),
        meanwhile.clicks.len()
    );
    assert!(before.clicks.len() > 100 && !meanwhile.clicks.is_empty());

    // Of the running server's salts the backup holds no byte.
    let salts: Vec<Vec<u8>> = ask(&server.data_dir, "select salt from visitor_salts").await;
    let bytes = std::fs::read(Path::new(backup).join("bole.db")).expect("the copy");
    assert!(!salts.is_empty());
    for salt in &salts {
        assert!(
            !bytes.windows(salt.len()).any(|window| window == &salt[..]),
            "a salt is in the backup"
        );
    }
    let checked = try_cli(&server, &["doctor", "--backup", backup]);
    assert!(
        words(&checked).contains("ok    the backup"),
        "{}",
        words(&checked)
    );

    // Brought back, a server starts on it and loads what was still in the spool.
    let mut restored = Server::prepare(&LOADED);
    let back = try_cli(&restored, &["restore", backup]);
    assert!(back.status.success(), "{}", words(&back));
    restored.restart().await;
    let other = Scene {
        api: restored.api("admin"),
        codes: scene.codes.clone(),
    };
    settled(&other, before.clicks.len(), Duration::from_secs(60)).await;
    let after = Load::start(&restored.base, &scene.codes, 2);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let after = after.stop().await;
    restored.stop().await;
    let there: HashSet<Uuid> = ask(&restored.data_dir, "select id from clicks")
        .await
        .into_iter()
        .collect();
    let lost = |told: &HashSet<Uuid>| told.iter().filter(|id| !there.contains(id)).count();
    assert_eq!(lost(&before.clicks), 0, "answered before the backup began");
    assert_eq!(lost(&after.clicks), 0, "the restored server counts on");
    let doctor = try_cli(&restored, &["doctor"]);
    assert!(
        doctor.status.success(),
        "rollups equal a recount: {}",
        words(&doctor)
    );
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_folders_that_hold_something_or_altered_backups_when_restored_then_nothing_is_written() {
    let mut server = Server::with(&[]).await;
    Scene::lay(&server, 1, SHOP).await;
    let folder = tempfile::tempdir().expect("a folder");
    let backup = folder.path().join("backup");
    let path = backup.to_str().expect("UTF-8");
    assert!(try_cli(&server, &["backup", path]).status.success());
    let again = try_cli(&server, &["backup", path]);
    assert!(
        !again.status.success() && words(&again).contains("is not empty"),
        "{}",
        words(&again)
    );
    let over = try_cli(&server, &["restore", path]);
    assert!(
        !over.status.success() && words(&over).contains("is not empty"),
        "{}",
        words(&over)
    );

    // One bit of the database.
    let database = backup.join("bole.db");
    let mut bytes = std::fs::read(&database).expect("the copy");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&database, &bytes).expect("altered");
    let fresh = Server::prepare(&[]);
    let refused = try_cli(&fresh, &["restore", path]);
    assert!(
        !refused.status.success() && words(&refused).contains("SHA-256 differ"),
        "{}",
        words(&refused)
    );
    assert!(!fresh.data_dir.join("bole.db").exists(), "all or nothing");
    let doctor = try_cli(&server, &["doctor", "--backup", path]);
    assert!(
        !doctor.status.success() && words(&doctor).contains("WRONG the backup"),
        "{}",
        words(&doctor)
    );

    // No backup at all, and another database.
    let none = try_cli(&fresh, &["restore", folder.path().to_str().expect("UTF-8")]);
    assert!(
        !none.status.success() && words(&none).contains("backup.json"),
        "{}",
        words(&none)
    );
    let mut elsewhere = Server::prepare(&[]);
    elsewhere.set("database_url", "postgres://nobody@localhost/none");
    let refused = try_cli(&elsewhere, &["restore", path]);
    assert!(
        !refused.status.success() && words(&refused).contains("pg_restore"),
        "{}",
        words(&refused)
    );
    server.stop().await;
}
