//! From a true claim to a credited conversion: one order, one credit.

use jiff::civil::Time;

use crate::app::check::hold_until;
use crate::app::claims::ClaimError;
use crate::app::convert::{Customer, take_in};
use crate::app::redecide::redecide_in;
use crate::app::verdict::move_to;
use crate::app::{Actor, App};
use crate::attribution::claim::{Grounds, OrderKey, grounds};
use crate::attribution::{Cause, ConversionKind, Reason, Source, Status, Step};
use crate::domain::{ContentHash, Currency};
use crate::storage::claims::{Claim, open_claims_about, set_conversion, set_doubts, true_claim_of};
use crate::storage::conversions::{
    Conversion, NewConversion, by_external_id, lock_by_external_id, lock_by_order,
};
use crate::storage::{StoreError, Tx};

const PREFIX: &str = "claim:";

/// The claim a conversion's external id says it came out of.
pub(in crate::app) fn claim_id(external_id: &str) -> Option<i64> {
    external_id.strip_prefix(PREFIX)?.parse().ok()
}

/// Why a claim cannot be credited though it may be true: its deal has its credit.
pub(super) async fn credited_elsewhere(tx: &mut Tx, claim: &Claim) -> Result<Option<String>, StoreError> {
    let others = open_claims_about(tx, claim.deal()).await?;
    let twice = others
        .iter()
        .find(|c| c.id != claim.id && c.status.is_true() && is_one_deal(c, claim));
    if let Some(other) = twice {
        return Ok(Some(format!(
            "claim {} on the same deal was found true: one order, one credit",
            other.id
        )));
    }
    let known = lock_order_of(tx, claim).await?;
    let other = known.filter(|c| c.credited_to.is_some_and(|e| e != claim.employee));
    Ok(other.map(|c| {
        let how = c.via.map_or("the rules", |via| via.as_str());
        format!(
            "order {:?} is credited to somebody else, by {how}: one order, one credit",
            c.external_id
        )
    }))
}

/// Whether two claims are about one deal: the same order, or the same customer within the time either was held.
fn is_one_deal(one: &Claim, other: &Claim) -> bool {
    match grounds(one.deal(), other.deal()) {
        Some(Grounds::Order) => true,
        // Later on, the customer may have come again.
        Some(Grounds::Customer) => one.filed_at < other.held_until && other.filed_at < one.held_until,
        None => false,
    }
}

/// The shop's own conversion of the order a claim names, locked.
async fn lock_order_of(tx: &mut Tx, claim: &Claim) -> Result<Option<Conversion>, StoreError> {
    let Some(key) = claim.order_key.as_deref() else {
        return Ok(None);
    };
    let written = claim.order_no.as_deref().unwrap_or(key).trim();
    lock_by_order(tx, claim.kind, written, key).await
}

/// Credits a claim that has just been found true; its customer is locked. Where the shop knows the order, that
/// conversion is decided once more with the claim as evidence; else the claim becomes a conversion of its own.
/// `is_late`: the CRM knew the deal before it was claimed; that holds the money.
pub(super) async fn credit(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    claim: &Claim,
    is_late: bool,
) -> Result<(), ClaimError> {
    let now_ms = app.clock.now_ms();
    if is_late {
        set_doubts(tx, claim.id, &[Step::new(Reason::ClaimLate)]).await?;
    }
    if let Some(known) = lock_order_of(tx, claim).await? {
        let order = &known.external_id;
        redecide_in(app, tx, actor, order).await?;
        return Ok(set_conversion(tx, claim.id, order).await?);
    }
    let external_id = format!("{PREFIX}{}", claim.id);
    let noon = claim
        .occurred_on
        .to_datetime(Time::constant(12, 0, 0, 0))
        .to_zoned(app.programme.zone.clone())
        .map_or(now_ms, |at| at.timestamp().as_millisecond());
    // A deal of this morning has not seen noon yet.
    let occurred_at = noon.min(now_ms);
    let mut hash = ContentHash::default();
    hash.part(&external_id).part(&claim.content_hash);
    let new = NewConversion {
        content_hash: hash.finish(),
        kind: claim.kind,
        source: Source::Claim,
        occurred_at,
        day: claim.occurred_on,
        amount: claim.amount,
        currency: claim.currency.parse().unwrap_or(Currency::CNY),
        product_class: None,
        click: None,
        coupon_code: None,
        form_ms: None,
        // The hold runs from the month the claim was found true in: its deal's month may be long closed.
        hold_until: hold_until(
            claim.occurred_on.max(app.today()),
            app.programme.hold_days,
            &app.programme.zone,
        ),
        created_by: actor.word(),
        created_at: now_ms,
        external_id: external_id.clone(),
    };
    let taken = take_in(app, tx, &new, Customer::Known(claim.customer), None).await?;
    taken.ok_or_else(|| ClaimError::Conflict(format!("conversion {external_id:?} is there already")))?;
    Ok(set_conversion(tx, claim.id, &external_id).await?)
}

/// The shop's own order arrives after a claim on it was found true: the claim's conversion gives way to it, before
/// anything about the customer is read, so that one order is credited once. What spoke against it stays with the claim,
/// and holds the order. A claim that was paid stays; the newcomer is for a person then.
pub(in crate::app) async fn give_way(tx: &mut Tx, new: &NewConversion) -> Result<(), StoreError> {
    if new.source == Source::Claim {
        return Ok(());
    }
    let Some((claim, own)) = true_claim_on(tx, &new.external_id, new.kind).await? else {
        return Ok(());
    };
    let Some(old) = lock_by_external_id(tx, &own).await? else {
        return Ok(());
    };
    if old.status == Status::Paid {
        return Ok(());
    }
    let doubts = doubts_of(&claim, &old);
    if doubts != claim.doubts {
        set_doubts(tx, claim.id, &doubts).await?;
    }
    if !matches!(old.status, Status::Rejected | Status::Refunded) {
        let reason = Cause::Order(new.external_id.clone()).to_string();
        move_to(
            tx,
            &old,
            Status::Rejected,
            Some(("system", &reason)),
            new.created_at,
        )
        .await?;
    }
    set_conversion(tx, claim.id, &new.external_id).await
}

/// What speaks against a claim when its conversion gives way.
fn doubts_of(claim: &Claim, old: &Conversion) -> Vec<Step> {
    let mut doubts = claim.doubts.clone();
    if old.status.counts() {
        // Whoever released it has seen what held it.
        doubts.retain(|doubt| !old.steps.iter().any(|seen| seen.reason == doubt.reason));
    }
    if matches!(old.status, Status::Held | Status::Rejected) && old.decided_by.is_some() {
        let whose = old.credited_code.clone().or_else(|| old.indirect_code.clone());
        doubts.push(
            Step::new(Reason::ClaimDoubted)
                .word("employee", whose.unwrap_or_default())
                .word("said", old.decided_reason.clone().unwrap_or_default()),
        );
    }
    if old.refunded.minor() > 0 {
        doubts.push(Step::new(Reason::ClaimRefunded).word("amount", old.refunded.to_string()));
    }
    doubts
}

/// What holds what a claim credits, as it stands now: the claim's own doubts, and on another conversion than its own that
/// it was paid already.
pub(in crate::app) async fn claim_doubts(
    tx: &mut Tx,
    claim: &Claim,
    external_id: &str,
) -> Result<Vec<Step>, StoreError> {
    let mut doubts = claim.doubts.clone();
    let own = claim.external_id.as_deref();
    if let Some(own) = own.filter(|own| claim_id(own).is_some() && *own != external_id) {
        // Not locked: what is paid stays so, or is clawed back.
        let made = by_external_id(tx, own).await?;
        if made.is_some_and(|c| c.status == Status::Paid) {
            doubts.push(Step::new(Reason::ClaimPaid));
        }
    }
    Ok(doubts)
}

/// The claim found true on an order, with the conversion it made of its own.
async fn true_claim_on(
    tx: &mut Tx,
    external_id: &str,
    kind: ConversionKind,
) -> Result<Option<(Claim, String)>, StoreError> {
    let Some(order) = OrderKey::parse(external_id) else {
        return Ok(None);
    };
    let claim = true_claim_of(tx, None, Some(order.as_str())).await?;
    Ok(claim.filter(|c| c.kind == kind).and_then(|c| {
        let own = c.external_id.clone().filter(|id| claim_id(id).is_some())?;
        Some((c, own))
    }))
}

#[cfg(test)]
mod tests {
    use super::claim_id;

    #[test]
    fn only_ids_of_claims_lead_to_claims() {
        assert_eq!(claim_id("claim:17"), Some(17));
        for other in ["claim:", "claim:x", "CLAIM:17", "17", "order-17"] {
            assert_eq!(claim_id(other), None, "{other}");
        }
    }
}
