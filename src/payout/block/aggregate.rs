//! `aggregate`: figures over groups of rows. Rows that are out do not count.

use hashbrown::{HashMap, HashSet};
use std::cell::RefCell;

use crate::payout::expr::code::{Code, Figure, FigureKind};
use crate::payout::expr::eval::{Seen, World};
use crate::payout::expr::fault::{Fault, TOO_LONG};
use crate::payout::num::Num;
use crate::payout::raw::Node;
use crate::payout::relation::{MadeOf, Relation, Row, key_of};
use crate::payout::schema::Column;
use crate::payout::value::{Type, Value};

use super::spec::{Spec, with_figures};
use super::{Block, Halt, Made};

#[derive(Clone, Debug)]
pub struct Aggregate {
    pub from: usize,
    pub by: Vec<usize>,
    /// One row per row of this relation, also where nothing was found.
    pub over: Option<usize>,
    /// Which columns of `by` are people: rows are put in the roster's order of them.
    pub people: Vec<bool>,
    pub figures: Vec<Figure>,
    pub columns: Vec<Code>,
    /// Unit of each figure's result, to know an empty sum's 0.
    pub with_excluded: bool,
}

pub fn read(spec: &Spec<'_>) -> Option<Made> {
    spec.only(&["from", "by", "over", "columns", "with_excluded"]);
    let from = spec.from()?;
    let schema = spec.schema(from);
    let by = spec.columns("by", from)?;
    let mut columns: Vec<Column> = by.iter().map(|c| schema.columns[*c].clone()).collect();
    let over = match spec.raw("over") {
        None => None,
        Some(raw) => {
            let relation = spec.relation(spec.text("over")?, &raw.span)?;
            if by.len() != 1 || spec.schema(relation).key_parts != 1 || columns[0].ty != Type::Text {
                let expected = "`by` with exactly the one text column that names rows of `over`";
                spec.env.sink.error(&raw.span, "`over` here", expected);
                return None;
            }
            Some(relation)
        }
    };
    let Some(raw) = spec.raw("columns") else {
        spec.missing("columns", "names and figures like `{ total = \"sum(amount)\" }`");
        return None;
    };
    let Node::Map(entries) = &raw.node else {
        spec.env.sink.error(
            &raw.span,
            "`columns`",
            "names and figures like `{ total = \"sum(amount)\" }`",
        );
        return None;
    };
    let figures = RefCell::default();
    let mut codes = Vec::new();
    for e in entries {
        // Only the group's own columns are the same for all its rows; others go through a figure.
        let typed = spec.typed(&e.value, &with_figures(schema, from, &figures));
        if !spec.fresh(&e.key, &e.key_span, &columns) {
            continue;
        }
        let typed = typed?;
        if let Some(c) = bare_column(&typed.code, &by) {
            let what = format!("`{}` differs from row to row of a group", schema.columns[c].name);
            spec.env.sink.hinted(
                &e.value.span,
                what,
                "a figure or a column of `by`",
                "`first(…)` takes the first row's",
            );
            continue;
        }
        let (column, code) = typed.column(&e.key);
        columns.push(column);
        codes.push(code);
    }
    let figures: Vec<Figure> = figures.into_inner();
    let single = by.is_empty();
    if let Some(f) = figures.iter().find(|f| {
        let needs_row = matches!(
            f.kind,
            FigureKind::Lowest | FigureKind::Highest | FigureKind::First | FigureKind::Last
        );
        needs_row && f.empty.is_none() && (single || over.is_some())
    }) {
        let what = format!("{:?} of rows that may be none", f.kind).to_lowercase();
        spec.env
            .sink
            .error(&raw.span, what, "a second argument that says what holds then");
    }
    let people = by.iter().map(|c| schema.columns[*c].employee).collect();
    let with_excluded = spec
        .raw("with_excluded")
        .is_some_and(|r| matches!(r.node, Node::Bool(true)));
    let key_parts = by.len();
    let block = Aggregate {
        from,
        by,
        over,
        people,
        figures,
        columns: codes,
        with_excluded,
    };
    Some(Made {
        block: Block::Aggregate(block),
        columns,
        single,
        key_parts,
    })
}

/// A column outside `by` that code reads directly.
fn bare_column(code: &Code, by: &[usize]) -> Option<usize> {
    let mut found = None;
    super::derive::visit(code, &mut |c| {
        if let Code::Col(i) = c
            && !by.contains(i)
        {
            found = Some(*i);
        }
    });
    found
}

/// Running state of one figure.
enum State {
    Sum(Num),
    Count(u64),
    Seen(HashSet<Value>),
    Value(Option<Value>),
    Truth(bool),
}

/// Rows of one key: their figures so far, and which they are.
struct Group {
    states: Vec<State>,
    members: Vec<u32>,
}

fn start(kind: FigureKind) -> State {
    match kind {
        FigureKind::Sum | FigureKind::Running | FigureKind::Total => State::Sum(Num::ZERO),
        FigureKind::Count | FigureKind::Index => State::Count(0),
        FigureKind::Distinct => State::Seen(HashSet::new()),
        FigureKind::Any | FigureKind::Spaced => State::Truth(false),
        FigureKind::All => State::Truth(true),
        _ => State::Value(None),
    }
}

fn feed(state: &mut State, figure: &Figure, seen: &Seen<'_>) -> Result<(), Fault> {
    if let Some(only) = &figure.only
        && !seen.test(only)?
    {
        return Ok(());
    }
    let value = match &figure.arg {
        Some(code) => Some(seen.eval(code)?),
        None => None,
    };
    match (state, value) {
        (State::Sum(sum), Some(Value::Num(n))) => {
            *sum = &*sum + &n;
            if sum.too_long() {
                return Err(TOO_LONG);
            }
        }
        (State::Count(n), _) => *n += 1,
        (State::Seen(set), Some(v)) => {
            set.insert(v);
        }
        (State::Truth(t), Some(v)) => match figure.kind {
            FigureKind::Any => *t = *t || v.is_true(),
            _ => *t = *t && v.is_true(),
        },
        (State::Value(old), Some(v)) => {
            let better = match (&old, figure.kind) {
                (None, _) | (_, FigureKind::Last) => true,
                (Some(o), FigureKind::Lowest) => v < *o,
                (Some(o), FigureKind::Highest) => v > *o,
                _ => false,
            };
            if better {
                *old = Some(v);
            }
        }
        _ => {}
    }
    Ok(())
}

impl Aggregate {
    pub fn run(&self, world: &World<'_>) -> Result<Relation, Halt> {
        let source = &world.relations[self.from];
        let mut places: HashMap<Vec<Value>, usize> = HashMap::new();
        let mut groups: Vec<(Vec<Value>, Group)> = Vec::new();
        let fresh = || Group {
            states: self.figures.iter().map(|f| start(f.kind)).collect(),
            members: Vec::new(),
        };
        if self.by.is_empty() {
            places.insert(Vec::new(), 0);
            groups.push((Vec::new(), fresh()));
        }
        // One key for all rows: most belong to a group that is there.
        let mut key: Vec<Value> = Vec::new();
        for (at, row) in source
            .rows
            .iter()
            .enumerate()
            .filter(|(_, r)| r.is_in() || self.with_excluded)
        {
            key.clear();
            key.extend(self.by.iter().map(|c| row.cells[*c].clone()));
            let place = if let Some(place) = places.get(key.as_slice()) {
                *place
            } else {
                places.insert(key.clone(), groups.len());
                groups.push((key.clone(), fresh()));
                groups.len() - 1
            };
            let group = &mut groups[place].1;
            let seen = world.row(row);
            for (state, figure) in group.states.iter_mut().zip(&self.figures) {
                super::at_row(feed(state, figure, &seen), &row.key)?;
            }
            group.members.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        let mut made: Vec<(Vec<Value>, Group)> = if let Some(over) = self.over {
            let rows = &world.relations[over].rows;
            rows.iter()
                .map(|r| {
                    let key = vec![Value::Text(r.key.clone())];
                    let there = places.get(&key).map(|place| &mut groups[*place].1);
                    let group = there.map_or_else(fresh, |group| std::mem::replace(group, fresh()));
                    (key, group)
                })
                .collect()
        } else {
            groups
        };
        if self.over.is_none() {
            if self.people.contains(&true) {
                let places = world.relations[super::super::run::ROSTER].index();
                // Column by column: people by their place in the roster, everything else by its value.
                made.sort_by_cached_key(|(key, _)| {
                    let place = |(v, person): (&Value, &bool)| {
                        let place = places.get(&v.text()).filter(|_| *person);
                        (place.copied(), v.clone())
                    };
                    key.iter().zip(&self.people).map(place).collect::<Vec<_>>()
                });
            } else {
                made.sort_by(|a, b| a.0.cmp(&b.0));
            }
        }
        made.into_iter()
            .map(|(key, group)| self.row(world, &key, group.states, group.members))
            .collect::<Result<_, _>>()
            .map(Relation::of)
    }

    fn row(
        &self,
        world: &World<'_>,
        by: &[Value],
        states: Vec<State>,
        members: Vec<u32>,
    ) -> Result<Row, Halt> {
        let key = key_of(by);
        let mut figures = Vec::with_capacity(states.len());
        for (state, figure) in states.into_iter().zip(&self.figures) {
            figures.push(match state {
                State::Sum(n) => Value::Num(n),
                State::Count(n) => Value::Num(Num::int(n)),
                State::Seen(set) => Value::Num(Num::int(i128::try_from(set.len()).unwrap_or_default())),
                State::Truth(t) => Value::Bool(t),
                State::Value(Some(v)) => v,
                State::Value(None) => {
                    let seen = Seen {
                        world,
                        cells: by,
                        joins: &[],
                        figures: &[],
                    };
                    let Some(empty) = &figure.empty else {
                        let expected =
                            "at least one row, or a second argument that says what holds without one";
                        return Err(Halt::row(
                            &key,
                            "the lowest, highest, first or last of no rows",
                            expected,
                        ));
                    };
                    super::at_row(seen.eval(empty), &key)?
                }
            });
        }
        // Columns of `by` are read at their places in the source; lay them out there.
        let width = self.by.iter().max().map_or(0, |m| m + 1);
        let mut cells = vec![Value::Bool(false); width];
        for (value, at) in by.iter().zip(&self.by) {
            cells[*at] = value.clone();
        }
        let seen = Seen {
            world,
            cells: &cells,
            joins: &[],
            figures: &figures,
        };
        let mut all = by.to_vec();
        for code in &self.columns {
            all.push(super::at_row(seen.eval(code), &key)?);
        }
        Ok(Row {
            key,
            cells: all.into(),
            out: None,
            made_of: MadeOf::Many(members.into()),
            work: None,
        })
    }
}
