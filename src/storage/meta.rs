//! Facts about the installation itself.

use crate::storage::{Store, StoreError, reading, writing};

impl Store {
    /// The value kept under a name; `value` is stored and returned when there is none yet.
    pub async fn meta_or_insert(&self, name: &str, value: &str) -> Result<String, StoreError> {
        let mut tx = self.begin().await?;
        let (kept,): (String,) = writing!(&mut tx, |db| {
            sqlx::query("insert into meta (name, value) values ($1, $2) on conflict (name) do nothing")
                .bind(name)
                .bind(value)
                .execute(&mut *db)
                .await?;
            sqlx::query_as("select value from meta where name = $1")
                .bind(name)
                .fetch_one(db)
                .await?
        });
        tx.commit().await?;
        Ok(kept)
    }

    /// The value kept under a name.
    pub async fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = reading!(self, |db| {
            sqlx::query_as("select value from meta where name = $1")
                .bind(name)
                .fetch_optional(db)
                .await?
        });
        Ok(row.map(|(value,)| value))
    }

    /// Keeps a value under a name, in place of the one there was.
    pub async fn put_meta(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let done = writing!(&mut tx, |db| {
            sqlx::query(
                "insert into meta (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value",
            )
            .bind(name)
            .bind(value)
            .execute(db)
            .await?
            .rows_affected()
        });
        StoreError::check_rows("meta", done, 1)?;
        tx.commit().await
    }
}
