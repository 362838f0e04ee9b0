//! What if: the same evaluator on an overlaid input, and the difference between two outcomes.
//!
//! # Why
//! A draft is judged by what it would have cost and who would have gained. There is no way to post from here.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::doc::Document;
use super::num::Num;
use super::outcome::{Line, Outcome};

/// An amount that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Who.
    pub payee: String,
    /// Which rule.
    pub component: String,
    /// Before.
    pub before: Num,
    /// After.
    pub after: Num,
}

/// What a change costs, who gains, who loses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Amounts that differ, by payee and component.
    pub changes: Vec<Change>,
    /// Total before.
    pub before: Num,
    /// Total after.
    pub after: Num,
    /// Payees who get more.
    pub gain: Vec<(String, Num)>,
    /// Payees who get less (amounts below 0).
    pub lose: Vec<(String, Num)>,
}

/// Compares two outcomes of the same period.
pub fn compare(before: &Outcome, after: &Outcome) -> Comparison {
    let mut pairs: BTreeMap<(&str, &str), (Num, Num)> = BTreeMap::new();
    for (lines, second) in [(&before.lines, false), (&after.lines, true)] {
        for Line {
            payee,
            component,
            amount,
            ..
        } in lines
        {
            let pair = pairs.entry((payee, component)).or_default();
            let side = if second { &mut pair.1 } else { &mut pair.0 };
            *side = &*side + amount;
        }
    }
    let mut result = Comparison {
        before: before.total.clone(),
        after: after.total.clone(),
        ..Comparison::default()
    };
    let mut people: BTreeMap<&str, Num> = BTreeMap::new();
    for ((payee, component), (b, a)) in pairs {
        let person = people.entry(payee).or_default();
        *person = &*person + &(&a - &b);
        if a != b {
            result.changes.push(Change {
                payee: payee.into(),
                component: component.into(),
                before: b,
                after: a,
            });
        }
    }
    for (payee, difference) in people {
        match difference.sign() {
            1 => result.gain.push((payee.to_owned(), difference)),
            -1 => result.lose.push((payee.to_owned(), difference)),
            _ => {}
        }
    }
    result
}

/// Lays `patch` over an input: parameters by name, roster rows by id, facts by kind and id (others are added).
#[must_use]
pub fn overlay(base: &Json, patch: &Json) -> Json {
    let mut result: Map<String, Json> = base.as_object().cloned().unwrap_or_default();
    for (section, new) in patch.as_object().into_iter().flatten() {
        let merged = match (result.remove(section), new) {
            (Some(Json::Object(mut old)), Json::Object(new)) => {
                old.extend(new.clone());
                Json::Object(old)
            }
            (Some(Json::Array(mut old)), Json::Array(new)) => {
                for item in new {
                    let same = |o: &Json| {
                        item.get("id").is_some()
                            && o.get("id") == item.get("id")
                            && o.get("kind") == item.get("kind")
                    };
                    match old.iter().position(same) {
                        Some(at) => old[at] = item.clone(),
                        None => old.push(item.clone()),
                    }
                }
                Json::Array(old)
            }
            (_, new) => new.clone(),
        };
        result.insert(section.clone(), merged);
    }
    Json::Object(result)
}

/// What two documents say differently: parameters, facts and steps by name.
pub fn documents(a: &Document, b: &Document) -> Vec<String> {
    let mut said = Vec::new();
    let text = |d: &Document, span: &std::ops::Range<usize>| {
        d.text()
            .get(span.clone())
            .unwrap_or_default()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let parts = |d: &Document| {
        let params = d.params.iter().map(|p| {
            (
                format!("param.{}", p.id),
                format!("{:?}{}", p.dated, d.describe(p)),
            )
        });
        let facts = d.fact_kinds.iter().map(|f| {
            (
                format!("fact.{}", f.kind),
                format!("{:?}", d.schemas[f.relation].columns),
            )
        });
        let steps = d.steps.iter().map(|s| {
            (
                format!("step.{}", s.id),
                format!("{}{:?}", text(d, &s.span), s.block),
            )
        });
        params.chain(facts).chain(steps).collect::<BTreeMap<_, _>>()
    };
    let (old, new) = (parts(a), parts(b));
    for (name, what) in &old {
        match new.get(name) {
            None => said.push(format!("- {name}")),
            Some(w) if w != what => said.push(format!("~ {name}")),
            _ => {}
        }
    }
    said.extend(
        new.keys()
            .filter(|n| !old.contains_key(*n))
            .map(|n| format!("+ {n}")),
    );
    said
}
