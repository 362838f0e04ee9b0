//! Reading claims.

use crate::attribution::claim::{ClaimState, Deal};
use crate::domain::EmployeeId;
use crate::storage::claims::row::{Claim, Row, claim_sql};
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// What a list is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClaimFilter {
    /// One person's.
    pub employee: Option<EmployeeId>,
    /// In this state.
    pub status: Option<ClaimState>,
    /// Only what waits for a verifier: submitted or appealed.
    pub waiting: bool,
}

impl Store {
    /// Claims, newest first; `before` is the last page's smallest id.
    pub async fn claims(
        &self,
        filter: ClaimFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Claim>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(claim_sql!(
                "where c.id < $1 and c.employee_id = coalesce($2, c.employee_id) and c.status = coalesce($3, c.status) \
                 and (not $4 or c.status in ('submitted', 'appealed')) order by c.id desc limit $5"
            ))
            .bind(before.unwrap_or(i64::MAX))
            .bind(filter.employee.map(|e| e.0))
            .bind(filter.status.map(ClaimState::as_str))
            .bind(filter.waiting)
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// One claim.
    pub async fn claim(&self, id: i64) -> Result<Option<Claim>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(claim_sql!("where c.id = $1"))
                .bind(id)
                .fetch_optional(db)
                .await?
        });
        row.map(TryInto::try_into).transpose()
    }

    /// How many claims wait for a verifier.
    pub async fn claims_waiting(&self) -> Result<i64, StoreError> {
        let (count,): (i64,) = reading!(self, |db| {
            sqlx::query_as("select count(*) from claims where status in ('submitted', 'appealed')")
                .fetch_one(db)
                .await?
        });
        Ok(count)
    }

    /// Erases customers' contacts in claims whose date has come; gives how many.
    pub async fn erase_claim_contacts(&self, now_ms: i64) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let done = writing!(&mut tx, |db| {
            sqlx::query(
                "update claims set nonce = null, sealed = null where sealed is not null and erase_at <= $1",
            )
            .bind(now_ms)
            .execute(db)
            .await?
            .rows_affected()
        });
        tx.commit().await?;
        Ok(done)
    }
}

/// Claims that may speak of a deal, the oldest first: of the same order, or of the same customer, whatever their state.
pub async fn open_claims_about(tx: &mut Tx, deal: Deal<'_>) -> Result<Vec<Claim>, StoreError> {
    let rows: Vec<Row> = writing!(tx, |db| {
        sqlx::query_as(claim_sql!(
            "where c.status not in ('rejected', 'upheld') and (c.order_key = $1 or c.customer_id = $2) order by c.id"
        ))
        .bind(deal.order)
        .bind(deal.customer)
        .fetch_all(db)
        .await?
    });
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The claim found true for a conversion's external id: its own (`claim:17`), or one of that order.
pub async fn true_claim_of(
    tx: &mut Tx,
    id: Option<i64>,
    order_key: Option<&str>,
) -> Result<Option<Claim>, StoreError> {
    let row: Option<Row> = writing!(tx, |db| {
        sqlx::query_as(claim_sql!(
            "where c.status in ('verified', 'overturned') and (c.id = $1 or c.order_key = $2) order by c.id limit 1"
        ))
        .bind(id)
        .bind(order_key)
        .fetch_optional(db)
        .await?
    });
    row.map(TryInto::try_into).transpose()
}
