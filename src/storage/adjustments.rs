//! Points by hand: asked for by one person, decided by another.

use crate::domain::EmployeeId;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// An adjustment as it stands.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Adjustment {
    /// Row.
    pub id: i64,
    /// Whose points.
    pub employee_id: i64,
    /// Their code.
    pub employee_code: String,
    /// Their name.
    pub employee_name: String,
    /// How many; negative: taken.
    pub points: i64,
    /// Why.
    pub reason: String,
    /// `pending`, `approved` or `rejected`.
    pub status: String,
    /// Who asked: an actor's word.
    pub asked_by: String,
    /// The person that actor is tied to.
    pub asked_for: Option<i64>,
    /// Milliseconds UTC.
    pub asked_at: i64,
    /// Who decided.
    pub decided_by: Option<String>,
    /// Milliseconds UTC.
    pub decided_at: Option<i64>,
    /// Why.
    pub decision_reason: Option<String>,
}

macro_rules! sql {
    ($rest:literal) => {
        concat!(
            "select a.id, a.employee_id, e.code as employee_code, e.name as employee_name, a.points, a.reason, \
             a.status, a.asked_by, a.asked_for, a.asked_at, a.decided_by, a.decided_at, a.decision_reason \
             from point_adjustments a join employees e on e.id = a.employee_id ",
            $rest
        )
    };
}

impl Store {
    /// Adjustments, those that wait first, then the newest, after the last row of the page before and whether it
    /// waited there. One decided between two pages comes again among the decided; none is left out.
    pub async fn adjustments(
        &self,
        after: Option<(bool, i64)>,
        limit: i64,
    ) -> Result<Vec<Adjustment>, StoreError> {
        // Part 0 waits, part 1 is decided; before the first of all is part -1.
        let (part, id) = after.map_or((-1, 0), |(waits, id)| (i64::from(!waits), id));
        Ok(reading!(self, |db| {
            sqlx::query_as(sql!(
                "where case when a.status = 'pending' then 0 else 1 end > $1 \
                 or (case when a.status = 'pending' then 0 else 1 end = $1 and a.id < $2) \
                 order by case when a.status = 'pending' then 0 else 1 end, a.id desc limit $3"
            ))
            .bind(part)
            .bind(id)
            .bind(limit)
            .fetch_all(db)
            .await?
        }))
    }

    /// Adjustments, the newest first, whatever became of them: a decision moves none of them, so that a list read in
    /// pieces has each once. `before` is the last piece's smallest row.
    pub async fn newest_adjustments(
        &self,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Adjustment>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(sql!("where a.id < $1 order by a.id desc limit $2"))
                .bind(before.unwrap_or(i64::MAX))
                .bind(limit)
                .fetch_all(db)
                .await?
        }))
    }

    /// The adjustment with this id.
    pub async fn adjustment(&self, id: i64) -> Result<Option<Adjustment>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(sql!("where a.id = $1"))
                .bind(id)
                .fetch_optional(db)
                .await?
        }))
    }

    /// What waits for who decides on points: exchanges and adjustments.
    pub async fn points_waiting(&self) -> Result<i64, StoreError> {
        let (n,): (i64,) = reading!(self, |db| {
            sqlx::query_as(
                "select (select count(*) from interactions where status = 'pending') + \
                 (select count(*) from point_adjustments where status = 'pending')",
            )
            .fetch_one(db)
            .await?
        });
        Ok(n)
    }
}

/// Writes an adjustment that waits for a second person; its row.
pub async fn insert_adjustment(
    tx: &mut Tx,
    employee: EmployeeId,
    points: i64,
    reason: &str,
    asked: (&str, Option<EmployeeId>, i64),
) -> Result<i64, StoreError> {
    let (id,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "insert into point_adjustments (employee_id, points, reason, status, asked_by, asked_for, asked_at) \
             values ($1, $2, $3, 'pending', $4, $5, $6) returning id",
        )
        .bind(employee.0)
        .bind(points)
        .bind(reason)
        .bind(asked.0)
        .bind(asked.1.map(|e| e.0))
        .bind(asked.2)
        .fetch_one(db)
        .await?
    });
    Ok(id)
}

/// Writes a decision on one that waits; `false`, and nothing written, when somebody has decided.
pub async fn decide_adjustment_row(
    tx: &mut Tx,
    id: i64,
    status: &str,
    decided: (&str, i64, &str),
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update point_adjustments set status = $2, decided_by = $3, decided_at = $4, decision_reason = $5 \
             where id = $1 and status = 'pending'",
        )
        .bind(id)
        .bind(status)
        .bind(decided.0)
        .bind(decided.1)
        .bind(decided.2)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}
