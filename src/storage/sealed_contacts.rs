//! Contacts of leads, sealed; erased on their retention date (attribution.md §5).

use crate::domain::ConversionId;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A sealed contact.
#[derive(Clone, Debug)]
pub struct SealedContact {
    /// 24 bytes.
    pub nonce: Vec<u8>,
    /// Ciphertext with its tag.
    pub sealed: Vec<u8>,
    /// When it is erased, milliseconds UTC.
    pub erase_at: i64,
}

impl Store {
    /// A lead's sealed contact; `None` when it never had one or it was erased.
    pub async fn sealed_contact(
        &self,
        conversion: ConversionId,
    ) -> Result<Option<SealedContact>, StoreError> {
        let row: Option<(Vec<u8>, Vec<u8>, i64)> = reading!(self, |db| {
            sqlx::query_as("select nonce, sealed, erase_at from sealed_contacts where conversion_id = $1")
                .bind(conversion.0)
                .fetch_optional(db)
                .await?
        });
        Ok(row.map(|(nonce, sealed, erase_at)| SealedContact {
            nonce,
            sealed,
            erase_at,
        }))
    }

    /// Erases contacts whose date has come; gives how many.
    pub async fn erase_contacts(&self, now_ms: i64) -> Result<u64, StoreError> {
        let mut tx = self.begin().await?;
        let done = writing!(&mut tx, |db| {
            sqlx::query("delete from sealed_contacts where erase_at <= $1")
                .bind(now_ms)
                .execute(db)
                .await?
                .rows_affected()
        });
        tx.commit().await?;
        Ok(done)
    }
}

/// Keeps a lead's sealed contact.
pub async fn insert_sealed_contact(
    tx: &mut Tx,
    conversion: ConversionId,
    contact: &SealedContact,
    now_ms: i64,
) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into sealed_contacts (conversion_id, nonce, sealed, erase_at, created_at) values ($1, $2, $3, $4, $5)",
        )
        .bind(conversion.0)
        .bind(&contact.nonce)
        .bind(&contact.sealed)
        .bind(contact.erase_at)
        .bind(now_ms)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("sealed_contacts", done, 1)
}
