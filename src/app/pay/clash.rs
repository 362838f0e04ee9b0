//! Why the state of things does not allow an act: one value, said by the API in English and by pages in their language.

use std::fmt;

use jiff::civil::Date;

use crate::domain::Money;
use crate::storage::pay::{ObjectionState, RunState};

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
    /// A line is held from its review until it is paid.
    NotHoldable,
    /// The line is held already.
    Held,
    /// The line is not held.
    NotHeld,
    /// The time to object is over.
    ObjectedLate {
        /// The last day; `None`: it was never open.
        until: Option<Date>,
    },
    /// There is an objection to the line already.
    ObjectedTwice,
    /// The payout was calculated again while somebody objected to it.
    Replaced {
        /// Which.
        run: i64,
    },
    /// The time to appeal is over.
    AppealedLate,
    /// Somebody else moved the objection first.
    ObjectionMoved {
        /// Which.
        objection: i64,
        /// Where it stands.
        is: ObjectionState,
    },
    /// A payout that is past its review is corrected by a fact.
    PastReview {
        /// Which.
        run: i64,
        /// Where it stands.
        is: RunState,
    },
    /// Somebody else decided on the proposal or award, or handed it over, first.
    OfferMoved {
        /// Which.
        offer: i64,
    },
    /// The file of facts is recorded already.
    FileRecorded {
        /// Which.
        file: i64,
    },
    /// Something was recorded since a file was looked at.
    FileOvertaken,
    /// Another revision of the fact was recorded since it was looked at.
    FactMoved,
    /// As many trials are running as may at once.
    Trials,
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
            Self::NotHoldable => "not-holdable",
            Self::Held => "held",
            Self::NotHeld => "not-held",
            Self::ObjectedLate { until: Some(_) } => "objected-late",
            Self::ObjectedLate { until: None } => "objected-never",
            Self::ObjectedTwice => "objected-twice",
            Self::Replaced { .. } => "replaced",
            Self::AppealedLate => "appealed-late",
            Self::ObjectionMoved { .. } => "objection-moved",
            Self::PastReview { .. } => "past-review",
            Self::OfferMoved { .. } => "offer-moved",
            Self::FileRecorded { .. } => "file-recorded",
            Self::FileOvertaken => "file-overtaken",
            Self::FactMoved => "fact-moved",
            Self::Trials => "trials",
        }
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
            Self::NotHoldable => f.write_str("a line is held from its review until it is paid"),
            Self::Held => f.write_str("this line is held already"),
            Self::NotHeld => f.write_str("this line is not held"),
            Self::ObjectedLate { until: Some(until) } => write!(f, "the time to object ended on {until}"),
            Self::ObjectedLate { until: None } => f.write_str("one objects to what was put up for review"),
            Self::ObjectedTwice => f.write_str("there is an objection to this line already"),
            Self::Replaced { run } => write!(f, "payout {run} was calculated again meanwhile"),
            Self::AppealedLate => f.write_str("the time to appeal is over"),
            Self::ObjectionMoved { objection, is } => {
                write!(f, "objection {objection} is {}: somebody was first", is.as_str())
            }
            Self::PastReview { run, is } => write!(
                f,
                "payout {run} is {}: it is corrected by a fact in the next period",
                is.as_str()
            ),
            Self::OfferMoved { offer } => {
                write!(f, "offer {offer} stands elsewhere by now: somebody was first")
            }
            Self::FileRecorded { file } => write!(f, "file {file} is recorded already"),
            Self::FileOvertaken => f.write_str("something was recorded in between: look at the file again"),
            Self::FactMoved => f.write_str("somebody recorded another revision in between: look again"),
            Self::Trials => f.write_str("two trials are running: try again in a moment"),
        }
    }
}
