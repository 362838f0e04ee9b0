//! Events for webhooks, composed and filed with what they tell (api.md).
//!
//! Whoever does something calls the function of its event inside the same transaction; a chore sends what was filed.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::attribution::ConversionKind;
use crate::attribution::claim::ClaimState;
use crate::domain::{EmployeeId, Period};
use crate::storage::boards::person_in;
use crate::storage::claims::Claim;
use crate::storage::conversions::{Conversion, lock_by_external_id};
use crate::storage::pay::{Run, RunState};
use crate::storage::refunds::NewRefund;
use crate::storage::{StoreError, Tx, event_is_wanted, file_event};
use crate::tell::Event;

/// RFC 3339.
fn instant(ms: i64) -> Value {
    Value::String(
        Timestamp::from_millisecond(ms)
            .unwrap_or(Timestamp::UNIX_EPOCH)
            .to_string(),
    )
}

/// `lead.created` or `sale.created`: a conversion was taken.
pub(in crate::app) async fn conversion_created(
    tx: &mut Tx,
    kind: ConversionKind,
    external_id: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    let event = match kind {
        ConversionKind::Lead => Event::LeadCreated,
        ConversionKind::Sale => Event::SaleCreated,
    };
    if !event_is_wanted(tx, event).await? {
        return Ok(());
    }
    if let Some(conversion) = lock_by_external_id(tx, external_id).await? {
        let mut data = conversion_data(&conversion);
        data["credited_name"] = json!(shown(tx, conversion.credited_to).await?);
        file_event(tx, event, external_id, now_ms, &data).await?;
    }
    Ok(())
}

/// A person as they chose to appear to others: group chats say it.
async fn shown(tx: &mut Tx, person: Option<EmployeeId>) -> Result<Option<String>, StoreError> {
    let Some(person) = person else { return Ok(None) };
    Ok(person_in(tx, person).await?.map(|who| who.shown()))
}

fn conversion_data(c: &Conversion) -> Value {
    let mut data = json!({
        "id": c.id.0,
        "external_id": c.external_id,
        "kind": c.kind.to_string(),
        "source": c.source.to_string(),
        "status": c.status.to_string(),
        "credited_to": c.credited_code,
        "indirect_to": c.indirect_code,
        "via": c.via.map(|via| via.to_string()),
        "occurred_at": instant(c.occurred_at),
        "coupon": c.coupon_code,
        "product_class": c.product_class,
    });
    if c.kind == ConversionKind::Sale {
        data["amount"] = json!(c.amount.to_string());
        data["currency"] = json!(c.currency);
    }
    data
}

/// `sale.refunded`: a sale was given back, wholly or in part. `sale` is as it was before.
pub(in crate::app) async fn sale_refunded(
    tx: &mut Tx,
    sale: &Conversion,
    refund: &NewRefund,
    (status, rest): (&str, String),
) -> Result<(), StoreError> {
    let data = json!({
        "external_id": refund.external_id,
        "conversion": sale.external_id,
        "amount": refund.amount.to_string(),
        "rest": rest,
        "currency": sale.currency,
        "status": status,
        "credited_to": sale.credited_code,
        "occurred_at": instant(refund.occurred_at),
    });
    file_event(
        tx,
        Event::SaleRefunded,
        &refund.external_id,
        refund.created_at,
        &data,
    )
    .await?;
    Ok(())
}

/// `claim.decided`: `step` is the row of the timeline that says so; `claim` as it was before.
pub(in crate::app) async fn claim_decided(
    tx: &mut Tx,
    claim: &Claim,
    (to, step, reason): (ClaimState, i64, &str),
    now_ms: i64,
) -> Result<(), StoreError> {
    if !event_is_wanted(tx, Event::ClaimDecided).await? {
        return Ok(());
    }
    let data = json!({
        "id": claim.id,
        "employee": claim.employee_code,
        "employee_name": shown(tx, Some(claim.employee)).await?,
        "kind": claim.kind.to_string(),
        "status": to.as_str(),
        "reason": reason,
        "order": claim.order_no,
        // A lead has no amount.
        "amount": (claim.kind == ConversionKind::Sale).then(|| claim.amount.to_string()),
        "currency": claim.currency,
        "occurred_on": claim.occurred_on.to_string(),
        "decided_at": instant(now_ms),
    });
    file_event(
        tx,
        Event::ClaimDecided,
        &format!("{}:{step}", claim.id),
        now_ms,
        &data,
    )
    .await?;
    Ok(())
}

/// `board.frozen`: all boards of a period. `best` are the first of the points board, as everybody may see them.
pub(in crate::app) async fn board_frozen(
    tx: &mut Tx,
    period: &Period,
    (people, best): (usize, Vec<Value>),
    now_ms: i64,
) -> Result<(), StoreError> {
    let label = period.label();
    let data = json!({
        "period": { "label": label, "from": period.first.to_string(), "to": period.end.to_string() },
        "metric": "points",
        "people": people,
        "best": best,
    });
    file_event(tx, Event::BoardFrozen, &label, now_ms, &data).await?;
    Ok(())
}

/// What a run's own document calls the scheme, `{zh, en}`; its id where that says nothing.
pub(in crate::app) fn scheme_name(run: &Run) -> Value {
    let document: toml::Table = run.document.parse().unwrap_or_default();
    let name = |lang: &str| {
        let named = document
            .get("scheme")
            .and_then(|scheme| scheme.get(lang)?.as_str());
        named.unwrap_or(&run.scheme).to_owned()
    };
    json!({ "zh": name("zh"), "en": name("en") })
}

/// `payout.closed` or `payout.paid`; other steps are told to nobody.
pub(in crate::app) async fn payout_moved(
    tx: &mut Tx,
    run: &Run,
    to: RunState,
    now_ms: i64,
) -> Result<(), StoreError> {
    let event = match to {
        RunState::Closed => Event::PayoutClosed,
        RunState::Paid => Event::PayoutPaid,
        _ => return Ok(()),
    };
    let data = json!({
        "id": run.id,
        "scheme": run.scheme,
        "scheme_name": scheme_name(run),
        "period": run.period,
        "from": run.from_on.to_string(),
        "to": run.to_on.to_string(),
        "total": run.total.to_string(),
        "state": to.as_str(),
    });
    file_event(tx, event, &run.id.to_string(), now_ms, &data).await?;
    Ok(())
}
