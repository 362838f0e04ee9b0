//! `limit`: caps and floors by row or by group, and what becomes of the excess.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::payout::expr::code::Code;
use crate::payout::expr::eval::World;
use crate::payout::expr::fault::Fault;
use crate::payout::expr::units::unify;
use crate::payout::num::{Mode, Num};
use crate::payout::relation::{Relation, Residue, Row, Why, Work};
use crate::payout::schema::Column;
use crate::payout::value::{Type, Value};

use super::order::{self, Keys};
use super::share::{Claim, divide};
use super::spec::{Choice, Spec};
use super::{Block, Halt, Made, at_row};

#[derive(Clone, Debug)]
pub struct Limit {
    pub from: usize,
    pub column: usize,
    pub cap: Option<Code>,
    pub floor: Option<Code>,
    /// `None`: each row by itself; else groups by these columns (none of them: all rows together).
    pub per: Option<Vec<usize>>,
    pub order: Keys,
    pub excess: Choice<Excess>,
    pub cash: bool,
}

/// What becomes of what is above the cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excess {
    /// The last ones in the written order lose it; it is reported.
    Drop,
    /// All shrink in proportion.
    Scale,
    /// Paid all the same, with a warning.
    Warn,
    /// Like `drop`, but kept for a later period.
    Carry,
}

const WORDS: [(&str, Excess); 4] = [
    ("drop", Excess::Drop),
    ("scale", Excess::Scale),
    ("warn", Excess::Warn),
    ("carry", Excess::Carry),
];

pub fn read(spec: &Spec<'_>) -> Option<Made> {
    spec.only(&["from", "column", "cap", "floor", "per", "order", "excess", "as"]);
    let from = spec.from()?;
    let name = spec.need("column", "the column that is limited")?;
    let column = spec.column(name, &spec.raw("column")?.span, from)?;
    let ty = spec.schema(from).columns[column].ty;
    if !ty.is_number() {
        spec.env.sink.error(
            &spec.raw("column")?.span,
            format!("`{name}` is {}", ty.word()),
            "a number",
        );
        return None;
    }
    let fits = |t: Type| unify(t, ty).is_some();
    let (cap, floor) = (
        spec.expr("cap", from, fits, ty.word()),
        spec.expr("floor", from, fits, ty.word()),
    );
    if spec.raw("cap").is_none() && spec.raw("floor").is_none() {
        spec.missing("cap", "an expression, or `floor`");
        return None;
    }
    let per = match spec.raw("per") {
        Some(_) => Some(spec.columns("per", from)?),
        None => None,
    };
    if per.is_some() && floor.is_some() {
        spec.env.sink.error(
            &spec.raw("floor")?.span,
            "`floor` for a group",
            "`floor` row by row, without `per`",
        );
    }
    let order = order::read(spec, "order", from)?;
    let excess = spec.choice("excess", &WORDS, Excess::Drop)?;
    let mut columns = spec.schema(from).columns.clone();
    let tainted = [&cap, &floor].into_iter().flatten().any(|c| c.cash);
    let limited = Column {
        name: spec.new_column("as", &columns)?,
        cash: columns[column].cash || tainted,
        ty: match ty {
            Type::Money { from_cash } => Type::Money {
                from_cash: from_cash || tainted,
            },
            other => other,
        },
        ..columns[column].clone()
    };
    columns.push(limited);
    let (single, key_parts) = (spec.schema(from).single, spec.schema(from).key_parts);
    let cash = ty == Type::Cash;
    let (cap, floor) = (cap.map(|c| c.code), floor.map(|c| c.code));
    let block = Limit {
        from,
        column,
        cap,
        floor,
        per,
        order,
        excess,
        cash,
    };
    Some(Made {
        block: Block::Limit(block),
        columns,
        single,
        key_parts,
    })
}

impl Limit {
    pub fn run(&self, world: &World<'_>) -> Result<Relation, Halt> {
        let source = &world.relations[self.from];
        let excess = self.excess.of(world.params).unwrap_or(Excess::Drop);
        let mut after: Vec<Num> = source.rows.iter().map(|r| r.cells[self.column].num()).collect();
        let mut limits: Vec<(Option<Num>, Option<Num>)> = vec![(None, None); after.len()];
        let fen = Num::ratio(1, 100).unwrap_or(Num::ONE);
        let mut residuals = Vec::new();
        let mut notes = Vec::new();
        let mut groups: BTreeMap<Vec<Value>, Vec<usize>> = BTreeMap::new();
        for at in order::sorted(source, &self.order) {
            let row = &source.rows[at];
            let key = match &self.per {
                None => vec![Value::Num(Num::int(i128::try_from(at).unwrap_or_default()))],
                Some(per) => per.iter().map(|c| row.cells[*c].clone()).collect(),
            };
            groups.entry(key).or_default().push(at);
        }
        for members in groups.values() {
            let Some(first) = members.first() else { continue };
            let row = &source.rows[*first];
            let seen = world.row(row);
            let limit = |code: &Option<Code>| match code {
                Some(c) => at_row(seen.eval(c), &row.key).map(|v| Some(v.num())),
                None => Ok(None),
            };
            // Whole fen stay whole: limits of cash are cut to fen inwards.
            let inwards = |n: Option<Num>, mode| n.map(|n| if self.cash { n.rounded(&fen, mode) } else { n });
            let (cap, floor) = (
                inwards(limit(&self.cap)?, Mode::Down),
                inwards(limit(&self.floor)?, Mode::Up),
            );
            for at in members {
                limits[*at] = (floor.clone(), cap.clone());
            }
            if let Some(floor) = floor.filter(|_| self.per.is_none()) {
                after[*first] = after[*first].clone().most(floor);
            }
            let Some(cap) = cap else { continue };
            if cap.is_negative() {
                // Nobody can be cut to less than nothing: what is over would not be what was taken.
                return Err(Halt::row(&row.key, "a cap below 0", "caps of 0 or more"));
            }
            let paid: Vec<usize> = members
                .iter()
                .copied()
                .filter(|at| source.rows[*at].is_in())
                .collect();
            let total: Num = paid.iter().map(|at| &after[*at]).sum();
            if total <= cap {
                continue;
            }
            let over = &total - &cap;
            match excess {
                Excess::Warn => {
                    notes.push(format!(
                        "{}: {} over the cap of {}",
                        row.key,
                        over.fixed(2),
                        cap.fixed(2)
                    ));
                    continue;
                }
                Excess::Scale => self
                    .scale(&paid, &cap, &mut after)
                    .map_err(|f| Halt::at(&row.key, f))?,
                Excess::Drop | Excess::Carry => cut(&paid, &over, &mut after),
            }
            let account = if excess == Excess::Carry {
                "carried"
            } else {
                "over_cap"
            };
            residuals.push(Residue {
                account: account.into(),
                amount: over,
                why: Why::Over(row.key.clone()),
            });
        }
        let rows = source
            .rows
            .iter()
            .enumerate()
            .zip(after)
            .zip(limits)
            .map(|(((at, row), after), (low, high))| {
                let before = row.cells[self.column].num();
                let mut new: Row = row.extended(at, [Value::Num(after.clone())]);
                new.work = Some(Arc::new(Work::Limit {
                    before,
                    after,
                    low,
                    high,
                }));
                new
            })
            .collect();
        Ok(Relation {
            rows,
            residuals,
            notes,
        })
    }

    /// Shrinks in proportion; cash stays whole.
    fn scale(&self, rows: &[usize], cap: &Num, after: &mut [Num]) -> Result<(), Fault> {
        let total: Num = rows.iter().map(|at| &after[*at]).sum();
        if !self.cash {
            for at in rows {
                after[*at] = (&after[*at] * cap).over(&total).unwrap_or_default();
            }
            return Ok(());
        }
        let claims: Vec<Claim> = rows
            .iter()
            .map(|at| Claim {
                weight: after[*at].clone(),
                floor: None,
                cap: None,
            })
            .collect();
        let fen = Num::ratio(1, 100).unwrap_or(Num::ONE);
        for (at, part) in rows.iter().zip(divide(cap, &fen, &claims)?.parts) {
            after[*at] = part.result;
        }
        Ok(())
    }
}

/// Takes `over` from the last rows of the order.
fn cut(rows: &[usize], over: &Num, after: &mut [Num]) {
    let mut over = over.clone();
    for at in rows.iter().rev() {
        if over.sign() <= 0 {
            break;
        }
        let take = over.clone().least(after[*at].clone().most(Num::ZERO));
        after[*at] = &after[*at] - &take;
        over = over - take;
    }
}
