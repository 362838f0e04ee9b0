//! What boards are by.

use std::fmt;
use std::str::FromStr;

use crate::domain::Counts;

/// What is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// Points earned.
    #[default]
    Points,
    /// Valid clicks, booked at click time.
    Clicks,
    /// Credited leads.
    Leads,
    /// Net sales amount, minor units.
    Sales,
}

impl Metric {
    /// All metrics.
    pub const ALL: [Self; 4] = [Self::Points, Self::Clicks, Self::Leads, Self::Sales];

    /// The word used in the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Points => "points",
            Self::Clicks => "clicks",
            Self::Leads => "leads",
            Self::Sales => "sales",
        }
    }

    /// The number this metric takes out of counts.
    pub const fn of(self, counts: &Counts) -> i64 {
        match self {
            Self::Points => counts.points,
            Self::Clicks => counts.valid,
            Self::Leads => counts.leads,
            Self::Sales => counts.amount,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Metric {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|m| m.as_str() == text).ok_or(())
    }
}

/// Who is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum By {
    /// People.
    #[default]
    Employee,
    /// Teams, per active member, so that small ones can win.
    Team,
}

impl By {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Employee, Self::Team];

    /// The word used in the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Employee => "employee",
            Self::Team => "team",
        }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for By {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|b| b.as_str() == text).ok_or(())
    }
}
