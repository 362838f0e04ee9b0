//! The ledger of points: it only ever grows (a trigger refuses anything else), balances follow in the same transaction.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use sqlx::QueryBuilder;

use crate::domain::{EmployeeId, Tally};
use crate::points::{Earned, Rule, Spent, expires_on, lapsed, source};
use crate::storage::{Store, StoreError, Tx, add_tally, convert, reading, writing};

/// Rows per statement: 10 columns × 1 000 stays below SQLite's 32 766 binds.
const ROWS: usize = 1000;

/// Points to be awarded for one fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// Who earns.
    pub employee: EmployeeId,
    /// By which rule.
    pub rule: Rule,
    /// What for, out of [`crate::points::source`]; a fact earns once per rule.
    pub source: String,
    /// How many, not 0.
    pub points: i64,
    /// When the fact happened, milliseconds UTC.
    pub at: i64,
    /// The business day it is booked to.
    pub day: Date,
    /// A word for the reader; may be empty.
    pub note: String,
}

/// An entry as it stands in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointEntry {
    /// Row; later entries have larger ones.
    pub id: i64,
    /// Whose.
    pub employee: EmployeeId,
    /// By which rule.
    pub rule: Rule,
    /// What for.
    pub source: String,
    /// Of earnings and redemptions: even an award, odd its reversal.
    pub seq: i64,
    /// How many; negative for reversals, redemptions and what lapsed.
    pub points: i64,
    /// When the fact happened, milliseconds UTC.
    pub at: i64,
    /// The business day it is booked to.
    pub day: Date,
    /// When it was written, milliseconds UTC.
    pub recorded_at: i64,
    /// A word for the reader.
    pub note: String,
}

/// Awards points for a batch of facts and books them; returns how many facts earned. See [`award_into`].
pub async fn award(tx: &mut Tx, entries: &[NewEntry], recorded_at: i64) -> Result<usize, StoreError> {
    let mut tally = Tally::default();
    let done = award_into(tx, entries, recorded_at, &mut tally).await?;
    add_tally(tx, &tally).await?;
    Ok(done)
}

/// Awards points for a batch of facts, of any size: a fact that has its points already is left alone, one whose award
/// was reversed is awarded again. Balances are kept here; the days go into `tally`, which the caller must write in this
/// transaction. Returns how many facts earned.
pub async fn award_into(
    tx: &mut Tx,
    entries: &[NewEntry],
    recorded_at: i64,
    tally: &mut Tally,
) -> Result<usize, StoreError> {
    let mut balances: BTreeMap<EmployeeId, i64> = BTreeMap::new();
    let mut count = 0;
    for chunk in entries.chunks(ROWS) {
        let rows: Vec<(&NewEntry, i64)> = chunk.iter().map(|entry| (entry, 0)).collect();
        let written = insert(tx, &rows, recorded_at).await?;
        let mut seen = BTreeSet::new();
        let mut again = Vec::new();
        for entry in chunk {
            let key = (entry.rule, entry.source.as_str());
            if !seen.insert(key) {
                continue;
            }
            if written.contains(&(entry.rule.as_str().to_owned(), entry.source.clone())) {
                book(&mut balances, tally, entry, entry.points);
                count += 1;
            } else {
                again.push(entry);
            }
        }
        for entry in again {
            let Some(last) = last_of(tx, entry.rule, &entry.source).await? else {
                continue;
            };
            // Odd: the award was taken back.
            if last.seq % 2 == 1
                && !insert(tx, &[(entry, last.seq + 1)], recorded_at)
                    .await?
                    .is_empty()
            {
                book(&mut balances, tally, entry, entry.points);
                count += 1;
            }
        }
    }
    add_balances(tx, &balances).await?;
    Ok(count)
}

/// Takes an award back and books that; `false` when there is none in force. See [`reverse_into`].
pub async fn reverse(
    tx: &mut Tx,
    rule: Rule,
    source: &str,
    recorded_at: i64,
    why: &str,
) -> Result<bool, StoreError> {
    let mut tally = Tally::default();
    let done = reverse_into(tx, rule, source, recorded_at, why, &mut tally).await?;
    add_tally(tx, &tally).await?;
    Ok(done)
}

/// Takes an award (or a redemption) back by one more entry, booked to the day of what it takes back; `false` when there
/// is none in force. Points already spent may thereby turn the balance negative: nothing can be redeemed until it is
/// earned up again. The day goes into `tally`, which the caller must write in this transaction.
pub async fn reverse_into(
    tx: &mut Tx,
    rule: Rule,
    source: &str,
    recorded_at: i64,
    why: &str,
    tally: &mut Tally,
) -> Result<bool, StoreError> {
    let Some(last) = last_of(tx, rule, source).await? else {
        return Ok(false);
    };
    if last.seq % 2 == 1 {
        return Ok(false);
    }
    let seq = last.seq + 1;
    let entry = NewEntry {
        employee: last.employee,
        rule,
        source: source.to_owned(),
        points: -last.points,
        at: last.at,
        day: last.day,
        note: why.to_owned(),
    };
    if insert(tx, &[(&entry, seq)], recorded_at).await?.is_empty() {
        // Somebody else took it back between our look and our write.
        return Ok(false);
    }
    let mut balances = BTreeMap::new();
    book(&mut balances, tally, &entry, entry.points);
    add_balances(tx, &balances).await?;
    Ok(true)
}

/// Spends points in the shop: one conditional update, so that the balance never goes below zero through redemption, then
/// the entry. `false`, and nothing written, when the balance does not reach. What lapsed by `day` is booked first.
pub async fn spend(
    tx: &mut Tx,
    employee: EmployeeId,
    source: &str,
    points: i64,
    at: i64,
    day: Date,
) -> Result<bool, StoreError> {
    lapse(tx, employee, day, at).await?;
    let done = writing!(tx, |db| {
        sqlx::query(
            "update point_balances set balance = balance - $2 where employee_id = $1 and balance >= $2 and $2 > 0",
        )
        .bind(employee.0)
        .bind(points)
        .execute(db)
        .await?
        .rows_affected()
    });
    if done == 0 {
        return Ok(false);
    }
    let entry = NewEntry {
        employee,
        rule: Rule::Redemption,
        source: source.to_owned(),
        points: -points,
        at,
        day,
        note: String::new(),
    };
    let written = insert(tx, &[(&entry, 0)], at).await?;
    StoreError::check_rows("point_entries: redemption", written.len() as u64, 1)?;
    Ok(true)
}

/// Books what has lapsed by the beginning of `today` (attribution.md §7: 31 December of the next year); idempotent.
/// Returns the points taken (negative: given back, when late corrections say that less lapsed).
pub async fn lapse(
    tx: &mut Tx,
    employee: EmployeeId,
    today: Date,
    recorded_at: i64,
) -> Result<i64, StoreError> {
    lock_balance(tx, employee).await?;
    let (due, seq) = due_to_lapse(tx, employee, today).await?;
    if due == 0 {
        return Ok(0);
    }
    let entry = NewEntry {
        employee,
        rule: Rule::Expiry,
        source: source::expiry(employee),
        points: -due,
        at: recorded_at,
        day: today,
        note: String::new(),
    };
    let written = insert(tx, &[(&entry, seq)], recorded_at).await?;
    StoreError::check_rows("point_entries: expiry", written.len() as u64, 1)?;
    add_balances(tx, &BTreeMap::from([(employee, -due)])).await?;
    Ok(due)
}

/// What will have lapsed by the beginning of `today` and is not booked yet, and the number its entry would have.
async fn due_to_lapse(tx: &mut Tx, employee: EmployeeId, today: Date) -> Result<(i64, i64), StoreError> {
    let earned: Vec<(String, i64)> = writing!(&mut *tx, |db| {
        sqlx::query_as(
            "select expires_on, cast(sum(points) as bigint) from point_entries \
             where employee_id = $1 and expires_on is not null group by expires_on",
        )
        .bind(employee.0)
        .fetch_all(db)
        .await?
    });
    let earned: Vec<Earned> = earned
        .into_iter()
        .map(|(end, points)| {
            Ok(Earned {
                expires_on: convert::day("point_entries", "expires_on", end)?,
                points,
            })
        })
        .collect::<Result<_, StoreError>>()?;
    if earned.iter().all(|e| e.expires_on >= today) {
        return Ok((0, 0));
    }
    let spent: Vec<(String, i64)> = writing!(&mut *tx, |db| {
        sqlx::query_as(
            "select day, cast(-sum(points) as bigint) from point_entries \
             where employee_id = $1 and rule = 'redemption' group by day",
        )
        .bind(employee.0)
        .fetch_all(db)
        .await?
    });
    let spent: Vec<Spent> = spent
        .into_iter()
        .map(|(day, points)| {
            Ok(Spent {
                day: convert::day("point_entries", "day", day)?,
                points,
            })
        })
        .collect::<Result<_, StoreError>>()?;
    let (booked, seq): (i64, i64) = writing!(tx, |db| {
        sqlx::query_as(
            "select cast(coalesce(-sum(points), 0) as bigint), cast(coalesce(max(seq), -1) + 1 as bigint) \
             from point_entries where rule = 'expiry' and source = $1",
        )
        .bind(source::expiry(employee))
        .fetch_one(db)
        .await?
    });
    Ok((lapsed(&earned, &spent, today) - booked, seq))
}

/// Takes the person's balance for this transaction: acts that count what somebody has already earned (3 shares a day)
/// or spend it run one after the other.
pub async fn lock_balance(tx: &mut Tx, employee: EmployeeId) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into point_balances as b (employee_id, balance) values ($1, 0) \
             on conflict (employee_id) do update set balance = b.balance",
        )
        .bind(employee.0)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("point_balances", done, 1)
}

/// A person's balance, read inside the transaction.
pub async fn balance_in(tx: &mut Tx, employee: EmployeeId) -> Result<i64, StoreError> {
    let row: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as("select balance from point_balances where employee_id = $1")
            .bind(employee.0)
            .fetch_optional(db)
            .await?
    });
    Ok(row.map_or(0, |(balance,)| balance))
}

fn book(balances: &mut BTreeMap<EmployeeId, i64>, tally: &mut Tally, entry: &NewEntry, points: i64) {
    *balances.entry(entry.employee).or_default() += points;
    // Spending and lapsing take nobody's place on a board away.
    if entry.rule.earns() {
        tally.book_points(entry.day, entry.employee, points);
    }
}

/// Writes entries with their place in the sequence; returns (rule, source) of those really written.
async fn insert(
    tx: &mut Tx,
    rows: &[(&NewEntry, i64)],
    recorded_at: i64,
) -> Result<BTreeSet<(String, String)>, StoreError> {
    if rows.is_empty() {
        return Ok(BTreeSet::new());
    }
    let written: Vec<(String, String)> = writing!(tx, |db| {
        let mut q = QueryBuilder::new(
            "insert into point_entries \
             (employee_id, rule, source, seq, points, at, day, recorded_at, expires_on, note) ",
        );
        q.push_values(rows, |mut row, (entry, seq)| {
            let ends = entry.rule.earns().then(|| expires_on(entry.day).to_string());
            row.push_bind(entry.employee.0).push_bind(entry.rule.as_str());
            row.push_bind(entry.source.as_str()).push_bind(*seq);
            row.push_bind(entry.points)
                .push_bind(entry.at)
                .push_bind(entry.day.to_string());
            row.push_bind(recorded_at)
                .push_bind(ends)
                .push_bind(entry.note.as_str());
        });
        q.push(" on conflict (rule, source, seq) do nothing returning rule, source");
        q.build_query_as().fetch_all(db).await?
    });
    Ok(written.into_iter().collect())
}

async fn add_balances(tx: &mut Tx, balances: &BTreeMap<EmployeeId, i64>) -> Result<(), StoreError> {
    let changes: Vec<_> = balances.iter().filter(|(_, points)| **points != 0).collect();
    for chunk in changes.chunks(ROWS) {
        writing!(tx, |db| {
            let mut q = QueryBuilder::new("insert into point_balances as b (employee_id, balance) ");
            q.push_values(chunk, |mut row, (employee, points)| {
                row.push_bind(employee.0).push_bind(**points);
            });
            q.push(" on conflict (employee_id) do update set balance = b.balance + excluded.balance");
            let done = q.build().execute(db).await?.rows_affected();
            StoreError::check_rows("point_balances", done, chunk.len() as u64)?;
        });
    }
    Ok(())
}

async fn last_of(tx: &mut Tx, rule: Rule, source: &str) -> Result<Option<PointEntry>, StoreError> {
    let row: Option<Row> = writing!(tx, |db| {
        sqlx::query_as(
            "select id, employee_id, rule, source, seq, points, at, day, recorded_at, note from point_entries \
             where rule = $1 and source = $2 order by seq desc limit 1",
        )
        .bind(rule.as_str())
        .bind(source)
        .fetch_optional(db)
        .await?
    });
    row.map(from_row).transpose()
}

type Row = (i64, i64, String, String, i64, i64, i64, String, i64, String);

fn from_row(row: Row) -> Result<PointEntry, StoreError> {
    let (id, employee, rule, source, seq, points, at, day, recorded_at, note) = row;
    Ok(PointEntry {
        id,
        employee: EmployeeId(employee),
        rule: convert::word("point_entries", "rule", rule)?,
        source,
        seq,
        points,
        at,
        day: convert::day("point_entries", "day", day)?,
        recorded_at,
        note,
    })
}

impl Store {
    /// A person's balance; 0 when nothing was ever booked.
    pub async fn point_balance(&self, employee: EmployeeId) -> Result<i64, StoreError> {
        let row: Option<(i64,)> = reading!(self, |db| {
            sqlx::query_as("select balance from point_balances where employee_id = $1")
                .bind(employee.0)
                .fetch_optional(db)
                .await?
        });
        Ok(row.map_or(0, |(balance,)| balance))
    }

    /// Points that lapse at the end of a year unless they are spent: what was spent or lapsed took the oldest. Never more
    /// than the balance; negative when more was spent than lapses.
    pub async fn points_lapsing(&self, employee: EmployeeId, year: i16) -> Result<i64, StoreError> {
        let (points,): (i64,) = reading!(self, |db| {
            sqlx::query_as(
                "select cast(coalesce(sum(points), 0) as bigint) from point_entries \
                 where employee_id = $1 and (expires_on is null or expires_on <= $2)",
            )
            .bind(employee.0)
            .bind(format!("{year:04}-12-31"))
            .fetch_one(db)
            .await?
        });
        Ok(points)
    }

    /// A person's entries, newest first; `before` is the last page's smallest id.
    pub async fn point_entries(
        &self,
        employee: EmployeeId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<PointEntry>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(
                "select id, employee_id, rule, source, seq, points, at, day, recorded_at, note from point_entries \
                 where employee_id = $1 and id < $2 order by id desc limit $3",
            )
            .bind(employee.0)
            .bind(before.unwrap_or(i64::MAX))
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(from_row).collect()
    }

    /// A person's entries for anything but clicks (those are told by the clicks themselves), newest first.
    pub async fn other_point_entries(
        &self,
        employee: EmployeeId,
        before: i64,
        limit: i64,
    ) -> Result<Vec<PointEntry>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(
                "select id, employee_id, rule, source, seq, points, at, day, recorded_at, note from point_entries \
                 where employee_id = $1 and rule <> 'click' and id < $2 order by id desc limit $3",
            )
            .bind(employee.0)
            .bind(before)
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(from_row).collect()
    }

    /// People with points whose last day lies before `today`.
    pub async fn with_lapsed_points(&self, today: Date) -> Result<Vec<EmployeeId>, StoreError> {
        let rows: Vec<(i64,)> = reading!(self, |db| {
            sqlx::query_as(
                "select b.employee_id from point_balances b where exists (select 1 from point_entries e \
                 where e.employee_id = b.employee_id and e.expires_on < $1) order by b.employee_id",
            )
            .bind(today.to_string())
            .fetch_all(db)
            .await?
        });
        Ok(rows.into_iter().map(|(id,)| EmployeeId(id)).collect())
    }
}
