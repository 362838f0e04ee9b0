//! One batch, one transaction: rows, verdicts, rollups, points.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::attribution::dwell::Beacons;
use crate::attribution::visits::{Around, REFETCH_MS, SCAN_MS, Visit};
use crate::domain::{ClickId, LinkId, Tally};
use crate::redirect::loader::credit::{Credits, Ledger, counts};
use crate::redirect::loader::earn::settle;
use crate::redirect::loader::enrich::Arrived;
use crate::redirect::loader::rules::{Days, Rules};
use crate::redirect::loader::work::Work;
use crate::storage::clicks::{
    Seen, change_clicks, clicks_between, clicks_by_id, clicks_on_links, insert_clicks, keep_orphans,
    orphans_of,
};
use crate::storage::{StoreError, Tx, add_tally};

/// Records on their way into the store.
#[derive(Debug, Default)]
pub struct Batch {
    /// Clicks.
    pub clicks: Vec<Arrived>,
    /// Beacons by click.
    pub beacons: BTreeMap<ClickId, Beacons>,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Clicks that were new.
    pub inserted: usize,
    /// Stored clicks that changed.
    pub changed: usize,
    /// Clicks on links the store does not know: they cannot be kept.
    pub unknown_links: usize,
    /// Clicks that became valid.
    pub became_valid: Vec<ClickId>,
}

/// The clicks being worked on, and what is remembered between batches.
pub struct Apply<'a> {
    /// The programme's numbers.
    pub rules: &'a Rules,
    /// Business days.
    pub days: &'a mut Days,
    /// Whose links are.
    pub credits: &'a mut Credits,
    /// Now, milliseconds UTC: when things are written down.
    pub now_ms: i64,
}

type Works = BTreeMap<ClickId, Work>;

impl Apply<'_> {
    /// Brings a batch into the store. Does not commit.
    pub async fn batch(&mut self, tx: &mut Tx, batch: Batch) -> Result<Applied, StoreError> {
        let mut applied = Applied::default();
        let mut works = Works::new();
        for arrived in batch.clicks {
            works
                .entry(arrived.row.id)
                .or_insert_with(|| Work::arrived(arrived));
        }
        let mut ids: Vec<ClickId> = works.keys().chain(batch.beacons.keys()).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        for seen in clicks_by_id(tx, &ids).await? {
            works.insert(seen.id, Work::stored(seen)?);
        }
        self.credits.learn(tx, works.values().map(|w| w.link)).await?;
        works.retain(|_, work| {
            let known = self.credits.of(work.link).is_some();
            applied.unknown_links += usize::from(!known);
            known
        });
        for work in works.values_mut().filter(|w| w.before.is_none()) {
            let day = self.days.of(work.id.unix_ms());
            work.employee = self.credits.of(work.link).and_then(|c| c.employee_on(day));
        }
        let pages_changed = take_beacons(tx, &mut works, batch.beacons).await?;
        self.judge(tx, &mut works, &pages_changed).await?;
        self.finish(tx, works, applied).await
    }

    /// Carries a change of one click, already made in `work`, into the store. Does not commit.
    pub async fn change(&mut self, tx: &mut Tx, work: Work) -> Result<Applied, StoreError> {
        self.finish(tx, Works::from([(work.id, work)]), Applied::default())
            .await
    }

    /// Conclusions, points, rows, rollups.
    async fn finish(
        &mut self,
        tx: &mut Tx,
        mut works: Works,
        mut applied: Applied,
    ) -> Result<Applied, StoreError> {
        for work in works.values_mut() {
            work.conclude(self.rules);
        }
        let mut tally = Tally::default();
        settle(tx, &mut works, self, &mut tally).await?;
        self.write(tx, works, tally, &mut applied).await?;
        Ok(applied)
    }

    /// Judges new clicks by their neighbours, and neighbours by the new ones.
    async fn judge(
        &self,
        tx: &mut Tx,
        works: &mut Works,
        pages_changed: &HashSet<ClickId>,
    ) -> Result<(), StoreError> {
        let touching: Vec<Visit> = works
            .values()
            .filter(|w| w.before.is_none() || pages_changed.contains(&w.id))
            .filter_map(|w| w.visit)
            .collect();
        let (Some(first), Some(last)) = (
            touching.iter().map(Visit::at_ms).min(),
            touching.iter().map(Visit::at_ms).max(),
        ) else {
            return Ok(());
        };
        let reach = self.rules.repeat_ms.max(2 * REFETCH_MS).max(SCAN_MS) + 1;
        let mut around = Around::default();
        let mut others: HashMap<ClickId, Seen> = HashMap::new();
        let links: BTreeSet<LinkId> = touching.iter().map(|v| v.link).collect();
        let links: Vec<LinkId> = links.into_iter().collect();
        let near = clicks_on_links(tx, &links, first - reach, last + reach).await?;
        let wide = clicks_between(tx, first - SCAN_MS, last + SCAN_MS + 1, None, i64::MAX).await?;
        for seen in near.into_iter().chain(wide) {
            if !works.contains_key(&seen.id) {
                if let Some(visit) = Work::stored(seen.clone())?.visit {
                    around.add(visit);
                }
                others.insert(seen.id, seen);
            }
        }
        for work in works.values() {
            if let Some(visit) = work.visit {
                around.add(visit);
            }
        }
        let mut affected: BTreeSet<ClickId> = touching.iter().map(|v| v.id).collect();
        for visit in &touching {
            affected.extend(around.touched_by(visit, self.rules.repeat_ms));
        }
        for id in affected {
            let Some(visit) = around.get(id).copied() else {
                continue;
            };
            let verdict = around.judge(&visit, self.rules.repeat_ms);
            if let Some(work) = works.get_mut(&id) {
                work.rule(verdict);
            } else if let Some(seen) = others.remove(&id) {
                let mut work = Work::stored(seen)?;
                work.rule(verdict);
                works.insert(id, work);
            }
        }
        Ok(())
    }

    async fn write(
        &mut self,
        tx: &mut Tx,
        mut works: Works,
        mut tally: Tally,
        applied: &mut Applied,
    ) -> Result<(), StoreError> {
        self.credits.learn(tx, works.values().map(|w| w.link)).await?;
        let mut ledger = Ledger::default();
        let mut rows = Vec::new();
        let mut changes = Vec::new();
        for work in works.values_mut() {
            let before = work.before.map(|b| counts(b.class, b.valid));
            let after = counts(work.now.class, work.now.valid);
            if before != Some(after) {
                ledger.book(work.link, work.id.unix_ms(), work.employee, before, after);
            }
            if work.now.valid && !work.before.is_some_and(|b| b.valid) {
                applied.became_valid.push(work.id);
            }
            if let Some(row) = work.to_row() {
                rows.push(row);
            } else if work.changed() {
                changes.push(work.to_change());
            }
        }
        let inserted = insert_clicks(tx, &rows).await?;
        // We looked, and writers are let through one by one: nobody can have been faster.
        StoreError::check_rows("clicks", inserted, rows.len() as u64)?;
        change_clicks(tx, &changes).await?;
        ledger.into_tally(self.credits, self.days, &mut tally);
        add_tally(tx, &tally).await?;
        applied.inserted = rows.len();
        applied.changed = changes.len();
        Ok(())
    }
}

/// Gives beacons to their clicks, keeps those whose click is not there yet; says whose page visitor changed.
async fn take_beacons(
    tx: &mut Tx,
    works: &mut Works,
    beacons: BTreeMap<ClickId, Beacons>,
) -> Result<HashSet<ClickId>, StoreError> {
    let mut waiting = beacons;
    let mut ids: Vec<ClickId> = works
        .values()
        .filter(|w| w.before.is_none())
        .map(|w| w.id)
        .collect();
    ids.extend(waiting.keys().filter(|id| !works.contains_key(id)));
    for (id, packed) in orphans_of(tx, &ids).await? {
        let kept = Beacons::unpack(&packed).ok_or_else(|| StoreError::Corrupt {
            table: "orphan_beacons",
            column: "beacons",
            value: id.to_string(),
        })?;
        waiting.entry(id).or_default().merge(&kept);
    }
    let mut pages_changed = HashSet::new();
    let mut orphans = Vec::new();
    for (id, beacons) in waiting {
        if let Some(work) = works.get_mut(&id) {
            let page = work.page_visitor;
            if work.take(&beacons) && work.page_visitor != page {
                pages_changed.insert(id);
            }
        } else if let Some(last_at) = beacons.last_at() {
            orphans.push((id, beacons.pack(), last_at));
        }
    }
    keep_orphans(tx, &orphans).await?;
    Ok(pages_changed)
}
