//! A transaction on either database.

use crate::storage::{StoreError, idempotency};

/// An open write transaction. Dropping it without [`Tx::commit`] rolls back.
#[derive(Debug)]
pub enum Tx {
    /// On the one writer connection, begun `immediate`.
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    /// On any connection of the pool.
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl Tx {
    /// Makes the writes last, and with them the mark of the request they are of.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        idempotency::mark(&mut self).await?;
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// Forgets the writes.
    pub async fn rollback(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await?,
            Self::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}
