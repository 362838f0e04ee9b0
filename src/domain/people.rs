//! Who acts, and how they are shown.

use std::fmt;
use std::str::FromStr;

/// What somebody may do (product.md, "Roles"). One person may hold several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Shares, sees own results, files claims.
    Employee,
    /// Marketing: campaigns, boards, fraud queue.
    Manager,
    /// Checks claims against the CRM.
    Verifier,
    /// Schemes, facts, payouts.
    Finance,
    /// Approves what finance calculated.
    Approver,
    /// People, keys, settings, audit.
    Admin,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 6] = [
        Self::Employee,
        Self::Manager,
        Self::Verifier,
        Self::Finance,
        Self::Approver,
        Self::Admin,
    ];

    /// The word used in the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Employee => "employee",
            Self::Manager => "manager",
            Self::Verifier => "verifier",
            Self::Finance => "finance",
            Self::Approver => "approver",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|r| r.as_str() == text).ok_or(())
    }
}

/// How somebody appears to others on boards and screens (attribution.md §8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DisplayName {
    /// Not asked yet: surname and `*`.
    #[default]
    Unasked,
    /// Full name.
    Full,
    /// The nickname they gave.
    Nickname,
    /// No name at all.
    Hidden,
}

impl DisplayName {
    /// The word used in the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unasked => "unasked",
            Self::Full => "full",
            Self::Nickname => "nickname",
            Self::Hidden => "hidden",
        }
    }
}

impl FromStr for DisplayName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Unasked, Self::Full, Self::Nickname, Self::Hidden]
            .into_iter()
            .find(|d| d.as_str() == text)
            .ok_or(())
    }
}
