//! Sends webhooks: a look every second, one task for each webhook that has something due. And the weekly mail.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::app::deliver::{RobotWords, send_to};
use crate::app::digest::{DigestWords, send_digests};
use crate::storage::StoreError;

/// How often a node looks whether something is due.
const LOOK: Duration = Duration::from_secs(1);

/// Sends what is due until told to stop. A receiver that is slow keeps nobody else waiting; what is under way at the
/// stop is broken off and sent again later.
pub async fn deliver(app: App, words: Arc<dyn RobotWords>, stop: CancellationToken) {
    let busy: Arc<Mutex<HashSet<i64>>> = Arc::default();
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stop.cancelled() => return,
        }
        while running.try_join_next().is_some() {}
        if let Err(error) = look(&app, &words, &busy, &mut running).await {
            tracing::warn!(%error, "webhooks could not be sent; they are tried again");
        }
    }
}

async fn look(
    app: &App,
    words: &Arc<dyn RobotWords>,
    busy: &Arc<Mutex<HashSet<i64>>>,
    running: &mut JoinSet<()>,
) -> Result<(), StoreError> {
    for target in app.store.due_targets(app.clock.now_ms()).await? {
        let id = target.id;
        if !busy.lock().unwrap_or_else(PoisonError::into_inner).insert(id) {
            continue;
        }
        let (app, words, mark) = (app.clone(), Arc::clone(words), Busy(Arc::clone(busy), id));
        running.spawn(async move {
            if let Err(error) = send_to(&app, &*words, &target).await {
                tracing::warn!(webhook = target.id, %error, "what was sent could not be written down");
            }
            drop(mark);
        });
    }
    Ok(())
}

/// Takes the webhook off the list when its task ends, however it ends.
struct Busy(Arc<Mutex<HashSet<i64>>>, i64);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.1);
    }
}

/// How often a node looks whether mail is due.
const LOOK_FOR_MAIL: Duration = Duration::from_secs(60);

/// Sends the weekly mail when it is due, until told to stop. A task of its own: a slow mail server keeps no chore waiting.
pub async fn mail(app: App, words: Arc<dyn DigestWords>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_FOR_MAIL) => {}
            () = stop.cancelled() => return,
        }
        tokio::select! {
            sent = send_digests(&app, &*words) => match sent {
                Ok(0) => {}
                Ok(sent) => tracing::info!(sent, "weekly mail sent"),
                Err(error) => tracing::warn!(%error, "weekly mail could not be sent; it is tried again"),
            },
            () = stop.cancelled() => return,
        }
    }
}
