//! Where a piece of material stands.

use std::str::FromStr;

/// The state of a piece of material: employees see what is approved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MaterialState {
    /// Being written, or changed since it was approved.
    #[default]
    Draft,
    /// Seen by employees from its first day to its last.
    Approved,
    /// Taken back.
    Withdrawn,
}

impl MaterialState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Draft, Self::Approved, Self::Withdrawn];

    /// The word in the store and in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Approved => "approved",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl FromStr for MaterialState {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or(())
    }
}
