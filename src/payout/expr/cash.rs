//! What an expression owes to rounded cash. Money made of it would be rounded a second time, also by way of a ratio.

use crate::payout::schema::{Column, Env};

use super::code::{Code, FigureKind};
use super::func::Func;
use super::scope::Scope;

/// Whether the value of `code` moves with an amount that was rounded. What a condition decides does not count: a
/// threshold reached is a fact, not a part of an amount.
pub fn from_cash(code: &Code, env: &Env<'_>, scope: &Scope<'_>) -> bool {
    let column = |c: Option<&Column>| c.is_some_and(Column::is_cash);
    let any = |codes: &[Code]| codes.iter().any(|c| from_cash(c, env, scope));
    match code {
        Code::Col(at) => column(scope.columns.get(*at)),
        Code::Join(n, at) => {
            let relation = scope.joins.get(*n).map(|j| &env.schemas[j.1]);
            column(relation.and_then(|r| r.columns.get(*at)))
        }
        Code::Single(relation, at) => column(env.schemas[*relation].columns.get(*at)),
        Code::Neg(a) => from_cash(a, env, scope),
        Code::Arith(_, a, b) => from_cash(a, env, scope) || from_cash(b, env, scope),
        Code::When(arms, otherwise) => {
            arms.iter().any(|(_, value)| from_cash(value, env, scope)) || from_cash(otherwise, env, scope)
        }
        Code::Call(func, args) => {
            let of_amounts = matches!(
                func,
                Func::Min | Func::Max | Func::Abs | Func::Clamp | Func::FloorTo | Func::Whole | Func::Divide
            );
            of_amounts && any(args)
        }
        Code::Figure(at) => {
            let figures = scope.figures.map(std::cell::RefCell::borrow);
            figures.and_then(|f| f.get(*at).cloned()).is_some_and(|f| {
                let counts = matches!(
                    f.kind,
                    FigureKind::Count
                        | FigureKind::Distinct
                        | FigureKind::Index
                        | FigureKind::Any
                        | FigureKind::All
                );
                !counts && f.arg.iter().chain(&f.empty).any(|c| from_cash(c, env, scope))
            })
        }
        Code::Const(_)
        | Code::Param(_)
        | Code::Period(_)
        | Code::Not(_)
        | Code::Compare(..)
        | Code::And(..)
        | Code::Or(..)
        | Code::In(..)
        | Code::InParam(..) => false,
    }
}
