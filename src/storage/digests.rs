//! The weekly mail: one row for each person and week, leased while it is sent.

use crate::domain::EmployeeId;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A digest leased to be sent.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct DueDigest {
    /// Row.
    pub id: i64,
    /// Whose.
    pub employee_id: i64,
    /// Label of the week.
    pub week: String,
    /// Tries so far.
    pub attempts: i64,
    /// When it was first due, milliseconds UTC.
    pub began_at: i64,
}

/// To whom a digest goes.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Addressee {
    /// Name.
    pub name: String,
    /// Address, if there is one.
    pub email: Option<String>,
    /// Last working day, ISO text.
    pub left_on: Option<String>,
    /// `zh` or `en`; `None` without an account.
    pub lang: Option<String>,
}

impl Store {
    /// To whom a person's mail goes.
    pub async fn addressee(&self, employee: EmployeeId) -> Result<Option<Addressee>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select e.name, e.email, e.left_on, a.lang from employees e \
                 left join accounts a on a.employee_id = e.id where e.id = $1",
            )
            .bind(employee.0)
            .fetch_optional(db)
            .await?
        }))
    }
}

/// Makes the week's digests due for everybody with an address who still works here on `today` (ISO text); those made
/// before stay. Gives how many are new.
pub async fn make_digests(tx: &mut Tx, week: &str, today: &str, at: i64) -> Result<u64, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query(
            "insert into digests (employee_id, week, state, began_at, next_at) \
             select id, cast($1 as text), 'due', cast($2 as bigint), cast($2 as bigint) from employees \
             where email is not null and (left_on is null or left_on >= $3) \
             on conflict (employee_id, week) do nothing",
        )
        .bind(week)
        .bind(at)
        .bind(today)
        .execute(db)
        .await?
        .rows_affected()
    }))
}

/// Leases the oldest due digest until `until`.
pub async fn lease_digest(tx: &mut Tx, now_ms: i64, until: i64) -> Result<Option<DueDigest>, StoreError> {
    Ok(writing!(tx, |db| {
        // The conditions are said twice, see `deliveries::lease_due`.
        sqlx::query_as(
            "update digests set leased_until = $2 where id in (select id from digests where state = 'due' \
             and next_at <= $1 and leased_until <= $1 order by next_at, id limit 1) \
             and state = 'due' and next_at <= $1 and leased_until <= $1 \
             returning id, employee_id, week, attempts, began_at",
        )
        .bind(now_ms)
        .bind(until)
        .fetch_optional(db)
        .await?
    }))
}

/// Writes what became of a digest: `sent`, `empty`, `failed`, or `due` again at `next_at`. `false` when somebody else
/// has it by now.
pub async fn settle_digest(
    tx: &mut Tx,
    id: i64,
    leased_until: i64,
    (state, detail, next_at): (&str, &str, Option<i64>),
    at: i64,
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update digests set state = $3, detail = $4, next_at = coalesce($5, next_at), done_at = $6, \
             attempts = attempts + 1, leased_until = 0 where id = $1 and leased_until = $2",
        )
        .bind(id)
        .bind(leased_until)
        .bind(state)
        .bind(detail)
        .bind(next_at)
        .bind((state != "due").then_some(at))
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}
