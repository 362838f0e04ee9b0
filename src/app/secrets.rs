//! Keys, all derived from one master secret.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The installation's master secret; every key in use is derived from it by purpose (HMAC-SHA256 as a KDF, RFC 5869's
/// expand step with one block).
#[derive(Clone)]
pub struct Secrets {
    master: [u8; 32],
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(…)")
    }
}

impl Secrets {
    /// From 32 random bytes kept in the data directory (or in `secret_key` when nodes share a store).
    pub fn new(master: [u8; 32]) -> Self {
        Self { master }
    }

    /// The key for a purpose, e.g. `contact-hash`, `contact-seal`, `staff-cookie`, `token`.
    pub fn derive(&self, purpose: &str, nonce: &[u8]) -> [u8; 32] {
        // A key of exactly one block needs no fallible constructor.
        let mut block = [0u8; 64];
        block[..32].copy_from_slice(&self.master);
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(nonce);
        mac.update(&[1]);
        mac.finalize().into_bytes().into()
    }
}
