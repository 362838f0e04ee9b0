//! The documents: built into the binary, added to or replaced from a folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use crate::app::pay::builtin_texts;
use crate::cli::run::Refusal;
use crate::payout::{Diagnostic, Document};

use super::From;

/// Largest input or document read, in bytes.
const BYTES_MAX: u64 = 512 * 1024 * 1024;

/// File name and text of every document, by id's file name.
pub fn texts(from: &From) -> Result<BTreeMap<String, String>, Refusal> {
    let mut texts = builtin_texts();
    if let Some(folder) = &from.schemes {
        let entries = fs::read_dir(folder)
            .map_err(|e| format!("{}: {e}; expected a folder of schemes", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "toml") {
                let name = path
                    .file_name()
                    .map(|n| n.to_string_lossy().into_owned())
                    .unwrap_or_default();
                texts.insert(name, read(&path)?);
            }
        }
    }
    Ok(texts)
}

/// The document with this id, its file name or its path.
pub fn find(from: &From, id: &str) -> Result<Document, Refusal> {
    let path = Path::new(id);
    if path.extension().is_some_and(|e| e == "toml") && path.exists() {
        return parse(id, &read(path)?);
    }
    let texts = texts(from)?;
    if let Some(text) = texts.get(&format!("{id}.toml")) {
        return parse(&format!("{id}.toml"), text);
    }
    for (name, text) in &texts {
        if let Ok(doc) = Document::parse(name, text)
            && doc.header.id == id
        {
            return Ok(doc);
        }
    }
    let known: Vec<&str> = texts.keys().map(|n| n.trim_end_matches(".toml")).collect();
    Err(format!("no scheme `{id}`; expected one of {}", known.join(", ")).into())
}

fn parse(name: &str, text: &str) -> Result<Document, Refusal> {
    Document::parse(name, text).map_err(|faults| told(&faults).into())
}

/// Faults, one after the other.
pub fn told(faults: &[Diagnostic]) -> String {
    let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
    format!("{} fault(s)\n\n{}", faults.len(), list.join("\n\n"))
}

/// A file, or stdin for `-`.
pub fn read(path: &Path) -> Result<String, Refusal> {
    let named = |e: std::io::Error| format!("{}: {e}", path.display());
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin()
            .take(BYTES_MAX)
            .read_to_string(&mut text)
            .map_err(named)?;
    } else {
        let file = fs::File::open(path).map_err(named)?;
        // Room for all of it at once: a long text that grows is copied again and again.
        let length = file.metadata().map_or(0, |m| m.len()).min(BYTES_MAX);
        text.reserve_exact(usize::try_from(length).unwrap_or(0));
        file.take(BYTES_MAX).read_to_string(&mut text).map_err(named)?;
    }
    Ok(text)
}
