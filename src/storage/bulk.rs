//! Statements over many rows at once, their texts made once.
//!
//! # Why
//! A statement of many rows costs a quarter of as many statements, but only if its text is already prepared: so rows
//! go in pieces of a few fixed sizes.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::AssertSqlSafe;

use crate::storage::Tx;

/// Sizes of the pieces, largest first: few enough for the drivers' statement caches (100).
const SIZES: [usize; 4] = [256, 32, 4, 1];

/// Statements by number of rows and dialect.
type Texts = HashMap<(usize, bool), Arc<str>>;

/// A statement with a list in it: `head`, then `(?, ?)` per row, then `tail`.
pub(crate) struct Bulk {
    head: &'static str,
    columns: usize,
    tail: &'static str,
    /// Whether a row that breaks a rule may leave those before it: see [`Bulk::or_fail`].
    or_fail: bool,
    texts: Mutex<Option<Texts>>,
}

impl Bulk {
    /// A list of rows: `(…), (…)`.
    pub(crate) const fn rows(head: &'static str, columns: usize, tail: &'static str) -> Self {
        Self {
            head,
            columns,
            tail,
            or_fail: false,
            texts: Mutex::new(None),
        }
    }

    /// For an `insert into` whose transaction is given up when it fails: SQLite need not be able to take back the
    /// statement alone then, and does not copy each page it touches first.
    pub(crate) const fn or_fail(mut self) -> Self {
        self.or_fail = true;
        self
    }

    /// The text for so many rows (one of [`pieces`]' lengths). PostgreSQL wants numbered places, SQLite finds plain
    /// ones faster.
    pub(crate) fn text(&self, tx: &Tx, rows: usize) -> AssertSqlSafe<Arc<str>> {
        let numbered = matches!(tx, Tx::Postgres(_));
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let text = texts
            .get_or_insert_default()
            .entry((rows, numbered))
            .or_insert_with(|| self.compose(rows, numbered).into());
        AssertSqlSafe(Arc::clone(text))
    }

    fn compose(&self, rows: usize, numbered: bool) -> String {
        let mut text = if self.or_fail && !numbered {
            self.head.replacen("insert into", "insert or fail into", 1)
        } else {
            self.head.to_owned()
        };
        for place in 0..rows * self.columns {
            text.push_str(match (place, place % self.columns) {
                (0, _) => "(",
                (_, 0) => "), (",
                _ => ", ",
            });
            if numbered {
                let _ = write!(text, "${}", place + 1);
            } else {
                text.push('?');
            }
        }
        text.push(')');
        text.push_str(self.tail);
        text
    }
}

/// Cuts rows into pieces of a few sizes.
pub(crate) fn pieces<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= rows.len())?;
        let (piece, rest) = rows.split_at(size);
        rows = rest;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_in_pieces_of_few_sizes_and_none_is_left_out() {
        let rows: Vec<usize> = (0..600).collect();
        let sizes: Vec<usize> = pieces(&rows).map(<[usize]>::len).collect();
        assert_eq!(sizes, [256, 256, 32, 32, 4, 4, 4, 4, 4, 4]);
        assert_eq!(pieces(&rows).flatten().copied().collect::<Vec<_>>(), rows);
        assert_eq!(pieces::<u8>(&[]).count(), 0);
    }

    #[test]
    fn places_are_numbered_for_postgres_only() {
        let bulk = Bulk::rows("insert into t values ", 2, " on conflict do nothing");
        assert_eq!(
            bulk.compose(2, true),
            "insert into t values ($1, $2), ($3, $4) on conflict do nothing"
        );
        assert_eq!(
            bulk.compose(1, false),
            "insert into t values (?, ?) on conflict do nothing"
        );
        let bulk = bulk.or_fail();
        assert_eq!(
            bulk.compose(1, false),
            "insert or fail into t values (?, ?) on conflict do nothing"
        );
        assert_eq!(
            bulk.compose(1, true),
            "insert into t values ($1, $2) on conflict do nothing"
        );
    }
}
