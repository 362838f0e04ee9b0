//! Why the state of things does not allow an act: one value, said by the API in English and by pages in their language.

use std::fmt;

use crate::domain::Money;
use crate::storage::pay::RunState;

/// Why the state of things does not allow an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clash {
    /// A payout stands elsewhere.
    Stands {
        /// Which.
        run: i64,
        /// Where it stands.
        is: RunState,
        /// Where this act needs it.
        wanted: RunState,
    },
    /// Another payout corrects the same closed period since it was calculated.
    Corrected {
        /// The other.
        run: i64,
    },
    /// An objection to it was accepted.
    Recalculate {
        /// Which.
        run: i64,
    },
    /// Only an accepted objection has a payout under review calculated again.
    NotObjected,
    /// Objections to it wait.
    Objected {
        /// Which.
        run: i64,
        /// How many.
        open: i64,
    },
    /// Other payouts are closed or paid just now.
    Busy,
    /// The clock was turned back.
    Clock {
        /// What it says.
        now: String,
        /// The last that was written.
        last: String,
        /// What was written then.
        what: &'static str,
    },
    /// The guards must see every scheme, and one was not calculated.
    Missing {
        /// Which.
        scheme: String,
        /// The period of the payout to be closed.
        period: String,
    },
    /// The same days are calculated already, and further.
    Exists {
        /// The scheme.
        scheme: String,
        /// The period.
        period: String,
        /// Where that payout stands.
        is: RunState,
        /// That payout.
        run: i64,
    },
    /// Another payout of the scheme covers some of the days.
    Overlaps {
        /// The scheme.
        scheme: String,
        /// The period it covers.
        period: String,
        /// That payout.
        run: i64,
    },
    /// Somebody calculated the same in this instant.
    JustNow {
        /// The scheme.
        scheme: String,
        /// The period.
        period: String,
    },
    /// The last bank file says something else than would be paid.
    Exported {
        /// Which payout.
        run: i64,
        /// What the file says.
        told: Money,
        /// What would be paid.
        now: Money,
    },
    /// The person had a rise by the same rule so lately (GC-10).
    Risen {
        /// Whose, an employee code.
        person: String,
        /// The rule.
        rule: String,
        /// The months in which there is one.
        months: i32,
        /// The day the other is effective from.
        day: String,
    },
    /// Anything else; pages say it in words of their own.
    Other(String),
}

impl Clash {
    /// The word of its text.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Stands { .. } => "stands",
            Self::Corrected { .. } => "corrected",
            Self::Recalculate { .. } => "recalculate",
            Self::NotObjected => "not-objected",
            Self::Objected { .. } => "objected",
            Self::Busy => "busy",
            Self::Clock { .. } => "clock",
            Self::Missing { .. } => "missing",
            Self::Exists { .. } => "exists",
            Self::Overlaps { .. } => "overlaps",
            Self::JustNow { .. } => "just-now",
            Self::Exported { .. } => "exported",
            Self::Risen { .. } => "risen",
            Self::Other(_) => "other",
        }
    }
}

impl From<String> for Clash {
    fn from(detail: String) -> Self {
        Self::Other(detail)
    }
}

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stands { run, is, wanted } => {
                let (is, wanted) = (is.as_str(), wanted.as_str());
                write!(f, "payout {run} is {is}; this needs one that is {wanted}")
            }
            Self::Corrected { run } => write!(
                f,
                "payout {run} corrects the same closed period since this was calculated: calculate it again"
            ),
            Self::Recalculate { run } => {
                write!(
                    f,
                    "an objection to payout {run} was accepted: calculate it again first"
                )
            }
            Self::NotObjected => {
                f.write_str("a payout under review is calculated again when an objection to it was accepted, or sent back")
            }
            Self::Objected { run, open } => {
                write!(f, "{open} objections to payout {run} wait for a decision")
            }
            Self::Busy => f.write_str("other payouts are closed or paid just now: close it again"),
            Self::Clock { now, last, what } => {
                write!(
                    f,
                    "the clock says {now}, and {what} at {last}: set the clock right first"
                )
            }
            Self::Missing { scheme, period } => write!(
                f,
                "{scheme} is due in {period} and was not calculated: the guards must see every scheme"
            ),
            Self::Exists {
                scheme,
                period,
                is,
                run,
            } => {
                write!(
                    f,
                    "{scheme} for {period} is {} already (payout {run})",
                    is.as_str()
                )
            }
            Self::Overlaps { scheme, period, run } => write!(
                f,
                "payout {run} of {scheme} covers {period}: periods of a scheme may not overlap"
            ),
            Self::JustNow { scheme, period } => write!(
                f,
                "{scheme} for {period} was calculated or put up for review in this instant: look again"
            ),
            Self::Exported { run, told, now } => write!(
                f,
                "the bank file of payout {run} says {told}, what is to be paid now is {now}: export it again first"
            ),
            Self::Risen {
                person,
                rule,
                months,
                day,
            } => write!(
                f,
                "{person} has a rise by {rule} from {day}: one in {months} months (GC-10)"
            ),
            Self::Other(detail) => f.write_str(detail),
        }
    }
}
