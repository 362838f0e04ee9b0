use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use jiff::civil::date;

use super::*;

fn table() -> Table {
    let mut table = Table::new(
        "工资 2026/11",
        vec![
            Column::text("编号"),
            Column::integer("行号"),
            Column::money("金额"),
            Column::date("日期"),
        ],
    );
    let day = date(2026, 11, 21);
    for (text, number, fen) in [
        ("=1+1", 1, 123_456_789),
        ("+86", 2, -5),
        ("@x", 3, 999_999_999_999_999),
        ("张三", 4, 10),
    ] {
        table.push(vec![
            text.into(),
            number.into(),
            Money::from_minor(fen).into(),
            day.into(),
        ]);
    }
    table.push(vec![
        Cell::Empty,
        Cell::Empty,
        Money::from_minor(i64::MAX / 2).into(),
        Cell::Empty,
    ]);
    table
}

fn opened(bytes: Vec<u8>) -> Xlsx<Cursor<Vec<u8>>> {
    Xlsx::new(Cursor::new(bytes)).unwrap()
}

#[test]
fn a_text_is_never_a_formula() {
    for bad in [
        "=1+1", "+1", "-cmd", "@x", "\t=1", "\r=1", "\n=1", " =1", "＝1+1", "＠x",
    ] {
        assert!(harmless(bad).starts_with('\''), "{bad:?}");
    }
    for good in ["张三", "a=b", "", " ", "2026-11"] {
        assert_eq!(harmless(good), good);
    }
    let mut book = opened(table().to_xlsx(date(2026, 11, 21)).unwrap());
    let name = book.sheet_names()[0].clone();
    assert_eq!(name, "工资 202611");
    assert!(book.worksheet_formula(&name).unwrap().is_empty());
    let range = book.worksheet_range(&name).unwrap();
    assert_eq!(range.get_value((1, 0)), Some(&Data::String("=1+1".to_owned())));
}

#[test]
fn amounts_are_the_decimals_they_were() {
    let bytes = table().to_xlsx(date(2026, 11, 21)).unwrap();
    let range = opened(bytes).worksheet_range_at(0).unwrap().unwrap();
    let found: Vec<String> = (1..6)
        .map(|row| range.get_value((row, 2)).unwrap().to_string())
        .collect();
    assert_eq!(
        found,
        [
            "1234567.89",
            "-0.05",
            "9999999999999.99",
            "0.1",
            // Beyond what a spreadsheet's number holds: a text, to the fen.
            "46116860184273879.03"
        ]
    );
}

#[test]
fn every_amount_of_fifteen_digits_comes_back() {
    for n in 0..4_000i64 {
        let fen = n * 249_999_999_997 % 1_000_000_000_000_000;
        let value = exact(fen, 100).unwrap();
        let text = format!("{}.{:02}", fen / 100, fen % 100);
        assert_eq!(
            format!("{value}"),
            text.trim_end_matches('0').trim_end_matches('.')
        );
    }
}

#[test]
fn the_same_table_gives_the_same_bytes() {
    let day = date(2026, 11, 21);
    assert_eq!(table().to_xlsx(day).unwrap(), table().to_xlsx(day).unwrap());
    assert_ne!(
        table().to_xlsx(day).unwrap(),
        table().to_xlsx(date(2026, 11, 22)).unwrap()
    );
}

#[test]
fn csv_says_the_same_in_words() {
    let csv = String::from_utf8(table().to_csv().unwrap()).unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "\u{feff}编号,行号,金额,日期");
    assert_eq!(lines[1], "'=1+1,1,1234567.89,2026-11-21");
    assert_eq!(lines[2], "'+86,2,-0.05,2026-11-21");
    assert_eq!(lines[5], ",,46116860184273879.03,");
}

#[test]
fn what_strangers_wrote_does_not_break_the_file() {
    let mut hostile = Table::new("[]:*?/\\'", vec![Column::text("\u{0}=x")]);
    for text in ["\u{1}\u{b}\u{fffe}", "<&>\"'", "=HYPERLINK(\"http://x\")"] {
        hostile.push(vec![text.into()]);
    }
    hostile.push(vec!["长".repeat(40_000).into()]);
    let bytes = hostile.to_xlsx(date(2026, 11, 21)).unwrap();
    let range = opened(bytes).worksheet_range_at(0).unwrap().unwrap();
    assert_eq!(range.height(), 5);
    assert_eq!(range.get_value((2, 0)).unwrap().to_string(), "<&>\"'");
}
