//! The writing end: one `write()` per record before the answer, one `fdatasync` per 20 ms behind it.
//!
//! # Why
//! After `write()` a record survives the death of the process (the page cache is the kernel's); after `fdatasync`
//! it survives a power cut. The answer waits for the first always, for the second in strict mode only.
//!
//! What goes wrong never reaches the customer: a short or failing write seals the segment (nothing is ever written
//! behind a torn frame) and is tried once more in a new one; failing that, the click is missed, counted and alarmed.

use std::fs::{File, TryLockError};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::spool::disk::{Disk, RealDisk, SegmentFile};
use crate::spool::record::Record;
use crate::spool::segment::{HEADER, folder_bytes, header, segment_path, segments, sync_folder};
use crate::spool::settings::{Durability, SpoolSettings};
use crate::spool::sync::Synced;

/// Why a spool cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process writes there.
    #[error(
        "another process writes into the spool {0}: give each node a name (`node`) or data directory of its own"
    )]
    Locked(PathBuf),
    /// The disk says no.
    #[error("the spool {path} cannot be opened: {source}")]
    Disk {
        /// Which folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Why a record was not kept. The visitor is answered all the same; the spool has counted and alarmed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Missed {
    /// The spool has reached its total size: the loader is behind, or the store is down.
    #[error("the spool has reached its size limit")]
    Full,
    /// The disk takes no more, or fails.
    #[error("the spool's disk failed")]
    Disk,
}

/// A record's place in the order of this spool's appends, to wait for its fsync by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "in strict mode the answer waits for `Spool::durable`"]
pub struct Appended(u64);

/// What the spool did since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpoolCounts {
    /// Records written.
    pub appended: u64,
    /// Records that could not be written.
    pub missed: u64,
    /// Rounds of fdatasync.
    pub syncs: u64,
    /// Bytes of segments on disk, as last looked up plus what was written since.
    pub bytes: u64,
}

/// The writing end of a node's spool. One per folder: the folder is locked. Dropping it syncs what is left.
pub struct Spool {
    shared: Arc<Shared>,
    synced: watch::Receiver<Synced>,
    worker: Option<JoinHandle<()>>,
}

pub(super) struct Shared {
    pub(super) settings: SpoolSettings,
    pub(super) folder: PathBuf,
    disk: Box<dyn Disk>,
    pub(super) open: Mutex<Open>,
    pub(super) wake: Condvar,
    appended: AtomicU64,
    missed: AtomicU64,
    pub(super) syncs: AtomicU64,
    bytes: AtomicU64,
    /// Held for the life of the spool.
    _lock: File,
}

pub(super) struct Open {
    /// The segment written to; none after a failure, until a new one can be made.
    pub(super) file: Option<Arc<dyn SegmentFile>>,
    /// The next segment, whose header did not fit on the disk yet, and how much of it did.
    headless: Option<(Arc<dyn SegmentFile>, usize)>,
    number: u64,
    pub(super) length: u64,
    pub(super) since: Instant,
    /// Sealed segments the syncer has not seen to yet.
    pub(super) sealed: Vec<Arc<dyn SegmentFile>>,
    /// Bytes of all other segments, as last looked up.
    others: u64,
    /// Number of the last record.
    pub(super) sequence: u64,
    /// Something was written since the last fsync began.
    pub(super) dirty: bool,
    /// A segment was created since the folder was last synced.
    pub(super) created: bool,
    /// After a failure, nothing is tried before this.
    pub(super) not_before: Option<Instant>,
    alarmed: Option<Instant>,
    pub(super) stop: bool,
    buffer: Vec<u8>,
}

/// After a failure the disk is left alone for so long: a full disk must not cost every redirect two system calls.
pub(super) const RETRY: Duration = Duration::from_millis(250);
/// One alarm a minute says how many were missed.
const ALARM: Duration = Duration::from_mins(1);

impl Spool {
    /// Opens the node's folder and begins a new segment; whatever lies there is for the loader. Segments are
    /// numbered by the second they were begun in (later when that is taken), so that numbers never come again,
    /// not even after somebody emptied the folder: the loader's checkpoint in the store must stay behind them.
    pub fn open(settings: SpoolSettings, now: Timestamp) -> Result<Self, OpenError> {
        Self::open_on(Box::new(RealDisk), settings, now)
    }

    /// The same on another disk, for failure tests.
    pub fn open_on(disk: Box<dyn Disk>, settings: SpoolSettings, now: Timestamp) -> Result<Self, OpenError> {
        let folder = settings.folder();
        let failed = |source| OpenError::Disk {
            path: folder.clone(),
            source,
        };
        std::fs::create_dir_all(&folder).map_err(failed)?;
        sync_folder(&settings.root).map_err(failed)?;
        let lock = File::options()
            .create(true)
            .write(true)
            .truncate(false)
            .open(folder.join("lock"))
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::Locked(folder)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let last = segments(&folder).map_err(failed)?.last().copied().unwrap_or(0);
        let others = folder_bytes(&folder).map_err(failed)?;
        let open = Open {
            file: None,
            headless: None,
            number: last.max(u64::try_from(now.as_second()).unwrap_or(0).saturating_sub(1)),
            length: 0,
            since: Instant::now(),
            sealed: Vec::new(),
            others,
            sequence: 0,
            dirty: false,
            created: false,
            not_before: None,
            alarmed: None,
            stop: false,
            buffer: Vec::with_capacity(4096),
        };
        let shared = Arc::new(Shared {
            settings,
            folder: folder.clone(),
            disk,
            open: Mutex::new(open),
            wake: Condvar::new(),
            appended: AtomicU64::new(0),
            missed: AtomicU64::new(0),
            syncs: AtomicU64::new(0),
            bytes: AtomicU64::new(others),
            _lock: lock,
        });
        // A node starts with its disk full, too: redirects go on, clicks are missed and alarmed.
        let mut first = shared.lock();
        if shared.begin(&mut first).is_err() {
            first.not_before = Some(Instant::now() + RETRY);
        }
        drop(first);
        let (publish, synced) = watch::channel(Synced::default());
        let carrier = Arc::clone(&shared);
        let worker = std::thread::Builder::new()
            .name("spool-sync".to_owned())
            .spawn(move || carrier.sync_until_stopped(&publish))
            .map_err(failed)?;
        Ok(Self {
            shared,
            synced,
            worker: Some(worker),
        })
    }

    /// Writes one record. Never waits for the device and never fails the caller: a miss is already counted and
    /// alarmed.
    pub fn append(&self, record: &Record<'_>) -> Result<Appended, Missed> {
        let mut open = self.shared.lock();
        let result = self.shared.write(&mut open, record);
        match result {
            Ok(appended) => {
                if !open.dirty {
                    open.dirty = true;
                    self.shared.wake.notify_one();
                }
                drop(open);
                self.shared.appended.fetch_add(1, Ordering::Relaxed);
                Ok(appended)
            }
            Err(missed) => {
                self.shared.count_missed(&mut open, 1, missed);
                Err(missed)
            }
        }
    }

    /// Whether answers must wait for [`Spool::durable`].
    pub fn is_strict(&self) -> bool {
        self.shared.settings.durability == Durability::Strict
    }

    /// Returns when the record is on the device; fails (counted and alarmed) when the fsync covering it failed.
    pub async fn durable(&self, appended: Appended) -> Result<(), Missed> {
        let mut synced = self.synced.clone();
        let Ok(seen) = synced
            .wait_for(|synced| synced.upto >= appended.0)
            .await
            .map(|seen| *seen)
        else {
            return Err(Missed::Disk);
        };
        match seen.bad {
            Some((first, last)) if (first..=last).contains(&appended.0) => Err(Missed::Disk),
            _ => Ok(()),
        }
    }

    /// What it did so far.
    pub fn counts(&self) -> SpoolCounts {
        SpoolCounts {
            appended: self.shared.appended.load(Ordering::Relaxed),
            missed: self.shared.missed.load(Ordering::Relaxed),
            syncs: self.shared.syncs.load(Ordering::Relaxed),
            bytes: self.shared.bytes.load(Ordering::Relaxed),
        }
    }

    /// How it is kept.
    pub fn settings(&self) -> &SpoolSettings {
        &self.shared.settings
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.wake.notify_one();
        if let Some(worker) = self.worker.take()
            && worker.join().is_err()
        {
            tracing::error!("the spool's syncer had panicked");
        }
    }
}

impl Shared {
    /// A panic while the lock was held leaves at worst a torn frame, which readers recognise.
    pub(super) fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, open: &mut Open, record: &Record<'_>) -> Result<Appended, Missed> {
        let mut buffer = std::mem::take(&mut open.buffer);
        buffer.clear();
        record.encode(&mut buffer);
        let result = self.write_bytes(open, &buffer);
        open.buffer = buffer;
        result
    }

    fn write_bytes(&self, open: &mut Open, bytes: &[u8]) -> Result<Appended, Missed> {
        let size = bytes.len() as u64;
        if let Some(instant) = open.not_before {
            if Instant::now() < instant {
                return Err(if open.file.is_none() {
                    Missed::Disk
                } else {
                    Missed::Full
                });
            }
            open.not_before = None;
            self.look_up(open);
        }
        if open.others + open.length + size > self.settings.total_bytes {
            // The loader may have removed segments since the last look.
            self.look_up(open);
            if open.others + open.length + size > self.settings.total_bytes {
                open.not_before = Some(Instant::now() + RETRY);
                return Err(Missed::Full);
            }
        }
        if open.length + size > self.settings.segment_bytes && open.length > HEADER as u64 {
            self.seal(open);
        }
        for _ in 0..2 {
            if open.file.is_none() && self.begin(open).is_err() {
                break;
            }
            let Some(file) = &open.file else { break };
            let written = file.write(bytes);
            match written {
                Ok(n) if n == bytes.len() => {
                    open.length += size;
                    open.sequence += 1;
                    self.bytes.store(open.others + open.length, Ordering::Relaxed);
                    return Ok(Appended(open.sequence));
                }
                Ok(n) => open.length += n as u64,
                Err(_) => {}
            }
            self.seal(open);
        }
        open.not_before = Some(Instant::now() + RETRY);
        Err(Missed::Disk)
    }

    /// Ends the open segment: nothing is written to it again.
    pub(super) fn seal(&self, open: &mut Open) {
        if let Some(file) = open.file.take() {
            open.sealed.push(file);
            // While it is held open, removing it gives a full disk no room.
            self.wake.notify_one();
            open.others += open.length;
            open.length = 0;
            self.look_up(open);
        }
    }

    fn look_up(&self, open: &mut Open) {
        if let Ok(all) = folder_bytes(&self.folder) {
            open.others = all.saturating_sub(open.length);
        }
    }

    /// Begins the next segment. Its folder entry is made durable by the syncer, before the records in it are.
    ///
    /// A file whose header does not fit on a full disk stays, and is tried again: that a later segment is there tells
    /// the loader that the one before is finished, so that it can go once consumed. Without it, a disk filled by our
    /// own last segment would stay full for ever.
    pub(super) fn begin(&self, open: &mut Open) -> io::Result<()> {
        let (file, mut done) = if let Some(headless) = open.headless.take() {
            headless
        } else {
            open.number += 1;
            (self.disk.create(&segment_path(&self.folder, open.number))?, 0)
        };
        let bytes = header(&self.settings.node, open.number);
        let outcome = file.write(&bytes[done..]);
        done += outcome.as_ref().copied().unwrap_or(0);
        if done < HEADER {
            open.headless = Some((file, done));
            return Err(outcome.err().unwrap_or_else(|| io::ErrorKind::WriteZero.into()));
        }
        open.file = Some(file);
        open.length = HEADER as u64;
        open.since = Instant::now();
        open.created = true;
        Ok(())
    }

    pub(super) fn count_missed(&self, open: &mut Open, more: u64, why: Missed) {
        let missed = self.missed.fetch_add(more, Ordering::Relaxed) + more;
        if open.alarmed.is_none_or(|last| last.elapsed() >= ALARM) {
            open.alarmed = Some(Instant::now());
            tracing::error!(missed, reason = %why, spool = %self.folder.display(), "clicks are answered but not counted");
        }
    }
}
