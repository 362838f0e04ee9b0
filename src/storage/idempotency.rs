//! Answers kept under the caller's `Idempotency-Key`.
//!
//! # Why
//! The answer is known after the act's transaction, so a process that dies between the two leaves an act without an answer.
//! Every transaction of a request therefore marks the reservation it works under: whoever comes again learns that
//! something was stored, and nothing that cannot be repeated is done twice.

use crate::storage::{Store, StoreError, Tx, reading, writing};

/// The reservation a request works under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Who sent the request.
    pub actor: String,
    /// Their `Idempotency-Key`.
    pub key: String,
}

tokio::task_local! {
    static WORKING: Reservation;
}

/// Works under a reservation: every transaction committed within marks it.
pub async fn working_under<F: Future>(reservation: Reservation, act: F) -> F::Output {
    WORKING.scope(reservation, act).await
}

/// Marks the reservation this task works under, if any, in a transaction that is about to be committed.
pub(super) async fn mark(tx: &mut Tx) -> Result<(), StoreError> {
    let Ok(reservation) = WORKING.try_with(Clone::clone) else {
        return Ok(());
    };
    // A second transaction of the request finds it marked.
    writing!(tx, |db| {
        sqlx::query("update idempotency_keys set status = $3 where actor = $1 and key = $2 and status = $4")
            .bind(&reservation.actor)
            .bind(&reservation.key)
            .bind(COMMITTED)
            .bind(RESERVED)
            .execute(db)
            .await?
            .rows_affected()
    });
    Ok(())
}

/// Nothing of the request is stored yet.
const RESERVED: i64 = 0;
/// Something of it is, and no answer; answers are above.
const COMMITTED: i64 = 1;

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
    /// The same request stored something, and its answer was lost; it must not be done twice.
    Lost,
    /// Another request used it.
    OtherContent,
}

/// A reservation older than this was left by a process that died, milliseconds.
const ABANDONED_MS: i64 = 60_000;

impl Store {
    /// Reserves `key` for a request with this hash, or says what is known of it. `repeatable`: the act has a key of its own
    /// (`external_id`, a code), so that doing it again does nothing again.
    pub async fn begin_idempotent(
        &self,
        Reservation { actor, key }: &Reservation,
        hash: &[u8; 32],
        repeatable: bool,
        now_ms: i64,
    ) -> Result<Begun, StoreError> {
        let abandoned = now_ms - ABANDONED_MS;
        let mut tx = self.begin().await?;
        let reserved = writing!(&mut tx, |db| {
            sqlx::query(
                "insert into idempotency_keys (actor, key, request_hash, status, body, created_at) \
                 values ($1, $2, $3, 0, '', $4) \
                 on conflict (actor, key) do update set created_at = excluded.created_at, status = 0 \
                 where idempotency_keys.status <= $6 and idempotency_keys.created_at < $5 \
                 and idempotency_keys.request_hash = excluded.request_hash",
            )
            .bind(actor)
            .bind(key)
            .bind(&hash[..])
            .bind(now_ms)
            .bind(abandoned)
            .bind(if repeatable { COMMITTED } else { RESERVED })
            .execute(db)
            .await?
            .rows_affected()
        });
        tx.commit().await?;
        if reserved == 1 {
            return Ok(Begun::Fresh);
        }
        let row: Option<(Vec<u8>, i64, String, i64)> = reading!(self, |db| {
            sqlx::query_as(
                "select request_hash, status, body, created_at from idempotency_keys where actor = $1 and key = $2",
            )
            .bind(actor)
            .bind(key)
            .fetch_optional(db)
            .await?
        });
        Ok(match row {
            Some((found, ..)) if found != hash => Begun::OtherContent,
            Some((_, status, body, _)) if status > COMMITTED => Begun::Answered {
                status: u16::try_from(status).unwrap_or(500),
                body,
            },
            Some((_, COMMITTED, _, created_at)) if created_at < abandoned => Begun::Lost,
            _ => Begun::Running,
        })
    }

    /// Keeps the answer of a reserved key; without an answer (the request failed) the key is free again, unless something
    /// was stored.
    pub async fn end_idempotent(
        &self,
        Reservation { actor, key }: &Reservation,
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
                let freed =
                    sqlx::query("delete from idempotency_keys where actor = $1 and key = $2 and status = 0")
                        .bind(actor)
                        .bind(key)
                        .execute(&mut *db)
                        .await?
                        .rows_affected();
                let left = sqlx::query(
                    "update idempotency_keys set created_at = created_at - $3 \
                     where actor = $1 and key = $2 and status = $4",
                )
                .bind(actor)
                .bind(key)
                .bind(ABANDONED_MS + 1)
                .bind(COMMITTED)
                .execute(&mut *db)
                .await?
                .rows_affected();
                freed + left
            }),
        };
        StoreError::check_rows("idempotency_keys", done, 1)?;
        tx.commit().await
    }

    /// Lets go of what was reserved before `start_ms` and never answered: for the start of the one process that serves a
    /// store. Gives how many.
    pub async fn release_idempotent(&self, start_ms: i64) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let done = writing!(&mut tx, |db| {
            sqlx::query(
                "update idempotency_keys set created_at = created_at - $2 where status <= $3 and created_at < $1",
            )
            .bind(start_ms)
            .bind(ABANDONED_MS + 1)
            .bind(COMMITTED)
            .execute(db)
            .await?
            .rows_affected()
        });
        tx.commit().await?;
        Ok(done)
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
