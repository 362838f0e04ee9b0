//! The blocks steps are made of.
//!
//! # Why
//! A dozen small operations on rows, each with one job and one file, express every scheme of the handbook. A block
//! reads its own table of the document, tells its result's columns, and runs; it knows nothing of other blocks.

pub mod aggregate;
pub mod allocate;
pub mod bands;
pub mod derive;
pub mod emit;
pub mod join;
pub mod limit;
pub mod order;
pub mod qualify;
pub mod rank;
pub mod release;
pub mod round;
pub mod scale;
pub mod select;
pub mod share;
pub mod spec;
pub mod table;

use std::collections::BTreeSet;

use super::expr::code::Code;
use super::expr::eval::World;
use super::expr::fault::Fault;
use super::relation::{ROWS_MAX, Relation};
use super::schema::Column;
use spec::Spec;

/// A checked step's operation.
#[derive(Clone, Debug)]
pub enum Block {
    Select(select::Select),
    Aggregate(aggregate::Aggregate),
    Derive(derive::Derive),
    Table(table::Table),
    Scale(scale::Scale),
    Qualify(qualify::Qualify),
    Rank(rank::Rank),
    Allocate(allocate::Allocate),
    Limit(limit::Limit),
    Round(round::Round),
    Release(release::Release),
    Emit(emit::Emit),
}

/// The words of `do`.
pub const WORDS: [&str; 12] = [
    "select",
    "aggregate",
    "derive",
    "table",
    "scale",
    "qualify",
    "rank",
    "allocate",
    "limit",
    "round",
    "release",
    "emit",
];

/// What a block makes.
pub struct Made {
    pub block: Block,
    pub columns: Vec<Column>,
    /// Exactly one row.
    pub single: bool,
    pub key_parts: usize,
}

/// Why a step stopped: the row and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt {
    /// Key of the row, when one row was the reason.
    pub row: Option<String>,
    /// What was found.
    pub what: String,
    /// What was expected in its place.
    pub expected: String,
    /// How to mend it, when that is known.
    pub hint: Option<String>,
    /// The relation that had no row for this one.
    pub without: Option<usize>,
}

impl Halt {
    /// A row that cannot be worked with.
    pub fn row(row: &str, what: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            row: Some(row.to_owned()),
            what: what.into(),
            expected: expected.into(),
            hint: None,
            without: None,
        }
    }

    /// A fault in a row.
    pub fn at(row: &str, fault: Fault) -> Self {
        Self::row(row, fault.what, fault.expected)
    }

    /// A fault of no row in particular.
    pub fn all(fault: Fault) -> Self {
        Self {
            row: None,
            ..Self::at("", fault)
        }
    }

    /// The same with a way out.
    pub fn hinted(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}

/// Refuses to make more rows than fit: unions and tranches multiply them.
pub fn not_too_many(rows: usize) -> Result<(), Halt> {
    if rows <= ROWS_MAX {
        return Ok(());
    }
    Err(Halt {
        row: None,
        ..Halt::row(
            "",
            format!("{rows} rows"),
            format!("at most {ROWS_MAX}: fewer facts, unions or tranches"),
        )
    })
}

/// Attaches a row to a fault.
pub fn at_row<T>(result: Result<T, Fault>, key: &str) -> Result<T, Halt> {
    result.map_err(|fault| Halt::at(key, fault))
}

/// Reads the block named `word`.
pub fn read(word: &str, spec: &Spec<'_>) -> Option<Made> {
    match word {
        "select" => select::read(spec),
        "aggregate" => aggregate::read(spec),
        "derive" => derive::read(spec),
        "table" => table::read(spec),
        "scale" => scale::read(spec),
        "qualify" => qualify::read(spec),
        "rank" => rank::read(spec),
        "allocate" => allocate::read(spec),
        "limit" => limit::read(spec),
        "round" => round::read(spec),
        "release" => release::read(spec),
        _ => emit::read(spec),
    }
}

impl Block {
    /// Runs on the relations made so far.
    pub fn run(&self, world: &World<'_>) -> Result<Relation, Halt> {
        match self {
            Self::Select(b) => b.run(world),
            Self::Aggregate(b) => b.run(world),
            Self::Derive(b) => b.run(world),
            Self::Table(b) => b.run(world),
            Self::Scale(b) => b.run(world),
            Self::Qualify(b) => b.run(world),
            Self::Rank(b) => b.run(world),
            Self::Allocate(b) => b.run(world),
            Self::Limit(b) => b.run(world),
            Self::Round(b) => b.run(world),
            Self::Release(b) => b.run(world),
            Self::Emit(b) => b.run(world),
        }
    }

    /// The relation rows come from (the first one of a union).
    pub fn source(&self) -> usize {
        match self {
            Self::Select(b) => b.from.first().copied().unwrap_or_default(),
            Self::Aggregate(b) => b.from,
            Self::Derive(b) => b.from,
            Self::Table(b) => b.from,
            Self::Scale(b) => b.from,
            Self::Qualify(b) => b.from,
            Self::Rank(b) => b.from,
            Self::Allocate(b) => b.from,
            Self::Limit(b) => b.from,
            Self::Round(b) => b.from,
            Self::Release(b) => b.from,
            Self::Emit(b) => b.from,
        }
    }

    /// Whether its rows begin with all columns of its source.
    pub fn passes_on(&self) -> bool {
        match self {
            Self::Select(b) => b.picks.is_empty(),
            Self::Aggregate(_) | Self::Emit(_) => false,
            Self::Round(b) => b.by.is_none(),
            _ => true,
        }
    }

    /// The word of `do`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Select(_) => "select",
            Self::Aggregate(_) => "aggregate",
            Self::Derive(_) => "derive",
            Self::Table(_) => "table",
            Self::Scale(_) => "scale",
            Self::Qualify(_) => "qualify",
            Self::Rank(_) => "rank",
            Self::Allocate(_) => "allocate",
            Self::Limit(_) => "limit",
            Self::Round(_) => "round",
            Self::Release(_) => "release",
            Self::Emit(_) => "emit",
        }
    }
}

impl Block {
    /// Relations with one row that its expressions read, in the order they are written.
    pub fn singles(&self) -> Vec<usize> {
        let mut found = Vec::new();
        for code in self.codes() {
            derive::visit(code, &mut |part| {
                if let Code::Single(relation, _) = part
                    && !found.contains(relation)
                {
                    found.push(*relation);
                }
            });
        }
        found
    }

    /// Every relation it reads: where its rows come from, where joins look, whom it gives a row, and single rows.
    pub fn reads(&self) -> BTreeSet<usize> {
        let mut found = BTreeSet::from_iter(self.singles());
        found.insert(self.source());
        match self {
            Self::Select(b) => found.extend(&b.from),
            Self::Aggregate(b) => found.extend(b.over),
            Self::Derive(b) => found.extend(b.joins.iter().map(|join| join.to)),
            _ => {}
        }
        found
    }

    /// Every expression of the block, for the explanation and the trace checker.
    pub fn codes(&self) -> Vec<&Code> {
        let mut codes = Vec::new();
        match self {
            Self::Select(b) => {
                codes.extend(&b.only);
                if let Some((_, from, to)) = &b.window {
                    codes.extend([from, to]);
                }
            }
            Self::Aggregate(b) => {
                codes.extend(&b.columns);
                for f in &b.figures {
                    codes.extend(f.arg.iter().chain(&f.only).chain(&f.empty));
                }
            }
            Self::Derive(b) => {
                codes.extend(&b.columns);
                for f in &b.figures {
                    codes.extend(f.arg.iter().chain(&f.only).chain(&f.empty));
                }
                for j in &b.joins {
                    codes.extend(j.codes());
                }
            }
            Self::Table(_) | Self::Round(_) => {}
            Self::Scale(b) => codes.extend(std::iter::once(&b.value).chain(&b.prior)),
            Self::Qualify(b) => codes.extend(b.conditions.iter().map(|c| &c.test)),
            Self::Rank(b) => {
                if let Some(cut) = &b.cut {
                    codes.extend(cut.count.iter().chain(cut.share.as_ref().map(|s| &s.0)));
                }
            }
            Self::Allocate(b) => {
                codes.extend([&b.amount, &b.weight].into_iter().chain(&b.floor).chain(&b.cap));
            }
            Self::Limit(b) => codes.extend(b.cap.iter().chain(&b.floor)),
            Self::Release(b) => {
                for t in &b.tranches {
                    codes.extend([&t.share, &t.due].into_iter().chain(&t.when));
                }
            }
            Self::Emit(b) => codes.extend(b.fields.iter().chain(&b.only)),
        }
        codes
    }
}
