//! How long a guesser waits, without anybody being locked out for ever.
//!
//! Three counts for each wrong password, under keyed hashes (no login and no address is kept in plain):
//! - this login from this network: waits from the fifth on. An attacker elsewhere does not make its owner wait.
//! - this login from anywhere: waits from the fortieth on.
//! - this network with any login: waits from the thirtieth on; an office shares one.
//!
//! The last two do not bind a login on networks where it was right in the last 90 days: neither strangers nor colleagues
//! who mistype keep anybody out where they always sign in.
//!
//! A one-time link by e-mail, an administrator and OpenID Connect open the door in spite of any wait.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::app::App;
use crate::app::accounts::rules::{FIRST_WAIT_MS, FREE_FAILURES, wait_after};
use crate::classify::Network;
use crate::storage::StoreError;
use crate::storage::Tx;
use crate::storage::signin::{
    WaitKey, count_signin_failure, forget_signin_rest, forget_signin_waits, note_signin_known,
    set_signin_wait,
};

/// Wrong passwords of one login from everywhere that cost no wait.
const FREE_ANYWHERE: i64 = 40;
/// Wrong passwords from one network that cost no wait.
const FREE_NETWORK: i64 = 30;
/// The longest wait but the one of a login from one network, milliseconds.
const SHORT_WAIT_MS: i64 = 900_000;
/// A network where a login was right stays known this long, milliseconds.
pub const KNOWN_MS: i64 = 90 * 86_400_000;
/// Failures are forgotten after this long without another, milliseconds.
pub const FORGET_MS: i64 = 24 * 3_600_000;

/// What an attempt is counted under.
pub(super) struct Keys {
    login: [u8; 32],
    network: [u8; 32],
}

/// The keyed hash of a login (folded).
pub(super) fn login_hash(app: &App, login: &str) -> [u8; 32] {
    keyed(app, "signin-login", login.as_bytes())
}

fn keyed(app: &App, purpose: &str, text: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    block[..32].copy_from_slice(&app.secrets.derive(purpose, b""));
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    mac.update(text);
    mac.finalize().into_bytes().into()
}

impl Keys {
    pub(super) fn of(app: &App, login: &str, network: Network) -> Self {
        Self {
            login: login_hash(app, login),
            network: keyed(app, "signin-network", &network.to_number().to_be_bytes()),
        }
    }

    const fn here(&self) -> WaitKey<'_> {
        (&self.login, &self.network)
    }

    const fn anywhere(&self) -> WaitKey<'_> {
        (&self.login, &[])
    }

    const fn network(&self) -> WaitKey<'_> {
        (&[], &self.network)
    }
}

/// Seconds left to wait, if any.
pub(super) async fn left(app: &App, keys: &Keys) -> Result<Option<i64>, StoreError> {
    let now = app.clock.now_ms();
    let here = app.store.signin_wait(keys.here()).await?.unwrap_or_default();
    let is_known = here.known_at.is_some_and(|at| now - at < KNOWN_MS);
    let mut until = here.until.unwrap_or(0);
    if !is_known {
        for key in [keys.anywhere(), keys.network()] {
            let wait = app.store.signin_wait(key).await?.unwrap_or_default();
            until = until.max(wait.until.unwrap_or(0));
        }
    }
    Ok((until > now).then(|| (until - now + 999) / 1000))
}

/// Counts a wrong password.
pub(super) async fn wrong(app: &App, keys: &Keys) -> Result<(), StoreError> {
    let now = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    // Always in this order: two attempts at once must not wait for each other in a circle.
    for (key, free, longest) in [
        (keys.network(), FREE_NETWORK, SHORT_WAIT_MS),
        (keys.anywhere(), FREE_ANYWHERE, SHORT_WAIT_MS),
        (keys.here(), FREE_FAILURES, i64::MAX),
    ] {
        let failures = count_signin_failure(&mut tx, key, now, now - FORGET_MS).await?;
        if let Some(wait_ms) = wait_after(failures - free + FREE_FAILURES) {
            let wait_ms = wait_ms.min(longest).max(FIRST_WAIT_MS);
            set_signin_wait(&mut tx, key, now + wait_ms).await?;
            tracing::warn!(failures, wait_ms, "wrong passwords make a login or network wait");
        }
    }
    tx.commit().await
}

/// Notes a right password. Failures of the whole network stand: somebody with one account could else clear them.
pub(super) async fn right(app: &App, keys: &Keys) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    note_signin_known(&mut tx, keys.here(), app.clock.now_ms()).await?;
    tx.commit().await
}

/// Ends every wait of a login.
pub(super) async fn forget(app: &App, tx: &mut Tx, login: &str) -> Result<u64, StoreError> {
    forget_signin_waits(tx, &login_hash(app, login)).await
}

/// Removes waits, links and unconfirmed imports that are over; how many. A chore.
pub async fn forget_rest(app: &App) -> Result<u64, StoreError> {
    let now = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    let imports_before = now - crate::app::people::PREVIEW_MS;
    let done = forget_signin_rest(&mut tx, now - FORGET_MS, now - KNOWN_MS, now, imports_before).await?;
    tx.commit().await?;
    Ok(done)
}
