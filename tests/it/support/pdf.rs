//! The text of a PDF as a reader's program would take it out: glyphs back to characters by the map in the file.

use std::collections::BTreeMap;
use std::io::Read as _;

/// Every byte as the character of its number: nothing is lost, and texts can be looked for.
fn latin(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

fn streams(pdf: &[u8]) -> Vec<String> {
    let find = |from: usize, what: &[u8]| {
        let found = pdf[from..].windows(what.len()).position(|w| w == what);
        found.map(|at| from + at)
    };
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(begin) = find(at, b"stream\n") {
        let begin = begin + 7;
        let Some(end) = find(begin, b"endstream") else {
            break;
        };
        let mut text = Vec::new();
        if flate2::read::ZlibDecoder::new(&pdf[begin..end])
            .read_to_end(&mut text)
            .is_ok()
        {
            found.push(latin(&text));
        }
        at = end + 9;
    }
    found
}

fn hex(text: &str) -> Vec<u16> {
    let text = text.trim_matches(['<', '>']);
    let unit = |i: usize| u16::from_str_radix(&text[i..i + 4], 16).unwrap();
    (0..text.len() / 4).map(|n| unit(n * 4)).collect()
}

/// The glyphs shown by `[(…) 12 (…)] TJ`: strings of two bytes a glyph, with the escapes of PDF.
fn glyphs(shown: &[u8]) -> Vec<u16> {
    let mut bytes = Vec::new();
    // Brackets that balance stand in a string as they are.
    let (mut at, mut depth) = (0, 0);
    while at < shown.len() {
        match (shown[at], depth) {
            (b'(', 0) => depth = 1,
            (b')', 1) => depth = 0,
            (b'\\', 1..) => {
                at += 1;
                match shown[at] {
                    b'n' => bytes.push(b'\n'),
                    b'r' => bytes.push(b'\r'),
                    b't' => bytes.push(b'\t'),
                    b'b' => bytes.push(8),
                    b'f' => bytes.push(12),
                    b'0'..=b'7' => {
                        let digits = std::str::from_utf8(&shown[at..at + 3]).unwrap();
                        bytes.push(u8::from_str_radix(digits, 8).unwrap());
                        at += 2;
                    }
                    other => bytes.push(other),
                }
            }
            (byte, 1..) => {
                depth += i32::from(byte == b'(') - i32::from(byte == b')');
                bytes.push(byte);
            }
            _ => {}
        }
        at += 1;
    }
    bytes
        .chunks(2)
        .map(|two| u16::from(two[0]) << 8 | u16::from(two[1]))
        .collect()
}

/// The lines of text in the order in which they are drawn.
pub fn pdf_lines(pdf: &[u8]) -> Vec<String> {
    let streams = streams(pdf);
    let mut characters: BTreeMap<u16, String> = BTreeMap::new();
    for map in streams.iter().filter(|s| s.contains("beginbfchar")) {
        let mut inside = false;
        for line in map.lines() {
            match line.trim() {
                l if l.ends_with("beginbfchar") => inside = true,
                "endbfchar" => inside = false,
                l if inside => {
                    let (glyph, text) = l.split_once(' ').unwrap();
                    let text = String::from_utf16(&hex(text)).unwrap();
                    characters.insert(hex(glyph)[0], text);
                }
                _ => {}
            }
        }
    }
    let mut lines = Vec::new();
    for content in streams.iter().filter(|s| s.contains("BT 0 Tr")) {
        for text in content.split("BT 0 Tr").skip(1) {
            // A bracket inside a string is escaped or part of a glyph's number: the end of the object is on a line of its own.
            let text = text.split("\nET").next().unwrap();
            let shown = &text[text.find('[').unwrap_or(0)..];
            let shown: Vec<u8> = shown
                .chars()
                .map(|c| u8::try_from(u32::from(c)).unwrap())
                .collect();
            let line = glyphs(&shown);
            lines.push(line.iter().map(|g| characters[g].as_str()).collect());
        }
    }
    lines
}
