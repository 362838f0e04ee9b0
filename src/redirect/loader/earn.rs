//! Points for valid clicks: one per visitor and link in 24 hours (attribution.md §3).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::attribution::visits::earning;
use crate::domain::{ClickId, LinkId, Tally};
use crate::points::{Rule, source};
use crate::redirect::loader::apply::Apply;
use crate::redirect::loader::work::Work;
use crate::storage::clicks::{VisitorKey, valid_of_visitors};
use crate::storage::points::{NewEntry, award_into, reverse_into};
use crate::storage::{StoreError, Tx};

/// Rounds in which clicks are found that are a visitor's by way of others.
const ROUNDS: usize = 8;

/// Decides which clicks earn, where validity changed, and books awards and reversals.
pub async fn settle(
    tx: &mut Tx,
    works: &mut BTreeMap<ClickId, Work>,
    apply: &mut Apply<'_>,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let moved: Vec<ClickId> = works.values().filter(|w| moved(w)).map(|w| w.id).collect();
    if moved.is_empty() {
        return Ok(());
    }
    find_others(tx, works, &moved).await?;
    let index = Index::of(works);
    let mut settled = HashSet::new();
    for id in moved {
        let clicks = index.visitors_clicks(works, id);
        if !clicks.first().is_none_or(|first| settled.insert(*first)) {
            continue;
        }
        let at: Vec<i64> = clicks.iter().map(|id| id.unix_ms()).collect();
        for (id, earns) in clicks.iter().zip(earning(&at, apply.rules.valid_window_ms)) {
            if let Some(work) = works.get_mut(id) {
                work.now.earned = earns;
            }
        }
    }
    book(tx, works, apply, tally).await
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

fn keys(work: &Work) -> impl Iterator<Item = (LinkId, VisitorKey)> + use<> {
    let (cookie, hash) = work.visitor;
    let keys = [
        cookie.map(VisitorKey::Cookie),
        hash.map(VisitorKey::Hash),
        work.page_visitor.map(VisitorKey::Page),
    ];
    let link = work.link;
    keys.into_iter().flatten().map(move |key| (link, key))
}

/// Brings the stored valid clicks of the moved ones' visitors into the works, and of those who turn out to be the same.
async fn find_others(
    tx: &mut Tx,
    works: &mut BTreeMap<ClickId, Work>,
    moved: &[ClickId],
) -> Result<(), StoreError> {
    let mut asked = BTreeSet::new();
    let mut ask: BTreeSet<_> = moved
        .iter()
        .filter_map(|id| works.get(id))
        .flat_map(keys)
        .collect();
    // Clicks of the batch may be the bridge to stored ones.
    let linked: HashSet<LinkId> = ask.iter().map(|(link, _)| *link).collect();
    ask.extend(
        works
            .values()
            .filter(|w| w.now.valid && linked.contains(&w.link))
            .flat_map(keys),
    );
    for _ in 0..ROUNDS {
        if ask.is_empty() {
            break;
        }
        let list: Vec<_> = ask.iter().copied().collect();
        asked.append(&mut ask);
        for seen in valid_of_visitors(tx, &list).await? {
            if !works.contains_key(&seen.id) {
                let work = Work::stored(&seen)?;
                ask.extend(keys(&work).filter(|key| !asked.contains(key)));
                works.insert(work.id, work);
            }
        }
    }
    Ok(())
}

/// The valid and credited clicks among the works, by what shows their visitor.
struct Index(HashMap<(LinkId, VisitorKey), Vec<ClickId>>);

impl Index {
    fn of(works: &BTreeMap<ClickId, Work>) -> Self {
        let mut index: HashMap<_, Vec<ClickId>> = HashMap::new();
        for work in works.values().filter(|w| w.now.valid && w.employee.is_some()) {
            for key in keys(work) {
                index.entry(key).or_default().push(work.id);
            }
        }
        Self(index)
    }

    /// The clicks of a click's visitor on its link, and of those who are the same by way of others, in order.
    fn visitors_clicks(&self, works: &BTreeMap<ClickId, Work>, id: ClickId) -> Vec<ClickId> {
        let mut clicks = BTreeSet::new();
        let mut ask = vec![id];
        let mut asked = HashSet::from([id]);
        while let Some(one) = ask.pop().and_then(|id| works.get(&id)) {
            if one.now.valid && one.employee.is_some() {
                clicks.insert(one.id);
            }
            for other in keys(one).filter_map(|key| self.0.get(&key)).flatten() {
                if !asked.contains(other) && works.get(other).is_some_and(|other| other.same_visitor(one)) {
                    asked.insert(*other);
                    ask.push(*other);
                }
            }
        }
        clicks.into_iter().collect()
    }
}
