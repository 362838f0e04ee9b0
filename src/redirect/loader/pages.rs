//! Neighbours behind one hash, told apart by what their pages show.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::domain::{Class, ClickId, ClickReason, LinkId};
use crate::redirect::loader::work::Work;
use crate::storage::clicks::{PageSpan, page_visits};
use crate::storage::{StoreError, Tx};

/// A page's visitor on a link.
pub type PageOnLink = (LinkId, [u8; 16]);

/// Judges provisional repeats whose page visitor became known, and later ones that show the same page visitor. `gone`
/// are page visitors that turned out to be another one. Each looks at the one before it, so the nearest on either side of
/// those that changed are all that is read; says how many rows that was.
pub async fn tell_apart(
    tx: &mut Tx,
    works: &mut BTreeMap<ClickId, Work>,
    changed: &HashSet<ClickId>,
    gone: &[(PageOnLink, ClickId)],
    repeat_ms: i64,
) -> Result<u64, StoreError> {
    // Per page visitor on a link: the first and the last click from which on something may be another.
    let mut since: BTreeMap<PageOnLink, (ClickId, ClickId)> = BTreeMap::new();
    let now = works
        .values()
        .filter(|w| changed.contains(&w.id) && w.visit.is_some())
        .filter_map(|w| Some(((w.link, w.page_visitor?), w.id)));
    for (key, id) in now.chain(gone.iter().copied()) {
        let (first, last) = since.entry(key).or_insert((id, id));
        (*first, *last) = (id.min(*first), id.max(*last));
    }
    let spans: Vec<PageSpan> = since
        .iter()
        .map(|((link, page), (first, last))| PageSpan {
            link: *link,
            page: *page,
            first: *first,
            last: *last,
        })
        .collect();
    let mut carrying: BTreeMap<PageOnLink, BTreeSet<ClickId>> = BTreeMap::new();
    let mut stored = BTreeMap::new();
    let mut rows_read = 0;
    for seen in page_visits(tx, &spans).await? {
        rows_read += 1;
        let work = Work::stored(&seen)?;
        if !works.contains_key(&work.id) && work.visit.is_some() {
            stored.insert(work.id, work);
        }
    }
    for work in works
        .values()
        .chain(stored.values())
        .filter(|w| w.visit.is_some())
    {
        if let Some(page) = work.page_visitor
            && since.contains_key(&(work.link, page))
        {
            carrying.entry((work.link, page)).or_default().insert(work.id);
        }
    }
    for (key, ids) in carrying {
        let mut before: Option<ClickId> = None;
        for id in ids {
            let seen = before.is_some_and(|b| id.unix_ms() - b.unix_ms() <= repeat_ms);
            before = Some(id);
            if id < since[&key].0 {
                continue;
            }
            let verdict = if seen {
                (Class::Repeat, ClickReason::RepeatProvisional)
            } else {
                (Class::Human, ClickReason::OtherVisitor)
            };
            if let Some(work) = works.get_mut(&id) {
                again(work, verdict);
            } else if let Some(mut work) = stored.remove(&id) {
                again(&mut work, verdict);
                if work.changed() {
                    works.insert(id, work);
                }
            }
        }
    }
    Ok(rows_read)
}

/// Only who shares a hash with an earlier click is judged by pages.
fn again(work: &mut Work, verdict: (Class, ClickReason)) {
    if matches!(
        work.ruled(),
        ClickReason::RepeatProvisional | ClickReason::OtherVisitor
    ) {
        work.rule(verdict);
    }
}
