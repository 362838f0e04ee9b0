//! Runs of a scheme for a period, and their states.

use std::str::FromStr;

use jiff::civil::Date;

use crate::domain::{EmployeeId, Money};
use crate::storage::convert::{day, word};
use crate::storage::pay::RunHead;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// Where a run stands (engine.md): back only from its review to be calculated again, never reopened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Computed; may be computed again.
    Calculated,
    /// Statements visible, objections open.
    InReview,
    /// Approved by another person.
    Approved,
    /// Booked; nothing of it changes any more.
    Closed,
    /// Paid out.
    Paid,
    /// Computed again since.
    Superseded,
}

impl RunState {
    /// All, in order.
    pub const ALL: [Self; 6] = [
        Self::Calculated,
        Self::InReview,
        Self::Approved,
        Self::Closed,
        Self::Paid,
        Self::Superseded,
    ];

    /// The word used in the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Calculated => "calculated",
            Self::InReview => "in_review",
            Self::Approved => "approved",
            Self::Closed => "closed",
            Self::Paid => "paid",
            Self::Superseded => "superseded",
        }
    }

    /// Whether its lines are booked.
    pub const fn is_booked(self) -> bool {
        matches!(self, Self::Closed | Self::Paid)
    }
}

impl FromStr for RunState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or(())
    }
}

/// A run to be written.
#[derive(Clone, Debug)]
pub struct NewRun<'a> {
    /// Scheme id.
    pub scheme: &'a str,
    /// Label of the period.
    pub period: &'a str,
    /// First day.
    pub from_on: Date,
    /// The day after the last.
    pub to_on: Date,
    /// The document's text.
    pub document: &'a str,
    /// SHA-256 of parameters, roster and facts.
    pub input_hash: [u8; 32],
    /// What was read, part by part; JSON.
    pub input_parts: &'a str,
    /// JSON.
    pub params: &'a str,
    /// JSON.
    pub roster: &'a str,
    /// The last fact known.
    pub watermark: i64,
    /// JSON.
    pub outcome: &'a str,
    /// Sum of the lines.
    pub total: Money,
    /// Who: an actor's word.
    pub by: &'a str,
    /// The person behind the actor.
    pub by_person: Option<EmployeeId>,
    /// Milliseconds UTC.
    pub at: i64,
}

/// A run.
#[derive(Clone, Debug)]
pub struct Run {
    /// Row; people say it.
    pub id: i64,
    /// Scheme id.
    pub scheme: String,
    /// Label of the period.
    pub period: String,
    /// First day.
    pub from_on: Date,
    /// The day after the last.
    pub to_on: Date,
    /// Where it stands.
    pub state: RunState,
    /// The document's text.
    pub document: String,
    /// SHA-256 of parameters, roster and facts.
    pub input_hash: Vec<u8>,
    /// What was read, part by part; JSON, `{}` where it was not noted.
    pub input_parts: String,
    /// JSON.
    pub params: String,
    /// JSON.
    pub roster: String,
    /// The last fact known.
    pub watermark: i64,
    /// JSON.
    pub outcome: String,
    /// Sum of the lines.
    pub total: Money,
    /// SHA-256 over everything, at close.
    pub snapshot: Option<Vec<u8>>,
    /// Who calculated.
    pub calculated_by: String,
    /// The person behind them.
    pub calculated_for: Option<EmployeeId>,
    /// Milliseconds UTC.
    pub calculated_at: i64,
    /// Who put it up for review, and when.
    pub submitted: Option<(String, i64)>,
    /// Who approved, and when.
    pub approved: Option<(String, i64)>,
    /// Who closed, and when.
    pub closed: Option<(String, i64)>,
    /// Who paid, and when.
    pub paid: Option<(String, i64)>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    scheme: String,
    period: String,
    from_on: String,
    to_on: String,
    state: String,
    document: String,
    input_hash: Vec<u8>,
    input_parts: String,
    params: String,
    roster: String,
    watermark: i64,
    outcome: String,
    total: i64,
    snapshot: Option<Vec<u8>>,
    calculated_by: String,
    calculated_for: Option<i64>,
    calculated_at: i64,
    submitted_by: Option<String>,
    submitted_at: Option<i64>,
    approved_by: Option<String>,
    approved_at: Option<i64>,
    closed_by: Option<String>,
    closed_at: Option<i64>,
    paid_by: Option<String>,
    paid_at: Option<i64>,
}

impl TryFrom<Row> for Run {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            scheme: row.scheme,
            period: row.period,
            from_on: day("runs", "from_on", row.from_on)?,
            to_on: day("runs", "to_on", row.to_on)?,
            state: word("runs", "state", row.state)?,
            document: row.document,
            input_hash: row.input_hash,
            input_parts: row.input_parts,
            params: row.params,
            roster: row.roster,
            watermark: row.watermark,
            outcome: row.outcome,
            total: Money::from_minor(row.total),
            snapshot: row.snapshot,
            calculated_by: row.calculated_by,
            calculated_for: row.calculated_for.map(EmployeeId),
            calculated_at: row.calculated_at,
            submitted: row.submitted_by.zip(row.submitted_at),
            approved: row.approved_by.zip(row.approved_at),
            closed: row.closed_by.zip(row.closed_at),
            paid: row.paid_by.zip(row.paid_at),
        })
    }
}

macro_rules! run_sql {
    ($rest:literal) => {
        concat!(
            "select id, scheme, period, from_on, to_on, state, document, input_hash, input_parts, params, roster, watermark, \
             outcome, total, snapshot, calculated_by, calculated_for, calculated_at, submitted_by, submitted_at, approved_by, \
             approved_at, closed_by, closed_at, paid_by, paid_at from runs ",
            $rest
        )
    };
}

impl Run {
    /// It without its texts.
    pub fn head(&self) -> RunHead {
        RunHead {
            id: self.id,
            scheme: self.scheme.clone(),
            period: self.period.clone(),
            from_on: self.from_on,
            to_on: self.to_on,
            state: self.state,
            total: self.total,
        }
    }
}

impl Store {
    /// A run.
    pub async fn run(&self, id: i64) -> Result<Option<Run>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(run_sql!("where id = $1"))
                .bind(id)
                .fetch_optional(db)
                .await?
        });
        row.map(TryInto::try_into).transpose()
    }

    /// Runs that count, the newest first: of a scheme, or of all.
    pub async fn runs(
        &self,
        scheme: Option<&str>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Run>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(run_sql!(
                "where id < $1 and scheme = coalesce($2, scheme) and state <> 'superseded' order by id desc limit $3"
            ))
            .bind(before.unwrap_or(i64::MAX))
            .bind(scheme)
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }
}

/// Writes a run, calculated; its row.
pub async fn insert_run(tx: &mut Tx, new: &NewRun<'_>) -> Result<i64, StoreError> {
    let (id,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "insert into runs (scheme, period, from_on, to_on, state, document, input_hash, params, roster, watermark, \
             outcome, total, calculated_by, calculated_for, calculated_at, input_parts) \
             values ($1, $2, $3, $4, 'calculated', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) returning id",
        )
        .bind(new.scheme)
        .bind(new.period)
        .bind(new.from_on.to_string())
        .bind(new.to_on.to_string())
        .bind(new.document)
        .bind(&new.input_hash[..])
        .bind(new.params)
        .bind(new.roster)
        .bind(new.watermark)
        .bind(new.outcome)
        .bind(new.total.minor())
        .bind(new.by)
        .bind(new.by_person.map(|e| e.0))
        .bind(new.at)
        .bind(new.input_parts)
        .fetch_one(db)
        .await?
    });
    Ok(id)
}

/// Sets earlier calculations of a scheme that cover some of these days aside, and the one under review that is replaced;
/// others under review or further stay. Gives which.
pub async fn supersede(
    tx: &mut Tx,
    scheme: &str,
    (from, to): (Date, Date),
    replaces: Option<i64>,
) -> Result<Vec<i64>, StoreError> {
    let rows: Vec<(i64,)> = writing!(tx, |db| {
        sqlx::query_as(
            "update runs set state = 'superseded' where scheme = $1 and from_on < $3 and to_on > $2 \
             and (state = 'calculated' or (state = 'in_review' and id = $4)) returning id",
        )
        .bind(scheme)
        .bind(from.to_string())
        .bind(to.to_string())
        .bind(replaces.unwrap_or(0))
        .fetch_all(db)
        .await?
    });
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// A run of a scheme that counts and covers some of these days, not just these; its row and period.
pub async fn overlapping_run(
    tx: &mut Tx,
    scheme: &str,
    (from, to): (Date, Date),
) -> Result<Option<(i64, String)>, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query_as(
            "select id, period from runs where scheme = $1 and from_on < $3 and to_on > $2 \
             and not (from_on = $2 and to_on = $3) and state <> 'superseded' order by id limit 1",
        )
        .bind(scheme)
        .bind(from.to_string())
        .bind(to.to_string())
        .fetch_optional(db)
        .await?
    }))
}

/// A run, locked until the transaction ends.
pub async fn lock_run(tx: &mut Tx, id: i64) -> Result<Option<Run>, StoreError> {
    let row: Option<Row> = writing!(tx, |db| {
        // `for update` exists on one database only; a write locks on both.
        sqlx::query("update runs set total = total where id = $1")
            .bind(id)
            .execute(&mut *db)
            .await?;
        sqlx::query_as(run_sql!("where id = $1"))
            .bind(id)
            .fetch_optional(&mut *db)
            .await?
    });
    row.map(TryInto::try_into).transpose()
}

/// A step of a run to its next state.
#[derive(Clone, Copy, Debug)]
pub struct RunStep<'a> {
    /// Where it stood.
    pub from: RunState,
    /// Where it stands then: in review, approved, closed or paid; or calculated again.
    pub to: RunState,
    /// Who.
    pub by: &'a str,
    /// The person behind them.
    pub by_person: Option<EmployeeId>,
    /// SHA-256 over everything, when closed.
    pub snapshot: Option<[u8; 32]>,
    /// Sum of the lines: what the guards take comes in with the close.
    pub total: Money,
    /// Milliseconds UTC.
    pub at: i64,
}

/// Moves a locked run on, or back from its review.
pub async fn move_run(tx: &mut Tx, id: i64, step: &RunStep<'_>) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update runs set state = $3, snapshot = coalesce($7, snapshot), total = $8, \
             submitted_by = case $3 when 'in_review' then $4 when 'calculated' then null else submitted_by end, \
             submitted_at = case $3 when 'in_review' then $6 when 'calculated' then null else submitted_at end, \
             approved_by = case when $3 = 'approved' then $4 else approved_by end, \
             approved_for = case when $3 = 'approved' then $5 else approved_for end, \
             approved_at = case when $3 = 'approved' then $6 else approved_at end, \
             closed_by = case when $3 = 'closed' then $4 else closed_by end, \
             closed_at = case when $3 = 'closed' then $6 else closed_at end, \
             paid_by = case when $3 = 'paid' then $4 else paid_by end, \
             paid_at = case when $3 = 'paid' then $6 else paid_at end where id = $1 and state = $2",
        )
        .bind(id)
        .bind(step.from.as_str())
        .bind(step.to.as_str())
        .bind(step.by)
        .bind(step.by_person.map(|e| e.0))
        .bind(step.at)
        .bind(step.snapshot.map(|hash| hash.to_vec()))
        .bind(step.total.minor())
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("runs: move", done, 1)
}
