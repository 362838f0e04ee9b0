//! The scheme documents: built into the binary, replaced by a firm's own from a day on.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;
use rust_embed::RustEmbed;

use crate::app::App;
use crate::app::pay::PayError;
use crate::payout::{Document, Label};
use crate::storage::pay::Run;

#[derive(RustEmbed)]
#[folder = "schemes/"]
struct BuiltIn;

/// File name and text of every document built in.
pub fn builtin_texts() -> BTreeMap<String, String> {
    BuiltIn::iter()
        .filter(|name| name.ends_with(".toml"))
        .filter_map(|name| {
            let text = String::from_utf8(BuiltIn::get(&name)?.data.into_owned()).ok()?;
            Some((name.to_string(), text))
        })
        .collect()
}

/// The documents built in, by id. Those that cannot be read are left out; a test reads them all.
pub fn documents() -> &'static BTreeMap<String, Arc<Document>> {
    static DOCUMENTS: OnceLock<BTreeMap<String, Arc<Document>>> = OnceLock::new();
    DOCUMENTS.get_or_init(|| {
        builtin_texts()
            .iter()
            .filter_map(|(name, text)| Document::parse(name, text).ok())
            .map(|doc| (doc.header.id.clone(), Arc::new(doc)))
            .collect()
    })
}

/// A scheme as a firm runs it on a day.
pub struct InForce {
    /// The document.
    pub document: Arc<Document>,
    /// Its parameters, a JSON object.
    pub params: serde_json::Value,
    /// Whether it is due in its periods: it was set up, and not switched off.
    pub enabled: bool,
}

impl InForce {
    /// What it is calculated by: `month`, `quarter`, `year` or `activity`.
    pub fn period(&self) -> &str {
        self.document.header.period_with(&self.params)
    }
}

/// The scheme in force for a period that begins on `day`; `None` when nobody knows it.
pub async fn scheme_document(app: &App, scheme: &str, day: Date) -> Result<Option<InForce>, PayError> {
    let setting = app.store.setting_on(scheme, day).await?;
    let own = match setting.as_ref().and_then(|s| s.document.as_deref()) {
        None => None,
        Some(text) => Some(parsed(scheme, text)?),
    };
    let Some(document) = own.or_else(|| documents().get(scheme).cloned()) else {
        return Ok(None);
    };
    let params = setting.as_ref().map_or("{}", |s| s.params.as_str());
    Ok(Some(InForce {
        document,
        params: serde_json::from_str(params).unwrap_or_default(),
        enabled: setting.is_some_and(|s| s.enabled),
    }))
}

/// The document a run was calculated by.
pub fn document_of(run: &Run) -> Result<Arc<Document>, PayError> {
    if let Some(builtin) = documents().get(&run.scheme)
        && builtin.text() == run.document
    {
        return Ok(Arc::clone(builtin));
    }
    parsed(&run.scheme, &run.document)
}

/// A scheme's own document.
pub(super) fn parsed(scheme: &str, text: &str) -> Result<Arc<Document>, PayError> {
    let parsed = Document::parse(&format!("{scheme}.toml"), text);
    let parsed = parsed.map_err(|faults| {
        let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
        PayError::Refused(list.join("\n\n"))
    })?;
    Ok(Arc::new(parsed))
}

/// Schemes' names, each read once for a day.
#[derive(Debug, Default)]
pub struct SchemeNames(HashMap<(String, Date), Label>);

impl SchemeNames {
    /// A scheme's name as it is run from a day on; one nobody knows any more is called by its id.
    pub async fn of(&mut self, app: &App, scheme: &str, day: Date) -> Result<Label, PayError> {
        if let Some(name) = self.0.get(&(scheme.to_owned(), day)) {
            return Ok(name.clone());
        }
        let found = scheme_document(app, scheme, day).await?;
        let name = found.map_or_else(
            || Label {
                zh: scheme.to_owned(),
                en: scheme.to_owned(),
            },
            |s| s.document.header.name.clone(),
        );
        self.0.insert((scheme.to_owned(), day), name.clone());
        Ok(name)
    }
}
