//! Answers kept for their `Idempotency-Key`, sealed: some hold what is said once only, a webhook's secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::Rng as _;

use crate::app::App;

/// What sealed answers begin with. No JSON does, so answers of before are told apart.
const MARK: &str = "sealed:";
/// Bytes of a nonce.
const NONCE: usize = 24;
/// What the key is for.
const PURPOSE: &str = "answer-seal";

/// Whose answer it is: sealed for one caller's key, it opens for no other.
fn bound(actor: &str, key: &str) -> Vec<u8> {
    format!("{actor}\n{key}").into_bytes()
}

/// An answer as it is kept; `None` when it cannot be sealed.
pub fn seal_answer(app: &App, actor: &str, key: &str, answer: &str) -> Option<String> {
    let mut nonce = [0u8; NONCE];
    app.with_rng(|rng| rng.fill_bytes(&mut nonce));
    let sealed = app
        .secrets
        .seal(PURPOSE, &bound(actor, key), nonce, answer.as_bytes())?;
    let mut bytes = nonce.to_vec();
    bytes.extend_from_slice(&sealed);
    Some(format!("{MARK}{}", STANDARD.encode(bytes)))
}

/// A kept answer in plain; `None` when it was sealed for another caller or with another installation's key. What was
/// kept before answers were sealed stands as it is: it is forgotten two days after.
pub fn open_answer(app: &App, actor: &str, key: &str, kept: &str) -> Option<String> {
    let Some(text) = kept.strip_prefix(MARK) else {
        return Some(kept.to_owned());
    };
    let bytes = STANDARD.decode(text).ok()?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE)?;
    let plain = app.secrets.open(PURPOSE, &bound(actor, key), nonce, sealed)?;
    String::from_utf8(plain).ok()
}
