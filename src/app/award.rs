//! Awards, the ledger as a person reads it, and points that lapse.

use jiff::Timestamp;
use serde_json::json;

use crate::app::filing::{Filed, PointsError, REASON_MAX, evidence, past, whom};
use crate::app::notices::points_decided;
use crate::app::{Actor, App, Permission};
use crate::domain::{Period, PeriodKind};
use crate::points::{Rule, earns_on, source};
use crate::storage::interactions::{AwardRow, award_of, insert_award};
use crate::storage::points::{NewEntry, award, lapse};
use crate::storage::{StoreError, insert_audit};

/// An award to be given.
#[derive(Clone, Debug)]
pub struct AwardToGive {
    /// Employee code.
    pub employee: String,
    /// `2026-11`: a month that has begun.
    pub month: String,
    /// Why, 1–500 characters.
    pub reason: String,
}

/// What an award is for: something that was posted.
#[derive(Clone, Debug, Default)]
pub struct Post {
    /// Code of the link that was shared.
    pub link: Option<String>,
    /// The link's channel.
    pub channel: Option<String>,
    /// When; not in the future.
    pub posted_at: Option<Timestamp>,
    /// Where it can be seen (http or https).
    pub evidence_url: Option<String>,
}

/// An award with what was left out of it: the month of the post, else the last one that is over; as reason, what was posted
/// where.
pub async fn award_for(
    app: &App,
    employee: String,
    (month, reason): (Option<String>, Option<String>),
    post: &Post,
) -> Result<AwardToGive, PointsError> {
    if let Some(at) = post.posted_at {
        past("/posted_at", at, app.clock.now_ms())?;
    }
    let evidence = evidence(post.evidence_url.as_deref())?;
    if let Some(code) = &post.link {
        let link = app.store.link(code).await?;
        let link = link.filter(|link| link.employee_code.to_lowercase() == employee.trim().to_lowercase());
        let link = link.ok_or_else(|| PointsError::field("/link", format!("a link of {employee}'s own")))?;
        if post
            .channel
            .as_ref()
            .is_some_and(|channel| *channel != link.channel)
        {
            let expected = format!("the link's channel, {:?}", link.channel);
            return Err(PointsError::field("/channel", expected));
        }
    }
    let month = month.or_else(|| {
        let day = match post.posted_at {
            Some(at) => Some(app.day_of(at)),
            None => app.today().first_of_month().yesterday().ok(),
        };
        Some(Period::month_of(day?).ok()?.label())
    });
    let month = month.unwrap_or_default();
    let reason = reason.unwrap_or_else(|| {
        let mut words = format!("最佳内容 {month}");
        for part in [&post.link, &post.channel, &evidence].into_iter().flatten() {
            if words.chars().count() + part.chars().count() < REASON_MAX {
                words.push(' ');
                words.push_str(part);
            }
        }
        words
    });
    Ok(AwardToGive {
        employee,
        month,
        reason,
    })
}

/// Makes somebody best creator of a month: one per month, booked to the day it is given. Nobody awards themselves, and
/// who has left earns no more. The same award again is the same award.
pub async fn give_best_creator(
    app: &App,
    actor: &Actor,
    new: &AwardToGive,
) -> Result<Filed<AwardRow>, PointsError> {
    if !actor.may(Permission::DecidePoints) {
        return Err(PointsError::Forbidden(
            "only who decides on points may give awards",
        ));
    }
    let person = whom(app, actor, &new.employee).await?;
    if actor.employee() == Some(person.id) {
        return Err(PointsError::Forbidden("nobody gives an award to themselves"));
    }
    let today = app.today();
    let month = Period::parse(&new.month)
        .ok()
        .filter(|p| p.kind == PeriodKind::Month && p.first <= today)
        .ok_or_else(|| PointsError::field("/month", "a month that has begun, like \"2026-11\""))?
        .label();
    let reason = new.reason.trim();
    if !(1..=REASON_MAX).contains(&reason.chars().count()) {
        return Err(PointsError::field("/reason", "why, 1 to 500 characters"));
    }
    if !earns_on(today, person.facts.left_on) {
        return Err(PointsError::field("/employee", "somebody who has not left"));
    }
    let (kind, points) = (Rule::BestCreator.as_str(), app.programme.points.best_creator);
    let (by, now_ms) = (actor.word(), app.clock.now_ms());
    let mut tx = app.store.begin().await?;
    let fresh = insert_award(&mut tx, kind, &month, person.id, points, reason, (&by, now_ms)).await?;
    let stored = award_of(&mut tx, kind, &month)
        .await?
        .ok_or_else(|| PointsError::NotFound(format!("award for {month}")))?;
    if !fresh {
        return if stored.employee_id == person.id.0 && stored.reason == reason {
            Ok(Filed::Known(stored))
        } else {
            Err(PointsError::Conflict(format!(
                "{month} has its best creator already"
            )))
        };
    }
    let entry = NewEntry {
        employee: person.id,
        rule: Rule::BestCreator,
        source: source::best_creator(&month),
        points,
        at: now_ms,
        day: today,
        note: reason.to_owned(),
    };
    if points > 0 {
        award(&mut tx, &[entry], now_ms).await?;
    }
    let detail = json!({"employee": person.code, "points": points, "reason": reason});
    insert_audit(
        &mut tx,
        now_ms,
        &by,
        "award.give",
        &format!("{kind}:{month}"),
        &detail,
    )
    .await?;
    points_decided(
        &mut tx,
        person.id,
        &format!("{kind}:{month}"),
        (points, reason),
        now_ms,
    )
    .await?;
    tx.commit().await?;
    Ok(Filed::New(stored))
}

/// Books what has lapsed (a chore, once a day; idempotent): points of a year end on 31 December of the next. Returns the
/// number of people whose balance changed.
pub async fn lapse_due(app: &App) -> Result<usize, StoreError> {
    let today = app.today();
    let mut changed = 0;
    for person in app.store.with_lapsed_points(today).await? {
        let mut tx = app.store.begin().await?;
        if lapse(&mut tx, person, today, app.clock.now_ms()).await? != 0 {
            changed += 1;
        }
        tx.commit().await?;
    }
    Ok(changed)
}
