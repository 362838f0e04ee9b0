//! Link codes: minted ones and wished slugs (attribution.md §1).

use std::fmt;

use rand::Rng;

/// Letters and digits of minted codes: lower case, without look-alikes (no 0/o, 1/l/i).
const ALPHABET: [char; 31] = [
    '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k', 'm', 'n', 'p',
    'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
];

/// Length of a minted code, characters.
const MINTED_LEN: usize = 7;

/// Words no link may be called: the app's own paths and names that would mislead a customer.
pub const RESERVED: &[&str] = &[
    "about",
    "account",
    "admin",
    "api",
    "app",
    "apple-touch-icon",
    "assets",
    "beacon",
    "bole",
    "coupon",
    "coupons",
    "dashboard",
    "docs",
    "en",
    "favicon",
    "health",
    "healthz",
    "help",
    "home",
    "humans",
    "index",
    "link",
    "links",
    "livez",
    "login",
    "logout",
    "manage",
    "manifest",
    "me",
    "metrics",
    "null",
    "oauth",
    "oidc",
    "pay",
    "privacy",
    "public",
    "qr",
    "readyz",
    "register",
    "review",
    "robots",
    "root",
    "security",
    "signin",
    "signout",
    "signup",
    "sitemap",
    "static",
    "status",
    "support",
    "terms",
    "undefined",
    "webhook",
    "webhooks",
    "well-known",
    "www",
    "zh",
];

/// A link's code as it was minted or wished. Equality and hashing fold ASCII case; printing does not.
#[derive(Clone, Debug)]
pub struct LinkCode(String);

/// Why a text is not a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Shorter than 3 or longer than 30 characters.
    #[error("a slug has 3 to 30 characters")]
    Length,
    /// Something else than ASCII letters, digits and `-`.
    #[error("a slug is made of ASCII letters, digits and '-'")]
    Characters,
    /// One of [`RESERVED`].
    #[error("this word is reserved")]
    Reserved,
}

impl LinkCode {
    /// Parses a wished slug.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        if !(3..=30).contains(&text.chars().count()) {
            return Err(CodeError::Length);
        }
        if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(CodeError::Characters);
        }
        let code = Self(text.to_owned());
        if is_reserved(&code.key()) {
            Err(CodeError::Reserved)
        } else {
            Ok(code)
        }
    }

    /// A code read back from the store, where only parsed codes go in.
    pub fn from_store(text: String) -> Self {
        Self(text)
    }

    /// As minted or wished.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Lower-case form: what codes are matched and kept unique by.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl PartialEq for LinkCode {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for LinkCode {}

impl fmt::Display for LinkCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A fresh random code of 7 characters (31^7 ≈ 2.75 × 10^10), never a reserved word. The caller retries when it is taken.
pub fn mint_code(rng: &mut impl Rng) -> LinkCode {
    loop {
        let random = |size: usize| -> Vec<u8> {
            let mut bytes = vec![0u8; size];
            rng.fill_bytes(&mut bytes);
            bytes
        };
        let code = nanoid::format(once_mut(random), &ALPHABET, MINTED_LEN);
        if !is_reserved(&code) {
            return LinkCode(code);
        }
    }
}

/// nanoid wants a `Fn`; our randomness is a `FnMut`.
fn once_mut(random: impl FnMut(usize) -> Vec<u8>) -> impl Fn(usize) -> Vec<u8> {
    let cell = std::cell::RefCell::new(random);
    move |size| (cell.borrow_mut())(size)
}

fn is_reserved(key: &str) -> bool {
    RESERVED.binary_search(&key).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn slugs_are_short_ascii_words_that_nobody_reserved() {
        assert!(LinkCode::parse("Zhang-San10").is_ok());
        assert_eq!(LinkCode::parse("ab").unwrap_err(), CodeError::Length);
        assert_eq!(LinkCode::parse(&"a".repeat(31)).unwrap_err(), CodeError::Length);
        assert_eq!(LinkCode::parse("API").unwrap_err(), CodeError::Reserved);
        for bad in ["../x", "a b", "张三丰", "a/b", "a.b", "a_b", "a%2fb"] {
            assert_eq!(LinkCode::parse(bad).unwrap_err(), CodeError::Characters, "{bad}");
        }
        assert_eq!(LinkCode::parse("ABC").unwrap(), LinkCode::parse("abc").unwrap());
    }

    #[test]
    fn minted_codes_avoid_look_alikes() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        for _ in 0..1000 {
            let code = mint_code(&mut rng);
            assert_eq!(code.as_str().len(), MINTED_LEN);
            assert!(code.as_str().chars().all(|c| ALPHABET.contains(&c)), "{code}");
        }
    }

    #[test]
    fn reserved_words_are_sorted_for_the_search() {
        assert!(RESERVED.is_sorted());
    }
}
