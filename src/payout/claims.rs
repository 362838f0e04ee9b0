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

/// A row: its relation and its number in it.
type At = (usize, usize);

/// Name of the field that holds a fact's money.
const AMOUNT: &str = "amount";

impl Document {
    /// Shares a line over the facts with money it was made of, by the amounts that were added up; in the order of the facts.
    /// Empty where none has money, or all of it is 0. Pools are nobody's order: what others brought in is no part.
    pub fn claims(&self, run: &Evaluation, line: &Line) -> Vec<Claim> {
        let mut leaves = Vec::new();
        self.leaves(run, (self.steps[line.step].relation, line.row), &mut leaves);
        let mut found: HashMap<At, Num> = HashMap::new();
        for (at, weight) in leaves {
            // A fact by several ways (a union of two commissions on it) has a part by each.
            let sum = found.entry(at).or_default();
            *sum = &*sum + &weight;
        }
        let mut parts: Vec<(At, Num)> = found.into_iter().filter(|(_, w)| !w.is_zero()).collect();
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

    /// Facts with money a row is made of, each with its weight in it. A step that adds up a column of money weighs what it
    /// is made of by that column; where none is added up, facts weigh what they are.
    fn leaves(&self, run: &Evaluation, (relation, at): At, found: &mut Vec<(At, Num)>) {
        let Some(row) = run.relations[relation].rows.get(at) else {
            return;
        };
        let Some(step) = self.step_of(relation) else {
            let of = self.money_of(relation).and_then(|c| number(&row.cells[c]));
            found.extend(of.map(|of| ((relation, at), of)));
            return;
        };
        let (source, members) = made_of(step, row);
        let summed = self.summed(&step.block);
        for member in members.iter() {
            let (at, begin) = (*member as usize, found.len());
            self.leaves(run, (source, at), found);
            let cell = summed.and_then(|c| number(run.relations[source].rows.get(at)?.cells.get(c)?));
            if let Some(cell) = cell {
                weigh(&mut found[begin..], &cell);
            }
        }
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
        if let Block::Round(round) = block
            && round.by.is_some()
        {
            return Some(round.column);
        }
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

/// Makes weights add up to an amount, in their proportion.
fn weigh(parts: &mut [(At, Num)], to: &Num) {
    if let [(_, one)] = parts {
        *one = to.clone();
        return;
    }
    let whole: Num = parts.iter().map(|(_, weight)| weight).sum();
    for (_, weight) in parts {
        *weight = (&*weight * to).over(&whole).unwrap_or_default();
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
    /// What a document's lines give for each fact: `component payee: kind id amount of gross`.
    fn told(text: &str, input: &serde_json::Value) -> Vec<String> {
        let document = Document::parse("x.toml", text).unwrap();
        let run = evaluate(&document, document.input(input).unwrap()).unwrap();
        let mut told = Vec::new();
        for line in &run.outcome.lines {
            for c in document.claims(&run, line) {
                told.push(format!(
                    "{} {} {}: {} of {}",
                    line.component, line.payee, c.key, c.amount, c.of
                ));
            }
        }
        told
    }

    #[test]
    fn orders_of_other_rates_and_refunded_ones_have_what_each_earned_of_a_rounded_sum() {
        let text = std::fs::read_to_string("schemes/00-social.toml").unwrap();
        let order = |id: &str, margin: &str| {
            json!({ "kind": "order", "id": id, "occurred": "2026-10-05", "customer": id,
            "amount": "1000.00", "coupon": "li", "margin": margin })
        };
        let input = json!({
            "period": { "from": "2026-10-01", "to": "2026-11-01" },
            "params": { "lead_rates": [], "star_bonus": "0", "sale_bands": [{ "from": "0", "gives": "1%" }],
                "sale_rate_high": "8%", "sale_rate_max": "8%", "virality_pool": "0", "virality_min": 1,
                "team_target": "0", "team_share": "0", "point_prices": [] },
            "roster": [{ "id": "li" }],
            "facts": [order("high", "high"), order("normal", "normal"), order("gone", "high"), order("half", "normal"),
                      { "kind": "refund", "id": "r1", "occurred": "2026-10-20", "of": "gone", "amount": "1000.00" },
                      { "kind": "refund", "id": "r2", "occurred": "2026-10-20", "of": "half", "amount": "500.00" }],
        });
        assert_eq!(
            told(&text, &input),
            [
                "sales li half: 5 of 1000",
                "sales li high: 80 of 1000",
                "sales li normal: 10 of 1000"
            ]
        );
    }

    /// Two commissions on one sale, united; sums of customers, and a sum of these.
    const TWO_WAYS: &str = r#"
[scheme]
id = "90-ways"
zh = "两条路"
en = "two ways"
source = "test"
from = "2026-01-01"

[fact.sale]
fields = { seller = "employee", customer = "text", amount = "money", rate = "ratio" }

[[step]]
id = "sales"
do = "select"
from = "fact.sale"

[[step]]
id = "first"
do = "derive"
from = "sales"
columns = { pays = "amount * rate" }

[[step]]
id = "second"
do = "derive"
from = "sales"
columns = { pays = "when rate > 5% then amount * 2% else 0" }

[[step]]
id = "both"
do = "select"
from = ["first", "second"]
columns = ["seller", "customer", "pays"]

[[step]]
id = "customers"
do = "aggregate"
from = "both"
by = ["seller", "customer"]
columns = { pays = "sum(pays)" }

[[step]]
id = "cash"
do = "round"
from = "customers"
column = "pays"
by = "seller"
as = "pay"

[[step]]
id = "commission"
do = "emit"
as = "line"
zh = "提成"
en = "commission"
from = "cash"
payee = "seller"
amount = "pay"
"#;

    #[test]
    fn what_two_ways_give_for_one_fact_is_added_up_and_sums_of_sums_keep_each_facts_part() {
        let sale = |id: &str, customer: &str, rate: &str| {
            json!({ "kind": "sale", "id": id, "occurred": "2026-10-05",
            "seller": "li", "customer": customer, "amount": "100.00", "rate": rate })
        };
        let input = json!({
            "period": { "from": "2026-10-01", "to": "2026-11-01" }, "roster": [{ "id": "li" }],
            "facts": [sale("a", "c1", "10%"), sale("b", "c1", "1%"), sale("c", "c2", "1%")],
        });
        assert_eq!(
            told(TWO_WAYS, &input),
            [
                "commission li a: 12 of 100",
                "commission li b: 1 of 100",
                "commission li c: 1 of 100"
            ]
        );
    }
}
