//! Screenshots of what was filed for points.

use std::collections::BTreeSet;

use crate::domain::EmployeeId;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// What a screenshot is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvidenceOf {
    /// A share, by its row.
    Share(i64),
    /// An exchange, by its row.
    Interaction(i64),
}

impl EvidenceOf {
    const fn parts(self) -> (&'static str, i64) {
        match self {
            Self::Share(id) => ("share", id),
            Self::Interaction(id) => ("interaction", id),
        }
    }
}

impl Store {
    /// A screenshot: media type and file.
    pub async fn evidence(&self, of: EvidenceOf) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        let (kind, id) = of.parts();
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select media_type, bytes from evidence_pictures where kind = $1 and subject_id = $2",
            )
            .bind(kind)
            .bind(id)
            .fetch_optional(db)
            .await?
        }))
    }

    /// Whose share or exchange it is.
    pub async fn evidence_owner(&self, of: EvidenceOf) -> Result<Option<EmployeeId>, StoreError> {
        let (kind, id) = of.parts();
        let row: Option<(i64,)> = reading!(self, |db| {
            sqlx::query_as(
                "select employee_id from shares where $1 = 'share' and id = $2 \
                 union all select employee_id from interactions where $1 = 'interaction' and id = $2",
            )
            .bind(kind)
            .bind(id)
            .fetch_optional(db)
            .await?
        });
        Ok(row.map(|(id,)| EmployeeId(id)))
    }

    /// Which of the rows from `of` to `last` have one; both of the same kind.
    pub async fn with_evidence(&self, of: EvidenceOf, last: i64) -> Result<BTreeSet<i64>, StoreError> {
        let (kind, first) = of.parts();
        let rows: Vec<(i64,)> = reading!(self, |db| {
            sqlx::query_as(
                "select subject_id from evidence_pictures where kind = $1 and subject_id between $2 and $3",
            )
            .bind(kind)
            .bind(first)
            .bind(last)
            .fetch_all(db)
            .await?
        });
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }
}

/// Keeps a screenshot with what was filed just now.
pub async fn insert_evidence(
    tx: &mut Tx,
    of: EvidenceOf,
    (media_type, bytes): (&str, &[u8]),
    at: i64,
) -> Result<(), StoreError> {
    let (kind, id) = of.parts();
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into evidence_pictures (kind, subject_id, media_type, bytes, created_at) \
             values ($1, $2, $3, $4, $5)",
        )
        .bind(kind)
        .bind(id)
        .bind(media_type)
        .bind(bytes)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("evidence_pictures", done, 1)
}
