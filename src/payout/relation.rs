//! Rows and relations: what steps read and make.

use hashbrown::HashMap;
use std::fmt;
use std::sync::Arc;

use super::num::Num;
use super::value::Value;

/// Rows in a total order, each with a key of its own.
#[derive(Clone, Debug, Default)]
pub struct Relation {
    pub rows: Vec<Row>,
    /// Money that a step could not give to anybody: account, amount, reason.
    pub residuals: Vec<Residue>,
    /// Things to tell that stop nothing.
    pub notes: Vec<String>,
}

/// Most rows of a relation: twenty times what a large month has, and what fits into memory.
pub const ROWS_MAX: usize = 20_000_000;

/// A row.
#[derive(Clone, Debug)]
pub struct Row {
    /// Unique in its relation.
    pub key: Arc<str>,
    pub cells: Arc<[Value]>,
    /// Set when a condition failed: who is out stays visible and is not paid.
    pub out: Option<Arc<Out>>,
    /// Rows of the relation it was made from.
    pub made_of: MadeOf,
    /// How a figure of this row came about, where cells do not say it.
    pub work: Option<Arc<Work>>,
}

/// Sources of a row.
#[derive(Clone, Debug)]
pub enum MadeOf {
    Nothing,
    One(u32),
    Many(Box<[u32]>),
    /// n-th relation of a union and the row in it.
    Of(u16, u32),
}

/// Why a row is out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Out {
    /// Codes of all failed conditions.
    pub codes: Vec<String>,
    /// What becomes of its share.
    pub policy: OutPolicy,
}

/// What becomes of an excluded row's share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutPolicy {
    /// The others share it.
    Redistribute,
    /// The company keeps it.
    Retain,
    /// It waits for a decision.
    Hold,
}

/// Money nobody got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Residue {
    pub account: String,
    pub amount: Num,
    pub why: Why,
}

/// Why nobody got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Nobody was there to share.
    Nobody,
    /// Everybody had all they may.
    Capped,
    /// A row was above a limit.
    Over(Arc<str>),
    /// A row did not qualify: its key and the codes of what failed.
    Failed(Arc<str>, Vec<String>),
    /// The condition of a row's tranche, from 1, does not hold.
    Tranche(Arc<str>, usize),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("nobody qualifies"),
            Self::Capped => f.write_str("everybody is at a cap"),
            Self::Over(key) => f.write_str(key),
            Self::Failed(key, codes) => write!(f, "{key}: {}", codes.join(", ")),
            Self::Tranche(key, n) => write!(f, "{key}: tranche {n}"),
        }
    }
}

/// The working of one figure, enough to redo it.
#[derive(Clone, Debug)]
pub enum Work {
    Scale {
        value: Num,
        prior: Num,
        result: Num,
        rate: Option<Num>,
        band: Option<usize>,
    },
    Round {
        exact: Num,
        unit: Num,
        mode: super::num::Mode,
        result: Num,
        parts: usize,
    },
    Share(Box<Share>),
    Limit {
        before: Num,
        after: Num,
        low: Option<Num>,
        high: Option<Num>,
    },
    Rank {
        rank: usize,
        of: usize,
        places: usize,
    },
    Tranche {
        total: Num,
        share: Num,
        result: Num,
    },
}

/// A share of a pool.
#[derive(Clone, Debug)]
pub struct Share {
    pub total: Num,
    pub weight: Num,
    pub weights: Num,
    pub unit: Num,
    pub exact: Num,
    pub floor: Num,
    /// Place in the queue for left-over units, from 1; 0 when a floor or cap fixed the amount.
    pub queue: usize,
    pub extra: bool,
    pub result: Num,
    pub people: usize,
}

impl Row {
    pub fn new(key: impl Into<Arc<str>>, cells: Vec<Value>) -> Self {
        Self {
            key: key.into(),
            cells: cells.into(),
            out: None,
            made_of: MadeOf::Nothing,
            work: None,
        }
    }

    /// A row of cells that are there already.
    pub fn made(key: Arc<str>, cells: Arc<[Value]>) -> Self {
        Self {
            key,
            cells,
            out: None,
            made_of: MadeOf::Nothing,
            work: None,
        }
    }

    /// The same row with more cells, made of the `at`-th row of its source.
    pub fn extended(&self, at: usize, more: impl IntoIterator<Item = Value>) -> Self {
        Self {
            key: self.key.clone(),
            cells: self.cells.iter().cloned().chain(more).collect(),
            out: self.out.clone(),
            made_of: one(at),
            work: None,
        }
    }

    pub fn is_in(&self) -> bool {
        self.out.is_none()
    }
}

/// Made of one row.
pub fn one(at: usize) -> MadeOf {
    MadeOf::One(u32::try_from(at).unwrap_or(u32::MAX))
}

/// The key of several values.
pub fn key_of(parts: &[Value]) -> Arc<str> {
    match parts {
        [Value::Text(t)] => t.clone(),
        [one] => one.to_string().into(),
        // Escaped, so that ("a|b", "c") and ("a", "b|c") stay two keys.
        _ => {
            let escaped = |v: &Value| v.to_string().replace('\\', "\\\\").replace('|', "\\|");
            parts.iter().map(escaped).collect::<Vec<_>>().join("|").into()
        }
    }
}

/// The key of a row of `parts` key parts and a number after them, as [`key_of`] gives it for all of them.
pub fn numbered(key: &Arc<str>, parts: usize, number: &Value) -> Arc<str> {
    match parts {
        0 => key_of(std::slice::from_ref(number)),
        1 => key_of(&[Value::Text(key.clone()), number.clone()]),
        // Escaped and joined already.
        _ => format!("{key}|{number}").into(),
    }
}

impl Relation {
    pub fn of(rows: Vec<Row>) -> Self {
        Self {
            rows,
            ..Self::default()
        }
    }

    /// Row number by key.
    pub fn index(&self) -> HashMap<Arc<str>, usize> {
        self.rows
            .iter()
            .enumerate()
            .map(|(i, r)| (r.key.clone(), i))
            .collect()
    }
}
