//! The two languages say the same things, and say nothing nobody asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use axum::http::{HeaderMap, HeaderValue, header};
use regex::Regex;

use super::Lang;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Keys of a language with their variables.
fn texts(lang: Lang) -> BTreeMap<String, BTreeSet<String>> {
    let path = root().join(format!("templates/locales/{}.ftl", lang.as_str()));
    let file = std::fs::read_to_string(path).unwrap();
    let head = Regex::new(r"^([a-z][a-z0-9_-]*) *=").unwrap();
    let variable = Regex::new(r"\$([a-z_]+)").unwrap();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in file.lines().filter(|l| !l.starts_with('#')) {
        if let Some(key) = head.captures(line) {
            key[1].clone_into(&mut current);
            assert!(
                found.insert(current.clone(), BTreeSet::new()).is_none(),
                "{}.ftl says {current} twice",
                lang.as_str()
            );
        } else {
            assert!(
                line.is_empty() || line.starts_with(' ') || line == "}",
                "{}.ftl: not a text: {line}",
                lang.as_str()
            );
        }
        for name in variable.captures_iter(line) {
            found
                .entry(current.clone())
                .or_default()
                .insert(name[1].to_owned());
        }
    }
    found
}

fn files(folder: &Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        let name = path.to_string_lossy().into_owned();
        if path.is_dir() {
            files(&path, into);
        } else if (name.ends_with(".rs") || name.ends_with(".html") || name.ends_with(".svg"))
            && !name.ends_with("i18n/tests.rs")
        {
            // Examples in comments are not uses.
            let text = std::fs::read_to_string(&path).unwrap();
            let kept: Vec<&str> = text
                .lines()
                .filter(|l| !l.trim_start().starts_with("//"))
                .collect();
            into.push(kept.join("\n"));
        }
    }
}

/// Literal keys with the variables set on them, and the families asked for.
fn asked() -> (BTreeMap<String, BTreeSet<String>>, BTreeSet<String>) {
    let mut sources = Vec::new();
    files(&root().join("src/web"), &mut sources);
    files(&root().join("templates"), &mut sources);
    let literal =
        Regex::new(r#"\.t\(\s*"([a-z0-9_-]+)"\s*,?\s*\)((?:\s*\.(?:with|n)\(\s*"[a-z_]+")?)"#).unwrap();
    let family = Regex::new(r#"\.(?:word|try_word)\(\s*"([a-z0-9-]+)""#).unwrap();
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut families = BTreeSet::new();
    for source in &sources {
        for found in literal.captures_iter(source) {
            keys.entry(found[1].to_owned()).or_default();
        }
        for found in family.captures_iter(source) {
            families.insert(found[1].to_owned());
        }
    }
    (keys, families)
}

#[test]
fn both_languages_have_the_same_texts_with_the_same_variables() {
    let (zh, en) = (texts(Lang::Zh), texts(Lang::En));
    for (key, variables) in &zh {
        assert_eq!(Some(variables), en.get(key), "variables of {key}, zh and en");
    }
    for key in en.keys() {
        assert!(zh.contains_key(key), "{key} is missing in zh.ftl");
    }
}

#[test]
fn every_text_asked_for_exists_and_every_text_is_asked_for() {
    let known = texts(Lang::Zh);
    let (keys, families) = asked();
    for key in keys.keys() {
        assert!(known.contains_key(key), "{key} is asked for and in no file");
    }
    for family in &families {
        let prefix = format!("{family}-");
        assert!(
            known.keys().any(|k| k.starts_with(&prefix)),
            "no text of the family {family}"
        );
    }
    for key in known.keys() {
        let used = keys.contains_key(key) || families.iter().any(|f| key.starts_with(&format!("{f}-")));
        assert!(used, "nobody asks for {key}");
    }
}

#[test]
fn no_text_prints_its_key_or_a_hole() {
    for lang in Lang::ALL {
        for (key, variables) in texts(lang) {
            let mut text = super::Text::new(lang, key.clone().into());
            for name in variables {
                let name: &'static str = Box::leak(name.into_boxed_str());
                text = text.n(name, 2_i64);
            }
            let printed = text.to_string();
            assert!(
                !printed.contains('{')
                    && !printed.contains("Unknown localization")
                    && !printed.trim().is_empty(),
                "{key} in {}: {printed}",
                lang.as_str()
            );
        }
    }
}

#[test]
fn the_cookie_beats_the_browser_and_chinese_is_the_default() {
    let headers = |cookie: Option<&'static str>, accept: Option<&'static str>| {
        let mut headers = HeaderMap::new();
        if let Some(cookie) = cookie {
            headers.insert(header::COOKIE, HeaderValue::from_static(cookie));
        }
        if let Some(accept) = accept {
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(accept));
        }
        headers
    };
    assert_eq!(Lang::of(&headers(None, None)), Lang::Zh);
    assert_eq!(Lang::of(&headers(None, Some("fr,en;q=0.8,zh;q=0.5"))), Lang::En);
    assert_eq!(Lang::of(&headers(None, Some("zh-TW,en;q=0.9"))), Lang::Zh);
    assert_eq!(Lang::of(&headers(None, Some("en;q=0,zh;q=0.1"))), Lang::Zh);
    assert_eq!(Lang::of(&headers(Some("a=b; lang=en"), Some("zh"))), Lang::En);
    assert_eq!(Lang::of(&headers(Some("lang=xx"), Some("en"))), Lang::En);
}
