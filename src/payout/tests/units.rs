//! What a figure is counted in: money with its fen, everything else as a plain number, and its unit beside it.

use std::collections::BTreeSet;

use super::super::evaluate;
use super::super::raw::At;
use super::shipped;

#[test]
fn given_the_shipped_examples_when_told_as_json_then_only_money_has_fen_and_every_figure_says_its_unit() {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for doc in shipped() {
        for example in &doc.examples {
            let Ok(input) = doc.read_input(At::root(&example.raw)) else {
                continue;
            };
            let Ok(ran) = evaluate(&doc, input) else {
                continue;
            };
            let json = ran.outcome.to_json(|_| String::new());
            for proposal in json["proposals"].as_array().unwrap() {
                let (value, unit) = (
                    proposal["value"].as_str().unwrap(),
                    proposal["value_type"].as_str().unwrap(),
                );
                let fen = value.rsplit_once('.').is_some_and(|(_, fen)| fen.len() == 2);
                let whole = ["count", "points", "days", "months"].contains(&unit);
                let place = format!("{} {}: {proposal}", doc.header.id, example.id);
                assert!(unit != "money" || fen, "{place}");
                assert!(!whole || !value.contains('.'), "{place}");
                seen.insert(format!("{} {unit}", doc.header.id));
            }
            for warning in json["warnings"].as_array().unwrap() {
                let has = warning["value"].is_string() && warning["component"] != "override";
                let told = warning["value_type"].is_string();
                let note = doc.steps.iter().any(|s| {
                    Some(s.id.as_str()) == warning["component"].as_str() && s.block.word() != "emit"
                });
                assert!(told == has || note, "{} {}: {warning}", doc.header.id, example.id);
            }
        }
    }
    for right in ["06-headcount count", "08-regrade count", "07-new-customers money"] {
        assert!(seen.contains(right), "{right} is not among {seen:?}");
    }
}
