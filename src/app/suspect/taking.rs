//! A sign holds the leads and orders it is about from the moment it is filed, and a person decides (attribution.md §9).
//!
//! # Why
//! Money that is only looked at is approved by time. So filing and holding are one transaction; what somebody has decided on
//! before stays as they left it.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::app::again::again;
use crate::app::board::freeze_before;
use crate::app::suspect::case_of;
use crate::app::verdict::verdict_in;
use crate::app::{Actor, App, VerdictError};
use crate::attribution::odd::Odd;
use crate::attribution::{Cause, Status, Verdict};
use crate::domain::EmployeeId;
use crate::storage::conversions::lock_by_external_id;
use crate::storage::suspicions::{Evidence, Suspicion, file_suspicion, lock_suspicions, write_evidence};
use crate::storage::{StoreError, Tx, lock_loaders};

/// Files a sign about somebody's day, and holds what it is about.
pub(super) async fn file(
    app: &App,
    employee: EmployeeId,
    day: Date,
    found: (Odd, i64, i64),
    evidence: &Evidence,
) -> Result<(), StoreError> {
    freeze_before(app).await;
    again!(once(app, employee, day, found, evidence))
}

async fn once(
    app: &App,
    employee: EmployeeId,
    day: Date,
    found: (Odd, i64, i64),
    evidence: &Evidence,
) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    // Signs of one person share conversions: whoever files or decides takes turns.
    lock_suspicions(&mut tx, employee).await?;
    let filed = file_suspicion(&mut tx, employee, day, found, evidence, app.clock.now_ms()).await?;
    if let Some(filed) = filed {
        hold(app, &mut tx, filed).await?;
    }
    tx.commit().await
}

/// Holds what came to signs nobody has settled since they were filed, for those credited with these leads and orders.
pub(in crate::app) async fn hold_unsettled(app: &App, external_ids: &[String]) -> Result<(), StoreError> {
    let found = app.store.unsettled_about(external_ids).await?;
    if !found.is_empty() {
        freeze_before(app).await;
    }
    for seen in found {
        again!(look_again(app, &seen))?;
    }
    Ok(())
}

async fn look_again(app: &App, seen: &Suspicion) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    lock_suspicions(&mut tx, seen.employee).await?;
    let now = app.store.suspicion(seen.id).await?;
    if let Some(now) = now.filter(|s| matches!(s.status.as_str(), "open" | "held")) {
        hold(app, &mut tx, now).await?;
    }
    tx.commit().await
}

/// Holds what a suspicion is about and nobody has decided on; its row is locked.
async fn hold(app: &App, tx: &mut Tx, suspicion: Suspicion) -> Result<(), StoreError> {
    let now_ms = app.clock.now_ms();
    let case = case_of(app, suspicion).await?;
    let Suspicion { id, employee, .. } = case.suspicion;
    let mut evidence = case.suspicion.evidence.clone();
    let before: BTreeSet<String> = evidence.held.drain(..).collect();
    let (pending, elsewhere) = case.takes();
    let mut held = before.clone();
    held.extend(elsewhere);
    // All are locked before anything is booked: whoever books one waits for it with nothing in hand.
    let mut locked = Vec::new();
    for external_id in &pending {
        // Whoever released it has looked at it.
        let found = lock_by_external_id(tx, external_id).await?;
        locked.extend(found.filter(|c| {
            c.credited_to == Some(employee) && c.status == Status::Pending && c.decided_by.is_none()
        }));
    }
    if !locked.is_empty() {
        // Before any rollup is booked: a loader holds this when it books, and waits for nothing else then.
        lock_loaders(tx).await?;
    }
    let cause = Cause::Sign(case.suspicion.kind).to_string();
    for conversion in locked {
        let word = (Verdict::Held, cause.as_str());
        match verdict_in(tx, &Actor::System, &conversion, word, now_ms).await {
            Ok(_) => _ = held.insert(conversion.external_id),
            Err(VerdictError::Store(error)) => return Err(error),
            Err(_) => {}
        }
    }
    if held != before {
        evidence.held = held.into_iter().collect();
        write_evidence(tx, id, &evidence).await?;
    }
    Ok(())
}
