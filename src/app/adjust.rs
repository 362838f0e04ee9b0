//! Points by hand: for what no rule sees. One person asks with a reason, another decides; nobody on their own points.

use serde_json::json;

use crate::app::filing::{PointsError, REASON_MAX, Verdict, apart, decision_reason, entry, missing, whom};
use crate::app::notices::points_decided;
use crate::app::{Actor, App, Permission};
use crate::domain::EmployeeId;
use crate::points::{Rule, source};
use crate::storage::adjustments::{Adjustment, decide_adjustment_row, insert_adjustment};
use crate::storage::insert_audit;
use crate::storage::points::award;

/// Most points given or taken at once.
pub const POINTS_MAX: i64 = 10_000;

/// Asks for points to be given (or, below zero, taken); they move when another person approves.
pub async fn ask_adjustment(
    app: &App,
    actor: &Actor,
    employee: &str,
    points: i64,
    reason: &str,
) -> Result<Adjustment, PointsError> {
    if !actor.may(Permission::DecidePoints) {
        return Err(PointsError::Forbidden("only who decides on points may do this"));
    }
    let person = whom(app, actor, employee).await?;
    if actor.employee() == Some(person.id) {
        return Err(PointsError::Forbidden("nobody asks for points of their own"));
    }
    if points == 0 || points.unsigned_abs() > POINTS_MAX.unsigned_abs() {
        return Err(PointsError::field(
            "/points",
            format!("a whole number from -{POINTS_MAX} to {POINTS_MAX}, not 0"),
        ));
    }
    let reason = reason.trim();
    if !(1..=REASON_MAX).contains(&reason.chars().count()) {
        return Err(PointsError::field("/reason", "why, 1 to 500 characters"));
    }
    let (by, now_ms) = (actor.word(), app.clock.now_ms());
    let mut tx = app.store.begin().await?;
    let asked = (by.as_str(), actor.employee(), now_ms);
    let id = insert_adjustment(&mut tx, person.id, points, reason, asked).await?;
    let detail = json!({"employee": person.code, "points": points, "reason": reason});
    insert_audit(
        &mut tx,
        now_ms,
        &by,
        "points.ask",
        &format!("adjustment:{id}"),
        &detail,
    )
    .await?;
    tx.commit().await?;
    app.store
        .adjustment(id)
        .await?
        .ok_or_else(|| missing("adjustment", id))
}

/// Decides on an adjustment; approved, the points move on the day of the decision. Of two who decide at once one wins, the
/// other learns that it was decided.
pub async fn decide_on_adjustment(
    app: &App,
    actor: &Actor,
    id: i64,
    verdict: Verdict,
    reason: &str,
) -> Result<Adjustment, PointsError> {
    let reason = decision_reason(verdict, reason)?;
    let known = app
        .store
        .adjustment(id)
        .await?
        .ok_or_else(|| missing("adjustment", id))?;
    let person = EmployeeId(known.employee_id);
    apart(actor, person, &known.asked_by, known.asked_for)?;
    let (by, now_ms) = (actor.word(), app.clock.now_ms());
    let mut tx = app.store.begin().await?;
    let decided = (by.as_str(), now_ms, reason);
    if !decide_adjustment_row(&mut tx, id, verdict.status(), decided).await? {
        tx.rollback().await?;
        return Err(PointsError::Conflict("this has been decided already".to_owned()));
    }
    if verdict == Verdict::Approved {
        let mut entry = entry(
            person,
            Rule::Adjustment,
            source::adjustment(id),
            known.points,
            now_ms,
            app.today(),
        );
        entry.note.clone_from(&known.reason);
        award(&mut tx, &[entry], now_ms).await?;
        let told = (known.points, known.reason.as_str());
        points_decided(&mut tx, person, &format!("adjustment:{id}"), told, now_ms).await?;
    }
    let detail = json!({"decision": verdict.status(), "points": known.points, "reason": reason});
    let subject = format!("adjustment:{id}");
    insert_audit(&mut tx, now_ms, &by, "points.decide", &subject, &detail).await?;
    tx.commit().await?;
    app.store
        .adjustment(id)
        .await?
        .ok_or_else(|| missing("adjustment", id))
}
