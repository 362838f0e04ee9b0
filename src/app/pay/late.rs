//! Late facts: a closed period is computed again by its own document, parameters and roster, and only the difference to
//! what was booked for it goes into the open one (engine.md, GC-13).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::Value;

use crate::app::App;
use crate::app::pay::PayError;
use crate::app::pay::calculate::{compute, money};
use crate::app::pay::material::{Shape, gather};
use crate::domain::Money;
use crate::payout::delta::{Key, delta, key};
use crate::payout::{Document, Num};
use crate::storage::pay::{LineKind, LineRow, NewLine, Run};

/// Clawback reaches back this far (GC-13).
const MONTHS: i32 = 12;

/// The differences late facts make to closed runs of a scheme, for a run of these days, as known at a watermark; `replaces`
/// is the run under review it takes the place of.
pub(super) async fn differences(
    app: &App,
    scheme: &str,
    (from, _to): (Date, Date),
    mark: i64,
    replaces: Option<i64>,
) -> Result<Vec<NewLine>, PayError> {
    let since = from.checked_sub(MONTHS.months()).unwrap_or(from);
    let mut lines = Vec::new();
    for run in app.store.booked_runs(scheme, since, from).await? {
        lines.extend(of_run(app, &run, mark, replaces).await?);
    }
    Ok(lines)
}

async fn of_run(app: &App, run: &Run, mark: i64, replaces: Option<i64>) -> Result<Vec<NewLine>, PayError> {
    let document = Document::parse(&format!("{}.toml", run.scheme), &run.document);
    let document = Arc::new(document.map_err(|faults| {
        let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
        PayError::Refused(list.join("\n\n"))
    })?);
    let mut about_whom = Vec::new();
    let mut is_late = false;
    for kind in Shape::of(&document).facts.keys() {
        for fact in app.store.facts_between(kind, run.watermark, mark).await? {
            is_late = true;
            about_whom.extend(fact.subject);
            let told: Value = serde_json::from_str(&fact.fields).unwrap_or_default();
            let words = told
                .as_object()
                .into_iter()
                .flatten()
                .filter_map(|(_, v)| v.as_str());
            about_whom.extend(words.map(str::to_owned));
        }
    }
    if !is_late {
        return Ok(Vec::new());
    }
    let params: Value = serde_json::from_str(&run.params).unwrap_or_default();
    let days = (run.from_on, run.to_on);
    let material = gather(app, &document, days, &params, mark, Some(&run.roster)).await?;
    let computed = compute(document.clone(), material).await?;
    let booked_rows = app.store.booked_lines(run.id, replaces).await?;
    let booked: Vec<(Key, Num)> = booked_rows
        .iter()
        .map(|row| (key_of(row), num(row.line.amount)))
        .collect();
    let change = delta(&computed.raw, &booked, document.header.late, &about_whom);
    let now: BTreeMap<Key, &NewLine> = computed.raw.iter().map(key).zip(&computed.lines).collect();
    let was: BTreeMap<Key, &LineRow> = booked_rows.iter().map(|row| (key_of(row), row)).collect();
    let mut lines = Vec::new();
    for difference in change.book {
        let like = now
            .get(&difference.key)
            .copied()
            .or_else(|| was.get(&difference.key).map(|row| &row.line));
        let Some(like) = like else { continue };
        let (should, before) = (money(&difference.should)?, money(&difference.booked)?);
        lines.push(NewLine {
            kind: LineKind::Late,
            origin: Some(run.id),
            amount: money(&difference.amount)?,
            says: (
                format!(
                    "{}期补差：按现有事实应为 {should} 元，已入账 {before} 元。{}",
                    run.period, like.says.0
                ),
                format!(
                    "Correction of {}: {should} is due by what is known now, {before} was booked. {}",
                    run.period, like.says.1
                ),
            ),
            ..like.clone()
        });
    }
    Ok(lines)
}

/// The key a stored line is booked under; the same as the engine's.
fn key_of(row: &LineRow) -> Key {
    let due = row.line.due.as_ref().map_or(String::new(), |d| format!("@{d}"));
    Key {
        payee: row.line.payee.clone(),
        component: row.line.component.clone(),
        about: format!("{}{due}", row.line.about.clone().unwrap_or_default()),
    }
}

fn num(amount: Money) -> Num {
    Num::ratio(i128::from(amount.minor()), 100).unwrap_or_default()
}
