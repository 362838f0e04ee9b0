//! Notices to people.

use crate::domain::EmployeeId;
use crate::storage::bulk::{Bulk, pieces};
use crate::storage::{StoreError, Tx, writing};
use crate::tell::Notice;

/// Tells a person something in the transaction of what it tells; `false`, and nothing written, when they were told
/// before. `at` in milliseconds UTC.
pub async fn tell_person(
    tx: &mut Tx,
    employee: EmployeeId,
    notice: &Notice,
    at: i64,
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into notices (employee_id, kind, about, facts, at) values ($1, $2, $3, $4, $5) \
             on conflict (employee_id, kind, about) do nothing",
        )
        .bind(employee.0)
        .bind(notice.kind.as_str())
        .bind(&notice.about)
        .bind(notice.facts.to_string())
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}

/// Tells many people the same; those who were told before are left out.
pub async fn tell_first(
    tx: &mut Tx,
    people: &[EmployeeId],
    notice: &Notice,
    at: i64,
) -> Result<u64, StoreError> {
    let mut told = 0;
    for piece in pieces(people) {
        let text = TELL.text(tx, piece.len());
        told += writing!(&mut *tx, |db| {
            let mut query = sqlx::query(text);
            for person in piece {
                query = query
                    .bind(person.0)
                    .bind(notice.kind.as_str())
                    .bind(&notice.about)
                    .bind(notice.facts.to_string())
                    .bind(at);
            }
            query.execute(db).await?.rows_affected()
        });
    }
    Ok(told)
}

static TELL: Bulk = Bulk::rows(
    "insert into notices (employee_id, kind, about, facts, at) values ",
    5,
    " on conflict (employee_id, kind, about) do nothing",
);
