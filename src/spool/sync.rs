//! The syncer: one thread per spool that carries what was written to the device.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::spool::disk::SegmentFile;
use crate::spool::segment::{HEADER, sync_folder};
use crate::spool::settings::Durability;
use crate::spool::writer::{Missed, RETRY, Shared};

/// How often the syncer looks at the segment's age when nothing comes in.
const IDLE: Duration = Duration::from_secs(1);

/// How far the device is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Synced {
    /// The last record an fsync was tried for.
    pub upto: u64,
    /// Records whose fsync failed, first and last; later failures widen it.
    pub bad: Option<(u64, u64)>,
}

impl Shared {
    /// Runs until the spool is dropped; what is left then is synced once more.
    pub(super) fn sync_until_stopped(&self, publish: &watch::Sender<Synced>) {
        let pause = match self.settings.durability {
            Durability::Group => self.settings.sync_every,
            // While one fsync runs the next ones gather: that is the group.
            Durability::Strict => Duration::ZERO,
        };
        loop {
            let mut open = self.lock();
            while !open.dirty && !open.created && open.sealed.is_empty() && !open.stop {
                let age = open.since.elapsed();
                if age >= self.settings.segment_age && open.length > HEADER as u64 {
                    self.seal(&mut open);
                    break;
                }
                open = self
                    .wake
                    .wait_timeout(open, IDLE)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
            let stop = open.stop;
            if !stop && !pause.is_zero() {
                drop(open);
                std::thread::sleep(pause);
                open = self.lock();
            }
            if open.since.elapsed() >= self.settings.segment_age && open.length > HEADER as u64 {
                self.seal(&mut open);
            }
            if open.file.is_none() && open.not_before.is_none() && !stop {
                // Readers tell by the next segment that the last one is finished.
                if self.begin(&mut open).is_err() {
                    open.not_before = Some(Instant::now() + RETRY);
                }
            }
            let created = std::mem::take(&mut open.created);
            let mut files = std::mem::take(&mut open.sealed);
            files.extend(open.file.clone());
            open.dirty = false;
            let upto = open.sequence;
            drop(open);
            self.sync(created, &files, upto, publish);
            if stop {
                break;
            }
        }
    }

    fn sync(
        &self,
        created: bool,
        files: &[Arc<dyn SegmentFile>],
        mut upto: u64,
        publish: &watch::Sender<Synced>,
    ) {
        let mut result = if created {
            sync_folder(&self.folder)
        } else {
            Ok(())
        };
        for file in files {
            result = result.and(file.sync());
        }
        self.syncs.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = &result {
            tracing::error!(%error, spool = %self.folder.display(), "the spool's fsync failed");
            // What the kernel did with the pages is not known after a failed fsync, and a later one may succeed without
            // having written them: everything in these files so far is doubtful, and the next record lies elsewhere.
            let mut open = self.lock();
            self.seal(&mut open);
            open.sealed.clear();
            open.dirty = false;
            upto = open.sequence;
            if self.settings.durability == Durability::Strict {
                let waiting = upto - publish.borrow().upto;
                self.count_missed(&mut open, waiting, Missed::Disk);
            }
        }
        publish.send_modify(|synced| {
            if result.is_err() {
                let first = synced.bad.map_or(synced.upto + 1, |(first, _)| first);
                synced.bad = Some((first, upto));
            }
            synced.upto = upto;
        });
    }
}
