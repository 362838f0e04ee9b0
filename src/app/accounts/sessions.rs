//! Where an account is signed in, and how one ends a session from elsewhere.

use std::fmt::Write as _;

use crate::app::App;
use crate::storage::{self, StoreError};

/// A session of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSession {
    /// Names it for [`end_session`]; worth nothing as a cookie.
    pub key: String,
    /// Browser and system it signed in with, in words (`chrome windows`); empty where they are not known.
    pub agent: String,
    /// When it signed in, milliseconds UTC; `None` where it is not known.
    pub begun_at: Option<i64>,
    /// When it ends by itself, milliseconds UTC.
    pub ends_at: i64,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

fn key(hash: &[u8]) -> String {
    hash.iter().take(12).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The open sessions of an account, the latest first. `current` is the hash of the one that asks.
pub async fn open_sessions(
    app: &App,
    account: i64,
    current: Option<&[u8; 32]>,
) -> Result<Vec<OpenSession>, StoreError> {
    let rows = app.store.sessions_of(account, app.clock.now_ms()).await?;
    Ok(rows
        .into_iter()
        .map(|(hash, data, ends_at)| {
            let data: serde_json::Value = serde_json::from_str(&data).unwrap_or_default();
            OpenSession {
                key: key(&hash),
                agent: data["agent"].as_str().unwrap_or_default().to_owned(),
                begun_at: data["begun_at"].as_i64(),
                ends_at,
                is_current: current.is_some_and(|c| c[..] == hash[..]),
            }
        })
        .collect())
}

/// Ends the session of an account that `key` names; `false` when there is none.
pub async fn end_session(app: &App, account: i64, wanted: &str) -> Result<bool, StoreError> {
    let rows = app.store.sessions_of(account, app.clock.now_ms()).await?;
    let Some((hash, ..)) = rows.into_iter().find(|(hash, ..)| key(hash) == wanted) else {
        return Ok(false);
    };
    let Ok(hash) = <[u8; 32]>::try_from(hash) else {
        return Ok(false);
    };
    let mut tx = app.store.begin().await?;
    let done = storage::delete_session(&mut tx, &hash).await?;
    tx.commit().await?;
    Ok(done)
}
