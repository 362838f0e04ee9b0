//! What the tests stand on: both databases, a clock that stands still, seeded chance, the real server,
//! a real browser.
//!
//! # Why
//! Nothing here is a stand-in for the outside world: PostgreSQL, the `bole` binary and Chromium are the real
//! ones. What is missing on a machine fails the test with the line to type; nothing is ever skipped.

// Not every test file uses every helper.
#![expect(dead_code, reason = "helpers for tests to come")]

/// Runs each named `async fn(TestDb)` on SQLite and on PostgreSQL, as the tests `name::sqlite` and `name::postgres`.
macro_rules! both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::support::db::on($crate::support::Kind::Sqlite, super::$name).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::support::db::on($crate::support::Kind::Postgres, super::$name).await;
            }
        }
    )+};
}

pub mod api;
pub mod browser;
pub mod cluster;
pub mod db;
pub mod load;
pub mod mmdb;
pub mod pdf;
pub mod pool;
pub mod scene;
pub mod server;
pub mod shared;

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

/// Clients come without a TLS provider of their own (the server's is ring); any test may be the first to need one.
pub fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

use bole::domain::ManualClock;
use jiff::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;

pub use db::{Kind, TestDb};

/// The instant at which test clocks stand unless told otherwise: Wednesday, 18 November 2026, 10:00 in Shanghai.
pub fn noon() -> Timestamp {
    at("2026-11-18T02:00:00Z")
}

/// An instant out of RFC 3339 text.
pub fn at(text: &str) -> Timestamp {
    text.parse().expect("an RFC 3339 instant")
}

/// A clock standing at `text` (RFC 3339).
pub fn clock(text: &str) -> Arc<ManualClock> {
    Arc::new(ManualClock::new(at(text)))
}

/// Chance that is the same in each run.
pub fn rng() -> StdRng {
    StdRng::seed_from_u64(20_261_118)
}

/// A folder for the tests' files, kept below `target/`.
pub fn target_tmp() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
}

/// Whether the tests run as root (servers and browsers then want other users or flags).
pub fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0)
}

/// A TCP port on loopback that was free a moment ago.
pub fn free_port() -> u16 {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a loopback socket");
    socket.local_addr().expect("its address").port()
}

/// Runs a command to its end; panics with its output when it cannot be started or fails.
pub fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
