//! Writing tables: typed columns, CSV row by row, XLSX as a whole.

use std::io::Write;

use jiff::civil::Date;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, XlsxError};

use crate::domain::Money;

/// Largest size of an amount, fen, that a spreadsheet's number holds to the fen (15 digits).
const MAX_EXACT_FEN: i64 = 999_999_999_999_999;
/// Longest text of a cell, UTF-16 units (a limit of the file format is 32 767).
const MAX_TEXT: usize = 32_000;
/// Widest column, characters.
const MAX_WIDTH: f64 = 48.0;

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// Nobody takes what is written.
    #[error("the output cannot be written: {0}")]
    Csv(#[from] csv::Error),
    /// The same.
    #[error("the output cannot be written: {0}")]
    Io(#[from] std::io::Error),
    /// The workbook does not hold it: too many rows, a name it does not take.
    #[error("the workbook cannot be written: {0}")]
    Xlsx(#[from] XlsxError),
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words; never a formula.
    Text,
    /// Whole numbers.
    Integer,
    /// Amounts to the fen, with thousands and two places.
    Money,
    /// Days.
    Date,
}

/// A column: its head and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What stands on top.
    pub head: String,
    /// What its cells are.
    pub kind: Kind,
}

impl Column {
    /// Words.
    pub fn text(head: impl Into<String>) -> Self {
        Self::of(head, Kind::Text)
    }

    /// Whole numbers.
    pub fn integer(head: impl Into<String>) -> Self {
        Self::of(head, Kind::Integer)
    }

    /// Amounts.
    pub fn money(head: impl Into<String>) -> Self {
        Self::of(head, Kind::Money)
    }

    /// Days.
    pub fn date(head: impl Into<String>) -> Self {
        Self::of(head, Kind::Date)
    }

    fn of(head: impl Into<String>, kind: Kind) -> Self {
        let head = head.into();
        Self { head, kind }
    }
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Words.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// An amount.
    Money(Money),
    /// A day.
    Date(Date),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<Money> for Cell {
    fn from(amount: Money) -> Self {
        Self::Money(amount)
    }
}

impl From<Date> for Cell {
    fn from(day: Date) -> Self {
        Self::Date(day)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(some: Option<T>) -> Self {
        some.map_or(Self::Empty, Into::into)
    }
}

impl Cell {
    /// As it stands in a CSV file.
    fn plain(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => harmless(text),
            Self::Integer(number) => number.to_string(),
            Self::Money(amount) => amount.to_string(),
            Self::Date(day) => day.to_string(),
        }
    }

    /// About how many characters wide it is; Chinese ones count twice.
    fn width(&self) -> usize {
        let text = match self {
            Self::Text(text) => text.as_str(),
            other => return other.plain().len() + 3,
        };
        text.chars()
            .take(64)
            .map(|c| if c.is_ascii() { 1 } else { 2 })
            .sum()
    }
}

/// A text no spreadsheet takes for a formula: a quote goes before `=`, `+`, `-`, `@` (also in full width), tab and return.
pub fn harmless(text: &str) -> String {
    let first = text.trim_start_matches(' ').chars().next();
    match first {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            format!("'{text}")
        }
        _ => text.to_owned(),
    }
}

/// CSV written row by row: no table is too long for the memory.
pub struct CsvRows<W: Write>(csv::Writer<W>);

impl<W: Write> CsvRows<W> {
    /// Begins with the heads; `marked` puts the byte order mark before them, by which spreadsheets know UTF-8.
    pub fn begin<'a>(
        mut output: W,
        marked: bool,
        heads: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, SheetError> {
        if marked {
            output.write_all("\u{feff}".as_bytes())?;
        }
        let mut rows = csv::Writer::from_writer(output);
        rows.write_record(heads)?;
        Ok(Self(rows))
    }

    /// One more row, as many cells as there are heads.
    pub fn row(&mut self, cells: &[Cell]) -> Result<(), SheetError> {
        Ok(self.0.write_record(cells.iter().map(Cell::plain))?)
    }

    /// The end: everything is handed on.
    pub fn end(mut self) -> Result<(), SheetError> {
        Ok(self.0.flush()?)
    }
}

/// A table in the memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// What it is: the name of the sheet (what a sheet's name cannot hold is left out).
    pub name: String,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows: as many cells as columns.
    pub rows: Vec<Vec<Cell>>,
    /// A last row of sums, set apart.
    pub totals: Option<Vec<Cell>>,
}

impl Table {
    /// An empty table.
    pub fn new(name: impl Into<String>, columns: Vec<Column>) -> Self {
        Self {
            name: name.into(),
            columns,
            rows: Vec::new(),
            totals: None,
        }
    }

    /// One more row.
    pub fn push(&mut self, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.columns.len(), "a cell for each column");
        self.rows.push(cells);
    }

    /// As CSV with byte order mark.
    pub fn to_csv(&self) -> Result<Vec<u8>, SheetError> {
        let mut bytes = Vec::new();
        let mut rows = CsvRows::begin(&mut bytes, true, self.columns.iter().map(|c| c.head.as_str()))?;
        for row in self.rows.iter().chain(&self.totals) {
            rows.row(row)?;
        }
        rows.end()?;
        Ok(bytes)
    }

    /// As a workbook with one sheet.
    pub fn to_xlsx(&self, made_on: Date) -> Result<Vec<u8>, SheetError> {
        workbook(std::slice::from_ref(self), made_on)
    }
}

/// Tables as the sheets of one workbook; `made_on` stands in the file, so that the same tables give the same bytes.
pub fn workbook(tables: &[Table], made_on: Date) -> Result<Vec<u8>, SheetError> {
    let mut book = Workbook::new();
    let made = excel_day(made_on)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let looks = Looks::new();
    for table in tables {
        let sheet = book.add_worksheet();
        sheet.set_name(sheet_name(&table.name))?;
        sheet.set_freeze_panes(1, 0)?;
        for (at, column) in (0u16..).zip(&table.columns) {
            let head = if matches!(column.kind, Kind::Text | Kind::Date) {
                &looks.head
            } else {
                &looks.head_right
            };
            sheet.write_string_with_format(0, at, short(&column.head), head)?;
            let cells = table.rows.iter().take(500).chain(&table.totals);
            let widest = cells.filter_map(|row| row.get(usize::from(at))).map(Cell::width);
            let widest = widest.chain([Cell::from(column.head.as_str()).width()]).max();
            let width = u32::try_from(widest.unwrap_or(8)).map_or(MAX_WIDTH, f64::from);
            sheet.set_column_width(at, (width + 2.0).min(MAX_WIDTH))?;
        }
        for (at, row) in (1u32..).zip(&table.rows) {
            looks.row(sheet, at, row, false)?;
        }
        if let Some(totals) = &table.totals {
            let at = u32::try_from(table.rows.len() + 1).unwrap_or(u32::MAX);
            looks.row(sheet, at, totals, true)?;
        }
    }
    Ok(book.save_to_buffer()?)
}

/// How cells look, plain and in the row of sums.
struct Looks {
    head: Format,
    head_right: Format,
    /// Text, integer, money, date; then the same in bold.
    cells: [[Format; 4]; 2],
}

impl Looks {
    fn new() -> Self {
        let of = |base: Format| {
            [
                base.clone().set_num_format("@"),
                base.clone().set_num_format("#,##0"),
                base.clone().set_num_format("#,##0.00"),
                base.set_num_format("yyyy-mm-dd"),
            ]
        };
        let head = Format::new().set_bold();
        Self {
            head_right: head.clone().set_align(FormatAlign::Right),
            cells: [of(Format::new()), of(head.clone())],
            head,
        }
    }

    fn row(
        &self,
        sheet: &mut rust_xlsxwriter::Worksheet,
        at: u32,
        row: &[Cell],
        bold: bool,
    ) -> Result<(), SheetError> {
        let [text, integer, money, date] = &self.cells[usize::from(bold)];
        for (column, cell) in (0u16..).zip(row) {
            match cell {
                Cell::Empty => {}
                Cell::Text(words) => {
                    sheet.write_string_with_format(at, column, short(words), text)?;
                }
                Cell::Integer(number) => match exact(*number, 1) {
                    Some(value) => {
                        sheet.write_number_with_format(at, column, value, integer)?;
                    }
                    None => {
                        sheet.write_string_with_format(at, column, number.to_string(), text)?;
                    }
                },
                Cell::Money(amount) => match exact(amount.minor(), 100) {
                    Some(value) => {
                        sheet.write_number_with_format(at, column, value, money)?;
                    }
                    None => {
                        sheet.write_string_with_format(at, column, amount.to_string(), text)?;
                    }
                },
                Cell::Date(day) => {
                    sheet.write_datetime_with_format(at, column, excel_day(*day)?, date)?;
                }
            }
        }
        Ok(())
    }
}

/// A number as a spreadsheet holds it, where its 15 digits hold all of it: written out shortest, it is the same decimal.
fn exact(number: i64, divided_by: u8) -> Option<f64> {
    if number.unsigned_abs() > MAX_EXACT_FEN.unsigned_abs() {
        return None;
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "15 digits fit a double; both are the nearest to the decimal they print as"
    )]
    let value = number as f64 / f64::from(divided_by);
    Some(value)
}

fn excel_day(day: Date) -> Result<ExcelDateTime, SheetError> {
    let part = |n: i8| u8::try_from(n).unwrap_or(1);
    let year = u16::try_from(day.year()).unwrap_or(1900);
    Ok(ExcelDateTime::from_ymd(year, part(day.month()), part(day.day()))?)
}

/// A name a sheet can have: at most 31 characters, none of `[]:*?/\`, no quote at an end.
fn sheet_name(name: &str) -> String {
    let kept = name.chars().filter(|c| !"[]:*?/\\'".contains(*c)).take(31);
    let kept: String = kept.collect();
    if kept.trim().is_empty() {
        "1".to_owned()
    } else {
        kept
    }
}

/// A text as long as a cell takes, without what XML cannot say.
fn short(text: &str) -> String {
    let mut left = MAX_TEXT;
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\t' | '\n'))
        .filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}'))
        .take_while(|c| {
            left = left.saturating_sub(c.len_utf16());
            left > 0
        })
        .collect()
}

#[cfg(test)]
mod tests;
