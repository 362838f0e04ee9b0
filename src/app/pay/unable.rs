//! Why something cannot be computed or closed that Bole itself finds, not the engine in a document or an input: one value, said
//! by the API in English and by pages in their language.

use std::fmt;

use crate::app::pay::PayError;
use crate::domain::Money;
use crate::payout::LEFT_OVER;

/// Why something cannot be computed or closed.
#[derive(Debug)]
pub enum Unable {
    /// A total is beyond what money can hold.
    TooMuch,
    /// The calculation broke off.
    BrokenOff,
    /// A guard in force cannot look at a period, so nothing of it is closed.
    Guard {
        /// Which.
        scheme: String,
        /// The period.
        period: String,
        /// Why it cannot.
        why: Box<PayError>,
    },
    /// A closed period leaves something to the next pool, and the version in force takes nothing.
    LeftOver {
        /// The scheme.
        scheme: String,
        /// The closed period.
        period: String,
        /// How much.
        amount: Money,
    },
}

impl Unable {
    /// The word of its text.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::TooMuch => "too-much",
            Self::BrokenOff => "broken-off",
            Self::Guard { .. } => "guard",
            Self::LeftOver { .. } => "left-over",
        }
    }
}

impl fmt::Display for Unable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMuch => f.write_str("the total is beyond what money can hold"),
            Self::BrokenOff => f.write_str("the calculation broke off"),
            Self::Guard { scheme, period, why } => write!(
                f,
                "{scheme} is in force and cannot look at {period}, so nothing of it is closed: {why}"
            ),
            Self::LeftOver {
                scheme,
                period,
                amount,
            } => write!(
                f,
                "{period} of {scheme} leaves {amount} to the next pool, and the version in force takes nothing left over; \
                 expected `[fact.{LEFT_OVER}]` in it"
            ),
        }
    }
}
