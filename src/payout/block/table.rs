//! `table`: a decision table on words and ranges, proved unique and complete when it is loaded.

use std::collections::BTreeSet;

use crate::payout::expr::eval::World;
use crate::payout::num::Num;
use crate::payout::raw::{At, Node, Raw};
use crate::payout::relation::Relation;
use crate::payout::schema::Column;
use crate::payout::setting::{read_num, read_value};
use crate::payout::value::{Type, Value};

use super::spec::Spec;
use super::{Block, Halt, Made};

#[derive(Clone, Debug)]
pub struct Table {
    pub from: usize,
    pub on: Vec<usize>,
    pub rows: Vec<Line>,
    pub otherwise: Option<Vec<Value>>,
}

#[derive(Clone, Debug)]
pub struct Line {
    pub tests: Vec<Test>,
    pub gives: Vec<Value>,
    /// Where it stands.
    pub span: std::ops::Range<usize>,
}

#[derive(Clone, Debug)]
pub enum Test {
    Any,
    Words(Vec<Value>),
    Range {
        low: Option<(Num, bool)>,
        high: Option<(Num, bool)>,
    },
}

/// More cells than this are not proved.
const CELLS_MAX: usize = 100_000;

pub fn read(spec: &Spec<'_>) -> Option<Made> {
    spec.only(&["from", "on", "gives", "rows"]);
    let from = spec.from()?;
    let on = spec.columns("on", from)?;
    let gives = read_gives(spec, from)?;
    let Some(Raw {
        node: Node::List(items),
        span,
    }) = spec.raw("rows")
    else {
        spec.missing("rows", "`[{ <column> = …, <result> = … }]`");
        return None;
    };
    let schema = spec.schema(from);
    let mut table = Table {
        from,
        on,
        rows: Vec::new(),
        otherwise: None,
    };
    for item in items {
        let at = At::root(item);
        let mut known: Vec<&str> = table
            .on
            .iter()
            .map(|c| schema.columns[*c].name.as_str())
            .collect();
        known.extend(gives.iter().map(|c| c.name.as_str()));
        known.push("else");
        spec.report(at.only(&known))?;
        let mut values = Vec::new();
        for c in &gives {
            let read = spec.report(at.get(&c.name, |v| read_value(v, c.ty, &c.options, 0)))?;
            let Some(v) = read else {
                spec.env.sink.error(
                    &item.span,
                    format!("a row without `{}`", c.name),
                    "every result in every row",
                );
                return None;
            };
            values.push(v);
        }
        if spec.report(at.get("else", |v| v.bool()))? == Some(true) {
            table.otherwise = Some(values);
            continue;
        }
        let mut tests = Vec::new();
        for c in &table.on {
            let column = &schema.columns[*c];
            tests.push(
                match spec.report(at.get(&column.name, |v| read_test(v, column)))? {
                    Some(test) => test,
                    None => Test::Any,
                },
            );
        }
        table.rows.push(Line {
            tests,
            gives: values,
            span: item.span.clone(),
        });
    }
    prove(spec, &table, span)?;
    let mut columns = schema.columns.clone();
    columns.extend(gives);
    let (single, key_parts) = (schema.single, schema.key_parts);
    Some(Made {
        block: Block::Table(table),
        columns,
        single,
        key_parts,
    })
}

fn read_gives(spec: &Spec<'_>, from: usize) -> Option<Vec<Column>> {
    let Some(Raw {
        node: Node::Map(entries),
        ..
    }) = spec.raw("gives")
    else {
        spec.missing("gives", "names and types like `{ coefficient = \"ratio\" }`");
        return None;
    };
    let mut columns: Vec<Column> = spec.schema(from).columns.clone();
    let before = columns.len();
    for e in entries {
        if !spec.fresh(&e.key, &e.key_span, &columns) {
            return None;
        }
        columns.push(spec.report(super::super::doc::column::read(At::root(&e.value), &e.key))?);
    }
    Some(columns.split_off(before))
}

fn read_test(at: At<'_>, column: &Column) -> Result<Test, super::super::raw::Refused> {
    let one = |v: At<'_>| read_value(v, column.ty, &column.options, 0);
    match &at.raw.node {
        Node::List(_) => {
            let mut words = Vec::new();
            at.each(|_, v| {
                words.push(one(v)?);
                Ok(())
            })?;
            Ok(Test::Words(words))
        }
        Node::Map(_) if column.ty.is_number() => {
            at.only(&["from", "over", "upto", "below"])?;
            let num = |key: &str| at.get(key, |v| read_num(v, column.ty));
            let low = num("from")?
                .map(|n| (n, true))
                .or(num("over")?.map(|n| (n, false)));
            let high = num("upto")?
                .map(|n| (n, true))
                .or(num("below")?.map(|n| (n, false)));
            Ok(Test::Range { low, high })
        }
        _ => Ok(Test::Words(vec![one(at)?])),
    }
}

impl Test {
    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Any => true,
            Self::Words(words) => words.contains(value),
            Self::Range { low, high } => {
                let Some(x) = value.as_num() else { return false };
                low.as_ref().is_none_or(|(n, with)| x > n || (*with && x == n))
                    && high.as_ref().is_none_or(|(n, with)| x < n || (*with && x == n))
            }
        }
    }
}

/// Representatives of every cell of one column: its words, or each bound and a point between bounds.
fn representatives(column: &Column, tests: &[&Test]) -> Option<Vec<Value>> {
    match column.ty {
        Type::Bool => Some(vec![Value::Bool(false), Value::Bool(true)]),
        Type::Text => column
            .options
            .as_ref()
            .map(|o| o.iter().map(|w| Value::Text(w.as_str().into())).collect()),
        Type::Date => None,
        _ => {
            let mut bounds = BTreeSet::new();
            for t in tests {
                match t {
                    Test::Any => {}
                    Test::Words(words) => bounds.extend(words.iter().map(Value::num)),
                    Test::Range { low, high } => {
                        bounds.extend([low, high].into_iter().flatten().map(|b| b.0.clone()));
                    }
                }
            }
            let bounds: Vec<Num> = bounds.into_iter().collect();
            let half = Num::ratio(1, 2)?;
            let mut points = Vec::new();
            if let (Some(first), Some(last)) = (bounds.first(), bounds.last()) {
                points.push(first - &Num::ONE);
                points.push(last + &Num::ONE);
            } else {
                points.push(Num::ZERO);
            }
            points.extend(bounds.windows(2).map(|w| (&w[0] + &w[1]) * &half));
            points.extend(bounds);
            points.sort();
            Some(points.into_iter().map(Value::Num).collect())
        }
    }
}

fn prove(spec: &Spec<'_>, table: &Table, span: &std::ops::Range<usize>) -> Option<()> {
    let schema = spec.schema(table.from);
    let mut axes = Vec::new();
    for (n, c) in table.on.iter().enumerate() {
        let tests: Vec<&Test> = table.rows.iter().map(|r| &r.tests[n]).collect();
        let Some(points) = representatives(&schema.columns[*c], &tests) else {
            let what = format!(
                "a table on `{}`, whose words are not known",
                schema.columns[*c].name
            );
            spec.env
                .sink
                .error(span, what, "a column with `options`, a number or a bool");
            return None;
        };
        axes.push(points);
    }
    if axes
        .iter()
        .map(Vec::len)
        .try_fold(1usize, usize::checked_mul)
        .is_none_or(|n| n > CELLS_MAX)
    {
        spec.env.sink.error(
            span,
            "a table of too many cells",
            "at most 100 000 cells: split it into two steps",
        );
        return None;
    }
    let mut at = vec![0; axes.len()];
    loop {
        let cell: Vec<&Value> = at.iter().zip(&axes).map(|(i, a)| &a[*i]).collect();
        let hits: Vec<usize> = (0..table.rows.len())
            .filter(|r| table.rows[*r].tests.iter().zip(&cell).all(|(t, v)| t.holds(v)))
            .collect();
        let said = || {
            let parts = table
                .on
                .iter()
                .zip(&cell)
                .map(|(c, v)| format!("{} = {v}", schema.columns[*c].name));
            parts.collect::<Vec<_>>().join(", ")
        };
        if hits.len() > 1 {
            let what = format!(
                "overlap: rows {} and {} both hold for {}",
                hits[0] + 1,
                hits[1] + 1,
                said()
            );
            spec.env
                .sink
                .error(&table.rows[hits[1]].span, what, "exactly one row for every case");
            return None;
        }
        if hits.is_empty() && table.otherwise.is_none() {
            let what = format!("gap: no row holds for {}", said());
            spec.env.sink.hinted(
                span,
                what,
                "exactly one row for every case",
                "add it, or a last row `{ else = true, … }`",
            );
            return None;
        }
        // Next cell, like an odometer.
        let Some(wheel) = (0..at.len()).rev().find(|w| at[*w] + 1 < axes[*w].len()) else {
            return Some(());
        };
        at[wheel] += 1;
        at[wheel + 1..].fill(0);
    }
}

impl Table {
    pub fn run(&self, world: &World<'_>) -> Result<Relation, Halt> {
        let source = &world.relations[self.from];
        let mut rows = Vec::with_capacity(source.rows.len());
        for (at, row) in source.rows.iter().enumerate() {
            let hit = self
                .rows
                .iter()
                .find(|r| r.tests.iter().zip(&self.on).all(|(t, c)| t.holds(&row.cells[*c])))
                .map(|r| &r.gives)
                .or(self.otherwise.as_ref());
            let Some(gives) = hit else {
                let found = self.on.iter().map(|c| row.cells[*c].to_string());
                let what = format!("no row of the table for {}", found.collect::<Vec<_>>().join(", "));
                let expected = "exactly one row for every case, or a last row `{ else = true, … }`";
                return Err(Halt::row(&row.key, what, expected));
            };
            rows.push(row.extended(at, gives.clone()));
        }
        Ok(Relation::of(rows))
    }
}
