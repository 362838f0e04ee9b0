//! `derive`: new columns by expression, with joins and figures around a row.

use hashbrown::HashMap;
use std::cell::RefCell;

use crate::payout::expr::check::Scope;
use crate::payout::expr::code::{Code, Figure, FigureKind};
use crate::payout::expr::eval::{Seen, World};
use crate::payout::expr::fault::TOO_LONG;
use crate::payout::num::Num;
use crate::payout::raw::{Node, Raw};
use crate::payout::relation::{Relation, Row};
use crate::payout::value::Value;

use super::join::{self, Index, Join, Missing};
use super::order::{self, Keys};
use super::spec::Spec;
use super::{Block, Halt, Made, at_row};

#[derive(Clone, Debug)]
pub struct Derive {
    pub from: usize,
    pub joins: Vec<Join>,
    pub by: Vec<usize>,
    pub order: Keys,
    pub figures: Vec<Figure>,
    pub columns: Vec<Code>,
}

/// Calls `f` with every part of an expression.
pub fn visit(code: &Code, f: &mut impl FnMut(&Code)) {
    f(code);
    match code {
        Code::Neg(a) | Code::Not(a) | Code::InParam(a, ..) => visit(a, f),
        Code::Arith(_, a, b) | Code::Compare(_, a, b) | Code::And(a, b) | Code::Or(a, b) => {
            visit(a, f);
            visit(b, f);
        }
        Code::In(a, items, _) => {
            visit(a, f);
            for i in items {
                visit(i, f);
            }
        }
        Code::When(arms, otherwise) => {
            for (c, v) in arms {
                visit(c, f);
                visit(v, f);
            }
            visit(otherwise, f);
        }
        Code::Call(_, args) => args.iter().for_each(|a| visit(a, f)),
        _ => {}
    }
}

/// Whether an expression reads a column of the row it stands at.
pub fn reads_row(code: &Code) -> bool {
    let mut reads = false;
    visit(code, &mut |part| {
        reads |= matches!(part, Code::Col(_) | Code::Join(..));
    });
    reads
}

pub fn read(spec: &Spec<'_>) -> Option<Made> {
    spec.only(&["from", "join", "by", "order", "columns"]);
    let from = spec.from()?;
    let schema = spec.schema(from);
    let joins = join::read(spec, from)?;
    let aliases: Vec<(String, usize)> = joins.iter().map(|j| (j.alias.clone(), j.to)).collect();
    let by = spec.columns("by", from)?;
    let order = order::read(spec, "order", from)?;
    let Some(Raw {
        node: Node::Map(entries),
        ..
    }) = spec.raw("columns")
    else {
        spec.missing(
            "columns",
            "names and expressions like `{ net = \"amount - refunded\" }`",
        );
        return None;
    };
    let mut columns = schema.columns.clone();
    let figures = RefCell::default();
    let mut codes: Vec<Code> = Vec::new();
    for e in entries {
        let scope = Scope {
            columns: &columns,
            relation: None,
            joins: &aliases,
            figures: Some(&figures),
            window: true,
        };
        let typed = spec.typed(&e.value, &scope);
        if !spec.fresh(&e.key, &e.key_span, &columns) {
            continue;
        }
        let typed = typed?;
        visit(&typed.code, &mut |c| {
            if let Code::Col(i) = c
                && *i < schema.columns.len()
            {
                spec.env.used.borrow_mut().columns.insert((from, *i));
            }
        });
        let (column, code) = typed.column(&e.key);
        columns.push(column);
        codes.push(code);
    }
    let figures: Vec<Figure> = figures.into_inner();
    for f in &figures {
        for c in [&f.arg, &f.only].into_iter().flatten() {
            visit(c, &mut |c| {
                if let Code::Col(i) = c {
                    if *i < schema.columns.len() {
                        spec.env.used.borrow_mut().columns.insert((from, *i));
                    } else {
                        let what = "a figure over a column of this same step";
                        spec.env
                            .sink
                            .error(&spec.span(), what, "that column in a derive step before");
                    }
                }
            });
        }
    }
    every_default(
        spec,
        &joins,
        codes
            .iter()
            .chain(figures.iter().flat_map(|f| [&f.arg, &f.only]).flatten()),
    )?;
    let made = Derive {
        from,
        joins,
        by,
        order,
        figures,
        columns: codes,
    };
    let (single, key_parts) = (schema.single, schema.key_parts);
    Some(Made {
        block: Block::Derive(made),
        columns,
        single,
        key_parts,
    })
}

fn every_default<'c>(spec: &Spec<'_>, joins: &[Join], codes: impl Iterator<Item = &'c Code>) -> Option<()> {
    let mut fine = Some(());
    for code in codes {
        visit(code, &mut |c| {
            if let Code::Join(n, i) = c
                && let Missing::Values(values) = &joins[*n].missing
                && !values.iter().any(|v| v.0 == *i)
            {
                let name = &spec.schema(joins[*n].to).columns[*i].name;
                let what = format!("`{}.{name}` has no value when there is no row", joins[*n].alias);
                let span = spec.raw("join").map_or(spec.span(), |r| r.span.clone());
                spec.env
                    .sink
                    .error(&span, what, format!("`missing = {{ {name} = … }}`"));
                fine = None;
            }
        });
    }
    fine
}

impl Derive {
    pub fn run(&self, world: &World<'_>) -> Result<Relation, Halt> {
        let source = &world.relations[self.from];
        let indexes: Vec<Index> = self.joins.iter().map(|j| j.index(world)).collect();
        let mut rows = Vec::with_capacity(source.rows.len());
        let mut cells = Vec::new();
        if self.figures.is_empty() {
            // Without figures around a row, each is done and let go.
            for (at, row) in source.rows.iter().enumerate() {
                if let Some(partners) = join::partners(&self.joins, &indexes, world, row)? {
                    rows.push(self.row(world, at, row, &partners, &[], &mut cells)?);
                }
            }
            return Ok(Relation::of(rows));
        }
        let found: Vec<Option<Vec<&[Value]>>> = source
            .rows
            .iter()
            .map(|row| join::partners(&self.joins, &indexes, world, row))
            .collect::<Result<_, _>>()?;
        let figures = self.windows(world, source, &found)?;
        for (at, row) in source.rows.iter().enumerate() {
            if let Some(partners) = &found[at] {
                rows.push(self.row(world, at, row, partners, &figures[at], &mut cells)?);
            }
        }
        Ok(Relation::of(rows))
    }

    /// One row; `cells` is a vessel that is empty before and after, so that the row's own are allocated once.
    fn row(
        &self,
        world: &World<'_>,
        at: usize,
        row: &Row,
        joins: &[&[Value]],
        figures: &[Value],
        cells: &mut Vec<Value>,
    ) -> Result<Row, Halt> {
        cells.extend_from_slice(&row.cells);
        for code in &self.columns {
            let seen = Seen {
                world,
                cells,
                joins,
                figures,
            };
            let value = at_row(seen.eval(code), &row.key)?;
            cells.push(value);
        }
        Ok(Row {
            key: row.key.clone(),
            cells: cells.drain(..).collect(),
            out: row.out.clone(),
            made_of: crate::payout::relation::one(at),
            work: None,
        })
    }

    fn windows(
        &self,
        world: &World<'_>,
        source: &Relation,
        found: &[Option<Vec<&[Value]>>],
    ) -> Result<Vec<Vec<Value>>, Halt> {
        let mut result = vec![Vec::new(); source.rows.len()];
        let mut sums: HashMap<Vec<Value>, Vec<Num>> = HashMap::new();
        let mut ends: HashMap<(Vec<Value>, usize), Value> = HashMap::new();
        let order = order::sorted(source, &self.order);
        let group = |row: &Row| -> Vec<Value> { self.by.iter().map(|c| row.cells[*c].clone()).collect() };
        for at in &order {
            let row = &source.rows[*at];
            let Some(partners) = &found[*at] else { continue };
            let seen = Seen {
                world,
                cells: &row.cells,
                joins: partners,
                figures: &[],
            };
            let state = sums
                .entry(group(row))
                .or_insert_with(|| vec![Num::ZERO; self.figures.len()]);
            for (n, (sum, figure)) in state.iter_mut().zip(&self.figures).enumerate() {
                if let (FigureKind::Spaced, Some(begin), Some(end)) = (figure.kind, &figure.arg, &figure.only)
                {
                    let last = (group(row), n);
                    let begins = at_row(seen.eval(begin), &row.key)?;
                    // A row that is out bars nobody.
                    let stands = row.is_in() && ends.get(&last).is_none_or(|end| *end < begins);
                    if stands {
                        ends.insert(last, at_row(seen.eval(end), &row.key)?);
                    }
                    result[*at].push(Value::Bool(stands));
                    continue;
                }
                // A row that is out takes no place and adds nothing.
                if row.is_in() {
                    let add = match &figure.arg {
                        Some(code) => at_row(seen.eval(code), &row.key)?.num(),
                        None => Num::ONE,
                    };
                    *sum = &*sum + &add;
                    if sum.too_long() {
                        return Err(Halt::at(&row.key, TOO_LONG));
                    }
                }
                result[*at].push(Value::Num(sum.clone()));
            }
        }
        for at in &order {
            let row = &source.rows[*at];
            if let (Some(totals), Some(_)) = (sums.get(&group(row)), &found[*at]) {
                for (n, figure) in self.figures.iter().enumerate() {
                    if figure.kind == FigureKind::Total {
                        result[*at][n] = Value::Num(totals[n].clone());
                    }
                }
            }
        }
        Ok(result)
    }
}
