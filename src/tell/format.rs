//! To whom a webhook speaks.

use std::fmt;
use std::str::FromStr;

/// How messages are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// The Standard Webhooks convention, for programs.
    #[default]
    Standard,
    /// A group robot of WeCom (企业微信).
    Wecom,
    /// A group robot of Feishu (飞书).
    Feishu,
    /// A group robot of DingTalk (钉钉).
    Dingtalk,
}

impl Format {
    /// All.
    pub const ALL: [Self; 4] = [Self::Standard, Self::Wecom, Self::Feishu, Self::Dingtalk];

    /// The word of the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Wecom => "wecom",
            Self::Feishu => "feishu",
            Self::Dingtalk => "dingtalk",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|f| f.as_str() == text).ok_or(())
    }
}
