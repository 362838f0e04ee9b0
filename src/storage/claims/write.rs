//! Filing and moving claims.

use crate::attribution::Step;
use crate::attribution::claim::ClaimState;
use crate::domain::EmployeeId;
use crate::storage::claims::row::{Claim, NewClaim, Row, claim_sql};
use crate::storage::{StoreError, Tx, writing};

/// A step from one state to the next.
#[derive(Clone, Copy, Debug)]
pub struct ClaimMove<'a> {
    /// Where it stood; the row is not moved when it stands elsewhere.
    pub from: ClaimState,
    /// Where it stands then.
    pub to: ClaimState,
    /// Who decided, and the person behind the actor; `None` for a claimant's own step.
    pub decided: Option<(&'a str, Option<EmployeeId>)>,
    /// Milliseconds UTC.
    pub at: i64,
}

/// Locks an order number until the transaction ends, so that two claims on it follow one another.
pub async fn lock_order(tx: &mut Tx, order_key: &str, now_ms: i64) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into claim_orders (order_key, seen_at) values ($1, $2) \
             on conflict (order_key) do update set seen_at = excluded.seen_at",
        )
        .bind(order_key)
        .bind(now_ms)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("claim_orders", done, 1)
}

/// Writes a claim, submitted; returns its row.
pub async fn insert_claim(tx: &mut Tx, new: &NewClaim<'_>) -> Result<i64, StoreError> {
    let (id,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "insert into claims (employee_id, kind, status, content_hash, customer_id, order_no, order_key, bought, \
             amount, currency, occurred_on, story, nonce, sealed, erase_at, held_until, filed_by, filed_for, filed_at, \
             changed_at) values ($1, $2, 'submitted', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
             $17, $18, $18) returning id",
        )
        .bind(new.employee.0)
        .bind(new.kind.as_str())
        .bind(&new.content_hash[..])
        .bind(new.customer.0)
        .bind(new.order.map(|(written, _)| written))
        .bind(new.order.map(|(_, key)| key))
        .bind(new.bought)
        .bind(new.amount.minor())
        .bind(new.currency.as_str())
        .bind(new.occurred_on.to_string())
        .bind(new.story)
        .bind(new.sealed.map(|s| s.nonce.as_slice()))
        .bind(new.sealed.map(|s| s.sealed.as_slice()))
        .bind(new.erase_at)
        .bind(new.held_until)
        .bind(new.filed_by)
        .bind(new.filed_for.map(|e| e.0))
        .bind(new.filed_at)
        .fetch_one(db)
        .await?
    });
    Ok(id)
}

/// A claim, locked until the transaction ends.
pub async fn lock_claim(tx: &mut Tx, id: i64) -> Result<Option<Claim>, StoreError> {
    let row: Option<Row> = writing!(tx, |db| {
        // `for update` exists on one database only; a write locks on both.
        sqlx::query("update claims set changed_at = changed_at where id = $1")
            .bind(id)
            .execute(&mut *db)
            .await?;
        sqlx::query_as(claim_sql!("where c.id = $1"))
            .bind(id)
            .fetch_optional(&mut *db)
            .await?
    });
    row.map(TryInto::try_into).transpose()
}

/// Moves a locked claim on.
pub async fn move_claim(tx: &mut Tx, id: i64, step: &ClaimMove<'_>) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update claims set status = $3, decided_by = coalesce($4, decided_by), \
             decided_for = case when cast($4 as text) is null then decided_for else $5 end, \
             decided_at = case when cast($4 as text) is null then decided_at else $6 end, changed_at = $6 \
             where id = $1 and status = $2",
        )
        .bind(id)
        .bind(step.from.as_str())
        .bind(step.to.as_str())
        .bind(step.decided.map(|(who, _)| who))
        .bind(step.decided.and_then(|(_, person)| person).map(|e| e.0))
        .bind(step.at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("claims: move", done, 1)
}

/// Notes which conversion a claim became, or credited.
pub async fn set_conversion(tx: &mut Tx, id: i64, external_id: &str) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("update claims set external_id = $2 where id = $1")
            .bind(id)
            .bind(external_id)
            .execute(db)
            .await?
            .rows_affected()
    });
    StoreError::check_rows("claims: conversion", done, 1)
}

/// Notes what speaks against what a claim credits, in place of what was noted before.
pub async fn set_doubts(tx: &mut Tx, id: i64, doubts: &[Step]) -> Result<(), StoreError> {
    let doubts = serde_json::to_string(doubts).map_err(|e| StoreError::Corrupt {
        table: "claims",
        column: "doubts",
        value: e.to_string(),
    })?;
    let done = writing!(tx, |db| {
        sqlx::query("update claims set doubts = $2 where id = $1")
            .bind(id)
            .bind(doubts)
            .execute(db)
            .await?
            .rows_affected()
    });
    StoreError::check_rows("claims: doubts", done, 1)
}

/// Notes which order a claim is about.
pub async fn set_order(tx: &mut Tx, claim: &Claim) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("update claims set order_no = $2, order_key = $3 where id = $1")
            .bind(claim.id)
            .bind(&claim.order_no)
            .bind(&claim.order_key)
            .execute(db)
            .await?
            .rows_affected()
    });
    StoreError::check_rows("claims: order", done, 1)
}
