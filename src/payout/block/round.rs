//! `round`: exact money becomes cash, row by row or once per group.

use std::sync::Arc;

use crate::payout::expr::code::{Code, Figure, FigureKind};
use crate::payout::expr::eval::World;
use crate::payout::num::{Mode, Num};
use crate::payout::relation::{MadeOf, Relation, Row, Work};
use crate::payout::schema::Column;
use crate::payout::value::{Type, Value};

use super::aggregate::Aggregate;
use super::allocate::UNITS;
use super::spec::{Choice, Spec};
use super::{Block, Halt, Made};

#[derive(Clone, Debug)]
pub struct Round {
    pub from: usize,
    pub column: usize,
    /// Groups that become one row each (`None`: every row by itself).
    pub by: Option<Vec<usize>>,
    pub people: Vec<bool>,
    pub unit: Choice<i128>,
    pub mode: Choice<Mode>,
    /// Whether each row is rounded before it is added up.
    pub each: Choice<bool>,
}

const MODES: [(&str, Mode); 4] = [
    ("half_up", Mode::HalfUp),
    ("half_even", Mode::HalfEven),
    ("down", Mode::Down),
    ("up", Mode::Up),
];

pub fn read(spec: &Spec<'_>) -> Option<Made> {
    spec.only(&["from", "column", "by", "unit", "mode", "when", "as"]);
    let from = spec.from()?;
    let name = spec.need("column", "the column of exact money")?;
    let span = spec.raw("column")?.span.clone();
    let column = spec.column(name, &span, from)?;
    let schema = spec.schema(from);
    match schema.columns[column].ty {
        Type::Money { from_cash: false } => {}
        Type::Money { from_cash: true } | Type::Cash => {
            spec.env.sink.hinted(
                &span,
                format!("two roundings on one path: `{name}` was rounded before"),
                "exact money that was never rounded",
                "round once, at the end; shares of cash are made by `allocate`",
            );
            return None;
        }
        other => {
            spec.env
                .sink
                .error(&span, format!("`{name}` is {}", other.word()), "money");
            return None;
        }
    }
    let unit = spec.choice("unit", &UNITS, 1)?;
    let mode = spec.choice("mode", &MODES, Mode::HalfUp)?;
    let each = spec.choice("when", &[("period", false), ("order", true)], false)?;
    let by = match spec.raw("by") {
        Some(_) => Some(spec.columns("by", from)?),
        None => None,
    };
    let mut columns: Vec<Column> = match &by {
        Some(by) => by.iter().map(|c| schema.columns[*c].clone()).collect(),
        None => schema.columns.clone(),
    };
    let (single, key_parts) = match &by {
        Some(by) => (by.is_empty(), by.len()),
        None => (schema.single, schema.key_parts),
    };
    if by.is_none() && spec.raw("when").is_some() {
        spec.env.sink.error(
            &spec.raw("when")?.span,
            "`when` without `by`",
            "`by`: the rows that are added up",
        );
    }
    let people = by.iter().flatten().map(|c| schema.columns[*c].employee).collect();
    columns.push(Column::new(&spec.new_column("as", &columns)?, Type::Cash));
    let round = Round {
        from,
        column,
        by,
        people,
        unit,
        mode,
        each,
    };
    Some(Made {
        block: Block::Round(round),
        columns,
        single,
        key_parts,
    })
}

impl Round {
    pub fn run(&self, world: &World<'_>) -> Result<Relation, Halt> {
        let unit = Num::ratio(self.unit.of(world.params).unwrap_or(1), 100).unwrap_or(Num::ONE);
        let mode = self.mode.of(world.params).unwrap_or(Mode::HalfUp);
        let source = &world.relations[self.from];
        let Some(by) = &self.by else {
            let rows = source.rows.iter().enumerate().map(|(at, row)| {
                let exact = row.cells[self.column].num();
                let result = exact.rounded(&unit, mode);
                let mut new = row.extended(at, [Value::Num(result.clone())]);
                new.work = Some(Arc::new(Work::Round {
                    exact,
                    unit: unit.clone(),
                    mode,
                    result,
                    parts: 1,
                }));
                new
            });
            return Ok(Relation::of(rows.collect()));
        };
        let each = self.each.of(world.params).unwrap_or(false);
        let figures = vec![Figure {
            kind: FigureKind::Sum,
            arg: Some(Code::Col(self.column)),
            only: None,
            empty: None,
        }];
        let groups = Aggregate {
            from: self.from,
            by: by.clone(),
            over: None,
            people: self.people.clone(),
            figures,
            columns: vec![Code::Figure(0)],
            with_excluded: false,
        };
        let mut made = groups.run(world)?;
        for row in &mut made.rows {
            let members: &[u32] = if let MadeOf::Many(m) = &row.made_of {
                m
            } else {
                &[]
            };
            let exact = row.cells[by.len()].num();
            let parts = if each { members.len() } else { 1 };
            let result = if each {
                members
                    .iter()
                    .map(|m| {
                        source.rows[*m as usize].cells[self.column]
                            .num()
                            .rounded(&unit, mode)
                    })
                    .fold(Num::ZERO, |a, b| a + b)
            } else {
                exact.rounded(&unit, mode)
            };
            let mut cells = row.cells[..by.len()].to_vec();
            cells.push(Value::Num(result.clone()));
            let work = Work::Round {
                exact,
                unit: unit.clone(),
                mode,
                result,
                parts,
            };
            *row = Row {
                cells: cells.into(),
                work: Some(Arc::new(work)),
                ..row.clone()
            };
        }
        Ok(made)
    }
}
