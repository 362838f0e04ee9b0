//! The lines of a run.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::civil::Date;

use crate::domain::Money;
use crate::payout::Income;
use crate::storage::bulk::{Bulk, pieces};
use crate::storage::convert::word;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// What kind of line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// Of the run's own period.
    Line,
    /// A difference to a closed period.
    Late,
    /// What the guards across schemes take.
    Guard,
}

impl LineKind {
    /// The word used in the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Late => "late",
            Self::Guard => "guard",
        }
    }
}

impl FromStr for LineKind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Line, Self::Late, Self::Guard]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(())
    }
}

/// A line to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// Own period, late, or the guards'.
    pub kind: LineKind,
    /// The run it corrects: of differences, and of what the guards give back.
    pub origin: Option<i64>,
    /// Employee code, department or customer.
    pub payee: String,
    /// `employee`, `department` or `customer`.
    pub payee_kind: String,
    /// Which rule of the scheme.
    pub component: String,
    /// Rule ids.
    pub rule: String,
    /// Its name in Chinese and English.
    pub title: (String, String),
    /// Whole fen, never 0.
    pub amount: Money,
    /// What payroll books it under (GC-25).
    pub income: Income,
    /// Base pay: nothing that is owed back is taken from it (GC-13).
    pub base: bool,
    /// An order, a customer.
    pub about: Option<String>,
    /// ISO day, of tranches.
    pub due: Option<String>,
    /// How it came about, in Chinese and English.
    pub says: (String, String),
    /// JSON.
    pub trace: String,
}

/// A line as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineRow {
    /// Row; people say it.
    pub id: i64,
    /// Its run.
    pub run: i64,
    /// What it says.
    pub line: NewLine,
}

impl NewLine {
    /// The account its payee is owed on. Base pay has one of its own: a debt is what the other is short of, and base pay bears
    /// none (GC-13). What is taken back of base pay is a debt like any other.
    pub fn account(&self) -> String {
        let word = if self.base && self.amount > Money::ZERO {
            BASE_PAY
        } else {
            PAYABLE
        };
        format!("{word}:{}:{}", self.payee_kind, self.payee)
    }
}

/// The accounts on which an employee is owed: variable pay, less what they owe back, and base pay.
pub fn accounts_of(employee: &str) -> [String; 2] {
    [PAYABLE, BASE_PAY].map(|word| format!("{word}:employee:{employee}"))
}

/// Accounts of what is owed and may be short, and of base pay.
const PAYABLE: &str = "payable";
const BASE_PAY: &str = "base";

/// What lines give somebody for a thing they name.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Given {
    /// An order, a customer.
    pub about: String,
    /// Employee code, department or customer.
    pub payee: String,
    /// Fen.
    pub amount: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    run_id: i64,
    kind: String,
    origin_id: Option<i64>,
    payee: String,
    payee_kind: String,
    component: String,
    rule: String,
    title_zh: String,
    title_en: String,
    amount: i64,
    income: String,
    base: i64,
    about: Option<String>,
    due: Option<String>,
    says_zh: String,
    says_en: String,
    trace: String,
}

impl TryFrom<Row> for LineRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            run: row.run_id,
            line: NewLine {
                kind: word("run_lines", "kind", row.kind)?,
                origin: row.origin_id,
                payee: row.payee,
                payee_kind: row.payee_kind,
                component: row.component,
                rule: row.rule,
                title: (row.title_zh, row.title_en),
                amount: Money::from_minor(row.amount),
                income: word("run_lines", "income", row.income)?,
                base: row.base != 0,
                about: row.about,
                due: row.due,
                says: (row.says_zh, row.says_en),
                trace: row.trace,
            },
        })
    }
}

macro_rules! line_sql {
    ($rest:literal) => {
        concat!(
            "select l.id, l.run_id, l.kind, l.origin_id, l.payee, l.payee_kind, l.component, l.rule, l.title_zh, \
             l.title_en, l.amount, l.income, l.base, l.about, l.due, l.says_zh, l.says_en, l.trace from run_lines l ",
            $rest
        )
    };
}

impl Store {
    /// The lines of a run in their order, `after` the last one seen; of one payee, or of all.
    pub async fn run_lines(
        &self,
        run: i64,
        payee: Option<&str>,
        after: Option<i64>,
        limit: i64,
    ) -> Result<Vec<LineRow>, StoreError> {
        self.lines_behind(run, (payee, None), after, limit).await
    }

    /// The lines behind one sum of a run, in their order: of one payee, of one rule of the scheme, or of both.
    pub async fn lines_behind(
        &self,
        run: i64,
        (payee, component): (Option<&str>, Option<&str>),
        after: Option<i64>,
        limit: i64,
    ) -> Result<Vec<LineRow>, StoreError> {
        let after = after.unwrap_or(0);
        // Two texts: one person's are found by the payee, not among everybody's.
        let rows: Vec<Row> = reading!(self, |db| {
            match payee {
                None => {
                    sqlx::query_as(line_sql!(
                        "where l.run_id = $1 and l.id > $2 and l.component = coalesce($4, l.component) \
                         order by l.id limit $3"
                    ))
                    .bind(run)
                    .bind(after)
                    .bind(limit)
                    .bind(component)
                    .fetch_all(db)
                    .await?
                }
                Some(payee) => {
                    sqlx::query_as(line_sql!(
                        "where l.payee = $5 and l.run_id = $1 and l.id > $2 \
                         and l.component = coalesce($4, l.component) order by l.id limit $3"
                    ))
                    .bind(run)
                    .bind(after)
                    .bind(limit)
                    .bind(component)
                    .bind(payee)
                    .fetch_all(db)
                    .await?
                }
            }
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// What the lines behind one sum come to: of one payee, of one rule of the scheme, or of both.
    pub async fn lines_sum(
        &self,
        run: i64,
        (payee, component): (Option<&str>, Option<&str>),
    ) -> Result<Money, StoreError> {
        let (minor,): (i64,) = reading!(self, |db| {
            sqlx::query_as(
                "select cast(coalesce(sum(amount), 0) as bigint) from run_lines where run_id = $1 \
                 and payee = coalesce($2, payee) and component = coalesce($3, component)",
            )
            .bind(run)
            .bind(payee)
            .bind(component)
            .fetch_one(db)
            .await?
        });
        Ok(Money::from_minor(minor))
    }

    /// What the lines of a run, up to one of them, give for each thing they name: what it is, the payee, the amount in fen.
    /// What the guards give back of other days is none of these days; `guards`: whether what they took counts.
    pub async fn lines_about(&self, run: i64, upto: i64, guards: bool) -> Result<Vec<Given>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select about, payee, cast(sum(amount) as bigint) as amount from run_lines \
                 where run_id = $1 and id <= $2 and about is not null \
                 and (kind <> 'guard' or (origin_id is null and $3 = 1)) group by about, payee order by about, payee",
            )
            .bind(run)
            .bind(upto)
            .bind(i64::from(guards))
            .fetch_all(db)
            .await?
        }))
    }

    /// What was corrected since of the lines of a closed run that name something, by what is booked or under review for other
    /// days: what a run of these days books is among its own lines. One run's corrections, which is about to be calculated
    /// again, left out.
    pub async fn corrected_about(
        &self,
        run: i64,
        (from, to): (Date, Date),
        without: Option<i64>,
    ) -> Result<Vec<Given>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select l.about, l.payee, cast(sum(l.amount) as bigint) as amount from run_lines l \
                 join runs r on r.id = l.run_id where l.origin_id = $1 and l.kind = 'late' and l.about is not null \
                 and r.state in ('in_review', 'approved', 'closed', 'paid') and l.run_id <> $2 \
                 and not (r.from_on < $4 and r.to_on > $3) group by l.about, l.payee order by l.about, l.payee",
            )
            .bind(run)
            .bind(without.unwrap_or(0))
            .bind(from.to_string())
            .bind(to.to_string())
            .fetch_all(db)
            .await?
        }))
    }

    /// What the guards took from a run when it was closed, fen below 0, by order and payee.
    pub async fn guards_took(&self, run: i64) -> Result<Vec<Given>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select coalesce(about, '') as about, payee, cast(sum(amount) as bigint) as amount from run_lines \
                 where run_id = $1 and kind = 'guard' and origin_id is null group by 1, payee order by 1, payee",
            )
            .bind(run)
            .fetch_all(db)
            .await?
        }))
    }

    /// What the guards took from a closed run, and gave back since by what is booked or under review; what one run gives
    /// back, which is about to be calculated again, left out.
    pub async fn guard_lines(&self, run: i64, without: Option<i64>) -> Result<Vec<LineRow>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(line_sql!(
                "join runs r on r.id = l.run_id where l.kind = 'guard' and l.run_id <> $2 \
                 and ((l.run_id = $1 and l.origin_id is null) or l.origin_id = $1) \
                 and r.state in ('in_review', 'approved', 'closed', 'paid') order by l.id"
            ))
            .bind(run)
            .bind(without.unwrap_or(0))
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// The last line of a run; 0 where it has none.
    pub async fn last_line(&self, run: i64) -> Result<i64, StoreError> {
        let (id,): (i64,) = reading!(self, |db| {
            sqlx::query_as("select coalesce(max(id), 0) from run_lines where run_id = $1")
                .bind(run)
                .fetch_one(db)
                .await?
        });
        Ok(id)
    }

    /// Periods of the runs a run corrects, by their rows.
    pub async fn periods_corrected(&self, run: i64) -> Result<BTreeMap<i64, String>, StoreError> {
        let rows: Vec<(i64, String)> = reading!(self, |db| {
            sqlx::query_as(
                "select id, period from runs where id in (select origin_id from run_lines where run_id = $1)",
            )
            .bind(run)
            .fetch_all(db)
            .await?
        });
        Ok(rows.into_iter().collect())
    }

    /// How many somebodies a run pays.
    pub async fn payees_of(&self, run: i64) -> Result<i64, StoreError> {
        let (count,): (i64,) = reading!(self, |db| {
            sqlx::query_as(
                "select count(*) from (select distinct payee_kind, payee from run_lines where run_id = $1) t",
            )
            .bind(run)
            .fetch_one(db)
            .await?
        });
        Ok(count)
    }

    /// One line.
    pub async fn run_line(&self, id: i64) -> Result<Option<LineRow>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(line_sql!("where l.id = $1"))
                .bind(id)
                .fetch_optional(db)
                .await?
        });
        row.map(TryInto::try_into).transpose()
    }

    /// What is booked for a closed run: its own lines, and the differences to it that were booked since, or are under
    /// review and will be; those of one run, which is about to be calculated again, left out.
    pub async fn booked_lines(&self, run: i64, without: Option<i64>) -> Result<Vec<LineRow>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(line_sql!(
                "join runs r on r.id = l.run_id where ((l.run_id = $1 and l.kind = 'line') \
                 or (l.origin_id = $1 and l.kind = 'late')) and r.state in ('in_review', 'approved', 'closed', 'paid') and l.run_id <> $2 order by l.id"
            ))
            .bind(run)
            .bind(without.unwrap_or(0))
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }
}

/// A run that corrects a period this calculated one corrects too, and was put up for review after it was calculated:
/// both would book the same difference.
pub async fn corrected_meanwhile(tx: &mut Tx, run: i64) -> Result<Option<i64>, StoreError> {
    let (other,): (Option<i64>,) = writing!(tx, |db| {
        // Who else is about to be put up for review waits here; `for update` exists on one database only.
        sqlx::query("update runs set total = total where state = 'calculated' and scheme = (select scheme from runs where id = $1)")
            .bind(run)
            .execute(&mut *db)
            .await?;
        sqlx::query_as(
            "select min(r.id) from run_lines l join runs r on r.id = l.run_id \
             where r.id <> $1 and r.state in ('in_review', 'approved', 'closed', 'paid') \
             and r.submitted_at >= (select calculated_at from runs where id = $1) \
             and l.origin_id in (select origin_id from run_lines where run_id = $1 and origin_id is not null)",
        )
        .bind(run)
        .fetch_one(db)
        .await?
    });
    Ok(other)
}

/// All lines of a run, inside a transaction.
pub async fn run_lines_in(tx: &mut Tx, run: i64) -> Result<Vec<LineRow>, StoreError> {
    let rows: Vec<Row> = writing!(tx, |db| {
        sqlx::query_as(line_sql!("where l.run_id = $1 order by l.id"))
            .bind(run)
            .fetch_all(db)
            .await?
    });
    rows.into_iter().map(TryInto::try_into).collect()
}

static INSERT: Bulk = Bulk::rows(
    "insert into run_lines (run_id, kind, origin_id, payee, payee_kind, component, rule, title_zh, title_en, amount, about, \
     due, says_zh, says_en, trace, income, base) values ",
    17,
    "",
);

/// Writes the lines of a run, in order.
pub async fn insert_lines(tx: &mut Tx, run: i64, lines: &[NewLine]) -> Result<(), StoreError> {
    for piece in pieces(lines) {
        let text = INSERT.text(tx, piece.len());
        let done = writing!(tx, |db| {
            let mut query = sqlx::query(text);
            for new in piece {
                query = query
                    .bind(run)
                    .bind(new.kind.as_str())
                    .bind(new.origin)
                    .bind(&new.payee)
                    .bind(&new.payee_kind)
                    .bind(&new.component)
                    .bind(&new.rule)
                    .bind(&new.title.0)
                    .bind(&new.title.1)
                    .bind(new.amount.minor())
                    .bind(&new.about)
                    .bind(&new.due)
                    .bind(&new.says.0)
                    .bind(&new.says.1)
                    .bind(&new.trace)
                    .bind(new.income.word())
                    .bind(i64::from(new.base));
            }
            query.execute(db).await?.rows_affected()
        });
        StoreError::check_rows("run_lines", done, piece.len() as u64)?;
    }
    Ok(())
}
