//! Where a link is posted.

use std::fmt;

/// A channel: `wechat-moments`, `facebook`, … lower-case ASCII letters, digits, `-`, `_`; 1–30 characters.
/// Free words rather than a list: firms post where their customers are. It becomes `utm_source`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Channel(String);

/// Why a text is not a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a channel has 1 to 30 characters out of a-z, 0-9, '-' and '_', like \"wechat\"")]
pub struct ChannelError;

impl Channel {
    /// Parses a channel; ASCII capitals are folded.
    pub fn parse(text: &str) -> Result<Self, ChannelError> {
        let text = text.trim().to_ascii_lowercase();
        let fits = (1..=30).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if fits { Ok(Self(text)) } else { Err(ChannelError) }
    }

    /// The channel as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
