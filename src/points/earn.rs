//! Whether a fact earns points.

use jiff::civil::Date;

use crate::domain::PointRules;

/// Whether a person who left on `left_on` (last working day; `None` still there) earns on `day`.
pub fn earns_on(day: Date, left_on: Option<Date>) -> bool {
    left_on.is_none_or(|last| day <= last)
}

/// What became of a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShareOutcome {
    /// It earned.
    Earned,
    /// The item (campaign and material) earned on this channel before.
    RepeatedItem,
    /// The day's shares that earn are used up.
    DailyLimit,
    /// Posted after the person's last working day.
    AfterLeaving,
    /// Found wanting by a person.
    Rejected,
}

impl ShareOutcome {
    /// All outcomes.
    pub const ALL: [Self; 5] = [
        Self::Earned,
        Self::RepeatedItem,
        Self::DailyLimit,
        Self::AfterLeaving,
        Self::Rejected,
    ];

    /// The word used in the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Earned => "earned",
            Self::RepeatedItem => "repeated-item",
            Self::DailyLimit => "daily-limit",
            Self::AfterLeaving => "after-leaving",
            Self::Rejected => "rejected",
        }
    }
}

impl std::str::FromStr for ShareOutcome {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|o| o.as_str() == text).ok_or(())
    }
}

/// What a person's other shares leave open, at the moment of deciding on one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DaySoFar {
    /// Shares of the same business day that earn.
    pub earning: i64,
    /// Whether another share of the item on the channel earns.
    pub item_earned: bool,
}

/// What becomes of a compliant share of `day`. Decided in the order in which shares are told to us: a share that earned
/// keeps its points unless it is itself found wanting.
pub fn share_outcome(rules: &PointRules, so_far: DaySoFar, day: Date, left_on: Option<Date>) -> ShareOutcome {
    if !earns_on(day, left_on) {
        ShareOutcome::AfterLeaving
    } else if so_far.item_earned {
        ShareOutcome::RepeatedItem
    } else if so_far.earning >= rules.shares_per_day {
        ShareOutcome::DailyLimit
    } else {
        ShareOutcome::Earned
    }
}

/// A friend's name as exchanges are kept apart by: without outer blanks, inner ones single, lower case.
pub fn friend_key(name: &str) -> String {
    name.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}
