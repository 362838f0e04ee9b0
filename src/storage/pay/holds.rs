//! Lines that are not paid with their run: held by somebody, or due later; and files that were handed out.

use jiff::civil::Date;

use crate::domain::{EmployeeId, Money};
use crate::storage::convert::day;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A line that is or was held.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct HoldRow {
    /// Row.
    pub id: i64,
    /// The line.
    pub line_id: i64,
    /// Its run.
    pub run_id: i64,
    /// Employee code, department or customer.
    pub payee: String,
    /// The line's name in Chinese.
    pub title_zh: String,
    /// The line's name in English.
    pub title_en: String,
    /// Fen.
    pub amount: i64,
    /// Why.
    pub reason: String,
    /// An actor's word.
    pub held_by: String,
    /// The person behind it.
    pub held_for: Option<i64>,
    /// Milliseconds UTC.
    pub held_at: i64,
    /// Why it was released.
    pub release_reason: Option<String>,
    /// Milliseconds UTC.
    pub released_at: Option<i64>,
}

/// A booked line that is not paid: it was left out when its run was, or its run is not paid yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingLine {
    /// The line.
    pub line: i64,
    /// The account it is owed on.
    pub account: String,
    /// What is owed.
    pub amount: Money,
    /// Not before this day.
    pub until: Option<Date>,
    /// Whether somebody holds it.
    pub held: bool,
}

macro_rules! hold_sql {
    ($rest:literal) => {
        concat!(
            "select h.id, h.line_id, l.run_id, l.payee, l.title_zh, l.title_en, l.amount, h.reason, h.held_by, h.held_for, \
             h.held_at, h.release_reason, h.released_at from line_holds h join run_lines l on l.id = h.line_id ",
            $rest
        )
    };
}

impl Store {
    /// The holds of a run, the newest first; `before` is the last page's smallest id.
    pub async fn holds_of_run(
        &self,
        run: i64,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<HoldRow>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(hold_sql!(
                "where l.run_id = $1 and h.id < $2 order by h.id desc limit $3"
            ))
            .bind(run)
            .bind(before.unwrap_or(i64::MAX))
            .bind(limit)
            .fetch_all(db)
            .await?
        }))
    }

    /// The holds of a line, the newest first.
    pub async fn holds_of_line(&self, line: i64, limit: i64) -> Result<Vec<HoldRow>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(hold_sql!("where h.line_id = $1 order by h.id desc limit $2"))
                .bind(line)
                .bind(limit)
                .fetch_all(db)
                .await?
        }))
    }

    /// The holds in force on a payee's lines.
    pub async fn holds_of_payee(&self, payee: &str) -> Result<Vec<HoldRow>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(hold_sql!(
                "where l.payee = $1 and h.released_at is null order by h.id limit 1000"
            ))
            .bind(payee)
            .fetch_all(db)
            .await?
        }))
    }

    /// What waits on an account.
    pub async fn waiting_of(&self, account: &str) -> Result<Vec<WaitingLine>, StoreError> {
        let rows: Vec<(i64, String, i64, Option<String>, bool)> = reading!(self, |db| {
            sqlx::query_as(
                "select w.line_id, w.account, w.amount, w.until_on, h.id is not null as held from waiting_lines w \
                 left join line_holds h on h.line_id = w.line_id and h.released_at is null \
                 where w.paid_in is null and w.account = $1 order by w.line_id limit 1000",
            )
            .bind(account)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(waiting).collect()
    }

    /// What an account holds: credits less debits.
    pub async fn account_balance(&self, account: &str) -> Result<Money, StoreError> {
        let (minor,): (i64,) = reading!(self, |db| {
            sqlx::query_as(
                "select cast(coalesce((select sum(amount) from ledger where credit = $1), 0) \
                 - coalesce((select sum(amount) from ledger where debit = $1), 0) as bigint)",
            )
            .bind(account)
            .fetch_one(db)
            .await?
        });
        Ok(Money::from_minor(minor))
    }
}

fn waiting(row: (i64, String, i64, Option<String>, bool)) -> Result<WaitingLine, StoreError> {
    let (line, account, amount, until, held) = row;
    Ok(WaitingLine {
        line,
        account,
        amount: Money::from_minor(amount),
        until: until
            .map(|text| day("waiting_lines", "until_on", text))
            .transpose()?,
        held,
    })
}

/// Everything that waits, inside a transaction.
pub async fn waiting_in(tx: &mut Tx) -> Result<Vec<WaitingLine>, StoreError> {
    let rows: Vec<(i64, String, i64, Option<String>, bool)> = writing!(tx, |db| {
        sqlx::query_as(
            "select w.line_id, w.account, w.amount, w.until_on, h.id is not null as held from waiting_lines w \
             left join line_holds h on h.line_id = w.line_id and h.released_at is null \
             where w.paid_in is null order by w.line_id",
        )
        .fetch_all(db)
        .await?
    });
    rows.into_iter().map(waiting).collect()
}

/// Closed runs that are not paid, in the order they were closed, inside a transaction.
pub async fn unpaid_runs_in(tx: &mut Tx) -> Result<Vec<i64>, StoreError> {
    let rows: Vec<(i64,)> = writing!(tx, |db| {
        sqlx::query_as("select id from runs where state = 'closed' order by closed_at, id")
            .fetch_all(db)
            .await?
    });
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Every line of the closed runs that are not paid, with its run, inside a transaction.
pub async fn unpaid_lines_in(tx: &mut Tx) -> Result<Vec<(i64, WaitingLine)>, StoreError> {
    type Row = (i64, i64, String, i64, Option<String>, bool);
    let rows: Vec<Row> = writing!(tx, |db| {
        sqlx::query_as(
            "select l.run_id, l.id, case when l.base = 1 and l.amount > 0 then 'base' else 'payable' end || ':' || l.payee_kind \
             || ':' || l.payee, l.amount, l.due, \
             h.id is not null as held from runs r join run_lines l on l.run_id = r.id \
             left join line_holds h on h.line_id = l.id and h.released_at is null \
             where r.state = 'closed' order by l.id",
        )
        .fetch_all(db)
        .await?
    });
    let place = |(run, line, account, amount, due, held): Row| {
        Ok((run, waiting((line, account, amount, due, held))?))
    };
    rows.into_iter().map(place).collect()
}

/// Leaves a line out of its run's payment.
pub async fn insert_waiting(tx: &mut Tx, new: &WaitingLine) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("insert into waiting_lines (line_id, account, amount, until_on) values ($1, $2, $3, $4)")
            .bind(new.line)
            .bind(&new.account)
            .bind(new.amount.minor())
            .bind(new.until.map(|d| d.to_string()))
            .execute(db)
            .await?
            .rows_affected()
    });
    StoreError::check_rows("waiting_lines", done, 1)
}

/// A waiting line was paid with this run.
pub async fn settle_waiting(tx: &mut Tx, line: i64, run: i64) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("update waiting_lines set paid_in = $2 where line_id = $1 and paid_in is null")
            .bind(line)
            .bind(run)
            .execute(db)
            .await?
            .rows_affected()
    });
    StoreError::check_rows("waiting_lines: settle", done, 1)
}

/// Whether a line waits unpaid, inside a transaction.
pub async fn is_waiting(tx: &mut Tx, line: i64) -> Result<bool, StoreError> {
    let found: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as("select line_id from waiting_lines where line_id = $1 and paid_in is null")
            .bind(line)
            .fetch_optional(db)
            .await?
    });
    Ok(found.is_some())
}

/// Holds a line; one that is held already is a unique violation.
pub async fn insert_hold(
    tx: &mut Tx,
    line: i64,
    reason: &str,
    (by, person): (&str, Option<EmployeeId>),
    at: i64,
) -> Result<i64, StoreError> {
    let (id,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "insert into line_holds (line_id, reason, held_by, held_for, held_at) values ($1, $2, $3, $4, $5) returning id",
        )
        .bind(line)
        .bind(reason)
        .bind(by)
        .bind(person.map(|p| p.0))
        .bind(at)
        .fetch_one(db)
        .await?
    });
    Ok(id)
}

/// The hold in force on a line, locked until the transaction ends.
pub async fn lock_hold(tx: &mut Tx, line: i64) -> Result<Option<HoldRow>, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query("update line_holds set reason = reason where line_id = $1 and released_at is null")
            .bind(line)
            .execute(&mut *db)
            .await?;
        sqlx::query_as(hold_sql!("where h.line_id = $1 and h.released_at is null"))
            .bind(line)
            .fetch_optional(&mut *db)
            .await?
    }))
}

/// Releases a locked hold.
pub async fn release_hold(
    tx: &mut Tx,
    id: i64,
    reason: &str,
    (by, person): (&str, Option<EmployeeId>),
    at: i64,
) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update line_holds set release_reason = $2, released_by = $3, released_for = $4, released_at = $5 \
             where id = $1 and released_at is null",
        )
        .bind(id)
        .bind(reason)
        .bind(by)
        .bind(person.map(|p| p.0))
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("line_holds: release", done, 1)
}

/// Notes that a file was handed out.
pub async fn insert_export(
    tx: &mut Tx,
    (run, kind): (i64, &str),
    digest: &[u8; 32],
    total: Money,
    (by, at): (&str, i64),
) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into pay_exports (run_id, kind, digest, total, made_by, made_at) values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(run)
        .bind(kind)
        .bind(&digest[..])
        .bind(total.minor())
        .bind(by)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("pay_exports", done, 1)
}

/// What the last file of a kind said: its digest and total.
pub async fn last_export(tx: &mut Tx, run: i64, kind: &str) -> Result<Option<(Vec<u8>, Money)>, StoreError> {
    let row: Option<(Vec<u8>, i64)> = writing!(tx, |db| {
        sqlx::query_as(
            "select digest, total from pay_exports where run_id = $1 and kind = $2 order by id desc limit 1",
        )
        .bind(run)
        .bind(kind)
        .fetch_optional(db)
        .await?
    });
    Ok(row.map(|(digest, total)| (digest, Money::from_minor(total))))
}
