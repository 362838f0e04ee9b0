//! Figures over rows: `sum(amount)`, `count(n > 0)`, `running(amount)`.

use std::cell::RefCell;

use crate::payout::block::derive::reads_row;
use crate::payout::value::Type;

use super::ast::Expr;
use super::check::{Checker, Scope, Typed};
use super::code::{Code, Figure, FigureKind, FigureKind as F};
use super::units::unify;

impl Checker<'_> {
    /// Checks a figure and adds it to the step's list.
    pub fn figure(
        &self,
        e: &Expr,
        kind: FigureKind,
        args: &[Expr],
        figures: &RefCell<Vec<Figure>>,
    ) -> Option<Typed> {
        // Arguments are computed row by row: no figure inside a figure.
        let inner = Scope {
            figures: None,
            ..*self.scope
        };
        let checker = Checker {
            env: self.env,
            scope: &inner,
            nonzero: RefCell::default(),
        };
        let typed: Vec<Option<Typed>> = args.iter().map(|a| checker.expr(a)).collect();
        let typed: Vec<Typed> = typed.into_iter().collect::<Option<_>>()?;
        let types: Vec<Type> = typed.iter().map(|t| t.ty).collect();
        let code = |i: usize| typed.get(i).map(|t| t.code.clone());
        let first = types.first().copied();
        let number = first.is_some_and(Type::is_number);
        let (ty, arg, only, empty) = match (kind, types.as_slice()) {
            (F::Sum, [t] | [t, Type::Bool]) if number => (*t, code(0), code(1), None),
            (F::Count | F::Index, []) => (Type::Count, None, None, None),
            (F::Count, [Type::Bool]) => (Type::Count, None, code(0), None),
            (F::Distinct, [_] | [_, Type::Bool]) => (Type::Count, code(0), code(1), None),
            (F::Lowest | F::Highest, [t]) if number || *t == Type::Date => (*t, code(0), None, None),
            (F::First | F::Last, [t]) => (*t, code(0), None, None),
            (F::Lowest | F::Highest | F::First | F::Last, [t, d]) if unify(*t, *d).is_some() => {
                (*t, code(0), None, code(1))
            }
            (F::Any | F::All, [Type::Bool]) => (Type::Bool, code(0), None, None),
            (F::Running | F::Total, [t]) if number => (*t, code(0), None, None),
            (F::Spaced, [Type::Date, Type::Date]) => (Type::Bool, code(0), code(1), None),
            _ => {
                let found: Vec<&str> = types.iter().map(|t| t.word()).collect();
                let signature = "sum(x[, condition]), count([condition]), distinct(x[, condition]), \
                                 lowest/highest/first/last(x[, when empty]), any/all(condition), \
                                 running(x), index(), total(x), spaced(date, date)";
                return self.fault(e, format!("these arguments: ({})", found.join(", ")), signature);
            }
        };
        if empty.as_ref().is_some_and(reads_row) {
            return self.fault(
                args.get(1).unwrap_or(e),
                "what holds when there is no row reads one",
                "a value, a parameter or a figure of a step with one row",
            );
        }
        let ty = if ty == Type::Number { Type::Count } else { ty };
        let keeps = matches!(kind, F::First | F::Last);
        // A sum over everything, or one row's value, is called what its parts are called.
        let whole = !matches!(kind, F::Count | F::Index | F::Distinct | F::Any | F::All) && only.is_none();
        let label = typed.first().filter(|_| whole).map(|t| t.label.clone());
        let options = typed
            .first()
            .filter(|_| keeps && empty.is_none())
            .and_then(|t| t.options.clone());
        let employee = keeps && typed.first().is_some_and(|t| t.employee);
        figures.borrow_mut().push(Figure {
            kind,
            arg,
            only,
            empty,
        });
        let at = figures.borrow().len() - 1;
        Some(Typed {
            options,
            employee,
            label: label.unwrap_or_default(),
            ..Typed::plain(Code::Figure(at), ty)
        })
    }
}
