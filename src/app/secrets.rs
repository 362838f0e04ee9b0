//! Keys, all derived from one master secret.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
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

    /// Seals a text with the key for a purpose; it opens with what it is bound to (`bound_to`) only. `nonce` must be random.
    pub fn seal(&self, purpose: &str, bound_to: &[u8], nonce: [u8; 24], plain: &[u8]) -> Option<Vec<u8>> {
        let payload = Payload {
            msg: plain,
            aad: bound_to,
        };
        self.cipher(purpose).encrypt(&XNonce::from(nonce), payload).ok()
    }

    /// Opens what [`Secrets::seal`] sealed; `None` for another installation's key, purpose, nonce or `bound_to`, or altered
    /// bytes.
    pub fn open(&self, purpose: &str, bound_to: &[u8], nonce: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let nonce: [u8; 24] = nonce.try_into().ok()?;
        let payload = Payload {
            msg: sealed,
            aad: bound_to,
        };
        self.cipher(purpose).decrypt(&XNonce::from(nonce), payload).ok()
    }

    fn cipher(&self, purpose: &str) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(self.derive(purpose, b"")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_for_its_purpose_and_what_it_is_bound_to_unaltered() {
        let (ours, others) = (Secrets::new([1; 32]), Secrets::new([2; 32]));
        let nonce = [7; 24];
        let sealed = ours.seal("a", b"one", nonce, b"text").unwrap();
        assert_eq!(
            ours.open("a", b"one", &nonce, &sealed).as_deref(),
            Some(&b"text"[..])
        );
        assert_eq!(others.open("a", b"one", &nonce, &sealed), None);
        assert_eq!(ours.open("b", b"one", &nonce, &sealed), None);
        assert_eq!(ours.open("a", b"two", &nonce, &sealed), None);
        assert_eq!(ours.open("a", b"one", &[8; 24], &sealed), None);
        assert_eq!(ours.open("a", b"one", &nonce[1..], &sealed), None);
        for byte in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[byte] ^= 1;
            assert_eq!(ours.open("a", b"one", &nonce, &altered), None, "byte {byte}");
        }
    }
}
