//! `allocate`: an amount over rows by weight, to the last unit.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::payout::expr::code::Code;
use crate::payout::expr::eval::World;
use crate::payout::num::Num;
use crate::payout::relation::{OutPolicy, Relation, Residue, Row, Share, Why, Work};
use crate::payout::schema::Column;
use crate::payout::value::{Type, Value};

use super::order::{self, Keys};
use super::share::{Claim, divide};
use super::spec::{Choice, Spec};
use super::{Block, Halt, Made, at_row};

#[derive(Clone, Debug)]
pub struct Allocate {
    pub from: usize,
    pub amount: Code,
    pub weight: Code,
    pub floor: Option<Code>,
    pub cap: Option<Code>,
    pub per: Vec<usize>,
    pub order: Keys,
    pub unit: Choice<i128>,
    pub nobody: Choice<&'static str>,
    pub money: bool,
}

/// Units in hundredths: for money fen, jiao, yuan; `one` for things that are counted.
pub const UNITS: [(&str, i128); 3] = [("fen", 1), ("jiao", 10), ("yuan", 100)];
const ACCOUNTS: [(&str, &str); 3] = [
    ("return", "company_budget"),
    ("roll_over", "next_period"),
    ("team_fund", "team_fund"),
];

pub fn read(spec: &Spec<'_>) -> Option<Made> {
    spec.only(&[
        "from", "amount", "weight", "floor", "cap", "per", "order", "unit", "nobody", "as",
    ]);
    let from = spec.from()?;
    let per = spec.columns("per", from)?;
    let fits = |t: Type| t.is_money() || matches!(t, Type::Count | Type::Points);
    let amount = spec.need_expr("amount", from, fits, "money, cash, a count or points")?;
    if amount.ty == (Type::Money { from_cash: true }) {
        spec.env.sink.hinted(
            &spec.raw("amount")?.span,
            "two roundings on one path: this money was computed out of cash",
            "exact money that was not rounded before, or cash itself",
            "move the `round` after this step, or divide the cash directly",
        );
        return None;
    }
    let weight = spec.need_expr("weight", from, Type::is_number, "a number")?;
    let limit = |key| {
        spec.expr(
            key,
            from,
            |t| crate::payout::expr::units::unify(t, amount.ty).is_some(),
            amount.ty.word(),
        )
    };
    let (floor, cap) = (limit("floor"), limit("cap"));
    let order = order::read(spec, "order", from)?;
    let unit = spec.choice("unit", &UNITS, 1)?;
    let nobody = spec.choice("nobody", &ACCOUNTS, "company_budget")?;
    let money = amount.ty.is_money();
    let mut columns = spec.schema(from).columns.clone();
    columns.push(Column::new(
        &spec.new_column("as", &columns)?,
        if money { Type::Cash } else { amount.ty },
    ));
    let (single, key_parts) = (spec.schema(from).single, spec.schema(from).key_parts);
    let (floor, cap) = (floor.map(|f| f.code), cap.map(|c| c.code));
    let block = Allocate {
        from,
        amount: amount.code,
        weight: weight.code,
        floor,
        cap,
        per,
        order,
        unit,
        nobody,
        money,
    };
    Some(Made {
        block: Block::Allocate(block),
        columns,
        single,
        key_parts,
    })
}

impl Allocate {
    pub fn run(&self, world: &World<'_>) -> Result<Relation, Halt> {
        let source = &world.relations[self.from];
        let unit = match (self.money, self.unit.of(world.params)) {
            (true, Some(hundredths)) => Num::ratio(hundredths, 100).unwrap_or(Num::ONE),
            _ => Num::ONE,
        };
        let mut groups: BTreeMap<Vec<Value>, Vec<usize>> = BTreeMap::new();
        if self.per.is_empty() {
            groups.insert(Vec::new(), Vec::new());
        }
        for at in order::sorted(source, &self.order) {
            let key = self
                .per
                .iter()
                .map(|c| source.rows[at].cells[*c].clone())
                .collect();
            groups.entry(key).or_default().push(at);
        }
        let mut made: Vec<Option<Row>> = vec![None; source.rows.len()];
        let mut residuals = Vec::new();
        for members in groups.values() {
            self.group(world, members, &unit, &mut made, &mut residuals)?;
        }
        Ok(Relation {
            rows: made.into_iter().flatten().collect(),
            residuals,
            notes: Vec::new(),
        })
    }

    /// The amount of a group: the same for all its rows.
    fn amount(&self, world: &World<'_>, members: &[usize]) -> Result<Num, Halt> {
        let source = &world.relations[self.from];
        let mut amount: Option<Num> = None;
        for at in members {
            let row = &source.rows[*at];
            let x = at_row(world.row(row).eval(&self.amount), &row.key)?.num();
            if amount.as_ref().is_some_and(|a| *a != x) {
                let before = amount.unwrap_or_default();
                let what = format!("a pool of {x} here, of {before} in a row before");
                let hint = "`per` makes one pool of each group";
                return Err(Halt::row(&row.key, what, "one amount for all rows of a pool").hinted(hint));
            }
            amount = Some(x);
        }
        if let Some(a) = amount {
            return Ok(a);
        }
        // Nobody is in the list at all: the amount can still be known when it needs no row.
        if super::derive::reads_row(&self.amount) {
            return Ok(Num::ZERO);
        }
        let nobody = Row::new("", Vec::new());
        world
            .row(&nobody)
            .eval(&self.amount)
            .map(|v| v.num())
            .map_err(Halt::all)
    }

    fn group(
        &self,
        world: &World<'_>,
        members: &[usize],
        unit: &Num,
        made: &mut [Option<Row>],
        residuals: &mut Vec<Residue>,
    ) -> Result<(), Halt> {
        let source = &world.relations[self.from];
        let amount = self.amount(world, members)?;
        let mut claims = Vec::with_capacity(members.len());
        for at in members {
            let row = &source.rows[*at];
            let seen = world.row(row);
            let counts = row
                .out
                .as_ref()
                .is_none_or(|o| o.policy != OutPolicy::Redistribute);
            let limit = |code: &Option<Code>| match code {
                Some(c) if counts => at_row(seen.eval(c), &row.key).map(|v| Some(v.num())),
                _ => Ok(None),
            };
            let weight = if counts {
                at_row(seen.eval(&self.weight), &row.key)?.num()
            } else {
                Num::ZERO
            };
            claims.push(Claim {
                weight,
                floor: limit(&self.floor)?,
                cap: limit(&self.cap)?,
            });
        }
        let division = divide(&amount, unit, &claims).map_err(|why| {
            let bad = claims
                .iter()
                .position(|c| c.weight.is_negative())
                .map(|i| source.rows[members[i]].key.to_string());
            Halt {
                row: bad,
                ..Halt::all(why)
            }
        })?;
        let weights: Num = claims.iter().map(|c| &c.weight).sum();
        let people = claims.iter().filter(|c| !c.weight.is_zero()).count();
        for ((at, part), claim) in members.iter().zip(division.parts).zip(&claims) {
            let row = &source.rows[*at];
            let result = match &row.out {
                None => part.result.clone(),
                Some(out) => {
                    if !part.result.is_zero() {
                        let account = if out.policy == OutPolicy::Hold {
                            "held"
                        } else {
                            "withheld"
                        };
                        residuals.push(Residue {
                            account: account.into(),
                            amount: part.result.clone(),
                            why: Why::Failed(row.key.clone(), out.codes.clone()),
                        });
                    }
                    Num::ZERO
                }
            };
            let mut new = row.extended(*at, [Value::Num(result)]);
            new.work = Some(Arc::new(Work::Share(Box::new(Share {
                total: division.total.clone(),
                weight: claim.weight.clone(),
                weights: weights.clone(),
                unit: unit.clone(),
                exact: part.exact,
                floor: part.floor,
                queue: part.queue,
                extra: part.extra,
                result: part.result,
                people,
            }))));
            made[*at] = Some(new);
        }
        if !division.left.is_zero() {
            let account = self
                .nobody
                .of(world.params)
                .unwrap_or("company_budget")
                .to_owned();
            let why = if people == 0 { Why::Nobody } else { Why::Capped };
            residuals.push(Residue {
                account,
                amount: division.left,
                why,
            });
        }
        Ok(())
    }
}
