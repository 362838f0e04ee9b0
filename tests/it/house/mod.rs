//! The house itself: floors, forbidden knowledge, lengths. The rules are tried on made-up trees first.

mod plain;
mod rules;

use std::fs;
use std::path::Path;

use rules::{LINES_MAX, Source, broken};

#[test]
fn given_our_tree_when_read_then_no_rule_of_the_house_is_broken() {
    let mut files = Vec::new();
    for folder in ["src", "tests", "benches"] {
        collect(Path::new(folder), &mut files);
    }
    assert!(
        files.len() > 30,
        "only {} files found: the walk is broken",
        files.len()
    );
    let found = broken(&files);
    assert!(found.is_empty(), "the house is broken:\n{}", found.join("\n"));
}

fn collect(folder: &Path, files: &mut Vec<Source>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Ok(entries) = fs::read_dir(root.join(folder)) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        let below = path.strip_prefix(root).expect("below the package").to_path_buf();
        if path.is_dir() && !path.ends_with("node_modules") {
            collect(&below, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).expect("UTF-8 source");
            files.push(Source {
                path: below.to_string_lossy().replace('\\', "/"),
                text,
            });
        }
    }
}

/// What the house says to one made-up file.
fn says(path: &str, text: &str) -> Vec<String> {
    broken(&[Source {
        path: path.into(),
        text: text.into(),
    }])
}

fn refuses(path: &str, text: &str, line: usize, word: &str) {
    let found = says(path, text);
    let head = format!("{path}:{line:03}: ");
    assert!(
        found.iter().any(|f| f.starts_with(&head) && f.contains(word)),
        "{path}: {text:?} should break a rule about {word:?} at line {line}, found {found:?}"
    );
}

fn accepts(path: &str, text: &str) {
    assert_eq!(says(path, text), Vec::<String>::new(), "{path}: {text:?}");
}

#[test]
fn given_a_room_that_leans_upwards_when_read_then_it_is_named_with_its_line() {
    refuses(
        "src/storage/links.rs",
        "use crate::domain::X;\nuse crate::web::Page;\n",
        2,
        "`crate::web`",
    );
    refuses(
        "src/spool/a.rs",
        "use crate::{domain::{A, B},\n    app::mint};\n",
        2,
        "`crate::app`",
    );
    refuses(
        "src/domain/a.rs",
        "fn f() { $crate::payout::run() }",
        1,
        "`crate::payout`",
    );
    refuses(
        "src/web/a.rs",
        "fn f() { crate::boot::start() }",
        1,
        "`crate::boot`",
    );
    accepts(
        "src/web/a.rs",
        "use crate::{app::mint, storage::{Store, Tx}, domain};\nuse crate::web::b;",
    );
    accepts(
        "src/storage/a.rs",
        "// see crate::web\nconst A: &str = \"crate::web\";",
    );
    accepts("src/storage/a.rs", "use crate::domain::{web, boot};");
}

#[test]
fn given_a_pure_room_that_knows_the_outside_when_read_then_it_is_named() {
    for (text, word) in [
        ("use sqlx::Row;", "sqlx"),
        ("use axum::Json;", "axum"),
        ("async fn f() { tokio::spawn(x) }", "tokio"),
        ("#[derive(askama::Template)]", "askama"),
        ("let t = std::fs::read(p);", "std::fs"),
        ("use std::{collections::HashMap, fs};", "fs"),
        ("use std::net::TcpStream;", "TcpStream"),
        ("let now = jiff::Timestamp::now();", "Timestamp::now"),
        ("let t = std::time::Instant::now();", "Instant::now"),
        ("let t = std::time::SystemTime::now();", "SystemTime"),
    ] {
        refuses("src/domain/a.rs", text, 1, word);
        refuses("src/points/a.rs", text, 1, word);
        accepts("src/boot/a.rs", text);
    }
    accepts(
        "src/classify/a.rs",
        "use std::net::IpAddr;\nuse std::time::Duration;\n/// not tokio\nfn refs() {}",
    );
    accepts(
        "src/classify/a.rs",
        "#[cfg(test)]\nmod tests {\n    fn f() { std::fs::read(\"x\"); }\n}",
    );
    accepts("src/classify/tests.rs", "fn f() { std::fs::read(\"x\"); }");
}

#[test]
fn given_floats_in_payout_when_read_then_they_are_named() {
    refuses("src/payout/a.rs", "\nfn f(x: f64) {}", 2, "floating");
    refuses("src/payout/a.rs", "let x = 1 as f32;", 1, "floating");
    refuses("src/payout/a.rs", "let x = 0.5;", 1, "floating");
    accepts(
        "src/payout/a.rs",
        "let x = pair.0.1; for i in 0..5 {} let f64_like = \"0.5\";",
    );
    accepts("src/ranking/a.rs", "let x = 0.5_f64;");
}

#[test]
fn given_sql_or_storage_in_the_wrong_room_when_read_then_it_is_named() {
    refuses("src/app/a.rs", "sqlx::query_as(\"select 1\")", 1, "SQL outside");
    refuses(
        "src/web/a.rs",
        "let b = sqlx::QueryBuilder::new(\"\");",
        1,
        "SQL outside",
    );
    accepts("src/storage/a.rs", "sqlx::query(\"select 1\")");
    refuses(
        "src/redirect/follow.rs",
        "use crate::storage::Store;",
        1,
        "redirect/follow",
    );
    refuses(
        "src/redirect/follow/answer.rs",
        "fn f(s: &storage::Store) {}",
        1,
        "redirect/follow",
    );
    accepts("src/redirect/loader.rs", "use crate::storage::Store;");
    accepts(
        "src/redirect/follow.rs",
        "/// Knows no storage.\nfn storage_free() {}",
    );
}

#[test]
fn given_other_habits_broken_when_read_then_they_are_named() {
    refuses("src/app/a.rs", "#[allow(dead_code)]", 1, "#[allow]");
    refuses("src/cellar/a.rs", "fn f() {}", 1, "no floor");
    refuses("src/app/mod.rs", "//! Acts.\n", 1, "# Why");
    accepts("src/app/mod.rs", "//! Acts.\n//!\n//! # Why\n//! So.\n");
    let long = "//\n".repeat(LINES_MAX + 1);
    refuses("src/app/a.rs", &long, LINES_MAX + 1, "at most");
    refuses("tests/it/a.rs", &long, LINES_MAX + 1, "at most");
    accepts("tests/it/a.rs", &"//\n".repeat(LINES_MAX));
}
