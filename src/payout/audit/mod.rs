//! The trace re-checked by code of its own: every step of a run is done again, slowly, with big fractions only.
//!
//! # Why
//! An engine that checks itself with the same functions repeats its own mistakes. This room shares the checked document
//! and the figures that were written down, and nothing that computes: no `Num` arithmetic, no `eval`, no `share`, no
//! `bands`, no date functions. Each step is redone from the rows its source really has, so one wrong figure is named
//! once, where it was made. It is also the slow reference the documents' boundary cases are held against.

mod bands;
mod eval;
pub(super) mod meet;
mod places;
mod pools;
mod rows;
mod shares;
mod told;
mod value;

use std::collections::BTreeMap;
use std::sync::Arc;

use dashu_ratio::RBig;

use super::block::Block;
use super::block::emit::What;
use super::doc::{Document, ROSTER, Step};
use super::relation::{MadeOf, Out, Relation, Row};
use super::run::Evaluation;

use eval::{Ground, Why};
use value::V;

/// A working that does not give what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The step.
    pub step: String,
    /// Key of the row.
    pub row: String,
    /// What is wrong.
    pub what: String,
}

/// What a row should be.
struct Expect {
    key: Arc<str>,
    cells: Vec<V>,
    out: Option<Out>,
    /// Rows of the source it is made of; `None` in a union.
    from: Option<Vec<usize>>,
    /// Figures its working should say.
    work: Vec<(&'static str, RBig)>,
}

impl Expect {
    /// One row more or less the same as row `at` of the source.
    fn of(row: &Row, at: usize, cells: Vec<V>, work: Vec<(&'static str, RBig)>) -> Self {
        Self {
            key: row.key.clone(),
            cells,
            out: row.out.as_deref().cloned(),
            from: Some(vec![at]),
            work,
        }
    }
}

/// What a step should have made.
struct Redone {
    rows: Vec<Expect>,
    /// Account and amount.
    residuals: Vec<(String, RBig)>,
}

impl Redone {
    fn of(rows: Vec<Expect>) -> Self {
        Self {
            rows,
            residuals: Vec::new(),
        }
    }
}

/// Does every step of a run again; empty when all agree.
pub fn audit(doc: &Document, run: &Evaluation) -> Vec<Mismatch> {
    let ground = Ground {
        params: &run.input.params,
        relations: &run.relations,
        from: run.input.from,
        to: run.input.to,
    };
    let mut found = Vec::new();
    for (at, step) in doc.steps.iter().enumerate() {
        meet::step(at);
        let mut say = |row: &str, what: String| {
            found.push(Mismatch {
                step: step.id.clone(),
                row: row.to_owned(),
                what,
            });
        };
        match redo(&step.block, ground) {
            Ok(redone) => compare(doc, step, &run.relations[step.relation], redone, &mut say),
            Err(why) => say("", format!("cannot be done again: {why}")),
        }
    }
    found.extend(emitted(doc, run));
    found
}

fn redo(block: &Block, ground: Ground<'_>) -> Result<Redone, Why> {
    match block {
        Block::Select(b) => rows::select(b, ground),
        Block::Aggregate(b) => rows::aggregate(b, ground),
        Block::Derive(b) => rows::derive(b, ground),
        Block::Table(b) => rows::table(b, ground),
        Block::Scale(b) => bands::scale(b, ground),
        Block::Qualify(b) => rows::qualify(b, ground),
        Block::Rank(b) => places::rank(b, ground),
        Block::Allocate(b) => pools::allocate(b, ground),
        Block::Limit(b) => pools::limit(b, ground),
        Block::Round(b) => places::round(b, ground),
        Block::Release(b) => pools::release(b, ground),
        Block::Emit(b) => rows::emit(b, ground),
    }
}

/// Names every difference between what a step made and what it should have made.
fn compare(doc: &Document, step: &Step, made: &Relation, redone: Redone, say: &mut impl FnMut(&str, String)) {
    if made.rows.len() != redone.rows.len() {
        say(
            "",
            format!("{} rows, {} again", made.rows.len(), redone.rows.len()),
        );
        return;
    }
    let columns = &doc.schemas[step.relation].columns;
    for (row, expect) in made.rows.iter().zip(&redone.rows) {
        if row.key != expect.key {
            say(
                &row.key,
                format!("another row stands here again: `{}`", expect.key),
            );
            return;
        }
        if row.out.as_deref() != expect.out.as_ref() {
            say(&row.key, format!("out by {:?}, {:?} again", row.out, expect.out));
        }
        if row.cells.len() != expect.cells.len() {
            say(&row.key, "another number of columns again".into());
        }
        for ((cell, again), column) in row.cells.iter().zip(&expect.cells).zip(columns) {
            if V::from(cell) != *again {
                say(&row.key, format!("`{}` is {cell}, {again} again", column.name));
            }
        }
        if let Some(from) = &expect.from {
            let written: Vec<usize> = match &row.made_of {
                MadeOf::Nothing | MadeOf::Of(..) => Vec::new(),
                MadeOf::One(at) => vec![*at as usize],
                MadeOf::Many(all) => all.iter().map(|at| *at as usize).collect(),
            };
            if written != *from {
                say(&row.key, format!("made of rows {written:?}, {from:?} again"));
            }
        }
        let told: BTreeMap<&str, RBig> = row
            .work
            .as_deref()
            .map(told::told)
            .unwrap_or_default()
            .into_iter()
            .collect();
        for (name, again) in &expect.work {
            match told.get(name) {
                Some(figure) if figure == again => {}
                Some(figure) => say(
                    &row.key,
                    format!("the working says {name} {figure}, {again} again"),
                ),
                None => say(
                    &row.key,
                    format!("the working does not say {name}, {again} again"),
                ),
            }
        }
        let of_its_own = told
            .keys()
            .find(|name| !expect.work.iter().any(|w| w.0 == **name));
        if let Some(name) = of_its_own.filter(|name| **name != "queue") {
            say(&row.key, format!("the working says {name} of its own accord"));
        }
    }
    let mut left: Vec<(String, RBig)> = made
        .residuals
        .iter()
        .map(|r| (r.account.clone(), r.amount.to_rbig()))
        .collect();
    let mut again = redone.residuals;
    left.sort();
    again.sort();
    if left != again {
        let list = |l: &[(String, RBig)]| {
            l.iter()
                .map(|(a, n)| format!("{a} {n}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        say(
            "",
            format!("not given: [{}], [{}] again", list(&left), list(&again)),
        );
    }
}

/// What leaves the scheme is what the emitting steps say, and adds up.
fn emitted(doc: &Document, run: &Evaluation) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let mut say = |step: &str, row: &str, what: &str| {
        found.push(Mismatch {
            step: step.to_owned(),
            row: row.to_owned(),
            what: what.to_owned(),
        });
    };
    let o = &run.outcome;
    let mut paid: Vec<(String, String, RBig)> = Vec::new();
    let mut other: Vec<(String, String, RBig)> = Vec::new();
    for step in &doc.steps {
        let Block::Emit(e) = &step.block else { continue };
        let (list, name) = match e.what {
            What::Line => (&mut paid, "amount"),
            What::Proposal => (&mut other, "value"),
            What::Award => (&mut other, "quantity"),
            What::Warning | What::Fact => continue,
        };
        let column = |name: &str| e.names.iter().position(|n| n == name);
        let (Some(payee), Some(amount)) = (column("payee"), column(name)) else {
            continue;
        };
        for row in run.relations[step.relation]
            .rows
            .iter()
            .filter(|r| r.out.is_none())
        {
            let amount = V::from(&row.cells[amount]).num();
            if amount != RBig::ZERO {
                list.push((row.cells[payee].text().to_string(), e.component.clone(), amount));
            }
        }
    }
    let lines: Vec<_> = o
        .lines
        .iter()
        .map(|l| (l.payee.clone(), l.component.clone(), l.amount.to_rbig()))
        .collect();
    if lines != paid {
        say("lines", "", "other lines than the steps emitted");
    }
    let awards = o
        .awards
        .iter()
        .map(|a| (a.payee.clone(), a.component.clone(), a.quantity.to_rbig()));
    let proposals = o
        .proposals
        .iter()
        .map(|p| (p.payee.clone(), p.component.clone(), p.value.to_rbig()));
    let mut given: Vec<_> = awards.chain(proposals).collect();
    given.sort();
    other.sort();
    if given != other {
        say("awards", "", "other awards or proposals than the steps emitted");
    }
    let total = lines.iter().fold(RBig::ZERO, |sum, l| sum + &l.2);
    if total != o.total.to_rbig() {
        say("total", "", "the lines do not add up");
    }
    for (payee, component, amount) in &lines {
        if !(amount * RBig::from(100)).is_int() {
            say(component, payee, "a part of a fen");
        }
    }
    let residuals: usize = run.relations.iter().map(|r| r.residuals.len()).sum();
    if residuals != o.residuals.len() {
        say("residuals", "", "other residuals than the steps left");
    }
    found
}
