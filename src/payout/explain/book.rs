//! Which notes of the book concern an amount.
//!
//! # Why
//! "The book says 10 500, exact is 10 520" belongs to the line that is 10 520. Beside somebody else's 312.55 it is noise, and
//! reads as if their own amount were in doubt. Who runs the scheme reads all of them.

use serde_json::Value as Json;

use crate::payout::block::Block;
use crate::payout::doc::{Book, Document, Shown, Step};
use crate::payout::num::Num;
use crate::payout::relation::Row;

/// Names of the figure a line, an award and a proposal give.
const GIVES: [&str; 3] = ["amount", "quantity", "value"];

/// The exact figure of a note, where the book prints another one.
fn exact(says: &str, exact: &str) -> Option<Num> {
    let exact = Num::parse(exact).ok()?;
    let printed = Num::parse(says).ok();
    (printed.as_ref() != Some(&exact)).then_some(exact)
}

/// Whether a note is about a figure in a row of this step: the amount that is given, or what it was computed by.
pub(super) fn is_about(doc: &Document, book: &Book, step: &Step, row: &Row) -> bool {
    let Some(exact) = exact(&book.says.en, &book.exact.en) else {
        return false;
    };
    let is_exact = |column: &str| {
        let columns = &doc.schemas[step.relation].columns;
        let at = columns.iter().position(|c| c.name == column);
        at.is_some_and(|at| row.cells[at].to_string() == exact.to_string())
    };
    match book.shown_by.as_ref().map(|by| &by.what) {
        Some(Shown::Line { .. }) => matches!(step.block, Block::Emit(_)) && GIVES.into_iter().any(is_exact),
        Some(Shown::Figure { step: id, column, .. }) => *id == step.id && is_exact(column),
        None => false,
    }
}

/// Whether a note in a stored trace is about its amount, or about a figure of the payee's own it was computed by.
pub fn concerns(trace: &Json, book: &Json) -> bool {
    let text = |v: &Json| v.as_str().unwrap_or_default().to_owned();
    let Some(exact) = exact(&text(&book["says"]["en"]), &text(&book["exact"]["en"])) else {
        return false;
    };
    let is_exact = |node: &Json, column: &str| {
        let figure = node["figures"][column].as_str();
        figure.and_then(|f| Num::parse(f).ok()).as_ref() == Some(&exact)
    };
    if book["line"].is_string() {
        return GIVES.into_iter().any(|column| is_exact(trace, column));
    }
    let Some((step, rest)) = book["figure"].as_str().and_then(|f| f.split_once(' ')) else {
        return false;
    };
    let column = rest.rsplit(' ').next().unwrap_or(rest);
    let payee = text(&trace["figures"]["payee"]);
    below(trace, &|node| {
        let mut parts = node["key"].as_str().unwrap_or_default().split('-');
        node["step"] == step && is_exact(node, column) && parts.any(|part| part == payee)
    })
}

fn below(node: &Json, holds: &impl Fn(&Json) -> bool) -> bool {
    let mut children = node["from"].as_array().into_iter().flatten();
    holds(node) || children.any(|child| below(child, holds))
}
