//! What runs of other days give for orders: GC-22 and GC-23 are about an order, not about a month of it.
//!
//! # Why
//! The guards look at the runs of the same days and at these. What is booked stays, whichever days it is of: a run that
//! closes now gives way to what others gave before it. So what counts is the order of the closes, which the ledger keeps, and
//! not the order of the days. What counts is what was claimed: what the guards took of it is given back by itself
//! (`release`) once it is not too much any more, and would else be room for somebody else meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::app::App;
use crate::app::pay::material::FOR_SCHEME;
use crate::app::pay::{PayError, guard};
use crate::domain::Money;
use crate::payout::{Document, Num};
use crate::storage::pay::{Elsewhere, NewLine, Run};

/// What a run of other days gives somebody for an order.
pub(super) struct Before {
    pub scheme: String,
    pub order: String,
    pub person: String,
    pub amount: Money,
}

/// Which runs of other days count.
pub(super) enum Past<'a> {
    /// None: a run that was computed before they did is computed again.
    None,
    /// Those that are booked now.
    Booked,
    /// Those a run noted that it read.
    Noted(&'a [i64]),
    /// Those that were booked before a closed run, with what was corrected of them since.
    Until(Until<'a>),
}

/// A closed run that is looked at again.
pub(super) struct Until<'a> {
    pub run: &'a Run,
    /// Corrections that are found in this calculation.
    pub late: &'a [NewLine],
    /// The run under review that this calculation takes the place of.
    pub replaces: Option<i64>,
    /// The runs of the same days the guards took from, by order and person.
    pub takers: &'a BTreeMap<(String, String), BTreeSet<i64>>,
}

/// What runs of other days give for these orders, worth what they are worth now; and the booked ones that name them.
pub(super) async fn given(
    app: &App,
    document: &Document,
    past: &Past<'_>,
    orders: &BTreeMap<String, Value>,
    days: (Date, Date),
) -> Result<(Vec<Before>, BTreeSet<i64>), PayError> {
    if matches!(past, Past::None) || orders.is_empty() {
        return Ok((Vec::new(), BTreeSet::new()));
    }
    let keys: Vec<String> = orders.keys().cloned().collect();
    let found = app.store.given_elsewhere(&keys, days).await?;
    let counts = |one: &Elsewhere| match past {
        Past::Noted(runs) => runs.contains(&one.run_id),
        _ => one.booked == 1,
    };
    let named = found
        .iter()
        .filter(|one| counts(one))
        .map(|one| one.run_id)
        .collect();
    let found = of_orders(app, document, found, orders).await?;
    let given = match past {
        Past::Until(until) => until.of(app, found, orders).await?,
        _ => found.into_iter().filter(counts).map(before).collect(),
    };
    Ok((given, named))
}

fn before(one: Elsewhere) -> Before {
    Before {
        scheme: one.scheme,
        order: one.about,
        person: one.payee,
        amount: Money::from_minor(one.amount),
    }
}

/// Leaves out parts of lines that came from another thing of the same key: one that is worth something else, and was when
/// they were computed.
async fn of_orders(
    app: &App,
    document: &Document,
    found: Vec<Elsewhere>,
    now: &BTreeMap<String, Value>,
) -> Result<Vec<Elsewhere>, PayError> {
    let is_worth =
        |one: &Elsewhere, order: Option<&Value>| order.map(worth) == Some(Money::from_minor(one.of_amount));
    let mut others: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    for one in &found {
        if one.of_amount != 0 && !is_worth(one, now.get(&one.about)) {
            others.entry(one.watermark).or_default().insert(one.about.clone());
        }
    }
    let mut then: BTreeMap<i64, BTreeMap<String, Value>> = BTreeMap::new();
    for (mark, keys) in others {
        let keys: Vec<String> = keys.into_iter().collect();
        then.insert(mark, orders(app, document, &keys, mark).await?);
    }
    let was = |one: &Elsewhere| then.get(&one.watermark).and_then(|orders| orders.get(&one.about));
    let mut kept = found;
    kept.retain(|one| one.of_amount == 0 || is_worth(one, now.get(&one.about)) || is_worth(one, was(one)));
    Ok(kept)
}

impl Until<'_> {
    /// Whether the guards took something of a run for an order: who gave way gives way again as far as it must.
    pub fn took(&self, run: i64, order: &str) -> bool {
        run == self.run.id
            || self
                .takers
                .iter()
                .any(|((about, _), runs)| about == order && runs.contains(&run))
    }

    /// Of what other days give: what was booked before the run, and what was corrected of that since.
    async fn of(
        &self,
        app: &App,
        found: Vec<Elsewhere>,
        orders: &BTreeMap<String, Value>,
    ) -> Result<Vec<Before>, PayError> {
        let runs = found.iter().flat_map(|one| [Some(one.run_id), one.origin_id]);
        let late = self.late.iter().map(|line| line.origin);
        let runs: BTreeSet<i64> = runs.chain(late).flatten().chain([self.run.id]).collect();
        let runs: Vec<i64> = runs.into_iter().collect();
        let firsts = app.store.first_entries(&runs).await?;
        let own = firsts.get(&self.run.id).copied().unwrap_or(i64::MAX);
        let sooner = |run: i64| run != self.run.id && firsts.get(&run).is_some_and(|first| *first < own);
        let mut given = Vec::new();
        for one in found {
            let corrects =
                one.is_late() && one.origin_id.is_some_and(sooner) && Some(one.run_id) != self.replaces;
            if (one.booked == 1 && sooner(one.run_id)) || corrects {
                given.push(before(one));
            }
        }
        // What this calculation finds is of the run's own scheme.
        for line in self.late {
            if let (Some(order), Some(origin)) = (&line.about, line.origin)
                && sooner(origin)
                && orders.contains_key(order)
            {
                given.push(Before {
                    scheme: self.run.scheme.clone(),
                    order: order.clone(),
                    person: line.payee.clone(),
                    amount: line.amount,
                });
            }
        }
        Ok(given)
    }
}

/// Orders under these keys with their amounts and reasons, as known at a watermark.
pub(super) async fn orders(
    app: &App,
    document: &Document,
    keys: &[String],
    mark: i64,
) -> Result<BTreeMap<String, Value>, PayError> {
    let mut orders: BTreeMap<String, Value> = BTreeMap::new();
    for row in app.store.facts_keyed("order", keys, mark).await? {
        let told: Value = serde_json::from_str(&row.fields).unwrap_or_default();
        let order = orders
            .entry(row.source_key.clone())
            .or_insert_with(|| json!({ "kind": "order", "id": row.source_key, "occurred": row.occurred }));
        // What is told to the guards alone gives a reason (GC-22); what the order is, the others say.
        let for_guards = told[FOR_SCHEME] == document.header.id.as_str();
        if told["amount"].is_string() && (!for_guards || order["amount"].is_null()) {
            order["amount"] = told["amount"].clone();
            order["occurred"] = json!(row.occurred);
        }
        if told["reason"].is_string() {
            order["reason"] = told["reason"].clone();
        }
    }
    orders.retain(|_, order| order["amount"].is_string());
    Ok(orders)
}

/// What an order is worth.
pub(super) fn worth(order: &Value) -> Money {
    guard::signed(order["amount"].as_str().unwrap_or_default())
}

/// The day claims of other days are told of: before all days the guards look at.
pub(super) fn day_before(from: Date) -> Date {
    from.checked_sub(1.day()).unwrap_or(from)
}

/// The ceiling in whole thousandths of an order, not above it.
pub(super) fn ceiling(document: &Document, params: &Value) -> i64 {
    let told = document.to_json();
    let declared = told["params"].as_array().into_iter().flatten();
    let mut declared = declared.filter(|param| param["id"] == "cap");
    let default = declared.next().and_then(|param| param["default"].as_str());
    let cap = params["cap"]
        .as_str()
        .or(default)
        .and_then(|text| Num::parse(text).ok());
    let permille = cap.map(|cap| (&cap * &Num::int(1000)).floor());
    permille
        .and_then(|n| i64::try_from(n.to_i128()?).ok())
        .unwrap_or_default()
}
