//! The timeline of a claim.

use crate::attribution::claim::ClaimStep;
use crate::domain::EmployeeId;
use crate::storage::convert::word;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A line of the timeline to be written.
#[derive(Clone, Copy, Debug)]
pub struct NewEvent<'a> {
    /// Of which claim.
    pub claim: i64,
    /// What happened.
    pub step: ClaimStep,
    /// Who did it: an actor's word.
    pub actor: &'a str,
    /// The person behind the actor.
    pub person: Option<EmployeeId>,
    /// Why, or what was said.
    pub reason: &'a str,
    /// Milliseconds UTC.
    pub at: i64,
}

/// A line of the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimEvent {
    /// Row.
    pub id: i64,
    /// What happened.
    pub step: ClaimStep,
    /// Who did it: an actor's word.
    pub actor: String,
    /// Code of the person behind the actor.
    pub person: Option<String>,
    /// Name of that person.
    pub person_name: Option<String>,
    /// Why, or what was said.
    pub reason: String,
    /// Milliseconds UTC.
    pub at: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    step: String,
    actor: String,
    person: Option<String>,
    person_name: Option<String>,
    reason: String,
    at: i64,
}

impl Store {
    /// The timeline of a claim, the oldest first.
    pub async fn claim_events(&self, claim: i64) -> Result<Vec<ClaimEvent>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(
                "select v.id, v.step, v.actor, e.code as person, e.name as person_name, v.reason, v.at \
                 from claim_events v left join employees e on e.id = v.employee_id where v.claim_id = $1 order by v.id",
            )
            .bind(claim)
            .fetch_all(db)
            .await?
        });
        rows.into_iter()
            .map(|row| {
                Ok(ClaimEvent {
                    id: row.id,
                    step: word("claim_events", "step", row.step)?,
                    actor: row.actor,
                    person: row.person,
                    person_name: row.person_name,
                    reason: row.reason,
                    at: row.at,
                })
            })
            .collect()
    }
}

/// Writes a line of the timeline; returns its row.
pub async fn insert_event(tx: &mut Tx, new: &NewEvent<'_>) -> Result<i64, StoreError> {
    let (id,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "insert into claim_events (claim_id, step, actor, employee_id, reason, at) \
             values ($1, $2, $3, $4, $5, $6) returning id",
        )
        .bind(new.claim)
        .bind(new.step.as_str())
        .bind(new.actor)
        .bind(new.person.map(|e| e.0))
        .bind(new.reason)
        .bind(new.at)
        .fetch_one(db)
        .await?
    });
    Ok(id)
}

/// Whether somebody (or this person) has contested the claim.
pub async fn has_contested(tx: &mut Tx, claim: i64, person: Option<EmployeeId>) -> Result<bool, StoreError> {
    let row: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as(
            "select id from claim_events where claim_id = $1 and step = 'contested' \
             and (cast($2 as bigint) is null or employee_id = $2) limit 1",
        )
        .bind(claim)
        .bind(person.map(|e| e.0))
        .fetch_optional(db)
        .await?
    });
    Ok(row.is_some())
}
