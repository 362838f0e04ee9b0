//! Stored text as values.

use std::str::FromStr;

use jiff::civil::Date;

use crate::storage::StoreError;

/// A stored word as a value; anything else is corrupt.
pub fn word<T: FromStr>(table: &'static str, column: &'static str, text: String) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt {
        table,
        column,
        value: text,
    })
}

/// Text inside a pattern of `like … escape '!'`, where it stands for itself.
pub fn like(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '!') {
            out.push('!');
        }
        out.push(c);
    }
    out
}

/// A stored business day.
pub fn day(table: &'static str, column: &'static str, text: String) -> Result<Date, StoreError> {
    word(table, column, text)
}

/// A stored business day that may be missing.
pub fn day_opt(
    table: &'static str,
    column: &'static str,
    text: Option<String>,
) -> Result<Option<Date>, StoreError> {
    text.map(|text| day(table, column, text)).transpose()
}
