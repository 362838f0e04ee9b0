//! The programme's rules: published versions, and who accepted which.

use jiff::civil::Date;

use crate::domain::EmployeeId;
use crate::storage::convert::day;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A published version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesVersion {
    /// Row.
    pub id: i64,
    /// 1, 2, …: what people call it by.
    pub number: i64,
    /// Its text, as `rules::blocks` reads it.
    pub body: String,
    /// First business day it is in force.
    pub effective_on: Date,
    /// What changed, in a sentence; may be empty.
    pub note: String,
    /// An actor's word.
    pub published_by: String,
    /// Milliseconds UTC.
    pub published_at: i64,
}

/// A version to be published.
#[derive(Clone, Copy, Debug)]
pub struct NewRules<'a> {
    /// Its text.
    pub body: &'a str,
    /// First business day it is in force.
    pub effective_on: Date,
    /// What changed.
    pub note: &'a str,
    /// An actor's word.
    pub by: &'a str,
    /// Milliseconds UTC.
    pub at: i64,
}

type Row = (i64, i64, String, String, String, String, i64);

fn from_row(row: Row) -> Result<RulesVersion, StoreError> {
    let (id, number, body, effective_on, note, published_by, published_at) = row;
    Ok(RulesVersion {
        id,
        number,
        body,
        effective_on: day("rules_versions", "effective_on", effective_on)?,
        note,
        published_by,
        published_at,
    })
}

impl Store {
    /// The versions, newest first; at most 100.
    pub async fn rules_versions(&self) -> Result<Vec<RulesVersion>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(
                "select id, number, body, effective_on, note, published_by, published_at from rules_versions \
                 order by number desc limit 100",
            )
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(from_row).collect()
    }

    /// Which versions somebody accepted, and when (milliseconds UTC).
    pub async fn rules_accepted(&self, employee: EmployeeId) -> Result<Vec<(i64, i64)>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select version_id, accepted_at from rules_acceptances where employee_id = $1 order by version_id",
            )
            .bind(employee.0)
            .fetch_all(db)
            .await?
        }))
    }

    /// How many people accepted each version: version and count.
    pub async fn rules_acceptances(&self) -> Result<Vec<(i64, i64)>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as("select version_id, count(*) from rules_acceptances group by version_id")
                .fetch_all(db)
                .await?
        }))
    }

    /// Whether a version is published that somebody would have to accept before their first link: some is, and they
    /// accepted none.
    pub async fn rules_hold_up(&self, employee: EmployeeId) -> Result<bool, StoreError> {
        let (versions, accepted): (i64, i64) = reading!(self, |db| {
            sqlx::query_as(
                "select (select count(*) from rules_versions), \
                 (select count(*) from rules_acceptances where employee_id = $1)",
            )
            .bind(employee.0)
            .fetch_one(db)
            .await?
        });
        Ok(versions > 0 && accepted == 0)
    }
}

/// Publishes a version under the next number; `None` when somebody published one at this instant.
pub async fn insert_rules(tx: &mut Tx, new: &NewRules<'_>) -> Result<Option<RulesVersion>, StoreError> {
    let row: Option<Row> = writing!(tx, |db| {
        sqlx::query_as(
            "insert into rules_versions (number, body, effective_on, note, published_by, published_at) \
             select coalesce(max(number), 0) + 1, $1, $2, $3, $4, $5 from rules_versions where true \
             on conflict do nothing \
             returning id, number, body, effective_on, note, published_by, published_at",
        )
        .bind(new.body)
        .bind(new.effective_on.to_string())
        .bind(new.note)
        .bind(new.by)
        .bind(new.at)
        .fetch_optional(db)
        .await?
    });
    row.map(from_row).transpose()
}

/// Writes down that somebody accepted a version; `false` when they had already: the first time stands.
pub async fn insert_acceptance(
    tx: &mut Tx,
    employee: EmployeeId,
    version: i64,
    at: i64,
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into rules_acceptances (employee_id, version_id, accepted_at) values ($1, $2, $3) \
             on conflict do nothing",
        )
        .bind(employee.0)
        .bind(version)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}
