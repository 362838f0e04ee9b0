//! The clicks that decide whether a valid click earns.
//!
//! # Why
//! A visitor who comes back for years, or an office that shares one hash, has thousands of valid clicks on a link. What
//! decides is bounded: whoever earned within a day before, and what came within a day after.

use crate::domain::{ClickId, LinkId};
use crate::storage::bulk::{Bulk, pieces};
use crate::storage::clicks::seen::{Row, columns, from_row};
use crate::storage::clicks::{Seen, VisitorKey, first_id_at};
use crate::storage::{StoreError, Tx, writing};

/// A valid click's visitor, as far as it decides on points: who shares this key on this link, around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earner {
    /// The click.
    pub id: ClickId,
    /// Its link.
    pub link: LinkId,
    /// What shows its visitor.
    pub key: VisitorKey,
    /// Whether its page said who it is: then only those of its hash whose page said nothing can be the same.
    pub paged: bool,
}

// A `cross join`, for SQLite's planner to begin at the few visitors: without statistics it takes the whole index of
// valid clicks for the shorter side.
macro_rules! around {
    ($same:literal) => {
        concat!(
            ") select ",
            columns!(),
            " from v cross join clicks c where c.link_id = v.link and c.valid and ",
            $same,
            " and c.earned = true and c.id >= v.first and c.id < v.this union all \
             select ",
            columns!(),
            " from v cross join clicks c where c.link_id = v.link and c.valid and ",
            $same,
            " and c.earned in (true, false) and c.id > v.this and c.id < v.last"
        )
    };
}

const AROUND: &str = "with v (link, key, first, this, last) as (values ";
static EARNERS: [Bulk; 4] = [
    Bulk::rows(AROUND, 5, around!("c.visitor = v.key and c.visitor is not null")),
    Bulk::rows(
        AROUND,
        5,
        around!("c.visitor_hash = v.key and c.visitor_hash is not null and c.page_visitor is null"),
    ),
    Bulk::rows(
        AROUND,
        5,
        around!("c.visitor_hash = v.key and c.visitor_hash is not null"),
    ),
    Bulk::rows(
        AROUND,
        5,
        around!("c.page_visitor = v.key and c.page_visitor is not null"),
    ),
];

/// The clicks that decide on these visitors' points: those that earned less than `window_ms` before, and the valid ones
/// less than `window_ms` after.
pub async fn earners_around(
    tx: &mut Tx,
    earners: &[Earner],
    window_ms: i64,
) -> Result<Vec<Seen>, StoreError> {
    let mut kinds: [Vec<(Earner, Vec<u8>)>; 4] = Default::default();
    for earner in earners {
        let (kind, key) = match (earner.key, earner.paged) {
            (VisitorKey::Cookie(id), _) => (0, id.to_vec()),
            (VisitorKey::Hash(id), true) => (1, id.to_vec()),
            (VisitorKey::Hash(id), false) => (2, id.to_vec()),
            (VisitorKey::Page(id), _) => (3, id.to_vec()),
        };
        kinds[kind].push((*earner, key));
    }
    let mut found: Vec<Seen> = Vec::new();
    for (statement, wanted) in EARNERS.iter().zip(&kinds) {
        for piece in pieces(wanted) {
            let text = statement.text(tx, piece.len());
            let rows: Vec<Row> = writing!(tx, |db| {
                let mut query = sqlx::query_as(text);
                for (earner, key) in piece {
                    let at_ms = earner.id.unix_ms();
                    query = query.bind(earner.link.0).bind(&key[..]);
                    query = query.bind(first_id_at(at_ms - window_ms + 1).0);
                    query = query.bind(earner.id.0).bind(first_id_at(at_ms + window_ms).0);
                }
                query.fetch_all(db).await?
            });
            for row in rows {
                found.push(from_row(row)?);
            }
        }
    }
    found.sort_by_key(|seen| seen.id);
    found.dedup_by_key(|seen| seen.id);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{Store, StoreOptions};

    #[tokio::test]
    async fn given_a_database_without_statistics_when_asked_who_decides_then_no_index_is_read_whole() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("bole.db").display());
        let store = Store::open(&StoreOptions::new(url)).await.unwrap();
        store.migrate().await.unwrap();
        let mut tx = store.begin().await.unwrap();
        for statement in &EARNERS {
            for rows in [1, 4, 256] {
                let text = format!("explain query plan {}", statement.text(&tx, rows).0);
                let Tx::Sqlite(db) = &mut tx else { panic!("SQLite") };
                let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(sqlx::AssertSqlSafe(text))
                    .fetch_all(&mut **db)
                    .await
                    .unwrap();
                let found = |what| plan.iter().filter(|step| step.3.starts_with(what)).count();
                assert_eq!(
                    (found("SCAN c"), found("SEARCH c")),
                    (0, 2),
                    "{rows} rows: {plan:#?}"
                );
            }
        }
    }
}
