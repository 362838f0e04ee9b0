//! A rise somebody accepted as the fact the schemes read (H6), so that it is proposed once in so many months (GC-10).
//!
//! # Why
//! Rises were accepted before there were such facts, and would be proposed again within the year. A calculation that reads
//! rises looks for those first and records them as of the day they are effective from; who granted them has decided already.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::app::App;
use crate::app::pay::facts::fact_hash;
use crate::app::pay::material::{FOR_SCHEME, Shape};
use crate::app::pay::next::PAYOUT;
use crate::app::pay::{Clash, PayError, library};
use crate::payout::Document;
use crate::storage::Tx;
use crate::storage::pay::{NewFact, Offer, facts_in, lock_ledger, put_fact};

/// The kind of fact.
const RISE: &str = "rise";
/// What is proposed.
const PAY_RISE: &str = "pay_rise";
/// The parameter that says in how many months there is one rise, and what holds where a document has none (GC-10).
const MONTHS: (&str, i32) = ("raise_months", 12);

/// A rise that is granted.
pub(super) struct Rise {
    key: String,
    scheme: String,
    person: String,
    rule: String,
    day: Date,
    /// In so many months there is one; 0: no limit.
    months: i32,
    /// The field that names the person, as the document calls it.
    who: String,
}

/// The rise an offer grants where it is accepted; `None`: it is about something else.
pub(super) async fn of(app: &App, offer: &Offer) -> Result<Option<Rise>, PayError> {
    let says = &offer.says;
    if says.kind != "proposal" || says.what != PAY_RISE || says.payee_kind != "employee" {
        return Ok(None);
    }
    let run = app.store.run(offer.run).await?;
    let run = run.ok_or_else(|| PayError::NotFound(format!("payout {}", offer.run)))?;
    let document = library::document_of(&run)?;
    let mut chains = document.outline().into_iter();
    let chain = chains.find(|chain| chain.what == "proposal" && chain.component == says.component);
    let declared = Shape::of(&document).facts.remove(RISE).unwrap_or_default();
    let who = declared.into_iter().find(|field| field.kind == "employee");
    let day = says.effective.as_deref().and_then(|day| day.parse().ok());
    Ok(Some(Rise {
        key: format!("offer-{}", offer.id),
        scheme: run.scheme.clone(),
        person: says.payee.clone(),
        rule: chain.map_or_else(|| says.component.clone(), |chain| chain.rule),
        // Effective on the first day of the next month unless the document says otherwise (GC-10).
        day: day.unwrap_or(run.to_on),
        months: months(&document, &run.params),
        who: who.map_or_else(|| "person".to_owned(), |field| field.name),
    }))
}

/// Records the rises that were accepted and of which no fact tells. Nobody is refused one here: they have it.
pub(super) async fn catch_up(app: &App, kinds: &BTreeSet<String>) -> Result<(), PayError> {
    if !kinds.contains(RISE) {
        return Ok(());
    }
    for offer in app.store.rises_untold(RISE, PAYOUT).await? {
        let rise = match of(app, &offer).await {
            Ok(Some(rise)) => rise,
            Err(PayError::Store(error)) => return Err(error.into()),
            // Its document cannot be read any more: that is no reason to calculate nothing.
            Ok(None) | Err(_) => continue,
        };
        let mut tx = app.store.begin().await?;
        rise.put(&mut tx, false, ("system", app.clock.now_ms())).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// In how many months there is one rise, by a run's parameters.
fn months(document: &Document, params: &str) -> i32 {
    let (name, otherwise) = MONTHS;
    let given: Value = serde_json::from_str(params).unwrap_or_default();
    let declared = document.to_json();
    let declared = declared["params"].as_array().into_iter().flatten();
    let declared = declared
        .filter(|param| param["id"] == name)
        .map(|param| &param["default"]);
    let number = |value: &Value| -> Option<i32> {
        let whole = value.as_i64().and_then(|n| i32::try_from(n).ok());
        whole.or_else(|| value.as_str()?.parse().ok())
    };
    [&given[name], &given[name]["value"]]
        .into_iter()
        .chain(declared)
        .find_map(number)
        .unwrap_or(otherwise)
}

impl Rise {
    /// Refuses a second one by the same rule within the months; until the transaction ends nobody else grants one.
    pub async fn is_due(&self, tx: &mut Tx) -> Result<(), PayError> {
        lock_ledger(tx).await?;
        if self.months <= 0 {
            return Ok(());
        }
        let span = self.months.months();
        let from = self.day.saturating_sub(span).saturating_add(1.day());
        let rises = facts_in(tx, RISE, (from, self.day.saturating_add(span))).await?;
        let other = rises.into_iter().find(|row| {
            let told: Value = serde_json::from_str(&row.fields).unwrap_or_default();
            let own = row.source == PAYOUT && row.source_key == self.key;
            let person = told[&self.who].as_str().or(row.subject.as_deref());
            let elsewhere = told.get(FOR_SCHEME).is_some_and(|only| *only != *self.scheme);
            !own && !elsewhere && person == Some(&self.person) && told["rule"] == *self.rule
        });
        match other {
            None => Ok(()),
            Some(row) => Err(PayError::Conflict(Clash::Risen {
                person: self.person.clone(),
                rule: self.rule.clone(),
                months: self.months,
                day: row.occurred,
            })),
        }
    }

    /// Records it, or that it did not happen after all.
    pub async fn put(&self, tx: &mut Tx, void: bool, (by, now_ms): (&str, i64)) -> Result<(), PayError> {
        let day = self.day.to_string();
        let mut fields = json!({ "rule": self.rule, FOR_SCHEME: self.scheme });
        fields[&self.who] = json!(self.person);
        let fields = fields.to_string();
        let fact = NewFact {
            kind: RISE,
            source: PAYOUT,
            source_key: &self.key,
            subject: Some(&self.person),
            occurred: &day,
            occurred_on: self.day,
            fields: &fields,
            content_hash: fact_hash(Some(&self.person), &day, &fields, void),
            void,
            sent_by: by,
            recorded_at: now_ms,
        };
        put_fact(tx, &fact).await?;
        Ok(())
    }
}
