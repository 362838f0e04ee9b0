//! What an entry of the ledger stands for.

use std::fmt;
use std::str::FromStr;

/// Why points moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// Compliant share with a tracked link.
    Share,
    /// Valid click.
    Click,
    /// Approved positive exchange with a friend in comments.
    Interaction,
    /// Best content creator of the month.
    BestCreator,
    /// Given or taken by hand, decided by a second person.
    Adjustment,
    /// Spent in the reward shop.
    Redemption,
    /// Lapsed on 31 December of the year after it was earned.
    Expiry,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; 7] = [
        Self::Share,
        Self::Click,
        Self::Interaction,
        Self::BestCreator,
        Self::Adjustment,
        Self::Redemption,
        Self::Expiry,
    ];

    /// The word used in the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::Click => "click",
            Self::Interaction => "interaction",
            Self::BestCreator => "best-creator",
            Self::Adjustment => "adjustment",
            Self::Redemption => "redemption",
            Self::Expiry => "expiry",
        }
    }

    /// Whether it earns: earnings have a place on the boards and an expiry, spending and lapsing have neither.
    pub const fn earns(self) -> bool {
        !matches!(self, Self::Redemption | Self::Expiry)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Rule {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|r| r.as_str() == text).ok_or(())
    }
}

/// The words by which entries name what they stand for; one per rule, so that a fact earns once.
pub mod source {
    use crate::domain::{ClickId, EmployeeId};

    /// `click:0199…`.
    pub fn click(id: ClickId) -> String {
        format!("click:{id}")
    }

    /// `share:17`.
    pub fn share(id: i64) -> String {
        format!("share:{id}")
    }

    /// `interaction:9`.
    pub fn interaction(id: i64) -> String {
        format!("interaction:{id}")
    }

    /// `best-creator:2026-11`.
    pub fn best_creator(month: &str) -> String {
        format!("best-creator:{month}")
    }

    /// `order:12`, of the points shop.
    pub fn order(id: i64) -> String {
        format!("order:{id}")
    }

    /// `adjustment:4`.
    pub fn adjustment(id: i64) -> String {
        format!("adjustment:{id}")
    }

    /// `employee:7`: what lapsed is counted per person.
    pub fn expiry(employee: EmployeeId) -> String {
        format!("employee:{employee}")
    }
}
