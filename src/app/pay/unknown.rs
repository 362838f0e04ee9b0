//! Refunds of orders nobody knows: they take nothing off, and a run says so.
//!
//! # Why
//! A run reads the facts of its own days and kinds; the store knows all of them. A refund whose order another scheme pays for,
//! or of days this one does not look at, is none of these. What is left was typed wrong, or its order never came in.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::app::App;
use crate::app::pay::PayError;
use crate::app::pay::catalog::known;
use crate::payout::Unmatched;

/// The member of a warning that names the fact it is about: what the store said that day, and not the engine.
pub(super) const FACT: &str = "fact";

/// Warnings of these facts whose other one the store does not know either, each with the fact it is about.
pub(super) async fn told(app: &App, found: &[Unmatched], mark: i64) -> Result<Vec<Value>, PayError> {
    let keys: BTreeSet<String> = found.iter().map(|one| one.of.clone()).collect();
    let keys: Vec<String> = keys.into_iter().collect();
    let mut there = BTreeSet::new();
    if !keys.is_empty() {
        for kind in known(app).await?.kinds().keys() {
            let facts = app.store.facts_keyed(kind, &keys, mark).await?;
            there.extend(facts.into_iter().map(|fact| fact.source_key));
        }
    }
    let missing = found
        .iter()
        .filter(|one| one.is_ambiguous || !there.contains(&one.of));
    let told = missing.map(|one| {
        let warning = one.warning();
        // A key two sources use stands behind the source's name.
        let key = one.key.rsplit_once('/').map_or(one.key.as_str(), |(_, key)| key);
        json!({
            "component": warning.component, "payee": null, "about": warning.about, "value": warning.value,
            "title": { "zh": warning.title.zh, "en": warning.title.en }, FACT: { "kind": one.kind, "key": key },
        })
    });
    Ok(told.collect())
}
