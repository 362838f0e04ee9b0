//! The outbox: messages filed with what they tell, one delivery for each webhook that asked for the event.

use serde_json::Value;

use crate::storage::{StoreError, Tx, writing};
use crate::tell::{Event, Message};

/// Whether any webhook asks for this event: spares composing what nobody reads.
pub async fn event_is_wanted(tx: &mut Tx, event: Event) -> Result<bool, StoreError> {
    let (webhooks,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "select count(*) from webhook_events e join webhooks w on w.id = e.webhook_id \
             where e.event = $1 and w.deleted_at is null",
        )
        .bind(event.as_str())
        .fetch_one(db)
        .await?
    });
    Ok(webhooks > 0)
}

/// Files an event in the transaction of what it tells; sent later, at least once, to each webhook that asked for it.
/// `about` is unique within the event (a conversion's external id, a click's id …): the same fact is filed once. `at`
/// in milliseconds UTC. Gives to how many it will be sent.
pub async fn file_event(
    tx: &mut Tx,
    event: Event,
    about: &str,
    at: i64,
    data: &Value,
) -> Result<u64, StoreError> {
    if !event_is_wanted(tx, event).await? {
        return Ok(0);
    }
    let message = Message::new(event, about, at, data);
    let row: Option<(i64,)> = writing!(&mut *tx, |db| {
        sqlx::query_as(
            "insert into outbox (message, event, body, at) values ($1, $2, $3, $4) \
             on conflict (message) do nothing returning id",
        )
        .bind(&message.id)
        .bind(event.as_str())
        .bind(&message.body)
        .bind(at)
        .fetch_optional(db)
        .await?
    });
    let Some((id,)) = row else { return Ok(0) };
    let filed = writing!(tx, |db| {
        sqlx::query(
            "insert into deliveries (outbox_id, webhook_id, state, began_at, next_at) \
             select cast($1 as bigint), w.id, 'due', cast($2 as bigint), cast($2 as bigint) \
             from webhooks w join webhook_events e on e.webhook_id = w.id where e.event = $3 and w.deleted_at is null",
        )
        .bind(id)
        .bind(at)
        .bind(event.as_str())
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(filed)
}
