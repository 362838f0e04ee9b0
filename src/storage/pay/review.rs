//! What a run is reviewed by: its heads on a board, its lines summed beside those of the period before.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::domain::{EmployeeId, Money};
use crate::storage::convert::{day, word};
use crate::storage::pay::RunState;
use crate::storage::{Store, StoreError, reading};

/// A run without its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunHead {
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
    /// Sum of its lines.
    pub total: Money,
}

#[derive(sqlx::FromRow)]
struct HeadRow {
    id: i64,
    scheme: String,
    period: String,
    from_on: String,
    to_on: String,
    state: String,
    total: i64,
}

impl TryFrom<HeadRow> for RunHead {
    type Error = StoreError;

    fn try_from(row: HeadRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            scheme: row.scheme,
            period: row.period,
            from_on: day("runs", "from_on", row.from_on)?,
            to_on: day("runs", "to_on", row.to_on)?,
            state: word("runs", "state", row.state)?,
            total: Money::from_minor(row.total),
        })
    }
}

/// What somebody gets by one rule in a run, and got in the run it is compared with.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct LineGroup {
    /// Employee code, department or customer.
    pub payee: String,
    /// `employee`, `department` or `customer`.
    pub payee_kind: String,
    /// Which rule of the scheme.
    pub component: String,
    /// Its name in Chinese.
    pub title_zh: String,
    /// Its name in English.
    pub title_en: String,
    /// The employee's name.
    pub name: Option<String>,
    /// How many lines of this run.
    pub lines: i64,
    /// Fen, now.
    pub now: i64,
    /// Fen, then.
    pub was: i64,
    /// Its last line of this run; 0 where there is none.
    pub line: i64,
}

macro_rules! head_sql {
    ($rest:literal) => {
        concat!(
            "select id, scheme, period, from_on, to_on, state, total from runs ",
            $rest
        )
    };
}

impl Store {
    /// Heads of the runs that count and end after a day, the earliest first.
    pub async fn run_heads(&self, since: Date) -> Result<Vec<RunHead>, StoreError> {
        let rows: Vec<HeadRow> = reading!(self, |db| {
            sqlx::query_as(head_sql!(
                "where state <> 'superseded' and to_on > $1 order by from_on, scheme, id"
            ))
            .bind(since.to_string())
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// A run's head.
    pub async fn run_head(&self, id: i64) -> Result<Option<RunHead>, StoreError> {
        let row: Option<HeadRow> = reading!(self, |db| {
            sqlx::query_as(head_sql!("where id = $1"))
                .bind(id)
                .fetch_optional(db)
                .await?
        });
        row.map(TryInto::try_into).transpose()
    }

    /// Heads of these runs, also of those that were set aside.
    pub async fn heads_of(&self, ids: &[i64]) -> Result<Vec<RunHead>, StoreError> {
        let mut found = Vec::new();
        for part in ids.chunks(5_000) {
            let rows: Vec<HeadRow> = reading!(self, |db| {
                let mut q = sqlx::QueryBuilder::new(head_sql!("where id in ("));
                let mut list = q.separated(", ");
                for id in part {
                    list.push_bind(*id);
                }
                q.push(") order by scheme, from_on, id");
                q.build_query_as().fetch_all(db).await?
            });
            for row in rows {
                found.push(row.try_into()?);
            }
        }
        Ok(found)
    }

    /// Heads of the runs that count and touch these days, by scheme.
    pub async fn heads_touching(&self, from: Date, to: Date) -> Result<Vec<RunHead>, StoreError> {
        let rows: Vec<HeadRow> = reading!(self, |db| {
            sqlx::query_as(head_sql!(
                "where from_on < $2 and to_on > $1 and state <> 'superseded' order by scheme, from_on, id"
            ))
            .bind(from.to_string())
            .bind(to.to_string())
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Heads of the booked runs of a scheme that ended within these days, the oldest first.
    pub async fn booked_heads(&self, scheme: &str, from: Date, to: Date) -> Result<Vec<RunHead>, StoreError> {
        let rows: Vec<HeadRow> = reading!(self, |db| {
            sqlx::query_as(head_sql!(
                "where scheme = $1 and to_on > $2 and to_on <= $3 and state in ('closed', 'paid') order by from_on, id"
            ))
            .bind(scheme)
            .bind(from.to_string())
            .bind(to.to_string())
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Heads of the runs that are booked and end within these days, by scheme: for a month's files.
    pub async fn booked_between(&self, after: Date, to: Date) -> Result<Vec<RunHead>, StoreError> {
        let rows: Vec<HeadRow> = reading!(self, |db| {
            sqlx::query_as(head_sql!(
                "where state in ('closed', 'paid') and to_on > $1 and to_on <= $2 order by scheme, from_on, id"
            ))
            .bind(after.to_string())
            .bind(to.to_string())
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Runs that are not paid yet, the earliest first.
    pub async fn open_heads(&self, limit: i64) -> Result<Vec<RunHead>, StoreError> {
        let rows: Vec<HeadRow> = reading!(self, |db| {
            sqlx::query_as(head_sql!(
                "where state in ('calculated', 'in_review', 'approved', 'closed') order by from_on, scheme, id limit $1"
            ))
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// The last run of a scheme that ended by a day.
    pub async fn run_before(&self, scheme: &str, day: Date) -> Result<Option<RunHead>, StoreError> {
        let row: Option<HeadRow> = reading!(self, |db| {
            sqlx::query_as(head_sql!(
                "where scheme = $1 and to_on <= $2 and state <> 'superseded' order by to_on desc, id desc limit 1"
            ))
            .bind(scheme)
            .bind(day.to_string())
            .fetch_optional(db)
            .await?
        });
        row.map(TryInto::try_into).transpose()
    }

    /// The lines of a run summed by payee and rule, beside those of another.
    pub async fn line_groups(&self, run: i64, other: Option<i64>) -> Result<Vec<LineGroup>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select t.payee, t.payee_kind, t.component, max(t.title_zh) as title_zh, max(t.title_en) as title_en, \
                 max(e.name) as name, cast(sum(t.lines) as bigint) as lines, cast(sum(t.now) as bigint) as now, \
                 cast(sum(t.was) as bigint) as was, max(t.line) as line from (\
                 select payee, payee_kind, component, title_zh, title_en, 1 as lines, amount as now, \
                 cast(0 as bigint) as was, id as line from run_lines where run_id = $1 union all \
                 select payee, payee_kind, component, title_zh, title_en, 0, 0, amount, 0 from run_lines \
                 where run_id = $2) t left join employees e on e.code = t.payee and t.payee_kind = 'employee' \
                 group by t.payee, t.payee_kind, t.component order by t.payee, t.component",
            )
            .bind(run)
            .bind(other)
            .fetch_all(db)
            .await?
        }))
    }

    /// How many lines a run has of each kind, and their sums in fen: `line`, `late`, `guard`.
    pub async fn line_kinds(&self, run: i64) -> Result<BTreeMap<String, (i64, i64)>, StoreError> {
        let rows: Vec<(String, i64, i64)> = reading!(self, |db| {
            sqlx::query_as(
                "select kind, count(*), cast(sum(amount) as bigint) from run_lines where run_id = $1 group by kind",
            )
            .bind(run)
            .fetch_all(db)
            .await?
        });
        Ok(rows.into_iter().map(|(kind, n, sum)| (kind, (n, sum))).collect())
    }

    /// Whether a run pays an employee.
    pub async fn run_pays(&self, run: i64, employee: EmployeeId) -> Result<bool, StoreError> {
        let (count,): (i64,) = reading!(self, |db| {
            sqlx::query_as(
                "select count(*) from run_lines l join employees e on e.code = l.payee \
                 where l.run_id = $1 and e.id = $2 and l.payee_kind = 'employee'",
            )
            .bind(run)
            .bind(employee.0)
            .fetch_one(db)
            .await?
        });
        Ok(count > 0)
    }

    /// Everybody's name by code.
    pub async fn employee_names(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let rows: Vec<(String, String)> = reading!(self, |db| {
            sqlx::query_as("select code, name from employees")
                .fetch_all(db)
                .await?
        });
        Ok(rows.into_iter().collect())
    }

    /// Names of accounts and keys by an actor's word, for who did what: `account:7`, `key:3`.
    pub async fn actor_names(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let rows: Vec<(String, String)> = reading!(self, |db| {
            sqlx::query_as(
                "select 'account:' || cast(id as text), name from accounts union all \
                 select 'key:' || cast(id as text), name from api_keys",
            )
            .fetch_all(db)
            .await?
        });
        Ok(rows.into_iter().collect())
    }
}
