//! Notices: what a person is told, what they read, what they do not want to hear.

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::json;

use crate::app::App;
use crate::attribution::{Cause, ConversionKind, Outcome, Status, Step};
use crate::domain::EmployeeId;
use crate::storage::conversions::{Conversion, Decided, NewConversion};
use crate::storage::notices::{forget_notices, read_notices, set_optouts, tell_person};
use crate::storage::{StoreError, Tx, insert_audit};
use crate::tell::{Channel, Notice, NoticeKind};

/// People are told of points that end within so many days.
const EXPIRING_DAYS: i64 = 30;
/// Notices are kept so long, milliseconds: a year.
const KEEP_MS: i64 = 365 * 86_400_000;
/// Most notices forgotten in one go.
const FORGET_MAX: i64 = 10_000;

/// Marks a person's notices up to this one as read; how many were not.
pub async fn mark_read(app: &App, person: EmployeeId, newest: i64) -> Result<u64, StoreError> {
    let mut tx = app.store.begin().await?;
    let read = read_notices(&mut tx, person, newest, app.clock.now_ms()).await?;
    tx.commit().await?;
    Ok(read)
}

/// Sets what a person does not want to be told, in place of what they said before.
pub async fn opt_out(
    app: &App,
    who: &str,
    person: EmployeeId,
    optouts: &[(Channel, NoticeKind)],
) -> Result<(), StoreError> {
    let now_ms = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    set_optouts(&mut tx, person, optouts, now_ms).await?;
    let words: Vec<String> = optouts
        .iter()
        .map(|(channel, kind)| format!("{}:{kind}", channel.as_str()))
        .collect();
    let subject = format!("employee:{}", person.0);
    insert_audit(
        &mut tx,
        now_ms,
        who,
        "notices.optout",
        &subject,
        &json!({ "off": words }),
    )
    .await?;
    tx.commit().await
}

/// Tells a person what was decided on their points, in the transaction that decides; `about` says on what.
pub(in crate::app) async fn points_decided(
    tx: &mut Tx,
    person: EmployeeId,
    about: &str,
    (points, reason): (i64, &str),
    now_ms: i64,
) -> Result<(), StoreError> {
    let notice = Notice {
        kind: NoticeKind::PointsDecided,
        // Decided again is told again.
        about: format!("{about}:{now_ms}"),
        facts: json!({ "points": points, "reason": reason }),
    };
    tell_person(tx, person, &notice, now_ms).await?;
    Ok(())
}

/// Tells whoever is credited with a conversion what became of it, in the transaction that decides.
pub(in crate::app) async fn conversion_moved(
    tx: &mut Tx,
    conversion: &Conversion,
    (person, status): (Option<EmployeeId>, Status),
    reason: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    let about = (conversion.external_id.as_str(), conversion.kind, conversion.day);
    tell_moved(tx, about, (person, status), reason, now_ms).await
}

/// Tells whoever is credited with a new conversion that it waits for a person, where it does.
pub(in crate::app) async fn held_from_start(
    tx: &mut Tx,
    new: &NewConversion,
    decided: &Decided,
) -> Result<(), StoreError> {
    if decided.status != Status::Held {
        return Ok(());
    }
    let about = (new.external_id.as_str(), new.kind, new.day);
    let reason = held_because(&decided.steps);
    let whose = (decided.credited_to, Status::Held);
    tell_moved(tx, about, whose, &reason, new.created_at).await
}

/// What makes a decision wait for a person, as a stored reason; nothing when no step does.
pub(in crate::app) fn held_because(steps: &[Step]) -> String {
    let held = steps.iter().rev().find(|step| step.outcome == Outcome::Held);
    held.map_or_else(String::new, |step| Cause::Step(step.reason).to_string())
}

async fn tell_moved(
    tx: &mut Tx,
    (external_id, kind, day): (&str, ConversionKind, Date),
    (person, status): (Option<EmployeeId>, Status),
    reason: &str,
    now_ms: i64,
) -> Result<(), StoreError> {
    let Some(person) = person else { return Ok(()) };
    let notice = Notice {
        kind: NoticeKind::ConversionMoved,
        // Decided again is told again.
        about: format!("{external_id}:{now_ms}:{status}"),
        facts: json!({
            "conversion": kind.as_str(), "on": day.to_string(), "state": status.as_str(), "reason": reason,
        }),
    };
    tell_person(tx, person, &notice, now_ms).await?;
    Ok(())
}

/// A chore: tells people of points that end within 30 days, once for each end; how many were told.
pub async fn tell_expiring(app: &App) -> Result<u64, StoreError> {
    let today = app.today();
    let Ok(soon) = today.checked_add(EXPIRING_DAYS.days()) else {
        return Ok(0);
    };
    // Points end with a year: on most days none is about to end.
    let Ok(end) = soon.first_of_year().yesterday() else {
        return Ok(0);
    };
    if end < today {
        return Ok(0);
    }
    let mut told = 0;
    for person in app.store.with_lapsed_points(soon).await? {
        let points = app.store.points_lapsing(person, end.year()).await?;
        if points <= 0 {
            continue;
        }
        let notice = Notice {
            kind: NoticeKind::PointsExpiring,
            about: end.to_string(),
            facts: json!({ "points": points, "on": end.to_string() }),
        };
        let mut tx = app.store.begin().await?;
        told += u64::from(tell_person(&mut tx, person, &notice, app.clock.now_ms()).await?);
        tx.commit().await?;
    }
    Ok(told)
}

/// A chore: forgets notices of more than a year ago; how many.
pub async fn forget_old(app: &App) -> Result<u64, StoreError> {
    let mut tx = app.store.begin().await?;
    let done = forget_notices(&mut tx, app.clock.now_ms() - KEEP_MS, FORGET_MAX).await?;
    tx.commit().await?;
    Ok(done)
}
