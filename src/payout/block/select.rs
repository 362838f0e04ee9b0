//! `select`: rows by window and condition, in a written order, the first of each group; or the union of relations.

use hashbrown::HashSet;

use crate::payout::expr::code::{Code, Instant};
use crate::payout::expr::eval::World;
use crate::payout::expr::units::unify;
use crate::payout::relation::{MadeOf, Relation, Row, key_of, one};
use crate::payout::schema::Column;
use crate::payout::value::{Type, Value};

use super::derive::reads_row;
use super::order::{self, Keys};
use super::spec::Spec;
use super::{Block, Halt, Made, at_row, not_too_many};

#[derive(Clone, Debug)]
pub struct Select {
    pub from: Vec<usize>,
    /// Union: for each relation which of its columns are taken, and its name.
    pub picks: Vec<(String, Vec<usize>)>,
    /// Instant column, first and end instant (half-open).
    pub window: Option<(usize, Code, Code)>,
    pub only: Option<Code>,
    pub order: Keys,
    pub first_of: Vec<usize>,
}

pub fn read(spec: &Spec<'_>) -> Option<Made> {
    spec.only(&["from", "where", "within", "order", "first_of", "columns"]);
    let names = spec.texts("from");
    if names.is_empty() {
        spec.missing("from", "a relation or a list of relations");
        return None;
    }
    if names.len() > 1 {
        return union(spec, &names);
    }
    let from = spec.relation(names[0].0, &names[0].1)?;
    let schema = spec.schema(from);
    let window = window(spec, from)?;
    let only = match spec.raw("where") {
        Some(_) => Some(spec.condition("where", from)?.code),
        None => None,
    };
    let order = order::read(spec, "order", from)?;
    let first_of = spec.columns("first_of", from)?;
    if let Some(raw) = spec.raw("columns") {
        spec.env.sink.error(
            &raw.span,
            "`columns` with one relation",
            "`columns` only where several are united",
        );
    }
    let (columns, key_parts) = (schema.columns.clone(), schema.key_parts);
    let block = Block::Select(Select {
        from: vec![from],
        picks: Vec::new(),
        window,
        only,
        order,
        first_of,
    });
    Some(Made {
        block,
        columns,
        single: false,
        key_parts,
    })
}

/// The window on `occurred`: `Some(None)` when everything counts.
#[expect(clippy::option_option, reason = "the outer level is a reported fault")]
fn window(spec: &Spec<'_>, from: usize) -> Option<Option<(usize, Code, Code)>> {
    let schema = spec.schema(from);
    let is_fact = schema.name.starts_with("fact.");
    let period = |at| Some(Some((at, Code::Period(Instant::From), Code::Period(Instant::To))));
    let at = schema.find("occurred");
    let Some(raw) = spec.raw("within") else {
        return match at {
            Some(at) if is_fact => period(at),
            _ => Some(None),
        };
    };
    let Some(at) = at else {
        spec.env.sink.error(
            &raw.span,
            "`within` on rows without `occurred`",
            "facts, or rows that kept `occurred`",
        );
        return None;
    };
    let inner = Spec {
        at: crate::payout::raw::At::root(raw),
        ..*spec
    };
    match &raw.node {
        crate::payout::raw::Node::Str(s) if s == "period" => period(at),
        crate::payout::raw::Node::Str(s) if s == "all" => Some(None),
        crate::payout::raw::Node::Map(_) => {
            let scope = |key: &str| {
                inner
                    .need_expr(key, from, |t| t == Type::Date, "a date")
                    .map(|t| t.code)
            };
            let (start, end) = (scope("from"), scope("to"));
            Some(Some((at, start?, end?)))
        }
        _ => {
            let expected = "\"period\", \"all\" or { from = …, to = … } (half-open)";
            spec.env.sink.error(&raw.span, "`within`", expected);
            None
        }
    }
}

fn union(spec: &Spec<'_>, names: &[(&str, std::ops::Range<usize>)]) -> Option<Made> {
    for key in ["where", "within", "order", "first_of"] {
        if let Some(e) = spec.entry(key) {
            spec.env.sink.error(
                &e.key_span,
                format!("`{key}` in a union"),
                "a select step of its own after it",
            );
        }
    }
    let from: Vec<usize> = names
        .iter()
        .map(|(n, s)| spec.relation(n, s))
        .collect::<Option<_>>()?;
    let wanted = spec.texts("columns");
    if wanted.is_empty() {
        spec.missing("columns", "the columns all united relations have");
        return None;
    }
    let mut columns: Vec<Column> = Vec::new();
    let mut picks: Vec<(String, Vec<usize>)> = names.iter().map(|n| (n.0.to_owned(), Vec::new())).collect();
    for (name, span) in &wanted {
        let mut merged: Option<Column> = None;
        for (n, relation) in from.iter().enumerate() {
            let at = spec.column(name, span, *relation)?;
            picks[n].1.push(at);
            let c = &spec.schema(*relation).columns[at];
            merged = Some(match merged {
                None => c.clone(),
                Some(m) if m.ty == c.ty || (m.ty.is_money() && unify(m.ty, c.ty).is_some()) => Column {
                    ty: unify(m.ty, c.ty).unwrap_or(m.ty),
                    cash: m.cash || c.cash,
                    employee: m.employee && c.employee,
                    options: m.options.clone().filter(|_| m.options == c.options),
                    ..m
                },
                Some(m) => {
                    let what = format!(
                        "`{name}` is {} in one relation and {} in another",
                        m.ty.word(),
                        c.ty.word()
                    );
                    spec.env.sink.error(span, what, "the same unit in all");
                    return None;
                }
            });
        }
        columns.extend(merged);
    }
    if spec.fresh("source", &spec.span(), &columns) {
        let mut source = Column::new("source", Type::Text);
        source.options = Some(names.iter().map(|n| n.0.to_owned()).collect());
        columns.push(source);
    }
    let block = Select {
        from,
        picks,
        window: None,
        only: None,
        order: Vec::new(),
        first_of: Vec::new(),
    };
    Some(Made {
        block: Block::Select(block),
        columns,
        single: false,
        key_parts: 2,
    })
}

impl Select {
    pub fn run(&self, world: &World<'_>) -> Result<Relation, Halt> {
        if !self.picks.is_empty() {
            let all = self.from.iter().map(|r| world.relations[*r].rows.len());
            not_too_many(all.sum())?;
            return Ok(self.unite(world));
        }
        let source = &world.relations[self.from[0]];
        let mut seen = HashSet::new();
        let mut rows = Vec::with_capacity(source.rows.len());
        // A window that reads nothing of the row is the same for all.
        let is_fixed =
            (self.window.as_ref()).is_some_and(|(_, start, end)| !reads_row(start) && !reads_row(end));
        let mut fixed: Option<(Value, Value)> = None;
        for at in order::sorted(source, &self.order) {
            let row = &source.rows[at];
            let view = world.row(row);
            if let Some((column, start, end)) = &self.window {
                let bounds = match fixed.take() {
                    Some(bounds) => bounds,
                    None => (
                        at_row(view.eval(start), &row.key)?,
                        at_row(view.eval(end), &row.key)?,
                    ),
                };
                let when = &row.cells[*column];
                let is_out = *when < bounds.0 || *when >= bounds.1;
                if is_fixed {
                    fixed = Some(bounds);
                }
                if is_out {
                    continue;
                }
            }
            if let Some(only) = &self.only
                && !at_row(view.test(only), &row.key)?
            {
                continue;
            }
            if !self.first_of.is_empty() && row.is_in() {
                let group: Vec<Value> = self.first_of.iter().map(|c| row.cells[*c].clone()).collect();
                if !seen.insert(group) {
                    continue;
                }
            }
            rows.push(Row {
                made_of: one(at),
                work: None,
                ..row.clone()
            });
        }
        Ok(Relation::of(rows))
    }

    fn unite(&self, world: &World<'_>) -> Relation {
        let mut rows = Vec::new();
        for (n, (name, picks)) in self.picks.iter().enumerate() {
            for (at, row) in world.relations[self.from[n]].rows.iter().enumerate() {
                let name: Value = Value::Text(name.as_str().into());
                let mut cells: Vec<Value> = picks.iter().map(|c| row.cells[*c].clone()).collect();
                cells.push(name.clone());
                let key = key_of(&[name, Value::Text(row.key.clone())]);
                let (n, at) = (
                    u16::try_from(n).unwrap_or(u16::MAX),
                    u32::try_from(at).unwrap_or(u32::MAX),
                );
                rows.push(Row {
                    key,
                    cells: cells.into(),
                    out: row.out.clone(),
                    made_of: MadeOf::Of(n, at),
                    work: None,
                });
            }
        }
        Relation::of(rows)
    }
}
