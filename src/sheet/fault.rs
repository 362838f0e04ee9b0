//! What can be wrong with a file, and with a row of it.

use crate::sheet::{MAX_BYTES, MAX_COLUMNS, MAX_ROWS, MAX_UNPACKED};

/// Why a file cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Another encoding, or no text.
    #[error("the file is neither UTF-8 nor GB18030 nor XLSX: save it as \"CSV UTF-8\" or as .xlsx")]
    Encoding,
    /// A workbook of the format before 2007, or one with a password.
    #[error("an old .xls workbook or one with a password: save it as .xlsx without a password")]
    Old,
    /// An archive that is no workbook, or a damaged one.
    #[error("the workbook cannot be read: save it again as .xlsx")]
    Damaged,
    /// No line at all.
    #[error("the file is empty: expected a header line with the columns {0}")]
    Empty(String),
    /// A column is missing.
    #[error("the header line lacks the column {missing}; it has: {found}")]
    Missing {
        /// Its names.
        missing: String,
        /// What is there.
        found: String,
    },
    /// A column is there twice.
    #[error("the column {0} is there twice")]
    Twice(String),
    /// Too many rows.
    #[error("more than {MAX_ROWS} rows: split the file")]
    TooLong,
    /// Too many columns.
    #[error("more than {MAX_COLUMNS} columns")]
    TooWide,
    /// Too many bytes.
    #[error("larger than {} MB: split the file", MAX_BYTES >> 20)]
    TooLarge,
    /// Too many bytes once unpacked.
    #[error("the file unpacks to more than {} MB: split it", MAX_UNPACKED >> 20)]
    Bomb,
}

impl ReadError {
    /// A word for it, for texts in other languages.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Encoding => "encoding",
            Self::Old => "old",
            Self::Damaged => "damaged",
            Self::Empty(_) => "empty",
            Self::Missing { .. } => "missing",
            Self::Twice(_) => "twice",
            Self::TooLong => "long",
            Self::TooWide => "wide",
            Self::TooLarge => "large",
            Self::Bomb => "bomb",
        }
    }

    /// The column it is about; empty where it is about none.
    pub fn column(&self) -> &str {
        match self {
            Self::Missing { missing, .. } => missing,
            Self::Twice(column) => column,
            _ => "",
        }
    }
}

/// Why a row is none.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, thiserror::Error)]
pub enum RowFault {
    /// Other than the header line promises.
    #[error(
        "expected {expected} cells as in the header line, found {found}; a comma or quotation mark is missing or too many"
    )]
    Cells {
        /// Cells of the header line.
        expected: usize,
        /// Cells of this one.
        found: usize,
    },
    /// No row at all.
    #[error("the line cannot be read")]
    Unreadable,
    /// A value to the right of the last header.
    #[error("a value in a column without a header")]
    NoHeader,
    /// A number of 10^13 or more, of which a spreadsheet keeps no exact digits.
    #[error("{column}: {value} is a number of 10 000 000 000 000 or more: format the cell as text")]
    Number {
        /// Header.
        column: String,
        /// As found.
        value: String,
    },
    /// An instant outside a spreadsheet's calendar.
    #[error("{column}: no date a spreadsheet can show")]
    Date {
        /// Header.
        column: String,
    },
    /// A formula nobody calculated.
    #[error("{column}: a formula without its result: open the file in a spreadsheet program and save it")]
    Formula {
        /// Header.
        column: String,
    },
    /// `#DIV/0!` and the like.
    #[error("{column}: the cell shows the error {value}")]
    Error {
        /// Header.
        column: String,
        /// As shown.
        value: String,
    },
}

impl RowFault {
    /// A word for it, for texts in other languages.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Cells { .. } => "row-cells",
            Self::Unreadable => "row-unreadable",
            Self::NoHeader => "row-no-header",
            Self::Number { .. } => "row-number",
            Self::Date { .. } => "row-date",
            Self::Formula { .. } => "row-formula",
            Self::Error { .. } => "row-error",
        }
    }
}

impl From<RowFault> for String {
    fn from(fault: RowFault) -> Self {
        fault.to_string()
    }
}

/// A line that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Rejected {
    /// Line of the file (row of the sheet), from 1.
    pub line: u64,
    /// What was wrong and what was expected.
    pub reason: String,
    /// The column it is about, or a word for what is wrong: for texts in other languages. Empty where nobody said.
    #[serde(skip)]
    pub what: &'static str,
}
