//! tower-sessions' store over ours.

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

use crate::app::App;
use crate::storage::{self, StoreError};
use crate::web::session::{ACCOUNT, SESSION_SECONDS};

/// Sessions in the table `sessions`. Ends are counted by our clock.
#[derive(Clone)]
pub struct Sessions(pub App);

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sessions(…)")
    }
}

/// What the store keeps of an id. Ids are 128 random bits, so no slow hash is needed.
pub fn id_hash(id: &Id) -> [u8; 32] {
    Sha256::digest(id.0.to_le_bytes()).into()
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn backend(error: StoreError) -> Error {
    Error::Backend(error.to_string())
}

impl Sessions {
    async fn write(&self, record: &Record) -> std::result::Result<(), StoreError> {
        let account = record.data.get(ACCOUNT).and_then(serde_json::Value::as_i64);
        let data = serde_json::to_string(&record.data).unwrap_or_default();
        let end = self.0.clock.now_ms() + SESSION_SECONDS * 1000;
        let mut tx = self.0.store.begin().await?;
        storage::save_session(&mut tx, &id_hash(&record.id), account, &data, end).await?;
        tx.commit().await
    }

    async fn remove(&self, id: &Id) -> std::result::Result<(), StoreError> {
        let mut tx = self.0.store.begin().await?;
        storage::delete_session(&mut tx, &id_hash(id)).await?;
        tx.commit().await
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        self.write(record).await.map_err(backend)
    }

    async fn save(&self, record: &Record) -> Result<()> {
        self.write(record).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let now = self.0.clock.now_ms();
        let found = self.0.store.session(&id_hash(id), now).await.map_err(backend)?;
        let Some((data, end)) = found else { return Ok(None) };
        Ok(Some(Record {
            id: *id,
            data: serde_json::from_str(&data).map_err(|e| Error::Decode(e.to_string()))?,
            expiry_date: OffsetDateTime::from_unix_timestamp(end / 1000)
                .map_err(|e| Error::Decode(e.to_string()))?,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.remove(id).await.map_err(backend)
    }
}
