//! Which fact, or which people, a calculation was refused for: in words of whoever sent them.
//!
//! # Why
//! The engine reads a text and says `facts[17]`: a place in something nobody has seen. Who has ten thousand facts needs
//! its kind, its source and its key there.

use std::fmt;

use jiff::civil::Date;
use serde::de::IgnoredAny;
use serde_json::{Deserializer, Value};

use crate::app::App;
use crate::app::pay::PayError;
use crate::app::pay::catalog::label;
use crate::app::pay::material::{OPENING, Unready};
use crate::payout::{Document, Label, Refused};

/// Most people one refusal names.
const NAMED_MOST: usize = 50;

/// Why the input of a calculation was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputFault {
    /// A fact the scheme cannot read.
    Fact(Box<FactFault>),
    /// Facts name people the scheme knows nothing of.
    People(PeopleFault),
}

/// A fact the scheme cannot read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FactFault {
    /// Its kind.
    pub kind: String,
    /// The kind's name.
    pub name: Label,
    /// Who sent it, where that is known.
    pub sources: Vec<String>,
    /// Their id for it.
    pub key: String,
    /// The day or instant it says.
    pub occurred: String,
    /// The field: its id and its name; empty where it is about the whole fact.
    pub field: (String, Label),
    /// What was found.
    pub what: String,
    /// What was expected.
    pub expected: String,
}

/// People who lack every attribute a scheme must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeopleFault {
    /// Scheme id.
    pub scheme: String,
    /// The day the attributes are read on.
    pub day: Date,
    /// The attributes.
    pub lack: Vec<String>,
    /// Code and name, the first fifty.
    pub people: Vec<(String, String)>,
    /// How many more there are.
    pub more: usize,
}

impl FactFault {
    /// `missing`, `range`, `roster` or `other`: which words say it.
    pub fn cause(&self) -> &'static str {
        if self.what.ends_with(" is missing") {
            "missing"
        } else if self.what.ends_with("is not in the roster") {
            "roster"
        } else if self.what.contains(" the range of ") {
            "range"
        } else {
            "other"
        }
    }

    /// The value between quotes, where one was found.
    pub fn found(&self) -> &str {
        self.what.split('"').nth(1).unwrap_or_default()
    }

    /// `till:a6`.
    pub fn place(&self) -> String {
        match self.sources.as_slice() {
            [] => self.key.clone(),
            sources => format!("{}:{}", sources.join("/"), self.key),
        }
    }
}

impl fmt::Display for InputFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fact(fault) => {
                let (place, day) = (fault.place(), &fault.occurred);
                write!(f, "{} {place}, {day}: ", fault.kind)?;
                if !fault.field.0.is_empty() {
                    write!(f, "{}: ", fault.field.0)?;
                }
                write!(f, "{}; expected {}", fault.what, fault.expected)
            }
            Self::People(fault) => {
                let (lack, scheme, day) = (fault.lack.join(", "), &fault.scheme, fault.day);
                let mut people: Vec<String> =
                    fault.people.iter().map(|(c, n)| format!("{c} ({n})")).collect();
                if fault.more > 0 {
                    people.push(format!("+{}", fault.more));
                }
                write!(
                    f,
                    "{}: {lack} is not set for {scheme} on {day}: PUT /employees/{{code}}/attributes",
                    people.join(", ")
                )
            }
        }
    }
}

/// The fact at this place of an input's text.
fn nth_fact(input: &str, place: usize) -> Option<Value> {
    let mut rest = input.get(OPENING.len()..)?;
    for _ in 0..place {
        let mut passed = Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        passed.next()?.ok()?;
        rest = rest.get(passed.byte_offset()..)?.strip_prefix(',')?;
    }
    Deserializer::from_str(rest).into_iter().next()?.ok()
}

/// The fact a refusal is about; `None`: it is about something else.
pub(super) fn of(document: &Document, input: &str, refused: &Refused) -> Option<PayError> {
    let (place, field) = refused.path.strip_prefix("facts[")?.split_once(']')?;
    let fact = nth_fact(input, place.parse().ok()?)?;
    let text = |name: &str| fact[name].as_str().unwrap_or_default().to_owned();
    let said = refused
        .what
        .split('`')
        .nth(1)
        .filter(|_| refused.what.ends_with(" is missing"));
    let field = field.strip_prefix('.').or(said).unwrap_or_default();
    let kinds = document.facts_json();
    let find = |list: &Value, name: &str, word: &str| {
        let mut all = list.as_array().into_iter().flatten();
        all.find(|one| one[name] == *word).cloned().unwrap_or_default()
    };
    let kind = find(&kinds, "kind", &text("kind"));
    let column = find(&kind["fields"], "name", field);
    let fault = FactFault {
        name: label(&kind["name"]),
        field: (field.to_owned(), label(&column["label"])),
        kind: text("kind"),
        sources: Vec::new(),
        key: text("id"),
        occurred: text("occurred"),
        what: refused.what.clone(),
        expected: refused.expected.clone(),
    };
    Some(PayError::Input(Box::new(InputFault::Fact(Box::new(fault)))))
}

/// The same with who sent it; or, where it names somebody the scheme knows nothing of, all such people at once.
pub(super) async fn named(
    app: &App,
    document: &Document,
    to: Date,
    unready: &Unready,
    fault: InputFault,
) -> Result<PayError, PayError> {
    let told = |fault: InputFault| PayError::Input(Box::new(fault));
    let InputFault::Fact(mut fact) = fault else {
        return Ok(told(fault));
    };
    if fact.cause() == "roster" && unready.named.contains_key(fact.found()) {
        return Ok(told(InputFault::People(PeopleFault {
            scheme: document.header.id.clone(),
            day: to.yesterday().unwrap_or(to),
            lack: unready.lack.clone(),
            people: unready.named.clone().into_iter().take(NAMED_MOST).collect(),
            more: unready.named.len().saturating_sub(NAMED_MOST),
        })));
    }
    fact.sources = app.store.sources_of_fact(&fact.kind, &fact.key).await?;
    Ok(told(InputFault::Fact(fact)))
}
