//! What one payee reads of runs: heads without documents, and the facts behind lines.

use crate::domain::Money;
use crate::storage::convert::{day, word};
use crate::storage::pay::{FactRow, RunState};
use crate::storage::{Store, StoreError, reading};
use jiff::civil::Date;

/// A run as one payee sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayeeRun {
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
    /// The last fact known.
    pub watermark: i64,
    /// Calculated, submitted, approved, closed, paid; milliseconds UTC.
    pub at: [Option<i64>; 5],
    /// Sum of the payee's lines.
    pub sum: Money,
    /// How many lines.
    pub lines: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    scheme: String,
    period: String,
    from_on: String,
    to_on: String,
    state: String,
    watermark: i64,
    calculated_at: i64,
    submitted_at: Option<i64>,
    approved_at: Option<i64>,
    closed_at: Option<i64>,
    paid_at: Option<i64>,
    sum: i64,
    lines: i64,
}

impl TryFrom<Row> for PayeeRun {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            scheme: row.scheme,
            period: row.period,
            from_on: day("runs", "from_on", row.from_on)?,
            to_on: day("runs", "to_on", row.to_on)?,
            state: word("runs", "state", row.state)?,
            watermark: row.watermark,
            at: [
                Some(row.calculated_at),
                row.submitted_at,
                row.approved_at,
                row.closed_at,
                row.paid_at,
            ],
            sum: Money::from_minor(row.sum),
            lines: row.lines,
        })
    }
}

impl Store {
    /// The runs that are visible to an employee and have lines or non-cash awards of theirs, the earliest days first.
    pub async fn payee_runs(&self, payee: &str) -> Result<Vec<PayeeRun>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(
                "select r.id, r.scheme, r.period, r.from_on, r.to_on, r.state, r.watermark, r.calculated_at, \
                 r.submitted_at, r.approved_at, r.closed_at, r.paid_at, m.sum, m.lines from runs r join \
                 (select run_id, cast(sum(amount) as bigint) as sum, cast(sum(lines) as bigint) as lines from \
                 (select run_id, amount, 1 as lines from run_lines where payee = $1 and payee_kind = 'employee' union all \
                 select run_id, 0, 0 from pay_offers where payee = $1 and payee_kind = 'employee' and kind = 'award') l \
                 group by run_id) m on m.run_id = r.id \
                 where r.state in ('in_review', 'approved', 'closed', 'paid') order by r.to_on, r.scheme, r.id",
            )
            .bind(payee)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// What closed runs carried of somebody's overpayments and was not taken back: the day it is carried to and its fields,
    /// JSON; the latest day first.
    pub async fn carried_of(&self, payee: &str) -> Result<Vec<(String, String)>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select f.occurred_on, f.fields from facts f where f.kind = 'overpayment' and f.subject = $1 \
                 and f.source = 'payout' and f.void = 0 and not exists (select 1 from facts g where g.kind = f.kind \
                 and g.source = f.source and g.source_key = f.source_key and g.revision > f.revision) \
                 order by f.occurred_on desc, f.id",
            )
            .bind(payee)
            .fetch_all(db)
            .await?
        }))
    }

    /// What the engine gave besides lines, of one run; JSON.
    pub async fn run_outcome(&self, run: i64) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = reading!(self, |db| {
            sqlx::query_as("select outcome from runs where id = $1")
                .bind(run)
                .fetch_optional(db)
                .await?
        });
        Ok(row.map(|(outcome,)| outcome))
    }

    /// Who takes part in a run; JSON.
    pub async fn run_roster(&self, run: i64) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = reading!(self, |db| {
            sqlx::query_as("select roster from runs where id = $1")
                .bind(run)
                .fetch_optional(db)
                .await?
        });
        Ok(row.map(|(roster,)| roster))
    }

    /// All revisions of a fact, of every source that uses its key, the newest first.
    pub async fn fact_history(&self, kind: &str, key: &str) -> Result<Vec<FactRow>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select id, kind, source, source_key, revision, subject, occurred, fields, void = 1 as void, recorded_at \
                 from facts where kind = $1 and source_key = $2 order by id desc limit 100",
            )
            .bind(kind)
            .bind(key)
            .fetch_all(db)
            .await?
        }))
    }

    /// A person's own facts of a kind within days, as known at a watermark, void ones left out, in order.
    pub async fn own_facts(
        &self,
        (kind, subject): (&str, &str),
        (from, to): (Date, Date),
        watermark: i64,
        limit: i64,
    ) -> Result<Vec<FactRow>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select f.id, f.kind, f.source, f.source_key, f.revision, f.subject, f.occurred, f.fields, \
                 f.void = 1 as void, f.recorded_at from facts f where f.kind = $1 and f.subject = $2 \
                 and f.occurred_on >= $3 and f.occurred_on < $4 and f.id <= $5 and f.void = 0 and not exists \
                 (select 1 from facts g where g.kind = f.kind and g.source = f.source and g.source_key = f.source_key \
                 and g.revision > f.revision and g.id <= $5) order by f.occurred, f.id limit $6",
            )
            .bind(kind)
            .bind(subject)
            .bind(from.to_string())
            .bind(to.to_string())
            .bind(watermark)
            .bind(limit)
            .fetch_all(db)
            .await?
        }))
    }

    /// Which of these words are codes of employees.
    pub async fn codes_among(&self, words: &[String]) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        for part in words.chunks(5_000) {
            let rows: Vec<(String,)> = reading!(self, |db| {
                let mut q = sqlx::QueryBuilder::new("select code from employees where code in (");
                let mut list = q.separated(", ");
                for word in part {
                    list.push_bind(word);
                }
                q.push(")");
                q.build_query_as().fetch_all(db).await?
            });
            found.extend(rows.into_iter().map(|(code,)| code));
        }
        Ok(found)
    }
}
