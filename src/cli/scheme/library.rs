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

/// File name and text of every document, by id: one of the folder takes the place of the built-in one with its id,
/// whatever its file is called.
pub fn texts(from: &From) -> Result<BTreeMap<String, (String, String)>, Refusal> {
    let stem = |name: &str| name.trim_end_matches(".toml").to_owned();
    let mut texts: BTreeMap<String, (String, String)> = builtin_texts()
        .into_iter()
        .map(|(name, text)| (stem(&name), (name, text)))
        .collect();
    let Some(folder) = &from.schemes else {
        return Ok(texts);
    };
    let entries = fs::read_dir(folder)
        .map_err(|e| format!("{}: {e}; expected a folder of schemes", folder.display()))?;
    let mut own: BTreeMap<String, String> = BTreeMap::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|e| e != "toml") {
            continue;
        }
        let name = path
            .file_name()
            .map(|n| n.to_string_lossy().into_owned())
            .unwrap_or_default();
        let text = read(&path)?;
        // A document with faults still says which scheme it is meant to be.
        let id = Document::id_in(&name, &text)
            .map_err(|fault| told(&[*fault]))?
            .unwrap_or_else(|| stem(&name));
        if let Some(other) = own.insert(id.clone(), name.clone()) {
            let said = format!("{}: {other} and {name} are both `{id}`", folder.display());
            return Err(format!("{said}; expected one document for each id").into());
        }
        texts.insert(id, (name, text));
    }
    Ok(texts)
}

/// The document with this id, or its path; one that is not our own is accepted only if its examples are.
pub fn find(from: &From, id: &str) -> Result<Document, Refusal> {
    let document = untried(from, id)?;
    let faults = own_faults(&document);
    if faults.is_empty() {
        return Ok(document);
    }
    Err(told(&faults).into())
}

/// What the examples of a document say against it. Ours were tried when the program was built.
pub fn own_faults(document: &Document) -> Vec<Diagnostic> {
    let text = document.text();
    if builtin_texts().iter().any(|(_, ours)| ours == text) {
        return Vec::new();
    }
    document.against()
}

/// The document with this id, or its path, whatever its examples say.
pub fn untried(from: &From, id: &str) -> Result<Document, Refusal> {
    let path = Path::new(id);
    if path.extension().is_some_and(|e| e == "toml") && path.exists() {
        return parse(id, &read(path)?);
    }
    let texts = texts(from)?;
    // By its file's name as well, as one says it.
    let named = || {
        texts
            .values()
            .find(|(name, _)| name.strip_suffix(".toml") == Some(id))
    };
    if let Some((name, text)) = texts.get(id).or_else(named) {
        return parse(name, text);
    }
    let known: Vec<&str> = texts.keys().map(String::as_str).collect();
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
