//! How large batches are, and how long the loader rests between them.

use std::time::{Duration, Instant};

use crate::redirect::loader::run::{BREATH, BURST, FAR_BEHIND, GATHER, GOAL, LEAST, Loader, MANY, MOST};

/// What the last batch left behind, to see how fast clicks come in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    at: Option<Instant>,
    behind: u64,
}

impl Loader {
    /// How long to rest after a batch: until a worthwhile one has gathered when it has caught up; in a burst so that
    /// redirects keep most of the processor, as the backlog can wait; else just long enough to let others at the store.
    pub(super) fn rest_after(&mut self, read: usize, consumed: u64, behind: u64, took: Duration) -> Duration {
        let last = std::mem::replace(
            &mut self.pace,
            Pace {
                at: Some(Instant::now()),
                behind,
            },
        );
        if read < self.limit {
            return if read < MANY { GATHER.0 } else { GATHER.1 };
        }
        let came = (behind + consumed).saturating_sub(last.behind);
        let millis = last.at.map_or(u128::MAX, |at| at.elapsed().as_millis().max(1));
        let burst = u128::from(came) * 1000 / millis > u128::from(BURST);
        if burst && behind < FAR_BEHIND {
            (took * 2).max(BREATH)
        } else {
            BREATH
        }
    }

    /// Larger batches while they are quick, smaller ones when they keep the writer too long: after a full one as many as
    /// four fifths of the goal allow.
    pub(super) fn adapt(&mut self, read: usize, took: Duration) {
        if took > GOAL {
            self.limit = (self.limit / 2).max(LEAST);
        } else if read >= self.limit {
            let more = if took < GOAL * 2 / 5 {
                self.limit
            } else if took < GOAL * 4 / 5 {
                self.limit / 4
            } else {
                0
            };
            self.limit = (self.limit + more).min(MOST);
        }
    }
}
