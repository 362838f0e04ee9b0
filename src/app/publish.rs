//! Announcing a frozen board, and announcing it again after it was restated.

use serde_json::json;

use crate::app::board::{Board, board};
use crate::app::{Actor, App, Permission, Refused};
use crate::domain::Period;
use crate::ranking::{By, Metric};
use crate::storage::board_editions::{Edition, insert_edition};
use crate::storage::insert_audit;

/// Longest note, characters.
const NOTE_MAX: usize = 500;

/// How many rows of a board are restated, those without a frozen place included.
pub fn restated(board: &Board) -> i64 {
    let changed = board.rows.iter().filter(|r| r.restated.is_some()).count() + board.late.len();
    i64::try_from(changed).unwrap_or(i64::MAX)
}

/// Announces a frozen board with a note. Again only when something was restated since: the frozen places stand, the
/// announcement says how many rows changed. Of two at once one wins.
pub async fn publish_board(
    app: &App,
    actor: &Actor,
    period: Period,
    (metric, by): (Metric, By),
    note: &str,
) -> Result<Edition, Refused> {
    if !actor.may(Permission::PublishBoards) {
        return Err(Refused::Forbidden("only who publishes boards may do this"));
    }
    let note = note.trim();
    let odd = note
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    if note.chars().count() > NOTE_MAX || odd {
        return Err(Refused::at("/note", "at most 500 printable characters"));
    }
    let shown = board(app, None, period, metric, by).await?;
    if shown.frozen_at.is_none() {
        return Err(Refused::Conflict("this board is not frozen yet".to_owned()));
    }
    let label = period.label();
    let known = app.store.board_editions(&label, metric, by).await?;
    let restated = restated(&shown);
    if known.first().is_some_and(|last| last.restated == restated) {
        return Err(Refused::Conflict(
            "this board is published as it stands".to_owned(),
        ));
    }
    let (who, now_ms) = (actor.word(), app.clock.now_ms());
    let edition = Edition {
        edition: known.first().map_or(1, |last| last.edition + 1),
        restated,
        note: note.to_owned(),
        published_by: who.clone(),
        published_at: now_ms,
    };
    let mut tx = app.store.begin().await?;
    if !insert_edition(&mut tx, (&label, metric, by), &edition).await? {
        tx.rollback().await?;
        return Err(Refused::Conflict(
            "somebody published this board just now".to_owned(),
        ));
    }
    let detail = json!({"metric": metric.as_str(), "by": by.as_str(), "edition": edition.edition,
        "restated": restated, "note": note});
    insert_audit(&mut tx, now_ms, &who, "board.publish", &label, &detail).await?;
    tx.commit().await?;
    Ok(edition)
}
