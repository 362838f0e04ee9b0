//! Argon2id, off the runtime and few at a time.

use std::sync::LazyLock;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use rand::Rng;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::app::App;

/// Hashes at once: each takes 19 MiB and some 30 ms of a core (OWASP's minimum, argon2's defaults).
const AT_ONCE: usize = 2;

/// How long an attempt waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

/// What an unknown login is checked against, so that it takes as long. Nobody's password.
static NOBODY: LazyLock<String> = LazyLock::new(|| phc("nobody's password, never right", &[7; 16]));

fn phc(password: &str, salt: &[u8; 16]) -> String {
    #[expect(
        clippy::expect_used,
        reason = "fails on salts and passwords out of range only, and these are in range"
    )]
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), salt)
        .expect("argon2id takes any short password and a salt of 16 bytes")
        .to_string()
}

async fn turn() -> Option<SemaphorePermit<'static>> {
    tokio::time::timeout(PATIENCE, TURNS.acquire()).await.ok()?.ok()
}

/// The PHC string of a password, freshly salted.
pub async fn make(app: &App, password: &str) -> String {
    let mut salt = [0_u8; 16];
    app.with_rng(|rng| rng.fill_bytes(&mut salt));
    let password = password.to_owned();
    let _turn = TURNS.acquire().await;
    tokio::task::spawn_blocking(move || phc(&password, &salt))
        .await
        .unwrap_or_default()
}

/// Whether a password is the one of a PHC string; without one (no such account) the same work and `false`.
/// `None` when too many are waiting.
pub async fn check(password: &str, hash: Option<String>) -> Option<bool> {
    let password = password.to_owned();
    let _turn = turn().await?;
    let known = hash.is_some();
    let right = tokio::task::spawn_blocking(move || {
        let text = hash.as_deref().unwrap_or(&NOBODY);
        PasswordHash::new(text).is_ok_and(|parsed| {
            Argon2::default()
                .verify_password(password.as_bytes(), &parsed)
                .is_ok()
        })
    });
    Some(right.await.unwrap_or(false) && known)
}
