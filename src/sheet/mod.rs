//! Sheets: tables as the bytes of CSV and XLSX files, and back.
//!
//! Read, headers may be Chinese or English, CSV may be UTF-8 (with or without BOM) or GB18030, and the report says which;
//! every row comes with the line it stands on, and a broken one is told without losing the others.
//!
//! # Why
//! Payroll, banks and people in offices speak spreadsheet. What a cell is (a text, an amount, a day) is said once, here, and
//! both kinds of file follow: an amount stays exact, a text never becomes a formula, the same table gives the same bytes.
//! Six doors take tables (people, customers, conversions, CRM records, facts, payroll): one reader means one set of limits,
//! one answer to a zip bomb, and one rule for numbers (`api.md`): a spreadsheet keeps binary fractions, money is decimal, so a
//! number is taken as its shortest decimal and never rounded for anybody.

mod comma;
mod fault;
mod packed;
mod read;
#[cfg(test)]
mod tests;
mod workbook;
mod write;
mod zip;

pub use fault::{ReadError, Rejected, RowFault};
pub use read::{Header, Sheet, SheetRow, TableIn, TableRow, header_key, read_sheet, read_table};
pub use write::{Cell, Column, CsvRows, Kind, SheetError, Table, harmless, workbook};
pub use zip::archive;

/// Largest file, bytes.
pub const MAX_BYTES: usize = 8 << 20;
/// Most rows of one file, without the header.
pub const MAX_ROWS: usize = 50_000;
/// Most columns.
pub const MAX_COLUMNS: usize = 256;
/// Most bytes an XLSX file may hold unpacked: judged by its directory, before anything is unpacked.
pub const MAX_UNPACKED: u64 = 48 << 20;
/// What an empty cell counts as, bytes, where a sheet's cells are held against [`MAX_UNPACKED`]: a few kilobytes of a file
/// can name one long text, or one far column, again and again.
const SLOT: u64 = 16;
/// Most rows reported as rejected; the rest is counted.
pub const MAX_REJECTED: usize = 1_000;
