//! Every case of `book.json` and `extra.json` that a document covers, to the fen, through that document.
//!
//! A scheme's cases are added by data: `tests/fixtures/payout/<scheme>.json` is a list of
//! `{ case, scheme, each?, input, check }`; see `template.rs` for how `input` is filled from the case.
//! `check` says what to look at (`get`) and where in the case the right value stands (`is`). With `before` (an input
//! like `input`) `change …` asks by how much an answer has moved: what a refund after the close books. `percent …`
//! gives a share in percent.

use std::fs;
use std::path::{Path, PathBuf};

use bole::payout::{Document, Evaluation, Num, evaluate};
use serde_json::Value;

use super::template::{Names, fill};

fn root(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn json(path: &Path) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub fn document(id: &str) -> Document {
    let path = root("schemes").join(format!("{id}.toml"));
    let text = fs::read_to_string(&path).expect("a shipped document");
    Document::parse(&format!("schemes/{id}.toml"), &text).unwrap_or_else(|faults| {
        panic!(
            "{}",
            faults
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        )
    })
}

fn cases() -> Vec<Value> {
    ["book", "extra"]
        .iter()
        .flat_map(|f| {
            json(&root(&format!("tests/fixtures/cases/{f}.json")))["cases"]
                .as_array()
                .expect("a readable fixture")
                .clone()
        })
        .collect()
}

/// One text for amounts, counts, flags and nothing.
fn plain(value: &str) -> String {
    Num::parse(value).map_or_else(|_| value.to_owned(), |n| n.to_string())
}

fn wanted(value: &Value) -> String {
    match value {
        Value::String(s) => plain(s),
        Value::Null => "none".into(),
        Value::Array(list) => list.iter().map(wanted).collect::<Vec<_>>().join(","),
        other => plain(&other.to_string()),
    }
}

/// By how much an answer has moved from one run to the next.
fn change(question: &str, doc: &Document, before: &Result<Evaluation, String>, now: &str) -> String {
    let number = |text: &str| Num::parse(text).expect("a number");
    (number(now) - number(&answer(question, doc, before))).to_string()
}

/// What a run says to a question like `line li first_batch`.
fn answer(question: &str, doc: &Document, ran: &Result<Evaluation, String>) -> String {
    let words: Vec<&str> = question.split_whitespace().collect();
    let run = match (ran, words[0]) {
        (Err(why), "verdict") => {
            return if why.contains("below the range") {
                "below"
            } else if why.contains("above the range") {
                "above"
            } else {
                why
            }
            .into();
        }
        (Ok(_), "verdict") => return "ok".into(),
        (Err(why), _) => panic!("refused: {why}"),
        (Ok(run), _) => run,
    };
    let o = &run.outcome;
    let sum = |amounts: Vec<&Num>| amounts.into_iter().sum::<Num>().to_string();
    match words.as_slice() {
        ["total"] => o.total.to_string(),
        ["line", payee, "*"] => sum(o
            .lines
            .iter()
            .filter(|l| l.payee == *payee)
            .map(|l| &l.amount)
            .collect()),
        ["line", payee, component] => {
            let mine = o
                .lines
                .iter()
                .filter(|l| l.payee == *payee && l.component == *component);
            sum(mine.map(|l| &l.amount).collect())
        }
        ["line", payee, component, about] => {
            let mine = o.lines.iter().filter(|l| {
                l.payee == *payee && l.component == *component && l.about.as_deref() == Some(about)
            });
            sum(mine.map(|l| &l.amount).collect())
        }
        ["payee", component] => o
            .lines
            .iter()
            .find(|l| l.component == *component)
            .map_or("none".into(), |l| l.payee.clone()),
        ["residual", account] => sum(o
            .residuals
            .iter()
            .filter(|r| r.account == *account)
            .map(|r| &r.amount)
            .collect()),
        ["residuals"] => sum(o.residuals.iter().map(|r| &r.amount).collect()),
        ["proposal", payee] => sum(o
            .proposals
            .iter()
            .filter(|p| p.payee == *payee)
            .map(|p| &p.value)
            .collect()),
        ["award", payee, unit] => sum(o
            .awards
            .iter()
            .filter(|a| a.payee == *payee && a.unit == *unit)
            .map(|a| &a.quantity)
            .collect()),
        ["awarded", component] => {
            let named: Vec<_> = o
                .awards
                .iter()
                .filter(|a| a.component == *component)
                .map(|a| a.payee.clone())
                .collect();
            named.join(",")
        }
        ["awards_any", component] => o.awards.iter().any(|a| a.component == *component).to_string(),
        ["award_value", component, about] => sum(o
            .awards
            .iter()
            .filter(|a| a.component == *component && a.about.as_deref() == Some(about))
            .filter_map(|a| a.value.as_ref())
            .collect()),
        ["warned", component] => o.warnings.iter().any(|w| w.component == *component).to_string(),
        ["warned", component, "about"] => {
            let all = o.warnings.iter().filter(|w| w.component == *component);
            all.filter_map(|w| w.about.clone()).collect::<Vec<_>>().join(",")
        }
        ["flag", component, yes, no] => if o.warnings.iter().any(|w| w.component == *component) {
            *yes
        } else {
            *no
        }
        .into(),
        ["percent", rest @ ..] => {
            let part = Num::parse(&answer(&rest.join(" "), doc, ran)).expect("a number");
            (part * Num::int(100)).to_string()
        }
        ["figure", step, column] => cell(&run.rows(doc, step).expect(step)[0].1, column),
        ["figure", step, key, column] => {
            let rows = run.rows(doc, step).expect(step);
            rows.iter()
                .find(|r| r.0 == *key)
                .map_or("none".into(), |r| cell(&r.1, column))
        }
        ["sum", step, column, "where", other, value] => {
            let rows = run.rows(doc, step).expect(step);
            let mine = rows
                .iter()
                .filter(|r| cell(&r.1, other) == *value)
                .map(|r| Num::parse(&cell(&r.1, column)).expect("a readable fixture"));
            mine.fold(Num::ZERO, |a, b| a + b).to_string()
        }
        _ => panic!("no such question: {question}"),
    }
}

fn cell(cells: &[(String, String)], column: &str) -> String {
    cells
        .iter()
        .find(|c| c.0 == column)
        .unwrap_or_else(|| panic!("no column {column}"))
        .1
        .clone()
}

#[test]
fn given_the_handbooks_cases_when_run_through_the_documents_then_every_figure_is_exact() {
    let cases = cases();
    let mut wrong = Vec::new();
    let (mut seen, mut checks) = (Vec::new(), 0);
    let mut files: Vec<PathBuf> = fs::read_dir(root("tests/fixtures/payout"))
        .expect("a readable fixture")
        .map(|e| e.expect("a readable fixture").path())
        .collect();
    files.sort();
    for file in files {
        for entry in json(&file).as_array().expect("a list of runs") {
            let id = entry["case"].as_str().expect("`case`");
            let case = cases
                .iter()
                .find(|c| c["id"] == id)
                .unwrap_or_else(|| panic!("no case {id}"));
            let doc = document(entry["scheme"].as_str().expect("`scheme`"));
            seen.push(id.to_owned());
            let items = match entry["each"].as_str() {
                Some(pointer) => case
                    .pointer(pointer)
                    .expect("`each` points at a list")
                    .as_array()
                    .expect("a readable fixture")
                    .clone(),
                None => vec![Value::Null],
            };
            for (index, item) in items.into_iter().enumerate() {
                let names = Names::from([
                    ("case".to_owned(), case.clone()),
                    ("item".to_owned(), item),
                    ("index".to_owned(), Value::String(index.to_string())),
                ]);
                let run = |template: &Value| {
                    doc.input(&fill(template, &names))
                        .map_err(|r| format!("{}: {}; expected {}", r.path, r.what, r.expected))
                        .and_then(|i| evaluate(&doc, i).map_err(|s| s.to_string()))
                };
                let ran = run(&entry["input"]);
                let before = entry.get("before").map(run);
                for check in entry["check"].as_array().expect("`check`") {
                    let question = check["get"].as_str().expect("a readable fixture");
                    let pointer = check["is"]
                        .as_str()
                        .expect("a readable fixture")
                        .replace("$index", &index.to_string());
                    let right = wanted(
                        case.pointer(&pointer)
                            .unwrap_or_else(|| panic!("{id}: {pointer}")),
                    );
                    let found = match (question.strip_prefix("change "), &before) {
                        (Some(moved), Some(before)) => {
                            change(moved, &doc, before, &answer(moved, &doc, &ran))
                        }
                        _ => answer(question, &doc, &ran),
                    };
                    checks += 1;
                    if plain(&found) != right {
                        wrong.push(format!(
                            "{id} [{index}] {question}: {found}, the case says {right} ({pointer})"
                        ));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {checks} figures differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(checks >= 100, "only {checks} figures were looked at");
}

#[test]
fn given_the_shipped_documents_when_accepted_then_their_examples_give_what_they_say() {
    let mut count = 0;
    for entry in fs::read_dir(root("schemes")).expect("a readable fixture") {
        let path = entry.expect("a readable fixture").path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let name = path
            .file_name()
            .expect("a readable fixture")
            .to_string_lossy()
            .into_owned();
        let doc = Document::accept(&name, &fs::read_to_string(&path).expect("a readable fixture"))
            .unwrap_or_else(|faults| {
                panic!(
                    "{}",
                    faults
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join("\n\n")
                )
            });
        assert!(name.starts_with(&doc.header.id), "{name} holds {}", doc.header.id);
        assert!(doc.example_ids().len() >= 5, "{name}: at least five examples");
        count += 1;
    }
    assert!(count >= 4, "{count} documents");
}
