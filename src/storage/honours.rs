//! Honours: chief recommender, badges, training, a voice in official content.

use crate::domain::EmployeeId;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// An honour as it stands.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Honour {
    /// Row.
    pub id: i64,
    /// Whose.
    pub employee_id: i64,
    /// Their code.
    pub code: String,
    /// Their name.
    pub name: String,
    /// `chief`, `badge`, `training` or `co-creation`.
    pub kind: String,
    /// What it is called.
    pub title: String,
    /// `2026`, `2026-Q4` or `2026-11`.
    pub span: String,
    /// Why.
    pub reason: String,
    /// Who gave it: an actor's word.
    pub given_by: String,
    /// Milliseconds UTC.
    pub given_at: i64,
    /// Who took it back.
    pub withdrawn_by: Option<String>,
    /// Milliseconds UTC.
    pub withdrawn_at: Option<i64>,
    /// Why.
    pub withdrawn_reason: Option<String>,
}

/// An honour to be written.
#[derive(Clone, Debug)]
pub struct NewHonour<'a> {
    /// Whose.
    pub employee: EmployeeId,
    /// The kind's word.
    pub kind: &'a str,
    /// What it is called.
    pub title: &'a str,
    /// A period's label.
    pub span: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Who gives it.
    pub by: &'a str,
    /// Milliseconds UTC.
    pub at: i64,
}

macro_rules! sql {
    ($rest:literal) => {
        concat!(
            "select h.id, h.employee_id, e.code, e.name, h.kind, h.title, h.span, h.reason, h.given_by, h.given_at, \
             h.withdrawn_by, h.withdrawn_at, h.withdrawn_reason from honours h join employees e on e.id = h.employee_id ",
            $rest
        )
    };
}

impl Store {
    /// Honours, the newest first; withdrawn ones too. `before` is the last page's smallest row.
    pub async fn honours(&self, before: Option<i64>, limit: i64) -> Result<Vec<Honour>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(sql!("where h.id < $1 order by h.id desc limit $2"))
                .bind(before.unwrap_or(i64::MAX))
                .bind(limit)
                .fetch_all(db)
                .await?
        }))
    }

    /// The honours in force of one person, the newest first.
    pub async fn honours_of(&self, employee: EmployeeId) -> Result<Vec<Honour>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(sql!(
                "where h.employee_id = $1 and h.withdrawn_at is null order by h.id desc limit 50"
            ))
            .bind(employee.0)
            .fetch_all(db)
            .await?
        }))
    }

    /// Titles in force for boards: by person, the chief's first.
    pub async fn titles(&self, since: i64) -> Result<Vec<(i64, String, String)>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select employee_id, kind, title from honours where withdrawn_at is null and kind in ('chief', 'badge') \
                 and given_at >= $1 order by case kind when 'chief' then 0 else 1 end, id desc limit 2000",
            )
            .bind(since)
            .fetch_all(db)
            .await?
        }))
    }

    /// Kinds of honours given within these instants and in force, for the programme's scheme.
    pub async fn honoured(&self, from: i64, to: i64) -> Result<Vec<(i64, String)>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select distinct employee_id, kind from honours where withdrawn_at is null and given_at >= $1 \
                 and given_at < $2 order by employee_id, kind",
            )
            .bind(from)
            .bind(to)
            .fetch_all(db)
            .await?
        }))
    }

    /// Who is a month's best creator.
    pub async fn best_creator_of(&self, month: &str) -> Result<Option<i64>, StoreError> {
        let row: Option<(i64,)> = reading!(self, |db| {
            sqlx::query_as("select employee_id from awards where kind = 'best-creator' and month = $1")
                .bind(month)
                .fetch_optional(db)
                .await?
        });
        Ok(row.map(|(id,)| id))
    }
}

/// Writes an honour; `None`, and nothing written, when that span has its chief recommender.
pub async fn insert_honour(tx: &mut Tx, new: &NewHonour<'_>) -> Result<Option<i64>, StoreError> {
    let row: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as(
            "insert into honours (employee_id, kind, title, span, reason, given_by, given_at) \
             values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning id",
        )
        .bind(new.employee.0)
        .bind(new.kind)
        .bind(new.title)
        .bind(new.span)
        .bind(new.reason)
        .bind(new.by)
        .bind(new.at)
        .fetch_optional(db)
        .await?
    });
    Ok(row.map(|(id,)| id))
}

/// Takes an honour back; `false`, and nothing written, when it is not in force.
pub async fn withdraw_honour(
    tx: &mut Tx,
    id: i64,
    (by, at, reason): (&str, i64, &str),
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update honours set withdrawn_by = $2, withdrawn_at = $3, withdrawn_reason = $4 \
             where id = $1 and withdrawn_at is null",
        )
        .bind(id)
        .bind(by)
        .bind(at)
        .bind(reason)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}
