//! Claims as their verifiers and their owners find them: what waits, and for whom.

use std::collections::BTreeSet;

use crate::attribution::claim::{ClaimState, Deal};
use crate::domain::EmployeeId;
use crate::storage::claims::row::{Claim, Row, claim_sql};
use crate::storage::{Store, StoreError, reading};

/// Most other claims read beside a claim.
const MOST: i64 = 50;

/// What a queue is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct QueueFilter {
    /// One person's.
    pub employee: Option<EmployeeId>,
    /// In this state.
    pub status: Option<ClaimState>,
    /// Only what waits for a verifier: submitted or appealed.
    pub waiting: bool,
    /// Only what somebody else says is theirs.
    pub contested: bool,
}

impl Store {
    /// Claims for a verifier: what waits first, the oldest of it first; then the rest, the newest first. `skip` rows
    /// are left out.
    pub async fn claim_queue(
        &self,
        filter: QueueFilter,
        skip: i64,
        limit: i64,
    ) -> Result<Vec<Claim>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(claim_sql!(
                "where c.employee_id = coalesce($1, c.employee_id) and c.status = coalesce($2, c.status) \
                 and (not $3 or c.status in ('submitted', 'appealed')) \
                 and (not $4 or exists (select 1 from claim_events v where v.claim_id = c.id and v.step = 'contested')) \
                 order by case when c.status in ('submitted', 'appealed') then 0 else 1 end, \
                 case when c.status in ('submitted', 'appealed') then c.id else -c.id end limit $5 offset $6"
            ))
            .bind(filter.employee.map(|e| e.0))
            .bind(filter.status.map(ClaimState::as_str))
            .bind(filter.waiting)
            .bind(filter.contested)
            .bind(limit)
            .bind(skip)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// Which of these claims somebody contests.
    pub async fn contested_claims(&self, claims: &[Claim]) -> Result<BTreeSet<i64>, StoreError> {
        let ids = || claims.iter().map(|c| c.id);
        let (Some(first), Some(last)) = (ids().min(), ids().max()) else {
            return Ok(BTreeSet::new());
        };
        let rows: Vec<(i64,)> = reading!(self, |db| {
            sqlx::query_as(
                "select distinct claim_id from claim_events \
                 where step = 'contested' and claim_id >= $1 and claim_id <= $2",
            )
            .bind(first)
            .bind(last)
            .fetch_all(db)
            .await?
        });
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// How many claims wait for this verifier: neither their own, nor filed by them, nor appeals against them.
    pub async fn claims_waiting_for(&self, verifier: Option<EmployeeId>) -> Result<i64, StoreError> {
        let (count,): (i64,) = reading!(self, |db| {
            sqlx::query_as(
                "select count(*) from claims where status in ('submitted', 'appealed') \
                 and employee_id <> coalesce($1, 0) and coalesce(filed_for, 0) <> coalesce($1, -1) \
                 and (status <> 'appealed' or coalesce(decided_for, 0) <> coalesce($1, -1))",
            )
            .bind(verifier.map(|e| e.0))
            .fetch_one(db)
            .await?
        });
        Ok(count)
    }

    /// How many of somebody's claims wait for their answer.
    pub async fn claims_asking(&self, employee: EmployeeId) -> Result<i64, StoreError> {
        let (count,): (i64,) = reading!(self, |db| {
            sqlx::query_as(
                "select count(*) from claims where status = 'needs_information' and employee_id = $1",
            )
            .bind(employee.0)
            .fetch_one(db)
            .await?
        });
        Ok(count)
    }

    /// Claims that may speak of a deal in whatever state, the oldest first, at most 50.
    pub async fn claims_about(&self, deal: Deal<'_>) -> Result<Vec<Claim>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(claim_sql!(
                "where c.order_key = $1 or c.customer_id = $2 order by c.id limit $3"
            ))
            .bind(deal.order)
            .bind(deal.customer)
            .bind(MOST)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }
}
