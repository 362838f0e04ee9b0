//! Refunds: they take back from the sale's own day (attribution.md §5, GC-13).

use jiff::Timestamp;
use serde_json::json;

use crate::app::board::freeze_before;
use crate::app::check::{Wrong, external_id as check_external_id, occurred};
use crate::app::convert::{book, slice_of};
use crate::app::outbox::sale_refunded;
use crate::app::{Actor, App};
use crate::attribution::{ConversionKind, SKEW_MS, Status, counted};
use crate::domain::{ContentHash, Money};
use crate::storage::refunds::{self, NewRefund};
use crate::storage::{StoreError, conversions, insert_audit};

/// A refund as it was sent.
#[derive(Clone, Debug)]
pub struct RefundInput {
    /// The sale's external id.
    pub conversion: String,
    /// The caller's id for the refund.
    pub external_id: String,
    /// Given back.
    pub amount: Money,
    /// When.
    pub occurred_at: Timestamp,
}

/// Why a refund was not taken.
#[derive(Debug, thiserror::Error)]
pub enum RefundError {
    /// No such sale.
    #[error("no such conversion")]
    Missing,
    /// Fields that are wrong.
    #[error("{}", Wrong::list(.0))]
    Wrong(Vec<Wrong>),
    /// The external id is taken by something else.
    #[error("refund {0:?} was sent before with other content; the same id again must carry the same content")]
    OtherContent(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The answer to a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refunded {
    /// The row.
    pub id: i64,
    /// The sale's state after it.
    pub status: Status,
    /// What was left of the sale after it.
    pub rest: Money,
    /// Whether this call made it; else it is the first answer again.
    pub is_new: bool,
}

/// Books a refund. Partial ones keep the state, the last one makes it `refunded`; beyond the rest is refused.
pub async fn refund(app: &App, actor: &Actor, input: &RefundInput) -> Result<Refunded, RefundError> {
    let now_ms = app.clock.now_ms();
    let at = input.occurred_at.as_millisecond();
    let mut wrong = Vec::new();
    if let Err(detail) = check_external_id(&input.external_id) {
        wrong.push(Wrong::at("/external_id", detail));
    }
    if let Err(detail) = occurred(at, now_ms) {
        wrong.push(Wrong::at("/occurred_at", detail));
    }
    if input.amount <= Money::ZERO {
        wrong.push(Wrong::at("/amount", "a refund is above 0"));
    }
    if !wrong.is_empty() {
        return Err(RefundError::Wrong(wrong));
    }
    freeze_before(app).await;
    let mut tx = app.store.begin().await?;
    let found = conversions::lock_by_external_id(&mut tx, &input.conversion).await?;
    let sale = found.ok_or(RefundError::Missing)?;
    let content_hash = content_hash(input);
    let other = || RefundError::OtherContent(input.external_id.clone());
    if let Some(known) = refunds::by_external_id(&mut tx, &input.external_id).await? {
        return if known.content_hash == content_hash {
            Ok(Refunded {
                id: known.id,
                status: known.first_status,
                rest: known.first_rest,
                is_new: false,
            })
        } else {
            Err(other())
        };
    }
    let refuse = |pointer, detail: String| Err(RefundError::Wrong(vec![Wrong::at(pointer, detail)]));
    if sale.kind == ConversionKind::Lead {
        return refuse("/amount", "a lead has no amount to give back".to_owned());
    }
    if at < sale.occurred_at - SKEW_MS {
        return refuse("/occurred_at", "lies before the sale".to_owned());
    }
    if input.amount > sale.net() {
        return refuse("/amount", format!("beyond the rest of the sale, {}", sale.net()));
    }
    let rest = Money::from_minor(sale.net().minor() - input.amount.minor());
    let status = sale.status.after_refund(rest == Money::ZERO);
    let new = NewRefund {
        external_id: input.external_id.clone(),
        content_hash,
        amount: input.amount,
        occurred_at: at,
        created_by: actor.word(),
        created_at: now_ms,
    };
    // Taken meanwhile by a refund of another sale.
    let id = refunds::insert(&mut tx, &sale, &new, status, rest)
        .await?
        .ok_or_else(other)?;
    let mut difference = counted(sale.kind, status, rest);
    difference += -counted(sale.kind, sale.status, sale.net());
    book(&mut tx, &slice_of(&sale), difference).await?;
    insert_audit(
        &mut tx,
        now_ms,
        &actor.word(),
        "conversion.refunded",
        &format!("conversion:{}", input.conversion),
        &json!({ "refund": input.external_id, "amount": input.amount.to_string(), "rest": rest.to_string() }),
    )
    .await?;
    sale_refunded(&mut tx, &sale, &new, (status.as_str(), rest.to_string())).await?;
    tx.commit().await?;
    Ok(Refunded {
        id,
        status,
        rest,
        is_new: true,
    })
}

fn content_hash(input: &RefundInput) -> [u8; 32] {
    let mut hash = ContentHash::default();
    hash.part(&input.conversion);
    hash.part(input.amount.minor().to_le_bytes());
    hash.part(input.occurred_at.as_millisecond().to_le_bytes());
    hash.finish()
}
