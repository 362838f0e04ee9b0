//! What somebody does not get in a run because its condition does not hold yet: how much, and how it came about.

use super::{Teller, Trace};
use crate::payout::block::Block;
use crate::payout::block::emit::{Emit, What};
use crate::payout::block::release::OnFail;
use crate::payout::doc::{Document, Step};
use crate::payout::num::Num;
use crate::payout::relation::{MadeOf, Row, Work};
use crate::payout::run::Evaluation;
use crate::payout::schema::Label;

/// An amount that is not paid: held until somebody decides, or lapsed.
#[derive(Clone, Debug)]
pub struct Held {
    /// Which rule of the scheme.
    pub component: String,
    /// Its name.
    pub title: Label,
    /// Whole fen.
    pub amount: Num,
    /// Whether it is gone for good.
    pub lapsed: bool,
    /// How it came about.
    pub trace: Trace,
}

/// What was not released to a payee, in the document's order; a whole 0 is nothing.
pub fn held(doc: &Document, run: &Evaluation, payee: &str) -> Vec<Held> {
    let mut found = Vec::new();
    for step in &doc.steps {
        let Block::Emit(emit) = &step.block else { continue };
        if emit.what != What::Line {
            continue;
        }
        let rows = run.relations[step.relation].rows.iter();
        let mine = rows.filter(|row| row.is_in() && text(emit, row, "payee") == Some(payee));
        for row in mine.filter(|row| emit.field(row, "amount").is_some_and(|v| v.num().is_zero())) {
            found.extend(one(doc, run, step, emit, row));
        }
    }
    found
}

fn text<'r>(emit: &Emit, row: &'r Row, name: &str) -> Option<&'r str> {
    match emit.field(row, name)? {
        crate::payout::value::Value::Text(text) => Some(text),
        _ => None,
    }
}

/// The tranche a line of 0 comes from, where it was not released.
fn one(doc: &Document, run: &Evaluation, step: &Step, emit: &Emit, line: &Row) -> Option<Held> {
    let (mut block, mut row) = (&step.block, line);
    loop {
        let MadeOf::One(at) = row.made_of else { return None };
        let source = block.source();
        let before = doc.step_of(source)?;
        row = run.relations[source].rows.get(at as usize)?;
        block = &before.block;
        let (Block::Release(release), Some(Work::Tranche { result, .. })) = (block, row.work.as_deref())
        else {
            continue;
        };
        if result.is_zero() {
            return None;
        }
        let columns = &doc.schemas[source].columns;
        let number = columns.iter().position(|c| c.name == "tranche")?;
        let number = usize::try_from(row.cells[number].num().to_i128()?).ok()?;
        let tranche = release.tranches.get(number.checked_sub(1)?)?;
        let mut teller = Teller::of(doc, run);
        return Some(Held {
            component: emit.component.clone(),
            title: emit.title.clone(),
            amount: result.clone(),
            lapsed: tranche.on_fail != OnFail::Hold,
            trace: teller.row(source, row),
        });
    }
}

impl Held {
    /// What became of it.
    pub fn says(&self, payee: &str) -> Label {
        let amount = self.amount.fixed(2);
        let (zh, en) = if self.lapsed {
            ("条件没有满足，作废", "lapsed, its condition does not hold")
        } else {
            ("暂存，条件满足后再付", "held until its condition holds")
        };
        Label {
            zh: format!("{payee} 的{} {amount}：{zh}", self.title.zh),
            en: format!("{payee}, {} {amount}: {en}", self.title.en),
        }
    }
}
