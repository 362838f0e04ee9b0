//! What a closed run hands to its scheme's next period: a loss carried forward, what was repaid (`emit` of facts),
//! what late facts left to the next pool.
//!
//! # Why
//! The next period must read what this one found, and nobody should type it in again. It is recorded with the close, in
//! the same transaction, under a key made of scheme, day and words: a close that is tried twice records it once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::app::pay::facts::fact_hash;
use crate::app::pay::guard::signed;
use crate::app::pay::material::{FOR_SCHEME, Shape};
use crate::app::pay::steps::book_of;
use crate::app::pay::{PayError, Unable, library};
use crate::app::{Actor, App};
use crate::domain::Money;
use crate::payout::{Document, LEFT_OVER};
use crate::storage::pay::{NewFact, PutFact, ReadFact, Run, lock_ledger, put_fact, told_in, watermark};
use crate::storage::{StoreError, Tx};

/// Who says so.
pub(super) const PAYOUT: &str = "payout";

/// A fact of the next period.
#[derive(Debug, PartialEq)]
struct Next {
    kind: String,
    key: String,
    subject: Option<String>,
    fields: Value,
}

/// Records what a run that is being closed emitted and its own document reads: as of the day after its last, for this
/// scheme alone. Kinds it does not read itself stay in the outcome: somebody decides on them. Gives how many were recorded.
pub(super) async fn record(tx: &mut Tx, run: &Run, by: &str, now_ms: i64) -> Result<u64, PayError> {
    let outcome: Value = serde_json::from_str(&run.outcome).unwrap_or_default();
    let emitted = outcome["facts"].as_array().map_or(&[][..], Vec::as_slice);
    if emitted.is_empty() {
        return Ok(0);
    }
    let document = library::document_of(run)?;
    let facts = facts(&document, &run.to_on.to_string(), emitted);
    for fact in &facts {
        put(tx, run, fact, false, (by, now_ms)).await?;
    }
    Ok(facts.len() as u64)
}

async fn put(
    tx: &mut Tx,
    run: &Run,
    fact: &Next,
    void: bool,
    (by, now_ms): (&str, i64),
) -> Result<PutFact, StoreError> {
    let (day, fields) = (run.to_on.to_string(), fact.fields.to_string());
    let new = NewFact {
        kind: &fact.kind,
        source: PAYOUT,
        source_key: &fact.key,
        subject: fact.subject.as_deref(),
        occurred: &day,
        occurred_on: run.to_on,
        fields: &fields,
        content_hash: fact_hash(fact.subject.as_deref(), &day, &fields, void),
        void,
        sent_by: by,
        recorded_at: now_ms,
    };
    put_fact(tx, &new).await
}

/// Revises what a closed run handed on where late facts changed it: what it emits now is compared with what is recorded,
/// and what it no longer emits is void. Gives the watermark with that; done twice, nothing is recorded the second time.
pub(super) async fn revise(
    app: &App,
    actor: &Actor,
    run: &Run,
    emitted: &[Value],
    mark: i64,
) -> Result<i64, PayError> {
    let document = library::document_of(run)?;
    let day = run.to_on.to_string();
    let mut told: BTreeMap<(String, String), Next> = BTreeMap::new();
    // Who declined to recover something left it where it was.
    let declined = app.store.declined_of(run.id, &RECOVERS).await?;
    let stands = |fact: &Next| !fact.subject.as_ref().is_some_and(|who| declined.contains(who));
    for fact in facts(&document, &day, emitted).into_iter().filter(stands) {
        told.insert((fact.kind.clone(), fact.key.clone()), fact);
    }
    let begins = format!("{}:{day}:", run.scheme);
    let mut gone = Vec::new();
    let after = run.to_on.tomorrow().ok();
    for kind in Shape::of(&document).facts.into_keys() {
        let mut take = |row: ReadFact| {
            let mine = row.source == PAYOUT && row.source_key.starts_with(&begins);
            if mine && !told.contains_key(&(kind.clone(), row.source_key.clone())) {
                gone.push(Next {
                    kind: kind.clone(),
                    key: row.source_key,
                    subject: row.subject,
                    fields: serde_json::from_str(&row.fields).unwrap_or_default(),
                });
            }
            Ok(())
        };
        app.store
            .each_fact(&kind, (Some(run.to_on), after), i64::MAX, &mut take)
            .await?;
    }
    if told.is_empty() && gone.is_empty() {
        return Ok(mark);
    }
    let who = actor.word();
    let by = (who.as_str(), app.clock.now_ms());
    let mut tx = app.store.begin().await?;
    let mut changed = false;
    for (fact, void) in told
        .values()
        .map(|fact| (fact, false))
        .chain(gone.iter().map(|fact| (fact, true)))
    {
        changed |= matches!(put(&mut tx, run, fact, void, by).await?, PutFact::Recorded(_));
    }
    if !changed {
        return Ok(mark);
    }
    tx.commit().await?;
    known_by(app).await
}

/// What proposals are about that take an overpayment back: what is left of it is carried by the guards on wages.
pub(super) const RECOVERS: [&str; 2] = ["recovery", "invoice_hr"];

/// Takes back what a closed run handed on of somebody: the proposal it goes with was declined, so nothing was recovered, and
/// what it was the rest of stands again.
pub(super) async fn unsay(
    tx: &mut Tx,
    run: &Run,
    whom: &str,
    (by, now_ms): (&str, i64),
) -> Result<(), PayError> {
    let begins = format!("{}:{}:", run.scheme, run.to_on);
    let document = library::document_of(run)?;
    for kind in Shape::of(&document).facts.into_keys() {
        for (key, fields) in told_in(tx, &kind, PAYOUT, run.to_on).await? {
            let fields: Value = serde_json::from_str(&fields).unwrap_or_default();
            let is_theirs = fields.as_object().into_iter().flatten().any(|(_, v)| v == whom);
            if key.starts_with(&begins) && is_theirs {
                let subject = Some(whom.to_owned());
                let fact = Next {
                    kind: kind.clone(),
                    key,
                    subject,
                    fields,
                };
                put(tx, run, &fact, true, (by, now_ms)).await?;
            }
        }
    }
    Ok(())
}

/// Hands the pool of the period that begins on `from` what late facts changed in a closed one and no other pool was handed:
/// one fact, revised when it is calculated again and void when nothing is left. `document` is that period's. Gives the
/// watermark with that.
pub(super) async fn hand(
    app: &App,
    actor: &Actor,
    run: &Run,
    (document, from): (&Document, Date),
    left: Money,
    mark: i64,
) -> Result<i64, PayError> {
    let origin = format!("{}>", book_of(run));
    let day = from.to_string();
    let key = format!("{origin}{day}");
    let mut tx = app.store.begin().await?;
    // Two pools calculated at once are handed it one after the other.
    lock_ledger(&mut tx).await?;
    let (mut amount, mut is_told) = (left, false);
    for (at, fields) in told_in(&mut tx, LEFT_OVER, PAYOUT, run.to_on).await? {
        if !at.starts_with(&origin) {
            continue;
        }
        if at == key {
            is_told = true;
            continue;
        }
        let told: Value = serde_json::from_str(&fields).unwrap_or_default();
        let handed = signed(told["amount"].as_str().unwrap_or_default());
        amount = amount.checked_sub(handed).unwrap_or(amount);
    }
    let void = amount == Money::ZERO;
    if void && !is_told {
        return Ok(mark);
    }
    if !Shape::of(document).facts.contains_key(LEFT_OVER) {
        return Err(PayError::Unable(Unable::LeftOver {
            scheme: run.scheme.clone(),
            period: run.period.clone(),
            amount,
        }));
    }
    let fields = json!({ "amount": amount.to_string(), FOR_SCHEME: run.scheme }).to_string();
    let fact = NewFact {
        kind: LEFT_OVER,
        source: PAYOUT,
        source_key: &key,
        subject: None,
        occurred: &day,
        occurred_on: from,
        fields: &fields,
        content_hash: fact_hash(None, &day, &fields, void),
        void,
        sent_by: &actor.word(),
        recorded_at: app.clock.now_ms(),
    };
    put_fact(&mut tx, &fact).await?;
    tx.commit().await?;
    // Also what another calculation recorded of it in this instant is read.
    known_by(app).await
}

/// The last fact known, looked at from outside: on PostgreSQL it waits for all who write, and would wait for itself.
async fn known_by(app: &App) -> Result<i64, PayError> {
    let mut tx = app.store.begin().await?;
    Ok(watermark(&mut tx).await?)
}

/// The facts of an outcome that the document itself declares, with the fields it declares.
fn facts(document: &Document, day: &str, emitted: &[Value]) -> Vec<Next> {
    let shape = Shape::of(document);
    let scheme = &document.header.id;
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut facts = Vec::new();
    for fact in emitted {
        let kind = fact["kind"].as_str().unwrap_or_default();
        let Some(declared) = shape.facts.get(kind) else {
            continue;
        };
        let mut fields = Map::new();
        let (mut words, mut subject) = (BTreeSet::new(), None);
        for field in declared {
            let Some(value) = fact["fields"][&field.name].as_str() else {
                continue;
            };
            match field.kind.as_str() {
                "employee" => {
                    subject.get_or_insert_with(|| value.to_owned());
                    words.insert(format!("{}={value}", field.name));
                }
                "text" => {
                    words.insert(format!("{}={value}", field.name));
                }
                _ => {}
            }
            let value = match (field.kind.as_str(), value) {
                ("bool", word) => json!(word == "true"),
                (_, text) => json!(text),
            };
            fields.insert(field.name.clone(), value);
        }
        fields.insert(FOR_SCHEME.to_owned(), json!(scheme));
        let words: Vec<String> = words.into_iter().collect();
        let key = format!("{scheme}:{day}:{}", words.join(","));
        // Two about the same thing are two.
        let nth = seen.entry(format!("{kind}:{key}")).or_default();
        *nth += 1;
        facts.push(Next {
            kind: kind.to_owned(),
            key: if *nth == 1 { key } else { format!("{key}#{nth}") },
            subject,
            fields: Value::Object(fields),
        });
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::pay::documents;

    #[test]
    fn given_a_loss_when_it_is_handed_on_then_it_is_one_fact_of_the_next_period_for_its_scheme_alone() {
        let document = &documents()["13-partners"];
        let emitted = [
            json!({ "kind": "carried_loss", "fields": { "unit": "north", "amount": "20000" } }),
            json!({ "kind": "carried_loss", "fields": { "unit": "north", "amount": "1" } }),
            json!({ "kind": "level", "fields": { "person": "li", "level": "3" } }),
        ];
        let told = facts(document, "2027-01-01", &emitted);
        assert_eq!(
            told.len(),
            2,
            "a kind the scheme does not read stays in the outcome"
        );
        assert_eq!(told[0].key, "13-partners:2027-01-01:unit=north");
        assert_eq!(told[1].key, "13-partners:2027-01-01:unit=north#2");
        assert_eq!(
            told[0].fields,
            json!({ "unit": "north", "amount": "20000", "for_scheme": "13-partners" })
        );
    }
}
