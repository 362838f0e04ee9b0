//! `[[bound]]`: what parameters must be to one another, like shares that leave something over, or a lower line under an
//! upper one; and rates that say where they end.

use jiff::civil::Date;

use super::{Document, column};
use crate::payout::block::derive::visit;
use crate::payout::block::spec::Spec;
use crate::payout::diag::Diagnostic;
use crate::payout::expr::check::Scope;
use crate::payout::expr::code::Code;
use crate::payout::expr::eval::World;
use crate::payout::raw::{At, Refused};
use crate::payout::relation::Row;
use crate::payout::schema::{Env, Label, ParamDecl, ParamKind, Setting};
use crate::payout::value::Type;

/// A condition on parameters alone.
#[derive(Clone, Debug)]
pub(in crate::payout) struct Bound {
    /// The parameter that is told to give way.
    pub param: usize,
    /// What must hold.
    pub holds: Code,
    /// Every parameter it reads.
    pub reads: Vec<usize>,
    /// What must hold, for people.
    pub label: Label,
}

/// Reads all bounds; faults go to the sink.
pub(super) fn read(root: At<'_>, env: &Env<'_>) -> Vec<Bound> {
    let mut bounds = Vec::new();
    let read = root.get("bound", |list| {
        list.each(|_, at| {
            bounds.extend(one(at, env)?);
            Ok(())
        })
    });
    if let Err(r) = read {
        env.sink.error(&r.span, r.what, r.expected);
    }
    bounds
}

/// One of them; `None` where the expression's fault was reported.
fn one(at: At<'_>, env: &Env<'_>) -> Result<Option<Bound>, Refused> {
    at.only(&["param", "holds", "zh", "en"])?;
    let label = column::label(at)?;
    if label.zh.is_empty() || label.en.is_empty() {
        return Err(at.refuse("a bound without words", "`zh` and `en`: what must hold"));
    }
    let name = at.get("param", |v| {
        let id = v.str()?;
        env.param(id)
            .ok_or_else(|| v.refuse(format!("unknown parameter `{id}`"), "the id of a parameter"))
    })?;
    let spec = Spec { at, env, id: "bound" };
    let (Some(param), Some(raw)) = (name, spec.raw("holds")) else {
        return Err(at.refuse(
            "a bound without `param` or `holds`",
            "a parameter and a condition",
        ));
    };
    let scope = Scope {
        columns: &[],
        relation: None,
        joins: &[],
        figures: None,
        window: false,
    };
    let Some(typed) = spec.typed(raw, &scope) else {
        return Ok(None);
    };
    let mut reads = Vec::new();
    visit(&typed.code, &mut |code| {
        if let Code::Param(at) = code
            && !reads.contains(at)
        {
            reads.push(*at);
        }
    });
    if typed.ty != Type::Bool || !reads.contains(&param) {
        let expected = "a condition that reads the parameter, like `param.low <= param.high`";
        return at.get("holds", |v| Err(v.refuse("a bound that is none", expected)));
    }
    Ok(Some(Bound {
        param,
        holds: typed.code,
        reads,
        label,
    }))
}

impl Document {
    /// Rates without `min` (or `over`) and `max`: a 10 that was meant as 10 % is 1000 %.
    pub(in crate::payout) fn endless_rates(&self) -> Vec<Diagnostic> {
        let told = |p: &ParamDecl, what: String| {
            let expected = "`min` (or `over`) and `max`, like `min = \"0\"` and `max = \"100%\"`";
            self.diagnose(&p.span, what, expected.to_owned(), None)
        };
        let mut found = Vec::new();
        for p in &self.params {
            let rate = match &p.kind {
                ParamKind::One(ty, _) | ParamKind::List(ty) | ParamKind::Bands { gives: ty, .. } => *ty,
                ParamKind::Table(_) => Type::Text,
            };
            if rate == Type::Ratio && ((p.min.is_none() && p.over.is_none()) || p.max.is_none()) {
                found.push(told(p, format!("the rate `{}` without bounds", p.id)));
            }
            for c in self.table_columns(&p.kind).unwrap_or_default() {
                if c.ty == Type::Ratio && (c.min.is_none() || c.max.is_none()) {
                    found.push(told(
                        p,
                        format!("the rate `{}` of `{}` without bounds", c.name, p.id),
                    ));
                }
            }
        }
        found
    }

    /// Bounds these settings break: the parameter, what was found, what was expected. Bounds of parameters that are not
    /// `known` are not looked at.
    pub(in crate::payout) fn out_of_bounds(
        &self,
        settings: &[Setting],
        (from, to): (Date, Date),
        known: impl Fn(usize) -> bool,
    ) -> Vec<(usize, String, String)> {
        let world = World {
            params: settings,
            relations: &[],
            from,
            to,
        };
        let nobody = Row::new("", Vec::new());
        let given = self.bounds.iter().filter(|b| b.reads.iter().all(|at| known(*at)));
        given
            .filter(|b| !matches!(world.row(&nobody).eval(&b.holds), Ok(v) if v.is_true()))
            .map(|b| {
                let found = b.reads.iter().filter_map(|at| {
                    let (p, ty) = match (&self.params[*at], &self.params[*at].kind) {
                        (p, ParamKind::One(ty, _)) => (p, *ty),
                        _ => return None,
                    };
                    let Setting::One(value) = &settings[*at] else {
                        return None;
                    };
                    Some(format!("`{}` {}", p.id, value.shown(ty, self.header.decimals)))
                });
                let found = found.collect::<Vec<_>>().join(", ");
                (b.param, format!("found {found}"), b.label.en.clone())
            })
            .collect()
    }
}
