//! What can be recorded: every kind of fact the schemes declare and every scheme's attributes, with names for people.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::Value;

use crate::app::App;
use crate::app::pay::guard::GUARDS;
use crate::app::pay::material::{Field, OWN, Shape};
use crate::app::pay::{PayError, library};
use crate::payout::{Document, Label, Num};

/// A field of a fact, or an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// Its name in documents.
    pub name: String,
    /// For people; empty where nobody said.
    pub label: Label,
    /// `money`, `employee`, `text` …
    pub ty: String,
    /// The words it may hold; empty: any.
    pub options: Vec<String>,
    /// Whether every scheme that reads it must have it.
    pub required: bool,
}

/// What one document asks of a fact's field.
#[derive(Clone, Debug)]
struct Asked {
    name: String,
    ty: String,
    required: bool,
    min: Option<Num>,
    max: Option<Num>,
}

/// Why no scheme that reads a fact could read a value of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It must be told.
    Missing {
        /// Which field.
        name: String,
        /// Its type.
        ty: String,
    },
    /// It is out of every range.
    Range {
        /// Which field.
        name: String,
        /// What there is.
        found: String,
        /// The widest range: `≥ 0`, `≤ 100`, `0 – 100`.
        range: String,
    },
}

/// A kind of fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindInfo {
    /// Its name in documents.
    pub kind: String,
    /// For people.
    pub label: Label,
    /// Its fields, in the order of the first document that declares it.
    pub fields: Vec<FieldInfo>,
    /// Schemes that read it.
    pub schemes: Vec<String>,
}

pub(super) fn label(two: &Value) -> Label {
    let text = |side: &str| two[side].as_str().unwrap_or_default().to_owned();
    Label {
        zh: text("zh"),
        en: text("en"),
    }
}

fn fields(list: &Value) -> Vec<FieldInfo> {
    let list = list.as_array().into_iter().flatten();
    list.filter(|f| !OWN.contains(&f["name"].as_str().unwrap_or_default()))
        .map(|f| FieldInfo {
            name: f["name"].as_str().unwrap_or_default().to_owned(),
            label: label(&f["label"]),
            ty: f["type"].as_str().unwrap_or_default().to_owned(),
            options: f["options"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|o| o.as_str().map(str::to_owned))
                .collect(),
            required: f["required"] == true,
        })
        .collect()
}

/// What the schemes declare: those built in, and the firm's own documents in all their versions.
#[derive(Debug)]
pub struct Known {
    /// By scheme, the newest first.
    documents: BTreeMap<String, Vec<Arc<Document>>>,
    kinds: BTreeMap<String, KindInfo>,
    /// By kind: what each document that declares it asks of its fields, with its scheme.
    asked: BTreeMap<String, Vec<(String, Vec<Asked>)>>,
}

/// What the schemes declare. Which documents a firm has of its own is asked each time, for another node may have brought one
/// in; they are read again only when they are others than the last time.
pub async fn known(app: &App) -> Result<Arc<Known>, PayError> {
    type Last = Option<(Vec<(String, String)>, Arc<Known>)>;
    static LAST: Mutex<Last> = Mutex::new(None);
    let own = app.store.own_documents().await?;
    if own.is_empty() {
        return Ok(builtin_known());
    }
    let last = || LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((texts, known)) = &*last()
        && *texts == own
    {
        return Ok(Arc::clone(known));
    }
    let read = own.iter().filter_map(|(scheme, text)| {
        // What cannot be read any more declares nothing; calculating by it says why.
        let document = Document::parse(&format!("{scheme}.toml"), text).ok()?;
        Some((scheme.clone(), Arc::new(document)))
    });
    let known = Arc::new(Known::of(read));
    *last() = Some((own, Arc::clone(&known)));
    Ok(known)
}

/// What the documents built in declare.
pub(super) fn builtin_known() -> Arc<Known> {
    static KNOWN: OnceLock<Arc<Known>> = OnceLock::new();
    Arc::clone(KNOWN.get_or_init(|| Arc::new(Known::of(std::iter::empty()))))
}

impl Known {
    fn of(own: impl Iterator<Item = (String, Arc<Document>)>) -> Self {
        let mut documents: BTreeMap<String, Vec<Arc<Document>>> = BTreeMap::new();
        let builtin = library::documents()
            .iter()
            .map(|(id, d)| (id.clone(), Arc::clone(d)));
        for (scheme, document) in own.chain(builtin) {
            documents.entry(scheme).or_default().push(document);
        }
        let mut known = Self {
            documents,
            kinds: BTreeMap::new(),
            asked: BTreeMap::new(),
        };
        known.kinds = known.read_kinds();
        known.asked = known.read_asked();
        known
    }

    /// Why none of the documents a fact is for could read it, at its first such field; `only`: it is for this scheme alone.
    /// One that can is enough: the others do not get to see it, or say so when they are calculated.
    pub(super) fn unreadable(
        &self,
        kind: &str,
        only: Option<&str>,
        is_told: &impl Fn(&str, bool) -> bool,
        number: &impl Fn(&str) -> Option<Num>,
    ) -> Option<Unreadable> {
        let all = self.asked.get(kind)?;
        let documents: Vec<&Vec<Asked>> = all
            .iter()
            .filter(|(scheme, _)| only.is_none_or(|only| only == scheme))
            .map(|(_, fields)| fields)
            .collect();
        let first = documents.first()?;
        first.iter().find_map(|field| {
            let (name, ty) = (&field.name, &field.ty);
            let same: Option<Vec<&Asked>> = documents
                .iter()
                .map(|fields| fields.iter().find(|other| other.name == *name))
                .collect();
            // Who does not declare it takes the fact without.
            let same = same?;
            if same.iter().all(|field| field.required) && !is_told(name, ty == "employee") {
                let (name, ty) = (name.clone(), ty.clone());
                return Some(Unreadable::Missing { name, ty });
            }
            let found = number(name)?;
            let is_out = |field: &&Asked| {
                field.min.as_ref().is_some_and(|min| found < *min)
                    || field.max.as_ref().is_some_and(|max| found > *max)
            };
            if !same.iter().all(is_out) {
                return None;
            }
            let widest = |bound: fn(&Asked) -> &Option<Num>, pick: fn(Num, Num) -> Num| -> Option<Num> {
                let bounds: Option<Vec<Num>> = same.iter().map(|field| bound(field).clone()).collect();
                bounds?.into_iter().reduce(pick)
            };
            let range = match (widest(|f| &f.min, Num::min), widest(|f| &f.max, Num::max)) {
                (Some(min), Some(max)) => format!("{min} – {max}"),
                (Some(min), None) => format!("≥ {min}"),
                (None, Some(max)) => format!("≤ {max}"),
                (None, None) => String::new(),
            };
            Some(Unreadable::Range {
                name: name.clone(),
                found: found.to_string(),
                range,
            })
        })
    }

    fn read_asked(&self) -> BTreeMap<String, Vec<(String, Vec<Asked>)>> {
        let mut asked: BTreeMap<String, Vec<(String, Vec<Asked>)>> = BTreeMap::new();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let bound = |value: &Value| value.as_str().and_then(|bound| Num::parse(bound).ok());
        let all = self
            .documents
            .iter()
            .flat_map(|(id, list)| list.iter().map(move |d| (id, d)));
        for (id, document) in all {
            for fact in document.facts_json().as_array().into_iter().flatten() {
                let fields = fact["fields"].as_array().into_iter().flatten();
                let fields = fields.filter(|f| !OWN.contains(&f["name"].as_str().unwrap_or_default()));
                let fields = fields.map(|f| Asked {
                    name: text(&f["name"]),
                    ty: text(&f["type"]),
                    required: f["required"] == true,
                    min: bound(&f["min"]),
                    max: bound(&f["max"]),
                });
                asked
                    .entry(text(&fact["kind"]))
                    .or_default()
                    .push((id.clone(), fields.collect()));
            }
        }
        asked
    }

    /// Every kind of fact some scheme or guard declares, by its name.
    pub fn kinds(&self) -> &BTreeMap<String, KindInfo> {
        &self.kinds
    }

    /// Schemes whose attributes can be set, with their names.
    pub fn schemes(&self) -> impl Iterator<Item = (&str, &Label)> {
        let newest = self
            .documents
            .iter()
            .filter_map(|(id, list)| Some((id, list.first()?)));
        newest
            .filter(|(_, d)| !d.header.guard)
            .map(|(id, d)| (id.as_str(), &d.header.name))
    }

    /// Whether there is such a scheme.
    pub fn has(&self, scheme: &str) -> bool {
        self.documents.contains_key(scheme)
    }

    /// The attributes a scheme knows people by, in any of its versions.
    pub fn roster_fields(&self, scheme: &str) -> Option<(Label, Vec<FieldInfo>)> {
        let documents = self.documents.get(scheme)?;
        let (first, others) = documents.split_first()?;
        let name = first.header.name.clone();
        let mut all = fields(&first.roster_json());
        for document in others {
            learn(&mut all, fields(&document.roster_json()));
        }
        Some((name, all))
    }

    /// Attributes by name, with every way a scheme declares them; also under `scheme.name`.
    pub(super) fn attributes(&self) -> BTreeMap<String, Vec<Field>> {
        let mut all: BTreeMap<String, Vec<Field>> = BTreeMap::new();
        for document in self.documents.values().flatten() {
            for field in Shape::of(document).roster {
                let own = format!("{}.{}", document.header.id, field.name);
                all.entry(own).or_default().push(field.clone());
                all.entry(field.name.clone()).or_default().push(field);
            }
        }
        all
    }

    fn read_kinds(&self) -> BTreeMap<String, KindInfo> {
        let mut kinds: BTreeMap<String, KindInfo> = BTreeMap::new();
        let all = self
            .documents
            .iter()
            .flat_map(|(id, list)| list.iter().map(move |d| (id, d)));
        for (id, document) in all {
            let declared = document.facts_json();
            for fact in declared.as_array().into_iter().flatten() {
                let kind = fact["kind"].as_str().unwrap_or_default().to_owned();
                if is_given(document, &kind) {
                    continue;
                }
                let told = fields(&fact["fields"]);
                match kinds.get_mut(&kind) {
                    None => {
                        let info = KindInfo {
                            label: label(&fact["name"]),
                            fields: told,
                            schemes: vec![id.clone()],
                            kind: kind.clone(),
                        };
                        kinds.insert(kind, info);
                    }
                    Some(known) => {
                        learn(&mut known.fields, told);
                        if !known.schemes.contains(id) {
                            known.schemes.push(id.clone());
                        }
                    }
                }
            }
        }
        kinds
    }
}

/// Whether a kind is what the runs give to the guards across schemes: nobody else tells it.
fn is_given(document: &Document, kind: &str) -> bool {
    document.header.id == GUARDS && kind == "claim"
}

/// What another document declares of the same: its words may be said too, and only what all need is needed. A word one version
/// knows may still be in force.
fn learn(fields: &mut Vec<FieldInfo>, told: Vec<FieldInfo>) {
    for field in &mut *fields {
        let here = told.iter().find(|f| f.name == field.name);
        field.required &= here.is_some_and(|f| f.required);
        for word in here.iter().flat_map(|f| &f.options) {
            if !field.options.is_empty() && !field.options.contains(word) {
                field.options.push(word.clone());
            }
        }
        if here.is_some_and(|f| f.options.is_empty()) {
            field.options.clear();
        }
    }
    for field in told {
        if !fields.iter().any(|f| f.name == field.name) {
            fields.push(FieldInfo {
                required: false,
                ..field
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_several_schemes_declare_has_all_their_fields_and_needs_what_all_need() {
        let known = builtin_known();
        let kinds = known.kinds();
        let refund = &kinds["refund"];
        assert!(refund.schemes.len() > 1, "{:?}", refund.schemes);
        let amount = refund.fields.iter().find(|f| f.name == "amount").unwrap();
        assert!(amount.required && amount.ty == "money" && !amount.label.zh.is_empty());
        for kind in kinds.values() {
            assert!(!kind.label.zh.is_empty(), "{}", kind.kind);
            assert!(!kind.fields.iter().any(|f| f.name == "occurred"), "{}", kind.kind);
        }
        assert!(
            known
                .roster_fields("07-new-customers")
                .unwrap()
                .1
                .iter()
                .any(|f| f.name == "role")
        );
        assert_eq!(known.roster_fields("nothing"), None);
    }

    #[test]
    fn every_attribute_a_scheme_cannot_do_without_is_needed() {
        let known = builtin_known();
        for (id, document) in library::documents() {
            let declared = fields(&document.roster_json());
            assert_eq!(known.roster_fields(id).unwrap().1, declared, "{id}");
        }
    }

    #[test]
    fn a_document_of_the_firms_own_brings_its_kinds_its_words_and_its_attributes() {
        let text = std::fs::read_to_string("schemes/07-new-customers.toml").unwrap();
        let text = text.replace("first_batch", "first_box").replace(
            "[roster]\n",
            "[roster]\ngrade = { type = \"text\", default = \"-\", zh = \"星级\", en = \"stars\" }\n",
        );
        let text = format!(
            "{text}\n[[step]]\nid = \"stars\"\ndo = \"emit\"\nas = \"warning\"\nrule = \"R1\"\nzh = \"星\"\nen = \"s\"\n\
             from = \"roster\"\nwhere = \"grade = 'x'\"\n"
        );
        let own = Document::parse("07-new-customers.toml", &text).unwrap_or_else(|f| panic!("{}", f[0]));
        let known = Known::of(std::iter::once(("07-new-customers".to_owned(), Arc::new(own))));
        assert_eq!(known.kinds()["first_box"].schemes, ["07-new-customers"]);
        assert!(
            known.kinds().contains_key("first_batch"),
            "the version built in is known too"
        );
        assert!(known.kinds["first_box"].fields.iter().any(|f| f.name == "amount"));
        let (_, fields) = known.roster_fields("07-new-customers").unwrap();
        assert!(fields.iter().any(|f| f.name == "grade") && fields.iter().any(|f| f.name == "role"));
    }
}
