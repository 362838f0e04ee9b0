//! What the CRM says.

use jiff::civil::Date;

use crate::attribution::claim::Deal;
use crate::domain::CustomerId;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A record to be written.
#[derive(Clone, Debug)]
pub struct NewCrmRecord<'a> {
    /// The CRM's id for it.
    pub external_id: &'a str,
    /// SHA-256 of what was sent.
    pub content_hash: [u8; 32],
    /// The customer; locked.
    pub customer: Option<CustomerId>,
    /// The order as written and as compared.
    pub order: Option<(&'a str, &'a str)>,
    /// Where the customer came from, in the CRM's words.
    pub source_note: &'a str,
    /// Who wrote it into the CRM.
    pub created_by: &'a str,
    /// The day of the deal.
    pub occurred_on: Date,
    /// Who sent it: an actor's word.
    pub sent_by: &'a str,
    /// Milliseconds UTC.
    pub received_at: i64,
}

/// A record as it stands.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CrmRecord {
    /// Row.
    pub id: i64,
    /// The CRM's id for it.
    pub external_id: String,
    /// SHA-256 of what was sent.
    pub content_hash: Vec<u8>,
    /// The customer.
    pub customer_id: Option<i64>,
    /// The order as written.
    pub order_no: Option<String>,
    /// The order as compared.
    pub order_key: Option<String>,
    /// Where the customer came from, in the CRM's words.
    pub source_note: String,
    /// Who wrote it into the CRM.
    pub created_by: String,
    /// ISO day.
    pub occurred_on: String,
    /// Milliseconds UTC.
    pub received_at: i64,
    /// JSON list: the claims it verified when it came.
    pub verified: String,
}

impl CrmRecord {
    /// What tells its deal from others.
    pub fn deal(&self) -> Deal<'_> {
        Deal {
            order: self.order_key.as_deref(),
            customer: self.customer_id,
        }
    }
}

macro_rules! record_sql {
    ($rest:literal) => {
        concat!(
            "select id, external_id, content_hash, customer_id, order_no, order_key, source_note, created_by, occurred_on, ",
            "received_at, verified from crm_records ",
            $rest
        )
    };
}

/// Most records read beside a claim.
const MOST: i64 = 50;

impl Store {
    /// A record by the CRM's id for it.
    pub async fn crm_record(&self, external_id: &str) -> Result<Option<CrmRecord>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(record_sql!("where external_id = $1"))
                .bind(external_id)
                .fetch_optional(db)
                .await?
        }))
    }

    /// Records that may speak of a deal, the newest first, at most 50.
    pub async fn crm_records_about(&self, deal: Deal<'_>) -> Result<Vec<CrmRecord>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(record_sql!(
                "where order_key = $1 or customer_id = $2 order by id desc limit $3"
            ))
            .bind(deal.order)
            .bind(deal.customer)
            .bind(MOST)
            .fetch_all(db)
            .await?
        }))
    }
}

/// The same inside a transaction.
pub async fn records_of(tx: &mut Tx, deal: Deal<'_>) -> Result<Vec<CrmRecord>, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query_as(record_sql!(
            "where order_key = $1 or customer_id = $2 order by id desc limit $3"
        ))
        .bind(deal.order)
        .bind(deal.customer)
        .bind(MOST)
        .fetch_all(db)
        .await?
    }))
}

/// Writes a record; its row, or `None` when the id is taken.
pub async fn insert_record(tx: &mut Tx, new: &NewCrmRecord<'_>) -> Result<Option<i64>, StoreError> {
    let row: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as(
            "insert into crm_records (external_id, content_hash, customer_id, order_no, order_key, source_note, \
             created_by, occurred_on, sent_by, received_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             on conflict (external_id) do nothing returning id",
        )
        .bind(new.external_id)
        .bind(&new.content_hash[..])
        .bind(new.customer.map(|c| c.0))
        .bind(new.order.map(|(written, _)| written))
        .bind(new.order.map(|(_, key)| key))
        .bind(new.source_note)
        .bind(new.created_by)
        .bind(new.occurred_on.to_string())
        .bind(new.sent_by)
        .bind(new.received_at)
        .fetch_optional(db)
        .await?
    });
    Ok(row.map(|(id,)| id))
}

/// Notes which claims a record verified: the answer when it is sent again.
pub async fn note_verified(tx: &mut Tx, record: i64, claims: &str) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("update crm_records set verified = $2 where id = $1")
            .bind(record)
            .bind(claims)
            .execute(db)
            .await?
            .rows_affected()
    });
    StoreError::check_rows("crm_records", done, 1)
}
