//! The events a webhook can ask for (api.md).

use std::fmt;
use std::str::FromStr;

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// A click became valid.
    ClickValid,
    /// A lead was taken, credited or not.
    LeadCreated,
    /// A sale was taken, credited or not.
    SaleCreated,
    /// A sale was given back, wholly or in part.
    SaleRefunded,
    /// A claim was decided on, first or on appeal, or sent back with a question.
    ClaimDecided,
    /// A period's boards were frozen.
    BoardFrozen,
    /// A payout was closed and booked.
    PayoutClosed,
    /// A payout was paid.
    PayoutPaid,
}

impl Event {
    /// All, in the order of api.md.
    pub const ALL: [Self; 8] = [
        Self::ClickValid,
        Self::LeadCreated,
        Self::SaleCreated,
        Self::SaleRefunded,
        Self::ClaimDecided,
        Self::BoardFrozen,
        Self::PayoutClosed,
        Self::PayoutPaid,
    ];

    /// The word of the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClickValid => "click.valid",
            Self::LeadCreated => "lead.created",
            Self::SaleCreated => "sale.created",
            Self::SaleRefunded => "sale.refunded",
            Self::ClaimDecided => "claim.decided",
            Self::BoardFrozen => "board.frozen",
            Self::PayoutClosed => "payout.closed",
            Self::PayoutPaid => "payout.paid",
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Event {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|e| e.as_str() == text).ok_or(())
    }
}
