//! One batch, one transaction: rows, verdicts, rollups, points.

use std::collections::{BTreeMap, HashSet};

use crate::attribution::dwell::Beacons;
use crate::domain::{ClickId, Tally};
use crate::redirect::loader::credit::{Credits, Ledger, counts};
use crate::redirect::loader::earn::settle;
use crate::redirect::loader::enrich::Arrived;
use crate::redirect::loader::neighbours::Neighbours;
use crate::redirect::loader::pages::{PageOnLink, tell_apart};
use crate::redirect::loader::rules::{Days, Rules};
use crate::redirect::loader::tell::{BecameValid, tell_valid};
use crate::redirect::loader::work::Work;
use crate::storage::clicks::{change_clicks, clicks_by_id, insert_clicks, keep_orphans, orphans_of};
use crate::storage::{StoreError, Tx, add_tally};

/// What a failed row count says when clicks taken for new were there already: the batch is to be done carefully.
pub const NEW_CLICKS: &str = "new clicks";

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
    /// Links whose totals changed.
    pub links: usize,
    /// Clicks that became valid.
    pub became_valid: Vec<ClickId>,
    /// Stored clicks read to decide on points.
    pub rows_read: u64,
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
    /// Look first which clicks are stored already. Without, a batch that holds one fails with [`NEW_CLICKS`].
    pub careful: bool,
}

type Works = BTreeMap<ClickId, Work>;

impl Apply<'_> {
    /// Brings a batch into the store and empties it. Does not commit.
    pub async fn batch(
        &mut self,
        tx: &mut Tx,
        node: &str,
        neighbours: &mut Neighbours,
        batch: &mut Batch,
    ) -> Result<Applied, StoreError> {
        let mut applied = Applied::default();
        let mut works = Works::new();
        for arrived in batch.clicks.drain(..) {
            works
                .entry(arrived.row.id)
                .or_insert_with(|| Work::arrived(arrived));
        }
        let mut ids: Vec<ClickId> = batch
            .beacons
            .keys()
            .filter(|id| !works.contains_key(id))
            .copied()
            .collect();
        if self.careful {
            ids.extend(works.keys());
        }
        for seen in clicks_by_id(tx, &ids).await? {
            works.insert(seen.id, Work::stored(&seen)?);
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
        let pages = take_beacons(tx, &mut works, std::mem::take(&mut batch.beacons)).await?;
        let repeat_ms = self.rules.repeat_ms;
        neighbours.judge(tx, node, &mut works).await?;
        let read = tell_apart(tx, &mut works, &pages.changed, &pages.gone, repeat_ms).await?;
        neighbours.add_rows_read(read);
        let applied = self.finish(tx, works, applied).await?;
        neighbours.add_rows_read(applied.rows_read);
        Ok(applied)
    }

    /// Carries changes of stored clicks, already made in `works`, into the store. Does not commit.
    pub async fn change(&mut self, tx: &mut Tx, works: Vec<Work>) -> Result<Applied, StoreError> {
        let works = works.into_iter().map(|work| (work.id, work)).collect();
        self.finish(tx, works, Applied::default()).await
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
        applied.rows_read = settle(tx, &mut works, self, &mut tally).await?;
        self.write(tx, works, tally, &mut applied).await?;
        Ok(applied)
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
        let mut valid = Vec::new();
        for work in works.values_mut() {
            let before = work.before.map(|b| counts(b.class, b.valid));
            let after = counts(work.now.class, work.now.valid);
            if before != Some(after) {
                ledger.book(work.link, work.id.unix_ms(), work.employee, before, after);
            }
            if work.now.valid && !work.before.is_some_and(|b| b.valid) {
                applied.became_valid.push(work.id);
                valid.push(BecameValid {
                    id: work.id,
                    link: work.link,
                    employee: work.employee,
                    dwell_ms: work.now.dwell_ms,
                });
            }
            if let Some(row) = work.take_row() {
                rows.push(row);
            } else if work.changed() {
                changes.push(work.to_change());
            }
        }
        let inserted = insert_clicks(tx, &rows).await?;
        StoreError::check_rows(NEW_CLICKS, inserted, rows.len() as u64)?;
        change_clicks(tx, &changes).await?;
        ledger.into_tally(self.credits, self.days, &mut tally);
        add_tally(tx, &tally).await?;
        tell_valid(tx, &valid, self.now_ms).await?;
        applied.links = tally.link.len();
        applied.inserted = rows.len();
        applied.changed = changes.len();
        Ok(())
    }
}

/// Page visitors that beacons brought.
#[derive(Default)]
struct Pages {
    /// Clicks that have another one now, or one at last.
    changed: HashSet<ClickId>,
    /// What they had before.
    gone: Vec<(PageOnLink, ClickId)>,
}

/// Gives beacons to their clicks, keeps those whose click is not there yet; says whose page visitor changed.
async fn take_beacons(
    tx: &mut Tx,
    works: &mut Works,
    beacons: BTreeMap<ClickId, Beacons>,
) -> Result<Pages, StoreError> {
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
    let mut pages = Pages::default();
    let mut orphans = Vec::new();
    for (id, beacons) in waiting {
        if let Some(work) = works.get_mut(&id) {
            let page = work.page_visitor;
            if work.take(&beacons) && work.page_visitor != page {
                pages.changed.insert(id);
                pages.gone.extend(page.map(|page| ((work.link, page), id)));
            }
        } else if let Some(last_at) = beacons.last_at() {
            orphans.push((id, beacons.pack(), last_at));
        }
    }
    keep_orphans(tx, &orphans).await?;
    Ok(pages)
}
