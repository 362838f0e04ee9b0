//! Judging clicks by their neighbours: from memory what comes in order, by rows what comes late.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::attribution::visits::{Around, Met, REFETCH_MS, Recent, SCAN_MS, Visit, VisitorId};
use crate::domain::{ClickId, LinkId};
use crate::redirect::loader::others::{Others, Stretch};
use crate::redirect::loader::work::Work;
use crate::storage::clicks::{
    PageSpan, Seen, VisitorKey, clicks_of_visitors, each_visit_between, each_visit_on_links, last_click_at,
    page_visits, wechat_on_links,
};
use crate::storage::{StoreError, Tx};

/// Links whose last hour was read from rows, at most; beyond, everything is forgotten.
const LINKS: usize = 1_000_000;
/// Rows of all links read for one batch to know visitors' last seconds. A node that comes back after hours while others
/// went on may meet more: then its visits are judged by rows, each for itself.
const WIDE: i64 = 500_000;
/// Late visits judged at once: what is read for them is bounded by their own visitors' clicks.
const LATE: usize = 256;
/// How far around late visits the rows of their visitors are read at first: whoever is met there on either side needs none
/// from further away, and a hammering visitor has thousands.
const NEAR_MS: i64 = SCAN_MS;
/// Links are learned from a little before the first visit at hand on: the next batch may begin before it.
const SLACK_MS: i64 = 10_000;
/// How far around a WeChat request its link's other ones are read: those it may change, those they look at, and those
/// that came since.
const WECHAT_MS: i64 = 6 * REFETCH_MS;

/// What is remembered between batches; what other nodes store in between is learned.
pub struct Neighbours {
    recent: Recent,
    repeat_ms: i64,
    /// Links learned from rows, and from when on.
    learned: HashMap<LinkId, i64>,
    /// The last stored click's instant when remembering began: clicks well after it need no rows.
    stored_to: Option<i64>,
    /// Between these instants, both included, visitors' last seconds were read from rows.
    scanned: Option<(i64, i64)>,
    others: Others,
    /// Up to this instant, others stored clicks that were not learned: too long ago to matter to those at hand.
    unlearned_to: i64,
    /// Rows read so far.
    rows_read: u64,
}

impl Neighbours {
    /// Remembers nothing yet; repeats are those within `repeat_ms`.
    pub fn new(repeat_ms: i64) -> Self {
        Self::of(Recent::new(repeat_ms), repeat_ms)
    }

    /// With at most so many places (a power of two) of 16 visitors each.
    pub fn with_room(repeat_ms: i64, places: usize) -> Self {
        Self::of(Recent::with_room(repeat_ms, places), repeat_ms)
    }

    fn of(recent: Recent, repeat_ms: i64) -> Self {
        Self {
            recent,
            repeat_ms,
            learned: HashMap::new(),
            stored_to: None,
            scanned: None,
            others: Others::default(),
            unlearned_to: i64::MIN,
            rows_read: 0,
        }
    }

    /// Rows read so far to judge clicks by.
    pub fn rows_read(&self) -> u64 {
        self.rows_read
    }

    /// So many more rows were read, by others.
    pub fn add_rows_read(&mut self, rows: u64) {
        self.rows_read += rows;
    }

    /// Forgets everything: after a failure, what is remembered may not be stored.
    pub fn forget(&mut self) {
        self.recent.forget();
        self.learned = HashMap::new();
        self.stored_to = None;
        self.scanned = None;
        self.others = Others::default();
        self.unlearned_to = i64::MIN;
    }

    /// Gives the new clicks among the works their class, and adds stored clicks to the works that get another one.
    pub async fn judge(
        &mut self,
        tx: &mut Tx,
        node: &str,
        works: &mut BTreeMap<ClickId, Work>,
    ) -> Result<(), StoreError> {
        let visits: Vec<Visit> = works
            .values()
            .filter(|w| w.before.is_none())
            .filter_map(|w| w.visit)
            .collect();
        let (Some(first), Some(last)) = (visits.first().map(Visit::at_ms), visits.last().map(Visit::at_ms))
        else {
            return Ok(());
        };
        let scanned_to = self.prepare(tx, node, &visits, (first, last)).await?;
        let ids: Vec<ClickId> = visits.iter().map(|visit| visit.id).collect();
        self.others.tell(tx, node, &ids).await?;
        let mut late = Vec::new();
        for visit in visits {
            // What was learned from rows begins at some instant: before it nothing is known.
            let known = self.learned.is_empty()
                || self
                    .learned
                    .get(&visit.link)
                    .is_none_or(|from| visit.at_ms() - reach(self.repeat_ms) >= *from);
            let known = known
                && visit.at_ms() <= scanned_to
                && visit.at_ms().saturating_sub(reach(self.repeat_ms)) > self.unlearned_to;
            match self.recent.meet(&visit) {
                Met::InOrder(class, reason) if known => {
                    if let Some(work) = works.get_mut(&visit.id) {
                        work.rule((class, reason));
                    }
                }
                _ => late.push(visit),
            }
        }
        if late.is_empty() {
            return Ok(());
        }
        late.sort_unstable_by_key(|visit| (visit.link, visit.id));
        let links: HashSet<LinkId> = late.iter().map(|visit| visit.link).collect();
        let visitors: HashSet<VisitorId> = late.iter().filter_map(Visit::scanner_key).collect();
        let mut read = Read::default();
        for visit in works.values().filter_map(|w| w.visit) {
            let of_visitor = visit.scanner_key().is_some_and(|key| visitors.contains(&key));
            if of_visitor || links.contains(&visit.link) {
                read.around.add(visit);
            }
        }
        for late in late.chunks(LATE) {
            self.judge_late(tx, works, &mut read, late).await?;
        }
        Ok(())
    }

    /// Learns from rows what must be known before these visits are met; visits after the instant it says are still to be
    /// judged by rows.
    async fn prepare(
        &mut self,
        tx: &mut Tx,
        node: &str,
        visits: &[Visit],
        (first, last): (i64, i64),
    ) -> Result<i64, StoreError> {
        let fed = match self.others.since(tx, node).await? {
            Some(stretches) if self.learned.len() < LINKS && !self.recent.is_ahead_of(last) => {
                self.read_others(tx, stretches).await?
            }
            _ => None,
        };
        if fed.is_none() {
            self.forget();
            self.others.begin(tx, node).await?;
        }
        let fed = fed.unwrap_or_default();
        let stored_to = match self.stored_to {
            Some(at) => at,
            None => {
                let at = last_click_at(tx).await?.unwrap_or(0);
                self.stored_to = Some(at);
                at
            }
        };
        let scanned_to = self.learn_visitors(tx, (first, last), stored_to).await?;
        let known: Vec<&Visit> = fed
            .iter()
            .filter(|v| self.learned.contains_key(&v.link))
            .collect();
        let last = fed.iter().map(Visit::at_ms).fold(last, i64::max);
        let all = visits.iter().chain(&fed).map(|visit| visit.link);
        let from_rows = self.learn_links(tx, all, (first, last), stored_to).await?;
        // A link just learned was read with what others stored on it.
        let new = if from_rows { known } else { fed.iter().collect() };
        self.learn_others(tx, &fed, &new).await?;
        Ok(scanned_to)
    }

    /// The clicks others stored in these stretches, without those from before anything at hand could reach; `None` when
    /// they are too many.
    async fn read_others(
        &mut self,
        tx: &mut Tx,
        stretches: Vec<Stretch>,
    ) -> Result<Option<Vec<Visit>>, StoreError> {
        let mut fed = Vec::new();
        let mut room = WIDE;
        let old = self.recent.newest_ms().saturating_sub(2 * reach(self.repeat_ms));
        for (from, to) in stretches {
            if to < old {
                self.unlearned_to = self.unlearned_to.max(to);
                continue;
            }
            let mut read = 0;
            let others = &self.others;
            each_visit_between(tx, (from, to + 1), room, |visit| {
                read += 1;
                if !others.is_own(visit.id) {
                    fed.push(*visit);
                }
            })
            .await?;
            self.rows_read += u64::try_from(read).unwrap_or(0);
            room -= read;
            if room <= 0 {
                return Ok(None);
            }
        }
        Ok(Some(fed))
    }

    /// Remembers what others stored: `all` for the rule about visitors, `new` for those about links.
    async fn learn_others(&mut self, tx: &mut Tx, all: &[Visit], new: &[&Visit]) -> Result<(), StoreError> {
        for visit in all {
            self.recent.learn_visitor(visit);
        }
        let mut late: Vec<&Visit> = Vec::new();
        for visit in new {
            if !self.recent.learn_on_link(visit) {
                late.push(visit);
            }
        }
        late.sort_unstable_by_key(|visit| (visit.link, Reverse(visit.id)));
        late.dedup_by_key(|visit| visit.link);
        for late in late.chunks(LATE) {
            let (Some(first), Some(last)) = (
                late.iter().map(|v| v.at_ms()).min(),
                late.iter().map(|v| v.at_ms()).max(),
            ) else {
                continue;
            };
            let links = links_of(late.iter().copied());
            let mut read = Read::default();
            let rows = wechat_on_links(tx, &links, first - WECHAT_MS, last + WECHAT_MS).await?;
            self.rows_read += read.add(rows, &BTreeMap::new())?;
            for visit in late {
                self.recent.learn_wechat_again(visit, &read.around);
            }
        }
        Ok(())
    }

    /// Learns who opened what in the seconds around these visits, each stored click once: those stored since are
    /// remembered already. Says up to which visits that is known.
    async fn learn_visitors(
        &mut self,
        tx: &mut Tx,
        (first, last): (i64, i64),
        stored_to: i64,
    ) -> Result<i64, StoreError> {
        // Whoever lies further back than that is judged by rows anyway.
        let first = first.max(self.recent.newest_ms().saturating_sub(SCAN_MS));
        let (from, to) = (first - SCAN_MS, (last + SCAN_MS).min(stored_to));
        if from > to {
            return Ok(i64::MAX);
        }
        let (mut known, missing) = match self.scanned {
            Some((begin, end)) if from <= end + 1 && begin <= to + 1 => {
                let before = (from < begin).then_some((from, begin - 1));
                let after = (to > end).then_some((end + 1, to));
                ((begin, end), [before, after])
            }
            _ => ((from, from - 1), [None, Some((from, to))]),
        };
        let mut room = WIDE;
        for (from, to) in missing.into_iter().flatten() {
            let (recent, mut read, mut until) = (&mut self.recent, 0_i64, from);
            each_visit_between(tx, (from, to + 1), room, |visit| {
                read += 1;
                until = visit.at_ms();
                recent.learn_visitor(visit);
            })
            .await?;
            self.rows_read += read.unsigned_abs();
            if read < room {
                known = (known.0.min(from), known.1.max(to));
                room -= read;
            } else if from < known.0 {
                // What lies before is no use without all of it.
                break;
            } else {
                known.1 = until - 1;
                break;
            }
        }
        self.scanned = Some(known);
        Ok(if known.0 > from {
            i64::MIN
        } else if known.1 < to {
            known.1 - SCAN_MS
        } else {
            i64::MAX
        })
    }

    /// Learns the last hour of the links that were not met yet; `false` when that is so long after what was stored when
    /// remembering began that no link needs it.
    async fn learn_links(
        &mut self,
        tx: &mut Tx,
        links: impl Iterator<Item = LinkId>,
        (first, last): (i64, i64),
        stored_to: i64,
    ) -> Result<bool, StoreError> {
        let from = first - reach(self.repeat_ms) - SLACK_MS;
        if from > stored_to {
            self.learned = HashMap::new();
            return Ok(false);
        }
        let mut links: Vec<LinkId> = links.filter(|l| !self.learned.contains_key(l)).collect();
        links.sort_unstable();
        links.dedup();
        if links.is_empty() {
            return Ok(true);
        }
        let (recent, rows_read) = (&mut self.recent, &mut self.rows_read);
        each_visit_on_links(tx, &links, (from, last.max(stored_to)), |visit| {
            *rows_read += 1;
            recent.learn_on_link(visit);
        })
        .await?;
        self.learned.extend(links.into_iter().map(|link| (link, from)));
        Ok(true)
    }

    /// Judges late visits, and those they touch, by the rows of their visitors and, of WeChat's, of their links.
    async fn judge_late(
        &mut self,
        tx: &mut Tx,
        works: &mut BTreeMap<ClickId, Work>,
        read: &mut Read,
        late: &[Visit],
    ) -> Result<(), StoreError> {
        let repeat_ms = self.repeat_ms;
        self.rows_read += read.look_around(tx, late, repeat_ms, works).await?;
        let mut affected: BTreeSet<ClickId> = BTreeSet::new();
        for visit in late {
            affected.extend(read.around.touched_by(visit, repeat_ms));
        }
        for visit in late {
            affected.remove(&visit.id);
        }
        // Those touched have neighbours of their own.
        let touched: Vec<Visit> = affected
            .iter()
            .filter_map(|id| read.around.get(*id).copied())
            .collect();
        for touched in touched.chunks(LATE) {
            self.rows_read += read.look_around(tx, touched, repeat_ms, works).await?;
        }
        affected.extend(late.iter().map(|v| v.id));
        for id in affected {
            let Some(visit) = read.around.get(id).copied() else {
                continue;
            };
            let verdict = read.around.judge(&visit, repeat_ms);
            if let Some(work) = works.get_mut(&id) {
                work.rule(verdict);
            } else if let Some(seen) = read.stored.remove(&id) {
                let mut work = Work::stored(&seen)?;
                work.rule(verdict);
                works.insert(id, work);
            }
        }
        for visit in late {
            self.recent.learn_again(visit, &read.around);
        }
        Ok(())
    }
}

/// What was read around the late visits of a batch, and the batch's own visits among them.
#[derive(Default)]
struct Read {
    around: Around,
    stored: HashMap<ClickId, Seen>,
}

impl Read {
    /// Reads the stored clicks that decide on these visits, and those they may change; says how many.
    async fn look_around(
        &mut self,
        tx: &mut Tx,
        visits: &[Visit],
        repeat_ms: i64,
        works: &BTreeMap<ClickId, Work>,
    ) -> Result<u64, StoreError> {
        let (Some(first), Some(last)) = (
            visits.iter().map(Visit::at_ms).min(),
            visits.iter().map(Visit::at_ms).max(),
        ) else {
            return Ok(0);
        };
        let links = links_of(visits.iter());
        let wechat = links_of(visits.iter().filter(|v| v.wechat));
        let visitors = visitors_of(visits.iter());
        let mut rows =
            clicks_of_visitors(tx, &visitors, None, first - SCAN_MS, last + 2 * SCAN_MS + 1).await?;
        rows.extend(page_visits(tx, &spans_of(visits)).await?);
        rows.extend(wechat_on_links(tx, &wechat, first - WECHAT_MS, last + WECHAT_MS).await?);
        rows.extend(clicks_of_visitors(tx, &visitors, Some(&links), first - NEAR_MS, last + NEAR_MS).await?);
        let mut count = self.add(rows, works)?;
        let alone = |visit: &&Visit| !self.around.is_between_its_own(visit, repeat_ms, last + NEAR_MS);
        let alone: Vec<&Visit> = visits.iter().filter(alone).collect();
        if !alone.is_empty() {
            let (links, visitors) = (
                links_of(alone.iter().copied()),
                visitors_of(alone.iter().copied()),
            );
            let (from, to) = (first - reach(repeat_ms), last + reach(repeat_ms));
            let rows = clicks_of_visitors(tx, &visitors, Some(&links), from, to).await?;
            count += self.add(rows, works)?;
        }
        Ok(count)
    }

    /// Takes rows in that the batch does not hold itself; says how many there were.
    fn add(&mut self, rows: Vec<Seen>, works: &BTreeMap<ClickId, Work>) -> Result<u64, StoreError> {
        let count = rows.len() as u64;
        for seen in rows {
            if !works.contains_key(&seen.id) && !self.stored.contains_key(&seen.id) {
                if let Some(visit) = Work::stored(&seen)?.visit {
                    self.around.add(visit);
                }
                self.stored.insert(seen.id, seen);
            }
        }
        Ok(count)
    }
}

fn links_of<'a>(visits: impl Iterator<Item = &'a Visit>) -> Vec<LinkId> {
    let links: BTreeSet<LinkId> = visits.map(|v| v.link).collect();
    links.into_iter().collect()
}

fn visitors_of<'a>(visits: impl Iterator<Item = &'a Visit>) -> Vec<VisitorKey> {
    let keys = visits.flat_map(|v| [v.cookie.map(VisitorKey::Cookie), v.hash.map(VisitorKey::Hash)]);
    let keys: BTreeSet<VisitorKey> = keys.flatten().collect();
    keys.into_iter().collect()
}

fn spans_of(visits: &[Visit]) -> Vec<PageSpan> {
    let mut spans: BTreeMap<(LinkId, [u8; 16]), PageSpan> = BTreeMap::new();
    for visit in visits {
        let (link, id) = (visit.link, visit.id);
        let Some(page) = visit.page_visitor else { continue };
        let span = spans.entry((link, page)).or_insert(PageSpan {
            link,
            page,
            first: id,
            last: id,
        });
        (span.first, span.last) = (span.first.min(id), span.last.max(id));
    }
    spans.into_values().collect()
}

/// How far back rules look.
fn reach(repeat_ms: i64) -> i64 {
    repeat_ms.max(2 * REFETCH_MS) + 1
}
