//! Guards across schemes: documents too, run on the lines of all schemes of their days (GC-22, GC-23).

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::app::pay::calculate::compute;
use crate::app::pay::material::Material;
use crate::app::pay::{PayError, library};
use crate::domain::Money;
use crate::payout::Document;
use crate::storage::pay::{LineKind, NewLine, Run};

/// The guards' document.
pub(super) const GUARDS: &str = "99-guards";

/// Orders and what every scheme gives for them, of all runs that touch these days.
pub(super) async fn material(
    app: &App,
    document: &Document,
    (from, to): (Date, Date),
    params: &Value,
    mark: i64,
) -> Result<Material, PayError> {
    let mut orders: BTreeMap<String, Value> = BTreeMap::new();
    for row in app.store.facts_as_of("order", mark).await? {
        let told: Value = serde_json::from_str(&row.fields).unwrap_or_default();
        if let Some(amount) = told["amount"].as_str() {
            let fact =
                json!({ "kind": "order", "id": row.source_key, "occurred": row.occurred, "amount": amount });
            orders.insert(row.source_key, fact);
        }
    }
    let mut facts = Vec::new();
    let mut named = BTreeSet::new();
    let first = from.to_string();
    for run in app.store.runs_touching(from, to).await? {
        if run.scheme == document.header.id {
            continue;
        }
        let mut sums: BTreeMap<(String, String), Money> = BTreeMap::new();
        for row in app.store.run_lines(run.id, None, None, i64::MAX).await? {
            let Some(order) = row.line.about.filter(|about| orders.contains_key(about)) else {
                continue;
            };
            let sum = sums.entry((order, row.line.payee)).or_default();
            *sum = sum.checked_add(row.line.amount).unwrap_or(*sum);
        }
        for ((order, person), amount) in sums {
            let id = format!("{}:{order}:{person}", run.scheme);
            named.insert(order.clone());
            facts.push(
                json!({ "kind": "claim", "id": id, "occurred": first, "order": order, "person": person,
                               "scheme": run.scheme, "amount": amount.to_string() }),
            );
        }
    }
    facts.extend(named.iter().filter_map(|order| orders.get(order).cloned()));
    let input = json!({
        "period": { "from": first, "to": to.to_string() }, "params": params, "facts": facts,
    });
    Ok(Material {
        hash: Sha256::digest(input.to_string().as_bytes()).into(),
        input,
        roster: "[]".to_owned(),
        unknown: 0,
        left_out: 0,
    })
}

/// Schemes that are due in a run's days and were not calculated.
pub(super) async fn missing(app: &App, run: &Run) -> Result<Vec<String>, PayError> {
    let touching = app.store.runs_touching(run.from_on, run.to_on).await?;
    let mut missing = Vec::new();
    for scheme in app.store.schemes_set().await? {
        let is_due = library::scheme_document(app, &scheme, run.from_on)
            .await?
            .is_some_and(|s| s.enabled && !s.document.header.guard && ends_within(&s.document, run));
        if is_due && !touching.iter().any(|r| r.scheme == scheme) {
            missing.push(scheme);
        }
    }
    Ok(missing)
}

/// What the guards say of a run that is about to be closed: their warnings, and the lines that take from it what is over
/// for its orders. Refused while a scheme that is due in these days was not calculated.
pub(super) async fn look(app: &App, run: &Run) -> Result<(Vec<NewLine>, Value), PayError> {
    if let Some(scheme) = missing(app, run).await?.first() {
        let detail = format!(
            "{scheme} is due in {} and was not calculated: the guards must see every scheme",
            run.period
        );
        return Err(PayError::Conflict(detail));
    }
    let Some(guards) = library::scheme_document(app, GUARDS, run.from_on).await? else {
        return Ok((Vec::new(), json!([])));
    };
    let days = (run.from_on, run.to_on);
    let material = material(app, &guards.document, days, &guards.params, i64::MAX).await?;
    let facts = material.input["facts"].clone();
    let computed = compute(guards.document.clone(), material).await?;
    let mut over: BTreeMap<(String, String), Money> = BTreeMap::new();
    for fact in facts
        .as_array()
        .into_iter()
        .flatten()
        .filter(|f| f["kind"] == "claim")
    {
        let text = |name: &str| fact[name].as_str().unwrap_or_default().to_owned();
        let sum = over.entry((text("order"), text("person"))).or_default();
        let amount = signed(&text("amount"));
        *sum = sum.checked_add(amount).unwrap_or(*sum);
    }
    for line in &computed.lines {
        let order = line.about.clone().unwrap_or_default();
        if let Some(sum) = over.get_mut(&(order, line.payee.clone())) {
            *sum = sum.checked_sub(line.amount).unwrap_or(*sum);
        }
    }
    let mine = app.store.run_lines(run.id, None, None, i64::MAX).await?;
    let mut lines = Vec::new();
    for ((order, person), too_much) in over {
        let own = mine.iter().find(|row| {
            row.line.payee == person
                && row.line.about.as_deref() == Some(order.as_str())
                && row.line.amount > Money::ZERO
        });
        let Some(own) = own.filter(|_| too_much > Money::ZERO) else {
            continue;
        };
        lines.push(NewLine {
            kind: LineKind::Guard,
            origin: None,
            component: "guard".to_owned(),
            rule: "GC-22, GC-23".to_owned(),
            title: ("跨方案护栏".to_owned(), "Guards across schemes".to_owned()),
            amount: Money::from_minor(-too_much.minor()),
            says: (
                format!("订单 {order} 在几个方案里一共超出 {too_much} 元，按护栏扣回。"),
                format!("Order {order} is {too_much} over across schemes; the guards take it back."),
            ),
            trace: json!({ "guards": computed.outcome["warnings"] }).to_string(),
            ..own.line.clone()
        });
    }
    Ok((lines, computed.outcome["warnings"].clone()))
}

/// A month's scheme is due in every month; a quarter's or a year's where the run's days reach its end; an activity's
/// only when somebody calculates it.
fn ends_within(document: &Document, run: &Run) -> bool {
    let end = run.to_on;
    match document.header.period.as_str() {
        "month" => end.day() == 1 && run.from_on.day() == 1,
        "quarter" => end.day() == 1 && (end.month() - 1) % 3 == 0 && run.from_on.day() == 1,
        "year" => end.day() == 1 && end.month() == 1 && run.from_on.day() == 1,
        _ => false,
    }
}

pub(super) fn signed(text: &str) -> Money {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    Money::parse(digits).map_or(Money::ZERO, |m| Money::from_minor(sign * m.minor()))
}
