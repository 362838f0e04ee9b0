//! How far back and ahead a document looks: the days of which it reads each kind of fact.
//!
//! # Why
//! A firm's facts grow for ever, a month's calculation must not. What a document selects says which days can matter; who
//! feeds it reads no others, and a fact outside of them is not late for it.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};

use super::block::Block;
use super::block::derive::visit;
use super::doc::Document;
use super::expr::code::Code;
use super::expr::eval::World;
use super::input::Input;
use super::raw::Refused;
use super::relation::Row;
use super::value::Value;

/// Days, half-open; `None`: no bound on that side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// First day.
    pub from: Option<Date>,
    /// The day after the last.
    pub to: Option<Date>,
}

impl Reach {
    /// Whether a day is within.
    pub fn holds(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }

    /// The days of either.
    fn with(self, other: Self) -> Self {
        let both = |a: Option<Date>, b: Option<Date>, pick: fn(Date, Date) -> Date| Some(pick(a?, b?));
        Self {
            from: both(self.from, other.from, Date::min),
            to: both(self.to, other.to, Date::max),
        }
    }
}

impl Document {
    /// For each kind of fact the document declares, the days it reads in a period (half-open) with these parameters (a
    /// JSON object). A kind that is read without a window, or in one that depends on rows, has no bounds. Days are those
    /// of the document's zone.
    ///
    /// # Errors
    /// A parameter or period the document cannot be run with, as [`Document::input`] says it.
    pub fn reach(
        &self,
        (from, to): (Date, Date),
        params: &serde_json::Value,
    ) -> Result<BTreeMap<String, Reach>, Refused> {
        let period = serde_json::json!({ "from": from.to_string(), "to": to.to_string() });
        let input = self.input(&serde_json::json!({ "period": period, "params": params }))?;
        Ok(self.reach_in(&input))
    }

    fn reach_in(&self, input: &Input) -> BTreeMap<String, Reach> {
        let mut found = BTreeMap::new();
        for kind in &self.fact_kinds {
            let mut reach: Option<Reach> = None;
            for step in &self.steps {
                if let Some(read) = reads(&step.block, kind.relation, input) {
                    reach = Some(reach.map_or(read, |known| known.with(read)));
                }
            }
            found.insert(kind.kind.clone(), reach.unwrap_or_default());
        }
        found
    }
}

/// The days of a relation of facts that a step reads; `None`: it does not read it.
fn reads(block: &Block, relation: usize, input: &Input) -> Option<Reach> {
    if !block.reads().contains(&relation) {
        return None;
    }
    let window = match block {
        Block::Select(select) => select.window.as_ref(),
        _ => None,
    };
    Some(window.map_or_else(Reach::default, |(_, from, to)| Reach {
        from: day(from, input).map(|(day, _)| day),
        // An instant within a day needs that day.
        to: day(to, input).and_then(|(day, whole)| if whole { Some(day) } else { day.tomorrow().ok() }),
    }))
}

/// The day an expression gives without any row, and whether it is that day's midnight.
fn day(code: &Code, input: &Input) -> Option<(Date, bool)> {
    let mut by_row = false;
    visit(code, &mut |part| {
        by_row |= matches!(
            part,
            Code::Col(_) | Code::Join(..) | Code::Single(..) | Code::Figure(_)
        );
    });
    if by_row {
        return None;
    }
    let world = World {
        params: &input.params,
        relations: &input.relations,
        from: input.from,
        to: input.to,
    };
    let nothing = Row::new("", Vec::new());
    // What cannot be computed stops the run at its step; until then nothing is left out.
    match world.row(&nothing).eval(code) {
        Ok(Value::Date(at)) => Some((at.date(), at.time() == Time::midnight())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payout::evaluate;
    use crate::payout::raw::At;
    use jiff::civil::date;
    use serde_json::json;

    fn document(id: &str) -> Document {
        let text = std::fs::read_to_string(format!("schemes/{id}.toml")).unwrap();
        Document::parse(&format!("{id}.toml"), &text).unwrap()
    }

    #[test]
    fn a_kind_is_read_of_the_days_its_steps_select_and_of_all_days_where_one_does_not_say() {
        let month = (date(2026, 11, 1), date(2026, 12, 1));
        let reach = document("07-new-customers").reach(month, &json!({})).unwrap();
        let days = |from, to| Reach {
            from: Some(from),
            to: Some(to),
        };
        assert_eq!(reach["card"], days(month.0, month.1));
        assert_eq!(
            reach["first_batch"],
            days(date(1900, 1, 1), month.1),
            "by its days"
        );
        assert_eq!(
            reach["rise"],
            days(date(2025, 12, 1), month.1),
            "by its parameter"
        );
        assert_eq!(reach["refund"], Reach::default(), "within all");
        let longer = document("07-new-customers")
            .reach(month, &json!({ "raise_months": 6 }))
            .unwrap();
        assert_eq!(longer["rise"], days(date(2026, 6, 1), month.1));
    }

    #[test]
    fn two_windows_are_the_days_of_both_and_one_that_asks_rows_has_no_bounds() {
        let month = (date(2026, 11, 1), date(2026, 12, 1));
        let support = document("02-marketing-support-month");
        let params = json!({ "pool_min": "2000", "pool_sprint": "8000" });
        let score = support.reach(month, &params).unwrap()["score"];
        assert_eq!(
            score,
            Reach {
                from: Some(date(2026, 1, 1)),
                to: Some(month.1)
            }
        );
        let levels = document("08-five-levels");
        let params = json!({
            "pay_levels": [{ "post": "a", "underqualified": "1", "expected": "2", "qualified": "3", "competent": "4",
                             "highly_competent": "5" }],
            "result_form": [{ "item": "a", "points": "100" }], "behaviour_form": [{ "item": "a", "points": "100" }],
            "result_weight": "70%", "coefficient_bands": [{ "from": "0", "gives": "1" }],
        });
        assert_eq!(levels.reach(month, &params).unwrap()["score"], Reach::default());
    }

    #[test]
    fn facts_out_of_reach_change_nothing_in_any_example_of_the_shipped_documents() {
        let (mut tried, mut dropped) = (0, 0);
        for document in crate::payout::tests::shipped() {
            for example in &document.examples {
                let Ok(input) = document.read_input(At::root(&example.raw)) else {
                    continue;
                };
                let reach = document.reach_in(&input);
                let mut near = input.clone();
                for kind in &document.fact_kinds {
                    let reach = reach[&kind.kind];
                    let rows = &mut near.relations[kind.relation].rows;
                    let all = rows.len();
                    rows.retain(|row| matches!(&row.cells[1], Value::Date(at) if reach.holds(at.date())));
                    dropped += all - rows.len();
                }
                let told = |input: Input| match evaluate(&document, input) {
                    Ok(run) => format!("{:?}", run.outcome),
                    Err(stop) => stop.to_string(),
                };
                assert_eq!(told(near), told(input), "{} {}", document.header.id, example.id);
                tried += 1;
            }
        }
        assert!(
            tried > 200 && dropped > 5,
            "{tried} examples, {dropped} facts out of reach"
        );
    }

    #[test]
    fn what_cannot_be_run_has_no_reach() {
        let document = document("07-new-customers");
        let refused = document
            .reach((date(2026, 11, 1), date(2026, 11, 1)), &json!({}))
            .unwrap_err();
        assert_eq!(refused.path, "period");
        let month = (date(2026, 11, 1), date(2026, 12, 1));
        assert!(document.reach(month, &json!({ "nothing": 1 })).is_err());
    }
}
