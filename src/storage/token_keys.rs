//! Which keys sign and verify click tokens: ids and nonces; the keys themselves are derived from the master secret.

use crate::storage::{Store, StoreError, reading};

/// One key's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenKeyRow {
    /// What tokens name the key by (0–255).
    pub kid: i64,
    /// What the key is derived from, with the master secret.
    pub nonce: Vec<u8>,
    /// Milliseconds UTC.
    pub created_at: i64,
}

impl Store {
    /// All token keys, the newest first: that one signs.
    pub async fn token_keys(&self) -> Result<Vec<TokenKeyRow>, StoreError> {
        let rows: Vec<(i64, Vec<u8>, i64)> = reading!(self, |db| {
            sqlx::query_as("select kid, nonce, created_at from token_keys order by created_at desc, kid desc")
                .fetch_all(db)
                .await?
        });
        Ok(rows
            .into_iter()
            .map(|(kid, nonce, created_at)| TokenKeyRow {
                kid,
                nonce,
                created_at,
            })
            .collect())
    }
}
