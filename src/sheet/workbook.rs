//! XLSX: the first visible sheet, its values as shown, its formulas by their last result.

use std::io::Cursor;
use std::panic::catch_unwind;

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx};
use jiff::Unit;
use jiff::civil::{Date, Time};

use crate::sheet::packed::refuse_bomb;
use crate::sheet::read::shown;
use crate::sheet::{MAX_COLUMNS, MAX_ROWS, MAX_UNPACKED, ReadError, RowFault, SLOT, Sheet, SheetRow};

/// First number whose places a spreadsheet cannot all keep (`api.md`).
const TOO_LARGE: f64 = 1e13;

/// Reads a workbook.
pub(super) fn read(bytes: &[u8]) -> Result<Sheet, ReadError> {
    refuse_bomb(bytes)?;
    // The parser is another's and the bytes are anybody's: should it stumble, it is the file that is refused.
    catch_unwind(|| sheet(bytes)).unwrap_or(Err(ReadError::Damaged))
}

type Cells = Vec<Result<Option<String>, Fault>>;

/// A fault whose header is not known yet.
#[derive(Clone, Debug)]
enum Fault {
    Number(String),
    Date,
    Formula,
    Error(String),
}

fn sheet(bytes: &[u8]) -> Result<Sheet, ReadError> {
    let damaged = |_| ReadError::Damaged;
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut names: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|s| s.typ == SheetType::WorkSheet && s.visible == SheetVisible::Visible)
        .map(|s| s.name.clone())
        .collect();
    if names.is_empty() {
        return Err(ReadError::Damaged);
    }
    let name = names.remove(0);
    let mut reader = book.worksheet_cells_reader(&name).map_err(damaged)?;
    let mut rows: Vec<(u32, Cells)> = Vec::new();
    let mut kept = 0;
    while let Some(found) = reader.next_cell_with_formula_metadata().map_err(damaged)? {
        let (row, column) = found.pos;
        let column = usize::try_from(column).map_err(|_| ReadError::TooWide)?;
        let value = value(&found.value, found.formula.is_some());
        if matches!(value, Ok(None)) {
            continue;
        }
        if column >= MAX_COLUMNS {
            return Err(ReadError::TooWide);
        }
        if rows.last().is_none_or(|(last, _)| *last != row) {
            // One more than rows: the header.
            if rows.len() > MAX_ROWS {
                return Err(ReadError::TooLong);
            }
            rows.push((row, Vec::new()));
        }
        if let Some((_, cells)) = rows.last_mut() {
            let grows = (column + 1).saturating_sub(cells.len());
            kept += SLOT * grows as u64 + text_of(&value) as u64;
            if kept > MAX_UNPACKED {
                return Err(ReadError::Bomb);
            }
            if grows > 0 {
                cells.resize(column + 1, Ok(None));
            }
            cells[column] = value;
        }
    }
    let mut rows = rows.into_iter();
    let (_, headers) = rows.next().ok_or(ReadError::Empty(String::new()))?;
    let headers: Vec<String> = headers
        .into_iter()
        .map(|cell| cell.ok().flatten().unwrap_or_default())
        .collect();
    if SLOT * (rows.len() * headers.len()) as u64 > MAX_UNPACKED {
        return Err(ReadError::Bomb);
    }
    let rows = rows.map(|(row, cells)| SheetRow {
        line: u64::from(row) + 1,
        cells: named(cells, &headers),
    });
    Ok(Sheet {
        encoding: "XLSX",
        other_sheets: names,
        rows: rows.collect(),
        headers,
    })
}

/// How long the text of a cell is, bytes.
fn text_of(value: &Result<Option<String>, Fault>) -> usize {
    match value {
        Ok(Some(text)) | Err(Fault::Number(text) | Fault::Error(text)) => text.len(),
        Ok(None) | Err(Fault::Date | Fault::Formula) => 0,
    }
}

/// The cells of a row, one per header; the first fault refuses it.
fn named(mut cells: Cells, headers: &[String]) -> Result<Vec<Option<String>>, RowFault> {
    if cells.len() > headers.len() {
        return Err(RowFault::NoHeader);
    }
    cells.resize(headers.len(), Ok(None));
    let one = |(cell, header): (Result<Option<String>, Fault>, &String)| {
        let column = shown(header);
        cell.map_err(|fault| match fault {
            Fault::Number(value) => RowFault::Number { column, value },
            Fault::Date => RowFault::Date { column },
            Fault::Formula => RowFault::Formula { column },
            Fault::Error(value) => RowFault::Error { column, value },
        })
    };
    cells.into_iter().zip(headers).map(one).collect()
}

fn value(found: &DataRef<'_>, is_formula: bool) -> Result<Option<String>, Fault> {
    let text = |text: &str| {
        let text = text.trim();
        Ok((!text.is_empty()).then(|| text.to_owned()))
    };
    match found {
        DataRef::Empty if is_formula => Err(Fault::Formula),
        DataRef::Empty => Ok(None),
        DataRef::Int(n) => Ok(Some(n.to_string())),
        DataRef::Float(n) => number(*n).map(Some),
        DataRef::String(s) => text(s),
        DataRef::SharedString(s) => text(s),
        DataRef::DateTimeIso(s) | DataRef::DurationIso(s) => text(s),
        DataRef::Bool(b) => Ok(Some(b.to_string())),
        DataRef::DateTime(at) => instant(*at).map(Some),
        DataRef::Error(e) => Err(Fault::Error(e.to_string())),
    }
}

/// The shortest decimal that reads back as the same number: what the spreadsheet shows for what was typed.
fn number(n: f64) -> Result<String, Fault> {
    if !n.is_finite() || n.abs() >= TOO_LARGE {
        return Err(Fault::Number(format!("{n:e}")));
    }
    // Negative zero is zero.
    Ok(format!("{}", n + 0.0))
}

fn instant(at: ExcelDateTime) -> Result<String, Fault> {
    let serial = at.as_f64();
    if !serial.is_finite() || serial < 0.0 || at.is_duration() {
        return Err(Fault::Date);
    }
    let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
    let small = |n: u8| i8::try_from(n).map_err(|_| Fault::Date);
    let year = i16::try_from(year).map_err(|_| Fault::Date)?;
    // The calendar of spreadsheets has a 29 February 1900; ours has none.
    let date = Date::new(year, small(month)?, small(day)?).map_err(|_| Fault::Date)?;
    // Times are fractions of a day: half past nine may come as 09:29:59.9995.
    let at = date
        .at(
            small(hour)?,
            small(minute)?,
            small(second)?,
            i32::from(milli) * 1_000_000,
        )
        .round(Unit::Second)
        .map_err(|_| Fault::Date)?;
    Ok(if at.time() == Time::midnight() {
        at.date().to_string()
    } else {
        at.strftime("%Y-%m-%d %H:%M:%S").to_string()
    })
}
