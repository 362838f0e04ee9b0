//! Late facts: a closed period is computed again by its own document, parameters and roster, and only the difference to
//! what was booked for it goes into the open one (engine.md, GC-13).

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::app::again::again;
use crate::app::pay::calculate::{money, new_line, ran};
use crate::app::pay::material::{FOR_SCHEME, Shape, gather, reach_of};
use crate::app::pay::{PayError, Unable, library, next, release};
use crate::app::{Actor, App};
use crate::domain::Money;
use crate::payout::delta::{Key, delta, key};
use crate::payout::{Document, Late, Line, Num};
use crate::storage::pay::{LateFact, LineKind, LineRow, NewLine, Run};

/// The differences late facts make to closed runs of a scheme, for a run of these days, as known at a watermark; `replaces`
/// is the run under review it takes the place of. What a closed period hands on is revised where late facts changed it, and
/// `document`'s pool is handed what its policy leaves to the next one; gives the watermark with that. What the guards took and
/// would not now is given back.
pub(super) async fn differences(
    app: &App,
    actor: &Actor,
    document: &Document,
    (from, _to): (Date, Date),
    mut mark: i64,
    replaces: Option<i64>,
) -> Result<(Vec<NewLine>, i64), PayError> {
    let scheme = &document.header.id;
    let since = from
        .checked_sub(app.programme.clawback_months.months())
        .unwrap_or(from);
    let (mut lines, mut runs) = (Vec::new(), Vec::new());
    // The oldest first: what it hands on is read by the next.
    for head in app.store.booked_heads(scheme, since, from).await? {
        let Some(run) = app.store.run(head.id).await? else {
            continue;
        };
        if let Some(again) = of_run(app, &run, mark, replaces).await? {
            lines.extend(again.lines);
            mark = again!(next::revise(app, actor, &run, &again.emitted, mark))?;
            if again.policy == Late::NextPool {
                mark = again!(next::hand(app, actor, &run, (document, from), again.left, mark))?;
            }
        }
        runs.push(head.id);
    }
    // What the guards let one of them keep depends on what is corrected of all of them.
    let mut released = Vec::new();
    for run in runs {
        if let Some(run) = app.store.run(run).await? {
            released.extend(release::of(app, &run, &lines, mark, replaces).await?);
        }
    }
    lines.extend(released);
    Ok((lines, mark))
}

/// A closed run by what is known now.
struct Again {
    /// What differs.
    lines: Vec<NewLine>,
    /// Facts of the next period, JSON.
    emitted: Vec<Value>,
    /// What its document does with a difference.
    policy: Late,
    /// What it leaves to the next pool.
    left: Money,
}

/// `None`: no late fact tells of it.
async fn of_run(app: &App, run: &Run, mark: i64, replaces: Option<i64>) -> Result<Option<Again>, PayError> {
    let document = library::document_of(run)?;
    if document.header.late == Late::None {
        return Ok(None);
    }
    let params: Value = serde_json::from_str(&run.params).unwrap_or_default();
    let days = (run.from_on, run.to_on);
    // Only one policy asks whom late facts are about; for the others it is enough that there is one.
    let most = if document.header.late == Late::OwnLineOnly {
        i64::MAX
    } else {
        1
    };
    let mut about_whom = Vec::new();
    let mut is_late = false;
    for (kind, reach) in reach_of(app, &document, days, &params)? {
        let span = (run.watermark, mark);
        let facts = app.store.late_facts(&kind, (reach.from, reach.to), span, most);
        for (subject, fields) in facts.await? {
            is_late = true;
            about_whom.extend(subject);
            let told: Value = serde_json::from_str(&fields).unwrap_or_default();
            let words = told
                .as_object()
                .into_iter()
                .flatten()
                .filter_map(|(_, v)| v.as_str());
            about_whom.extend(words.map(str::to_owned));
        }
    }
    if !is_late {
        return Ok(None);
    }
    let mut since = Vec::new();
    for kind in Shape::of(&document).facts.into_keys() {
        since.extend(
            app.store
                .known_since(&kind, (run.watermark, mark), TOLD_MOST)
                .await?,
        );
    }
    let material = gather(app, &document, days, &params, mark, Some(&run.roster)).await?;
    let booked = app.store.booked_lines(run.id, replaces).await?;
    let (id, period) = (run.id, run.period.clone());
    let work = tokio::task::spawn_blocking(move || {
        lines_of(
            &document,
            &material.input,
            &booked,
            (&about_whom, &since),
            (id, &period),
        )
    });
    let again = work.await;
    again.map_err(|_| PayError::Unable(Unable::BrokenOff))?.map(Some)
}

/// The differences as lines; only what differs gets its story.
fn lines_of(
    document: &Document,
    input: &str,
    booked_rows: &[LineRow],
    (about_whom, since): (&[String], &[LateFact]),
    (origin, period): (i64, &str),
) -> Result<Again, PayError> {
    let ran = ran(document, input)?;
    let booked: Vec<(Key, Num)> = booked_rows
        .iter()
        .map(|row| (key_of(row), num(row.line.amount)))
        .collect();
    let change = delta(&ran.outcome.lines, &booked, document.header.late, about_whom);
    let now: BTreeMap<Key, &Line> = ran.outcome.lines.iter().map(|line| (key(line), line)).collect();
    let was: BTreeMap<Key, &LineRow> = booked_rows.iter().map(|row| (key_of(row), row)).collect();
    let mut lines = Vec::new();
    for difference in change.book {
        let like = match (now.get(&difference.key), was.get(&difference.key)) {
            (Some(line), _) => new_line(document, &ran, line)?,
            (None, Some(row)) => nothing_left(document, &row.line, since),
            (None, None) => continue,
        };
        let (should, before) = (money(&difference.should)?, money(&difference.booked)?);
        lines.push(NewLine {
            kind: LineKind::Late,
            origin: Some(origin),
            amount: money(&difference.amount)?,
            says: (
                format!(
                    "{period}期补差：按现有事实应为 {should} 元，已入账 {before} 元。{}",
                    like.says.0
                ),
                format!(
                    "Correction of {period}: {should} is due by what is known now, {before} was booked. {}",
                    like.says.1
                ),
            ),
            ..like
        });
    }
    let mut outcome = ran.outcome.to_json(|_| String::new());
    let emitted = outcome["facts"].as_array_mut().map(std::mem::take);
    Ok(Again {
        lines,
        emitted: emitted.unwrap_or_default(),
        policy: document.header.late,
        left: money(&change.left)?,
    })
}

/// Most facts of a kind that are looked through for what took an amount away.
const TOLD_MOST: i64 = 1000;
/// Most of them that are told.
const TOLD: usize = 20;

/// A line of which nothing is left: not the arithmetic of what it was, but the facts since that touch what it came from.
fn nothing_left(document: &Document, line: &NewLine, since: &[LateFact]) -> NewLine {
    let mut touched = BTreeSet::from([line.payee.clone()]);
    touched.extend(line.about.clone());
    keys_of(
        &serde_json::from_str(&line.trace).unwrap_or_default(),
        &mut touched,
    );
    let kinds = document.facts_json();
    let told = since.iter().filter_map(|fact| {
        let fields: Value = serde_json::from_str(&fact.fields).unwrap_or_default();
        let is_foreign = fields
            .get(FOR_SCHEME)
            .is_some_and(|only| *only != *document.header.id);
        let words = fields.as_object().into_iter().flatten();
        let mut words = words.filter_map(|(_, value)| value.as_str());
        let is_about = touched.contains(&fact.source_key)
            || fact.subject.as_ref().is_some_and(|who| touched.contains(who))
            || words.any(|word| touched.contains(word));
        (is_about && !is_foreign).then(|| told(&kinds, fact, &fields))
    });
    let told: Vec<Value> = told.take(TOLD).collect();
    let zh = "按现有事实这一项已没有金额".to_owned();
    let en = "By what is known now nothing of it is left".to_owned();
    let list = |lang: &str, comma: &str| {
        let all: Vec<&str> = told
            .iter()
            .filter_map(|node| node["says"][lang].as_str())
            .collect();
        all.join(comma)
    };
    let says = if told.is_empty() {
        (format!("{zh}。"), format!("{en}."))
    } else {
        (
            format!("{zh}，因为：{}。", list("zh", "；")),
            format!("{en}, because of: {}.", list("en", "; ")),
        )
    };
    let node = |zh: &str, en: &str, from: Vec<Value>| {
        json!({
            "step": line.component, "rule": line.rule, "key": line.payee, "says": { "zh": zh, "en": en },
            "figures": {}, "from": from, "more": 0,
        })
    };
    // The root is the line itself, which is told by its title: the reason stands below it.
    let trace = node(&line.title.0, &line.title.1, vec![node(&zh, &en, told)]);
    NewLine {
        says,
        trace: trace.to_string(),
        ..line.clone()
    }
}

/// The keys of the facts a trace ends at.
fn keys_of(node: &Value, out: &mut BTreeSet<String>) {
    if node["step"]
        .as_str()
        .is_some_and(|step| step.starts_with("fact."))
    {
        out.extend(node["key"].as_str().map(str::to_owned));
    }
    for child in node["from"].as_array().into_iter().flatten() {
        keys_of(child, out);
    }
}

/// A fact as the end of a trace: kind, key, day, its figures by name, and what it is about.
fn told(kinds: &Value, fact: &LateFact, fields: &Value) -> Value {
    let mut kinds = kinds.as_array().into_iter().flatten();
    let kind = kinds
        .find(|k| k["kind"] == *fact.kind)
        .cloned()
        .unwrap_or_default();
    let says = |lang: &str, void: &str| {
        let columns = kind["fields"].as_array().into_iter().flatten();
        let parts = columns.filter_map(|column| {
            let value = fields.get(column["name"].as_str()?)?;
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Some(format!("{} {value}", column["label"][lang].as_str()?))
        });
        let mut parts: Vec<String> = parts.collect();
        if fact.void {
            parts.insert(0, void.to_owned());
        }
        let name = kind["name"][lang].as_str().unwrap_or(&fact.kind);
        format!(
            "{name} {} ({}) {}",
            fact.source_key,
            fact.occurred_on,
            parts.join(", ")
        )
    };
    json!({
        "step": format!("fact.{}", fact.kind), "rule": "", "key": fact.source_key,
        "says": { "zh": says("zh", "已作废"), "en": says("en", "void") }, "figures": fields, "from": [], "more": 0,
    })
}

/// The key a stored line is booked under.
fn key_of(row: &LineRow) -> Key {
    let line = &row.line;
    Key::of(
        &line.payee,
        &line.component,
        line.about.as_deref(),
        line.due.as_deref(),
    )
}

fn num(amount: Money) -> Num {
    Num::ratio(i128::from(amount.minor()), 100).unwrap_or_default()
}
