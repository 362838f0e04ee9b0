//! Runs checked code on a row.

use std::borrow::Cow;

use crate::payout::relation::{Relation, Row};
use crate::payout::schema::Setting;
use crate::payout::value::Value;

use super::ast::Op;
use super::code::{Code, Instant};
use super::fault::{Fault, TOO_LONG, UNCHECKED, fault};
use super::func;

/// What a row sees while it is computed.
pub struct Seen<'a> {
    pub world: &'a World<'a>,
    pub cells: &'a [Value],
    /// The row each join found; its cells.
    pub joins: &'a [&'a [Value]],
    /// Figures of its group.
    pub figures: &'a [Value],
}

/// What every row sees.
pub struct World<'a> {
    pub params: &'a [Setting],
    pub relations: &'a [Relation],
    pub from: jiff::civil::Date,
    pub to: jiff::civil::Date,
}

impl World<'_> {
    /// What a row by itself sees.
    pub fn row<'a>(&'a self, row: &'a Row) -> Seen<'a> {
        Seen {
            world: self,
            cells: &row.cells,
            joins: &[],
            figures: &[],
        }
    }
}

impl Seen<'_> {
    /// Computes `code`.
    pub fn eval(&self, code: &Code) -> Result<Value, Fault> {
        Ok(match code {
            Code::Const(_)
            | Code::Col(_)
            | Code::Join(..)
            | Code::Single(..)
            | Code::Param(_)
            | Code::Figure(_) => self.stored(code)?.clone(),
            Code::Period(instant) => Value::date(match instant {
                Instant::From => self.world.from,
                Instant::To => self.world.to,
                Instant::LastDay => (self.world.to.yesterday())
                    .map_err(|_| fault("a period that ends before time begins", "a later `period.to`"))?,
            }),
            Code::Neg(x) => Value::Num(self.eval(x)?.num().negated()),
            Code::Not(x) => Value::Bool(!self.test(x)?),
            Code::Arith(op, a, b) => {
                let (a, b) = (self.seen(a)?, self.seen(b)?);
                let (Some(x), Some(y)) = (a.as_num(), b.as_num()) else {
                    return Err(fault("something that is no number", UNCHECKED));
                };
                let result = match op {
                    Op::Add => x + y,
                    Op::Sub => x - y,
                    Op::Mul => x * y,
                    _ => x.over(y).ok_or(fault(
                        "a division by 0",
                        "a divisor that is not 0; `divide(a, b, otherwise)` says what holds when it is",
                    ))?,
                };
                if result.too_long() {
                    return Err(TOO_LONG);
                }
                Value::Num(result)
            }
            Code::Compare(op, a, b) => {
                let (a, b) = (self.seen(a)?, self.seen(b)?);
                let order = a.cmp(&b);
                Value::Bool(match op {
                    Op::Eq => order.is_eq(),
                    Op::Ne => order.is_ne(),
                    Op::Lt => order.is_lt(),
                    Op::Le => order.is_le(),
                    Op::Gt => order.is_gt(),
                    _ => order.is_ge(),
                })
            }
            Code::And(a, b) => Value::Bool(self.test(a)? && self.test(b)?),
            Code::Or(a, b) => Value::Bool(self.test(a)? || self.test(b)?),
            Code::In(x, items, negated) => {
                let x = self.seen(x)?;
                let mut found = false;
                for item in items {
                    found = found || self.seen(item)? == x;
                }
                Value::Bool(found != *negated)
            }
            Code::InParam(x, param, negated) => {
                let x = self.seen(x)?;
                let Setting::List(list) = &self.world.params[*param] else {
                    return Err(fault("a parameter that is no list", UNCHECKED));
                };
                Value::Bool(list.contains(&x) != *negated)
            }
            Code::When(arms, otherwise) => {
                for (condition, value) in arms {
                    if self.test(condition)? {
                        return self.eval(value);
                    }
                }
                self.eval(otherwise)?
            }
            Code::Call(f, args) => {
                let args: Vec<Value> = args.iter().map(|a| self.eval(a)).collect::<Result<_, _>>()?;
                func::apply(*f, &args)?
            }
        })
    }

    /// A value that stands somewhere already.
    fn stored<'s>(&'s self, code: &'s Code) -> Result<&'s Value, Fault> {
        match code {
            Code::Const(v) => Ok(v),
            Code::Col(i) => Ok(&self.cells[*i]),
            Code::Join(n, i) => Ok(&self.joins[*n][*i]),
            Code::Figure(i) => Ok(&self.figures[*i]),
            Code::Single(rel, i) => match self.world.relations[*rel].rows.first() {
                Some(row) => Ok(&row.cells[*i]),
                None => Err(fault("a figure of a step that has no row", UNCHECKED)),
            },
            Code::Param(i) => match &self.world.params[*i] {
                Setting::One(v) => Ok(v),
                _ => Err(fault("a parameter of many values", UNCHECKED)),
            },
            _ => Err(fault("a value that is computed", UNCHECKED)),
        }
    }

    /// A value to be looked at: what stands somewhere already is not copied, for it is done for every row.
    fn seen<'s>(&'s self, code: &'s Code) -> Result<Cow<'s, Value>, Fault> {
        match code {
            Code::Const(_)
            | Code::Col(_)
            | Code::Join(..)
            | Code::Single(..)
            | Code::Param(_)
            | Code::Figure(_) => self.stored(code).map(Cow::Borrowed),
            _ => self.eval(code).map(Cow::Owned),
        }
    }

    /// A condition.
    pub fn test(&self, code: &Code) -> Result<bool, Fault> {
        Ok(self.seen(code)?.is_true())
    }
}
