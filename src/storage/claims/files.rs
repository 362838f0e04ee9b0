//! Files attached to a claim.

use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A file to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewFile<'a> {
    /// Of which claim.
    pub claim: i64,
    /// What it was called.
    pub name: &'a str,
    /// By its content.
    pub media_type: &'a str,
    /// SHA-256.
    pub hash: [u8; 32],
    /// The content.
    pub bytes: &'a [u8],
    /// Milliseconds UTC.
    pub at: i64,
}

/// A file as kept, without its content.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ClaimFile {
    /// Row.
    pub id: i64,
    /// What it was called.
    pub name: String,
    /// By its content.
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// Milliseconds UTC.
    pub created_at: i64,
}

impl Store {
    /// The files of a claim, the oldest first.
    pub async fn claim_files(&self, claim: i64) -> Result<Vec<ClaimFile>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select id, name, media_type, cast(length(bytes) as bigint) as size, created_at from claim_files \
                 where claim_id = $1 order by id",
            )
            .bind(claim)
            .fetch_all(db)
            .await?
        }))
    }

    /// A file's name, media type and content.
    pub async fn claim_file(
        &self,
        claim: i64,
        file: i64,
    ) -> Result<Option<(String, String, Vec<u8>)>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as("select name, media_type, bytes from claim_files where claim_id = $1 and id = $2")
                .bind(claim)
                .bind(file)
                .fetch_optional(db)
                .await?
        }))
    }
}

/// How many files a locked claim has.
pub async fn file_count(tx: &mut Tx, claim: i64) -> Result<i64, StoreError> {
    let (count,): (i64,) = writing!(tx, |db| {
        sqlx::query_as("select count(*) from claim_files where claim_id = $1")
            .bind(claim)
            .fetch_one(db)
            .await?
    });
    Ok(count)
}

/// The file of a locked claim with this content.
pub async fn file_with(tx: &mut Tx, claim: i64, hash: &[u8; 32]) -> Result<Option<i64>, StoreError> {
    let row: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as("select id from claim_files where claim_id = $1 and hash = $2")
            .bind(claim)
            .bind(&hash[..])
            .fetch_optional(db)
            .await?
    });
    Ok(row.map(|(id,)| id))
}

/// Keeps a file; its row, or `None` when the claim has this very file.
pub async fn insert_file(tx: &mut Tx, new: &NewFile<'_>) -> Result<Option<i64>, StoreError> {
    let row: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as(
            "insert into claim_files (claim_id, name, media_type, hash, bytes, created_at) \
             values ($1, $2, $3, $4, $5, $6) on conflict (claim_id, hash) do nothing returning id",
        )
        .bind(new.claim)
        .bind(new.name)
        .bind(new.media_type)
        .bind(&new.hash[..])
        .bind(new.bytes)
        .bind(new.at)
        .fetch_optional(db)
        .await?
    });
    Ok(row.map(|(id,)| id))
}
