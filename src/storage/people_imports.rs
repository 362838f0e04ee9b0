//! Files of people that were uploaded and looked at, and wait to be confirmed.

use crate::storage::{StoreError, Tx, writing};

/// Keeps a file until it is confirmed.
pub async fn insert_people_import(
    tx: &mut Tx,
    token_hash: &[u8; 32],
    actor: &str,
    file: &[u8],
    plan_hash: &[u8; 32],
    at: i64,
) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        // One that waits is enough: a new one replaces what the same person looked at before.
        sqlx::query("delete from people_imports where actor = $1")
            .bind(actor)
            .execute(&mut *db)
            .await?;
        sqlx::query(
            "insert into people_imports (token_hash, actor, file, plan_hash, created_at) values ($1, $2, $3, $4, $5)",
        )
        .bind(&token_hash[..])
        .bind(actor)
        .bind(file)
        .bind(&plan_hash[..])
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("people_imports", done, 1)
}

/// Takes a file out that this actor uploaded after `since` (milliseconds UTC): its bytes and what was shown. One of two at
/// once gets it.
pub async fn take_people_import(
    tx: &mut Tx,
    token_hash: &[u8; 32],
    actor: &str,
    since: i64,
) -> Result<Option<(Vec<u8>, Vec<u8>)>, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query_as(
            "delete from people_imports where token_hash = $1 and actor = $2 and created_at > $3 \
             returning file, plan_hash",
        )
        .bind(&token_hash[..])
        .bind(actor)
        .bind(since)
        .fetch_optional(db)
        .await?
    }))
}
