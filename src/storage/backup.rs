//! Copies of an SQLite store for backups.

use std::path::Path;
use std::str::FromStr;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{Connection, SqliteConnection};

use crate::storage::{Store, StoreError};

impl Store {
    /// Copies the whole store into a new file, as it is at one instant; everybody works on meanwhile. `false`, and
    /// nothing written, on PostgreSQL, which has its own means.
    pub async fn copy_to(&self, file: &Path) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite { write, .. } => {
                sqlx::query("vacuum into $1")
                    .bind(file.to_string_lossy())
                    .execute(write)
                    .await?;
                Ok(true)
            }
            Self::Postgres(_) => Ok(false),
        }
    }
}

/// Takes out of a copy what no backup may keep, or could not use: the salts visitors are hashed with (attribution.md
/// §2), and how far the spool was read. Without that the spool beside the copy is read again from its beginning, which
/// stores each click once all the same.
pub async fn clean_copy(file: &Path) -> Result<(), StoreError> {
    // Overwritten, not only let go; and no journal that would keep them for a while.
    let options = SqliteConnectOptions::from_str(&format!("sqlite:{}", file.display()))?
        .journal_mode(SqliteJournalMode::Off)
        .pragma("secure_delete", "on");
    let mut db = SqliteConnection::connect_with(&options).await?;
    sqlx::raw_sql(
        "delete from visitor_salts; delete from spool_checkpoints; delete from loader_batches; \
         delete from loader_marks;",
    )
    .execute(&mut db)
    .await?;
    db.close().await?;
    Ok(())
}

/// What SQLite finds wrong with a copy; nothing when it is whole and holds no salt.
pub async fn check_copy(file: &Path) -> Result<Vec<String>, StoreError> {
    let options = SqliteConnectOptions::from_str(&format!("sqlite:{}", file.display()))?.read_only(true);
    let mut db = SqliteConnection::connect_with(&options).await?;
    let mut found: Vec<String> = sqlx::query_scalar("pragma integrity_check(20)")
        .fetch_all(&mut db)
        .await?;
    found.retain(|line| line != "ok");
    let salts: i64 = sqlx::query_scalar("select count(*) from visitor_salts")
        .fetch_one(&mut db)
        .await?;
    if salts > 0 {
        found.push("it holds salts, which no backup may".to_owned());
    }
    db.close().await?;
    Ok(found)
}
