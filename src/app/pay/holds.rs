//! Holding lines back and releasing them: with a reason, by two people.

use serde_json::json;

use crate::app::again::again;
use crate::app::pay::{Clash, PayError, objections};
use crate::app::{Actor, App};
use crate::domain::EmployeeId;
use crate::storage::insert_audit;
use crate::storage::pay::{RunState, insert_hold, is_waiting, lock_hold, lock_run, release_hold};

fn may(actor: &Actor) -> Result<(), PayError> {
    if may_hold(actor) {
        Ok(())
    } else {
        Err(PayError::Forbidden(
            "only finance, HR and approvers hold and release pay",
        ))
    }
}

/// The line's run, when the line is not the actor's own.
async fn others_line(app: &App, actor: &Actor, line: i64) -> Result<i64, PayError> {
    let row = app.store.run_line(line).await?;
    let row = row.ok_or_else(|| PayError::NotFound(format!("payout line {line}")))?;
    // A department or a customer may bear the same code.
    let is_person = row.line.payee_kind == "employee";
    if is_person && objections::own_code(app, actor).await?.as_ref() == Some(&row.line.payee) {
        return Err(PayError::Forbidden("nobody decides on their own pay"));
    }
    Ok(row.run)
}

/// Holds a line: it is booked with its run, and not paid before somebody else releases it.
pub async fn hold_line(app: &App, actor: &Actor, line: i64, reason: &str) -> Result<(), PayError> {
    may(actor)?;
    let run = others_line(app, actor, line).await?;
    let reason = objections::text("/reason", reason)?;
    again!(async {
        let now_ms = app.clock.now_ms();
        let who = actor.word();
        let mut tx = app.store.begin().await?;
        let state = lock_run(&mut tx, run).await?.map(|r| r.state);
        let open = match state {
            Some(RunState::InReview | RunState::Approved | RunState::Closed) => true,
            Some(RunState::Paid) => is_waiting(&mut tx, line).await?,
            _ => false,
        };
        if !open {
            return Err(PayError::Conflict(Clash::NotHoldable));
        }
        match insert_hold(&mut tx, line, reason, (&who, actor.employee()), now_ms).await {
            Err(error) if error.is_unique_violation() => {
                return Err(PayError::Conflict(Clash::Held));
            }
            other => other?,
        };
        let detail = json!({ "line": line, "reason": reason });
        insert_audit(
            &mut tx,
            now_ms,
            &who,
            "payout.held",
            &format!("payout:{run}"),
            &detail,
        )
        .await?;
        tx.commit().await?;
        Ok::<_, PayError>(())
    })
}

/// Releases a held line: another person than who held it. It is paid with its run, or with the next one that is paid.
pub async fn release_line(app: &App, actor: &Actor, line: i64, reason: &str) -> Result<(), PayError> {
    may(actor)?;
    let run = others_line(app, actor, line).await?;
    let reason = objections::text("/reason", reason)?;
    again!(async {
        let now_ms = app.clock.now_ms();
        let who = actor.word();
        let mut tx = app.store.begin().await?;
        let hold = lock_hold(&mut tx, line).await?;
        let hold = hold.ok_or(PayError::Conflict(Clash::NotHeld))?;
        let same_person = actor.employee().is_some() && actor.employee() == hold.held_for.map(EmployeeId);
        if hold.held_by == who || same_person {
            return Err(PayError::Forbidden("who held a line does not release it"));
        }
        release_hold(&mut tx, hold.id, reason, (&who, actor.employee()), now_ms).await?;
        let detail = json!({ "line": line, "reason": reason });
        let subject = format!("payout:{run}");
        insert_audit(&mut tx, now_ms, &who, "payout.released", &subject, &detail).await?;
        tx.commit().await?;
        Ok::<_, PayError>(())
    })
}

/// Whether an actor may hold and release at all.
pub fn may_hold(actor: &Actor) -> bool {
    objections::decides_objections(actor)
}
