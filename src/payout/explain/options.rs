//! What people call the words a document offers to choose from.
//!
//! # Why
//! A document compares short words (`carve_out`); who reads a payslip must not have to guess them. One word means several
//! things (`both`), so it is told by all the words it stands among. A firm's own sets are shown as its document writes them.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::payout::schema::{Label, Options};

/// One set a line: the words, in Chinese, in English, each separated by commas.
const TABLE: &str = include_str!("options.txt");

/// Names in Chinese and English, by the words in order.
type Sets = HashMap<&'static str, (Vec<&'static str>, Vec<&'static str>)>;

fn sets() -> &'static Sets {
    static SETS: OnceLock<Sets> = OnceLock::new();
    SETS.get_or_init(|| {
        let read = |line: &'static str| {
            let mut parts = line.split(" | ");
            let (words, zh, en) = (parts.next()?, parts.next()?, parts.next()?);
            Some((words, (zh.split(',').collect(), en.split(',').collect())))
        };
        TABLE.lines().filter_map(read).collect()
    })
}

/// What people call one of these words; `None` for a set nobody named.
pub fn option_label<W: AsRef<str>>(among: &[W], word: &str) -> Option<Label> {
    let at = among.iter().position(|one| one.as_ref() == word)?;
    let key: Vec<&str> = among.iter().map(AsRef::as_ref).collect();
    let (zh, en) = sets().get(key.join(",").as_str())?;
    Some(Label {
        zh: (*zh.get(at)?).to_owned(),
        en: (*en.get(at)?).to_owned(),
    })
}

/// The same for the options of a column or parameter, where it has any.
pub(super) fn of(options: &Options, word: &str) -> Option<Label> {
    option_label(options.as_ref()?, word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_to_choose_in_the_documents_built_in_has_a_name_in_both_languages() {
        let mut seen = 0;
        for entry in std::fs::read_dir("schemes").unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|e| e != "toml") {
                continue;
            }
            let document: toml::Table = std::fs::read_to_string(&path).unwrap().parse().unwrap();
            each(&toml::Value::Table(document), &mut |options| {
                let words: Vec<&str> = options.iter().filter_map(toml::Value::as_str).collect();
                for word in &words {
                    let label =
                        option_label(&words, word).unwrap_or_else(|| panic!("{path:?}: {word} of {words:?}"));
                    assert!(!label.zh.is_empty() && !label.en.is_empty(), "{words:?}");
                    assert!(!label.zh.contains('_') && !label.en.contains('_'), "{label:?}");
                    seen += 1;
                }
            });
        }
        assert!(seen > 200, "{seen}");
        assert_eq!(option_label(&["a", "b"], "a"), None);
        assert_eq!(option_label(&["never", "both"], "both").unwrap().zh, "两样都算");
        assert_eq!(
            option_label(&["book", "law", "both"], "both").unwrap().zh,
            "两套都提醒"
        );
    }

    #[test]
    fn every_line_of_the_table_names_each_of_its_words() {
        for line in TABLE.lines() {
            let counts: Vec<usize> = line.split(" | ").map(|part| part.split(',').count()).collect();
            assert!(
                counts.len() == 3 && counts.iter().all(|n| *n == counts[0]),
                "{line}"
            );
        }
    }

    /// Every list of options in a document.
    fn each(value: &toml::Value, take: &mut dyn FnMut(&[toml::Value])) {
        match value {
            toml::Value::Table(table) => {
                for (key, inner) in table {
                    match inner.as_array().filter(|_| key == "options") {
                        Some(options) => take(options),
                        None => each(inner, take),
                    }
                }
            }
            toml::Value::Array(list) => list.iter().for_each(|inner| each(inner, take)),
            _ => {}
        }
    }
}
