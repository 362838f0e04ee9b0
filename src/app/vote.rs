//! The vote for the month's best creator: everybody who is there has one ballot, not for themselves; the manager counts it
//! after it closed, and the award follows (which is what the programme's scheme pays by).

use jiff::civil::Date;
use serde_json::json;

use crate::app::award::{AwardToGive, give_best_creator};
use crate::app::filing::PointsError;
use crate::app::refused::Door;
use crate::app::{Actor, App, Permission, Refused};
use crate::domain::{EmployeeId, Period, PeriodKind};
use crate::storage::insert_audit;
use crate::storage::votes::{Candidate, Vote, close_vote, insert_ballot, insert_vote};

/// Most candidates of a vote.
const CANDIDATES: usize = 20;
/// Longest word on what a candidate made, characters.
const WORK_MAX: usize = 200;
/// Longest time a vote is open, days.
const OPEN_MAX: i32 = 60;

/// A vote to be opened.
#[derive(Clone, Debug, Default)]
pub struct NewVote {
    /// `2026-11`: a month that has begun.
    pub month: String,
    /// Last business day ballots are taken.
    pub closes_on: Option<Date>,
    /// Employee codes and what they made.
    pub candidates: Vec<(String, String)>,
}

/// Opens a month's vote.
pub async fn open_vote(app: &App, actor: &Actor, new: &NewVote) -> Result<Vote, Refused> {
    if !actor.may(Permission::DecidePoints) {
        return Err(Refused::Forbidden("only who decides on points opens votes"));
    }
    let today = app.today();
    let mut door = Door::default();
    let month = Period::parse(new.month.trim()).ok();
    let month = month
        .filter(|p| p.kind == PeriodKind::Month && p.first <= today)
        .map(|p| p.label());
    if month.is_none() {
        door.wrong("/month", "expected a month that has begun, like 2026-11");
    }
    let last = new
        .closes_on
        .filter(|day| *day >= today && (*day - today).get_days() <= OPEN_MAX);
    if last.is_none() {
        door.wrong(
            "/closes_on",
            format!("expected a day from today to {OPEN_MAX} days ahead"),
        );
    }
    let mut candidates: Vec<(EmployeeId, String)> = Vec::new();
    for (code, work) in &new.candidates {
        let work = door.text("/candidates", work, WORK_MAX);
        match app.store.employee(code, today).await? {
            Some(person) if person.facts.left_on.is_none_or(|left| today <= left) => {
                if !candidates.iter().any(|(id, _)| *id == person.id) {
                    candidates.push((person.id, work));
                }
            }
            _ => door.wrong(
                "/candidates",
                format!("expected employee codes; there is nobody called {code:?}"),
            ),
        }
    }
    if !(2..=CANDIDATES).contains(&candidates.len()) {
        door.wrong("/candidates", format!("expected 2 to {CANDIDATES} candidates"));
    }
    door.close()?;
    let (Some(month), Some(last)) = (month, last) else {
        return Err(Refused::at("/month", "expected a month"));
    };
    let end = last
        .tomorrow()
        .unwrap_or(last)
        .to_zoned(app.programme.zone.clone());
    let closes_at = end.map_or(i64::MAX, |z| z.timestamp().as_millisecond());
    let (by, now_ms) = (actor.word(), app.clock.now_ms());
    let mut tx = app.store.begin().await?;
    let Some(id) = insert_vote(&mut tx, &month, closes_at, (&by, now_ms), &candidates).await? else {
        tx.rollback().await?;
        return Err(Refused::Conflict(format!("{month} has its vote already")));
    };
    let detail = json!({"candidates": new.candidates, "closes_on": last});
    insert_audit(
        &mut tx,
        now_ms,
        &by,
        "vote.open",
        &format!("vote:{month}"),
        &detail,
    )
    .await?;
    tx.commit().await?;
    app.store
        .vote(id)
        .await?
        .ok_or_else(|| Refused::NotFound(format!("vote {id}")))
}

/// Takes somebody's ballot: once, not for themselves, while the vote is open and they have not left.
pub async fn cast_ballot(app: &App, actor: &Actor, vote: i64, candidate: &str) -> Result<(), Refused> {
    let Some(voter) = actor.employee().filter(|_| actor.may(Permission::Own)) else {
        return Err(Refused::Forbidden("only employees vote"));
    };
    let known = app
        .store
        .vote(vote)
        .await?
        .ok_or_else(|| Refused::NotFound(format!("vote {vote}")))?;
    let today = app.today();
    let person = app.store.employee_by_id(voter, today).await?;
    if person
        .and_then(|p| p.facts.left_on)
        .is_some_and(|left| left < today)
    {
        return Err(Refused::Forbidden("who has left does not vote"));
    }
    let candidates = app.store.candidates(vote).await?;
    let chosen = candidates.iter().find(|c| c.code == candidate);
    let Some(chosen) = chosen else {
        return Err(Refused::at("/candidate", "one of the candidates"));
    };
    if chosen.employee_id == voter.0 {
        return Err(Refused::at(
            "/candidate",
            "somebody else: nobody votes for themselves",
        ));
    }
    let now_ms = app.clock.now_ms();
    if known.closed_at.is_some() || now_ms >= known.closes_at {
        return Err(Refused::Conflict("this vote is closed".to_owned()));
    }
    let mut tx = app.store.begin().await?;
    if !insert_ballot(&mut tx, vote, voter, EmployeeId(chosen.employee_id), now_ms).await? {
        tx.rollback().await?;
        return Err(Refused::Conflict("you have voted already".to_owned()));
    }
    tx.commit().await?;
    Ok(())
}

/// The candidates with the most ballots; several of them: a tie that a person settles. Nobody while there are no ballots.
pub fn leaders(candidates: &[Candidate]) -> Vec<&Candidate> {
    let most = candidates.iter().map(|c| c.votes).max().unwrap_or(0);
    candidates
        .iter()
        .filter(|c| most > 0 && c.votes == most)
        .collect()
}

/// Counts a vote that has closed and gives the award; of tied candidates `winner` says which (the jury's word, A4).
pub async fn count_vote(
    app: &App,
    actor: &Actor,
    vote: i64,
    winner: Option<&str>,
    reason: &str,
) -> Result<Vote, Refused> {
    if !actor.may(Permission::DecidePoints) {
        return Err(Refused::Forbidden("only who decides on points counts votes"));
    }
    let known = app
        .store
        .vote(vote)
        .await?
        .ok_or_else(|| Refused::NotFound(format!("vote {vote}")))?;
    let now_ms = app.clock.now_ms();
    if now_ms < known.closes_at {
        return Err(Refused::Conflict("this vote is still open".to_owned()));
    }
    if known.closed_at.is_some() {
        return Err(Refused::Conflict("this vote was counted already".to_owned()));
    }
    let candidates = app.store.candidates(vote).await?;
    let leaders = leaders(&candidates);
    let chosen = match (leaders.as_slice(), winner.filter(|w| !w.is_empty())) {
        ([one], None) => *one,
        (several, Some(code)) => several
            .iter()
            .find(|c| c.code == code)
            .ok_or_else(|| Refused::at("/winner", "one of those with the most ballots"))?,
        ([], None) => return Err(Refused::at("/winner", "nobody voted: there is no winner")),
        (_, None) => {
            return Err(Refused::at(
                "/winner",
                "several have the most ballots: say who it is",
            ));
        }
    };
    let reason = reason.trim();
    let reason = if reason.is_empty() {
        chosen.work.trim()
    } else {
        reason
    };
    let give = AwardToGive {
        employee: chosen.code.clone(),
        month: known.month.clone(),
        reason: if reason.is_empty() {
            known.month.clone()
        } else {
            reason.to_owned()
        },
    };
    // The award first: given twice it is the same award, so a count that was interrupted is begun again.
    give_best_creator(app, actor, &give)
        .await
        .map_err(|error| match error {
            PointsError::Field { pointer, expected } => Refused::at(pointer, expected),
            PointsError::Forbidden(why) => Refused::Forbidden(why),
            PointsError::NotFound(what) => Refused::NotFound(what),
            PointsError::Conflict(detail) => Refused::Conflict(detail),
            PointsError::Store(error) => Refused::Store(error),
        })?;
    let by = actor.word();
    let mut tx = app.store.begin().await?;
    if !close_vote(&mut tx, vote, EmployeeId(chosen.employee_id), now_ms).await? {
        tx.rollback().await?;
        return Err(Refused::Conflict("this vote was counted already".to_owned()));
    }
    let detail = json!({"winner": chosen.code, "votes": chosen.votes, "tied": leaders.len() > 1});
    let subject = format!("vote:{}", known.month);
    insert_audit(&mut tx, now_ms, &by, "vote.count", &subject, &detail).await?;
    tx.commit().await?;
    app.store
        .vote(vote)
        .await?
        .ok_or_else(|| Refused::NotFound(format!("vote {vote}")))
}
