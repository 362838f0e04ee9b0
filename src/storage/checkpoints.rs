//! How far each node's spool is in the store.

use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A place in a node's spool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Checkpoint {
    /// The segment's number.
    pub segment: u64,
    /// Bytes from the segment's start.
    pub offset: u64,
}

fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Store {
    /// How far a node's spool is in the store; `None` when nothing of it is.
    pub async fn checkpoint(&self, node: &str) -> Result<Option<Checkpoint>, StoreError> {
        let row: Option<(i64, i64)> = reading!(self, |db| {
            sqlx::query_as("select segment, position from spool_checkpoints where node = $1")
                .bind(node)
                .fetch_optional(db)
                .await?
        });
        Ok(row.map(|(segment, position)| Checkpoint {
            segment: u64::try_from(segment).unwrap_or(0),
            offset: u64::try_from(position).unwrap_or(0),
        }))
    }
}

/// Moves a node's checkpoint from where it must be to where the caller's transaction carries it; `false` when it is
/// somewhere else: another loader was there, and the caller must roll back.
pub async fn advance_checkpoint(
    tx: &mut Tx,
    node: &str,
    from: Option<Checkpoint>,
    to: Checkpoint,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        let query = match from {
            None => sqlx::query(
                "insert into spool_checkpoints (node, segment, position, changed_at) values ($1, $2, $3, $4) \
                 on conflict (node) do nothing",
            ),
            Some(_) => sqlx::query(
                "update spool_checkpoints set segment = $2, position = $3, changed_at = $4 \
                 where node = $1 and segment = $5 and position = $6",
            ),
        };
        let mut query = query
            .bind(node)
            .bind(stored(to.segment))
            .bind(stored(to.offset))
            .bind(now_ms);
        if let Some(from) = from {
            query = query.bind(stored(from.segment)).bind(stored(from.offset));
        }
        query.execute(db).await?.rows_affected()
    });
    Ok(done == 1)
}

/// Lets loaders through one after the other: what one decides rests on the rows the other wrote. On SQLite there is one
/// writer anyway.
pub async fn lock_loaders(tx: &mut Tx) -> Result<(), StoreError> {
    if let Tx::Postgres(tx) = tx {
        sqlx::query("select pg_advisory_xact_lock(7205759403792794)")
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}
