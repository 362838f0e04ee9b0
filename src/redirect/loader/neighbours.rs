//! Judging clicks by their neighbours: from memory what comes in order, by rows what comes late.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::attribution::visits::{Around, Met, REFETCH_MS, Recent, SCAN_MS, Visit};
use crate::domain::{ClickId, LinkId};
use crate::redirect::loader::work::Work;
use crate::storage::clicks::{Seen, clicks_between, clicks_on_links, last_click_at};
use crate::storage::{OtherCheckpoint, StoreError, Tx, other_checkpoints};

/// Links whose last hour was read from rows, at most; beyond, everything is forgotten.
const LINKS: usize = 1_000_000;
/// Rows of all links read at once to know visitors' last seconds. A node that comes back after hours while others went
/// on may meet more: its scanners are then told by what it read.
const WIDE: i64 = 50_000;

/// What is remembered between batches. Good as long as nobody else stores clicks; else it is learned again.
#[derive(Debug, Default)]
pub struct Neighbours {
    recent: Recent,
    /// Links learned from rows, and from when on.
    learned: HashMap<LinkId, i64>,
    /// The last stored click's instant when remembering began: clicks well after it need no rows.
    stored_to: Option<i64>,
    others: Vec<OtherCheckpoint>,
}

impl Neighbours {
    /// Forgets everything: after a failure, what is remembered may not be stored.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Gives the new clicks among the works their class, and adds stored clicks to the works that get another one.
    pub async fn judge(
        &mut self,
        tx: &mut Tx,
        node: &str,
        works: &mut BTreeMap<ClickId, Work>,
        repeat_ms: i64,
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
        self.prepare(tx, node, &visits, (first, last), repeat_ms).await?;
        let mut late = Vec::new();
        for visit in visits {
            // What was learned from rows begins at some instant: before it nothing is known.
            let known = self
                .learned
                .get(&visit.link)
                .is_none_or(|from| visit.at_ms() - reach(repeat_ms) >= *from);
            match self.recent.meet(&visit, repeat_ms) {
                Met::InOrder(class, reason) if known => {
                    if let Some(work) = works.get_mut(&visit.id) {
                        work.rule((class, reason));
                    }
                }
                _ => late.push(visit),
            }
        }
        if !late.is_empty() {
            self.judge_late(tx, works, &late, repeat_ms).await?;
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
        repeat_ms: i64,
    ) -> Result<(), StoreError> {
        let others = other_checkpoints(tx, node).await?;
        if others != self.others || self.recent.is_full() || self.learned.len() >= LINKS {
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
            for visit in visits_of(wide)? {
                self.recent.learn_visitor(&visit);
            }
        }
        let from = first - reach(repeat_ms);
        if from > stored_to {
            self.learned.clear();
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
        let rows = clicks_on_links(tx, &links, from, i64::MAX).await?;
        for visit in visits_of(rows)? {
            self.recent.learn_on_link(&visit, repeat_ms);
        }
        self.learned.extend(links.into_iter().map(|link| (link, from)));
        Ok(())
    }

    /// Judges late visits, and those they touch, by rows.
    async fn judge_late(
        &mut self,
        tx: &mut Tx,
        works: &mut BTreeMap<ClickId, Work>,
        late: &[Visit],
        repeat_ms: i64,
    ) -> Result<(), StoreError> {
        let first = late.iter().map(Visit::at_ms).min().unwrap_or(0);
        let last = late.iter().map(Visit::at_ms).max().unwrap_or(0);
        let links: BTreeSet<LinkId> = late.iter().map(|v| v.link).collect();
        let links: Vec<LinkId> = links.into_iter().collect();
        let reach = reach(repeat_ms);
        let near = clicks_on_links(tx, &links, first - reach, last + reach).await?;
        let wide = clicks_between(tx, first - SCAN_MS, last + SCAN_MS + 1, None, WIDE).await?;
        let mut around = Around::default();
        let mut stored: HashMap<ClickId, Seen> = HashMap::new();
        for seen in near.into_iter().chain(wide) {
            if !works.contains_key(&seen.id) && !stored.contains_key(&seen.id) {
                if let Some(visit) = Work::stored(&seen)?.visit {
                    around.add(visit);
                }
                stored.insert(seen.id, seen);
            }
        }
        for visit in works.values().filter_map(|w| w.visit) {
            around.add(visit);
        }
        let mut affected: BTreeSet<ClickId> = late.iter().map(|v| v.id).collect();
        for visit in late {
            affected.extend(around.touched_by(visit, repeat_ms));
        }
        // Touched by their visitor, they may lie on links whose rows were not read.
        let elsewhere: BTreeSet<LinkId> = affected
            .iter()
            .filter_map(|id| around.get(*id))
            .map(|v| v.link)
            .filter(|link| links.binary_search(link).is_err())
            .collect();
        let elsewhere: Vec<LinkId> = elsewhere.into_iter().collect();
        for seen in clicks_on_links(tx, &elsewhere, first - reach, last + reach).await? {
            if !works.contains_key(&seen.id)
                && let Some(visit) = Work::stored(&seen)?.visit
            {
                around.add(visit);
            }
        }
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
