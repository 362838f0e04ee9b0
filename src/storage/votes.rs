//! Votes for the month's best creator: candidates, ballots, once each.

use crate::domain::EmployeeId;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A vote as it stands.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Vote {
    /// Row.
    pub id: i64,
    /// `2026-11`.
    pub month: String,
    /// Ballots are taken until then, milliseconds UTC, exclusive.
    pub closes_at: i64,
    /// Who opened it: an actor's word.
    pub opened_by: String,
    /// Milliseconds UTC.
    pub opened_at: i64,
    /// When it was counted.
    pub closed_at: Option<i64>,
    /// Who won; `None`: not counted.
    pub winner_id: Option<i64>,
}

/// A candidate with the ballots so far.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Candidate {
    /// Who.
    pub employee_id: i64,
    /// Their code.
    pub code: String,
    /// Their name.
    pub name: String,
    /// What they made.
    pub work: String,
    /// Ballots.
    pub votes: i64,
}

impl Store {
    /// Votes, the latest month first.
    pub async fn votes(&self, limit: i64) -> Result<Vec<Vote>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select id, month, closes_at, opened_by, opened_at, closed_at, winner_id from creator_votes \
                 order by month desc limit $1",
            )
            .bind(limit)
            .fetch_all(db)
            .await?
        }))
    }

    /// The vote with this id.
    pub async fn vote(&self, id: i64) -> Result<Option<Vote>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select id, month, closes_at, opened_by, opened_at, closed_at, winner_id from creator_votes where id = $1",
            )
            .bind(id)
            .fetch_optional(db)
            .await?
        }))
    }

    /// A vote's candidates, most ballots first, ties by code.
    pub async fn candidates(&self, vote: i64) -> Result<Vec<Candidate>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select c.employee_id, e.code, e.name, c.work, (select count(*) from creator_ballots b \
                 where b.vote_id = c.vote_id and b.employee_id = c.employee_id) as votes from creator_candidates c \
                 join employees e on e.id = c.employee_id where c.vote_id = $1 order by 5 desc, e.code_key",
            )
            .bind(vote)
            .fetch_all(db)
            .await?
        }))
    }

    /// Whom somebody voted for.
    pub async fn ballot(&self, vote: i64, voter: EmployeeId) -> Result<Option<EmployeeId>, StoreError> {
        let row: Option<(i64,)> = reading!(self, |db| {
            sqlx::query_as("select employee_id from creator_ballots where vote_id = $1 and voter_id = $2")
                .bind(vote)
                .bind(voter.0)
                .fetch_optional(db)
                .await?
        });
        Ok(row.map(|(id,)| EmployeeId(id)))
    }
}

/// Opens a month's vote; `None`, and nothing written, when the month has one.
pub async fn insert_vote(
    tx: &mut Tx,
    month: &str,
    closes_at: i64,
    (by, at): (&str, i64),
    candidates: &[(EmployeeId, String)],
) -> Result<Option<i64>, StoreError> {
    let row: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as(
            "insert into creator_votes (month, closes_at, opened_by, opened_at) values ($1, $2, $3, $4) \
             on conflict (month) do nothing returning id",
        )
        .bind(month)
        .bind(closes_at)
        .bind(by)
        .bind(at)
        .fetch_optional(db)
        .await?
    });
    let Some((id,)) = row else { return Ok(None) };
    for (employee, work) in candidates {
        let done = writing!(tx, |db| {
            sqlx::query("insert into creator_candidates (vote_id, employee_id, work) values ($1, $2, $3)")
                .bind(id)
                .bind(employee.0)
                .bind(work)
                .execute(db)
                .await?
                .rows_affected()
        });
        StoreError::check_rows("creator_candidates", done, 1)?;
    }
    Ok(Some(id))
}

/// Takes a ballot while the vote is open; `false`, and nothing written, when it is closed, the candidate is none, the voter
/// is the candidate or has voted.
pub async fn insert_ballot(
    tx: &mut Tx,
    vote: i64,
    voter: EmployeeId,
    candidate: EmployeeId,
    at: i64,
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into creator_ballots (vote_id, voter_id, employee_id, at) select c.vote_id, $2, c.employee_id, $4 \
             from creator_candidates c join creator_votes v on v.id = c.vote_id where c.vote_id = $1 \
             and c.employee_id = $3 and c.employee_id <> $2 and v.closed_at is null and v.closes_at > $4 \
             on conflict (vote_id, voter_id) do nothing",
        )
        .bind(vote)
        .bind(voter.0)
        .bind(candidate.0)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}

/// Writes who won; `false`, and nothing written, when it was counted before.
pub async fn close_vote(tx: &mut Tx, vote: i64, winner: EmployeeId, at: i64) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update creator_votes set closed_at = $3, winner_id = $2 where id = $1 and closed_at is null",
        )
        .bind(vote)
        .bind(winner.0)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}
