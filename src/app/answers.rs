//! Answers kept for their `Idempotency-Key`, sealed: some hold what is said once only, a webhook's secret.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rand::Rng as _;

use crate::app::App;

/// What sealed answers begin with. No JSON does, so answers of before are told apart.
const MARK: &str = "sealed:";
/// Bytes of a nonce.
const NONCE: usize = 24;

fn cipher(app: &App) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(app.secrets.derive("answer-seal", b"")))
}

/// Whose answer it is: sealed for one caller's key, it opens for no other.
fn bound(actor: &str, key: &str) -> Vec<u8> {
    format!("{actor}\n{key}").into_bytes()
}

/// An answer as it is kept; `None` when it cannot be sealed.
pub fn seal_answer(app: &App, actor: &str, key: &str, answer: &str) -> Option<String> {
    let mut nonce = [0u8; NONCE];
    app.with_rng(|rng| rng.fill_bytes(&mut nonce));
    let aad = bound(actor, key);
    let payload = Payload {
        msg: answer.as_bytes(),
        aad: &aad,
    };
    let sealed = cipher(app).encrypt(&XNonce::from(nonce), payload).ok()?;
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
    let aad = bound(actor, key);
    let payload = Payload {
        msg: sealed,
        aad: &aad,
    };
    let nonce: [u8; NONCE] = nonce.try_into().ok()?;
    let plain = cipher(app).decrypt(&XNonce::from(nonce), payload).ok()?;
    String::from_utf8(plain).ok()
}
