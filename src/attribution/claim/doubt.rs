//! Why a CRM record cannot verify a claim by itself (attribution.md §6).

use crate::attribution::words::words;

words! {
    /// What is doubtful about a record that speaks of a claim. It stands at the end of the timeline's line, in brackets.
    Doubt {
        /// The note names no employee.
        Unnamed = "names no employee",
        /// It names somebody who is not here.
        Nobody = "names nobody here",
        /// Two people are called that.
        Several = "two people go by that name",
        /// It names another one than the claimant.
        Other = "names somebody else",
        /// The claimant wrote it.
        Own = "written by the claimant",
        /// The claim was rejected, and is under appeal.
        Appealed = "the claim is under appeal",
        /// Somebody else claims the deal.
        Contested = "somebody contests the claim",
        /// The order has its credit.
        Credited = "the order is credited already",
    }
}

impl Doubt {
    /// The line of the timeline: what was seen, and this doubt.
    pub fn after(self, seen: &str) -> String {
        format!("{seen} ({self})")
    }

    /// A line of the timeline taken apart; `None` when it ends with no doubt.
    pub fn split(line: &str) -> Option<(&str, Self)> {
        let (seen, doubt) = line.strip_suffix(')')?.rsplit_once(" (")?;
        Some((seen, doubt.parse().ok()?))
    }

    /// The key of its words.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Unnamed => "unnamed",
            Self::Nobody => "nobody",
            Self::Several => "several",
            Self::Other => "other",
            Self::Own => "own",
            Self::Appealed => "appealed",
            Self::Contested => "contested",
            Self::Credited => "credited",
        }
    }
}
