//! Files that wait for a confirmation, and the history of a fact.

use std::collections::HashMap;

use crate::storage::pay::FactRow;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A file before it is confirmed, and after.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PayImport {
    /// Row.
    pub id: i64,
    /// A kind of fact, or `roster:<scheme>`.
    pub kind: String,
    /// Who says so.
    pub source: String,
    /// As it was called.
    pub file_name: String,
    /// JSON: what each line would do.
    pub items: String,
    /// An actor's word.
    pub made_by: String,
    /// Milliseconds UTC.
    pub made_at: i64,
    /// Who confirmed it.
    pub applied_by: Option<String>,
    /// Milliseconds UTC.
    pub applied_at: Option<i64>,
}

impl Store {
    /// A file.
    pub async fn pay_import(&self, id: i64) -> Result<Option<PayImport>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select id, kind, source, file_name, items, made_by, made_at, applied_by, applied_at \
                 from pay_imports where id = $1",
            )
            .bind(id)
            .fetch_optional(db)
            .await?
        }))
    }

    /// The latest revision of every fact of a kind from a source, by its key: revision and content.
    pub async fn fact_heads(
        &self,
        kind: &str,
        source: &str,
    ) -> Result<HashMap<String, (i64, Vec<u8>)>, StoreError> {
        let rows: Vec<(String, i64, Vec<u8>)> = reading!(self, |db| {
            sqlx::query_as(
                "select f.source_key, f.revision, f.content_hash from facts f where f.kind = $1 and f.source = $2 \
                 and not exists (select 1 from facts g where g.kind = f.kind and g.source = f.source \
                 and g.source_key = f.source_key and g.revision > f.revision)",
            )
            .bind(kind)
            .bind(source)
            .fetch_all(db)
            .await?
        });
        Ok(rows
            .into_iter()
            .map(|(key, revision, hash)| (key, (revision, hash)))
            .collect())
    }

    /// Every revision of a fact, the newest first, and who sent it; of all sources where none is named.
    pub async fn fact_revisions(
        &self,
        kind: &str,
        source: Option<&str>,
        key: &str,
    ) -> Result<Vec<(FactRow, String)>, StoreError> {
        #[derive(sqlx::FromRow)]
        struct Told {
            #[sqlx(flatten)]
            row: FactRow,
            sent_by: String,
        }
        let rows: Vec<Told> = reading!(self, |db| {
            sqlx::query_as(
                "select id, kind, source, source_key, revision, subject, occurred, fields, void = 1 as void, recorded_at, \
                 sent_by from facts where kind = $1 and source = coalesce($2, source) and source_key = $3 \
                 order by source, revision desc limit 500",
            )
            .bind(kind)
            .bind(source)
            .bind(key)
            .fetch_all(db)
            .await?
        });
        Ok(rows.into_iter().map(|t| (t.row, t.sent_by)).collect())
    }
}

/// Keeps a file until it is confirmed; its row.
pub async fn insert_pay_import(
    tx: &mut Tx,
    (kind, source, file_name): (&str, &str, &str),
    items: &str,
    (made_by, made_at): (&str, i64),
) -> Result<i64, StoreError> {
    let (id,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "insert into pay_imports (kind, source, file_name, items, made_by, made_at) \
             values ($1, $2, $3, $4, $5, $6) returning id",
        )
        .bind(kind)
        .bind(source)
        .bind(file_name)
        .bind(items)
        .bind(made_by)
        .bind(made_at)
        .fetch_one(db)
        .await?
    });
    Ok(id)
}

/// Marks a file as applied; `false` when somebody did before.
pub async fn apply_pay_import(tx: &mut Tx, id: i64, by: &str, at: i64) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update pay_imports set applied_by = $2, applied_at = $3 where id = $1 and applied_at is null",
        )
        .bind(id)
        .bind(by)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}
