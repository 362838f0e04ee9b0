//! Points for valid clicks: one per visitor and link in 24 hours (attribution.md §3).

use std::collections::{BTreeMap, BTreeSet};

use crate::attribution::visits::earning;
use crate::domain::{ClickId, Tally};
use crate::points::{Rule, source};
use crate::redirect::loader::apply::Apply;
use crate::redirect::loader::work::Work;
use crate::storage::clicks::valid_of_visitor;
use crate::storage::points::{NewEntry, award_into, reverse_into};
use crate::storage::{StoreError, Tx};

/// Valid clicks of one visitor on one link looked at together.
const MOST: usize = 1_000;

/// Decides which clicks earn, where validity changed, and books awards and reversals.
pub async fn settle(
    tx: &mut Tx,
    works: &mut BTreeMap<ClickId, Work>,
    apply: &mut Apply<'_>,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let moved: Vec<ClickId> = works.values().filter(|w| moved(w)).map(|w| w.id).collect();
    for id in moved {
        let clicks = visitors_clicks(tx, works, id).await?;
        let at: Vec<i64> = clicks.iter().map(|id| id.unix_ms()).collect();
        for (id, earns) in clicks.iter().zip(earning(&at, apply.rules.valid_window_ms)) {
            if let Some(work) = works.get_mut(id) {
                work.now.earned = earns;
            }
        }
    }
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

/// The valid and credited clicks of a click's visitor on its link, and of those who turn out to be the same by way of
/// others, in order; stored ones among them join the works.
async fn visitors_clicks(
    tx: &mut Tx,
    works: &mut BTreeMap<ClickId, Work>,
    id: ClickId,
) -> Result<Vec<ClickId>, StoreError> {
    let mut asked = BTreeSet::new();
    let mut ask = vec![id];
    let mut clicks = BTreeSet::new();
    while let Some(id) = ask.pop() {
        if !asked.insert(id) || asked.len() > MOST {
            continue;
        }
        let Some(one) = works.get(&id).cloned() else {
            continue;
        };
        let (cookie, hash) = one.visitor;
        for seen in valid_of_visitor(
            tx,
            one.link,
            cookie.as_ref(),
            hash.as_ref(),
            one.page_visitor.as_ref(),
        )
        .await?
        {
            if !works.contains_key(&seen.id) {
                works.insert(seen.id, Work::stored(seen)?);
            }
        }
        for other in works
            .values()
            .filter(|w| w.link == one.link && w.now.valid && w.employee.is_some())
        {
            if other.id == id || other.same_visitor(&one) {
                clicks.insert(other.id);
                ask.push(other.id);
            }
        }
    }
    Ok(clicks.into_iter().collect())
}
