//! Honours and team goals (schemes.md 0, R9 and R14): given with a reason, never to oneself, shown where people look.

use jiff::civil::Date;
use serde_json::json;

use crate::app::refused::Door;
use crate::app::{Actor, App, Permission, Refused};
use crate::domain::{Counts, Period, PeriodKind};
use crate::ranking::{By, Metric};
use crate::storage::goals::{Goal, NewGoal, end_goal_row, insert_goal};
use crate::storage::honours::{NewHonour, insert_honour, withdraw_honour};
use crate::storage::{StoreError, insert_audit};

/// The kinds of honours.
pub const KINDS: [&str; 4] = ["chief", "badge", "training", "co-creation"];
/// Longest title and reward, characters.
const TITLE_MAX: usize = 60;
/// Longest reason, characters.
const REASON_MAX: usize = 500;
/// Longest goal, days.
const GOAL_DAYS: i32 = 400;
/// Largest target.
const TARGET_MAX: i64 = 1_000_000_000_000;

/// An honour to be given.
#[derive(Clone, Debug, Default)]
pub struct HonourToGive {
    /// Employee code.
    pub employee: String,
    /// `chief`, `badge`, `training` or `co-creation`.
    pub kind: String,
    /// What it is called.
    pub title: String,
    /// `2026`, `2026-Q4` or `2026-11`.
    pub span: String,
    /// Why.
    pub reason: String,
}

/// Gives an honour; a span has one chief recommender. Gives its row.
pub async fn give_honour(app: &App, actor: &Actor, new: &HonourToGive) -> Result<i64, Refused> {
    if !actor.may(Permission::DecidePoints) {
        return Err(Refused::Forbidden("only who decides on points gives honours"));
    }
    let today = app.today();
    let mut door = Door::default();
    let person = app.store.employee(new.employee.trim(), today).await?;
    let person = person.filter(|p| p.facts.left_on.is_none_or(|left| today <= left));
    if person.is_none() {
        door.wrong("/employee", "expected the code of somebody who is there");
    }
    let kind = KINDS.into_iter().find(|k| *k == new.kind);
    if kind.is_none() {
        door.wrong("/kind", "expected chief, badge, training or co-creation");
    }
    let title = door.line("/title", &new.title, TITLE_MAX);
    let span = Period::parse(new.span.trim()).ok();
    let span = span
        .filter(|p| matches!(p.kind, PeriodKind::Year | PeriodKind::Quarter | PeriodKind::Month))
        .filter(|p| p.first <= today)
        .map(|p| p.label());
    if span.is_none() {
        door.wrong(
            "/span",
            "expected a year, quarter or month that has begun, like 2026-Q4",
        );
    }
    let reason = door.line("/reason", &new.reason, REASON_MAX);
    door.close()?;
    let (Some(person), Some(kind), Some(span)) = (person, kind, span) else {
        return Err(Refused::at("/employee", "expected an employee's code"));
    };
    if actor.employee() == Some(person.id) {
        return Err(Refused::Forbidden("nobody honours themselves"));
    }
    let (by, now_ms) = (actor.word(), app.clock.now_ms());
    let row = NewHonour {
        employee: person.id,
        kind,
        title: &title,
        span: &span,
        reason: &reason,
        by: &by,
        at: now_ms,
    };
    let mut tx = app.store.begin().await?;
    let Some(id) = insert_honour(&mut tx, &row).await? else {
        tx.rollback().await?;
        return Err(Refused::Conflict(format!("{span} has its chief recommender")));
    };
    let detail =
        json!({"employee": person.code, "kind": kind, "title": title, "span": span, "reason": reason});
    insert_audit(
        &mut tx,
        now_ms,
        &by,
        "honour.give",
        &format!("honour:{id}"),
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(id)
}

/// Takes an honour back, with a reason.
pub async fn take_honour_back(app: &App, actor: &Actor, id: i64, reason: &str) -> Result<(), Refused> {
    if !actor.may(Permission::DecidePoints) {
        return Err(Refused::Forbidden(
            "only who decides on points takes honours back",
        ));
    }
    let mut door = Door::default();
    let reason = door.line("/reason", reason, REASON_MAX);
    door.close()?;
    let (by, now_ms) = (actor.word(), app.clock.now_ms());
    let mut tx = app.store.begin().await?;
    if !withdraw_honour(&mut tx, id, (&by, now_ms, &reason)).await? {
        tx.rollback().await?;
        return Err(Refused::Conflict("this honour is not in force".to_owned()));
    }
    let detail = json!({"reason": reason});
    insert_audit(
        &mut tx,
        now_ms,
        &by,
        "honour.withdraw",
        &format!("honour:{id}"),
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// A goal to be set.
#[derive(Clone, Debug, Default)]
pub struct GoalToSet {
    /// Team's code; empty: the whole firm.
    pub team: String,
    /// What is counted.
    pub metric: String,
    /// First business day.
    pub first: Option<Date>,
    /// Last business day.
    pub last: Option<Date>,
    /// How much; of sales in minor units.
    pub target: Option<i64>,
    /// What everybody gets.
    pub reward: String,
}

/// Sets a goal for a team or the whole firm.
pub async fn set_goal(app: &App, actor: &Actor, new: &GoalToSet) -> Result<i64, Refused> {
    if !actor.may(Permission::PublishBoards) {
        return Err(Refused::Forbidden("only who publishes boards sets goals"));
    }
    let mut door = Door::default();
    let teams = app.store.teams().await?;
    let team = match new.team.trim() {
        "" => None,
        code => {
            let found = teams.iter().find(|t| t.code == code);
            if found.is_none() {
                door.wrong("/team", "expected a team's code, or none for the whole firm");
            }
            found.map(|t| t.id)
        }
    };
    let metric = new.metric.parse::<Metric>().ok();
    if metric.is_none() {
        door.wrong("/metric", "expected points, clicks, leads or sales");
    }
    if new.first.is_none() {
        door.wrong("/first", "expected a day");
    }
    if new.last.is_none() {
        door.wrong("/last", "expected a day");
    }
    if let (Some(first), Some(last)) = (new.first, new.last) {
        door.span("/last", Some(first), Some(last));
        if (last - first).get_days() > GOAL_DAYS {
            door.wrong("/last", format!("expected at most {GOAL_DAYS} days"));
        }
    }
    let target = new.target.filter(|t| (1..=TARGET_MAX).contains(t));
    if target.is_none() {
        door.wrong("/target", "expected a number above 0");
    }
    let reward = door.line("/reward", &new.reward, TITLE_MAX);
    door.close()?;
    let (Some(metric), Some(first), Some(last), Some(target)) = (metric, new.first, new.last, target) else {
        return Err(Refused::at("/metric", "expected a goal"));
    };
    let (by, now_ms) = (actor.word(), app.clock.now_ms());
    let row = NewGoal {
        team,
        metric,
        first,
        last,
        target,
        reward: &reward,
        by: &by,
        at: now_ms,
    };
    let mut tx = app.store.begin().await?;
    let id = insert_goal(&mut tx, &row).await?;
    let detail = json!({"team": new.team, "metric": metric.as_str(), "first": first, "last": last,
        "target": target, "reward": reward});
    insert_audit(&mut tx, now_ms, &by, "goal.set", &format!("goal:{id}"), &detail).await?;
    tx.commit().await?;
    Ok(id)
}

/// Withdraws a goal.
pub async fn end_goal(app: &App, actor: &Actor, id: i64) -> Result<(), Refused> {
    if !actor.may(Permission::PublishBoards) {
        return Err(Refused::Forbidden("only who publishes boards ends goals"));
    }
    let (by, now_ms) = (actor.word(), app.clock.now_ms());
    let mut tx = app.store.begin().await?;
    if !end_goal_row(&mut tx, id, &by, now_ms).await? {
        tx.rollback().await?;
        return Err(Refused::Conflict("this goal has ended".to_owned()));
    }
    insert_audit(
        &mut tx,
        now_ms,
        &by,
        "goal.end",
        &format!("goal:{id}"),
        &json!({}),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// A goal and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The goal.
    pub goal: Goal,
    /// What was reached, in the target's unit.
    pub reached: i64,
}

/// How far goals are, out of the rollups; withdrawn ones are left out. `team` narrows to that team's and the firm's, and
/// to goals that run today.
pub async fn progress(app: &App, team: Option<Option<i64>>) -> Result<Vec<Progress>, StoreError> {
    let today = app.today();
    let mut list = Vec::new();
    for goal in app.store.goals(100).await? {
        let mine = team.is_none_or(|team| {
            let theirs = goal.team.as_ref().map(|(id, _)| *id);
            (theirs.is_none() || theirs == team) && goal.first <= today && today <= goal.last
        });
        if goal.ended_at.is_some() || !mine {
            continue;
        }
        let end = goal.last.tomorrow().unwrap_or(goal.last);
        let by = if goal.team.is_some() {
            By::Team
        } else {
            By::Employee
        };
        let standings = app.store.standings(by, goal.first, end, end).await?;
        let mut counts = Counts::default();
        for standing in standings {
            if goal.team.as_ref().is_none_or(|(id, _)| *id == standing.who.id) {
                counts += standing.counts;
            }
        }
        let reached = goal.metric.of(&counts);
        list.push(Progress { goal, reached });
    }
    Ok(list)
}
