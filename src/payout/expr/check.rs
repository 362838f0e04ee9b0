//! Types, units, names: a tree becomes code or the fault is reported where it stands.

use std::cell::RefCell;

use crate::payout::diag::{did_you_mean, one_of};
use crate::payout::schema::{Column, Env, Options, ParamKind};
use crate::payout::value::{Type, Value};

use super::ast::{Expr, Kind, List, Op};
use super::cash::from_cash;
use super::code::{Code, FigureKind, Instant};
use super::func::{self, FUNCS};
use super::units::{product, quotient, unify};

pub use super::scope::{Scope, Typed};

/// Checks `expr`; `None` when a fault was reported.
pub fn check(expr: &Expr, env: &Env<'_>, scope: &Scope<'_>) -> Option<Typed> {
    let checker = Checker {
        env,
        scope,
        nonzero: RefCell::default(),
    };
    let mut typed = checker.expr(expr)?;
    typed.cash = typed.ty.is_number() && from_cash(&typed.code, env, scope);
    if let (Type::Money { from_cash }, true) = (&mut typed.ty, typed.cash) {
        *from_cash = true;
    }
    Some(typed)
}

pub struct Checker<'a> {
    pub env: &'a Env<'a>,
    pub scope: &'a Scope<'a>,
    /// Expressions a `when` has shown to be other than 0.
    pub nonzero: RefCell<Vec<Expr>>,
}

impl Checker<'_> {
    pub fn fault(&self, at: &Expr, what: impl Into<String>, expected: impl Into<String>) -> Option<Typed> {
        self.env.sink.error(&at.span, what, expected);
        None
    }

    pub fn expr(&self, e: &Expr) -> Option<Typed> {
        match &e.kind {
            Kind::Num { value, percent } => {
                let ty = if *percent { Type::Ratio } else { Type::Number };
                Some(Typed::plain(Code::Const(Value::Num(value.clone())), ty))
            }
            Kind::Text(t) => {
                let options: Options = Some(vec![t.clone()].into());
                Some(Typed {
                    options,
                    ..Typed::plain(Code::Const(Value::Text(t.as_str().into())), Type::Text)
                })
            }
            Kind::Bool(b) => Some(Typed::plain(Code::Const(Value::Bool(*b)), Type::Bool)),
            Kind::Date(d) => Some(Typed::plain(Code::Const(Value::Date(*d)), Type::Date)),
            Kind::Name(parts) => self.name(e, parts),
            Kind::Neg(inner) => {
                let x = self.expr(inner)?;
                if !x.ty.is_number() {
                    return self.fault(inner, format!("`-` before {}", x.ty.word()), "a number");
                }
                Some(Typed::plain(Code::Neg(Box::new(x.code)), x.ty))
            }
            Kind::Not(inner) => {
                let x = self.boolean(inner)?;
                Some(Typed::plain(Code::Not(Box::new(x)), Type::Bool))
            }
            Kind::Binary(op, a, b) => self.binary(e, *op, a, b),
            Kind::In {
                needle,
                list,
                negated,
            } => self.within(needle, list, *negated),
            Kind::When(arms, otherwise) => self.when(arms, otherwise),
            Kind::Call(name, args) => self.call(e, name, args),
        }
    }

    fn boolean(&self, e: &Expr) -> Option<Code> {
        let x = self.expr(e)?;
        if x.ty != Type::Bool {
            self.fault(
                e,
                format!("{} where a condition belongs", x.ty.word()),
                "a condition like `amount > 0`",
            );
            return None;
        }
        Some(x.code)
    }

    fn binary(&self, e: &Expr, op: Op, a: &Expr, b: &Expr) -> Option<Typed> {
        if op == Op::And {
            let left = self.boolean(a)?;
            let mark = self.nonzero.borrow().len();
            self.learn(a);
            let right = self.boolean(b);
            self.nonzero.borrow_mut().truncate(mark);
            return Some(Typed::plain(
                Code::And(Box::new(left), Box::new(right?)),
                Type::Bool,
            ));
        }
        if op == Op::Or {
            let (left, right) = (self.boolean(a)?, self.boolean(b)?);
            return Some(Typed::plain(
                Code::Or(Box::new(left), Box::new(right)),
                Type::Bool,
            ));
        }
        let (x, y) = (self.expr(a), self.expr(b));
        let (x, y) = (x?, y?);
        let (left, right) = (Box::new(x.code.clone()), Box::new(y.code.clone()));
        match op {
            Op::Eq | Op::Ne | Op::Lt | Op::Le | Op::Gt | Op::Ge => {
                let ordered = !matches!(op, Op::Eq | Op::Ne);
                let fits = match (x.ty, y.ty) {
                    (Type::Text, Type::Text) | (Type::Bool, Type::Bool) => !ordered,
                    (Type::Date, Type::Date) => true,
                    (s, t) => s.is_number() && t.is_number() && unify(s, t).is_some(),
                };
                if !fits {
                    let what = format!("{} {} {}", x.ty.word(), op.word(), y.ty.word());
                    return self.fault(e, what, "two sides of the same unit");
                }
                self.can_meet(e, &x, &y)?;
                Some(Typed::plain(Code::Compare(op, left, right), Type::Bool))
            }
            Op::Add | Op::Sub => {
                let both = x.ty.is_number() && y.ty.is_number();
                if let Some(ty) = unify(x.ty, y.ty).filter(|_| both) {
                    return Some(Typed::plain(Code::Arith(op, left, right), ty));
                }
                let what = format!("{} {} {}", x.ty.word(), op.word(), y.ty.word());
                self.env.sink.hinted(
                    &e.span,
                    what,
                    "two numbers of the same unit",
                    "a ratio takes part of an amount by `*`, not by `+`",
                );
                None
            }
            Op::Mul => match product(x.ty, y.ty) {
                Some(ty) => Some(Typed::plain(Code::Arith(op, left, right), ty)),
                None => self.fault(
                    e,
                    format!("{} * {}", x.ty.word(), y.ty.word()),
                    "an amount times a ratio, count or score",
                ),
            },
            Op::Div => {
                let Some(ty) = quotient(x.ty, y.ty) else {
                    let what = format!("{} / {}", x.ty.word(), y.ty.word());
                    return self.fault(e, what, "two of the same unit, or an amount by a plain number");
                };
                if !self.is_nonzero(b) {
                    self.env.sink.hinted(
                        &b.span,
                        "a divisor that may be 0",
                        "a number other than 0, a parameter with `over = \"0\"`, or a guard",
                        "write `divide(a, b, otherwise)` or `when b > 0 then a / b else …`",
                    );
                    return None;
                }
                Some(Typed::plain(Code::Arith(op, left, right), ty))
            }
            Op::And | Op::Or => None,
        }
    }

    /// Two texts whose possible words do not overlap can never be equal.
    fn can_meet(&self, e: &Expr, x: &Typed, y: &Typed) -> Option<()> {
        if let (Some(a), Some(b)) = (&x.options, &y.options)
            && !a.iter().any(|w| b.contains(w))
        {
            let (word, words) = if a.len() == 1 { (&a[0], b) } else { (&b[0], a) };
            let hint = did_you_mean(word, words.iter());
            let what = format!("`{word}` never occurs here");
            match hint {
                Some(h) => self.env.sink.hinted(&e.span, what, one_of(words.iter()), h),
                None => self.env.sink.error(&e.span, what, one_of(words.iter())),
            }
            return None;
        }
        Some(())
    }

    fn is_nonzero(&self, e: &Expr) -> bool {
        let by_itself = match &e.kind {
            Kind::Num { value, .. } => !value.is_zero(),
            Kind::Name(parts) if parts.len() == 2 && parts[0] == "param" => self.env.params.iter().any(|p| {
                p.id == parts[1]
                    && (p.over.as_ref().is_some_and(|o| !o.is_negative())
                        || p.min.as_ref().is_some_and(|m| m.sign() > 0))
            }),
            _ => false,
        };
        by_itself || self.nonzero.borrow().iter().any(|n| n.same(e))
    }

    /// Notes what a condition says about zero.
    fn learn(&self, condition: &Expr) {
        let Kind::Binary(op, a, b) = &condition.kind else {
            return;
        };
        let not_negative = |e: &Expr| matches!(&e.kind, Kind::Num { value, .. } if !value.is_negative());
        let positive = |e: &Expr| matches!(&e.kind, Kind::Num { value, .. } if value.sign() > 0);
        let zero = |e: &Expr| matches!(&e.kind, Kind::Num { value, .. } if value.is_zero());
        match op {
            Op::And => {
                self.learn(a);
                self.learn(b);
            }
            Op::Gt if not_negative(b) => self.nonzero.borrow_mut().push((**a).clone()),
            Op::Ge if positive(b) => self.nonzero.borrow_mut().push((**a).clone()),
            Op::Ne if zero(b) => self.nonzero.borrow_mut().push((**a).clone()),
            _ => {}
        }
    }

    fn when(&self, arms: &[(Expr, Expr)], otherwise: &Expr) -> Option<Typed> {
        let mut compiled = Vec::new();
        let mut result: Option<Typed> = None;
        for (condition, value) in arms {
            let test = self.boolean(condition);
            let mark = self.nonzero.borrow().len();
            self.learn(condition);
            let value_typed = self.expr(value);
            self.nonzero.borrow_mut().truncate(mark);
            let (test, value_typed) = (test?, value_typed?);
            result = Some(self.merge(value, result, &value_typed)?);
            compiled.push((test, value_typed.code));
        }
        let last = self.expr(otherwise)?;
        let merged = self.merge(otherwise, result, &last)?;
        Some(Typed {
            code: Code::When(compiled, Box::new(last.code)),
            ..merged
        })
    }

    fn merge(&self, at: &Expr, so_far: Option<Typed>, next: &Typed) -> Option<Typed> {
        let Some(old) = so_far else {
            return Some(next.clone());
        };
        // A literal 0 beside cash is cash: nothing is rounded by it.
        let literal_zero = |t: &Typed| matches!(&t.code, Code::Const(Value::Num(n)) if n.is_zero());
        let ty = match (old.ty, next.ty) {
            (Type::Cash, Type::Number) if literal_zero(next) => Some(Type::Cash),
            (Type::Number, Type::Cash) if literal_zero(&old) => Some(Type::Cash),
            (a, b) => unify(a, b),
        };
        let Some(ty) = ty else {
            let what = format!("{} here, {} before", next.ty.word(), old.ty.word());
            return self.fault(at, what, "the same unit in every branch");
        };
        let options = match (old.options, &next.options) {
            (Some(a), Some(b)) => {
                let mut words = a.to_vec();
                words.extend(b.iter().filter(|w| !a.contains(w)).cloned());
                Some(words.into())
            }
            _ => None,
        };
        let employee = old.employee && next.employee;
        Some(Typed {
            options,
            employee,
            ..Typed::plain(next.code.clone(), ty)
        })
    }

    fn within(&self, needle: &Expr, list: &List, negated: bool) -> Option<Typed> {
        let x = self.expr(needle)?;
        let same = |t: Type| t == x.ty || (t.is_number() && x.ty.is_number() && unify(t, x.ty).is_some());
        match list {
            List::Items(items) => {
                let mut codes = Vec::new();
                for item in items {
                    let y = self.expr(item)?;
                    if !same(y.ty) {
                        return self.fault(item, y.ty.word(), format!("{} like the left side", x.ty.word()));
                    }
                    self.can_meet(item, &x, &y)?;
                    codes.push(y.code);
                }
                Some(Typed::plain(
                    Code::In(Box::new(x.code), codes, negated),
                    Type::Bool,
                ))
            }
            List::Name(name) => {
                let Kind::Name(parts) = &name.kind else {
                    return self.fault(name, "no list", "`[…]` or a parameter of type list");
                };
                let found = match parts.as_slice() {
                    [p, id] if p == "param" => self.env.param(id),
                    _ => None,
                };
                match found.map(|at| (at, &self.env.params[at].kind)) {
                    Some((at, ParamKind::List(t))) if same(*t) => Some(Typed::plain(
                        Code::InParam(Box::new(x.code), at, negated),
                        Type::Bool,
                    )),
                    _ => self.fault(name, "no list of this unit", "`[…]` or a parameter of type list"),
                }
            }
        }
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one arm for each form of a name, side by side"
    )]
    fn name(&self, e: &Expr, parts: &[String]) -> Option<Typed> {
        let used = |rel: usize, col: usize| {
            self.env.used.borrow_mut().columns.insert((rel, col));
        };
        let typed = |c: &Column, code: Code| {
            Some(Typed {
                options: c.options.clone(),
                employee: c.employee,
                label: c.label.clone(),
                ..Typed::plain(code, c.ty)
            })
        };
        match parts {
            [one] => {
                if let Some(at) = self.scope.columns.iter().position(|c| &c.name == one) {
                    if let Some(rel) = self.scope.relation {
                        used(rel, at);
                    }
                    return typed(&self.scope.columns[at], Code::Col(at));
                }
                let names: Vec<&String> = self.scope.columns.iter().map(|c| &c.name).collect();
                let what = format!("unknown name `{one}`");
                let expected = if names.is_empty() {
                    "`param.…` or a figure".into()
                } else {
                    one_of(&names)
                };
                match did_you_mean(one, &names) {
                    Some(h) => self.env.sink.hinted(&e.span, what, expected, h),
                    None if self.env.params.iter().any(|p| &p.id == one) => {
                        self.env.sink.hinted(
                            &e.span,
                            what,
                            expected,
                            format!("the parameter is `param.{one}`"),
                        );
                    }
                    None => self.env.sink.error(&e.span, what, expected),
                }
                None
            }
            [p, id] if p == "param" => self.param(e, id),
            [p, id] if p == "period" => {
                let instant = match id.as_str() {
                    "from" => Instant::From,
                    "to" => Instant::To,
                    "last_day" => Instant::LastDay,
                    _ => {
                        return self.fault(
                            e,
                            format!("unknown `period.{id}`"),
                            "`period.from`, `period.to` or `period.last_day`",
                        );
                    }
                };
                Some(Typed::plain(Code::Period(instant), Type::Date))
            }
            [alias, column] => {
                if let Some(n) = self.scope.joins.iter().position(|j| &j.0 == alias) {
                    let rel = self.scope.joins[n].1;
                    let schema = &self.env.schemas[rel];
                    if let Some(at) = schema.find(column) {
                        used(rel, at);
                        return typed(&schema.columns[at], Code::Join(n, at));
                    }
                    let names = schema.columns.iter().map(|c| &c.name);
                    return self.fault(e, format!("`{alias}` has no column `{column}`"), one_of(names));
                }
                let Some(rel) = self.env.schemas.iter().position(|s| &s.name == alias) else {
                    let known = self.scope.joins.iter().map(|j| j.0.as_str());
                    let singles = self
                        .env
                        .schemas
                        .iter()
                        .filter(|s| s.single)
                        .map(|s| s.name.as_str());
                    let names: Vec<&str> = ["param", "period"]
                        .into_iter()
                        .chain(known)
                        .chain(singles)
                        .collect();
                    return self.fault(e, format!("unknown name `{alias}`"), one_of(names));
                };
                let schema = &self.env.schemas[rel];
                if !schema.single {
                    self.env.sink.hinted(
                        &e.span,
                        format!("`{alias}` has many rows"),
                        "a step with exactly one row (aggregate without `by`)",
                        format!("join it: `join = {{ {alias} = \"<key>\" }}` in a derive step"),
                    );
                    return None;
                }
                let Some(at) = schema.find(column) else {
                    let names = schema.columns.iter().map(|c| &c.name);
                    return self.fault(e, format!("`{alias}` has no column `{column}`"), one_of(names));
                };
                self.env.used.borrow_mut().relations.insert(rel);
                used(rel, at);
                typed(&schema.columns[at], Code::Single(rel, at))
            }
            _ => self.fault(
                e,
                "a name of more than two parts",
                "`column`, `step.column` or `param.name`",
            ),
        }
    }

    fn param(&self, e: &Expr, id: &str) -> Option<Typed> {
        let Some(at) = self.env.param(id) else {
            let names: Vec<&String> = self.env.params.iter().map(|p| &p.id).collect();
            let what = format!("unknown parameter `{id}`");
            match did_you_mean(id, &names) {
                Some(h) => self.env.sink.hinted(&e.span, what, one_of(&names), h),
                None => self.env.sink.error(&e.span, what, one_of(&names)),
            }
            return None;
        };
        match &self.env.params[at].kind {
            ParamKind::One(ty, options) => Some(Typed {
                options: options.clone(),
                label: self.env.params[at].label.clone(),
                ..Typed::plain(Code::Param(at), *ty)
            }),
            ParamKind::List(_) => self.fault(e, "a list used as a value", format!("`x in param.{id}`")),
            ParamKind::Bands { .. } => self.fault(e, "bands used as a value", "a step `do = \"scale\"`"),
            ParamKind::Table(_) => self.fault(e, "a table used as a value", "a join or `from` of a step"),
        }
    }

    fn call(&self, e: &Expr, name: &str, args: &[Expr]) -> Option<Typed> {
        if let Some(kind) = FigureKind::from_word(name)
            && let Some(figures) = self.scope.figures
            && kind.is_window() == self.scope.window
        {
            return self.figure(e, kind, args, figures);
        }
        let Some((_, func, signature)) = FUNCS.iter().find(|f| f.0 == name) else {
            let mut names: Vec<&str> = FUNCS.iter().map(|f| f.0).collect();
            if self.scope.figures.is_some() {
                names.extend(if self.scope.window {
                    &FigureKind::WINDOW[..]
                } else {
                    &FigureKind::GROUP[..]
                });
            }
            let what = format!("unknown function `{name}`");
            if FigureKind::from_word(name).is_some() {
                self.env.sink.hinted(
                    &e.span,
                    format!("`{name}` has no rows to work on here"),
                    one_of(names),
                    "figures over rows belong in an `aggregate` step, running ones in a `derive` with `by`",
                );
            } else if let Some(h) = did_you_mean(name, &names) {
                self.env.sink.hinted(&e.span, what, one_of(names), h);
            } else {
                self.env.sink.error(&e.span, what, one_of(names));
            }
            return None;
        };
        let checked: Vec<Option<Typed>> = args.iter().map(|a| self.expr(a)).collect();
        let checked: Vec<Typed> = checked.into_iter().collect::<Option<_>>()?;
        let types: Vec<Type> = checked.iter().map(|t| t.ty).collect();
        if let Some(ty) = func::result_type(*func, &types) {
            let code = Code::Call(*func, checked.into_iter().map(|t| t.code).collect());
            return Some(Typed::plain(code, ty));
        }
        let found: Vec<&str> = types.iter().map(|t| t.word()).collect();
        self.fault(e, format!("{name}({})", found.join(", ")), *signature)
    }
}
