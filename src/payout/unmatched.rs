//! Facts about another fact that is not there: a refund of an order nobody knows takes nothing off, and says nothing.

use hashbrown::HashSet;

use super::doc::Document;
use super::input::Input;
use super::outcome::Warning;
use super::schema::Label;
use super::value::{Type, Value};

/// Name of the field that holds another fact's id.
const OF: &str = "of";

impl Document {
    /// A warning for each fact whose `of` is no fact's id in this input. A database knows more facts than a run reads:
    /// there it is for who has them all to tell.
    pub fn unmatched(&self, input: &Input) -> Vec<Warning> {
        let rows = |relation: usize| input.relations[relation].rows.iter();
        let all = self.fact_kinds.iter().flat_map(|kind| rows(kind.relation));
        let known: HashSet<&str> = all.map(|row| &*row.key).collect();
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
                if known.contains(&**other) || columns[of].default.as_ref() == Some(&row.cells[of]) {
                    continue;
                }
                found.push(Warning {
                    component: format!("{}_of_nothing", kind.kind),
                    title: Label {
                        zh: format!("{}：这些事实里没有它的原单，没有减任何金额", kind.label.zh),
                        en: format!(
                            "{}: what it is of is not among the facts, nothing is taken off",
                            kind.label.en
                        ),
                    },
                    payee: None,
                    about: Some(row.key.to_string()),
                    value: Some(other.to_string()),
                    needs_reason: false,
                });
            }
        }
        found
    }
}
