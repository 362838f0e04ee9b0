//! What can be recorded: every kind of fact the schemes declare and every scheme's attributes, with names for people.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

use crate::app::pay::library::documents;
use crate::payout::Label;

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

fn label(two: &Value) -> Label {
    let text = |side: &str| two[side].as_str().unwrap_or_default().to_owned();
    Label {
        zh: text("zh"),
        en: text("en"),
    }
}

fn fields(list: &Value) -> Vec<FieldInfo> {
    let list = list.as_array().into_iter().flatten();
    list.filter(|f| !matches!(f["name"].as_str(), Some("id" | "occurred" | "order")))
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

/// Every kind of fact some scheme declares, guards aside, by its name.
pub fn fact_kinds() -> &'static BTreeMap<String, KindInfo> {
    static KINDS: OnceLock<BTreeMap<String, KindInfo>> = OnceLock::new();
    KINDS.get_or_init(read_kinds)
}

fn read_kinds() -> BTreeMap<String, KindInfo> {
    let mut kinds: BTreeMap<String, KindInfo> = BTreeMap::new();
    for (id, document) in documents().iter().filter(|(_, d)| !d.header.guard) {
        let json = document.to_json();
        for fact in json["facts"].as_array().into_iter().flatten() {
            let kind = fact["kind"].as_str().unwrap_or_default().to_owned();
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
                    for field in &mut known.fields {
                        let here = told.iter().find(|f| f.name == field.name);
                        field.required &= here.is_some_and(|f| f.required);
                        // A word one scheme knows is a word that may be said.
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
                        if !known.fields.iter().any(|f| f.name == field.name) {
                            known.fields.push(FieldInfo {
                                required: false,
                                ..field
                            });
                        }
                    }
                    known.schemes.push(id.clone());
                }
            }
        }
    }
    kinds
}

/// The attributes a scheme knows people by.
pub fn roster_fields(scheme: &str) -> Option<(Label, Vec<FieldInfo>)> {
    let document = documents().get(scheme)?;
    Some((
        document.header.name.clone(),
        fields(&document.to_json()["roster"]),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_several_schemes_declare_has_all_their_fields_and_needs_what_all_need() {
        let kinds = fact_kinds();
        let refund = &kinds["refund"];
        assert!(refund.schemes.len() > 1, "{:?}", refund.schemes);
        let amount = refund.fields.iter().find(|f| f.name == "amount").unwrap();
        assert!(amount.required && amount.ty == "money" && !amount.label.zh.is_empty());
        for kind in kinds.values() {
            assert!(!kind.label.zh.is_empty(), "{}", kind.kind);
            assert!(!kind.fields.iter().any(|f| f.name == "occurred"), "{}", kind.kind);
        }
        assert!(
            roster_fields("07-new-customers")
                .unwrap()
                .1
                .iter()
                .any(|f| f.name == "role")
        );
        assert_eq!(roster_fields("nothing"), None);
    }
}
