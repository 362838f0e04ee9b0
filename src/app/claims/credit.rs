//! From a true claim to a credited conversion: one order, one credit.

use jiff::civil::Time;

use crate::app::check::hold_until;
use crate::app::claims::ClaimError;
use crate::app::convert::{Customer, take_in};
use crate::app::redecide::redecide_in;
use crate::app::verdict::move_to;
use crate::app::{Actor, App};
use crate::attribution::claim::OrderKey;
use crate::attribution::{ConversionKind, Source, Status, Via};
use crate::domain::{ContentHash, Currency};
use crate::storage::claims::{Claim, open_claims_about, set_conversion, true_claim_of};
use crate::storage::conversions::{NewConversion, by_external_id, lock_by_external_id};
use crate::storage::{StoreError, Tx};

const PREFIX: &str = "claim:";

/// The claim a conversion's external id says it came out of.
pub(in crate::app) fn claim_id(external_id: &str) -> Option<i64> {
    external_id.strip_prefix(PREFIX)?.parse().ok()
}

/// Why a claim cannot be credited though it may be true: its order has its credit.
pub(super) async fn credited_elsewhere(tx: &mut Tx, claim: &Claim) -> Result<Option<String>, StoreError> {
    let Some(order) = claim.order_key.as_deref() else {
        return Ok(None);
    };
    let others = open_claims_about(tx, claim.deal()).await?;
    let twice = others
        .iter()
        .find(|c| c.id != claim.id && c.status.is_true() && c.order_key.as_deref() == Some(order));
    if let Some(other) = twice {
        return Ok(Some(format!(
            "claim {} on the same order was found true: one order, one credit",
            other.id
        )));
    }
    let written = claim.order_no.as_deref().unwrap_or(order);
    let known = lock_by_external_id(tx, written).await?;
    let other = known.filter(|c| c.kind == claim.kind && c.credited_to.is_some_and(|e| e != claim.employee));
    Ok(other.map(|c| {
        let how = c.via.map_or("the rules", |via| via.as_str());
        format!("order {written:?} is credited to somebody else, by {how}: one order, one credit")
    }))
}

/// Credits a claim that has just been found true; its customer is locked. Where the shop knows the order, that
/// conversion is decided once more with the claim as evidence; else the claim becomes a conversion of its own.
/// `doubt` holds the money and says why.
pub(super) async fn credit(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    claim: &Claim,
    doubt: Option<&str>,
) -> Result<(), ClaimError> {
    let now_ms = app.clock.now_ms();
    if let Some(order) = claim.order_no.as_deref().map(str::trim)
        && let Some(known) = lock_by_external_id(tx, order).await?
        && known.kind == claim.kind
    {
        redecide_in(app, tx, actor, order).await?;
        if let Some(doubt) = doubt
            && let Some(made) = lock_by_external_id(tx, order).await?
            && made.status == Status::Pending
            && made.via == Some(Via::Claim)
        {
            move_to(tx, &made, Status::Held, Some(("system", doubt)), now_ms).await?;
        }
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
    set_conversion(tx, claim.id, &external_id).await?;
    if let Some(doubt) = doubt
        && let Some(made) = lock_by_external_id(tx, &external_id).await?
        && made.status == Status::Pending
    {
        move_to(tx, &made, Status::Held, Some(("system", doubt)), now_ms).await?;
    }
    Ok(())
}

/// The shop's own order arrives after a claim on it was found true: the claim's conversion gives way to it, before
/// anything about the customer is read, so that one order is credited once. Whether the claim was paid already: it stays
/// then, and the newcomer is for a person.
pub(in crate::app) async fn give_way(tx: &mut Tx, new: &NewConversion) -> Result<bool, StoreError> {
    if new.source == Source::Claim {
        return Ok(false);
    }
    let Some((claim, own)) = true_claim_on(tx, &new.external_id, new.kind).await? else {
        return Ok(false);
    };
    let Some(old) = lock_by_external_id(tx, &own).await? else {
        return Ok(false);
    };
    match old.status {
        Status::Paid => return Ok(true),
        Status::Pending | Status::Approved | Status::Held | Status::Uncredited => {
            let reason = format!("the shop's order {:?} takes its place", new.external_id);
            move_to(
                tx,
                &old,
                Status::Rejected,
                Some(("system", &reason)),
                new.created_at,
            )
            .await?;
            set_conversion(tx, claim.id, &new.external_id).await?;
        }
        Status::Rejected | Status::Refunded => {}
    }
    Ok(false)
}

/// Whether a claim on this order was paid, as a conversion of its own.
pub(in crate::app) async fn paid_elsewhere(
    tx: &mut Tx,
    external_id: &str,
    kind: ConversionKind,
) -> Result<bool, StoreError> {
    if claim_id(external_id).is_some() {
        return Ok(false);
    }
    let Some((_, own)) = true_claim_on(tx, external_id, kind).await? else {
        return Ok(false);
    };
    // Not locked: what is paid stays so, or is clawed back.
    let made = by_external_id(tx, &own).await?;
    Ok(made.is_some_and(|c| c.status == Status::Paid))
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
