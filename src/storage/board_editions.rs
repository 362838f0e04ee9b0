//! Boards that were announced, and announced again when they were restated.

use crate::ranking::{By, Metric};
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// An announcement.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Edition {
    /// 1 is the first.
    pub edition: i64,
    /// Rows that differed from the frozen ones then.
    pub restated: i64,
    /// What the manager said.
    pub note: String,
    /// Who: an actor's word.
    pub published_by: String,
    /// Milliseconds UTC.
    pub published_at: i64,
}

impl Store {
    /// A board's announcements, the latest first.
    pub async fn board_editions(
        &self,
        period: &str,
        metric: Metric,
        by: By,
    ) -> Result<Vec<Edition>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select edition, restated, note, published_by, published_at from board_publications \
                 where period = $1 and metric = $2 and unit = $3 order by edition desc",
            )
            .bind(period)
            .bind(metric.as_str())
            .bind(by.as_str())
            .fetch_all(db)
            .await?
        }))
    }
}

/// Announces a board; `false`, and nothing written, when that edition is there.
pub async fn insert_edition(
    tx: &mut Tx,
    (period, metric, by): (&str, Metric, By),
    edition: &Edition,
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into board_publications (period, metric, unit, edition, restated, note, published_by, published_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (period, metric, unit, edition) do nothing",
        )
        .bind(period)
        .bind(metric.as_str())
        .bind(by.as_str())
        .bind(edition.edition)
        .bind(edition.restated)
        .bind(&edition.note)
        .bind(&edition.published_by)
        .bind(edition.published_at)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}
