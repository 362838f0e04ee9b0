//! Words kept with runs: why one was sent back, why what it warned of may stand.

use crate::storage::{Store, StoreError, Tx, reading, writing};

/// Words to be kept with a run.
#[derive(Clone, Copy, Debug)]
pub struct NewRunNote<'a> {
    /// The run.
    pub run: i64,
    /// `returned`, `approved` or `closed`.
    pub step: &'static str,
    /// The words.
    pub words: &'a str,
    /// An actor's word.
    pub by: &'a str,
    /// Milliseconds UTC.
    pub at: i64,
}

/// Words kept with a run.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RunNote {
    /// The run they were written to.
    #[sqlx(rename = "run_id")]
    pub run: i64,
    /// `returned`, `approved` or `closed`.
    pub step: String,
    /// The words.
    pub words: String,
    /// An actor's word.
    #[sqlx(rename = "written_by")]
    pub by: String,
    /// Milliseconds UTC.
    #[sqlx(rename = "written_at")]
    pub at: i64,
}

impl Store {
    /// What was written to a run and to earlier calculations of its scheme and days, in order.
    pub async fn run_notes(&self, run: i64) -> Result<Vec<RunNote>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select n.run_id, n.step, n.words, n.written_by, n.written_at from runs one \
                 join runs r on r.scheme = one.scheme and r.from_on = one.from_on and r.to_on = one.to_on and r.id <= one.id \
                 join run_notes n on n.run_id = r.id where one.id = $1 order by n.id",
            )
            .bind(run)
            .fetch_all(db)
            .await?
        }))
    }
}

/// Keeps words with a run.
pub async fn insert_run_note(tx: &mut Tx, new: &NewRunNote<'_>) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into run_notes (run_id, step, words, written_by, written_at) values ($1, $2, $3, $4, $5)",
        )
        .bind(new.run)
        .bind(new.step)
        .bind(new.words)
        .bind(new.by)
        .bind(new.at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("run_notes", done, 1)
}
