//! How far each node's spool is in the store, in time: what boards wait for before they freeze.

use crate::storage::{Store, StoreError, Tx, reading, writing};

/// What a node said last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeMark {
    /// Its name.
    pub node: String,
    /// What was answered before this instant is in the store, milliseconds UTC.
    pub loaded_to: i64,
    /// When it said so, or that it is still at it, milliseconds UTC.
    pub said_at: i64,
}

impl Store {
    /// What the nodes said last.
    pub async fn loader_marks(&self) -> Result<Vec<NodeMark>, StoreError> {
        let rows: Vec<(String, i64, i64)> = reading!(self, |db| {
            sqlx::query_as("select node, loaded_to, said_at from loader_marks order by node")
                .fetch_all(db)
                .await?
        });
        let mark = |(node, loaded_to, said_at)| NodeMark {
            node,
            loaded_to,
            said_at,
        };
        Ok(rows.into_iter().map(mark).collect())
    }
}

/// Notes that a node's spool is loaded up to an instant, or (`None`) that it is at it.
pub async fn say_loaded(
    tx: &mut Tx,
    node: &str,
    loaded_to: Option<i64>,
    now_ms: i64,
) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into loader_marks (node, loaded_to, said_at) values ($1, coalesce($2, 0), $3) \
             on conflict (node) do update set loaded_to = coalesce($2, loader_marks.loaded_to), said_at = $3",
        )
        .bind(node)
        .bind(loaded_to)
        .bind(now_ms)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("loader_marks", done, 1)
}

/// Forgets a node that stopped with an empty spool: nobody waits for it.
pub async fn forget_mark(tx: &mut Tx, node: &str) -> Result<u64, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query("delete from loader_marks where node = $1")
            .bind(node)
            .execute(db)
            .await?
            .rows_affected()
    }))
}

/// Forgets nodes that said nothing since `before_ms`; how many.
pub async fn forget_silent(tx: &mut Tx, before_ms: i64) -> Result<u64, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query("delete from loader_marks where said_at < $1")
            .bind(before_ms)
            .execute(db)
            .await?
            .rows_affected()
    }))
}
