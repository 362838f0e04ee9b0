//! Overruling clicks' classes.

use std::collections::BTreeSet;

use serde_json::json;

use crate::app::again::again;
use crate::app::board::freeze_before;
use crate::app::redecide::Concerned;
use crate::app::{Actor, App, Permission};
use crate::domain::{Class, ClickId};
use crate::redirect::loader::{Rules, overrule};
use crate::storage::clicks::ClickView;
use crate::storage::slices::forget_day;
use crate::storage::{StoreError, Tx, insert_audits};

/// Longest reason, characters.
const REASON_MAX: usize = 500;

/// Why a click was not overruled.
#[derive(Debug, thiserror::Error)]
pub enum OverruleError {
    /// There is no such click.
    #[error("no such click {0}")]
    NotFound(ClickId),
    /// Without a reason, or with too long a one.
    #[error("a reason is needed, of at most 500 characters")]
    Reason,
    /// It is on one's own link: nobody decides on their own points.
    #[error("nobody decides on clicks on their own links")]
    Own,
    /// The caller's role does not allow it.
    #[error("this role does not allow overruling clicks")]
    Forbidden,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OverruleError {
    fn is_collision(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_collision())
    }
}

/// Gives a click another class, with a reason, audited; in the same transaction rollups and points follow, and what came with
/// the click's token or is credited by it is decided once more, unless it is settled.
pub async fn overrule_click(
    app: &App,
    actor: &Actor,
    id: ClickId,
    class: Class,
    reason: &str,
) -> Result<ClickView, OverruleError> {
    if !actor.may(Permission::OverruleClicks) {
        return Err(OverruleError::Forbidden);
    }
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_MAX {
        return Err(OverruleError::Reason);
    }
    let click = app.store.click(id).await?.ok_or(OverruleError::NotFound(id))?;
    let link = app.store.link(&click.link).await?;
    if actor.employee().is_some() && link.map(|link| link.employee) == actor.employee() {
        return Err(OverruleError::Own);
    }
    freeze_before(app).await;
    again!(once(app, actor, (id, class), reason))?;
    app.store.click(id).await?.ok_or(OverruleError::NotFound(id))
}

async fn once(
    app: &App,
    actor: &Actor,
    (id, class): (ClickId, Class),
    reason: &str,
) -> Result<(), OverruleError> {
    let mut tx = app.store.begin().await?;
    let concerned = Concerned::lock(&mut tx, id, app.clock.now_ms()).await?;
    if overrule_in(app, &mut tx, actor, (&[id], class), reason).await? == 0 {
        return Err(OverruleError::NotFound(id));
    }
    concerned.decide(app, &mut tx, actor, (class, reason)).await?;
    Ok(tx.commit().await?)
}

/// Gives clicks another class inside a transaction, each of them audited; how many of them there are.
pub(in crate::app) async fn overrule_in(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    (ids, class): (&[ClickId], Class),
    reason: &str,
) -> Result<usize, StoreError> {
    let now_ms = app.clock.now_ms();
    let rules = Rules::of(&app.programme);
    let overruled = overrule(tx, &rules, ids, class, now_ms).await?;
    let entries: Vec<_> = overruled
        .iter()
        .map(|before| {
            let detail = json!({
                "from": { "class": before.class.as_str(), "reason": before.reason.as_str() },
                "to": class.as_str(),
                "reason": reason,
            });
            (format!("click:{}", before.id), detail)
        })
        .collect();
    insert_audits(tx, now_ms, &actor.word(), "click.overrule", &entries).await?;
    let days: BTreeSet<_> = overruled
        .iter()
        .filter_map(|before| jiff::Timestamp::from_millisecond(before.id.unix_ms()).ok())
        .map(|at| app.day_of(at))
        .collect();
    for day in days {
        forget_day(tx, day).await?;
    }
    Ok(overruled.len())
}
