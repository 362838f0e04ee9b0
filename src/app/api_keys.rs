//! Making and revoking API keys, as an administrator does.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng as _;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::app::refused::Door;
use crate::app::{Actor, App, Refused};
use crate::domain::Role;
use crate::storage::{insert_api_key, insert_audit, revoke_api_key};

/// Longest name, characters.
const NAME_MAX: usize = 60;

/// What the store keeps of a key: its SHA-256. Keys are 256 random bits, so no slow hash is needed.
pub fn hash_key(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// A key as somebody wishes it.
#[derive(Clone, Debug)]
pub struct KeyWish<'a> {
    /// What it is for.
    pub name: &'a str,
    /// What it may do.
    pub role: Role,
    /// The code of the employee it is tied to.
    pub employee: Option<&'a str>,
    /// Milliseconds UTC, exclusive; `None`: never.
    pub expires_at: Option<i64>,
}

/// Makes a key. It is told this once: only its hash is kept.
pub async fn make_key(app: &App, actor: &Actor, wish: &KeyWish<'_>) -> Result<String, Refused> {
    let mut door = Door::default();
    let name = door.line("/name", wish.name, NAME_MAX);
    let now = app.clock.now_ms();
    if wish.expires_at.is_some_and(|end| end <= now) {
        door.wrong("/expires_on", "expected a day from today on");
    }
    let employee = match wish.employee {
        Some(code) => {
            let found = app.store.employee_id_by_code(code).await?;
            if found.is_none() {
                door.wrong("/employee", "no such employee");
            }
            found
        }
        None => None,
    };
    door.close()?;
    let mut secret = [0_u8; 32];
    app.with_rng(|rng| rng.fill_bytes(&mut secret));
    let key = format!("bole_{}", URL_SAFE_NO_PAD.encode(secret));
    let mut tx = app.store.begin().await?;
    let hash = hash_key(&key);
    let id = insert_api_key(&mut tx, &name, &hash, wish.role, employee, now, wish.expires_at).await?;
    let detail =
        json!({"name": name, "role": wish.role, "employee": wish.employee, "expires_at": wish.expires_at});
    let subject = format!("key:{id}");
    insert_audit(&mut tx, now, &actor.word(), "key.made", &subject, &detail).await?;
    tx.commit().await?;
    Ok(key)
}

/// Revokes a key, from the next call on.
pub async fn revoke_key(app: &App, actor: &Actor, id: i64) -> Result<(), Refused> {
    let now = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    if !revoke_api_key(&mut tx, id, now).await? {
        return Err(Refused::NotFound(format!("live key {id}")));
    }
    let subject = format!("key:{id}");
    insert_audit(&mut tx, now, &actor.word(), "key.revoked", &subject, &json!({})).await?;
    tx.commit().await?;
    Ok(())
}
