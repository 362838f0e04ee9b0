//! The click token (`bclid`): proof that a click happened, checked without any look-up (attribution.md §2).
//!
//! ```text
//! version 1 │ key id 1 │ click id 16 │ HMAC-SHA256 over the three, first 10 bytes   = 28 bytes = 38 base64url characters
//! ```

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

use crate::domain::ClickId;

/// Length of a token, characters.
pub const TOKEN_CHARS: usize = 38;
/// How long a beacon may speak for a click, milliseconds.
pub const BEACON_LIFE_MS: i64 = 24 * 60 * 60 * 1000;

const VERSION: u8 = 1;
const SIGNED: usize = 18;
const MAC: usize = 10;
const BYTES: usize = SIGNED + MAC;
/// Keys a node may hold, signing one included.
const MAX_KEYS: usize = 16;

/// Why a text is not one of our tokens. Callers answer all of them alike: what was wrong is nobody's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not 38 characters of base64url in canonical form.
    #[error("a click token has 38 base64url characters")]
    Shape,
    /// Another version than ours.
    #[error("the click token's version is not known")]
    Version,
    /// Signed by a key that was retired or never ours.
    #[error("the click token's key is not known")]
    Key,
    /// The signature does not fit.
    #[error("the click token's signature does not fit")]
    Signature,
}

/// Why a set of keys cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenKeysError {
    /// Two keys share an id.
    #[error("each token key needs an id of its own")]
    Twice,
    /// More than 16 keys.
    #[error("at most 16 token keys")]
    TooMany,
}

/// One key: its id (0–255) and its 32 random bytes.
#[derive(Clone)]
pub struct TokenKey {
    /// What tokens name the key by.
    pub id: u8,
    /// The secret.
    pub secret: [u8; 32],
}

/// The keys of a programme: one signs, older ones still verify. Holds the HMAC states after the key block, so a
/// token costs two SHA-256 compressions.
#[derive(Clone)]
pub struct TokenKeys {
    keys: Vec<(u8, Hmac<Sha256>)>,
}

impl TokenKeys {
    /// `signing` signs and verifies, `older` only verify (kept for the longest attribution window in force).
    pub fn new(signing: &TokenKey, older: &[TokenKey]) -> Result<Self, TokenKeysError> {
        if older.len() >= MAX_KEYS {
            return Err(TokenKeysError::TooMany);
        }
        let mut keys: Vec<(u8, Hmac<Sha256>)> = Vec::with_capacity(1 + older.len());
        for key in std::iter::once(signing).chain(older) {
            if keys.iter().any(|(id, _)| *id == key.id) {
                return Err(TokenKeysError::Twice);
            }
            // HMAC fills a key shorter than the hash's block up with zeros.
            let mut block = [0u8; 64];
            block[..32].copy_from_slice(&key.secret);
            keys.push((key.id, Hmac::new(&block.into())));
        }
        Ok(Self { keys })
    }

    /// The token of click `id`, ASCII.
    pub fn sign(&self, id: ClickId) -> [u8; TOKEN_CHARS] {
        let mut bytes = [0u8; BYTES];
        let mut text = [0u8; TOKEN_CHARS];
        if let Some((key, state)) = self.keys.first() {
            bytes[0] = VERSION;
            bytes[1] = *key;
            bytes[2..SIGNED].copy_from_slice(id.0.as_bytes());
            let mac = state
                .clone()
                .chain_update(&bytes[..SIGNED])
                .finalize()
                .into_bytes();
            bytes[SIGNED..].copy_from_slice(&mac[..MAC]);
        }
        let written = URL_SAFE_NO_PAD.encode_slice(bytes, &mut text);
        debug_assert_eq!(written, Ok(TOKEN_CHARS), "28 bytes are 38 characters");
        text
    }

    /// The click a token speaks for. Does not look at its age: 24 h for beacons ([`BEACON_LIFE_MS`]), the
    /// attribution window for conversions. The comparison takes the same time wherever the first difference is.
    pub fn verify(&self, token: &str) -> Result<ClickId, TokenError> {
        if token.len() != TOKEN_CHARS {
            return Err(TokenError::Shape);
        }
        let mut bytes = [0u8; BYTES];
        match URL_SAFE_NO_PAD.decode_slice(token, &mut bytes) {
            Ok(BYTES) => {}
            _ => return Err(TokenError::Shape),
        }
        if bytes[0] != VERSION {
            return Err(TokenError::Version);
        }
        let (_, state) = self
            .keys
            .iter()
            .find(|(id, _)| *id == bytes[1])
            .ok_or(TokenError::Key)?;
        state
            .clone()
            .chain_update(&bytes[..SIGNED])
            .verify_truncated_left(&bytes[SIGNED..])
            .map_err(|_| TokenError::Signature)?;
        let mut id = [0u8; 16];
        id.copy_from_slice(&bytes[2..SIGNED]);
        Ok(ClickId(Uuid::from_bytes(id)))
    }
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|(id, _)| id))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    const OLD: TokenKey = TokenKey {
        id: 3,
        secret: [3; 32],
    };
    const NEW: TokenKey = TokenKey {
        id: 4,
        secret: [4; 32],
    };

    fn click() -> ClickId {
        let mut rng = rand::rngs::StdRng::seed_from_u64(7);
        ClickId::new("2026-11-20T10:00:00Z".parse().unwrap(), &mut rng)
    }

    fn text(token: [u8; TOKEN_CHARS]) -> String {
        String::from_utf8(token.to_vec()).unwrap()
    }

    #[test]
    fn a_token_leads_back_to_its_click() {
        let keys = TokenKeys::new(&NEW, &[]).unwrap();
        let token = text(keys.sign(click()));
        assert_eq!(token.len(), 38);
        assert!(
            token
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'),
            "{token}"
        );
        assert_eq!(keys.verify(&token), Ok(click()));
    }

    #[test]
    fn a_token_with_any_one_bit_altered_is_refused() {
        let keys = TokenKeys::new(&NEW, &[OLD]).unwrap();
        let token = keys.sign(click());
        let mut raw = [0u8; BYTES];
        URL_SAFE_NO_PAD.decode_slice(token, &mut raw).unwrap();
        for bit in 0..BYTES * 8 {
            let mut altered = raw;
            altered[bit / 8] ^= 1 << (bit % 8);
            let altered = URL_SAFE_NO_PAD.encode(altered);
            assert!(keys.verify(&altered).is_err(), "bit {bit}");
        }
        for at in 0..TOKEN_CHARS {
            for bit in 0..8 {
                let mut altered = token;
                altered[at] ^= 1 << bit;
                if let Ok(altered) = std::str::from_utf8(&altered) {
                    assert!(keys.verify(altered).is_err(), "character {at}, bit {bit}");
                }
            }
        }
    }

    #[test]
    fn a_token_has_one_spelling_only() {
        let keys = TokenKeys::new(&NEW, &[]).unwrap();
        let token = text(keys.sign(click()));
        // 38 characters hold 228 bits, four more than the bytes: other spellings of the last character are refused.
        let accepted = ('a'..='z')
            .chain('A'..='Z')
            .chain('0'..='9')
            .chain(['-', '_'])
            .filter(|c| keys.verify(&format!("{}{c}", &token[..37])).is_ok())
            .count();
        assert_eq!(accepted, 1);
        let end = token.len() - 1;
        for bad in [
            String::new(),
            token[..end].to_owned(),
            format!("{token}A"),
            format!("{token}="),
            format!("{}=", &token[..end]),
            format!("{} ", &token[..end]),
            format!("{}+", &token[..end]),
            format!("{}é", &token[..end - 1]),
        ] {
            assert_eq!(keys.verify(&bad), Err(TokenError::Shape), "{bad:?}");
        }
    }

    #[test]
    fn after_rotation_old_tokens_verify_until_their_key_is_retired() {
        let token = text(TokenKeys::new(&OLD, &[]).unwrap().sign(click()));
        let rotated = TokenKeys::new(&NEW, &[OLD]).unwrap();
        assert_eq!(rotated.verify(&token), Ok(click()));
        assert_ne!(text(rotated.sign(click())), token);
        assert_eq!(
            TokenKeys::new(&NEW, &[]).unwrap().verify(&token),
            Err(TokenError::Key)
        );
        // A foreign installation may use the same key id.
        let foreign = TokenKeys::new(
            &TokenKey {
                id: 3,
                secret: [9; 32],
            },
            &[],
        )
        .unwrap();
        assert_eq!(foreign.verify(&token), Err(TokenError::Signature));
    }

    #[test]
    fn keys_have_ids_of_their_own() {
        assert_eq!(
            TokenKeys::new(&NEW, std::slice::from_ref(&NEW)).unwrap_err(),
            TokenKeysError::Twice
        );
        let many: Vec<_> = (10..26).map(|id| TokenKey { id, secret: [id; 32] }).collect();
        assert_eq!(TokenKeys::new(&NEW, &many).unwrap_err(), TokenKeysError::TooMany);
    }
}
