//! `list`, `check` and `test`.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::run::Refusal;
use crate::payout::{Diagnostic, Document};

use super::library::{own_faults, read, texts, told, untried};
use super::paint::{say, table};
use super::{From, Lang};

/// List the schemes.
#[derive(Debug, Args)]
pub struct List {
    /// As JSON.
    #[arg(long)]
    json: bool,
    /// zh or en.
    #[arg(long, default_value = "zh")]
    lang: Lang,
}

impl List {
    pub fn run(self, from: &From) -> Result<(), Refusal> {
        let mut docs = Vec::new();
        for (name, text) in texts(from)?.into_values() {
            let document = Document::parse(&name, &text).map_err(|f| told(&f))?;
            let faults = own_faults(&document);
            if !faults.is_empty() {
                return Err(told(&faults).into());
            }
            docs.push(document);
        }
        if self.json {
            let list: Vec<_> = docs
                .iter()
                .map(|d| {
                    let h = &d.header;
                    json!({ "id": h.id, "version": h.version, "name": { "zh": h.name.zh, "en": h.name.en },
                        "source": h.source, "period": h.period, "guard": h.guard,
                        "missing": d.missing_params(), "examples": d.example_ids().len() })
                })
                .collect();
            say(&serde_json::to_string_pretty(&list)?);
            return Ok(());
        }
        let rows: Vec<Vec<String>> = docs
            .iter()
            .map(|d| {
                let h = &d.header;
                let missing = d.missing_params();
                let missing = if missing.is_empty() {
                    "–".to_owned()
                } else {
                    missing.join(" ")
                };
                vec![
                    h.id.clone(),
                    self.lang.of(&h.name).to_owned(),
                    h.period.clone(),
                    h.source.clone(),
                    missing,
                ]
            })
            .collect();
        let l = self.lang;
        let head = [
            "id",
            l.say("名称", "name"),
            l.say("周期", "period"),
            l.say("出处", "source"),
            l.say("必填参数", "must be supplied"),
        ];
        say(&table(&head, &rows, &[]));
        Ok(())
    }
}

/// Check documents.
#[derive(Debug, Args)]
pub struct Check {
    /// Documents (`-` reads stdin).
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Check {
    pub fn run(self) -> Result<(), Refusal> {
        let mut faults: Vec<Diagnostic> = Vec::new();
        let mut fine = Vec::new();
        for file in &self.files {
            let name = file.display().to_string();
            match Document::accept(&name, &read(file)?) {
                Ok(d) => fine.push((name, d)),
                Err(list) => faults.extend(list),
            }
        }
        if self.json {
            let each = |list: &[Diagnostic]| -> Vec<_> {
                list.iter()
                    .map(|d| {
                        json!({ "file": d.file, "line": d.line, "column": d.column, "what": d.what,
                            "expected": d.expected, "hint": d.hint })
                    })
                    .collect()
            };
            let untold: Vec<Diagnostic> = fine.iter().flat_map(|(_, d)| d.untold()).collect();
            say(&serde_json::to_string_pretty(&json!({
                "ok": faults.is_empty(), "errors": each(&faults), "warnings": each(&untold),
            }))?);
        } else {
            for (name, d) in &fine {
                say(&format!(
                    "{name}: {} v{}, {} examples",
                    d.header.id,
                    d.header.version,
                    d.example_ids().len()
                ));
                for warning in d.untold() {
                    say(&warning.as_warning());
                }
            }
        }
        if faults.is_empty() {
            return Ok(());
        }
        if self.json {
            Err(format!("{} fault(s)", faults.len()).into())
        } else {
            Err(told(&faults).into())
        }
    }
}

/// Run examples.
#[derive(Debug, Args)]
pub struct Test {
    /// One scheme; without it all.
    id: Option<String>,
    /// zh or en.
    #[arg(long, default_value = "zh")]
    lang: Lang,
}

impl Test {
    pub fn run(self, from: &From) -> Result<(), Refusal> {
        let docs = match &self.id {
            Some(id) => vec![untried(from, id)?],
            None => {
                let mut docs = Vec::new();
                for (name, text) in texts(from)?.into_values() {
                    docs.push(Document::parse(&name, &text).map_err(|f| told(&f))?);
                }
                docs
            }
        };
        let (mut ran, mut faults) = (0, Vec::new());
        for d in &docs {
            for r in d.try_examples().into_iter().chain(d.try_books()) {
                ran += 1;
                let mark = if r.fault.is_some() { "✗" } else { "✓" };
                say(&format!(
                    "{mark} {} {}  {}",
                    d.header.id,
                    r.id,
                    self.lang.of(&r.label)
                ));
                faults.extend(r.fault);
            }
        }
        if faults.is_empty() {
            say(&format!("{ran} examples, all as they say"));
            return Ok(());
        }
        Err(told(&faults).into())
    }
}
