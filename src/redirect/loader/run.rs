//! The loop: read, apply, commit, forget the segment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::attribution::dwell::{Beacon, Beacons, Said};
use crate::domain::{ClickId, Clock};
use crate::geo::Geo;
use crate::redirect::loader::apply::{Applied, Apply, Batch, NEW_CLICKS};
use crate::redirect::loader::aside::{self, Aside, Refused};
use crate::redirect::loader::credit::Credits;
use crate::redirect::loader::enrich::Enricher;
use crate::redirect::loader::marks::Marks;
use crate::redirect::loader::neighbours::Neighbours;
use crate::redirect::loader::pace::Pace;
use crate::redirect::loader::rules::{Days, Rules};
use crate::redirect::table::Table;
use crate::spool::{
    BeaconKind, BeaconRecord, DamageKind, NodeName, Position, ReadError, Reader, Record, Step,
};
use crate::storage::{Checkpoint, Store, StoreError, advance_checkpoint, fold_links, lock_loaders};

/// Records per transaction, at least and at most; in between by how long the last one took.
pub(super) const LEAST: usize = 256;
pub(super) const MOST: usize = 16_384;
/// A transaction should keep the writer this long at most. Each link's clicks lie on a page of their own, so a larger batch
/// writes fewer pages a click.
pub(super) const GOAL: Duration = Duration::from_millis(250);
/// How long to sleep when nothing is there: asking costs microseconds, being told would cost every redirect some.
const IDLE: Duration = Duration::from_millis(200);
/// Between two batches: other processes (the command line, imports) get at SQLite's one write lock by asking again
/// and again, and would wait in vain if it were free for microseconds only.
pub(super) const BREATH: Duration = Duration::from_millis(8);
/// Having caught up, the loader lets clicks gather for this long, with few and with many coming in: a transaction costs the
/// same for one as for a thousand, and a link's totals are written once for all its clicks.
pub(super) const GATHER: (Duration, Duration) = (Duration::from_millis(250), Duration::from_millis(1_400));
/// So many records in a batch are many.
pub(super) const MANY: usize = 64;
/// Bytes a second coming in that make a burst (about 8 000 clicks): then redirects go first.
pub(super) const BURST: u64 = 2 << 20;
/// Bytes of backlog beyond which the loader yields to nobody (about a million clicks).
pub(super) const FAR_BEHIND: u64 = 256 << 20;
/// Rows of links' recent totals written before they are folded into the totals of all.
const FOLD: usize = 200_000;
/// With the store away: first and longest pause between attempts.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// One line a minute says that the store is away.
const COMPLAIN: Duration = Duration::from_secs(60);

/// What a loader is made of.
pub struct LoaderParts {
    /// The store.
    pub store: Store,
    /// The folder of all nodes' spools.
    pub root: PathBuf,
    /// Whose spool.
    pub node: NodeName,
    /// Geo files.
    pub geo: Arc<Geo>,
    /// The programme's numbers.
    pub rules: Rules,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The redirect's links, where it has them: spares a look-up per link.
    pub table: Option<Arc<Table>>,
}

/// What it did so far. Shared, for metrics and health.
#[derive(Debug, Default)]
pub struct LoaderCounts {
    /// Clicks stored.
    pub clicks: AtomicU64,
    /// Beacons read.
    pub beacons: AtomicU64,
    /// Transactions committed.
    pub batches: AtomicU64,
    /// Bytes of the spool that were no records (damage of the disk): answered clicks may be missing.
    pub damaged_bytes: AtomicU64,
    /// Clicks on links the store does not know.
    pub unknown_links: AtomicU64,
    /// Stored clicks read again to judge new ones by.
    pub rows_read: AtomicU64,
    /// Records the store refused for good, set aside in a file.
    pub rejected: AtomicU64,
    /// Attempts that failed in a row; 0 while all is well.
    pub failing: AtomicU64,
    /// Whether all that was in the spool when it began, or when the store was away last, is in the store.
    pub caught_up: AtomicBool,
}

/// Why a step failed; the next one begins at the checkpoint again.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The store is away or refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The spool cannot be read.
    #[error(transparent)]
    Spool(#[from] ReadError),
}

/// Carries one node's spool into the store.
pub struct Loader {
    parts: LoaderParts,
    counts: Arc<LoaderCounts>,
    enricher: Enricher,
    credits: Credits,
    days: Days,
    reader: Option<(Reader, Option<Checkpoint>)>,
    neighbours: Neighbours,
    careful: bool,
    pub(super) limit: usize,
    pub(super) pace: Pace,
    rest: Duration,
    /// Links' rows booked since they were folded into the totals.
    unfolded: usize,
    /// Records of the batch at hand.
    tried: usize,
    aside: Aside,
    became_valid: Vec<ClickId>,
    /// Empty between batches: its memory is used again.
    batch: Batch,
    marks: Marks,
}

impl Loader {
    /// A loader that begins at the store's checkpoint.
    pub fn new(parts: LoaderParts) -> Self {
        Self {
            enricher: Enricher::new(Arc::clone(&parts.geo)),
            credits: parts.table.clone().map_or_else(Credits::default, Credits::with),
            days: Days::new(parts.rules.zone.clone()),
            counts: Arc::default(),
            reader: None,
            neighbours: Neighbours::new(parts.rules.repeat_ms),
            careful: false,
            limit: LEAST * 4,
            pace: Pace::default(),
            rest: BREATH,
            unfolded: 0,
            tried: 0,
            aside: Aside::default(),
            became_valid: Vec::new(),
            batch: Batch::default(),
            marks: Marks::default(),
            parts,
        }
    }

    /// Remembers the last hour's visitors in at most so many places of 16 (a power of two) instead of 2^17; whoever does
    /// not fit is looked up in rows.
    #[must_use]
    pub fn remembering(mut self, places: usize) -> Self {
        self.neighbours = Neighbours::with_room(self.parts.rules.repeat_ms, places);
        self
    }

    /// What it did so far.
    pub fn counts(&self) -> Arc<LoaderCounts> {
        Arc::clone(&self.counts)
    }

    /// Loads until told to stop (the sender says `true`, or is gone), and then whatever is left.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut pause = PAUSE.0;
        let mut complained: Option<Instant> = None;
        loop {
            let stopping = *stop.borrow() || stop.has_changed().is_err();
            match self.step().await {
                Ok(read) => {
                    pause = PAUSE.0;
                    if complained.take().is_some() {
                        tracing::info!("the loader reaches spool and store again");
                    }
                    if read > 0 {
                        // Stopping, it empties the spool without a pause.
                        if !stopping {
                            let _ = tokio::time::timeout(self.rest, stop.changed()).await;
                        }
                        continue;
                    }
                    if stopping {
                        self.marks.leave(&self.parts).await;
                    }
                }
                Err(error) => {
                    if complained.is_none_or(|last| last.elapsed() >= COMPLAIN) {
                        complained = Some(Instant::now());
                        let attempts = self.counts.failing.load(Ordering::Relaxed);
                        tracing::error!(%error, attempts, "clicks wait in the spool: the loader cannot carry them into the store");
                    }
                    if !stopping {
                        let _ = tokio::time::timeout(pause, stop.changed()).await;
                        pause = (pause * 2).min(PAUSE.1);
                    }
                }
            }
            if stopping {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(IDLE) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Loads everything there is now; returns how many records that was.
    pub async fn catch_up(&mut self) -> Result<usize, LoadError> {
        let mut sum = 0;
        loop {
            match self.step().await? {
                0 => return Ok(sum),
                read => sum += read,
            }
        }
    }

    /// Takes out which clicks became valid since the last call.
    pub fn take_valid(&mut self) -> Vec<ClickId> {
        std::mem::take(&mut self.became_valid)
    }

    /// One batch in one transaction; how many records (or damages) it held, 0 when there is nothing to do. A batch found
    /// to hold known clicks counts as 1 and is done again by the next step.
    pub async fn step(&mut self) -> Result<usize, LoadError> {
        let result = self.try_step().await;
        match &result {
            Ok(_) => {
                self.careful = false;
                self.counts.failing.store(0, Ordering::Relaxed);
            }
            Err(LoadError::Store(StoreError::RowCount { what: NEW_CLICKS, .. })) if !self.careful => {
                // Rare: the spool holds a click twice, or one that another spool brought, too.
                self.careful = true;
                self.reader = None;
                self.neighbours.forget();
                self.enricher.forget_numbers();
                return Ok(1);
            }
            Err(error) => {
                self.reader = None;
                self.neighbours.forget();
                self.enricher.forget_numbers();
                let about_data = matches!(error, LoadError::Store(error) if error.is_about_data());
                let refused = if about_data {
                    self.aside.refused(self.tried)
                } else {
                    Refused::Wait
                };
                match refused {
                    Refused::Fewer => return Ok(1),
                    Refused::SetAside => {
                        tracing::error!(%error, "the store refuses a record for good: it is set aside, beside the spool's segments");
                        return self.set_aside().await;
                    }
                    Refused::Wait => {
                        self.counts.caught_up.store(false, Ordering::Relaxed);
                        self.counts.failing.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
        result
    }

    /// Passes over the next record, which is kept in a file of its own first.
    async fn set_aside(&mut self) -> Result<usize, LoadError> {
        let (mut reader, from) = self.open_reader().await?;
        let folder = self.parts.root.join(self.parts.node.as_str());
        match reader.next_step()? {
            Step::Record(record) => {
                aside::keep(&folder, &record).map_err(|source| ReadError::Disk { path: folder, source })?
            }
            Step::Damage(_) => {}
            Step::CaughtUp => return Ok(0),
        }
        let to = checkpoint_at(&reader);
        let mut tx = self.parts.store.begin().await?;
        let now_ms = self.parts.clock.now_ms();
        if advance_checkpoint(&mut tx, self.parts.node.as_str(), from, to, now_ms).await? {
            tx.commit().await?;
            self.aside.set_aside();
            self.counts.rejected.fetch_add(1, Ordering::Relaxed);
        } else {
            tx.rollback().await?;
        }
        Ok(1)
    }

    /// A reader at the store's checkpoint.
    async fn open_reader(&self) -> Result<(Reader, Option<Checkpoint>), LoadError> {
        let from = self.parts.store.checkpoint(self.parts.node.as_str()).await?;
        let position = from.map_or_else(Position::default, |at| Position {
            segment: at.segment,
            offset: at.offset,
        });
        let reader = Reader::new(&self.parts.root, self.parts.node.clone(), position);
        // Consumed, and still there: the answer to the commit, or the removal behind it, failed. Loading goes on all the same.
        if let Err(error) = reader.remove_before(position.segment) {
            tracing::warn!(%error, "what is consumed of the spool cannot be removed");
        }
        Ok((reader, from))
    }

    async fn try_step(&mut self) -> Result<usize, LoadError> {
        let (began, began_ms) = (Instant::now(), self.parts.clock.now_ms());
        self.tried = 0;
        let (mut reader, from) = match self.reader.take() {
            Some(open) => open,
            None => self.open_reader().await?,
        };
        let mut batch = std::mem::take(&mut self.batch);
        batch.clicks.clear();
        batch.beacons.clear();
        let (read, beacons, damaged) = self.read(&mut reader, &mut batch)?;
        let to = checkpoint_at(&reader);
        self.tried = read;
        if read == 0 {
            // A full disk gets room again only when what is consumed goes, even though nothing new can come.
            if from.is_some_and(|from| from.segment < to.segment) {
                reader.remove_before(to.segment)?;
            }
            self.reader = Some((reader, from));
            self.batch = batch;
            self.counts.caught_up.store(true, Ordering::Relaxed);
            self.marks.say(&self.parts, began_ms, true).await;
            return Ok(0);
        }
        let mut tx = self.parts.store.begin().await?;
        lock_loaders(&mut tx).await?;
        let now_ms = self.parts.clock.now_ms();
        if !advance_checkpoint(&mut tx, self.parts.node.as_str(), from, to, now_ms).await? {
            // Another loader was faster: go on from where it is now.
            tx.rollback().await?;
            self.neighbours.forget();
            tracing::debug!("another loader reads the same spool");
            return Ok(read);
        }
        self.enricher.number(&mut tx, &mut batch.clicks).await?;
        let mut apply = Apply {
            rules: &self.parts.rules,
            days: &mut self.days,
            credits: &mut self.credits,
            now_ms,
            careful: self.careful,
        };
        let node = self.parts.node.as_str();
        let applied = apply
            .batch(&mut tx, node, &mut self.neighbours, &mut batch)
            .await?;
        self.batch = batch;
        let unfolded = self.unfolded + applied.links;
        if unfolded >= FOLD {
            fold_links(&mut tx).await?;
        }
        tx.commit().await?;
        self.unfolded = if unfolded >= FOLD { 0 } else { unfolded };
        // Less than was asked for: the spool's end was reached. Asked before the two lines below change the limits.
        let emptied = read < self.aside.limit(self.limit);
        if emptied {
            self.counts.caught_up.store(true, Ordering::Relaxed);
        }
        self.marks.say(&self.parts, began_ms, emptied).await;
        self.aside.stored(read, self.limit);
        self.count(applied, beacons, damaged);
        if from.is_none_or(|from| from.segment < to.segment) {
            reader.remove_before(to.segment)?;
        }
        let consumed = match from {
            Some(from) if from.segment == to.segment => to.offset.saturating_sub(from.offset),
            _ => to.offset,
        };
        self.rest = self.rest_after(read, consumed, reader.behind()?, began.elapsed());
        self.reader = Some((reader, Some(to)));
        self.adapt(read, began.elapsed());
        Ok(read)
    }

    fn count(&mut self, applied: Applied, beacons: u64, damaged: u64) {
        let counts = &self.counts;
        counts
            .clicks
            .fetch_add(applied.inserted as u64, Ordering::Relaxed);
        counts.beacons.fetch_add(beacons, Ordering::Relaxed);
        counts.batches.fetch_add(1, Ordering::Relaxed);
        counts
            .rows_read
            .store(self.neighbours.rows_read(), Ordering::Relaxed);
        counts.damaged_bytes.fetch_add(damaged, Ordering::Relaxed);
        if applied.unknown_links > 0 {
            let unknown = applied.unknown_links as u64;
            counts.unknown_links.fetch_add(unknown, Ordering::Relaxed);
            tracing::error!(unknown, "clicks on links the store does not know were dropped");
        }
        self.became_valid.extend(applied.became_valid);
        self.became_valid.truncate(MOST);
    }

    /// Fills the batch; how many records, beacons among them, and damaged bytes that was.
    fn read(&mut self, reader: &mut Reader, batch: &mut Batch) -> Result<(usize, u64, u64), ReadError> {
        self.enricher.begin();
        let (mut read, mut beacons, mut damaged) = (0, 0, 0);
        let limit = self.aside.limit(self.limit);
        while read < limit {
            match reader.next_step()? {
                Step::CaughtUp => break,
                Step::Record(Record::Click(click)) => batch.clicks.push(self.enricher.arrived(&click)),
                Step::Record(Record::Beacon(beacon)) => {
                    beacons += 1;
                    add(&mut batch.beacons, &beacon);
                }
                Step::Damage(damage) => {
                    if damage.kind != DamageKind::TornTail {
                        damaged += damage.bytes;
                        tracing::error!(?damage, "bytes of the spool are no records");
                    }
                }
            }
            read += 1;
        }
        Ok((read, beacons, damaged))
    }
}

fn checkpoint_at(reader: &Reader) -> Checkpoint {
    let Position { segment, offset } = reader.position();
    Checkpoint { segment, offset }
}

fn add(all: &mut BTreeMap<ClickId, Beacons>, beacon: &BeaconRecord) {
    all.entry(beacon.click).or_default().add(Beacon {
        at_ms: beacon.at_ms,
        said: match beacon.kind {
            BeaconKind::Start => Said::Start,
            BeaconKind::Limit => Said::Limit,
            BeaconKind::Leaving => Said::Leaving,
        },
        visible_ms: beacon.visible_ms,
        interacted: beacon.interacted,
        page_visitor: beacon.page_visitor,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_was_answered_is_in_the_store_within_two_seconds_when_there_is_no_burst() {
        // At worst a click comes just after the spool was read: a batch, a rest, its own batch.
        let worst = GOAL + GATHER.0.max(GATHER.1).max(IDLE).max(BREATH) + GOAL;
        assert!(worst <= Duration::from_secs(2), "{worst:?}");
    }
}
