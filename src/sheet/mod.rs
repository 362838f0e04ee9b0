//! Sheets: tables as the bytes of CSV and XLSX files, and back.
//!
//! # Why
//! Payroll, banks and people in offices speak spreadsheet. What a cell is (a text, an amount, a day) is said once, here, and
//! both kinds of file follow: an amount stays exact, a text never becomes a formula, the same table gives the same bytes.

mod write;

pub use write::{Cell, Column, CsvRows, Kind, SheetError, Table, harmless};
