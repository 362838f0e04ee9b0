//! What runs give for each fact with money behind it: the guards across schemes look at orders.

use crate::storage::bulk::{Bulk, pieces};
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RunClaim {
    /// The run.
    pub run_id: i64,
    /// Employee code, department or customer.
    pub payee: String,
    /// Which rule of the scheme.
    pub component: String,
    /// Kind of the fact.
    pub kind: String,
    /// Its key.
    pub fact_key: String,
    /// Fen of the line.
    pub amount: i64,
    /// Fen of the fact.
    pub of_amount: i64,
}

impl Store {
    /// What these runs give for facts whose key more than one of them names.
    pub async fn shared_claims(&self, runs: &[i64]) -> Result<Vec<RunClaim>, StoreError> {
        if runs.is_empty() {
            return Ok(Vec::new());
        }
        Ok(reading!(self, |db| {
            let mut q = sqlx::QueryBuilder::new(
                "select run_id, payee, component, kind, fact_key, amount, of_amount from run_claims where run_id in (",
            );
            let mut list = q.separated(", ");
            for run in runs {
                list.push_bind(*run);
            }
            q.push(") and fact_key in (select fact_key from run_claims where run_id in (");
            let mut list = q.separated(", ");
            for run in runs {
                list.push_bind(*run);
            }
            q.push(
                ") group by fact_key having count(distinct run_id) > 1) order by fact_key, run_id, payee, component, kind",
            );
            q.build_query_as().fetch_all(db).await?
        }))
    }
}

static INSERT: Bulk = Bulk::rows(
    "insert into run_claims (run_id, payee, component, kind, fact_key, amount, of_amount) values ",
    7,
    "",
);

/// Writes what a run gives for facts; `run_id` of each is passed over for `run`.
pub async fn insert_claims(tx: &mut Tx, run: i64, claims: &[RunClaim]) -> Result<(), StoreError> {
    for piece in pieces(claims) {
        let text = INSERT.text(tx, piece.len());
        let done = writing!(tx, |db| {
            let mut query = sqlx::query(text);
            for claim in piece {
                query = query
                    .bind(run)
                    .bind(&claim.payee)
                    .bind(&claim.component)
                    .bind(&claim.kind)
                    .bind(&claim.fact_key)
                    .bind(claim.amount)
                    .bind(claim.of_amount);
            }
            query.execute(db).await?.rows_affected()
        });
        StoreError::check_rows("run_claims", done, piece.len() as u64)?;
    }
    Ok(())
}
