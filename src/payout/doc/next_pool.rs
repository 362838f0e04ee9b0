//! `late = "next_pool"`: what a closed period left is a fact of the next one, and its document must take it.
//!
//! # Why
//! A difference that nobody reads would be booked nowhere. So a document that leaves its differences to the next pool
//! says where that pool takes them in.

use std::ops::Range;

use crate::payout::diag::Sink;
use crate::payout::schema::Schema;
use crate::payout::value::Type;

use super::{FactKind, Header, Late};

/// The kind of fact that hands a difference on (engine.md: `next_pool`); its `amount` is money and may be below 0.
pub const LEFT_OVER: &str = "left_over";

/// Says what a document lacks that leaves its differences to the next pool.
pub fn report(header: &Header, facts: &[FactKind], schemas: &[Schema], at: &Range<usize>, sink: &Sink<'_>) {
    if header.late != Late::NextPool {
        return;
    }
    let expected = "`[fact.left_over]` with `fields = { amount = \"money\" }`, which the pool takes in";
    let Some(fact) = facts.iter().find(|f| f.kind == LEFT_OVER) else {
        let what = "`late = \"next_pool\"` in a document that takes nothing left over";
        return sink.error(at, what, expected);
    };
    let schema = &schemas[fact.relation];
    let takes = |at: Option<usize>| {
        at.is_some_and(|at| {
            let column = &schema.columns[at];
            // It takes away as well as it adds.
            matches!(column.ty, Type::Money { .. }) && column.min.is_none() && column.max.is_none()
        })
    };
    // `id` and `occurred` come first, and nobody says anything but the amount.
    let more = |(at, name): (usize, &str)| at > 1 && name != "amount" && schema.columns[at].default.is_none();
    let mut names = schema.columns.iter().map(|c| c.name.as_str()).enumerate();
    if !takes(schema.find("amount")) || names.any(more) {
        sink.error(&schema.span, "`left_over` in another shape", expected);
    }
}
