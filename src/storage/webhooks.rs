//! Webhooks and group robots: whom to tell what.

use crate::storage::convert::word;
use crate::storage::{Store, StoreError, Tx, reading, writing};
use crate::tell::{Event, Format};

/// A webhook to be written.
#[derive(Clone, Debug)]
pub struct NewWebhook<'a> {
    /// Where to.
    pub url: &'a str,
    /// How messages are written.
    pub format: Format,
    /// What it asks for.
    pub events: &'a [Event],
    /// Nonce and sealed secret.
    pub secret: Option<(&'a [u8], &'a [u8])>,
    /// Who: an actor's word.
    pub by: &'a str,
    /// Milliseconds UTC.
    pub at: i64,
}

/// A webhook, with what became of its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Row.
    pub id: i64,
    /// Where to.
    pub url: String,
    /// How messages are written.
    pub format: Format,
    /// What it asks for, in the order of api.md.
    pub events: Vec<Event>,
    /// Whether messages are signed.
    pub is_signed: bool,
    /// Who made it: an actor's word.
    pub created_by: String,
    /// Milliseconds UTC.
    pub created_at: i64,
    /// Messages that wait.
    pub due: i64,
    /// Messages that were given up.
    pub failed: i64,
    /// When one was last taken, milliseconds UTC.
    pub sent_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    url: String,
    format: String,
    is_signed: bool,
    created_by: String,
    created_at: i64,
    due: i64,
    failed: i64,
    sent_at: Option<i64>,
}

macro_rules! webhook_sql {
    ($rest:literal) => {
        concat!(
            "select w.id, w.url, w.format, w.sealed is not null as is_signed, w.created_by, w.created_at, \
             (select count(*) from deliveries d where d.webhook_id = w.id and d.state = 'due') as due, \
             (select count(*) from deliveries d where d.webhook_id = w.id and d.state = 'failed') as failed, \
             (select max(d.done_at) from deliveries d where d.webhook_id = w.id and d.state = 'sent') as sent_at \
             from webhooks w where w.deleted_at is null ",
            $rest
        )
    };
}

impl Store {
    /// Webhooks that are not deleted, newest first; `before` is the last page's smallest id.
    pub async fn webhooks(&self, before: Option<i64>, limit: i64) -> Result<Vec<Webhook>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(webhook_sql!("and w.id < $1 order by w.id desc limit $2"))
                .bind(before.unwrap_or(i64::MAX))
                .bind(limit)
                .fetch_all(db)
                .await?
        });
        let asked: Vec<(i64, String)> = reading!(self, |db| {
            sqlx::query_as(
                "select e.webhook_id, e.event from webhook_events e join webhooks w on w.id = e.webhook_id \
                 where w.deleted_at is null",
            )
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(|row| row.with(&asked)).collect()
    }

    /// The webhook in this row, unless it is deleted.
    pub async fn webhook(&self, id: i64) -> Result<Option<Webhook>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(webhook_sql!("and w.id = $1"))
                .bind(id)
                .fetch_optional(db)
                .await?
        });
        let asked: Vec<(i64, String)> = reading!(self, |db| {
            sqlx::query_as("select webhook_id, event from webhook_events where webhook_id = $1")
                .bind(id)
                .fetch_all(db)
                .await?
        });
        row.map(|row| row.with(&asked)).transpose()
    }

    /// How many webhooks there are.
    pub async fn count_webhooks(&self) -> Result<i64, StoreError> {
        let (count,): (i64,) = reading!(self, |db| {
            sqlx::query_as("select count(*) from webhooks where deleted_at is null")
                .fetch_one(db)
                .await?
        });
        Ok(count)
    }
}

impl Row {
    fn with(self, asked: &[(i64, String)]) -> Result<Webhook, StoreError> {
        let asks = |event: &Event| {
            asked
                .iter()
                .any(|(id, word)| *id == self.id && word == event.as_str())
        };
        Ok(Webhook {
            events: Event::ALL.into_iter().filter(asks).collect(),
            id: self.id,
            format: word("webhooks", "format", self.format)?,
            url: self.url,
            is_signed: self.is_signed,
            created_by: self.created_by,
            created_at: self.created_at,
            due: self.due,
            failed: self.failed,
            sent_at: self.sent_at,
        })
    }
}

/// Writes a webhook; returns its row.
pub async fn insert_webhook(tx: &mut Tx, new: &NewWebhook<'_>) -> Result<i64, StoreError> {
    let (id,): (i64,) = writing!(&mut *tx, |db| {
        sqlx::query_as(
            "insert into webhooks (url, format, nonce, sealed, created_by, created_at) \
             values ($1, $2, $3, $4, $5, $6) returning id",
        )
        .bind(new.url)
        .bind(new.format.as_str())
        .bind(new.secret.map(|(nonce, _)| nonce))
        .bind(new.secret.map(|(_, sealed)| sealed))
        .bind(new.by)
        .bind(new.at)
        .fetch_one(db)
        .await?
    });
    for event in new.events {
        let done = writing!(&mut *tx, |db| {
            sqlx::query("insert into webhook_events (webhook_id, event) values ($1, $2)")
                .bind(id)
                .bind(event.as_str())
                .execute(db)
                .await?
                .rows_affected()
        });
        StoreError::check_rows("webhook_events", done, 1)?;
    }
    Ok(id)
}

/// Deletes a webhook: what waits for it is given up. `false` when there is none.
pub async fn delete_webhook(tx: &mut Tx, id: i64, at: i64) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        let done = sqlx::query("update webhooks set deleted_at = $2 where id = $1 and deleted_at is null")
            .bind(id)
            .bind(at)
            .execute(&mut *db)
            .await?
            .rows_affected();
        sqlx::query(
            "update deliveries set state = 'failed', detail = 'the webhook was deleted', done_at = $2 \
             where webhook_id = $1 and state = 'due'",
        )
        .bind(id)
        .bind(at)
        .execute(&mut *db)
        .await?;
        done
    });
    Ok(done == 1)
}

/// Whether there is such a webhook, not deleted.
pub async fn webhook_exists(tx: &mut Tx, id: i64) -> Result<bool, StoreError> {
    let row: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as("select id from webhooks where id = $1 and deleted_at is null")
            .bind(id)
            .fetch_optional(db)
            .await?
    });
    Ok(row.is_some())
}

#[cfg(test)]
mod tests {
    use crate::storage::deliveries::LIST;
    use crate::storage::{Store, StoreOptions, Tx};

    #[tokio::test]
    async fn given_very_many_messages_when_webhooks_are_looked_at_then_an_index_leads_to_those_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("bole.db").display());
        let store = Store::open(&StoreOptions::new(url)).await.unwrap();
        store.migrate().await.unwrap();
        let mut tx = store.begin().await.unwrap();
        let counts = webhook_sql!("order by w.id");
        for (text, index, times) in [
            (counts, "(webhook_id=? AND state=?)", 3),
            (LIST, "(webhook_id=? AND id<?)", 1),
        ] {
            let Tx::Sqlite(db) = &mut tx else { panic!("SQLite") };
            let asked = sqlx::AssertSqlSafe(format!("explain query plan {text}"));
            let plan: Vec<(i64, i64, i64, String)> =
                sqlx::query_as(asked).fetch_all(&mut **db).await.unwrap();
            let found = plan
                .iter()
                .filter(|step| step.3.starts_with("SEARCH d ") && step.3.ends_with(index));
            assert_eq!(found.count(), times, "{plan:#?}");
            assert!(
                plan.iter().all(|step| !step.3.contains("TEMP B-TREE")),
                "{plan:#?}"
            );
        }
    }
}
