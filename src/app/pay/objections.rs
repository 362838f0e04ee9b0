//! Objecting to a line: in one's query window, decided by somebody else, appealed to a third (GC-21, GC-30).
//!
//! # Why
//! A figure nobody may question is not trusted. Who is right gets it corrected the ordinary way: before the approval by
//! calculating again, afterwards by a fact whose difference the next period carries; nothing booked is touched.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::json;

use crate::app::again::again;
use crate::app::pay::{Clash, PayError, calculate, steps};
use crate::app::{Actor, App, Permission};
use crate::storage::notices::tell_person;
use crate::storage::pay::{
    Objection, ObjectionState, Run, RunState, insert_objection, insert_objection_step, lock_objection,
    lock_run, move_objection,
};
use crate::storage::{Tx, insert_audit};
use crate::tell::{Notice, NoticeKind};

/// The remedy that is another calculation.
const RECALCULATE: &str = "recalculate";
/// Longest reason or answer, characters.
pub const MAX_WORDS: usize = 2000;

/// What somebody who decides says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectionVerdict {
    /// Right: the payout is calculated again before its approval.
    Recalculate,
    /// Right: a fact is corrected, and the next period carries the difference.
    Fact,
    /// Not right.
    Decline,
}

impl ObjectionVerdict {
    /// Out of a form's word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "recalculate" => Some(Self::Recalculate),
            "fact" => Some(Self::Fact),
            "decline" => Some(Self::Decline),
            _ => None,
        }
    }
}

/// 1 to [`MAX_WORDS`] characters, trimmed.
pub(super) fn text<'a>(pointer: &'static str, given: &'a str) -> Result<&'a str, PayError> {
    let given = given.trim();
    if given.is_empty() || given.chars().count() > MAX_WORDS || given.contains('\0') {
        return Err(PayError::field(pointer, format!("1 to {MAX_WORDS} characters")));
    }
    Ok(given)
}

/// The code of the employee an actor is.
pub(super) async fn own_code(app: &App, actor: &Actor) -> Result<Option<String>, PayError> {
    let Some(person) = actor.employee() else {
        return Ok(None);
    };
    let found = app.store.employee_by_id(person, app.today()).await?;
    Ok(found.map(|p| p.code))
}

/// The last day on which one may object to a payout that was put up for review at an instant.
pub fn objection_deadline(app: &App, submitted_at: i64) -> Date {
    let day = app.day_of(Timestamp::from_millisecond(submitted_at).unwrap_or_default());
    day.saturating_add(app.programme.query_days.days())
}

/// Objects to an own line; gives the objection's number.
pub async fn object(app: &App, actor: &Actor, line: i64, reason: &str) -> Result<i64, PayError> {
    let missing = || PayError::NotFound(format!("payout line {line}"));
    let (Some(person), true) = (actor.employee(), actor.may(Permission::Own)) else {
        return Err(PayError::Forbidden("one objects to one's own pay"));
    };
    let row = app.store.run_line(line).await?.ok_or_else(missing)?;
    let mine = own_code(app, actor)
        .await?
        .is_some_and(|code| code == row.line.payee);
    let run = app.store.run(row.run).await?.ok_or_else(missing)?;
    if !mine || row.line.payee_kind != "employee" || matches!(run.state, RunState::Calculated) {
        // Somebody else's line is not there for this person.
        return Err(missing());
    }
    let reason = text("/reason", reason)?;
    let until = run.submitted.as_ref().map(|(_, at)| objection_deadline(app, *at));
    if run.state == RunState::Superseded || until.is_none_or(|until| app.today() > until) {
        return Err(PayError::Conflict(Clash::ObjectedLate { until }));
    }
    again!(async {
        let now_ms = app.clock.now_ms();
        let who = actor.word();
        let mut tx = app.store.begin().await?;
        // Seen again under the lock: an objection to what was set aside meanwhile would never be decided.
        let now = lock_run(&mut tx, run.id).await?.map(|run| run.state);
        if now.is_none_or(|state| state == RunState::Superseded) {
            return Err(PayError::Conflict(Clash::Replaced { run: run.id }));
        }
        let id = match insert_objection(&mut tx, line, run.id, person, now_ms).await {
            Err(error) if error.is_unique_violation() => {
                return Err(PayError::Conflict(Clash::ObjectedTwice));
            }
            other => other?,
        };
        insert_objection_step(&mut tx, id, "open", (&who, Some(person)), reason, now_ms).await?;
        let detail = json!({ "line": line, "payout": run.id });
        insert_audit(
            &mut tx,
            now_ms,
            &who,
            "objection.opened",
            &format!("objection:{id}"),
            &detail,
        )
        .await?;
        tx.commit().await?;
        Ok::<_, PayError>(id)
    })
}

/// Whether this actor looks after objections.
pub fn decides_objections(actor: &Actor) -> bool {
    actor.may(Permission::CalculatePay) || actor.may(Permission::ApprovePay)
}

/// Why this actor may not decide on this objection: `role`, `own` or `first`.
pub fn objection_barred(actor: &Actor, objection: &Objection) -> Option<&'static str> {
    let first = objection.decided.as_ref().is_some_and(|(by, person, _)| {
        *by == actor.word() || (person.is_some() && *person == actor.employee())
    });
    if !decides_objections(actor) {
        Some("role")
    } else if actor.employee() == Some(objection.employee) {
        Some("own")
    } else {
        (objection.state == ObjectionState::Appealed && first).then_some("first")
    }
}

fn barred(actor: &Actor, objection: &Objection) -> Result<(), PayError> {
    match objection_barred(actor, objection) {
        None => Ok(()),
        Some("own") => Err(PayError::Forbidden("nobody decides on their own objection")),
        Some("first") => Err(PayError::Forbidden("an appeal is decided by another person")),
        Some(_) => Err(PayError::Forbidden(
            "only finance, HR and approvers decide on objections",
        )),
    }
}

fn missing(id: i64) -> PayError {
    PayError::NotFound(format!("objection {id}"))
}

/// Something that moves an objection: who may, from where to where.
struct Move<'a> {
    step: &'static str,
    words: &'a str,
    to: Option<ObjectionState>,
    remedy: Option<&'static str>,
}

/// Says something about an objection that waits: the employee replies, finance answers. Its state stays.
pub async fn talk(app: &App, actor: &Actor, id: i64, words: &str) -> Result<(), PayError> {
    let words = text("/words", words)?;
    let objection = app.store.objection(id).await?.ok_or_else(|| missing(id))?;
    let mine = actor.employee() == Some(objection.employee);
    if !mine {
        barred(actor, &objection).map_err(|e| if decides_objections(actor) { e } else { missing(id) })?;
    }
    let step = if mine { "reply" } else { "answer" };
    let change = Move {
        step,
        words,
        to: None,
        remedy: None,
    };
    moved(app, actor, id, &change).await
}

/// Decides on an objection. An appeal is decided by another person than the first decision was.
pub async fn decide_objection(
    app: &App,
    actor: &Actor,
    id: i64,
    verdict: ObjectionVerdict,
    words: &str,
) -> Result<(), PayError> {
    let objection = app.store.objection(id).await?.ok_or_else(|| missing(id))?;
    barred(actor, &objection)?;
    let words = text("/words", words)?;
    let appealed = objection.state == ObjectionState::Appealed;
    let (step, to, remedy) = match verdict {
        ObjectionVerdict::Recalculate => ("accept", ObjectionState::Accepted, Some(RECALCULATE)),
        ObjectionVerdict::Fact => ("accept", ObjectionState::Accepted, Some("fact")),
        ObjectionVerdict::Decline if appealed => ("dismiss", ObjectionState::Dismissed, None),
        ObjectionVerdict::Decline => ("decline", ObjectionState::Declined, None),
    };
    let change = Move {
        step,
        words,
        to: Some(to),
        remedy,
    };
    moved(app, actor, id, &change).await
}

/// Appeals against a decision, within as many days as one had to object.
pub async fn appeal_objection(app: &App, actor: &Actor, id: i64, words: &str) -> Result<(), PayError> {
    let objection = own(app, actor, id).await?;
    let words = text("/words", words)?;
    let decided = objection
        .decided
        .as_ref()
        .map(|(_, _, at)| objection_deadline(app, *at));
    if objection.state == ObjectionState::Declined && decided.is_some_and(|until| app.today() > until) {
        return Err(PayError::Conflict(Clash::AppealedLate));
    }
    let change = Move {
        step: "appeal",
        words,
        to: Some(ObjectionState::Appealed),
        remedy: None,
    };
    moved(app, actor, id, &change).await
}

/// Takes an own objection back.
pub async fn withdraw_objection(app: &App, actor: &Actor, id: i64) -> Result<(), PayError> {
    own(app, actor, id).await?;
    let change = Move {
        step: "withdraw",
        words: "",
        to: Some(ObjectionState::Withdrawn),
        remedy: None,
    };
    moved(app, actor, id, &change).await
}

async fn own(app: &App, actor: &Actor, id: i64) -> Result<Objection, PayError> {
    let objection = app.store.objection(id).await?.ok_or_else(|| missing(id))?;
    if actor.employee() == Some(objection.employee) {
        Ok(objection)
    } else {
        Err(missing(id))
    }
}

async fn moved(app: &App, actor: &Actor, id: i64, change: &Move<'_>) -> Result<(), PayError> {
    again!(async {
        let now_ms = app.clock.now_ms();
        let who = actor.word();
        let by = (who.as_str(), actor.employee());
        let about = match change.remedy {
            Some(RECALCULATE) => Some(app.store.objection(id).await?.ok_or_else(|| missing(id))?.run),
            _ => None,
        };
        let mut tx = app.store.begin().await?;
        if let Some(run) = about {
            under_review(&mut tx, run).await?;
        }
        let objection = lock_objection(&mut tx, id).await?.ok_or_else(|| missing(id))?;
        let from = objection.state;
        let fits = match change.step {
            "appeal" => from == ObjectionState::Declined,
            "withdraw" | "answer" | "reply" | "accept" => from.waits(),
            "decline" => from == ObjectionState::Open,
            "dismiss" => from == ObjectionState::Appealed,
            _ => false,
        };
        if !fits {
            return Err(PayError::Conflict(Clash::ObjectionMoved {
                objection: id,
                is: from,
            }));
        }
        if matches!(change.step, "accept" | "dismiss" | "decline" | "answer") {
            // Seen again under the lock: who decided first may have become known since.
            barred(actor, &objection)?;
        }
        if let Some(to) = change.to {
            let decides = matches!(change.step, "accept" | "decline" | "dismiss");
            let decided = decides.then_some((who.as_str(), actor.employee(), now_ms));
            move_objection(&mut tx, id, (from, to), change.remedy, decided).await?;
        }
        insert_objection_step(&mut tx, id, change.step, by, change.words, now_ms).await?;
        if matches!(change.step, "accept" | "decline" | "dismiss" | "answer") {
            let state = change.to.unwrap_or(from).as_str();
            let notice = Notice {
                kind: NoticeKind::ObjectionAnswered,
                about: format!("objection {id}, {now_ms}"),
                facts: json!({ "objection": id, "state": state, "reason": change.words }),
            };
            tell_person(&mut tx, objection.employee, &notice, now_ms).await?;
        }
        let detail = json!({ "line": objection.line, "payout": objection.run, "remedy": change.remedy });
        let action = format!("objection.{}", change.step);
        insert_audit(
            &mut tx,
            now_ms,
            &who,
            &action,
            &format!("objection:{id}"),
            &detail,
        )
        .await?;
        tx.commit().await?;
        Ok::<_, PayError>(())
    })
}

/// Locks an objection's run, which must be under review: approved in the same instant, it would be closed without what was
/// promised. The run comes before the objection in every transaction that locks both.
async fn under_review(tx: &mut Tx, run: i64) -> Result<(), PayError> {
    let locked = lock_run(tx, run).await?.ok_or_else(|| steps::missing(run))?;
    if locked.state == RunState::InReview {
        return Ok(());
    }
    Err(PayError::Conflict(Clash::PastReview {
        run,
        is: locked.state,
    }))
}

/// Calculates a payout under review again, because an objection to it was accepted: what was under review is set aside,
/// and the new one goes its whole road. Objections and holds follow to the same lines.
pub async fn calculate_again(app: &App, actor: &Actor, id: i64) -> Result<Run, PayError> {
    let run = app.store.run(id).await?;
    let run = run.ok_or_else(|| PayError::NotFound(format!("payout {id}")))?;
    calculate::instead_of(app, actor, &run).await
}
