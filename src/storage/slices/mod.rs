//! Days cut by content, channel and region, people and cohorts: counted from rows by a chore, read by managers' pages.
//!
//! # Why
//! A rollup per content and region in the clicks' own transaction would cost every click for pages that are opened a few
//! times a day. So a day is counted from its rows, and again when the hours (which are exact at any instant) say that
//! something was booked on it since; the pages say when that was.

mod count;
mod links;
mod read;

pub use count::{ConversionOfDay, DayCount, PersonCut, SliceCut, forget_day, write_day};
pub use links::{LinkPeople, carry_links};
pub use read::{CohortSum, Cut, CutFilter, CutSum, HourSum, PersonSum, Print, PrintOfDay};

use crate::domain::Counts;

/// What a slice counts besides people: requests of each class that does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Excluded {
    /// Link previews.
    pub preview: i64,
    /// Programs.
    pub bot: i64,
    /// Loading ahead.
    pub prefetch: i64,
    /// The same visitor within the hour.
    pub repeated: i64,
    /// The firm's own network or staff.
    pub internal: i64,
    /// The link's own employee.
    pub own: i64,
    /// Waiting for a person.
    pub suspect: i64,
}

impl Excluded {
    /// All of them.
    pub const fn sum(&self) -> i64 {
        self.preview + self.bot + self.prefetch + self.repeated + self.internal + self.own + self.suspect
    }

    /// Each with the word of its class.
    pub const fn parts(&self) -> [(&'static str, i64); 7] {
        [
            ("preview", self.preview),
            ("repeat", self.repeated),
            ("bot", self.bot),
            ("internal", self.internal),
            ("self", self.own),
            ("prefetch", self.prefetch),
            ("suspect", self.suspect),
        ]
    }
}

impl std::ops::AddAssign for Excluded {
    fn add_assign(&mut self, o: Self) {
        self.preview += o.preview;
        self.bot += o.bot;
        self.prefetch += o.prefetch;
        self.repeated += o.repeated;
        self.internal += o.internal;
        self.own += o.own;
        self.suspect += o.suspect;
    }
}

/// Counts of a slice, and what did not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sliced {
    /// What counted.
    pub counts: Counts,
    /// What did not.
    pub excluded: Excluded,
}

impl std::ops::AddAssign for Sliced {
    fn add_assign(&mut self, o: Self) {
        self.counts += o.counts;
        self.excluded += o.excluded;
    }
}
