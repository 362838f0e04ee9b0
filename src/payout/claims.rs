//! What a line gives for each thing with money behind it: an order's part of a month's commission.
//!
//! # Why
//! A month's commission is one line, and the guards across schemes look at orders (GC-22, GC-23). The line is shared over
//! the amounts it was added up from, as its steps added them up: net of refunds where they did.

use std::collections::HashMap;

use super::block::Block;
use super::doc::Document;
use super::explain::made_of;
use super::expr::code::{Code, FigureKind};
use super::num::{Mode, Num};
use super::outcome::Line;
use super::run::Evaluation;
use super::value::Value;

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Kind of the fact.
    pub kind: String,
    /// Its id.
    pub key: String,
    /// The part of the line, to the nearest fen: parts may miss the line by a few.
    pub amount: Num,
    /// The fact's own amount, to the fen.
    pub of: Num,
}

/// Name of the field that holds a fact's money.
const AMOUNT: &str = "amount";

impl Document {
    /// Shares a line over the facts with money it was made of, by the amounts that were added up; in the order of the facts.
    /// Empty where none has money, or all of it is 0. Pools are nobody's order: what others brought in is no part.
    pub fn claims(&self, run: &Evaluation, line: &Line) -> Vec<Claim> {
        let mut found: HashMap<(usize, usize), Num> = HashMap::new();
        let mut ways = vec![(self.steps[line.step].relation, line.row, None::<Num>)];
        while let Some((relation, at, weight)) = ways.pop() {
            let Some(row) = run.relations[relation].rows.get(at) else {
                continue;
            };
            let Some(step) = self.step_of(relation) else {
                if let Some(of) = self.money_of(relation).and_then(|c| number(&row.cells[c])) {
                    found.insert((relation, at), weight.unwrap_or_else(|| of.clone()));
                }
                continue;
            };
            let (source, members) = made_of(step, row);
            let summed = self.summed(&step.block);
            for member in members.iter() {
                let at = *member as usize;
                let cell = summed.and_then(|c| number(run.relations[source].rows.get(at)?.cells.get(c)?));
                ways.push((source, at, cell.or_else(|| weight.clone())));
            }
        }
        let mut parts: Vec<((usize, usize), Num)> = found.into_iter().filter(|(_, w)| !w.is_zero()).collect();
        parts.sort_by_key(|(at, _)| *at);
        let whole: Num = parts.iter().map(|(_, weight)| weight).sum();
        let fen = |n: &Num| n.rounded(&Num::ratio(1, 100).unwrap_or_default(), Mode::HalfUp);
        let share = |weight: &Num| (&line.amount * weight).over(&whole).map(|part| fen(&part));
        parts
            .iter()
            .filter_map(|((relation, at), weight)| {
                let row = &run.relations[*relation].rows[*at];
                let kind = self.schemas[*relation].name.strip_prefix("fact.")?;
                Some(Claim {
                    kind: kind.to_owned(),
                    key: row.key.to_string(),
                    amount: share(weight)?,
                    of: fen(&number(&row.cells[self.money_of(*relation)?])?),
                })
            })
            .collect()
    }

    /// The column of a kind of fact that holds its money.
    fn money_of(&self, relation: usize) -> Option<usize> {
        let schema = &self.schemas[relation];
        let is_fact = schema.name.starts_with("fact.");
        let columns = &schema.columns;
        columns
            .iter()
            .position(|c| is_fact && c.name == AMOUNT && c.ty.is_money())
    }

    /// The one column of money a step adds up, where there is one.
    fn summed(&self, block: &Block) -> Option<usize> {
        let Block::Aggregate(aggregate) = block else {
            return None;
        };
        let columns = &self.schemas[aggregate.from].columns;
        let mut summed = aggregate
            .figures
            .iter()
            .filter_map(|figure| match (figure.kind, &figure.arg) {
                (FigureKind::Sum, Some(Code::Col(c))) if columns.get(*c).is_some_and(|c| c.ty.is_money()) => {
                    Some(*c)
                }
                _ => None,
            });
        let first = summed.next()?;
        summed.all(|other| other == first).then_some(first)
    }
}

fn number(value: &Value) -> Option<Num> {
    match value {
        Value::Num(n) => Some(n.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payout::evaluate;
    use serde_json::json;

    #[test]
    fn a_months_commission_is_shared_over_its_orders_net_of_what_was_refunded() {
        let text = std::fs::read_to_string("schemes/07-new-customers.toml").unwrap();
        let document = Document::parse("07-new-customers.toml", &text).unwrap();
        let batch = |id: &str, amount: &str| json!({ "kind": "first_batch", "id": id, "occurred": "2026-10-05", "seller": "li", "customer": id, "amount": amount });
        let input = json!({
            "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": {},
            "roster": [{ "id": "li", "role": "sales" }],
            "facts": [batch("a", "10000.00"), batch("b", "20000.00"), batch("gone", "500.00"),
                      { "kind": "refund", "id": "r1", "occurred": "2026-10-20", "of": "b", "amount": "5000.00" },
                      { "kind": "refund", "id": "r2", "occurred": "2026-10-20", "of": "gone", "amount": "500.00" }],
        });
        let run = evaluate(&document, document.input(&input).unwrap()).unwrap();
        let line = &run.outcome.lines[0];
        assert_eq!(line.amount.to_string(), "2500");
        let claims = document.claims(&run, line);
        let told: Vec<String> = claims
            .iter()
            .map(|c| format!("{} {} {} of {}", c.kind, c.key, c.amount, c.of))
            .collect();
        assert_eq!(
            told,
            ["first_batch a 1000 of 10000", "first_batch b 1500 of 20000"]
        );
    }
}
