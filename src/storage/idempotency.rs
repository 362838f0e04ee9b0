//! Answers kept under the caller's `Idempotency-Key`.
//!
//! # Why
//! The answer is known after the act's transaction, so a process that dies between the two leaves an act without an answer.
//! Every transaction of a request therefore marks the reservation it works under: whoever comes again learns that
//! something was stored, and nothing that cannot be repeated is done twice. A request that was taken for dead and is not
//! finds its reservation gone, and stores nothing more.

use crate::storage::{Store, StoreError, Tx, reading, writing};

/// The reservation a request works under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Who sent the request.
    pub actor: String,
    /// Their `Idempotency-Key`.
    pub key: String,
    /// Since when, milliseconds UTC. Whoever takes an abandoned key over has a later one, and only the latest stores.
    pub at: i64,
}

tokio::task_local! {
    static WORKING: Reservation;
}

/// Works under a reservation: every transaction committed within marks it.
pub async fn working_under<F: Future>(reservation: Reservation, act: F) -> F::Output {
    WORKING.scope(reservation, act).await
}

/// Marks the reservation this task works under, if any, in a transaction that is about to be committed; an error when
/// another request has taken it over.
pub(super) async fn mark(tx: &mut Tx) -> Result<(), StoreError> {
    let Ok(reservation) = WORKING.try_with(Clone::clone) else {
        return Ok(());
    };
    // A second transaction of the request finds it marked.
    let marked = writing!(tx, |db| {
        sqlx::query(
            "update idempotency_keys set status = $3 \
             where actor = $1 and key = $2 and created_at = $4 and status <= $3",
        )
        .bind(&reservation.actor)
        .bind(&reservation.key)
        .bind(COMMITTED)
        .bind(reservation.at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("idempotency_keys", marked, 1)
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
        Reservation { actor, key, at }: &Reservation,
        hash: &[u8; 32],
        repeatable: bool,
    ) -> Result<Begun, StoreError> {
        let abandoned = at - ABANDONED_MS;
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
            .bind(at)
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
    /// was stored. Where another request has taken the key over, nothing is kept.
    pub async fn end_idempotent(
        &self,
        Reservation { actor, key, at }: &Reservation,
        answer: Option<(u16, &str)>,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        match answer {
            Some((status, body)) => writing!(&mut tx, |db| {
                sqlx::query(
                    "update idempotency_keys set status = $3, body = $4 \
                     where actor = $1 and key = $2 and created_at = $5",
                )
                .bind(actor)
                .bind(key)
                .bind(i64::from(status))
                .bind(body)
                .bind(at)
                .execute(db)
                .await?;
            }),
            None => writing!(&mut tx, |db| {
                sqlx::query(
                    "delete from idempotency_keys \
                     where actor = $1 and key = $2 and created_at = $3 and status = $4",
                )
                .bind(actor)
                .bind(key)
                .bind(at)
                .bind(RESERVED)
                .execute(&mut *db)
                .await?;
                sqlx::query(
                    "update idempotency_keys set created_at = created_at - $3 \
                     where actor = $1 and key = $2 and created_at = $5 and status = $4",
                )
                .bind(actor)
                .bind(key)
                .bind(ABANDONED_MS + 1)
                .bind(COMMITTED)
                .bind(at)
                .execute(&mut *db)
                .await?;
            }),
        }
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
