//! CSV as firms send it: comma, tab or semicolon; UTF-8 with or without BOM, or GB18030.

use encoding_rs::GB18030;

use crate::sheet::{MAX_COLUMNS, MAX_ROWS, MAX_UNPACKED, ReadError, RowFault, SLOT, Sheet, SheetRow};

/// Reads text with separators.
pub(super) fn read(bytes: &[u8]) -> Result<Sheet, ReadError> {
    let (text, encoding) = decode(bytes)?;
    let first = text.lines().next().unwrap_or_default();
    let delimiter = [b',', b'\t', b';']
        .into_iter()
        .find(|d| first.as_bytes().contains(d))
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(true)
        .from_reader(text.as_bytes());
    let headers = reader
        .headers()
        .map_err(|_| ReadError::Empty(String::new()))?
        .clone();
    if headers.len() > MAX_COLUMNS {
        return Err(ReadError::TooWide);
    }
    let (mut rows, mut kept) = (Vec::new(), 0);
    let mut lines = Lines {
        bytes: text.as_bytes(),
        at: 0,
        line: 1,
    };
    for record in reader.records() {
        let row = match record {
            Ok(record) if record.iter().all(|cell| cell.trim().is_empty()) => continue,
            Ok(record) => SheetRow {
                line: lines.of(record.position()),
                cells: cells(&record, headers.len()),
            },
            Err(error) => SheetRow {
                line: lines.of(error.position()),
                cells: Err(RowFault::Unreadable),
            },
        };
        if rows.len() == MAX_ROWS {
            return Err(ReadError::TooLong);
        }
        kept += SLOT * row.cells.as_ref().map_or(1, Vec::len) as u64;
        if kept > MAX_UNPACKED {
            return Err(ReadError::Bomb);
        }
        rows.push(row);
    }
    Ok(Sheet {
        encoding,
        other_sheets: Vec::new(),
        headers: headers.iter().map(|h| h.trim().to_owned()).collect(),
        rows,
    })
}

/// Counts lines up to a record's first byte. (The reader's own count is one short after `\r\n`.)
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let Some(start) = position.and_then(|p| usize::try_from(p.byte()).ok()) else {
            return 0;
        };
        while self.at < start || matches!(self.bytes.get(self.at), Some(b'\r' | b'\n')) {
            self.line += u64::from(self.bytes.get(self.at) == Some(&b'\n'));
            self.at += 1;
        }
        self.line
    }
}

fn cells(record: &csv::StringRecord, expected: usize) -> Result<Vec<Option<String>>, RowFault> {
    if record.len() != expected {
        return Err(RowFault::Cells {
            expected,
            found: record.len(),
        });
    }
    let cell = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Ok(record.iter().map(|text| cell(text.trim())).collect())
}

fn decode(bytes: &[u8]) -> Result<(String, &'static str), ReadError> {
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // UTF-16, as spreadsheets save it under "Unicode text", is full of zeros; so are pictures and programs.
    if body.contains(&0) {
        return Err(ReadError::Encoding);
    }
    if let Ok(text) = std::str::from_utf8(body) {
        return Ok((text.to_owned(), "UTF-8"));
    }
    match GB18030.decode_without_bom_handling_and_without_replacement(body) {
        Some(text) => Ok((text.into_owned(), "GB18030")),
        None => Err(ReadError::Encoding),
    }
}
