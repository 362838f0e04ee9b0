//! What the history knows of its runs, and how it says things to the store.

use std::collections::BTreeMap;

use bole::app::Actor;
use bole::app::pay::{FactInput, PayError};
use bole::domain::Role;
use bole::storage::pay::{Run, RunState};
use serde_json::json;

use super::model::{Fact, Key, Lines, Month, Terms};

pub const SCHEME: &str = "01-team-process";
pub const DOCUMENT: &str = include_str!("document.toml");
pub const CODES: [&str; 5] = ["Z3", "L4", "W5", "OY", "AL"];
pub const STARTS: [&str; 7] = [
    "2026-06-01",
    "2026-07-01",
    "2026-08-01",
    "2026-09-01",
    "2026-10-01",
    "2026-11-01",
    "2026-12-01",
];
/// How a history ended.
#[derive(Debug, PartialEq, Eq)]
pub struct End {
    /// Hash of the last ledger entry.
    pub head: String,
    /// Entries.
    pub entries: i64,
    /// Runs that were closed.
    pub closed: u64,
}

pub struct Known {
    pub id: i64,
    pub month: Month,
    pub state: RunState,
    pub terms: Terms,
    pub own: Lines,
    pub late: BTreeMap<Month, Lines>,
    pub calculated_at: i64,
    pub submitted_at: i64,
    /// The run and its lines as they were closed.
    pub book: String,
}

impl Known {
    pub fn is_booked(&self) -> bool {
        matches!(self.state, RunState::Closed | RunState::Paid)
    }

    pub fn sums(&self) -> BTreeMap<String, i64> {
        let mut sums = BTreeMap::new();
        for ((_, payee), fen) in self.own.iter().chain(self.late.values().flatten()) {
            *sums.entry(payee.clone()).or_default() += fen;
        }
        sums
    }
}

pub fn key(id: i64) -> Actor {
    Actor::Key {
        id,
        role: Role::Admin,
        employee: None,
    }
}

pub fn settled(ran: Result<Run, PayError>, seed: u64, may_be_done: bool) {
    match ran {
        Ok(_) => {}
        Err(PayError::Conflict(_)) if may_be_done => {}
        Err(error) => panic!("seed {seed}: {error}"),
    }
}

pub fn expected(known: &Known, runs: &[Known]) -> BTreeMap<(i64, Key), i64> {
    let own = known.own.iter().map(|(key, fen)| ((0, key.clone()), *fen));
    let late = known.late.iter().flat_map(|(month, lines)| {
        let origin = runs.iter().find(|r| r.month == *month).map_or(0, |r| r.id);
        lines.iter().map(move |(key, fen)| ((origin, key.clone()), *fen))
    });
    own.chain(late).collect()
}

pub fn input(id: &str, fact: &Fact, void: bool) -> FactInput {
    let (kind, month, day) = match fact {
        Fact::Receipt { month, .. } => ("receipt", *month, 15),
        Fact::Part { month, day, .. } => ("participation", *month, *day),
    };
    let mut input = FactInput {
        kind: kind.to_owned(),
        source: "history".to_owned(),
        source_key: id.to_owned(),
        occurred: format!("{}{day:02}", &STARTS[month][..8]),
        void,
        ..FactInput::default()
    };
    match fact {
        Fact::Receipt { yuan, .. } => {
            input
                .measures
                .insert("amount".to_owned(), json!(format!("{yuan}.00")));
        }
        Fact::Part { person, weight, .. } => {
            input.subject = Some(CODES[*person].to_owned());
            input
                .measures
                .insert("weight".to_owned(), json!(weight.to_string()));
        }
    }
    input
}
