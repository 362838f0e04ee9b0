//! The tracker's own facts flow into pay: exactly once, corrected by revisions, voided when they no longer hold.
//!
//! # Why
//! A click that is overruled, a lead that is found void, an order that is credited to somebody else: each changes what
//! the tracker says of a day. Flowing compares what it says now with what pay was told, and records the difference.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::app::App;
use crate::app::pay::PayError;
use crate::app::pay::facts::fact_hash;
use crate::domain::Money;
use crate::storage::StoreError;
use crate::storage::pay::{Credited, NewFact, ReadFact, put_fact, put_new_facts};

/// Who says so.
pub const TRACKER: &str = "tracker";
/// Kinds the tracker speaks of.
const KINDS: [&str; 7] = [
    "share",
    "click",
    "interaction",
    "lead",
    "order",
    "refund",
    "indirect",
];
/// Those that are many: looked at again for a month back only.
const POSTS: [&str; 3] = ["share", "click", "interaction"];
/// Lead classes of the sharing programme; any other word of the shop is a contact left.
const LEAD_CLASSES: [&str; 4] = ["contact", "white_paper", "registration", "enquiry"];

/// A fact as the tracker tells it now.
struct Told {
    at: i64,
    subject: Option<String>,
    /// JSON.
    fields: String,
    /// Of an order after the days that are looked at: only what is known of it is kept right.
    is_later: bool,
}

impl Told {
    fn new(at: i64, subject: Option<String>, fields: &Value) -> Self {
        Self {
            at,
            subject,
            fields: fields.to_string(),
            is_later: false,
        }
    }
}

/// Brings pay's facts of these kinds up to date with the tracker for a period, and for what may still be clawed back
/// before it; gives how many were recorded. Kinds the tracker does not speak of are passed over.
pub async fn flow(app: &App, from: Date, to: Date, kinds: &BTreeSet<String>) -> Result<u64, PayError> {
    let wanted: Vec<&'static str> = KINDS.into_iter().filter(|k| kinds.contains(*k)).collect();
    if wanted.is_empty() {
        return Ok(0);
    }
    let zone = &app.programme.zone;
    let ms = |day: Date| {
        day.to_zoned(zone.clone())
            .map(|z| z.timestamp().as_millisecond())
            .map_err(|_| PayError::field("/period", "days of this era"))
    };
    // What may still be clawed back (GC-13), and the month itself.
    let far = (app.programme.clawback_months + 1).months();
    let far = from.checked_sub(far).unwrap_or(from);
    let near = from.checked_sub(1.month()).unwrap_or(from);
    let mut told = Telling::new();
    let (far_ms, near_ms, end_ms) = (ms(far)?, ms(near)?, ms(to)?);
    if wanted.iter().any(|kind| POSTS.contains(kind)) {
        posts(app, near_ms, end_ms, &mut told).await?;
    }
    if wanted.iter().any(|kind| !POSTS.contains(kind)) {
        money(app, far_ms, end_ms, &mut told).await?;
    }
    let mut recorded = 0;
    for kind in wanted {
        let of_kind = told.remove(kind).unwrap_or_default();
        let since = if POSTS.contains(&kind) { near } else { far };
        recorded += flow_kind(app, kind, (since, to), of_kind).await?;
    }
    Ok(recorded)
}

/// Brings one kind up to date.
async fn flow_kind(
    app: &App,
    kind: &'static str,
    (since, to): (Date, Date),
    told: BTreeMap<String, Told>,
) -> Result<u64, PayError> {
    let mut known: HashMap<String, ReadFact> = HashMap::new();
    // A refund may come at any time after its order.
    let until = Some(to).filter(|_| kind != "refund");
    let mut take = |row: ReadFact| {
        if row.source == TRACKER {
            known.insert(row.source_key.clone(), row);
        }
        Ok(())
    };
    app.store
        .each_fact(kind, (Some(since), until), i64::MAX, &mut take)
        .await?;
    let mut changes = Vec::new();
    for (key, fact) in told {
        let occurred = instant(fact.at)?;
        let before = known.remove(&key);
        if before.is_none() && fact.is_later {
            // A later period's calculation tells it. Known ones are kept: their orders came in with one, and a refund that
            // is taken back here would pay for them again.
            continue;
        }
        let same = before
            .as_ref()
            .is_some_and(|b| b.fields == fact.fields && b.subject == fact.subject && b.occurred == occurred);
        if !same {
            changes.push(Change {
                is_new: before.is_none(),
                void: false,
                key,
                occurred,
                fact,
            });
        }
    }
    // What was told of these days and is no longer so.
    let mut gone: Vec<ReadFact> = known.into_values().collect();
    gone.sort_by(|a, b| a.source_key.cmp(&b.source_key));
    for row in gone {
        let at = row.occurred.parse::<jiff::Timestamp>();
        changes.push(Change {
            is_new: false,
            void: true,
            key: row.source_key,
            occurred: row.occurred,
            fact: Told {
                at: at.map_or(0, |t| t.as_millisecond()),
                subject: row.subject,
                fields: row.fields,
                is_later: false,
            },
        });
    }
    if changes.is_empty() {
        return Ok(0);
    }
    let now_ms = app.clock.now_ms();
    let facts: Vec<(bool, NewFact<'_>)> = changes
        .iter()
        .map(|change| (change.is_new, change.as_fact(app, kind, now_ms)))
        .collect();
    let mut tx = app.store.begin().await?;
    let (new, revised): (Vec<_>, Vec<_>) = facts.into_iter().partition(|(is_new, _)| *is_new);
    let new: Vec<NewFact<'_>> = new.into_iter().map(|(_, fact)| fact).collect();
    put_new_facts(&mut tx, &new).await?;
    for (_, fact) in &revised {
        put_fact(&mut tx, fact).await?;
    }
    tx.commit().await?;
    Ok(changes.len() as u64)
}

/// Something to be recorded.
struct Change {
    is_new: bool,
    void: bool,
    key: String,
    occurred: String,
    fact: Told,
}

impl Change {
    fn as_fact<'a>(&'a self, app: &App, kind: &'a str, now_ms: i64) -> NewFact<'a> {
        let instant = jiff::Timestamp::from_millisecond(self.fact.at).unwrap_or_default();
        let subject = self.fact.subject.as_deref();
        NewFact {
            kind,
            source: TRACKER,
            source_key: &self.key,
            subject,
            occurred: &self.occurred,
            occurred_on: app.day_of(instant),
            fields: &self.fact.fields,
            content_hash: fact_hash(subject, &self.occurred, &self.fact.fields, self.void),
            void: self.void,
            sent_by: "system",
            recorded_at: now_ms,
        }
    }
}

fn instant(ms: i64) -> Result<String, StoreError> {
    jiff::Timestamp::from_millisecond(ms)
        .map(|at| at.to_string())
        .map_err(|_| StoreError::Corrupt {
            table: "facts",
            column: "occurred",
            value: ms.to_string(),
        })
}

/// What the tracker tells, by kind and key.
type Telling = BTreeMap<&'static str, BTreeMap<String, Told>>;

async fn posts(app: &App, from: i64, to: i64, told: &mut Telling) -> Result<(), PayError> {
    for c in app.store.pay_clicks(from, to).await? {
        // Thousandths of a second, exactly.
        let ms = c.dwell_ms.unwrap_or(0).max(0);
        let seconds = format!("{}.{:03}", ms / 1000, ms % 1000);
        let fields = json!({ "dwell_s": seconds, "share": c.link, "visitor": c.id.to_string() });
        let fact = Told::new(c.at, Some(c.employee), &fields);
        told.entry("click").or_default().insert(c.id.to_string(), fact);
    }
    for s in app.store.pay_shares(from, to).await? {
        let fields =
            json!({ "channel": s.place, "compliant": s.approved, "content": s.what, "tracked": true });
        let fact = Told::new(s.at, Some(s.employee), &fields);
        told.entry("share").or_default().insert(s.id.to_string(), fact);
    }
    for i in app.store.pay_interactions(from, to).await? {
        let fields = json!({ "approved": i.approved, "friend": i.what, "post": i.place });
        let fact = Told::new(i.at, Some(i.employee), &fields);
        told.entry("interaction")
            .or_default()
            .insert(i.id.to_string(), fact);
    }
    Ok(())
}

async fn money(app: &App, from: i64, to: i64, told: &mut Telling) -> Result<(), PayError> {
    for c in app.store.pay_conversions(from, to).await? {
        // What waits for a person, or was found wanting, is no fact of pay.
        if !counts(&c.status) {
            continue;
        }
        if let Some(root) = &c.indirect {
            let fields = json!({ "count": 1, "depth": 1 });
            let fact = Told::new(c.at, Some(root.clone()), &fields);
            told.entry("indirect")
                .or_default()
                .insert(c.external_id.clone(), fact);
        } else if c.kind == "lead" {
            told.entry("lead")
                .or_default()
                .insert(c.external_id.clone(), lead(&c));
        } else {
            told.entry("order")
                .or_default()
                .insert(c.external_id.clone(), order(&c));
        }
    }
    for r in app.store.pay_refunds(from).await? {
        // Of what is credited to nobody there is nothing to take back.
        if r.credited && counts(&r.status) {
            let fields = json!({ "amount": Money::from_minor(r.amount).to_string(), "of": r.of });
            let fact = Told {
                is_later: r.ordered_at >= to,
                ..Told::new(r.at, None, &fields)
            };
            told.entry("refund").or_default().insert(r.external_id, fact);
        }
    }
    Ok(())
}

/// Whether a conversion of this status is a fact of pay.
fn counts(status: &str) -> bool {
    matches!(status, "pending" | "approved" | "paid" | "refunded")
}

fn customer(c: &Credited) -> String {
    c.customer.map_or_else(
        || format!("order:{}", c.external_id),
        |id| format!("customer:{id}"),
    )
}

fn lead(c: &Credited) -> Told {
    let class = c.product_class.as_deref().unwrap_or_default().to_lowercase();
    let class = LEAD_CLASSES
        .iter()
        .find(|known| **known == class)
        .unwrap_or(&"contact");
    let verified = matches!(c.status.as_str(), "approved" | "paid");
    let fields = json!({ "class": class, "contact": customer(c), "verified": verified });
    Told::new(c.at, c.employee.clone(), &fields)
}

fn order(c: &Credited) -> Told {
    let mut fields = json!({ "amount": Money::from_minor(c.amount).to_string(), "customer": customer(c) });
    let owner = match c.via.as_deref() {
        Some("coupon") => "coupon",
        Some("claim") => "manual",
        _ => "link",
    };
    fields[owner] = json!(c.employee);
    if owner == "manual" {
        fields["manual_verified"] = json!(true);
    }
    // The shop's word for what was sold: a rate of its own may hang on it (C2), and `high` names the high-margin class.
    if let Some(class) = c.product_class.as_deref().filter(|class| !class.is_empty()) {
        fields["product"] = json!(class);
        if class == "high" {
            fields["margin"] = json!("high");
        }
    }
    Told::new(c.at, c.employee.clone(), &fields)
}
