//! Runs checked code on a row.

use crate::payout::relation::{Relation, Row};
use crate::payout::schema::Setting;
use crate::payout::value::Value;

use super::ast::Op;
use super::code::{Code, Instant};
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

/// Why a value cannot be computed, in words.
pub type Fault = &'static str;

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
            Code::Const(v) => v.clone(),
            Code::Col(i) => self.cells[*i].clone(),
            Code::Join(n, i) => self.joins[*n][*i].clone(),
            Code::Single(rel, i) => match self.world.relations[*rel].rows.first() {
                Some(row) => row.cells[*i].clone(),
                None => return Err("a figure that was not computed"),
            },
            Code::Param(i) => match &self.world.params[*i] {
                Setting::One(v) => v.clone(),
                _ => return Err("a parameter that is not one value"),
            },
            Code::Period(instant) => Value::date(match instant {
                Instant::From => self.world.from,
                Instant::To => self.world.to,
                Instant::LastDay => self.world.to.yesterday().map_err(|_| "a period out of range")?,
            }),
            Code::Neg(x) => Value::Num(self.eval(x)?.num().negated()),
            Code::Not(x) => Value::Bool(!self.eval(x)?.is_true()),
            Code::Arith(op, a, b) => {
                let (a, b) = (self.eval(a)?, self.eval(b)?);
                let (Some(x), Some(y)) = (a.as_num(), b.as_num()) else {
                    return Err("a number is needed");
                };
                let result = match op {
                    Op::Add => x + y,
                    Op::Sub => x - y,
                    Op::Mul => x * y,
                    _ => x.over(y).ok_or("a division by 0")?,
                };
                if result.too_long() {
                    return Err("a number of more than 8192 bits");
                }
                Value::Num(result)
            }
            Code::Compare(op, a, b) => {
                let (a, b) = (self.eval(a)?, self.eval(b)?);
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
            Code::And(a, b) => Value::Bool(self.eval(a)?.is_true() && self.eval(b)?.is_true()),
            Code::Or(a, b) => Value::Bool(self.eval(a)?.is_true() || self.eval(b)?.is_true()),
            Code::In(x, items, negated) => {
                let x = self.eval(x)?;
                let mut found = false;
                for item in items {
                    found = found || self.eval(item)? == x;
                }
                Value::Bool(found != *negated)
            }
            Code::InParam(x, param, negated) => {
                let x = self.eval(x)?;
                let Setting::List(list) = &self.world.params[*param] else {
                    return Err("a parameter that is no list");
                };
                Value::Bool(list.contains(&x) != *negated)
            }
            Code::When(arms, otherwise) => {
                for (condition, value) in arms {
                    if self.eval(condition)?.is_true() {
                        return self.eval(value);
                    }
                }
                self.eval(otherwise)?
            }
            Code::Call(f, args) => {
                let args: Vec<Value> = args.iter().map(|a| self.eval(a)).collect::<Result<_, _>>()?;
                func::apply(*f, &args)?
            }
            Code::Figure(i) => self.figures[*i].clone(),
        })
    }

    /// A condition.
    pub fn test(&self, code: &Code) -> Result<bool, Fault> {
        Ok(self.eval(code)?.is_true())
    }
}
