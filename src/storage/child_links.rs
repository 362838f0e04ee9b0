//! Visitors' links, minted by the landing page's share button (attribution.md §4).

use crate::domain::{LinkCode, LinkId};
use crate::storage::{StoreError, Tx, writing};

/// The code of the link this visitor minted from `parent`.
pub async fn child_of(tx: &mut Tx, parent: LinkId, visitor: &[u8]) -> Result<Option<LinkCode>, StoreError> {
    let row: Option<(String,)> = writing!(tx, |db| {
        sqlx::query_as("select code from links where parent_id = $1 and visitor = $2")
            .bind(parent.0)
            .bind(visitor)
            .fetch_optional(db)
            .await?
    });
    Ok(row.map(|(code,)| LinkCode::from_store(code)))
}

/// How many links visitors minted from `parent`.
pub async fn children_of(tx: &mut Tx, parent: LinkId) -> Result<i64, StoreError> {
    let (count,): (i64,) = writing!(tx, |db| {
        sqlx::query_as("select count(*) from links where parent_id = $1")
            .bind(parent.0)
            .fetch_one(db)
            .await?
    });
    Ok(count)
}

/// Stores a visitor's link: the parent's employee, campaign and destination, under a channel of its own. `false` when
/// the code is taken, or this visitor has one (look which).
pub async fn insert_child(
    tx: &mut Tx,
    parent: LinkId,
    code: &LinkCode,
    channel: &str,
    visitor: &[u8],
    at: i64,
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into links (code, code_key, employee_id, campaign_id, channel, material, parent_id, visitor, \
             destination, expires_at, created_at, changed_at) \
             select cast($2 as text), cast($3 as text), employee_id, campaign_id, cast($4 as text), material, id, $5, \
             destination, expires_at, cast($6 as bigint), cast($6 as bigint) from links where id = $1 \
             on conflict do nothing",
        )
        .bind(parent.0)
        .bind(code.as_str())
        .bind(code.key())
        .bind(channel)
        .bind(visitor)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}
