//! Facts at the door: checked against what the schemes declare, recorded once, corrected by revisions.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde_json::{Map, Value};

use crate::app::again::again;
use crate::app::pay::PayError;
use crate::app::pay::catalog::{KindInfo, Known, Unreadable, known};
use crate::app::pay::flow::TRACKER;
use crate::app::pay::material::FOR_SCHEME;
use crate::app::pay::next::PAYOUT;
use crate::app::{Actor, App};
use crate::domain::{ContentHash, Money};
use crate::payout::Num;
use crate::storage::StoreError;
use crate::storage::pay::{NewFact, PutFact, put_fact};

/// Most facts of one call.
pub const MAX_FACTS: usize = 10_000;
/// Up to so many words are looked up one by one; for more, everybody's code is read at once.
const ONE_BY_ONE: usize = 100;
/// A day as text, `2026-11-21`, in characters.
const DAY_CHARS: usize = 10;
/// Longest key, kind, source or text value, characters.
const MAX_TEXT: usize = 200;

/// A fact as it was sent.
#[derive(Clone, Debug, Default)]
pub struct FactInput {
    /// What kind of thing happened; a kind some scheme declares.
    pub kind: String,
    /// Who says so.
    pub source: String,
    /// Their id for it.
    pub source_key: String,
    /// Whose, an employee code.
    pub subject: Option<String>,
    /// A day, or an instant with its offset.
    pub occurred: String,
    /// Figures.
    pub measures: Map<String, Value>,
    /// Words.
    pub dimensions: Map<String, Value>,
    /// It did not happen after all.
    pub void: bool,
}

/// What became of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactAnswer {
    /// Recorded, as this revision.
    Recorded(i64),
    /// Its latest revision says the same.
    Known(i64),
    /// Not taken: where, and what was expected.
    Wrong {
        /// JSON pointer into this fact.
        pointer: String,
        /// What was expected.
        detail: String,
    },
}

/// Takes facts, each for itself; those that are wrong are told and the others recorded. Told the same by two at once, one
/// of them hears that it is known.
pub async fn put_facts(app: &App, actor: &Actor, inputs: &[FactInput]) -> Result<Vec<FactAnswer>, PayError> {
    again!(put_once(app, actor, inputs))
}

async fn put_once(app: &App, actor: &Actor, inputs: &[FactInput]) -> Result<Vec<FactAnswer>, PayError> {
    if inputs.len() > MAX_FACTS {
        return Err(PayError::field("", format!("at most {MAX_FACTS} facts at once")));
    }
    let known = known(app).await?;
    let codes = codes(app, inputs).await?;
    let who = actor.word();
    let now_ms = app.clock.now_ms();
    let mut answers = Vec::with_capacity(inputs.len());
    let mut tx = app.store.begin().await?;
    for input in inputs {
        let checked = match check(app, input, &known, &codes) {
            Ok(checked) => checked,
            Err(Unfit { pointer, detail, .. }) => {
                answers.push(FactAnswer::Wrong { pointer, detail });
                continue;
            }
        };
        answers.push(
            match put_fact(&mut tx, &checked.row(input, &who, now_ms)).await? {
                PutFact::Recorded(revision) => FactAnswer::Recorded(revision),
                PutFact::Known(revision) => FactAnswer::Known(revision),
            },
        );
    }
    tx.commit().await?;
    Ok(answers)
}

/// Whether it is Bole itself that says so: what the tracker knows, and what a closed payout hands on.
pub fn is_own_source(source: &str) -> bool {
    [TRACKER, PAYOUT].contains(&source)
}

/// Codes as they are written in the store, by their lower case.
pub(super) async fn codes(app: &App, inputs: &[FactInput]) -> Result<BTreeMap<String, String>, StoreError> {
    let mut codes = BTreeMap::new();
    let today = app.today();
    let texts = |input: &FactInput| -> Vec<String> {
        let told = input.measures.values().chain(input.dimensions.values());
        let told = told.filter_map(Value::as_str).map(str::to_owned);
        told.chain(input.subject.clone()).collect()
    };
    let told: BTreeMap<String, String> = inputs
        .iter()
        .flat_map(texts)
        .filter(|text| text.len() <= MAX_TEXT)
        .map(|text| (text.to_lowercase(), text))
        .collect();
    if told.len() > ONE_BY_ONE {
        let all = app.store.employee_names().await?.into_keys();
        return Ok(all.map(|code| (code.to_lowercase(), code)).collect());
    }
    for (key, text) in told {
        let found = app.store.employee(&text, today).await?;
        codes.insert(key, found.map_or(String::new(), |p| p.code));
    }
    Ok(codes)
}

/// A fact as it will be recorded.
pub(super) struct Checked {
    pub subject: Option<String>,
    pub day: Date,
    pub fields: String,
    pub hash: [u8; 32],
}

impl Checked {
    /// The row of it.
    pub fn row<'a>(&'a self, input: &'a FactInput, who: &'a str, now_ms: i64) -> NewFact<'a> {
        NewFact {
            kind: &input.kind,
            source: &input.source,
            source_key: &input.source_key,
            subject: self.subject.as_deref(),
            occurred: &input.occurred,
            occurred_on: self.day,
            fields: &self.fields,
            content_hash: self.hash,
            void: input.void,
            sent_by: who,
            recorded_at: now_ms,
        }
    }
}

/// Why a fact is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unfit {
    /// JSON pointer into it.
    pub pointer: String,
    /// What was found and expected, for programs.
    pub detail: String,
    /// No scheme could read it: `needed` or `range`, and the range it is out of.
    pub unreadable: Option<(&'static str, String)>,
}

impl Unfit {
    fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            detail: detail.into(),
            unreadable: None,
        }
    }

    fn unreadable(input: &FactInput, why: Unreadable) -> Self {
        let kind = &input.kind;
        match why {
            Unreadable::Missing { name, ty } => {
                let group = match ty.as_str() {
                    "text" | "bool" | "date" | "employee" => "dimensions",
                    _ => "measures",
                };
                let pointer = if ty == "employee" && input.subject.is_none() {
                    "/subject".to_owned()
                } else {
                    format!("/{group}/{name}")
                };
                Self {
                    pointer,
                    detail: format!("{kind}.{name} is missing; expected {ty}"),
                    unreadable: Some(("needed", String::new())),
                }
            }
            Unreadable::Range { name, found, range } => {
                let group = if input.measures.contains_key(&name) {
                    "measures"
                } else {
                    "dimensions"
                };
                Self {
                    pointer: format!("/{group}/{name}"),
                    detail: format!("{kind}.{name}: found {found}; expected {range}"),
                    unreadable: Some(("range", range)),
                }
            }
        }
    }
}

pub(super) fn check(
    app: &App,
    input: &FactInput,
    known: &Known,
    codes: &BTreeMap<String, String>,
) -> Result<Checked, Unfit> {
    let at = |pointer: &str, detail: &str| Unfit::at(pointer, detail);
    let Some(KindInfo { fields: declared, .. }) = known.kinds().get(&input.kind) else {
        let kinds: Vec<&str> = known.kinds().keys().map(String::as_str).collect();
        return Err(Unfit::at("/kind", format!("one of {}", kinds.join(", "))));
    };
    for (pointer, text) in [("/source", &input.source), ("/source_key", &input.source_key)] {
        let length = text.chars().count();
        if !(1..=MAX_TEXT).contains(&length) || text.trim() != text || text.chars().any(char::is_control) {
            return Err(Unfit::at(
                pointer,
                format!("1 to {MAX_TEXT} printable characters"),
            ));
        }
    }
    if is_own_source(&input.source) {
        // Theirs are compared with what they know, and voided where they do not know it.
        let detail = format!("a word of one's own: {TRACKER} and {PAYOUT} are Bole itself");
        return Err(Unfit::at("/source", detail));
    }
    let person = |text: &str| {
        codes
            .get(&text.to_lowercase())
            .filter(|code| !code.is_empty())
            .cloned()
    };
    let subject = match input.subject.as_deref() {
        None => None,
        Some(code) => Some(person(code).ok_or_else(|| at("/subject", "an employee's code"))?),
    };
    let Some(day) = day_of(app, &input.occurred) else {
        return Err(at(
            "/occurred_on",
            "a day like \"2026-11-21\" or an instant with its offset",
        ));
    };
    if !(1900..=2199).contains(&day.year()) {
        return Err(at("/occurred_on", "a day from 1900 to 2199"));
    }
    let mut fields = BTreeMap::new();
    for (group, told) in [("measures", &input.measures), ("dimensions", &input.dimensions)] {
        for (name, value) in told {
            let pointer = format!("/{group}/{name}");
            let Some(field) = declared.iter().find(|field| field.name == *name) else {
                if name == FOR_SCHEME && value.as_str().is_some_and(|id| known.has(id)) {
                    fields.insert(name.clone(), value.clone());
                    continue;
                }
                let names: Vec<&str> = declared.iter().map(|field| field.name.as_str()).collect();
                return Err(Unfit::at(pointer, format!("one of {}", names.join(", "))));
            };
            let value = of_kind(&field.ty, value, &person).map_err(|detail| Unfit::at(pointer, detail))?;
            fields.insert(name.clone(), value);
        }
    }
    // What did not happen after all need not be told whole.
    if !input.void {
        let only = fields.get(FOR_SCHEME).and_then(Value::as_str);
        let is_told =
            |name: &str, is_person: bool| fields.contains_key(name) || is_person && subject.is_some();
        let number = |name: &str| match fields.get(name)? {
            Value::String(text) => Num::parse(text).ok(),
            Value::Number(number) => number.as_i64().map(Num::int),
            _ => None,
        };
        if let Some(why) = known.unreadable(&input.kind, only, &is_told, &number) {
            return Err(Unfit::unreadable(input, why));
        }
    }
    let fields = serde_json::to_string(&fields).unwrap_or_default();
    let hash = fact_hash(subject.as_deref(), &input.occurred, &fields, input.void);
    Ok(Checked {
        subject,
        day,
        fields,
        hash,
    })
}

/// The firm's day of a day, of an instant with its offset, or of a time in the firm's zone: the day the engine puts it on.
/// (An instant with a numeric offset parses as a day too: as its own zone's.)
fn day_of(app: &App, occurred: &str) -> Option<Date> {
    if occurred.len() == DAY_CHARS {
        return occurred.parse().ok();
    }
    match occurred.parse::<Timestamp>() {
        Ok(instant) => Some(app.day_of(instant)),
        Err(_) => occurred.parse::<DateTime>().ok().map(DateTime::date),
    }
}

/// What "the same fact again" means.
pub(super) fn fact_hash(subject: Option<&str>, occurred: &str, fields: &str, void: bool) -> [u8; 32] {
    let mut hash = ContentHash::default();
    for part in [
        subject.unwrap_or(""),
        occurred,
        fields,
        if void { "void" } else { "" },
    ] {
        hash.part(part);
    }
    hash.finish()
}

/// A value of a declared type, in its one spelling.
pub(super) fn of_kind(
    kind: &str,
    value: &Value,
    person: &impl Fn(&str) -> Option<String>,
) -> Result<Value, String> {
    let text = value.as_str();
    match kind {
        "bool" => value.as_bool().map(Value::Bool).ok_or("true or false".to_owned()),
        "employee" => text
            .and_then(person)
            .map(Value::String)
            .ok_or("an employee's code".to_owned()),
        "text" => text
            .filter(|t| t.chars().count() <= MAX_TEXT && !t.chars().any(char::is_control))
            .map(|t| Value::String(t.to_owned()))
            .ok_or(format!("a text of at most {MAX_TEXT} characters")),
        "date" => text
            .filter(|t| t.parse::<Date>().is_ok())
            .map(|t| Value::String(t.to_owned()))
            .ok_or("a day like \"2026-11-21\"".to_owned()),
        "money" => {
            let amount = text.map(|t| t.strip_prefix('-').unwrap_or(t)).map(Money::parse);
            match (amount, text) {
                (Some(Ok(_)), Some(t)) => Ok(Value::String(t.to_owned())),
                _ => Err("an amount as a string, like \"199.00\"".to_owned()),
            }
        }
        "count" | "points" | "days" | "months" if value.is_i64() || value.is_u64() => Ok(value.clone()),
        // Ratios, scores and whole numbers as text: exact, never a JSON float.
        kind => text
            .filter(|t| Num::parse(t).is_ok())
            .map(|t| Value::String(t.to_owned()))
            .ok_or(format!("a {kind} as a string, like \"0.5\"")),
    }
}
