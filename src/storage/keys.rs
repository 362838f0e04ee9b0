//! Visitor salts and token keys, shared by all nodes.

use crate::storage::{Store, StoreError, TokenKeyRow, Tx, reading, writing};

/// Adds a token key; `false` when the number is taken (another node was faster).
pub async fn insert_token_key(tx: &mut Tx, key: &TokenKeyRow) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into token_keys (kid, nonce, created_at) values ($1, $2, $3) on conflict (kid) do nothing",
        )
        .bind(key.kid)
        .bind(&key.nonce[..])
        .bind(key.created_at)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}

/// Retires a token key: what it signed is worth nothing from now on.
pub async fn delete_token_key(tx: &mut Tx, kid: i64) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("delete from token_keys where kid = $1")
            .bind(kid)
            .execute(db)
            .await?
            .rows_affected()
    });
    Ok(done == 1)
}

/// The salt of a business day (ISO text): `fresh` when nobody has made one yet, else the one that all nodes share.
pub async fn ensure_salt(
    tx: &mut Tx,
    day: &str,
    fresh: &[u8; 32],
    now_ms: i64,
) -> Result<[u8; 32], StoreError> {
    let (salt,): (Vec<u8>,) = writing!(tx, |db| {
        sqlx::query(
            "insert into visitor_salts (day, salt, created_at) values ($1, $2, $3) on conflict (day) do nothing",
        )
        .bind(day)
        .bind(&fresh[..])
        .bind(now_ms)
        .execute(&mut *db)
        .await?;
        sqlx::query_as("select salt from visitor_salts where day = $1")
            .bind(day)
            .fetch_one(db)
            .await?
    });
    salt.try_into().map_err(|_| StoreError::Corrupt {
        table: "visitor_salts",
        column: "salt",
        value: day.to_owned(),
    })
}

/// Destroys salts made before `before_ms`: what was hashed with them is nobody's from now on.
pub async fn destroy_salts(tx: &mut Tx, before_ms: i64) -> Result<u64, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query("delete from visitor_salts where created_at < $1")
            .bind(before_ms)
            .execute(db)
            .await?
            .rows_affected()
    }))
}

impl Store {
    /// The longest attribution window a campaign of its own has, days; `None` when none has.
    pub async fn longest_attribution_window(&self) -> Result<Option<i64>, StoreError> {
        let (days,): (Option<i64>,) = reading!(self, |db| {
            sqlx::query_as("select max(attribution_window_days) from campaigns")
                .fetch_one(db)
                .await?
        });
        Ok(days)
    }
}
