//! Exchanges with friends under a post, and awards.

use jiff::civil::Date;

use crate::domain::EmployeeId;
use crate::storage::shares::{Decided, Filter, filed_list, write_decision};
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// An exchange as it stands.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct InteractionRow {
    /// Row.
    pub id: i64,
    /// Whose.
    pub employee_id: i64,
    /// Their code.
    pub employee_code: String,
    /// The post it was under.
    pub share_id: i64,
    /// The friend, as the employee calls them.
    pub friend: String,
    /// Milliseconds UTC.
    pub occurred_at: i64,
    /// Business day, ISO.
    pub day: String,
    /// Where it can be seen.
    pub evidence_url: Option<String>,
    /// `pending`, `approved` or `rejected`.
    pub status: String,
    /// `pending`, `earned`, `after-leaving` or `rejected`.
    pub outcome: String,
    /// Points in force.
    pub points: i64,
    /// Who told us: an actor's word.
    pub filed_by: String,
    /// The person that actor is tied to.
    pub filed_for: Option<i64>,
    /// Milliseconds UTC.
    pub filed_at: i64,
    /// Who decided last.
    pub decided_by: Option<String>,
    /// Milliseconds UTC.
    pub decided_at: Option<i64>,
    /// Why.
    pub reason: Option<String>,
}

/// An exchange to be written, pending.
#[derive(Clone, Debug)]
pub struct NewInteractionRow<'a> {
    /// Whose.
    pub employee: EmployeeId,
    /// The post it was under.
    pub share: i64,
    /// The friend as written.
    pub friend: &'a str,
    /// The friend as compared.
    pub friend_key: &'a str,
    /// Milliseconds UTC.
    pub occurred_at: i64,
    /// Business day.
    pub day: Date,
    /// Where it can be seen.
    pub evidence_url: Option<&'a str>,
    /// Who told us.
    pub filed_by: &'a str,
    /// The person that actor is tied to.
    pub filed_for: Option<EmployeeId>,
    /// Milliseconds UTC.
    pub filed_at: i64,
}

/// An award as it stands.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AwardRow {
    /// Row.
    pub id: i64,
    /// `best-creator`.
    pub kind: String,
    /// `2026-11`.
    pub month: String,
    /// To whom.
    pub employee_id: i64,
    /// Their code.
    pub employee_code: String,
    /// How many points.
    pub points: i64,
    /// Why.
    pub reason: String,
    /// Who gave it: an actor's word.
    pub given_by: String,
    /// Milliseconds UTC.
    pub given_at: i64,
}

macro_rules! interaction_sql {
    ($rest:literal) => {
        concat!(
            "select i.id, i.employee_id, e.code as employee_code, i.share_id, i.friend, i.occurred_at, i.day, \
             i.evidence_url, i.status, i.outcome, i.points, i.filed_by, i.filed_for, i.filed_at, i.decided_by, \
             i.decided_at, i.reason from interactions i join employees e on e.id = i.employee_id ",
            $rest
        )
    };
}

macro_rules! award_sql {
    ($rest:literal) => {
        concat!(
            "select a.id, a.kind, a.month, a.employee_id, e.code as employee_code, a.points, a.reason, a.given_by, \
             a.given_at from awards a join employees e on e.id = a.employee_id ",
            $rest
        )
    };
}

impl Store {
    /// Exchanges, newest first; `before` is the last page's smallest id.
    pub async fn interactions(
        &self,
        filter: Filter<'_>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<InteractionRow>, StoreError> {
        Ok(filed_list!(self, interaction_sql, "i", filter, before, limit))
    }

    /// One's exchanges under these shares, from one row to another, newest first; at most 1 000, twenty and more a share.
    pub async fn interactions_under(
        &self,
        employee: EmployeeId,
        (first, last): (i64, i64),
    ) -> Result<Vec<InteractionRow>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(interaction_sql!(
                "where i.employee_id = $1 and i.share_id >= $2 and i.share_id <= $3 order by i.id desc \
                 limit 1000"
            ))
            .bind(employee.0)
            .bind(first)
            .bind(last)
            .fetch_all(db)
            .await?
        }))
    }

    /// Awards, newest first; `before` is the last page's smallest id.
    pub async fn awards(
        &self,
        employee: Option<EmployeeId>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AwardRow>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(award_sql!(
                "where a.id < $1 and a.employee_id = coalesce($2, a.employee_id) order by a.id desc limit $3"
            ))
            .bind(before.unwrap_or(i64::MAX))
            .bind(employee.map(|e| e.0))
            .bind(limit)
            .fetch_all(db)
            .await?
        }))
    }
}

/// The exchange with this id.
pub async fn interaction(tx: &mut Tx, id: i64) -> Result<Option<InteractionRow>, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query_as(interaction_sql!("where i.id = $1"))
            .bind(id)
            .fetch_optional(db)
            .await?
    }))
}

/// The exchange with a friend under a post: its natural key.
pub async fn interaction_with(
    tx: &mut Tx,
    share: i64,
    friend_key: &str,
) -> Result<Option<InteractionRow>, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query_as(interaction_sql!("where i.share_id = $1 and i.friend_key = $2"))
            .bind(share)
            .bind(friend_key)
            .fetch_optional(db)
            .await?
    }))
}

/// Writes an exchange, pending; returns its row.
pub async fn insert_interaction(tx: &mut Tx, new: &NewInteractionRow<'_>) -> Result<i64, StoreError> {
    let (id,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "insert into interactions (employee_id, share_id, friend, friend_key, occurred_at, day, evidence_url, \
             status, outcome, points, filed_by, filed_for, filed_at) \
             values ($1, $2, $3, $4, $5, $6, $7, 'pending', 'pending', 0, $8, $9, $10) returning id",
        )
        .bind(new.employee.0)
        .bind(new.share)
        .bind(new.friend)
        .bind(new.friend_key)
        .bind(new.occurred_at)
        .bind(new.day.to_string())
        .bind(new.evidence_url)
        .bind(new.filed_by)
        .bind(new.filed_for.map(|e| e.0))
        .bind(new.filed_at)
        .fetch_one(db)
        .await?
    });
    Ok(id)
}

/// Writes a decision on an exchange.
pub async fn decide_interaction(tx: &mut Tx, id: i64, decided: &Decided<'_>) -> Result<(), StoreError> {
    write_decision!(tx, "interactions", id, decided)
}

/// Writes an award; `false`, and nothing written, when the month has one of this kind.
pub async fn insert_award(
    tx: &mut Tx,
    kind: &str,
    month: &str,
    employee: EmployeeId,
    points: i64,
    reason: &str,
    given: (&str, i64),
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into awards (kind, month, employee_id, points, reason, given_by, given_at) \
             values ($1, $2, $3, $4, $5, $6, $7) on conflict (kind, month) do nothing",
        )
        .bind(kind)
        .bind(month)
        .bind(employee.0)
        .bind(points)
        .bind(reason)
        .bind(given.0)
        .bind(given.1)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}

/// The award of a kind for a month.
pub async fn award_of(tx: &mut Tx, kind: &str, month: &str) -> Result<Option<AwardRow>, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query_as(award_sql!("where a.kind = $1 and a.month = $2"))
            .bind(kind)
            .bind(month)
            .fetch_optional(db)
            .await?
    }))
}
