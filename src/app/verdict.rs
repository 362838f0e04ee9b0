//! A person's word on a conversion, and the end of its hold (attribution.md §5, "States").

use serde_json::json;

use crate::app::board::freeze_before;
use crate::app::convert::{book, slice_of};
use crate::app::notices::conversion_moved;
use crate::app::redecide::redecide_lost;
use crate::app::suspect::hold_unsettled;
use crate::app::{Actor, App};
use crate::attribution::{Status, Verdict, VerdictRefused, counted};
use crate::storage::conversions::{self, Conversion};
use crate::storage::{StoreError, Tx, insert_audit};

/// Longest reason, characters.
pub const MAX_REASON: usize = 500;

/// Why a verdict was not taken.
#[derive(Debug, thiserror::Error)]
pub enum VerdictError {
    /// No such conversion.
    #[error("no such conversion")]
    Missing,
    /// Nobody decides on their own credit.
    #[error("nobody decides on a conversion they are credited with")]
    Own,
    /// Rejecting and holding need words.
    #[error("a reason is needed: 1 to 500 characters the employee will read")]
    Reason,
    /// The state does not allow it.
    #[error(transparent)]
    Refused(#[from] VerdictRefused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes a person's verdict. The same verdict again changes nothing.
pub async fn give_verdict(
    app: &App,
    actor: &Actor,
    external_id: &str,
    verdict: Verdict,
    reason: Option<&str>,
) -> Result<Conversion, VerdictError> {
    let reason = reason.map(str::trim).unwrap_or_default();
    let needs_reason = matches!(verdict, Verdict::Rejected | Verdict::Held);
    if (needs_reason && reason.is_empty()) || reason.chars().count() > MAX_REASON {
        return Err(VerdictError::Reason);
    }
    freeze_before(app).await;
    let mut tx = app.store.begin().await?;
    let found = conversions::lock_by_external_id(&mut tx, external_id).await?;
    let old = found.ok_or(VerdictError::Missing)?;
    if verdict_in(&mut tx, actor, &old, (verdict, reason), app.clock.now_ms()).await? {
        tx.commit().await?;
    }
    let now = app.store.conversion(external_id).await?;
    now.ok_or(VerdictError::Missing)
}

/// A verdict on a locked conversion, in the transaction that locked it; whether it changed anything.
pub(in crate::app) async fn verdict_in(
    tx: &mut Tx,
    actor: &Actor,
    old: &Conversion,
    (verdict, reason): (Verdict, &str),
    now_ms: i64,
) -> Result<bool, VerdictError> {
    let own = actor.employee();
    if own.is_some() && (own == old.credited_to || own == old.indirect_to) {
        return Err(VerdictError::Own);
    }
    let status = old.status.after(verdict)?;
    if status == old.status {
        return Ok(false);
    }
    let who = actor.word();
    move_to(tx, old, status, Some((&who, reason)), now_ms).await?;
    insert_audit(
        tx,
        now_ms,
        &who,
        &format!("conversion.{verdict}"),
        &format!("conversion:{}", old.external_id),
        &json!({ "from": old.status.as_str(), "to": status.as_str(), "reason": reason }),
    )
    .await?;
    // What goes through as everything does is no news.
    if (old.status, status) != (Status::Pending, Status::Approved) {
        conversion_moved(tx, old, (old.credited_to, status), reason, now_ms).await?;
    }
    Ok(true)
}

/// A chore: what was pending through its hold becomes approved, unless its click turned out to credit nobody, or a sign that
/// nobody has settled is about it. At most 1 000 at a time; gives how many.
pub async fn approve_due(app: &App) -> Result<usize, StoreError> {
    redecide_lost(app).await?;
    let now_ms = app.clock.now_ms();
    let mut done = 0;
    let due = app.store.conversions_due(now_ms, 1000).await?;
    hold_unsettled(app, &due).await?;
    for external_id in due {
        let mut tx = app.store.begin().await?;
        let found = conversions::lock_by_external_id(&mut tx, &external_id).await?;
        if let Some(old) = found.filter(|c| c.status == Status::Pending && c.hold_until <= now_ms) {
            move_to(&mut tx, &old, Status::Approved, None, now_ms).await?;
            tx.commit().await?;
            done += 1;
        }
    }
    Ok(done)
}

/// Moves a locked conversion to another state and books the difference.
pub(in crate::app) async fn move_to(
    tx: &mut Tx,
    old: &Conversion,
    status: Status,
    decided: Option<(&str, &str)>,
    now_ms: i64,
) -> Result<(), StoreError> {
    conversions::set_status(tx, old.id, status, decided, now_ms).await?;
    let mut difference = counted(old.kind, status, old.net());
    difference += -counted(old.kind, old.status, old.net());
    book(tx, &slice_of(old), difference).await
}
