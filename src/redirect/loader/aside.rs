//! Records the store refuses for good are set aside, so that those behind them are not held up for ever.
//!
//! # Why
//! A batch is one transaction: one record that breaks a rule of the store would keep all others out. A refused batch is
//! tried again in halves until the record stands alone; then its frame goes to the file `rejected` beside the segments
//! (as it was, so that it can be read again), the checkpoint passes it, and an alarm says so. Where nearly everything is
//! refused it is the store that is wrong: then nothing is set aside, and all wait.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use crate::spool::Record;

/// The file's name, in the node's folder of the spool.
const FILE: &str = "rejected";
/// The file's most, bytes; then records wait.
const MOST_BYTES: u64 = 64 << 20;
/// More refused records than one in a hundred, and this many, are the store's fault.
const MOST: usize = 100;

/// The search for records to set aside.
#[derive(Debug, Default)]
pub struct Aside {
    /// Records tried at once while searching.
    limit: Option<usize>,
    /// Set aside, less a hundredth of those stored since.
    lately: usize,
}

/// What to do about a refused batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Try fewer.
    Fewer,
    /// It is this one: set it aside.
    SetAside,
    /// Wait, and try again.
    Wait,
}

impl Aside {
    /// Records to try at once, of at most `most`.
    pub fn limit(&self, most: usize) -> usize {
        self.limit.unwrap_or(most).min(most)
    }

    /// A batch of so many records was refused for what is in it.
    pub fn refused(&mut self, records: usize) -> Refused {
        if self.lately >= MOST {
            self.limit = None;
            return Refused::Wait;
        }
        if records > 1 {
            self.limit = Some(records / 2);
            return Refused::Fewer;
        }
        Refused::SetAside
    }

    /// So many records were stored.
    pub fn stored(&mut self, records: usize, most: usize) {
        self.lately = self.lately.saturating_sub(records.div_ceil(MOST));
        self.limit = self.limit.map(|limit| limit * 2).filter(|limit| *limit < most);
    }

    /// One was set aside.
    pub fn set_aside(&mut self) {
        self.lately += 1;
    }
}

/// Appends a record's frame to the file of the node's folder, and waits for the disk.
pub fn keep(folder: &Path, record: &Record<'_>) -> io::Result<()> {
    let mut frame = Vec::new();
    record.encode(&mut frame);
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join(FILE))?;
    if file.metadata()?.len() + frame.len() as u64 > MOST_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::QuotaExceeded,
            "the file of rejected records is full",
        ));
    }
    file.write_all(&frame)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_batch_is_halved_down_to_one_record_and_grows_again() {
        let mut aside = Aside::default();
        assert_eq!(aside.limit(1_000), 1_000);
        assert_eq!(aside.refused(5), Refused::Fewer);
        assert_eq!(aside.limit(1_000), 2);
        assert_eq!(aside.refused(2), Refused::Fewer);
        assert_eq!(aside.limit(1_000), 1);
        assert_eq!(aside.refused(1), Refused::SetAside);
        for limit in [2, 4, 8] {
            aside.stored(1, 10);
            assert_eq!(aside.limit(10), limit);
        }
        aside.stored(1, 10);
        assert_eq!(aside.limit(10), 10);
    }

    #[test]
    fn a_store_that_refuses_everything_is_waited_for() {
        let mut aside = Aside::default();
        for _ in 0..MOST {
            assert_eq!(aside.refused(1), Refused::SetAside);
            aside.set_aside();
        }
        assert_eq!(aside.refused(1), Refused::Wait);
        aside.stored(250, 10);
        assert_eq!(aside.refused(1), Refused::SetAside);
    }
}
