//! What runs on a timer: freezing boards, expiry, salts, retention.
//!
//! # Why
//! A table of chores can be read as a table. Each is safe to run twice and on several nodes at once; one that fails is
//! said once and tried again at its next turn.

mod table;

pub use table::{Chore, TABLE};

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Runs every chore at its interval, one after the other, until told to stop. All run once at the start.
pub async fn run(app: App, stop: CancellationToken) {
    let mut due: Vec<Instant> = TABLE.iter().map(|_| Instant::now()).collect();
    loop {
        for (chore, due) in TABLE.iter().zip(&mut due) {
            if *due <= Instant::now() {
                once(&app, chore).await;
                *due = Instant::now() + chore.every;
            }
            if stop.is_cancelled() {
                return;
            }
        }
        let next = due
            .iter()
            .min()
            .copied()
            .unwrap_or_else(|| Instant::now() + Duration::from_secs(60));
        tokio::select! {
            () = sleep_until(next) => {}
            () = stop.cancelled() => return,
        }
    }
}

async fn once(app: &App, chore: &Chore) {
    match (chore.run)(app).await {
        Ok(0) => {}
        Ok(done) => tracing::info!(chore = chore.name, done, "chore done"),
        Err(error) => tracing::warn!(chore = chore.name, %error, "chore failed; it is tried again"),
    }
}
