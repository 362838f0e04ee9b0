//! Written orders: columns, `-` for falling, ended by the row's own place so that every order is total.

use std::cmp::Ordering;

use crate::payout::relation::{Relation, Row};

use super::spec::Spec;

/// Column and whether it falls.
pub type Keys = Vec<(usize, bool)>;

/// Reads `["-amount", "occurred"]`.
pub fn read(spec: &Spec<'_>, key: &str, relation: usize) -> Option<Keys> {
    spec.texts(key)
        .iter()
        .map(|(name, span)| {
            let (name, falls) = name.strip_prefix('-').map_or((*name, false), |n| (n, true));
            spec.column(name, span, relation).map(|c| (c, falls))
        })
        .collect()
}

pub fn compare(a: &Row, b: &Row, keys: &Keys) -> Ordering {
    for (column, falls) in keys {
        let order = a.cells[*column].cmp(&b.cells[*column]);
        if order.is_ne() {
            return if *falls { order.reverse() } else { order };
        }
    }
    Ordering::Equal
}

/// Row numbers in the written order; equal rows keep their places.
pub fn sorted(relation: &Relation, keys: &Keys) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..relation.rows.len()).collect();
    if !keys.is_empty() {
        rows.sort_by(|a, b| compare(&relation.rows[*a], &relation.rows[*b], keys).then(a.cmp(b)));
    }
    rows
}
