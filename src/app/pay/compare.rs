//! A run beside itself, computed once more: which lines and which of its other findings come out otherwise, and how.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

use crate::storage::pay::NewLine;

/// What Bole adds to an outcome: the engine knows nothing of it.
const NOT_THE_ENGINES: [&str; 2] = ["people_without_attributes", "facts_without_fields"];

type Key<'a> = (&'a str, &'a str, Option<&'a str>, Option<&'a str>);

fn key(line: &NewLine) -> Key<'_> {
    (
        &line.payee,
        &line.component,
        line.about.as_deref(),
        line.due.as_deref(),
    )
}

fn name(line: &NewLine) -> String {
    let about = line.about.as_ref().map_or(String::new(), |a| format!(" {a}"));
    let due = line.due.as_ref().map_or(String::new(), |d| format!(" @{d}"));
    format!("{} {}{about}{due}", line.payee, line.component)
}

/// How many lines come out the same to the byte, and what is otherwise with the rest.
pub(super) fn lines(was: &[&NewLine], now: &[NewLine]) -> (usize, Vec<String>) {
    let mut old: BTreeMap<Key<'_>, VecDeque<&NewLine>> = BTreeMap::new();
    for line in was {
        old.entry(key(line)).or_default().push_back(line);
    }
    let (mut same, mut differ) = (0, Vec::new());
    for new in now {
        match old.get_mut(&key(new)).and_then(VecDeque::pop_front) {
            None => differ.push(format!("{}: {} more", name(new), new.amount)),
            Some(line) if line == new || without_notes(line) == without_notes(new) => same += 1,
            Some(line) => differ.push(format!("{}: {}", name(new), fields(line, new).join(", "))),
        }
    }
    for line in old.into_values().flatten() {
        differ.push(format!("{}: {} no more", name(line), line.amount));
    }
    if differ.is_empty() && was.iter().zip(now).any(|(was, now)| key(was) != key(now)) {
        differ.push("the order of the lines".to_owned());
    }
    (same, differ)
}

/// A line without what the book prints wrong of its rule: that was once told to everybody, and is to who it concerns.
fn without_notes(line: &NewLine) -> NewLine {
    let trace: Value = serde_json::from_str(&line.trace).unwrap_or_default();
    let mut told = line.clone();
    for book in trace["book"].as_array().into_iter().flatten() {
        let note =
            |lang: &str, mark: &str| format!("{mark}{}", book["note"][lang].as_str().unwrap_or_default());
        told.says.0 = told.says.0.replace(&note("zh", "；"), "");
        told.says.1 = told.says.1.replace(&note("en", "; "), "");
    }
    told
}

/// The fields of a line that differ; amounts with both figures.
fn fields(was: &NewLine, now: &NewLine) -> Vec<String> {
    let mut said = Vec::new();
    if was.amount != now.amount {
        said.push(format!("amount {}, was {}", now.amount, was.amount));
    }
    for (word, differs) in [
        ("kind of payee", was.payee_kind != now.payee_kind),
        ("rule", was.rule != now.rule),
        ("title", was.title != now.title),
        ("income", was.income != now.income),
        ("base pay", was.base != now.base),
        ("sentence", was.says != now.says),
        ("trace", was.trace != now.trace),
    ] {
        if differs {
            said.push(word.to_owned());
        }
    }
    said
}

/// The parts of an outcome that come out otherwise. What is said now and was not said then is no difference: a later Bole
/// says more.
pub(super) fn outcome(was: &Value, now: &Value) -> Vec<String> {
    let parts = was.as_object().into_iter().flatten();
    parts
        .filter(|(part, said)| {
            !NOT_THE_ENGINES.contains(&part.as_str()) && !within(said, &now[part.as_str()])
        })
        .map(|(part, _)| part.clone())
        .collect()
}

fn within(was: &Value, now: &Value) -> bool {
    match (was, now) {
        (Value::Object(was), Value::Object(now)) => was
            .iter()
            .all(|(name, value)| now.get(name).is_some_and(|other| within(value, other))),
        (Value::Array(was), Value::Array(now)) => {
            was.len() == now.len() && was.iter().zip(now).all(|(a, b)| within(a, b))
        }
        _ => was == now,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::Money;
    use crate::payout::Income;
    use crate::storage::pay::LineKind;

    fn line(payee: &str, about: &str, fen: i64) -> NewLine {
        NewLine {
            kind: LineKind::Line,
            origin: None,
            payee: payee.into(),
            payee_kind: "employee".into(),
            component: "commission".into(),
            rule: "R1".into(),
            title: ("提成".into(), "commission".into()),
            amount: Money::from_minor(fen),
            income: Income::Wages,
            base: false,
            about: Some(about.into()),
            due: None,
            says: (String::new(), String::new()),
            trace: "{}".into(),
        }
    }

    #[test]
    fn a_line_that_changed_is_told_with_both_amounts_and_one_in_the_middle_moves_no_other() {
        let was = [line("a", "o1", 100), line("b", "o2", 200), line("c", "o3", 300)];
        let was: Vec<&NewLine> = was.iter().collect();
        let mut now = vec![
            line("a", "o1", 150),
            line("x", "o9", 1),
            line("b", "o2", 200),
            line("c", "o3", 300),
        ];
        now[0].trace = "[]".into();
        let told = (
            2,
            vec![
                "a commission o1: amount 1.50, was 1.00, trace".to_owned(),
                "x commission o9: 0.01 more".to_owned(),
            ],
        );
        assert_eq!(lines(&was, &now), told);
        now.clear();
        assert_eq!(lines(&was[1..2], &now).1, ["b commission o2: 2.00 no more"]);
        let turned = [line("b", "o2", 200), line("a", "o1", 100)];
        assert_eq!(
            lines(&was[..2], &turned),
            (2, vec!["the order of the lines".to_owned()])
        );
        let twice = [line("a", "o1", 100), line("a", "o1", 100)];
        assert_eq!(
            lines(&was[..1], &twice),
            (1, vec!["a commission o1: 1.00 more".to_owned()])
        );
    }

    #[test]
    fn an_outcome_that_says_more_than_it_did_is_the_same_and_one_that_says_otherwise_is_not() {
        let was = json!({ "warnings": [{ "value": "300" }], "facts_without_fields": 3, "total": "1" });
        let more = json!({ "warnings": [{ "value": "300", "says": "x" }], "total": "1", "tax": "pre" });
        assert!(outcome(&was, &more).is_empty());
        for other in [
            json!({ "warnings": [{ "value": "600" }], "total": "1" }),
            json!({ "warnings": [], "total": "1" }),
            json!({ "warnings": [{ "value": "300" }, {}], "total": "1" }),
            json!({ "total": "1" }),
        ] {
            assert_eq!(outcome(&was, &other), ["warnings"], "{other}");
        }
    }
}
