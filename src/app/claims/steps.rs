//! The claimant's own steps, and others' doubts.

use crate::app::again::again;
use crate::app::claims::decide::lock_all;
use crate::app::claims::file::seal_name;
use crate::app::claims::{ClaimError, is_claimants, note, text};
use crate::app::{Actor, App, LeadContact, Permission, Vault};
use crate::attribution::claim::ClaimStep;
use crate::storage::claims::{Claim, ClaimMove, has_contested, move_claim};
use crate::storage::insert_audit;

/// Answers what a verifier asked: the claim waits for them again.
pub async fn supply(app: &App, actor: &Actor, id: i64, answer: &str) -> Result<Claim, ClaimError> {
    let answer = text("/answer", answer)?;
    again!(own_step(app, actor, id, ClaimStep::Supplied, answer))?;
    app.store.claim(id).await?.ok_or(ClaimError::NotFound(id))
}

/// Appeals against a rejection: another person decides.
pub async fn appeal(app: &App, actor: &Actor, id: i64, reason: &str) -> Result<Claim, ClaimError> {
    let reason = text("/reason", reason)?;
    again!(own_step(app, actor, id, ClaimStep::Appealed, reason))?;
    app.store.claim(id).await?.ok_or(ClaimError::NotFound(id))
}

async fn own_step(app: &App, actor: &Actor, id: i64, step: ClaimStep, why: &str) -> Result<(), ClaimError> {
    let now_ms = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    let claim = lock_all(app, &mut tx, id).await?;
    if !is_claimants(actor, &claim) {
        return Err(hidden(actor, id, "only the claimant may do this"));
    }
    let step_taken = ClaimMove {
        from: claim.status,
        to: claim.status.after(step)?,
        decided: None,
        at: now_ms,
    };
    move_claim(&mut tx, id, &step_taken).await?;
    note(&mut tx, id, step, (&actor.word(), actor.employee()), why, now_ms).await?;
    tx.commit().await?;
    Ok(())
}

/// Says that a claimed deal is one's own: a person will decide, no record by itself. Once per person; not on one's own.
pub async fn contest(app: &App, actor: &Actor, id: i64, reason: &str) -> Result<(), ClaimError> {
    let reason = text("/reason", reason)?;
    let Some(person) = actor.employee().filter(|_| actor.may(Permission::Own)) else {
        return Err(ClaimError::Forbidden(
            "only a person contests a claim: use a key tied to an employee",
        ));
    };
    let now_ms = app.clock.now_ms();
    again!(async {
        let mut tx = app.store.begin().await?;
        let claim = lock_all(app, &mut tx, id).await?;
        if is_claimants(actor, &claim) {
            return Err(ClaimError::Forbidden("this claim is your own"));
        }
        claim.status.after(ClaimStep::Contested)?;
        if !has_contested(&mut tx, id, Some(person)).await? {
            note(
                &mut tx,
                id,
                ClaimStep::Contested,
                (&actor.word(), Some(person)),
                reason,
                now_ms,
            )
            .await?;
            tx.commit().await?;
        }
        Ok::<_, ClaimError>(())
    })
}

/// The customer's name and contact in plain, for the claimant and for verifiers; every look by another is audited.
/// `None` once erased.
pub async fn claim_contact(
    app: &App,
    actor: &Actor,
    claim: &Claim,
) -> Result<Option<LeadContact>, ClaimError> {
    let own = is_claimants(actor, claim);
    if !own && !actor.may(Permission::DecideClaims) {
        return Err(hidden(
            actor,
            claim.id,
            "only the claimant and verifiers see the customer",
        ));
    }
    let now_ms = app.clock.now_ms();
    let Some(sealed) = claim.sealed.as_ref().filter(|s| now_ms < s.erase_at) else {
        return Ok(None);
    };
    let contact = Vault::new(&app.secrets)
        .open(&seal_name(&claim.content_hash), sealed)
        .ok();
    if !own && contact.is_some() {
        let mut tx = app.store.begin().await?;
        let subject = format!("claim:{}", claim.id);
        let detail = serde_json::json!({});
        insert_audit(&mut tx, now_ms, &actor.word(), "contact.read", &subject, &detail).await?;
        tx.commit().await?;
    }
    Ok(contact)
}

/// What others are told about a claim that is not for them: whoever may read the tracker that they may not, everybody
/// else nothing.
fn hidden(actor: &Actor, id: i64, why: &'static str) -> ClaimError {
    if actor.may(Permission::ReadTracker) || actor.may(Permission::DecideClaims) {
        ClaimError::Forbidden(why)
    } else {
        ClaimError::NotFound(id)
    }
}
