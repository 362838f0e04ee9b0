//! CSV as firms send it: UTF-8 with or without BOM, or GB18030; headers in Chinese or English; broken lines reported.

use encoding_rs::GB18030;

/// Most rows of one file.
pub const MAX_ROWS: usize = 50_000;
/// Most rows reported as rejected; the rest is counted.
pub const MAX_REJECTED: usize = 1_000;

/// A column and the headers it goes by, lower case; the first is its name.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Names in English and Chinese.
    pub names: &'static [&'static str],
    /// Whether a file without it is refused.
    pub required: bool,
}

/// How much of a file that is none is repeated to whoever sent it: characters, and names of columns.
const MOST_SHOWN: usize = 100;

fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(MOST_SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Why a file cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// Another encoding.
    #[error("the file is neither UTF-8 nor GB18030: save it as \"CSV UTF-8\"")]
    Encoding,
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
    /// Too long.
    #[error("more than {MAX_ROWS} rows: split the file")]
    TooLong,
}

/// A row, or why it is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableRow {
    /// Line of the file it begins at, from 1.
    pub line: u64,
    /// One cell per column asked for, trimmed; empty ones are `None`. `Err`: the line is broken.
    pub cells: Result<Vec<Option<String>>, String>,
}

/// A file, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// `UTF-8` or `GB18030`.
    pub encoding: &'static str,
    /// The rows, without the header and blank lines.
    pub rows: Vec<TableRow>,
    /// Headers nobody asked for.
    pub ignored: Vec<String>,
}

/// A line that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Rejected {
    /// Line of the file, from 1.
    pub line: u64,
    /// What was wrong and what was expected.
    pub reason: String,
    /// The column it is about, or a word for what is wrong: for texts in other languages. Empty where nobody said.
    #[serde(skip)]
    pub what: &'static str,
}

/// Reads a CSV file for these columns.
pub fn read_table(bytes: &[u8], columns: &[Column]) -> Result<Table, TableError> {
    let (text, encoding) = decode(bytes)?;
    let header = text.lines().next().unwrap_or_default();
    let delimiter = [',', '\t', ';', '，']
        .into_iter()
        .find(|d| header.contains(*d))
        .and_then(|d| u8::try_from(d).ok())
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .has_headers(true)
        .from_reader(text.as_bytes());
    let headers = reader
        .headers()
        .map_err(|_| TableError::Empty(names_of(columns)))?
        .clone();
    if headers.iter().all(|h| h.trim().is_empty()) {
        return Err(TableError::Empty(names_of(columns)));
    }
    let mut places: Vec<Option<usize>> = vec![None; columns.len()];
    let mut ignored = Vec::new();
    for (at, name) in headers.iter().enumerate() {
        let key = name.trim().to_lowercase().replace([' ', '-'], "_");
        match columns.iter().position(|c| c.names.contains(&key.as_str())) {
            Some(column) if places[column].is_some() => {
                return Err(TableError::Twice(shown(name.trim())));
            }
            Some(column) => places[column] = Some(at),
            None if ignored.len() < MOST_SHOWN => ignored.push(shown(name.trim())),
            None => {}
        }
    }
    if let Some(missing) = (0..columns.len()).find(|c| columns[*c].required && places[*c].is_none()) {
        return Err(TableError::Missing {
            missing: columns[missing].names.join(" / "),
            found: shown(
                &headers
                    .iter()
                    .take(MOST_SHOWN)
                    .map(str::trim)
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
        });
    }
    let mut rows = Vec::new();
    let mut lines = Lines {
        bytes: text.as_bytes(),
        at: 0,
        line: 1,
    };
    for record in reader.records() {
        let row = match record {
            Ok(record) if record.iter().all(|cell| cell.trim().is_empty()) => continue,
            Ok(record) => TableRow {
                line: lines.of(record.position()),
                cells: cells(&record, headers.len(), &places),
            },
            Err(error) => TableRow {
                line: lines.of(error.position()),
                cells: Err("the line cannot be read".to_owned()),
            },
        };
        rows.push(row);
        if rows.len() > MAX_ROWS {
            return Err(TableError::TooLong);
        }
    }
    Ok(Table {
        encoding,
        rows,
        ignored,
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

fn cells(
    record: &csv::StringRecord,
    expected: usize,
    places: &[Option<usize>],
) -> Result<Vec<Option<String>>, String> {
    if record.len() != expected {
        let found = record.len();
        return Err(format!(
            "expected {expected} cells as in the header line, found {found}; a comma or quotation mark is missing or too many"
        ));
    }
    let cell = |place: &Option<usize>| {
        let text = record.get((*place)?)?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    };
    Ok(places.iter().map(cell).collect())
}

fn names_of(columns: &[Column]) -> String {
    let names: Vec<_> = columns
        .iter()
        .filter(|c| c.required)
        .filter_map(|c| c.names.first().copied())
        .collect();
    names.join(", ")
}

fn decode(bytes: &[u8]) -> Result<(String, &'static str), TableError> {
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // UTF-16, as spreadsheets save it under "Unicode text", is full of zeros.
    if body.contains(&0) {
        return Err(TableError::Encoding);
    }
    if let Ok(text) = std::str::from_utf8(body) {
        return Ok((text.to_owned(), "UTF-8"));
    }
    match GB18030.decode_without_bom_handling_and_without_replacement(body) {
        Some(text) => Ok((text.into_owned(), "GB18030")),
        None => Err(TableError::Encoding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 2] = [
        Column {
            names: &["phone", "手机"],
            required: true,
        },
        Column {
            names: &["order_id", "订单号"],
            required: false,
        },
    ];

    fn cells(bytes: &[u8]) -> Vec<Vec<Option<String>>> {
        let table = read_table(bytes, &COLUMNS).unwrap();
        table.rows.into_iter().map(|r| r.cells.unwrap()).collect()
    }

    #[test]
    fn one_table_reads_the_same_in_each_encoding_and_language() {
        let expected = vec![vec![Some("138".to_owned()), Some("订1".to_owned())]];
        let chinese = "手机,订单号\r\n138,订1\r\n";
        assert_eq!(cells(chinese.as_bytes()), expected);
        assert_eq!(cells(format!("\u{feff}{chinese}").as_bytes()), expected);
        assert_eq!(cells("Order ID;Phone\n订1;138\n\n;\n".as_bytes()), expected);
        let (gb, _, _) = GB18030.encode(chinese);
        let table = read_table(&gb, &COLUMNS).unwrap();
        assert_eq!(table.encoding, "GB18030");
        assert_eq!(table.rows[0].cells.clone().unwrap(), expected[0]);
        assert_eq!(table.rows[0].line, 2);
    }

    #[test]
    fn broken_lines_are_reported_and_the_others_read() {
        let table = read_table("phone,x\n1,a\n2\n3,a,b\n4,a\n".as_bytes(), &COLUMNS).unwrap();
        let good: Vec<_> = table.rows.iter().map(|r| (r.line, r.cells.is_ok())).collect();
        assert_eq!(good, [(2, true), (3, false), (4, false), (5, true)]);
        let windows = read_table(b"phone\r\n1\r\n\r\n\r\n4\r\n", &COLUMNS).unwrap();
        assert_eq!(windows.rows.iter().map(|r| r.line).collect::<Vec<_>>(), [2, 5]);
        assert_eq!(table.ignored, ["x"]);
    }

    #[test]
    fn files_that_are_no_such_table_are_refused() {
        let long = read_table(&[b'x'; 1 << 20], &COLUMNS).unwrap_err().to_string();
        assert!(long.len() < 300, "a megabyte is not repeated: {}", long.len());
        for (bytes, expected) in [
            (&b""[..], "empty"),
            (b"\n\n", "empty"),
            (b"name\nx\n", "lacks the column phone"),
            (b"phone,phone\n1,2\n", "twice"),
            (b"p\0h\0o\0", "UTF-8"),
            (b"phone\n\xff\xff\xff\n", "UTF-8"),
        ] {
            let error = read_table(bytes, &COLUMNS).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
