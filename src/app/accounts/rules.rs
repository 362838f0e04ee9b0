//! What a login and a password must be, and how long a guesser waits.

use crate::app::App;

/// Letters and digits that nobody mistakes for another.
const LEGIBLE: [char; 31] = [
    '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k', 'm', 'n', 'p',
    'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
];

/// A password to be told to somebody: 16 letters and digits (79 bits).
pub fn invent(app: &App) -> String {
    let random = |size: usize| {
        let mut bytes = vec![0_u8; size];
        app.with_rng(|rng| rand::Rng::fill_bytes(rng, &mut bytes));
        bytes
    };
    nanoid::format(random, &LEGIBLE, 16)
}

/// Shortest password, characters (NIST SP 800-63B asks for 8; firms' phones are shared and lost).
pub const MIN_PASSWORD_CHARS: usize = 10;

/// Longest password, bytes: a limit for the hash's work, far above what people type.
const MAX_PASSWORD_BYTES: usize = 256;

/// Wrong passwords that cost no wait.
pub const FREE_FAILURES: i64 = 5;

/// The first wait; each further failure doubles it.
pub const FIRST_WAIT_MS: i64 = 30_000;

/// The longest wait.
const LONGEST_WAIT_MS: i64 = 3_600_000;

/// Beginnings of the passwords tried first by everybody.
const GUESSED_FIRST: [&str; 12] = [
    "1234567890",
    "0123456789",
    "9876543210",
    "qwertyuiop",
    "password",
    "passw0rd",
    "1q2w3e4r5t",
    "abcdefghij",
    "iloveyou",
    "woaini",
    "admin",
    "letmein",
];

/// Why a text is no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too few characters.
    #[error("a password has at least 10 characters")]
    Short,
    /// Too many bytes.
    #[error("a password has at most 256 bytes")]
    Long,
    /// Guessed first.
    #[error("this password would be guessed first: no common words, no repetition, not the login")]
    Guessable,
}

impl PasswordError {
    /// The word texts go by.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Long => "long",
            Self::Guessable => "guessable",
        }
    }
}

/// Why a text is no login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a login is an e-mail address or an employee code: 1 to 100 characters without spaces")]
pub struct LoginError;

/// The form a login is kept and found by.
pub fn fold(login: &str) -> String {
    login.trim().to_lowercase()
}

/// A login in its folded form.
pub fn check_login(login: &str) -> Result<String, LoginError> {
    let login = fold(login);
    let fits = (1..=100).contains(&login.chars().count())
        && !login.chars().any(|c| c.is_whitespace() || c.is_control());
    if fits { Ok(login) } else { Err(LoginError) }
}

/// Whether a password may be set for a login (folded).
pub fn check_password(password: &str, login: &str) -> Result<(), PasswordError> {
    if password.chars().count() < MIN_PASSWORD_CHARS {
        return Err(PasswordError::Short);
    }
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(PasswordError::Long);
    }
    let folded = password.to_lowercase();
    let mut kinds: Vec<char> = folded.chars().collect();
    kinds.sort_unstable();
    kinds.dedup();
    let guessable = kinds.len() < 4
        || GUESSED_FIRST.iter().any(|word| folded.starts_with(word))
        || (login.len() >= 4 && folded.contains(login));
    if guessable {
        Err(PasswordError::Guessable)
    } else {
        Ok(())
    }
}

/// How long an account waits after so many wrong passwords in a row, milliseconds.
pub fn wait_after(failures: i64) -> Option<i64> {
    let over = failures - FREE_FAILURES;
    if over < 0 {
        return None;
    }
    let doublings = u32::try_from(over.min(10)).unwrap_or(10);
    Some((FIRST_WAIT_MS << doublings).min(LONGEST_WAIT_MS))
}
