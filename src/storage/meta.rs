//! Facts about the installation itself.

use crate::storage::{Store, StoreError, writing};

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
}
