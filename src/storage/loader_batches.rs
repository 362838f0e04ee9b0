//! What each node's loader stored lately: how nodes that work on one store learn of each other's clicks.

use crate::storage::{StoreError, Tx, writing};

/// Batches of a node kept. Whoever missed more learns from rows again.
const KEPT: i64 = 128;

/// Clicks a node stored: those of one stretch of time out of one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBatch {
    /// The node's batches count up from 1, without a gap.
    pub number: i64,
    /// Instant of the first click, milliseconds UTC.
    pub first_at: i64,
    /// Instant of the last one.
    pub last_at: i64,
}

/// Whether any other node ever stored clicks here.
pub async fn has_other_nodes(tx: &mut Tx, node: &str) -> Result<bool, StoreError> {
    let row: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as("select segment from spool_checkpoints where node <> $1 limit 1")
            .bind(node)
            .fetch_optional(db)
            .await?
    });
    Ok(row.is_some())
}

/// The number of each node's last batch.
pub async fn last_batches(tx: &mut Tx) -> Result<Vec<(String, i64)>, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query_as("select node, max(number) from loader_batches group by node")
            .fetch_all(db)
            .await?
    }))
}

/// What a node stored in its batches with a number above `after`, in order.
pub async fn batches_of(tx: &mut Tx, node: &str, after: i64) -> Result<Vec<StoredBatch>, StoreError> {
    let rows: Vec<(i64, i64, i64)> = writing!(tx, |db| {
        sqlx::query_as(
            "select number, first_at, last_at from loader_batches where node = $1 and number > $2 \
             order by number, part",
        )
        .bind(node)
        .bind(after)
        .fetch_all(db)
        .await?
    });
    let batch = |(number, first_at, last_at)| StoredBatch {
        number,
        first_at,
        last_at,
    };
    Ok(rows.into_iter().map(batch).collect())
}

/// Notes a batch of this node: the stretches its clicks lie in, first and last instant each. Old ones go.
pub async fn note_batch(
    tx: &mut Tx,
    node: &str,
    number: i64,
    stretches: &[(i64, i64)],
) -> Result<(), StoreError> {
    for (part, (first_at, last_at)) in (0_i64..).zip(stretches) {
        let done = writing!(tx, |db| {
            sqlx::query(
                "insert into loader_batches (node, number, part, first_at, last_at) values ($1, $2, $3, $4, $5)",
            )
            .bind(node)
            .bind(number)
            .bind(part)
            .bind(first_at)
            .bind(last_at)
            .execute(db)
            .await?
            .rows_affected()
        });
        StoreError::check_rows("loader_batches", done, 1)?;
    }
    writing!(tx, |db| {
        sqlx::query("delete from loader_batches where node = $1 and number <= $2")
            .bind(node)
            .bind(number - KEPT)
            .execute(db)
            .await?
            .rows_affected()
    });
    Ok(())
}
