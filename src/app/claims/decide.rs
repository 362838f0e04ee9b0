//! Deciding on a claim: by a person, or by what the CRM says.

use serde_json::json;

use crate::app::again::again;
use crate::app::board::freeze_before;
use crate::app::claims::compare::is_author;
use crate::app::claims::credit::{credit, credited_elsewhere};
use crate::app::claims::{ClaimError, is_claimants, note, text};
use crate::app::outbox::claim_decided;
use crate::app::suspect::look_at_claims;
use crate::app::{Actor, App, Permission};
use crate::attribution::ConversionKind;
use crate::attribution::claim::{ClaimState, ClaimStep, Doubt, Named, SourceNote};
use crate::domain::EmployeeId;
use crate::storage::claims::{
    Claim, ClaimMove, CrmRecord, has_contested, lock_claim, lock_order, move_claim, set_order,
};
use crate::storage::employees::people_by_code_or_name;
use crate::storage::notices::tell_person;
use crate::storage::{StoreError, Tx, customers, insert_audit};
use crate::tell::{Notice, NoticeKind};

/// A verifier's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimVerdict {
    /// True.
    Verified,
    /// Found wanting; needs a reason.
    Rejected,
    /// More must be said first; needs the question.
    NeedsInformation,
}

impl ClaimVerdict {
    /// The step it is, on a claim in this state.
    fn step(self, state: ClaimState) -> ClaimStep {
        match (self, state) {
            (Self::Verified, ClaimState::Appealed | ClaimState::Overturned) => ClaimStep::Overturned,
            (Self::Rejected, ClaimState::Appealed | ClaimState::Upheld) => ClaimStep::Upheld,
            (Self::Verified, _) => ClaimStep::Verified,
            (Self::Rejected, _) => ClaimStep::Rejected,
            (Self::NeedsInformation, _) => ClaimStep::NeedsInformation,
        }
    }
}

/// Why somebody may not decide on a claim, though verifiers may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barred {
    /// It is their own, or they filed it.
    Own,
    /// It is an appeal against their own decision.
    FirstDecider,
}

/// Why this actor may not decide on this claim (attribution.md §6: never its own author; appeals go to another person).
pub fn barred(actor: &Actor, claim: &Claim) -> Option<Barred> {
    let filed = actor.employee().is_some() && actor.employee() == claim.filed_for;
    if is_claimants(actor, claim) || filed {
        Some(Barred::Own)
    } else if claim.status == ClaimState::Appealed && is_decider(actor, claim) {
        Some(Barred::FirstDecider)
    } else {
        None
    }
}

/// Whether the last decision was this actor's.
fn is_decider(actor: &Actor, claim: &Claim) -> bool {
    let me = actor.employee();
    claim.decided_by.as_deref() == Some(actor.word().as_str()) || (me.is_some() && claim.decided_for == me)
}

/// Takes a verifier's decision. Nobody decides on their own claim or on one they filed; an appeal goes to another person
/// than the one who rejected. The same decision again by the same actor changes nothing.
pub async fn decide_on_claim(
    app: &App,
    actor: &Actor,
    id: i64,
    verdict: ClaimVerdict,
    reason: &str,
) -> Result<Claim, ClaimError> {
    if !actor.may(Permission::DecideClaims) {
        return Err(ClaimError::Forbidden("only a verifier decides on claims"));
    }
    let reason = if verdict == ClaimVerdict::Verified && reason.trim().is_empty() {
        ""
    } else {
        text("/reason", reason)?
    };
    freeze_before(app).await;
    again!(once(app, actor, id, verdict, reason))?;
    let claim = app.store.claim(id).await?.ok_or(ClaimError::NotFound(id))?;
    // The decision stands, whatever comes of this.
    if let Err(error) = look_at(app, &claim).await {
        tracing::error!(%error, claim = id, "a decided claim was not looked at for signs");
    }
    Ok(claim)
}

/// A claim has no campaign, so the chore that looks at changed days does not see it.
async fn look_at(app: &App, claim: &Claim) -> Result<(), StoreError> {
    if let Some(made) = claim.external_id.as_deref().filter(|_| claim.status.is_true())
        && let Some(conversion) = app.store.conversion(made).await?
    {
        look_at_claims(app, conversion.day).await?;
    }
    Ok(())
}

async fn once(
    app: &App,
    actor: &Actor,
    id: i64,
    verdict: ClaimVerdict,
    reason: &str,
) -> Result<(), ClaimError> {
    let now_ms = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    let claim = lock_all(app, &mut tx, id).await?;
    if let Some(barred) = barred(actor, &claim) {
        return Err(ClaimError::Forbidden(match barred {
            Barred::Own => "nobody decides on their own claim, or on one they filed",
            Barred::FirstDecider => "an appeal goes to another person than the first decision",
        }));
    }
    let who = actor.word();
    let me = actor.employee();
    let step = verdict.step(claim.status);
    if is_decider(actor, &claim) && claim.status.as_str() == step.as_str() {
        return Ok(());
    }
    let to = claim.status.after(step)?;
    let step_taken = ClaimMove {
        from: claim.status,
        to,
        decided: Some((&who, me)),
        at: now_ms,
    };
    move_claim(&mut tx, id, &step_taken).await?;
    let told = note(&mut tx, id, step, (&who, me), reason, now_ms).await?;
    if to.is_true() {
        if let Some(detail) = credited_elsewhere(&mut tx, &claim).await? {
            return Err(ClaimError::Credited(detail));
        }
        credit(app, &mut tx, actor, &claim, false).await?;
    }
    tell(&mut tx, actor, &claim, (to, told, reason), now_ms).await?;
    tx.commit().await?;
    Ok(())
}

/// A record speaks of this open claim: it verifies it when it names the claimant, was written by somebody else, and
/// nothing is in doubt; else the timeline says what a person must look at. The claim and its customer are locked.
/// Gives whether it verified it.
pub(super) async fn verify_by_record(
    app: &App,
    tx: &mut Tx,
    claim: &Claim,
    record: &CrmRecord,
) -> Result<bool, ClaimError> {
    let now_ms = app.clock.now_ms();
    let seen = format!("CRM {}: {}", record.external_id, record.source_note);
    let claim = &with_order_of(tx, claim, record, now_ms).await?;
    let doubt = doubt(tx, claim, record).await?;
    let system = Actor::System;
    let who = system.word();
    if let Some(doubt) = doubt {
        let reason = doubt.after(&seen);
        note(tx, claim.id, ClaimStep::CrmSeen, (&who, None), &reason, now_ms).await?;
        return Ok(false);
    }
    let to = claim.status.after(ClaimStep::Verified)?;
    let step = ClaimMove {
        from: claim.status,
        to,
        decided: Some((&who, None)),
        at: now_ms,
    };
    move_claim(tx, claim.id, &step).await?;
    let told = note(tx, claim.id, ClaimStep::Verified, (&who, None), &seen, now_ms).await?;
    // Known to the CRM before it was claimed: perhaps copied from there (attribution.md §9).
    set_order(tx, claim).await?;
    let is_late = record.received_at < claim.filed_at;
    credit(app, tx, &system, claim, is_late).await?;
    tell(tx, &system, claim, (to, told, &seen), now_ms).await?;
    Ok(true)
}

/// The claim as the record completes it: where a sale names no order, the record's is the order of its deal.
async fn with_order_of(
    tx: &mut Tx,
    claim: &Claim,
    record: &CrmRecord,
    now_ms: i64,
) -> Result<Claim, StoreError> {
    let mut claim = claim.clone();
    if claim.kind == ConversionKind::Sale
        && claim.order_key.is_none()
        && let Some(key) = &record.order_key
    {
        lock_order(tx, key, now_ms).await?;
        claim.order_no.clone_from(&record.order_no);
        claim.order_key = Some(key.clone());
    }
    Ok(claim)
}

/// Why a record cannot verify a claim by itself.
async fn doubt(tx: &mut Tx, claim: &Claim, record: &CrmRecord) -> Result<Option<Doubt>, StoreError> {
    let Some(named) = SourceNote::parse(&record.source_note) else {
        return Ok(Some(Doubt::Unnamed));
    };
    let people = people_by_code_or_name(tx, named.as_str()).await?;
    let list = || people.iter().map(|p| (p.id.0, p.code.as_str(), p.name.as_str()));
    Ok(match named.named(list()) {
        Named::Nobody => Some(Doubt::Nobody),
        Named::Several => Some(Doubt::Several),
        Named::One(other) if EmployeeId(other) != claim.employee => Some(Doubt::Other),
        Named::One(_) => {
            let claimant = people.iter().find(|p| p.id == claim.employee);
            let own = claimant.is_some_and(|p| is_author(p, &record.created_by));
            if own {
                Some(Doubt::Own)
            } else if !matches!(claim.status, ClaimState::Submitted | ClaimState::NeedsInformation) {
                Some(Doubt::Appealed)
            } else if has_contested(tx, claim.id, None).await? {
                Some(Doubt::Contested)
            } else if credited_elsewhere(tx, claim).await?.is_some() {
                Some(Doubt::Credited)
            } else {
                None
            }
        }
    })
}

/// Locks a claim's customer, its order and the claim, in this order.
pub(super) async fn lock_all(app: &App, tx: &mut Tx, id: i64) -> Result<Claim, ClaimError> {
    let seen = app.store.claim(id).await?.ok_or(ClaimError::NotFound(id))?;
    let now_ms = app.clock.now_ms();
    customers::lock_customer(tx, seen.customer, now_ms).await?;
    if let Some(order) = &seen.order_key {
        lock_order(tx, order, now_ms).await?;
    }
    lock_claim(tx, id).await?.ok_or(ClaimError::NotFound(id))
}

/// Tells the audit log, webhooks and the claimant; `step` is the row of the timeline.
async fn tell(
    tx: &mut Tx,
    actor: &Actor,
    claim: &Claim,
    (to, step, reason): (ClaimState, i64, &str),
    now_ms: i64,
) -> Result<(), StoreError> {
    let detail = json!({ "from": claim.status.as_str(), "to": to.as_str(), "reason": reason });
    let subject = format!("claim:{}", claim.id);
    insert_audit(tx, now_ms, &actor.word(), "claim.decided", &subject, &detail).await?;
    claim_decided(tx, claim, (to, step, reason), now_ms).await?;
    let notice = Notice {
        kind: NoticeKind::ClaimDecided,
        about: format!("{}:{step}", claim.id),
        facts: json!({ "claim": claim.id, "state": to.as_str(), "reason": reason }),
    };
    tell_person(tx, claim.employee, &notice, now_ms).await?;
    Ok(())
}
