//! The rules of the house as functions over source text: what they refuse, with file and line.

use std::collections::BTreeSet;

use super::plain::plain;

/// A file passes at most this many lines.
pub const LINES_MAX: usize = 500;

/// Rooms by floor, bottom first.
const FLOORS: [&[&str]; 7] = [
    &["domain"],
    &[
        "attribution",
        "payout",
        "classify",
        "points",
        "ranking",
        "rules",
        "share",
        "sheet",
        "tell",
        "paper",
    ],
    &["storage", "spool", "geo", "mail", "courier", "openid"],
    &["redirect"],
    &["app"],
    &["web"],
    &["cli", "config", "boot", "chores", "demo"],
];

/// What the pure floors (0 and 1) must not know, and the word for it.
const OUTSIDE: [(&str, &str); 24] = [
    ("sqlx", "a database"),
    ("axum", "HTTP"),
    ("tower", "HTTP"),
    ("hyper", "HTTP"),
    ("reqwest", "HTTP"),
    ("tokio", "an async runtime"),
    ("askama", "templates"),
    ("std::fs", "files"),
    ("fs::", "files"),
    ("File::", "files"),
    ("std::env", "the environment"),
    ("std::process", "processes"),
    ("TcpStream", "sockets"),
    ("TcpListener", "sockets"),
    ("UdpSocket", "sockets"),
    ("UnixStream", "sockets"),
    ("ToSocketAddrs", "sockets"),
    ("SystemTime", "the clock"),
    ("Instant::now", "the clock"),
    ("Timestamp::now", "the clock"),
    ("Zoned::now", "the clock"),
    ("Uuid::now_v7", "the clock"),
    ("rand::rng", "chance"),
    ("thread_rng", "chance"),
];

/// One file of the tree: its path below the package (`src/web/mod.rs`) and its text.
pub struct Source {
    /// Path with `/`.
    pub path: String,
    /// Text.
    pub text: String,
}

/// Everything the house refuses in these files, as `path:line: what`, sorted.
pub fn broken(files: &[Source]) -> Vec<String> {
    let mut found = BTreeSet::new();
    for file in files {
        let length = file.text.lines().count();
        if length > LINES_MAX {
            found.insert(format!(
                "{}:{length}: {length} lines, at most {LINES_MAX}",
                file.path
            ));
        }
        if let Some(inner) = file.path.strip_prefix("src/") {
            let mut say = |line: usize, what: String| {
                found.insert(format!("{}:{line:03}: {what}", file.path));
            };
            room_rules(inner, &file.text, &mut say);
        }
    }
    found.into_iter().collect()
}

fn floor_of(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

fn room_rules(inner: &str, text: &str, say: &mut impl FnMut(usize, String)) {
    let (room, is_mod) = match inner.split_once('/') {
        Some((room, rest)) => (room, rest == "mod.rs"),
        None => (inner.trim_end_matches(".rs"), false),
    };
    if matches!(inner, "lib.rs" | "main.rs") {
        return;
    }
    let Some(floor) = floor_of(room) else {
        say(
            1,
            format!("room `{room}` has no floor: name it in house.md and in this test"),
        );
        return;
    };
    if is_mod && !(text.starts_with("//!") && text.contains("//! # Why")) {
        say(1, "mod.rs opens with what the room is for and a `# Why`".into());
    }
    let code = plain(text);
    for (line, used) in rooms_used(&code) {
        if floor_of(used).is_some_and(|other| other > floor) {
            let other = floor_of(used).unwrap_or_default();
            say(
                line,
                format!("floor {floor} ({room}) uses floor {other} (`crate::{used}`)"),
            );
        }
    }
    let tests = tests_begin(inner, &code);
    for (index, line) in code.lines().enumerate() {
        let number = index + 1;
        if line.contains("#[allow") || line.contains("#![allow") {
            say(number, "`#[allow]`: use `#[expect(…, reason = \"…\")]`".into());
        }
        if room != "storage"
            && ["sqlx::query", "sqlx::raw_sql", "QueryBuilder"]
                .iter()
                .any(|w| mentions(line, w))
        {
            say(number, "SQL outside src/storage".into());
        }
        if inner.starts_with("redirect/follow") && ["storage", "sqlx"].iter().any(|w| mentions(line, w)) {
            say(
                number,
                "redirect/follow says `storage`: the hot path knows no database".into(),
            );
        }
        if number >= tests {
            continue;
        }
        if floor <= 1 {
            for (word, what) in OUTSIDE.iter().filter(|(word, _)| mentions(line, word)) {
                say(number, format!("floor {floor} ({room}) knows {what} (`{word}`)"));
            }
            if line.contains("std::{") && line.contains("fs") && mentions(line, "fs") {
                say(number, format!("floor {floor} ({room}) knows files (`fs`)"));
            }
        }
        if room == "payout" && (["f32", "f64"].iter().any(|w| mentions(line, w)) || has_float(line)) {
            say(number, "payout knows no floating point".into());
        }
    }
}

/// The first line of the file's tests; they may read files and start runtimes in every room.
fn tests_begin(inner: &str, code: &str) -> usize {
    if inner.ends_with("/tests.rs") || inner.ends_with("_tests.rs") || inner.contains("/tests/") {
        return 0;
    }
    let module = |lines: &[&str]| {
        lines[0].trim() == "#[cfg(test)]" && lines[1].contains("mod ") && lines[1].contains('{')
    };
    let lines: Vec<&str> = code.lines().collect();
    lines
        .windows(2)
        .position(module)
        .map_or(usize::MAX, |index| index + 1)
}

/// Rooms named by `crate::room` or `crate::{room, …}`, with their lines.
fn rooms_used(code: &str) -> Vec<(usize, &str)> {
    let mut used = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$'))
            && !code[..at].ends_with('$')
        {
            continue;
        }
        let start = at + "crate::".len();
        let rest = &code[start..];
        let mut take = |from: usize| {
            let word = &code[from..];
            let end = word
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(word.len());
            if end > 0 {
                used.push((code[..from].matches('\n').count() + 1, &word[..end]));
            }
        };
        if !rest.starts_with('{') {
            take(start);
            continue;
        }
        let mut depth = 0usize;
        let mut fresh = false;
        for (offset, c) in rest.char_indices() {
            match c {
                '{' => (depth, fresh) = (depth + 1, depth == 0),
                '}' => depth -= 1,
                ',' => fresh = depth == 1,
                c if c.is_whitespace() => {}
                _ if fresh && depth == 1 => {
                    take(start + offset);
                    fresh = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    used
}

/// Whether `line` says `word` as a word of its own (or as the beginning of a path when it ends in `::`).
fn mentions(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let after = &line[at + word.len()..];
        // `sqlx::query` also stands for `query_as` and the like.
        let ends = word.ends_with("::") || word.starts_with("sqlx::") || !after.starts_with(part);
        !line[..at].ends_with(part) && ends
    })
}

/// Whether `line` holds a literal such as `1.5`; `pair.0.1` and `0..5` are none.
fn has_float(line: &str) -> bool {
    let bytes = line.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    (1..bytes.len())
        .filter(|&i| bytes[i] == b'.' && digit(i - 1) && digit(i + 1))
        .any(|dot| {
            let start = (0..dot)
                .rev()
                .find(|&i| !(bytes[i].is_ascii_digit() || bytes[i] == b'_'));
            start.is_none_or(|i| !(bytes[i] == b'.' || bytes[i].is_ascii_alphabetic() || bytes[i] == b'_'))
        })
}
