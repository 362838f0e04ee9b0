//! Beacons that were read before their click: from another node, or another segment.

use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::domain::ClickId;
use crate::storage::{StoreError, Tx, writing};

/// Rows per statement.
const CHUNK: usize = 500;

/// Takes the kept beacons of these clicks out; packed.
pub async fn orphans_of(tx: &mut Tx, ids: &[ClickId]) -> Result<Vec<(ClickId, Vec<u8>)>, StoreError> {
    let any: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as("select at from orphan_beacons limit 1")
            .fetch_optional(db)
            .await?
    });
    if any.is_none() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for chunk in ids.chunks(CHUNK) {
        let rows: Vec<(Uuid, Vec<u8>)> = writing!(tx, |db| {
            let mut q = QueryBuilder::new("delete from orphan_beacons where click_id in (");
            let mut list = q.separated(", ");
            for id in chunk {
                list.push_bind(id.0);
            }
            q.push(") returning click_id, beacons");
            q.build_query_as().fetch_all(db).await?
        });
        found.extend(rows.into_iter().map(|(id, beacons)| (ClickId(id), beacons)));
    }
    Ok(found)
}

/// Keeps beacons of clicks that are not there yet, in place of those kept before; `(click, packed, last at)`.
pub async fn keep_orphans(tx: &mut Tx, orphans: &[(ClickId, Vec<u8>, i64)]) -> Result<(), StoreError> {
    for chunk in orphans.chunks(CHUNK) {
        let done = writing!(tx, |db| {
            let mut q = QueryBuilder::new("insert into orphan_beacons (click_id, beacons, at) ");
            q.push_values(chunk, |mut row, (id, beacons, at)| {
                row.push_bind(id.0).push_bind(&beacons[..]).push_bind(*at);
            });
            q.push(" on conflict (click_id) do update set beacons = excluded.beacons, at = excluded.at");
            q.build().execute(db).await?.rows_affected()
        });
        StoreError::check_rows("orphan_beacons", done, chunk.len() as u64)?;
    }
    Ok(())
}

/// Forgets beacons whose click never came, the last of which arrived before `before_ms`; says how many clicks' there were.
pub async fn forget_orphans(tx: &mut Tx, before_ms: i64) -> Result<u64, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query("delete from orphan_beacons where at < $1")
            .bind(before_ms)
            .execute(db)
            .await?
            .rows_affected()
    }))
}
