//! Facts about another fact that is not there: a refund of an order nobody knows takes nothing off, and says nothing.

use hashbrown::HashSet;

use super::doc::Document;
use super::input::Input;
use super::outcome::Warning;
use super::relation::Relation;
use super::run::Evaluation;
use super::schema::Label;
use super::value::{Type, Value};

/// Name of the field that holds another fact's id.
const OF: &str = "of";
/// Column of the instant a fact occurred at.
const OCCURRED: usize = 1;

/// A fact about another one that a run did not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched {
    /// Its kind.
    pub kind: String,
    /// What the document calls the kind.
    pub label: Label,
    /// Its id.
    pub key: String,
    /// The id it names.
    pub of: String,
    /// Whether facts that were read have that id behind the name of their source: which of them it means, nobody knows.
    pub is_ambiguous: bool,
}

impl Unmatched {
    /// What is said of it.
    pub fn warning(&self) -> Warning {
        let Label { zh, en } = &self.label;
        let (zh, en) = if self.is_ambiguous {
            (
                format!("{zh}：几个来源用同一个单号，不知道是哪一单的，没有减任何金额"),
                format!(
                    "{en}: several sources use that id, so whose it is is not known, and nothing is taken off"
                ),
            )
        } else {
            (
                format!("{zh}：这些事实里没有它的原单，没有减任何金额"),
                format!("{en}: what it is of is not among the facts, nothing is taken off"),
            )
        };
        Warning {
            component: format!("{}_of_nothing", self.kind),
            title: Label { zh, en },
            payee: None,
            about: Some(self.key.clone()),
            value: Some(self.of.clone()),
            value_type: None,
            needs_reason: false,
        }
    }
}

impl Document {
    /// A warning for each fact whose `of` is no fact's id in this input. A database knows more facts than a run reads:
    /// there it is for who has them all to tell.
    pub fn unmatched(&self, input: &Input) -> Vec<Warning> {
        let found = self.unmatched_in(&input.relations, |_| true);
        found.iter().map(Unmatched::warning).collect()
    }

    /// The facts of a run's own days whose `of` is no id of a fact it read.
    pub fn unmatched_of(&self, run: &Evaluation) -> Vec<Unmatched> {
        let days = run.input.from..run.input.to;
        let within = |occurred: &Value| matches!(occurred, Value::Date(at) if days.contains(&at.date()));
        self.unmatched_in(&run.relations, within)
    }

    fn unmatched_in(&self, relations: &[Relation], within: impl Fn(&Value) -> bool) -> Vec<Unmatched> {
        let rows = |relation: usize| relations[relation].rows.iter();
        let all = self.fact_kinds.iter().flat_map(|kind| rows(kind.relation));
        let known: HashSet<&str> = all.map(|row| &*row.key).collect();
        let behind: HashSet<&str> = known
            .iter()
            .filter_map(|key| Some(key.split_once('/')?.1))
            .collect();
        let mut found = Vec::new();
        for kind in &self.fact_kinds {
            let columns = &self.schemas[kind.relation].columns;
            let Some(of) = columns.iter().position(|c| c.name == OF && c.ty == Type::Text) else {
                continue;
            };
            for row in rows(kind.relation) {
                let Value::Text(other) = &row.cells[of] else {
                    continue;
                };
                let is_default = columns[of].default.as_ref() == Some(&row.cells[of]);
                if known.contains(&**other) || is_default || !within(&row.cells[OCCURRED]) {
                    continue;
                }
                found.push(Unmatched {
                    kind: kind.kind.clone(),
                    label: kind.label.clone(),
                    key: row.key.to_string(),
                    of: other.to_string(),
                    is_ambiguous: behind.contains(&**other),
                });
            }
        }
        found
    }
}
