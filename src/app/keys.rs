//! Keys and salts that live for a while: made here, shared through the store.

use rand::Rng as _;

use crate::app::App;
use crate::attribution::token::TokenKeys;
use crate::storage::{
    StoreError, TokenKeyRow, delete_token_key, destroy_salts, ensure_salt, insert_token_key,
};

/// A new token key is made this often, or less often where a long window would keep too many of them.
const ROTATE_DAYS: i64 = 30;
/// Most keys a window may reach back to; a token names its key in one byte and a node holds 16.
const KEYS_IN_WINDOW: i64 = 12;
/// Salts live this long (attribution.md §2).
const SALT_MS: i64 = 2 * DAY_MS;
const DAY_MS: i64 = 86_400_000;

/// Why there are no token keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The stored set cannot be used: two of one number, or more than 16.
    #[error(
        "the stored token keys cannot be used: each needs a number from 0 to 255 of its own, and 16 are the most"
    )]
    Unusable,
}

/// The salt visitors are hashed with today; made when this is the first node to ask.
pub async fn todays_salt(app: &App) -> Result<[u8; 32], StoreError> {
    let mut fresh = [0u8; 32];
    app.with_rng(|rng| rng.fill_bytes(&mut fresh));
    let mut tx = app.store.begin().await?;
    let salt = ensure_salt(&mut tx, &app.today().to_string(), &fresh, app.clock.now_ms()).await?;
    tx.commit().await?;
    Ok(salt)
}

/// Destroys salts older than 48 hours; how many.
pub async fn destroy_old_salts(app: &App) -> Result<u64, StoreError> {
    let mut tx = app.store.begin().await?;
    let done = destroy_salts(&mut tx, app.clock.now_ms() - SALT_MS).await?;
    tx.commit().await?;
    Ok(done)
}

/// The keys in force; the first one is made when there is none.
pub async fn ensure_token_keys(app: &App) -> Result<TokenKeys, KeysError> {
    if let Some(keys) = crate::app::token_keys(app).await? {
        return Ok(keys);
    }
    make_key(app, &[]).await?;
    crate::app::token_keys(app).await?.ok_or(KeysError::Unusable)
}

/// Makes a new signing key when the newest is 30 days old (more under windows of over a year), and retires those no window reaches back to: the longest is
/// the programme's, a campaign's own, or a day for beacons. Says how many keys were made and retired.
pub async fn rotate_token_keys(app: &App) -> Result<u64, StoreError> {
    let now_ms = app.clock.now_ms();
    let campaigns = app.store.longest_attribution_window().await?.unwrap_or(0);
    let window_days = app.programme.attribution_window_days.max(campaigns);
    let rows = app.store.token_keys().await?;
    let mut done = 0;
    if rows
        .first()
        .is_none_or(|newest| now_ms - newest.created_at >= rotate_days(window_days) * DAY_MS)
    {
        make_key(app, &rows).await?;
        done += 1;
    }
    // A key signs until the next one is made.
    for (newer, older) in rows.iter().zip(rows.iter().skip(1)) {
        if now_ms - newer.created_at > (window_days + 1) * DAY_MS {
            let mut tx = app.store.begin().await?;
            done += u64::from(delete_token_key(&mut tx, older.kid).await?);
            tx.commit().await?;
        }
    }
    Ok(done)
}

fn rotate_days(window_days: i64) -> i64 {
    ROTATE_DAYS.max((window_days + KEYS_IN_WINDOW - 1) / KEYS_IN_WINDOW)
}

async fn make_key(app: &App, rows: &[TokenKeyRow]) -> Result<(), StoreError> {
    let mut nonce = vec![0u8; 16];
    app.with_rng(|rng| rng.fill_bytes(&mut nonce));
    let key = TokenKeyRow {
        kid: rows.first().map_or(0, |newest| (newest.kid + 1) % 256),
        nonce,
        created_at: app.clock.now_ms(),
    };
    let mut tx = app.store.begin().await?;
    if !insert_token_key(&mut tx, &key).await? {
        tracing::info!(kid = key.kid, "another node made this token key");
    }
    tx.commit().await
}
