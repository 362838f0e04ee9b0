//! Points for valid clicks: one per visitor and link in 24 hours (attribution.md §3).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Bound;

use crate::domain::{ClickId, LinkId, Tally};
use crate::points::{Rule, source};
use crate::redirect::loader::apply::Apply;
use crate::redirect::loader::work::Work;
use crate::storage::clicks::{Earner, VisitorKey, earners_around};
use crate::storage::points::{NewEntry, award_into, reverse_into};
use crate::storage::{StoreError, Tx};

/// Decides which clicks earn, where validity changed, and books awards and reversals: a click earns when none of its
/// visitor that earned lies less than the window before it. Clicks are settled in their order, and one that earns, or no
/// longer does, has those after it looked at again. Says how many stored clicks were read.
pub async fn settle(
    tx: &mut Tx,
    works: &mut BTreeMap<ClickId, Work>,
    apply: &mut Apply<'_>,
    tally: &mut Tally,
) -> Result<u64, StoreError> {
    let mut turn: BTreeSet<ClickId> = works.values().filter(|w| moved(w)).map(|w| w.id).collect();
    if turn.is_empty() {
        return Ok(0);
    }
    let window_ms = apply.rules.valid_window_ms;
    let (mut near, mut rows_read) = (Near::of(works), 0);
    while let Some(id) = turn.first().copied() {
        rows_read += near.read(tx, works, &turn, window_ms).await?;
        turn.remove(&id);
        let Some(work) = works.get(&id) else { continue };
        let before = work.before.is_some_and(|b| b.earned);
        let earns = work.now.valid && work.employee.is_some() && !near.earned_before(works, work, window_ms);
        if earns != before || was_another(work) {
            turn.extend(near.after(works, work, window_ms));
        }
        if let Some(work) = works.get_mut(&id) {
            work.now.earned = earns;
        }
    }
    book(tx, works, apply, tally).await?;
    Ok(rows_read)
}

async fn book(
    tx: &mut Tx,
    works: &BTreeMap<ClickId, Work>,
    apply: &mut Apply<'_>,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let mut awards = Vec::new();
    for work in works.values() {
        let before = work.before.is_some_and(|b| b.earned);
        match (before, work.now.earned, work.employee) {
            (false, true, Some(employee)) => awards.push(NewEntry {
                employee,
                rule: Rule::Click,
                source: source::click(work.id),
                points: apply.rules.click_points,
                at: work.id.unix_ms(),
                day: apply.days.of(work.id.unix_ms()),
                note: String::new(),
            }),
            (true, false, _) => {
                let why = work.now.reason.as_str();
                reverse_into(tx, Rule::Click, &source::click(work.id), apply.now_ms, why, tally).await?;
            }
            _ => {}
        }
    }
    award_into(tx, &awards, apply.now_ms, tally).await?;
    Ok(())
}

/// Whether a click's place among its visitor's valid ones may be another one than before.
fn moved(work: &Work) -> bool {
    let before = work.before.is_some_and(|b| b.valid);
    before != work.now.valid || (work.now.valid && work.beacons_changed)
}

/// Whether a click was valid as somebody else's, as far as its page said: whom it kept from earning may now.
fn was_another(work: &Work) -> bool {
    work.before.is_some_and(|b| b.valid) && work.page_before != work.page_visitor
}

/// What shows a click's visitor on its link; what did before its page said something else, too.
fn keys(work: &Work) -> impl Iterator<Item = (LinkId, VisitorKey)> + use<> {
    let (cookie, hash) = work.visitor;
    let page_before = work.page_before.filter(|_| was_another(work));
    let keys = [
        cookie.map(VisitorKey::Cookie),
        hash.map(VisitorKey::Hash),
        work.page_visitor.map(VisitorKey::Page),
        page_before.map(VisitorKey::Page),
    ];
    let link = work.link;
    keys.into_iter().flatten().map(move |key| (link, key))
}

/// The valid and credited clicks among the works, by what shows their visitor.
#[derive(Default)]
struct Near {
    clicks: HashMap<(LinkId, VisitorKey), BTreeSet<ClickId>>,
    /// Those whose neighbours were read.
    asked: HashSet<ClickId>,
}

impl Near {
    fn of(works: &BTreeMap<ClickId, Work>) -> Self {
        let mut near = Self::default();
        for work in works.values() {
            near.put(work);
        }
        near
    }

    fn put(&mut self, work: &Work) {
        if work.now.valid && work.employee.is_some() {
            for key in keys(work) {
                self.clicks.entry(key).or_default().insert(work.id);
            }
        }
    }

    /// Brings the stored clicks around those whose turn it is into the works; says how many were read.
    async fn read(
        &mut self,
        tx: &mut Tx,
        works: &mut BTreeMap<ClickId, Work>,
        turn: &BTreeSet<ClickId>,
        window_ms: i64,
    ) -> Result<u64, StoreError> {
        let mut earners = Vec::new();
        for work in turn.iter().filter_map(|id| works.get(id)) {
            if self.asked.insert(work.id) {
                let paged = work.page_visitor.is_some() && !was_another(work);
                earners.extend(keys(work).map(|(link, key)| Earner {
                    id: work.id,
                    link,
                    key,
                    paged,
                }));
            }
        }
        let found = earners_around(tx, &earners, window_ms).await?;
        let rows_read = found.len() as u64;
        for seen in found {
            if !works.contains_key(&seen.id) {
                let work = Work::stored(&seen)?;
                self.put(&work);
                works.insert(work.id, work);
            }
        }
        Ok(rows_read)
    }

    /// Whether one of the same visitor earned within the window before it.
    fn earned_before(&self, works: &BTreeMap<ClickId, Work>, work: &Work, window_ms: i64) -> bool {
        keys(work).filter_map(|key| self.clicks.get(&key)).any(|ids| {
            let before = ids.range(..work.id).rev();
            before
                .take_while(|id| work.id.unix_ms() - id.unix_ms() < window_ms)
                .filter_map(|id| works.get(id))
                .any(|other| other.now.earned && other.same_visitor(work))
        })
    }

    /// The clicks of the same visitor, or of whoever it was taken for, within the window after it.
    fn after(&self, works: &BTreeMap<ClickId, Work>, work: &Work, window_ms: i64) -> Vec<ClickId> {
        let (id, at_ms) = (work.id, work.id.unix_ms());
        let all = keys(work)
            .filter_map(|key| self.clicks.get(&key))
            .flat_map(move |ids| {
                let after = ids.range((Bound::Excluded(id), Bound::Unbounded));
                after.take_while(move |other| other.unix_ms() - at_ms < window_ms)
            });
        let any = was_another(work);
        all.filter(|id| any || works.get(*id).is_some_and(|other| other.same_visitor(work)))
            .copied()
            .collect()
    }
}
