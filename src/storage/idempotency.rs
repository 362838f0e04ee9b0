//! Answers kept under the caller's `Idempotency-Key`.

use crate::storage::{Store, StoreError, Tx, reading, writing};

/// What is known of a key when a request arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// Nobody used it: it is now reserved for this request.
    Fresh,
    /// The same request was answered before.
    Answered {
        /// HTTP status.
        status: u16,
        /// Body.
        body: String,
    },
    /// The same request is being worked on.
    Running,
    /// Another request used it.
    OtherContent,
}

/// A reservation older than this was left by a process that died, milliseconds.
const ABANDONED_MS: i64 = 60_000;

impl Store {
    /// Reserves `key` for a request with this hash, or says what is known of it.
    pub async fn begin_idempotent(
        &self,
        actor: &str,
        key: &str,
        hash: &[u8; 32],
        now_ms: i64,
    ) -> Result<Begun, StoreError> {
        let mut tx = self.begin().await?;
        let reserved = writing!(&mut tx, |db| {
            sqlx::query(
                "insert into idempotency_keys (actor, key, request_hash, status, body, created_at) \
                 values ($1, $2, $3, 0, '', $4) \
                 on conflict (actor, key) do update set created_at = excluded.created_at \
                 where idempotency_keys.status = 0 and idempotency_keys.created_at < $5 \
                 and idempotency_keys.request_hash = excluded.request_hash",
            )
            .bind(actor)
            .bind(key)
            .bind(&hash[..])
            .bind(now_ms)
            .bind(now_ms - ABANDONED_MS)
            .execute(db)
            .await?
            .rows_affected()
        });
        tx.commit().await?;
        if reserved == 1 {
            return Ok(Begun::Fresh);
        }
        let row: Option<(Vec<u8>, i64, String)> = reading!(self, |db| {
            sqlx::query_as(
                "select request_hash, status, body from idempotency_keys where actor = $1 and key = $2",
            )
            .bind(actor)
            .bind(key)
            .fetch_optional(db)
            .await?
        });
        Ok(match row {
            Some((found, ..)) if found != hash => Begun::OtherContent,
            Some((_, status, body)) if status != 0 => Begun::Answered {
                status: u16::try_from(status).unwrap_or(500),
                body,
            },
            _ => Begun::Running,
        })
    }

    /// Keeps the answer of a reserved key; without an answer (the request failed) the key is free again.
    pub async fn end_idempotent(
        &self,
        actor: &str,
        key: &str,
        answer: Option<(u16, &str)>,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let done = match answer {
            Some((status, body)) => writing!(&mut tx, |db| {
                sqlx::query(
                    "update idempotency_keys set status = $3, body = $4 where actor = $1 and key = $2",
                )
                .bind(actor)
                .bind(key)
                .bind(i64::from(status))
                .bind(body)
                .execute(db)
                .await?
                .rows_affected()
            }),
            None => writing!(&mut tx, |db| {
                sqlx::query("delete from idempotency_keys where actor = $1 and key = $2 and status = 0")
                    .bind(actor)
                    .bind(key)
                    .execute(db)
                    .await?
                    .rows_affected()
            }),
        };
        StoreError::check_rows("idempotency_keys", done, 1)?;
        tx.commit().await
    }
}

/// Forgets keys older than `before_ms`; how many.
pub async fn forget_idempotent(tx: &mut Tx, before_ms: i64) -> Result<u64, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query("delete from idempotency_keys where created_at < $1")
            .bind(before_ms)
            .execute(db)
            .await?
            .rows_affected()
    }))
}
