//! Why a payout was sent back, and why what it warned of may stand: words kept with the run.
//!
//! # Why
//! GC-22 lets an order give more than the ceiling, warns, and asks for a reason. A warning nobody has to answer is read by
//! nobody: whoever approves says why, and where only the guards see it at the close, whoever closes.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::app::pay::PayError;
use crate::app::{Actor, App};
use crate::storage::Tx;
use crate::storage::pay::{NewRunNote, insert_run_note};

/// Longest reason, characters.
const MAX_REASON: usize = 500;
/// Steps whose reason answers a run's warnings.
const ANSWERS: [&str; 2] = ["approved", "closed"];

/// A reason as it is kept.
pub(super) fn words(text: &str) -> Result<&str, PayError> {
    let reason = text.trim();
    if (1..=MAX_REASON).contains(&reason.chars().count()) {
        Ok(reason)
    } else {
        Err(PayError::field(
            "/reason",
            format!("1 to {MAX_REASON} characters"),
        ))
    }
}

/// How many of these warnings need a reason: what a scheme and the guards say of one order is one.
fn needed(lists: [&Value; 2]) -> usize {
    let all = lists.into_iter().filter_map(Value::as_array).flatten();
    let asking = all.filter(|warning| warning["needs_reason"] == true);
    let about = asking.map(|warning| (warning["component"].as_str(), warning["about"].as_str()));
    about.collect::<BTreeSet<_>>().len()
}

/// How many warnings of a run wait for a reason: its own and the guards', unless somebody gave one.
pub(super) async fn waiting(
    app: &App,
    (run, outcome): (i64, &str),
    guards: &Value,
) -> Result<usize, PayError> {
    let outcome: Value = serde_json::from_str(outcome).unwrap_or_default();
    let count = needed([&outcome["warnings"], guards]);
    if count == 0 {
        return Ok(0);
    }
    let notes = app.store.run_notes(run).await?;
    let is_answered = notes
        .iter()
        .any(|note| note.run == run && ANSWERS.contains(&note.step.as_str()));
    Ok(if is_answered { 0 } else { count })
}

/// The reason given for a run's step; refused where its warnings need one and there is none.
pub(super) async fn asked<'r>(
    app: &App,
    run: (i64, &str),
    guards: &Value,
    reason: &'r str,
) -> Result<Option<&'r str>, PayError> {
    if !reason.trim().is_empty() {
        return Ok(Some(words(reason)?));
    }
    match waiting(app, run, guards).await? {
        0 => Ok(None),
        count => Err(PayError::field(
            "/reason",
            format!("why {count} warnings that need a reason may stand, in 1 to {MAX_REASON} characters"),
        )),
    }
}

/// Keeps a reason with the run it is about.
pub(super) async fn keep(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    (run, step): (i64, &'static str),
    reason: &str,
) -> Result<(), PayError> {
    let note = NewRunNote {
        run,
        step,
        words: reason,
        by: &actor.word(),
        at: app.clock.now_ms(),
    };
    Ok(insert_run_note(tx, &note).await?)
}
