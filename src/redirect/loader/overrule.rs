//! A person says what a click was.

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
    /// Class.
    pub class: Class,
    /// Reason.
    pub reason: ClickReason,
    /// Whether it became valid by this.
    pub became_valid: bool,
}

/// Sets a click's class over the rules' head, once and for all, and moves rollups and points in the caller's
/// transaction. What the rules said stays beside it. `None` when there is no such click.
pub async fn overrule(
    tx: &mut Tx,
    rules: &Rules,
    id: ClickId,
    class: Class,
    now_ms: i64,
) -> Result<Option<Overruled>, StoreError> {
    lock_loaders(tx).await?;
    let Some(seen) = clicks_by_id(tx, &[id]).await?.pop() else {
        return Ok(None);
    };
    let before = (seen.class, seen.reason);
    let mut work = Work::stored(&seen)?;
    work.now.was = work.now.was.or(Some(before));
    work.now.class = class;
    work.now.reason = ClickReason::Overruled;
    let mut apply = Apply {
        rules,
        days: &mut Days::new(rules.zone.clone()),
        credits: &mut Credits::default(),
        now_ms,
        careful: true,
    };
    let Applied { became_valid, .. } = apply.change(tx, work).await?;
    Ok(Some(Overruled {
        class: before.0,
        reason: before.1,
        became_valid: became_valid.contains(&id),
    }))
}
