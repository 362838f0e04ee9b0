//! Sessions of signed-in browsers. Of a session's id only its SHA-256 is kept: who reads the store cannot use them.

use crate::storage::{Store, StoreError, Tx, reading, writing};

impl Store {
    /// A session's data (JSON) and end (ms UTC), when it has not ended at `now_ms`.
    pub async fn session(
        &self,
        id_hash: &[u8; 32],
        now_ms: i64,
    ) -> Result<Option<(String, i64)>, StoreError> {
        let row: Option<(String, i64)> = reading!(self, |db| {
            sqlx::query_as("select data, expires_at from sessions where id_hash = $1 and expires_at > $2")
                .bind(&id_hash[..])
                .bind(now_ms)
                .fetch_optional(db)
                .await?
        });
        Ok(row)
    }

    /// Sessions of an account that have not ended: hash of the id, data (JSON), end (ms UTC); the latest first.
    pub async fn sessions_of(
        &self,
        account: i64,
        now_ms: i64,
    ) -> Result<Vec<(Vec<u8>, String, i64)>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select id_hash, data, expires_at from sessions where account_id = $1 and expires_at > $2 \
                 order by expires_at desc limit 100",
            )
            .bind(account)
            .bind(now_ms)
            .fetch_all(db)
            .await?
        }))
    }
}

/// Stores a session, new or known.
pub async fn save_session(
    tx: &mut Tx,
    id_hash: &[u8; 32],
    account: Option<i64>,
    data: &str,
    expires_at: i64,
) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into sessions (id_hash, account_id, data, expires_at) values ($1, $2, $3, $4) \
             on conflict (id_hash) do update set account_id = excluded.account_id, data = excluded.data, \
             expires_at = excluded.expires_at",
        )
        .bind(&id_hash[..])
        .bind(account)
        .bind(data)
        .bind(expires_at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("save_session", done, 1)
}

/// Ends one session; `false` when there was none.
pub async fn delete_session(tx: &mut Tx, id_hash: &[u8; 32]) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("delete from sessions where id_hash = $1")
            .bind(&id_hash[..])
            .execute(db)
            .await?
            .rows_affected()
    });
    Ok(done == 1)
}

/// Ends all sessions of an account but one (whoever changes their password stays); returns how many.
pub async fn delete_sessions_of(
    tx: &mut Tx,
    account: i64,
    but: Option<&[u8; 32]>,
) -> Result<u64, StoreError> {
    let none = [0_u8; 32];
    let done = writing!(tx, |db| {
        sqlx::query("delete from sessions where account_id = $1 and id_hash <> $2")
            .bind(account)
            .bind(&but.unwrap_or(&none)[..])
            .execute(db)
            .await?
            .rows_affected()
    });
    Ok(done)
}

/// Removes sessions that ended before `now_ms`; returns how many. A chore.
pub async fn delete_ended_sessions(tx: &mut Tx, now_ms: i64) -> Result<u64, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("delete from sessions where expires_at <= $1")
            .bind(now_ms)
            .execute(db)
            .await?
            .rows_affected()
    });
    Ok(done)
}
