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
use crate::storage::pay::{Credited, FactRow, NewFact, put_fact};

/// Who says so.
pub const TRACKER: &str = "tracker";
/// How far back orders are looked at again: clawback's 12 months (GC-13) and the month itself.
const MONTHS_BACK: i32 = 13;
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
    fields: Value,
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
    let far = from.checked_sub(MONTHS_BACK.months()).unwrap_or(from);
    let near = from.checked_sub(1.month()).unwrap_or(from);
    let mut told: BTreeMap<(&'static str, String), Told> = BTreeMap::new();
    let (far_ms, near_ms, end_ms) = (ms(far)?, ms(near)?, ms(to)?);
    if wanted.iter().any(|kind| POSTS.contains(kind)) {
        posts(app, near_ms, end_ms, &mut told).await?;
    }
    if wanted.iter().any(|kind| !POSTS.contains(kind)) {
        money(app, far_ms, end_ms, &mut told).await?;
    }
    told.retain(|(kind, _), _| wanted.contains(kind));

    let mut known: HashMap<(&'static str, String), FactRow> = HashMap::new();
    for kind in wanted {
        for row in app.store.facts_as_of(kind, i64::MAX).await? {
            if row.source == TRACKER {
                known.insert((kind, row.source_key.clone()), row);
            }
        }
    }
    let now_ms = app.clock.now_ms();
    let mut recorded = 0;
    let mut tx = app.store.begin().await?;
    for ((kind, key), fact) in &told {
        let occurred = instant(fact.at)?;
        let fields = fact.fields.to_string();
        let before = known.remove(&(*kind, key.clone()));
        let same = before
            .as_ref()
            .is_some_and(|b| b.fields == fields && b.subject == fact.subject && b.occurred == occurred);
        if !same {
            record(
                app,
                &mut tx,
                (kind, key),
                (&occurred, fact.at),
                fact.subject.as_deref(),
                &fields,
                false,
                now_ms,
            )
            .await?;
            recorded += 1;
        }
    }
    // What was told of these days and is no longer so.
    for ((kind, key), row) in known {
        let at = row
            .occurred
            .parse::<jiff::Timestamp>()
            .map_or(i64::MIN, |t| t.as_millisecond());
        let since = if POSTS.contains(&kind) { near_ms } else { far_ms };
        // A refund is looked at by its order's day, which is not later than its own.
        let until = if kind == "refund" { i64::MAX } else { end_ms };
        if (since..until).contains(&at) {
            record(
                app,
                &mut tx,
                (kind, &key),
                (&row.occurred, at),
                row.subject.as_deref(),
                &row.fields,
                true,
                now_ms,
            )
            .await?;
            recorded += 1;
        }
    }
    tx.commit().await?;
    Ok(recorded)
}

#[expect(clippy::too_many_arguments, reason = "a row as it is written")]
async fn record(
    app: &App,
    tx: &mut crate::storage::Tx,
    (kind, key): (&str, &str),
    (occurred, at): (&str, i64),
    subject: Option<&str>,
    fields: &str,
    void: bool,
    now_ms: i64,
) -> Result<(), PayError> {
    let instant = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    let fact = NewFact {
        kind,
        source: TRACKER,
        source_key: key,
        subject,
        occurred,
        occurred_on: app.day_of(instant),
        fields,
        content_hash: fact_hash(subject, occurred, fields, void),
        void,
        sent_by: "system",
        recorded_at: now_ms,
    };
    put_fact(tx, &fact).await?;
    Ok(())
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

async fn posts(
    app: &App,
    from: i64,
    to: i64,
    told: &mut BTreeMap<(&'static str, String), Told>,
) -> Result<(), PayError> {
    for c in app.store.pay_clicks(from, to).await? {
        // Thousandths of a second, exactly.
        let ms = c.dwell_ms.unwrap_or(0).max(0);
        let seconds = format!("{}.{:03}", ms / 1000, ms % 1000);
        let fields = json!({ "dwell_s": seconds, "share": c.link, "visitor": c.id.to_string() });
        let fact = Told {
            at: c.at,
            subject: Some(c.employee),
            fields,
        };
        told.insert(("click", c.id.to_string()), fact);
    }
    for s in app.store.pay_shares(from, to).await? {
        let fields =
            json!({ "channel": s.place, "compliant": s.approved, "content": s.what, "tracked": true });
        let fact = Told {
            at: s.at,
            subject: Some(s.employee),
            fields,
        };
        told.insert(("share", s.id.to_string()), fact);
    }
    for i in app.store.pay_interactions(from, to).await? {
        let fields = json!({ "approved": i.approved, "friend": i.what, "post": i.place });
        let fact = Told {
            at: i.at,
            subject: Some(i.employee),
            fields,
        };
        told.insert(("interaction", i.id.to_string()), fact);
    }
    Ok(())
}

async fn money(
    app: &App,
    from: i64,
    to: i64,
    told: &mut BTreeMap<(&'static str, String), Told>,
) -> Result<(), PayError> {
    for c in app.store.pay_conversions(from, to).await? {
        // What waits for a person, or was found wanting, is no fact of pay.
        if !matches!(c.status.as_str(), "pending" | "approved" | "paid" | "refunded") {
            continue;
        }
        if let Some(root) = &c.indirect {
            let fields = json!({ "count": 1, "depth": 1 });
            let fact = Told {
                at: c.at,
                subject: Some(root.clone()),
                fields,
            };
            told.insert(("indirect", c.external_id.clone()), fact);
        } else if c.kind == "lead" {
            told.insert(("lead", c.external_id.clone()), lead(&c));
        } else {
            told.insert(("order", c.external_id.clone()), order(&c));
        }
    }
    for r in app.store.pay_refunds(from, to).await? {
        // Of what is credited to nobody there is nothing to take back.
        if told.contains_key(&("order", r.of.clone())) {
            let fields = json!({ "amount": Money::from_minor(r.amount).to_string(), "of": r.of });
            let fact = Told {
                at: r.at,
                subject: None,
                fields,
            };
            told.insert(("refund", r.external_id), fact);
        }
    }
    Ok(())
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
    Told {
        at: c.at,
        subject: c.employee.clone(),
        fields: json!({ "class": class, "contact": customer(c), "verified": verified }),
    }
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
    if c.product_class.as_deref() == Some("high") {
        fields["margin"] = json!("high");
    }
    Told {
        at: c.at,
        subject: c.employee.clone(),
        fields,
    }
}
