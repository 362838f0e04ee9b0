//! What runs on a timer: freezing boards, expiry, salts, retention.
//!
//! # Why
//! A table of chores can be read as a table. Each is safe to run twice and on several nodes at once; one that fails is
//! said once and tried again at its next turn.

mod deliver;
mod table;

pub use deliver::{deliver, mail};
pub use table::{Chore, TABLE};

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::app::{App, keys};
use crate::geo::Geo;
use crate::redirect::Redirector;
use crate::redirect::loader::LoaderCounts;

/// How soon a chore that waits for the spool looks again.
const LOOK_AT_SPOOL: Duration = Duration::from_secs(1);

/// Runs every chore at its interval, one after the other, until told to stop. All run once at the start; those that count
/// clicks for good wait until what this node's spool held is in the store, so that no restart costs anybody a place.
pub async fn run(app: App, loader: Arc<LoaderCounts>, stop: CancellationToken) {
    let mut due: Vec<Instant> = TABLE.iter().map(|_| Instant::now()).collect();
    loop {
        for (chore, due) in TABLE.iter().zip(&mut due) {
            if *due <= Instant::now() {
                *due = if chore.counts_clicks && !loader.caught_up.load(Ordering::Relaxed) {
                    Instant::now() + LOOK_AT_SPOOL
                } else {
                    once(&app, chore).await;
                    Instant::now() + next_turn(&app, chore)
                };
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

/// When a chore comes again: boards freeze at a midnight, and not some while after.
fn next_turn(app: &App, chore: &Chore) -> Duration {
    let midnight = app.today().tomorrow().ok().and_then(|day| {
        let start = day.to_zoned(app.programme.zone.clone()).ok()?;
        u64::try_from(start.timestamp().as_millisecond() - app.clock.now_ms()).ok()
    });
    match midnight {
        Some(ms) if chore.counts_clicks => chore.every.min(Duration::from_millis(ms.max(20))),
        _ => chore.every,
    }
}

async fn once(app: &App, chore: &Chore) {
    match (chore.run)(app).await {
        Ok(0) => {}
        Ok(done) => tracing::info!(chore = chore.name, done, "chore done"),
        Err(error) => tracing::warn!(chore = chore.name, %error, "chore failed; it is tried again"),
    }
}

/// How often geo files are looked at.
const LOOK_AT_FILES: Duration = Duration::from_secs(5);

/// Keeps fresh what lives in this process's memory: geo files when they change, the day's salt, the token keys.
pub async fn keep_fresh(app: App, redirector: Arc<Redirector>, geo: Arc<Geo>, stop: CancellationToken) {
    let mut day = app.today();
    let mut keys_at = Instant::now();
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_AT_FILES) => {}
            () = stop.cancelled() => return,
        }
        let files = Arc::clone(&geo);
        let _ = tokio::task::spawn_blocking(move || files.refresh()).await;
        if app.today() != day {
            match keys::todays_salt(&app).await {
                Ok(salt) => {
                    redirector.set_salt(&salt);
                    day = app.today();
                }
                Err(error) => tracing::warn!(%error, "no salt for today yet; yesterday's goes on"),
            }
        }
        if keys_at.elapsed() >= Duration::from_secs(60) {
            keys_at = Instant::now();
            match keys::ensure_token_keys(&app).await {
                Ok(keys) => redirector.set_tokens(keys),
                Err(error) => tracing::warn!(%error, "token keys could not be read again"),
            }
        }
    }
}
