//! A file becomes a sheet (headers and rows), a sheet becomes a table (the columns asked for).

use crate::sheet::{MAX_BYTES, MAX_COLUMNS, ReadError, RowFault, comma, workbook};

/// A column and the headers it goes by, as [`header_key`] writes them; the first is its name.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// Names in English and Chinese.
    pub names: &'a [&'a str],
    /// Whether a file without it is refused.
    pub required: bool,
}

/// A file as it is: every column, whatever its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// `UTF-8`, `GB18030` or `XLSX`.
    pub encoding: &'static str,
    /// Sheets of a workbook that were not read: all but its first visible one.
    pub other_sheets: Vec<String>,
    /// Headers, trimmed; an unnamed column's is empty.
    pub headers: Vec<String>,
    /// The rows, without the header and blank lines.
    pub rows: Vec<SheetRow>,
}

/// A row of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetRow {
    /// Line of the file (row of the sheet) it begins at, from 1.
    pub line: u64,
    /// One cell per header, trimmed; empty ones are `None`. Numbers are their shortest decimal, days `2026-11-05`, instants
    /// `2026-11-05 09:30:00` as shown, booleans `true` or `false`. `Err`: the row is broken.
    pub cells: Result<Vec<Option<String>>, RowFault>,
}

/// The columns asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableIn {
    /// `UTF-8`, `GB18030` or `XLSX`.
    pub encoding: &'static str,
    /// Sheets that were not read.
    pub other_sheets: Vec<String>,
    /// The rows, without the header and blank lines.
    pub rows: Vec<TableRow>,
    /// Headers nobody asked for.
    pub ignored: Vec<String>,
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// Line of the file (row of the sheet) it begins at, from 1.
    pub line: u64,
    /// One cell per column asked for, as in [`SheetRow`].
    pub cells: Result<Vec<Option<String>>, RowFault>,
}

/// How much of a file that is none is repeated to whoever sent it: characters, and names of columns.
const MOST_SHOWN: usize = 100;

/// A text cut to what is repeated of it.
pub(super) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(MOST_SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// How headers are compared: lower case, spaces and hyphens as `_`.
pub fn header_key(header: &str) -> String {
    header.trim().to_lowercase().replace([' ', '-'], "_")
}

/// Reads a file whatever its columns. `Empty` carries no names.
pub fn read_sheet(bytes: &[u8]) -> Result<Sheet, ReadError> {
    if bytes.len() > MAX_BYTES {
        return Err(ReadError::TooLarge);
    }
    let sheet = if bytes.starts_with(b"PK\x03\x04") {
        workbook::read(bytes)?
    } else if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return Err(ReadError::Old);
    } else {
        comma::read(bytes)?
    };
    if sheet.headers.len() > MAX_COLUMNS {
        return Err(ReadError::TooWide);
    }
    if sheet.headers.iter().all(String::is_empty) {
        return Err(ReadError::Empty(String::new()));
    }
    Ok(sheet)
}

/// Reads a file for these columns.
pub fn read_table(bytes: &[u8], columns: &[Header<'_>]) -> Result<TableIn, ReadError> {
    let sheet = read_sheet(bytes).map_err(|error| match error {
        ReadError::Empty(_) => ReadError::Empty(required(columns)),
        other => other,
    })?;
    let mut places: Vec<Option<usize>> = vec![None; columns.len()];
    let mut ignored = Vec::new();
    for (at, header) in sheet.headers.iter().enumerate() {
        let key = header_key(header);
        match columns.iter().position(|c| c.names.contains(&key.as_str())) {
            Some(column) if places[column].is_some() => return Err(ReadError::Twice(shown(header))),
            Some(column) => places[column] = Some(at),
            None if ignored.len() < MOST_SHOWN => ignored.push(shown(header)),
            None => {}
        }
    }
    if let Some(missing) = (0..columns.len()).find(|c| columns[*c].required && places[*c].is_none()) {
        let found: Vec<_> = sheet
            .headers
            .iter()
            .take(MOST_SHOWN)
            .map(String::as_str)
            .collect();
        return Err(ReadError::Missing {
            missing: columns[missing].names.join(" / "),
            found: shown(&found.join(", ")),
        });
    }
    let pick = |mut cells: Vec<Option<String>>| -> Vec<Option<String>> {
        places
            .iter()
            .map(|place| cells.get_mut((*place)?)?.take())
            .collect()
    };
    let rows = sheet.rows.into_iter().map(|row| TableRow {
        line: row.line,
        cells: row.cells.map(pick),
    });
    Ok(TableIn {
        encoding: sheet.encoding,
        other_sheets: sheet.other_sheets,
        rows: rows.collect(),
        ignored,
    })
}

fn required(columns: &[Header<'_>]) -> String {
    let names: Vec<_> = columns
        .iter()
        .filter(|c| c.required)
        .filter_map(|c| c.names.first().copied())
        .collect();
    names.join(", ")
}
