//! Objections to lines: who objects, where it stands, what was said.

use std::str::FromStr;

use crate::domain::{EmployeeId, Money};
use crate::storage::convert::word;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// Where an objection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectionState {
    /// Waits for an answer.
    Open,
    /// Right: corrected.
    Accepted,
    /// Turned down; may be appealed.
    Declined,
    /// Waits for another person.
    Appealed,
    /// Turned down again, for good.
    Dismissed,
    /// Taken back.
    Withdrawn,
}

impl ObjectionState {
    /// All, in the order of their road.
    pub const ALL: [Self; 6] = [
        Self::Open,
        Self::Appealed,
        Self::Accepted,
        Self::Declined,
        Self::Dismissed,
        Self::Withdrawn,
    ];

    /// The word of the store and of the texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Appealed => "appealed",
            Self::Dismissed => "dismissed",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether somebody has to decide.
    pub const fn waits(self) -> bool {
        matches!(self, Self::Open | Self::Appealed)
    }
}

impl FromStr for ObjectionState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or(())
    }
}

/// An objection with the line it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// Row; people say it.
    pub id: i64,
    /// The line of the run that counts.
    pub line: i64,
    /// That run.
    pub run: i64,
    /// Whose.
    pub employee: EmployeeId,
    /// Their code.
    pub code: String,
    /// Their name.
    pub name: String,
    /// Where it stands.
    pub state: ObjectionState,
    /// `recalculate` or `fact`, once accepted.
    pub remedy: Option<String>,
    /// Milliseconds UTC.
    pub opened_at: i64,
    /// Who decided first, the person behind them, and when.
    pub decided: Option<(String, Option<EmployeeId>, i64)>,
    /// Scheme id.
    pub scheme: String,
    /// The run's period.
    pub period: String,
    /// The line's name in Chinese and English.
    pub title: (String, String),
    /// The line's amount.
    pub amount: Money,
}

/// Something said about an objection.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ObjectionStep {
    /// `open`, `answer`, `reply`, `accept`, `decline`, `appeal`, `dismiss` or `withdraw`.
    pub step: String,
    /// An actor's word.
    pub actor: String,
    /// The person behind it.
    pub person: Option<i64>,
    /// What was said.
    pub words: String,
    /// Milliseconds UTC.
    pub at: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    line_id: i64,
    run_id: i64,
    employee_id: i64,
    code: String,
    name: String,
    state: String,
    remedy: Option<String>,
    opened_at: i64,
    decided_by: Option<String>,
    decided_for: Option<i64>,
    decided_at: Option<i64>,
    scheme: String,
    period: String,
    title_zh: String,
    title_en: String,
    amount: i64,
}

impl TryFrom<Row> for Objection {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let decided = row.decided_by.zip(row.decided_at);
        Ok(Self {
            id: row.id,
            line: row.line_id,
            run: row.run_id,
            employee: EmployeeId(row.employee_id),
            code: row.code,
            name: row.name,
            state: word("objections", "state", row.state)?,
            remedy: row.remedy,
            opened_at: row.opened_at,
            decided: decided.map(|(by, at)| (by, row.decided_for.map(EmployeeId), at)),
            scheme: row.scheme,
            period: row.period,
            title: (row.title_zh, row.title_en),
            amount: Money::from_minor(row.amount),
        })
    }
}

macro_rules! objection_sql {
    ($rest:literal) => {
        concat!(
            "select o.id, o.line_id, o.run_id, o.employee_id, e.code, e.name, o.state, o.remedy, o.opened_at, \
             o.decided_by, o.decided_for, o.decided_at, r.scheme, r.period, l.title_zh, l.title_en, l.amount \
             from objections o join employees e on e.id = o.employee_id join run_lines l on l.id = o.line_id \
             join runs r on r.id = o.run_id ",
            $rest
        )
    };
}

impl Store {
    /// One objection.
    pub async fn objection(&self, id: i64) -> Result<Option<Objection>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(objection_sql!("where o.id = $1"))
                .bind(id)
                .fetch_optional(db)
                .await?
        });
        row.map(TryInto::try_into).transpose()
    }

    /// Objections: those that wait (the oldest first), those in a state, or all (the newest first).
    pub async fn objections(
        &self,
        state: Option<ObjectionState>,
        waiting: bool,
        (offset, limit): (i64, i64),
    ) -> Result<Vec<Objection>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            if waiting {
                sqlx::query_as(objection_sql!(
                    "where o.state in ('open', 'appealed') order by o.id limit $1 offset $2"
                ))
                .bind(limit)
                .bind(offset)
                .fetch_all(db)
                .await?
            } else {
                sqlx::query_as(objection_sql!(
                    "where o.state = coalesce($3, o.state) order by o.id desc limit $1 offset $2"
                ))
                .bind(limit)
                .bind(offset)
                .bind(state.map(ObjectionState::as_str))
                .fetch_all(db)
                .await?
            }
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Objections in a state or in all, one person's or everybody's, the newest first; `before` is the last page's smallest
    /// id.
    pub async fn objections_before(
        &self,
        state: Option<ObjectionState>,
        employee: Option<EmployeeId>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Objection>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(objection_sql!(
                "where o.state = coalesce($1, o.state) and o.employee_id = coalesce($2, o.employee_id) and o.id < $3 \
                 order by o.id desc limit $4"
            ))
            .bind(state.map(ObjectionState::as_str))
            .bind(employee.map(|e| e.0))
            .bind(before.unwrap_or(i64::MAX))
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// A person's objections, the newest first.
    pub async fn objections_of(&self, employee: EmployeeId) -> Result<Vec<Objection>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(objection_sql!(
                "where o.employee_id = $1 order by o.id desc limit 500"
            ))
            .bind(employee.0)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// What was said about one, in order.
    pub async fn objection_steps(&self, id: i64) -> Result<Vec<ObjectionStep>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select step, actor, person, words, at from objection_steps where objection_id = $1 order by id limit 500",
            )
            .bind(id)
            .fetch_all(db)
            .await?
        }))
    }

    /// How many accepted objections ask for a run to be calculated again.
    pub async fn objections_to_recalculate(&self, run: i64) -> Result<i64, StoreError> {
        let (count,): (i64,) = reading!(self, |db| {
            sqlx::query_as(
                "select count(*) from objections where run_id = $1 and state = 'accepted' and remedy = 'recalculate'",
            )
            .bind(run)
            .fetch_one(db)
            .await?
        });
        Ok(count)
    }

    /// Whether an objection to a run was accepted since it was calculated, so that it is to be calculated again.
    pub async fn waits_for_recalculation(&self, run: i64) -> Result<bool, StoreError> {
        let (count,): (i64,) = reading!(self, |db| {
            sqlx::query_as(RECALCULATE).bind(run).fetch_one(db).await?
        });
        Ok(count > 0)
    }

    /// How many wait, of one run or of all.
    pub async fn objections_waiting(&self, run: Option<i64>) -> Result<i64, StoreError> {
        let (count,): (i64,) = reading!(self, |db| {
            sqlx::query_as(
                "select count(*) from objections where state in ('open', 'appealed') and run_id = coalesce($1, run_id)",
            )
            .bind(run)
            .fetch_one(db)
            .await?
        });
        Ok(count)
    }
}

/// Objections to a run that were accepted after its calculation with the promise of another one. When they were
/// accepted their last step says: `decided_at` is the first decision's.
const RECALCULATE: &str = "select count(*) from objections o join runs r on r.id = o.run_id where r.id = $1 \
     and o.state = 'accepted' and o.remedy = 'recalculate' and r.calculated_at < (select max(s.at) \
     from objection_steps s where s.objection_id = o.id and s.step = 'accept')";

/// [`Store::waits_for_recalculation`] inside a transaction.
pub async fn waits_for_recalculation_in(tx: &mut Tx, run: i64) -> Result<bool, StoreError> {
    let (count,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(RECALCULATE).bind(run).fetch_one(db).await?
    });
    Ok(count > 0)
}

/// How many of a run wait, inside a transaction.
pub async fn objections_waiting_in(tx: &mut Tx, run: i64) -> Result<i64, StoreError> {
    let (count,): (i64,) = writing!(tx, |db| {
        sqlx::query_as("select count(*) from objections where state in ('open', 'appealed') and run_id = $1")
            .bind(run)
            .fetch_one(db)
            .await?
    });
    Ok(count)
}

/// An objection, locked until the transaction ends.
pub async fn lock_objection(tx: &mut Tx, id: i64) -> Result<Option<Objection>, StoreError> {
    let row: Option<Row> = writing!(tx, |db| {
        // `for update` exists on one database only; a write locks on both.
        sqlx::query("update objections set state = state where id = $1")
            .bind(id)
            .execute(&mut *db)
            .await?;
        sqlx::query_as(objection_sql!("where o.id = $1"))
            .bind(id)
            .fetch_optional(&mut *db)
            .await?
    });
    row.map(TryInto::try_into).transpose()
}

/// Files an objection; a second one to the same line is a unique violation.
pub async fn insert_objection(
    tx: &mut Tx,
    line: i64,
    run: i64,
    employee: EmployeeId,
    at: i64,
) -> Result<i64, StoreError> {
    let (id,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "insert into objections (line_id, run_id, employee_id, state, opened_at) \
             values ($1, $2, $3, 'open', $4) returning id",
        )
        .bind(line)
        .bind(run)
        .bind(employee.0)
        .bind(at)
        .fetch_one(db)
        .await?
    });
    Ok(id)
}

/// Writes down what was said.
pub async fn insert_objection_step(
    tx: &mut Tx,
    objection: i64,
    step: &str,
    (actor, person): (&str, Option<EmployeeId>),
    words: &str,
    at: i64,
) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into objection_steps (objection_id, step, actor, person, words, at) values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(objection)
        .bind(step)
        .bind(actor)
        .bind(person.map(|p| p.0))
        .bind(words)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("objection_steps", done, 1)
}

/// Moves a locked objection; `decided` is kept from the first decision on.
pub async fn move_objection(
    tx: &mut Tx,
    id: i64,
    (from, to): (ObjectionState, ObjectionState),
    remedy: Option<&str>,
    decided: Option<(&str, Option<EmployeeId>, i64)>,
) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update objections set state = $3, remedy = coalesce($4, remedy), \
             decided_for = case when decided_by is null then $6 else decided_for end, \
             decided_at = case when decided_by is null then $7 else decided_at end, \
             decided_by = coalesce(decided_by, $5) where id = $1 and state = $2",
        )
        .bind(id)
        .bind(from.as_str())
        .bind(to.as_str())
        .bind(remedy)
        .bind(decided.map(|(by, _, _)| by))
        .bind(decided.and_then(|(_, person, _)| person.map(|p| p.0)))
        .bind(decided.map(|(_, _, at)| at))
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("objections: move", done, 1)
}

/// Objections and holds of a run that was calculated again follow to the same lines of the new one; objections to lines
/// that are gone stay with their line, and count for the new run.
pub async fn follow_run(tx: &mut Tx, old: i64, new: i64) -> Result<(), StoreError> {
    // The new line of the same payee, rule and matter.
    const SAME: &str = "select min(n.id) from run_lines n join run_lines o on n.payee = o.payee \
         and n.payee_kind = o.payee_kind and n.component = o.component and n.kind = o.kind \
         and coalesce(n.origin_id, 0) = coalesce(o.origin_id, 0) and coalesce(n.about, '') = coalesce(o.about, '') \
         and coalesce(n.due, '') = coalesce(o.due, '') where n.run_id = $2 and o.id = ";
    let moved = format!(
        "update objections set run_id = $2, line_id = coalesce(({SAME} objections.line_id), line_id) where run_id = $1"
    );
    let holds = format!(
        "update line_holds set line_id = coalesce(({SAME} line_holds.line_id), line_id) where released_at is null \
         and line_id in (select id from run_lines where run_id = $1)"
    );
    writing!(tx, |db| {
        for sql in [&moved, &holds] {
            sqlx::query(sqlx::AssertSqlSafe(sql.clone()))
                .bind(old)
                .bind(new)
                .execute(&mut *db)
                .await?;
        }
    });
    Ok(())
}
