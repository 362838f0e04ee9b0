//! `release`: cash in tranches with due dates and conditions.

use std::sync::Arc;

use crate::payout::expr::code::Code;
use crate::payout::expr::eval::World;
use crate::payout::expr::fault::Fault;
use crate::payout::num::Num;
use crate::payout::raw::{At, Node};
use crate::payout::relation::{Relation, Residue, Row, Why, Work, numbered, one};
use crate::payout::schema::Column;
use crate::payout::value::{Type, Value};

use super::share::{Claim, divide};
use super::spec::{Choice, Spec};
use super::{Block, Halt, Made, at_row, not_too_many};

#[derive(Clone, Debug)]
pub struct Release {
    pub from: usize,
    pub column: usize,
    pub tranches: Vec<Tranche>,
    pub remainder: Choice<Rest>,
    /// Cash goes to the fen, things that are counted stay whole.
    pub unit: Num,
    /// Key parts of the rows that are split; the tranche's number comes after them.
    pub source_parts: usize,
}

#[derive(Clone, Debug)]
pub struct Tranche {
    pub share: Code,
    pub due: Code,
    pub when: Option<Code>,
    pub on_fail: OnFail,
}

/// Which tranche takes left-over fen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    First,
    Last,
    Largest,
}

/// What becomes of a tranche whose condition fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFail {
    /// It is gone.
    Lapse,
    /// It waits.
    Hold,
}

pub fn read(spec: &Spec<'_>) -> Option<Made> {
    spec.only(&["from", "column", "tranches", "remainder", "as"]);
    let from = spec.from()?;
    let name = spec.need("column", "the column of cash")?;
    let column = spec.column(name, &spec.raw("column")?.span, from)?;
    let ty = spec.schema(from).columns[column].ty;
    if !matches!(ty, Type::Cash | Type::Count | Type::Points) {
        spec.env.sink.error(
            &spec.raw("column")?.span,
            format!("`{name}` is {}", ty.word()),
            "cash, a count or points",
        );
        return None;
    }
    let expected =
        "`[{ share = \"50%\", due = \"add_days(period.to, 7)\", when = \"…\", on_fail = \"lapse\" }]`";
    let Some(raw) = spec.raw("tranches") else {
        spec.missing("tranches", expected);
        return None;
    };
    let Node::List(items) = &raw.node else {
        spec.env.sink.error(&raw.span, "`tranches`", expected);
        return None;
    };
    let mut tranches = Vec::new();
    let mut sum = Some(Num::ZERO);
    for item in items {
        let inner = Spec {
            at: At::root(item),
            ..*spec
        };
        spec.report(inner.at.only(&["share", "due", "when", "on_fail"]))?;
        let share = inner
            .need_expr(
                "share",
                from,
                |t| matches!(t, Type::Ratio | Type::Number),
                "a ratio",
            )?
            .code;
        sum = sum.zip(share.constant()).map(|(sum, n)| sum + n);
        let due = inner.need_expr("due", from, |t| t == Type::Date, "a date")?.code;
        let when = match inner.raw("when") {
            Some(_) => Some(inner.condition("when", from)?.code),
            None => None,
        };
        let Choice::Fixed(on_fail) = inner.choice(
            "on_fail",
            &[("lapse", OnFail::Lapse), ("hold", OnFail::Hold)],
            OnFail::Lapse,
        )?
        else {
            return None;
        };
        tranches.push(Tranche {
            share,
            due,
            when,
            on_fail,
        });
    }
    if let Some(sum) = sum.filter(|s| *s != Num::ONE) {
        spec.env.sink.error(
            &raw.span,
            format!("shares that sum to {}", sum.percent()),
            "shares that sum to 100%",
        );
        return None;
    }
    let rests = [
        ("first", Rest::First),
        ("last", Rest::Last),
        ("largest", Rest::Largest),
    ];
    let remainder = spec.choice("remainder", &rests, Rest::First)?;
    let mut columns = spec.schema(from).columns.clone();
    for (name, ty) in [("tranche", Type::Count), ("due", Type::Date)] {
        if spec.fresh(name, &spec.span(), &columns) {
            columns.push(Column::new(name, ty));
        }
    }
    columns.push(Column::new(&spec.new_column("as", &columns)?, ty));
    let source_parts = spec.schema(from).key_parts;
    let block = Release {
        from,
        column,
        tranches,
        remainder,
        unit: if ty == Type::Cash {
            Num::ratio(1, 100)?
        } else {
            Num::ONE
        },
        source_parts,
    };
    Some(Made {
        block: Block::Release(block),
        columns,
        single: false,
        key_parts: source_parts + 1,
    })
}

impl Release {
    pub fn run(&self, world: &World<'_>) -> Result<Relation, Halt> {
        let source = &world.relations[self.from];
        let rest = self.remainder.of(world.params).unwrap_or(Rest::First);
        not_too_many(source.rows.len().saturating_mul(self.tranches.len()))?;
        let mut rows = Vec::new();
        let mut residuals = Vec::new();
        for (at, row) in source.rows.iter().enumerate() {
            let seen = world.row(row);
            let total = row.cells[self.column].num();
            let shares: Vec<Num> = self
                .tranches
                .iter()
                .map(|t| at_row(seen.eval(&t.share), &row.key).map(|v| v.num()))
                .collect::<Result<_, _>>()?;
            if let Some((n, share)) = shares.iter().enumerate().find(|s| s.1.is_negative()) {
                let what = format!("tranche {} with a share of {}", n + 1, share.percent());
                return Err(Halt::row(&row.key, what, "shares of 0% or more"));
            }
            let whole = shares.iter().sum::<Num>();
            if whole != Num::ONE {
                let what = format!("tranche shares that add up to {}", whole.percent());
                let hint = "look at the parameters the shares are made of";
                return Err(Halt::row(&row.key, what, "shares that add up to 100%").hinted(hint));
            }
            let results = tranches(&total, &self.unit, &shares, rest).map_err(|f| Halt::at(&row.key, f))?;
            for (n, ((tranche, share), result)) in self.tranches.iter().zip(shares).zip(results).enumerate() {
                let due = at_row(seen.eval(&tranche.due), &row.key)?;
                let released = match &tranche.when {
                    Some(code) => at_row(seen.test(code), &row.key)?,
                    None => true,
                };
                let number = Value::Num(Num::int(i128::try_from(n + 1).unwrap_or_default()));
                let paid = if released && row.is_in() {
                    result.clone()
                } else {
                    Num::ZERO
                };
                if !released && row.is_in() && !result.is_zero() {
                    let account = if tranche.on_fail == OnFail::Hold {
                        "held"
                    } else {
                        "lapsed"
                    };
                    residuals.push(Residue {
                        account: account.into(),
                        amount: result.clone(),
                        why: Why::Tranche(row.key.clone(), n + 1),
                    });
                }
                let mut cells = row.cells.to_vec();
                cells.extend([number.clone(), due, Value::Num(paid)]);
                let key = numbered(&row.key, self.source_parts, &number);
                let work = Some(Arc::new(Work::Tranche {
                    total: total.clone(),
                    share,
                    result,
                }));
                rows.push(Row {
                    key,
                    cells: cells.into(),
                    out: row.out.clone(),
                    made_of: one(at),
                    work,
                });
            }
        }
        Ok(Relation {
            rows,
            residuals,
            notes: Vec::new(),
        })
    }
}

/// Whole units of each tranche; left-over ones go where the rule says.
fn tranches(total: &Num, unit: &Num, shares: &[Num], rest: Rest) -> Result<Vec<Num>, Fault> {
    if rest == Rest::Largest {
        let claims: Vec<Claim> = shares
            .iter()
            .map(|s| Claim {
                weight: s.clone(),
                floor: None,
                cap: None,
            })
            .collect();
        return Ok(divide(total, unit, &claims)?
            .parts
            .into_iter()
            .map(|p| p.result)
            .collect());
    }
    let mut parts: Vec<Num> = shares
        .iter()
        .map(|s| (total * s).rounded(unit, crate::payout::num::Mode::Down))
        .collect();
    let left = total - &parts.iter().sum::<Num>();
    // A tranche of 0 % is none: it takes no left-over unit either.
    let counts = |s: &Num| !s.is_zero();
    let at = if rest == Rest::First {
        shares.iter().position(counts)
    } else {
        shares.iter().rposition(counts)
    };
    if let Some(part) = at.and_then(|at| parts.get_mut(at)) {
        *part = &*part + &left;
    }
    Ok(parts)
}
