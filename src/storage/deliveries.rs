//! Deliveries: which message goes to which webhook, who is trying it, and what became of it.
//!
//! A row is leased before it is tried: of several nodes one tries it, and when that node dies the lease runs out.

use crate::storage::convert::word;
use crate::storage::{Store, StoreError, Tx, reading, writing};
use crate::tell::Format;

/// A message leased to be sent.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Leased {
    /// Row of the delivery.
    pub id: i64,
    /// `webhook-id`.
    pub message: String,
    /// Its event's word.
    pub event: String,
    /// JSON, to the byte.
    pub body: String,
    /// Tries since `began_at`.
    pub attempts: i64,
    /// When it was filed, or asked to be sent again, milliseconds UTC.
    pub began_at: i64,
}

/// Where messages go.
#[derive(Clone, Debug)]
pub struct Target {
    /// Row of the webhook.
    pub id: i64,
    /// Where to.
    pub url: String,
    /// How messages are written.
    pub format: Format,
    /// Nonce and sealed secret.
    pub secret: Option<(Vec<u8>, Vec<u8>)>,
}

/// What became of a try.
#[derive(Clone, Debug)]
pub struct Tried<'a> {
    /// HTTP status, when something was answered.
    pub status: Option<i64>,
    /// What was wrong; empty when it was taken.
    pub detail: &'a str,
    /// When to try again; `None`: taken, or given up.
    pub next_at: Option<i64>,
    /// Whether it was taken.
    pub taken: bool,
    /// Milliseconds UTC.
    pub at: i64,
}

/// A delivery, for people to look at.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DeliveryRow {
    /// Row.
    pub id: i64,
    /// `webhook-id`.
    pub message: String,
    /// Its event's word.
    pub event: String,
    /// When it was filed, milliseconds UTC.
    pub at: i64,
    /// `due`, `sent` or `failed`.
    pub state: String,
    /// Tries so far, since it was last asked for.
    pub attempts: i64,
    /// When it is tried next, milliseconds UTC.
    pub next_at: i64,
    /// Of the last answer.
    pub status: Option<i64>,
    /// What was wrong the last time.
    pub detail: String,
    /// When it was taken or given up, milliseconds UTC.
    pub done_at: Option<i64>,
}

/// A webhook's deliveries below an id, newest first.
pub(super) const LIST: &str = "select d.id, o.message, o.event, o.at, d.state, d.attempts, d.next_at, d.status, d.detail, \
     d.done_at from deliveries d join outbox o on o.id = d.outbox_id \
     where d.webhook_id = $1 and d.id < $2 order by d.id desc limit $3";

impl Store {
    /// Webhooks for which something is due that nobody is trying.
    pub async fn due_targets(&self, now_ms: i64) -> Result<Vec<Target>, StoreError> {
        type Row = (i64, String, String, Option<Vec<u8>>, Option<Vec<u8>>);
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(
                "select w.id, w.url, w.format, w.nonce, w.sealed from webhooks w where w.deleted_at is null \
                 and exists (select 1 from deliveries d where d.webhook_id = w.id and d.state = 'due' \
                 and d.next_at <= $1 and d.leased_until <= $1) order by w.id",
            )
            .bind(now_ms)
            .fetch_all(db)
            .await?
        });
        rows.into_iter()
            .map(|(id, url, format, nonce, sealed)| {
                Ok(Target {
                    id,
                    url,
                    format: word("webhooks", "format", format)?,
                    secret: nonce.zip(sealed),
                })
            })
            .collect()
    }

    /// A webhook's deliveries, newest first; `before` is the last page's smallest id.
    pub async fn deliveries(
        &self,
        webhook: i64,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(LIST)
                .bind(webhook)
                .bind(before.unwrap_or(i64::MAX))
                .bind(limit)
                .fetch_all(db)
                .await?
        }))
    }
}

/// Leases a webhook's due messages, oldest first, until `until`; `lease` is the lessee's own word.
pub async fn lease_due(
    tx: &mut Tx,
    webhook: i64,
    (now_ms, until): (i64, i64),
    lease: &str,
    limit: i64,
) -> Result<Vec<Leased>, StoreError> {
    Ok(writing!(tx, |db| {
        // The conditions are said twice: on PostgreSQL a row that another node leased meanwhile is looked at again, by
        // the outer ones only.
        sqlx::query(
            "update deliveries set leased_until = $3, lease = $4 where id in (select id from deliveries \
             where webhook_id = $1 and state = 'due' and next_at <= $2 and leased_until <= $2 order by id limit $5) \
             and state = 'due' and next_at <= $2 and leased_until <= $2",
        )
        .bind(webhook)
        .bind(now_ms)
        .bind(until)
        .bind(lease)
        .bind(limit)
        .execute(&mut *db)
        .await?;
        sqlx::query_as(
            "select d.id, o.message, o.event, o.body, d.attempts, d.began_at from deliveries d \
             join outbox o on o.id = d.outbox_id where d.webhook_id = $1 and d.state = 'due' and d.lease = $2 order by d.id",
        )
        .bind(webhook)
        .bind(lease)
        .fetch_all(&mut *db)
        .await?
    }))
}

/// Writes what became of a try; `false`, and nothing written, when the lease has run out and somebody else has it, or the
/// webhook was deleted meanwhile.
pub async fn settle_delivery(
    tx: &mut Tx,
    id: i64,
    lease: &str,
    tried: &Tried<'_>,
) -> Result<bool, StoreError> {
    let state = match (tried.taken, tried.next_at) {
        (true, _) => "sent",
        (false, Some(_)) => "due",
        (false, None) => "failed",
    };
    let done = writing!(tx, |db| {
        sqlx::query(
            "update deliveries set state = $3, attempts = attempts + 1, status = $4, detail = $5, \
             next_at = coalesce($6, next_at), done_at = $7, leased_until = 0, lease = '' \
             where id = $1 and lease = $2 and state = 'due'",
        )
        .bind(id)
        .bind(lease)
        .bind(state)
        .bind(tried.status)
        .bind(tried.detail)
        .bind(tried.next_at)
        .bind((state != "due").then_some(tried.at))
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}

/// Makes a webhook's messages filed since `since` due again, the oldest first: those given up, or with `all` those taken
/// too. What waits anyway is left alone. Gives how many, at most `limit`.
pub async fn send_again(
    tx: &mut Tx,
    webhook: i64,
    (since, all): (i64, bool),
    now_ms: i64,
    limit: i64,
) -> Result<u64, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query(
            "update deliveries set state = 'due', attempts = 0, began_at = $4, next_at = $4, leased_until = 0, \
             lease = '', detail = '', done_at = null where id in (select d.id from deliveries d \
             join outbox o on o.id = d.outbox_id where d.webhook_id = $1 and o.at >= $2 \
             and (d.state = 'failed' or (d.state = 'sent' and $3)) order by d.id limit $5)",
        )
        .bind(webhook)
        .bind(since)
        .bind(all)
        .bind(now_ms)
        .bind(limit)
        .execute(db)
        .await?
        .rows_affected()
    }))
}

/// Forgets messages filed before `before` that nobody waits for, at most `limit`; how many. Nobody does at a deleted
/// webhook: what was filed beside its deletion is due for ever.
pub async fn forget_messages(tx: &mut Tx, before: i64, limit: i64) -> Result<u64, StoreError> {
    Ok(writing!(tx, |db| {
        // The same rows in both: nothing moves within the transaction, and rows without a delivery go too.
        sqlx::query(
            "delete from deliveries where outbox_id in (select o.id from outbox o where o.at < $1 and not exists \
             (select 1 from deliveries d join webhooks w on w.id = d.webhook_id where d.outbox_id = o.id \
             and d.state = 'due' and w.deleted_at is null) order by o.id limit $2)",
        )
        .bind(before)
        .bind(limit)
        .execute(&mut *db)
        .await?;
        sqlx::query(
            "delete from outbox where at < $1 and not exists \
             (select 1 from deliveries d where d.outbox_id = outbox.id)",
        )
        .bind(before)
        .execute(&mut *db)
        .await?
        .rows_affected()
    }))
}
