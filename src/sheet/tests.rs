use std::io::Write;

use encoding_rs::GB18030;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

use super::*;

const COLUMNS: [Header<'_>; 2] = [
    Header {
        names: &["phone", "手机"],
        required: true,
    },
    Header {
        names: &["order_id", "订单号"],
        required: false,
    },
];

fn cells(bytes: &[u8]) -> Vec<Vec<Option<String>>> {
    let table = read_table(bytes, &COLUMNS).unwrap();
    table.rows.into_iter().map(|r| r.cells.unwrap()).collect()
}

/// A workbook of one sheet.
fn book(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    fill(book.add_worksheet());
    book.save_to_buffer().unwrap()
}

#[test]
fn one_table_reads_the_same_in_each_format_encoding_and_language() {
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
    let xlsx = book(|sheet| {
        sheet.write_row(2, 1, ["Order ID", " 手机 "]).unwrap();
        sheet.write(5, 1, "订1").unwrap().write(5, 2, 138).unwrap();
    });
    let table = read_table(&xlsx, &COLUMNS).unwrap();
    assert_eq!((table.encoding, table.rows[0].line), ("XLSX", 6));
    assert_eq!(table.rows[0].cells.clone().unwrap(), expected[0]);
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
    let wide = "x,".repeat(300);
    let many = "phone\n".to_owned() + &"1\n".repeat(MAX_ROWS + 1);
    let large = vec![b'x'; MAX_BYTES + 1];
    for (bytes, expected) in [
        (&b""[..], "empty"),
        (b"\n\n", "empty"),
        (b"name\nx\n", "lacks the column phone"),
        (b"phone,phone\n1,2\n", "twice"),
        (b"p\0h\0o\0", "UTF-8"),
        (b"phone\n\xff\xff\xff\n", "UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old .xls"),
        (b"PK\x03\x04 and nothing more", "cannot be read"),
        (wide.as_bytes(), "columns"),
        (many.as_bytes(), "rows"),
        (&large, "larger than 8 MB"),
    ] {
        let error = read_table(bytes, &COLUMNS).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    let exactly = "phone\n".to_owned() + &"1\n".repeat(MAX_ROWS);
    assert_eq!(cells(exactly.as_bytes()).len(), MAX_ROWS);
}

#[test]
fn numbers_of_a_workbook_are_their_shortest_decimal_below_ten_to_the_thirteen() {
    let xlsx = book(|sheet| {
        sheet.write(0, 0, "amount").unwrap();
        for (row, n) in [
            199.0,
            0.1,
            0.1 + 0.2,
            -12.5,
            -0.0,
            9_999_999_999_999.99,
            1e13,
            1e300,
        ]
        .into_iter()
        .enumerate()
        {
            sheet.write(u32::try_from(row).unwrap() + 1, 0, n).unwrap();
        }
    });
    let read: Vec<_> = read_sheet(&xlsx)
        .unwrap()
        .rows
        .into_iter()
        .map(|r| r.cells.map(|c| c[0].clone().unwrap()).map_err(|e| e.word()))
        .collect();
    assert_eq!(
        read,
        [
            Ok("199".to_owned()),
            Ok("0.1".to_owned()),
            Ok("0.30000000000000004".to_owned()),
            Ok("-12.5".to_owned()),
            Ok("0".to_owned()),
            Ok("9999999999999.99".to_owned()),
            Err("row-number"),
            Err("row-number"),
        ]
    );
}

#[test]
fn days_instants_formulas_and_errors_come_as_shown_or_not_at_all() {
    let xlsx = book(|sheet| {
        let day = Format::new().set_num_format("yyyy-mm-dd");
        let at = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
        sheet.write_row(0, 0, ["on", "what"]).unwrap();
        let date = ExcelDateTime::from_ymd(2026, 11, 5).unwrap();
        sheet.write_with_format(1, 0, &date, &day).unwrap();
        let time = ExcelDateTime::from_ymd(2026, 11, 5)
            .unwrap()
            .and_hms(9, 30, 59)
            .unwrap();
        sheet.write_with_format(2, 0, &time, &at).unwrap();
        sheet.write(3, 0, Formula::new("=1+1").set_result("2")).unwrap();
        sheet.write(4, 1, true).unwrap();
        // Beyond the last header, below a gap.
        sheet.write(7, 2, "lost").unwrap();
    });
    let rows: Vec<_> = read_sheet(&xlsx)
        .unwrap()
        .rows
        .into_iter()
        .map(|r| {
            let cells = r
                .cells
                .map(|c| c.into_iter().map(Option::unwrap_or_default).collect::<Vec<_>>());
            (r.line, cells.map_err(|e| e.word()))
        })
        .collect();
    let row = |a: &str, b: &str| Ok(vec![a.to_owned(), b.to_owned()]);
    assert_eq!(
        rows,
        [
            (2, row("2026-11-05", "")),
            (3, row("2026-11-05 09:30:59", "")),
            (4, row("2", "")),
            (5, row("", "true")),
            (8, Err("row-no-header")),
        ]
    );
    let raw = raw_book(
        "<row r=\"2\"><c r=\"A2\"><f>A9</f></c></row><row r=\"3\"><c r=\"A3\" t=\"e\"><v>#DIV/0!</v></c></row>",
    );
    let words: Vec<_> = read_sheet(&raw)
        .unwrap()
        .rows
        .into_iter()
        .map(|r| r.cells.unwrap_err().word())
        .collect();
    assert_eq!(words, ["row-formula", "row-error"]);
}

#[test]
fn only_the_first_visible_sheet_is_read_and_the_others_are_told() {
    let mut book = Workbook::new();
    book.add_worksheet().set_name("旧").unwrap().set_hidden(true);
    let shown = book.add_worksheet().set_name("名单").unwrap();
    shown.write(0, 0, "phone").unwrap().write(1, 0, "138").unwrap();
    shown.set_active(true);
    book.add_worksheet().set_name("说明").unwrap();
    let sheet = read_sheet(&book.save_to_buffer().unwrap()).unwrap();
    assert_eq!(
        (sheet.rows.len(), sheet.other_sheets),
        (1, vec!["说明".to_owned()])
    );
}

/// An archive of these parts, deflated; `stated` changes the size its directory states.
fn archive(parts: &[(&str, &[u8])], stated: impl Fn(u32) -> u32) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in parts {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        let packed = encoder.finish().unwrap();
        let short = |n: usize| u16::try_from(n).unwrap().to_le_bytes();
        let long = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
        let offset = out.len();
        let mut head = Vec::new();
        head.extend([20, 0, 0, 0, 8, 0, 0, 0, 0, 0]);
        head.extend(crc32fast::hash(content).to_le_bytes());
        head.extend(long(packed.len()));
        head.extend(stated(u32::try_from(content.len()).unwrap()).to_le_bytes());
        head.extend(short(name.len()));
        head.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&head);
        out.extend(name.as_bytes());
        out.extend(&packed);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&head);
        directory.extend([0; 10]);
        directory.extend(long(offset));
        directory.extend(name.as_bytes());
    }
    let count = u16::try_from(parts.len()).unwrap().to_le_bytes();
    let begin = u32::try_from(out.len()).unwrap().to_le_bytes();
    let size = u32::try_from(directory.len()).unwrap().to_le_bytes();
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count);
    out.extend(count);
    out.extend(size);
    out.extend(begin);
    out.extend([0, 0]);
    out
}

fn parts(rows: &str) -> Vec<(&'static str, Vec<u8>)> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let link = |kind: &str, target: &str| {
        format!(
            "<Relationships xmlns=\"{package}\"><Relationship Id=\"r1\" Type=\"{office}/{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    vec![
        ("_rels/.rels", link("officeDocument", "xl/workbook.xml").into_bytes()),
        ("xl/_rels/workbook.xml.rels", link("worksheet", "worksheets/sheet1.xml").into_bytes()),
        (
            "xl/workbook.xml",
            format!("<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>")
                .into_bytes(),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!(
                "<worksheet xmlns=\"{main}\"><sheetData><row r=\"1\"><c r=\"A1\" t=\"str\"><v>phone</v></c></row>{rows}</sheetData></worksheet>"
            )
            .into_bytes(),
        ),
    ]
}

fn raw_book(rows: &str) -> Vec<u8> {
    let parts = parts(rows);
    let parts: Vec<_> = parts
        .iter()
        .map(|(name, text)| (*name, text.as_slice()))
        .collect();
    archive(&parts, |n| n)
}

#[test]
fn an_archive_that_unpacks_to_too_much_is_refused_by_its_directory() {
    let mut parts = parts("<row r=\"2\"><c r=\"A2\"><v>1</v></c></row>");
    let spaces = vec![b' '; usize::try_from(MAX_UNPACKED).unwrap()];
    assert!(read_sheet(&raw_book("<row r=\"2\"><c r=\"A2\"><v>1</v></c></row>")).is_ok());
    parts.push(("xl/sharedStrings.xml", spaces));
    let parts: Vec<_> = parts
        .iter()
        .map(|(name, text)| (*name, text.as_slice()))
        .collect();
    let honest = archive(&parts, |n| n);
    assert!(honest.len() < 100_000, "a bomb is small: {}", honest.len());
    assert_eq!(read_sheet(&honest), Err(ReadError::Bomb));
    // One that states less than it holds is cut at what it states, and so is damaged.
    let liar = archive(&parts, |n| n.min(2_000));
    assert_eq!(read_sheet(&liar), Err(ReadError::Damaged));
    // One that says its sizes are 64 bits wide.
    let wide = archive(&parts, |_| u32::MAX);
    assert_eq!(read_sheet(&wide), Err(ReadError::Bomb));
    // A second, smaller directory after the first hides nothing.
    let mut both = honest.clone();
    both.extend(raw_book(""));
    assert_eq!(read_sheet(&both), Err(ReadError::Bomb));
}

#[test]
fn a_small_file_does_not_become_much_by_naming_one_thing_often() {
    // One text of half a megabyte in 200 cells: 100 MB out of a few kilobytes.
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let text = "x".repeat(1 << 19);
    let rows: String = (2..202)
        .map(|n| format!("<row r=\"{n}\"><c r=\"A{n}\" t=\"s\"><v>0</v></c></row>"))
        .collect();
    let mut all = parts(&rows);
    let shared = format!("<sst xmlns=\"{main}\"><si><t>{text}</t></si></sst>");
    all.push(("xl/sharedStrings.xml", shared.into_bytes()));
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    all[1].1 = format!(
        "<Relationships xmlns=\"{package}\"><Relationship Id=\"r1\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
         <Relationship Id=\"r2\" Type=\"{office}/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>"
    )
    .into_bytes();
    let of = |all: &[(&'static str, Vec<u8>)]| {
        let parts: Vec<_> = all.iter().map(|(name, text)| (*name, text.as_slice())).collect();
        archive(&parts, |n| n)
    };
    let book = of(&all);
    assert!(book.len() < 20_000, "{}", book.len());
    assert_eq!(read_sheet(&book), Err(ReadError::Bomb));
    // The last column of every row.
    let far = |rows: usize| -> String {
        (2..rows + 2)
            .map(|n| format!("<row r=\"{n}\"><c r=\"IV{n}\"><v>1</v></c></row>"))
            .collect()
    };
    assert!(read_sheet(&raw_book(&far(1_000))).is_ok());
    assert_eq!(read_sheet(&raw_book(&far(20_000))), Err(ReadError::Bomb));
    // Many columns in the header, one value in each row.
    let wide = |rows: usize| {
        format!(
            "{}\n{}",
            ["a"; 256].join(","),
            format!("1{}\n", ",".repeat(255)).repeat(rows)
        )
    };
    assert!(read_sheet(wide(1_000).as_bytes()).is_ok());
    assert_eq!(read_sheet(wide(20_000).as_bytes()), Err(ReadError::Bomb));
}

#[test]
fn hostile_workbooks_are_refused_without_a_fall() {
    for rows in [
        "<row r=\"99999999999999\"><c r=\"A2\"><v>1</v></c></row>",
        "<row><c r=\"ZZZZZZZZZZ1\"><v>1</v></c></row>",
        "<row r=\"2\"><c r=\"A2\" t=\"s\"><v>7</v></c></row>",
        "<row r=\"2\"><c r=\"XFD2\"><v>1</v></c></row>",
        "<row r=\"2\"><c r=\"A2\"><f t=\"shared\" si=\"99999999999\" ref=\"A2:A1\">1</f></c></row>",
        "<row r=\"2\"><c r=\"A2\"><v>1</v>",
    ] {
        assert!(read_sheet(&raw_book(rows)).is_err(), "{rows}");
    }
    let good = raw_book("<row r=\"2\"><c r=\"A2\"><v>1</v></c></row>");
    for at in 0..good.len() {
        // Cut anywhere, or with a byte turned over: an answer, whatever it is.
        let _ = read_sheet(&good[..at]);
        let mut turned = good.clone();
        turned[at] ^= 0x55;
        let _ = read_sheet(&turned);
    }
}
