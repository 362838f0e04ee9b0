//! What is wrong with a table somebody sent, in their language.

use crate::sheet::{MAX_BYTES, MAX_COLUMNS, MAX_ROWS, MAX_UNPACKED, ReadError, RowFault};
use crate::web::i18n::{Lang, Text, grouped};

/// Why a file is refused.
pub fn sheet_wrong(lang: Lang, error: &ReadError) -> Text {
    let limit = match error {
        ReadError::TooLong => i64::try_from(MAX_ROWS).map(grouped).unwrap_or_default(),
        ReadError::TooWide => MAX_COLUMNS.to_string(),
        ReadError::Bomb => (MAX_UNPACKED >> 20).to_string(),
        _ => (MAX_BYTES >> 20).to_string(),
    };
    lang.word("sheet-wrong", error.word())
        .with("column", error.column())
        .with("limit", limit)
}

/// Why a row is refused.
pub fn row_wrong(lang: Lang, fault: &RowFault) -> Text {
    let (column, value) = match fault {
        RowFault::Cells { expected, found } => (expected.to_string(), found.to_string()),
        RowFault::Unreadable | RowFault::NoHeader => (String::new(), String::new()),
        RowFault::Date { column } | RowFault::Formula { column } => (column.clone(), String::new()),
        RowFault::Number { column, value } | RowFault::Error { column, value } => {
            (column.clone(), value.clone())
        }
    };
    lang.word("sheet-wrong", fault.word())
        .with("column", column)
        .with("value", value)
}
