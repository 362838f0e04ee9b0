//! Judging clicks by their neighbours: from memory what comes in order, by rows what comes late.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::attribution::visits::{Around, Met, REFETCH_MS, Recent, SCAN_MS, Visit};
use crate::domain::{ClickId, LinkId};
use crate::redirect::loader::work::Work;
use crate::storage::clicks::{
    Seen, VisitorKey, clicks_between, clicks_of_visitors, clicks_on_links, each_click_on_links,
    last_click_at, page_visits,
};
use crate::storage::{OtherCheckpoint, StoreError, Tx, other_checkpoints};

/// Links whose last hour was read from rows, at most; beyond, everything is forgotten.
const LINKS: usize = 1_000_000;
/// Rows of all links read at once to know visitors' last seconds. A node that comes back after hours while others went
/// on may meet more: its scanners are then told by what it read.
const WIDE: i64 = 50_000;
/// Late visits judged at once: what is read for them is bounded by their own visitors' clicks.
const LATE: usize = 256;
/// How far around a WeChat request its link's other ones are read: those it may change, those they look at, and those
/// that came since.
const WECHAT_MS: i64 = 6 * REFETCH_MS;

/// What is remembered between batches. Good as long as nobody else stores clicks; else it is learned again.
pub struct Neighbours {
    recent: Recent,
    repeat_ms: i64,
    /// Links learned from rows, and from when on.
    learned: HashMap<LinkId, i64>,
    /// The last stored click's instant when remembering began: clicks well after it need no rows.
    stored_to: Option<i64>,
    others: Vec<OtherCheckpoint>,
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
            others: Vec::new(),
            rows_read: 0,
        }
    }

    /// Rows read so far to judge clicks by.
    pub fn rows_read(&self) -> u64 {
        self.rows_read
    }

    /// Forgets everything: after a failure, what is remembered may not be stored.
    pub fn forget(&mut self) {
        self.recent.forget();
        self.learned = HashMap::new();
        self.stored_to = None;
        self.others = Vec::new();
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
        self.prepare(tx, node, &visits, (first, last)).await?;
        let mut late = Vec::new();
        for visit in visits {
            // What was learned from rows begins at some instant: before it nothing is known.
            let known = self.learned.is_empty()
                || self
                    .learned
                    .get(&visit.link)
                    .is_none_or(|from| visit.at_ms() - reach(self.repeat_ms) >= *from);
            match self.recent.meet(&visit) {
                Met::InOrder(class, reason) if known => {
                    if let Some(work) = works.get_mut(&visit.id) {
                        work.rule((class, reason));
                    }
                }
                _ => late.push(visit),
            }
        }
        late.sort_unstable_by_key(|visit| visit.link);
        for late in late.chunks(LATE) {
            self.judge_late(tx, works, late).await?;
        }
        Ok(())
    }

    /// Learns from rows what must be known before these visits are met.
    async fn prepare(
        &mut self,
        tx: &mut Tx,
        node: &str,
        visits: &[Visit],
        (first, last): (i64, i64),
    ) -> Result<(), StoreError> {
        let others = other_checkpoints(tx, node).await?;
        if others != self.others || self.learned.len() >= LINKS || self.recent.is_ahead_of(last) {
            self.forget();
            self.others = others;
        }
        let stored_to = match self.stored_to {
            Some(at) => at,
            None => {
                let at = last_click_at(tx).await?.unwrap_or(0);
                self.stored_to = Some(at);
                at
            }
        };
        if first - SCAN_MS <= stored_to {
            let wide = clicks_between(tx, first - SCAN_MS, last + SCAN_MS + 1, None, WIDE).await?;
            self.rows_read += wide.len() as u64;
            for visit in visits_of(wide)? {
                self.recent.learn_visitor(&visit);
            }
        }
        let from = first - reach(self.repeat_ms);
        if from > stored_to {
            self.learned = HashMap::new();
            return Ok(());
        }
        let mut links: Vec<LinkId> = visits
            .iter()
            .map(|v| v.link)
            .filter(|l| !self.learned.contains_key(l))
            .collect();
        links.sort_unstable();
        links.dedup();
        if links.is_empty() {
            return Ok(());
        }
        let (recent, rows_read) = (&mut self.recent, &mut self.rows_read);
        each_click_on_links(tx, &links, (from, last.max(stored_to)), |seen| {
            *rows_read += 1;
            if let Some(visit) = Work::stored(&seen)?.visit {
                recent.learn_on_link(&visit);
            }
            Ok(())
        })
        .await?;
        self.learned.extend(links.into_iter().map(|link| (link, from)));
        Ok(())
    }

    /// Judges late visits, and those they touch, by the rows of their visitors and, of WeChat's, of their links.
    async fn judge_late(
        &mut self,
        tx: &mut Tx,
        works: &mut BTreeMap<ClickId, Work>,
        late: &[Visit],
    ) -> Result<(), StoreError> {
        let repeat_ms = self.repeat_ms;
        let mut around = Around::default();
        let mut stored: HashMap<ClickId, Seen> = HashMap::new();
        for visit in works.values().filter_map(|w| w.visit) {
            around.add(visit);
        }
        self.rows_read += look_around(tx, late, repeat_ms, works, &mut stored, &mut around).await?;
        let mut affected: BTreeSet<ClickId> = BTreeSet::new();
        for visit in late {
            affected.extend(around.touched_by(visit, repeat_ms));
        }
        for visit in late {
            affected.remove(&visit.id);
        }
        // Those touched have neighbours of their own.
        let touched: Vec<Visit> = affected
            .iter()
            .filter_map(|id| around.get(*id).copied())
            .collect();
        for touched in touched.chunks(LATE) {
            self.rows_read += look_around(tx, touched, repeat_ms, works, &mut stored, &mut around).await?;
        }
        affected.extend(late.iter().map(|v| v.id));
        for id in affected {
            let Some(visit) = around.get(id).copied() else {
                continue;
            };
            let verdict = around.judge(&visit, repeat_ms);
            if let Some(work) = works.get_mut(&id) {
                work.rule(verdict);
            } else if let Some(seen) = stored.remove(&id) {
                let mut work = Work::stored(&seen)?;
                work.rule(verdict);
                works.insert(id, work);
            }
        }
        for visit in late {
            self.recent.learn_again(visit, &around);
        }
        Ok(())
    }
}

/// Reads the stored clicks that decide on these visits, and those they may change; says how many.
async fn look_around(
    tx: &mut Tx,
    visits: &[Visit],
    repeat_ms: i64,
    works: &BTreeMap<ClickId, Work>,
    stored: &mut HashMap<ClickId, Seen>,
    around: &mut Around,
) -> Result<u64, StoreError> {
    let (Some(first), Some(last)) = (
        visits.iter().map(Visit::at_ms).min(),
        visits.iter().map(Visit::at_ms).max(),
    ) else {
        return Ok(0);
    };
    let links: BTreeSet<LinkId> = visits.iter().map(|v| v.link).collect();
    let links: Vec<LinkId> = links.into_iter().collect();
    let wechat: BTreeSet<LinkId> = visits.iter().filter(|v| v.wechat).map(|v| v.link).collect();
    let wechat: Vec<LinkId> = wechat.into_iter().collect();
    let visitors: BTreeSet<VisitorKey> = visits
        .iter()
        .flat_map(|v| [v.cookie.map(VisitorKey::Cookie), v.hash.map(VisitorKey::Hash)])
        .flatten()
        .collect();
    let visitors: Vec<VisitorKey> = visitors.into_iter().collect();
    let pages: BTreeSet<_> = visits
        .iter()
        .filter_map(|v| Some((v.link, v.page_visitor?)))
        .collect();
    let pages: Vec<_> = pages.into_iter().collect();
    let reach = reach(repeat_ms);
    let mut rows = clicks_of_visitors(tx, &visitors, Some(&links), first - reach, last + reach).await?;
    rows.extend(page_visits(tx, &pages, first - reach, last + reach).await?);
    rows.extend(clicks_on_links(tx, &wechat, first - WECHAT_MS, last + WECHAT_MS).await?);
    rows.extend(clicks_of_visitors(tx, &visitors, None, first - SCAN_MS, last + 2 * SCAN_MS + 1).await?);
    let read = rows.len() as u64;
    for seen in rows {
        if !works.contains_key(&seen.id) && !stored.contains_key(&seen.id) {
            if let Some(visit) = Work::stored(&seen)?.visit {
                around.add(visit);
            }
            stored.insert(seen.id, seen);
        }
    }
    Ok(read)
}

/// How far back rules look.
fn reach(repeat_ms: i64) -> i64 {
    repeat_ms.max(2 * REFETCH_MS) + 1
}

/// The visits among rows, in their order.
fn visits_of(rows: Vec<Seen>) -> Result<Vec<Visit>, StoreError> {
    let mut visits = Vec::with_capacity(rows.len());
    for seen in rows {
        visits.extend(Work::stored(&seen)?.visit);
    }
    visits.sort_unstable_by_key(|visit| visit.id);
    Ok(visits)
}
