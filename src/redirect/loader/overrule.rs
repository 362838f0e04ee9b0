//! A person says what clicks were.

use crate::domain::{Class, ClickId, ClickReason};
use crate::redirect::loader::apply::{Applied, Apply};
use crate::redirect::loader::credit::Credits;
use crate::redirect::loader::rules::{Days, Rules};
use crate::redirect::loader::work::Work;
use crate::storage::clicks::clicks_by_id;
use crate::storage::{StoreError, Tx, lock_loaders};

/// What an overruled click was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overruled {
    /// The click.
    pub id: ClickId,
    /// Class.
    pub class: Class,
    /// Reason.
    pub reason: ClickReason,
    /// Whether it became valid by this.
    pub became_valid: bool,
}

/// Sets clicks' class over the rules' head, once and for all, and moves rollups and points in the caller's transaction,
/// for all of them at once: loaders wait until it ends. What the rules said stays beside it. Those there are, in the order
/// of their ids; each id once.
pub async fn overrule(
    tx: &mut Tx,
    rules: &Rules,
    ids: &[ClickId],
    class: Class,
    now_ms: i64,
) -> Result<Vec<Overruled>, StoreError> {
    lock_loaders(tx).await?;
    let mut found = clicks_by_id(tx, ids).await?;
    found.sort_by_key(|seen| seen.id);
    let mut works = Vec::with_capacity(found.len());
    for seen in &found {
        let mut work = Work::stored(seen)?;
        work.now.was = work.now.was.or(Some((seen.class, seen.reason)));
        work.now.class = class;
        work.now.reason = ClickReason::Overruled;
        works.push(work);
    }
    if works.is_empty() {
        return Ok(Vec::new());
    }
    let mut apply = Apply {
        rules,
        days: &mut Days::new(rules.zone.clone()),
        credits: &mut Credits::default(),
        now_ms,
        careful: true,
    };
    let Applied { became_valid, .. } = apply.change(tx, works).await?;
    let overruled = found.iter().map(|seen| Overruled {
        id: seen.id,
        class: seen.class,
        reason: seen.reason,
        // In the order of their ids, as `found` is.
        became_valid: became_valid.binary_search(&seen.id).is_ok(),
    });
    Ok(overruled.collect())
}
