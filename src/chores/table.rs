//! The table.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::app::deliver::forget_sent;
use crate::app::shop::cancel_leavers_orders;
use crate::app::{
    App, accounts, approve_due, award, board, erase_due_contacts, keys, notices, redecide_late,
    redecide_lost, slices,
};
use crate::storage::clicks::forget_orphans;
use crate::storage::loader_marks::forget_silent;
use crate::storage::{StoreError, delete_ended_sessions, forget_idempotent};

/// How many things a chore did.
type Done<'a> = Pin<Box<dyn Future<Output = Result<u64, StoreError>> + Send + 'a>>;

/// Something done on a timer.
pub struct Chore {
    /// What logs call it.
    pub name: &'static str,
    /// Time between two runs.
    pub every: Duration,
    /// Whether it counts clicks for good: then it waits until this node's spool is in the store.
    pub counts_clicks: bool,
    /// Does it; how many things it did.
    pub run: for<'a> fn(&'a App) -> Done<'a>,
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const SIX_HOURS: Duration = Duration::from_secs(6 * 3600);

/// Answers are kept under their Idempotency-Key for two days.
const KEEP_ANSWERS_MS: i64 = 48 * 3600 * 1000;

/// Beacons whose click never came (its node died with its disk) are kept for two days.
const KEEP_ORPHANS_MS: i64 = 48 * 3600 * 1000;

/// A node that said nothing for 30 days does not come back.
const KEEP_SILENT_MS: i64 = 30 * 24 * 3600 * 1000;

/// All chores.
pub const TABLE: &[Chore] = &[
    Chore {
        name: "freeze boards",
        every: MINUTE,
        counts_clicks: true,
        run: |app| Box::pin(freeze(app)),
    },
    Chore {
        name: "count slices",
        every: MINUTE,
        counts_clicks: true,
        run: |app| Box::pin(slices::count_due(app)),
    },
    Chore {
        name: "lapse points",
        every: HOUR,
        counts_clicks: false,
        run: |app| Box::pin(lapse(app)),
    },
    Chore {
        name: "call off what leavers ordered",
        every: HOUR,
        counts_clicks: false,
        run: |app| Box::pin(cancel_leavers_orders(app)),
    },
    Chore {
        name: "approve conversions",
        every: HOUR,
        counts_clicks: false,
        run: |app| Box::pin(approve(app)),
    },
    Chore {
        name: "decide on clicks that came late",
        every: MINUTE,
        counts_clicks: false,
        run: |app| Box::pin(late(app)),
    },
    Chore {
        name: "erase contacts",
        every: HOUR,
        counts_clicks: false,
        run: |app| Box::pin(erase_due_contacts(app)),
    },
    Chore {
        name: "forget answers",
        every: HOUR,
        counts_clicks: false,
        run: |app| Box::pin(forget_answers(app)),
    },
    Chore {
        name: "end sessions",
        every: HOUR,
        counts_clicks: false,
        run: |app| Box::pin(end_sessions(app)),
    },
    Chore {
        name: "forget waits and links",
        every: HOUR,
        counts_clicks: false,
        run: |app| Box::pin(accounts::forget_rest(app)),
    },
    Chore {
        name: "destroy visitor salts",
        every: HOUR,
        counts_clicks: false,
        run: |app| Box::pin(keys::destroy_old_salts(app)),
    },
    Chore {
        name: "rotate token keys",
        every: HOUR,
        counts_clicks: false,
        run: |app| Box::pin(keys::rotate_token_keys(app)),
    },
    Chore {
        name: "forget beacons without a click",
        every: HOUR,
        counts_clicks: false,
        run: |app| Box::pin(forget_lost_beacons(app)),
    },
    Chore {
        name: "tell of points about to end",
        every: SIX_HOURS,
        counts_clicks: false,
        run: |app| Box::pin(notices::tell_expiring(app)),
    },
    Chore {
        name: "forget notices",
        every: HOUR,
        counts_clicks: false,
        run: |app| Box::pin(notices::forget_old(app)),
    },
    Chore {
        name: "forget messages",
        every: HOUR,
        counts_clicks: false,
        run: |app| Box::pin(forget_sent(app)),
    },
];

async fn freeze(app: &App) -> Result<u64, StoreError> {
    Ok(board::freeze_due(app).await?.len() as u64)
}

async fn lapse(app: &App) -> Result<u64, StoreError> {
    Ok(award::lapse_due(app).await? as u64)
}

async fn forget_answers(app: &App) -> Result<u64, StoreError> {
    let mut tx = app.store.begin().await?;
    let done = forget_idempotent(&mut tx, app.clock.now_ms() - KEEP_ANSWERS_MS).await?;
    tx.commit().await?;
    Ok(done)
}

async fn end_sessions(app: &App) -> Result<u64, StoreError> {
    let mut tx = app.store.begin().await?;
    let done = delete_ended_sessions(&mut tx, app.clock.now_ms()).await?;
    tx.commit().await?;
    Ok(done)
}

async fn forget_lost_beacons(app: &App) -> Result<u64, StoreError> {
    let mut tx = app.store.begin().await?;
    let done = forget_orphans(&mut tx, app.clock.now_ms() - KEEP_ORPHANS_MS).await?;
    forget_silent(&mut tx, app.clock.now_ms() - KEEP_SILENT_MS).await?;
    tx.commit().await?;
    Ok(done)
}

async fn approve(app: &App) -> Result<u64, StoreError> {
    Ok(approve_due(app).await? as u64)
}

async fn late(app: &App) -> Result<u64, StoreError> {
    Ok((redecide_late(app).await? + redecide_lost(app).await?) as u64)
}
