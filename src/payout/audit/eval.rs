//! Expressions computed again.

use jiff::civil::Date;

use crate::payout::expr::ast::Op;
use crate::payout::expr::code::{Code, Instant};
use crate::payout::expr::func::Func;
use crate::payout::relation::Relation;
use crate::payout::schema::Setting;

use super::meet::meet;
use super::value::{V, abs, day_number, days_on, floor, months_between, months_on};
use dashu_ratio::RBig;

/// What was there before the step.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    pub params: &'a [Setting],
    pub relations: &'a [Relation],
    pub from: Date,
    pub to: Date,
}

/// What a row sees.
#[derive(Clone, Copy)]
pub struct Sight<'a> {
    pub ground: Ground<'a>,
    pub cells: &'a [V],
    pub joins: &'a [Vec<V>],
    pub figures: &'a [V],
}

/// Why something cannot be computed again.
pub type Why = &'static str;

impl<'a> Ground<'a> {
    /// A row by itself.
    pub fn sees(self, cells: &'a [V]) -> Sight<'a> {
        Sight {
            ground: self,
            cells,
            joins: &[],
            figures: &[],
        }
    }
}

impl Sight<'_> {
    pub fn test(&self, code: &Code) -> Result<bool, Why> {
        self.eval(code).map(|v| v.is_true())
    }

    pub fn num(&self, code: &Code) -> Result<RBig, Why> {
        self.eval(code).map(|v| v.num())
    }

    pub fn eval(&self, code: &Code) -> Result<V, Why> {
        let cell = |row: Option<&[V]>, at: usize| row.and_then(|r| r.get(at)).cloned().ok_or("no such cell");
        Ok(match code {
            Code::Const(v) => v.into(),
            Code::Col(at) => cell(Some(self.cells), *at)?,
            Code::Join(n, at) => cell(self.joins.get(*n).map(Vec::as_slice), *at)?,
            Code::Figure(at) => cell(Some(self.figures), *at)?,
            Code::Single(relation, at) => {
                let rows = &self.ground.relations[*relation].rows;
                match rows.as_slice() {
                    [one] => V::from(&one.cells[*at]),
                    _ => return Err("a step that has not exactly one row"),
                }
            }
            Code::Param(at) => match &self.ground.params[*at] {
                Setting::One(v) => v.into(),
                _ => return Err("a parameter of many values"),
            },
            Code::Period(instant) => V::D(
                match instant {
                    Instant::From => Some(self.ground.from),
                    Instant::To => Some(self.ground.to),
                    Instant::LastDay => days_on(self.ground.to, -1),
                }
                .ok_or("no such day")?
                .at(0, 0, 0, 0),
            ),
            Code::Neg(a) => V::N(-self.num(a)?),
            Code::Not(a) => V::B(!self.test(a)?),
            Code::And(a, b) => V::B(self.test(a)? && self.test(b)?),
            Code::Or(a, b) => V::B(self.test(a)? || self.test(b)?),
            Code::Arith(op, a, b) => {
                let (a, b) = (self.num(a)?, self.num(b)?);
                V::N(match op {
                    Op::Add => a + b,
                    Op::Sub => a - b,
                    Op::Mul => a * b,
                    Op::Div if b != RBig::ZERO => a / b,
                    _ => return Err("a division by 0"),
                })
            }
            Code::Compare(op, a, b) => {
                let (a, b) = (self.eval(a)?, self.eval(b)?);
                meet(code, 0, &a, &b);
                V::B(match op {
                    Op::Eq => a == b,
                    Op::Ne => a != b,
                    Op::Lt => a < b,
                    Op::Le => a <= b,
                    Op::Gt => a > b,
                    _ => a >= b,
                })
            }
            Code::In(x, items, negated) => {
                let x = self.eval(x)?;
                let all: Vec<V> = items.iter().map(|i| self.eval(i)).collect::<Result<_, _>>()?;
                V::B(all.contains(&x) != *negated)
            }
            Code::InParam(x, at, negated) => {
                let Setting::List(list) = &self.ground.params[*at] else {
                    return Err("a parameter that is no list");
                };
                let x = self.eval(x)?;
                V::B(list.iter().any(|v| V::from(v) == x) != *negated)
            }
            Code::When(arms, otherwise) => {
                for (condition, value) in arms {
                    if self.test(condition)? {
                        return self.eval(value);
                    }
                }
                self.eval(otherwise)?
            }
            Code::Call(func, args) => {
                let args: Vec<V> = args.iter().map(|a| self.eval(a)).collect::<Result<_, _>>()?;
                call(*func, &args)?
            }
        })
    }
}

fn call(func: Func, args: &[V]) -> Result<V, Why> {
    let num = |at: usize| args.get(at).map_or(RBig::ZERO, V::num);
    let date = |at: usize| match args.get(at) {
        Some(V::D(d)) => Ok(*d),
        _ => Err("no date"),
    };
    let whole = |at: usize| i64::try_from(floor(&num(at)).numerator().clone()).map_err(|_| "out of range");
    let least = |a: RBig, b: RBig| if b < a { b } else { a };
    let most = |a: RBig, b: RBig| if b > a { b } else { a };
    let number = |n: i64| V::N(RBig::from(n));
    Ok(match func {
        Func::Min => args.iter().min().cloned().ok_or("the smallest of nothing")?,
        Func::Max => args.iter().max().cloned().ok_or("the largest of nothing")?,
        Func::Abs => V::N(abs(&num(0))),
        Func::Clamp => V::N(least(most(num(0), num(1)), num(2))),
        Func::FloorTo if num(1) > RBig::ZERO => V::N(floor(&(num(0) / num(1))) * num(1)),
        Func::FloorTo => return Err("a unit that is not above 0"),
        Func::Whole => V::N(floor(&num(0))),
        Func::Divide if num(1) == RBig::ZERO => V::N(num(2)),
        Func::Divide => V::N(num(0) / num(1)),
        Func::Days => number(day_number(date(1)?.date()) - day_number(date(0)?.date())),
        Func::Months => number(months_between(date(0)?.date(), date(1)?.date())),
        Func::AddDays => {
            let (d, n) = (date(0)?, whole(1)?);
            V::D(days_on(d.date(), n).ok_or("no such day")?.to_datetime(d.time()))
        }
        Func::AddMonths => {
            let (d, n) = (date(0)?, whole(1)?);
            V::D(months_on(d.date(), n).ok_or("no such day")?.to_datetime(d.time()))
        }
        Func::DateOf => V::D(date(0)?.date().at(0, 0, 0, 0)),
        Func::Year => number(date(0)?.year().into()),
        Func::Month => number(date(0)?.month().into()),
    })
}
