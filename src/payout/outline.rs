//! A document as people read it: for each thing that leaves the scheme, what it is made of, step by step.

use std::collections::BTreeSet;

use super::block::Block;
use super::block::emit::What;
use super::doc::Document;
use super::schema::Label;

/// A step with words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlineStep {
    /// Its id.
    pub id: String,
    /// The word of its block: `select`, `scale` …
    pub does: &'static str,
    /// Rule ids.
    pub rule: String,
    /// What it does.
    pub label: Label,
}

/// Something that leaves the scheme, and the way to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Its component.
    pub component: String,
    /// `line`, `proposal`, `award`, `warning` or `fact`.
    pub what: &'static str,
    /// Its name.
    pub title: Label,
    /// Rule ids.
    pub rule: String,
    /// Facts it is made of: kind and name.
    pub facts: Vec<(String, Label)>,
    /// Steps with words on the way, in the document's order, without the last.
    pub steps: Vec<OutlineStep>,
}

impl Document {
    /// Everything that leaves the scheme, in the document's order.
    pub fn outline(&self) -> Vec<Chain> {
        let emits = self.steps.iter().enumerate();
        emits
            .filter_map(|(at, step)| match &step.block {
                Block::Emit(emit) => Some((at, step, emit)),
                _ => None,
            })
            .map(|(at, step, emit)| {
                let (mut steps, mut relations) = (BTreeSet::new(), BTreeSet::new());
                self.made_of(at, &mut steps, &mut relations);
                let facts = self.fact_kinds.iter().filter(|f| relations.contains(&f.relation));
                let said = steps.iter().map(|at| &self.steps[*at]);
                Chain {
                    component: emit.component.clone(),
                    what: match emit.what {
                        What::Line => "line",
                        What::Proposal => "proposal",
                        What::Award => "award",
                        What::Warning => "warning",
                        What::Fact => "fact",
                    },
                    title: emit.title.clone(),
                    rule: step.rule.clone(),
                    facts: facts.map(|f| (f.kind.clone(), f.label.clone())).collect(),
                    steps: said
                        .filter(|s| !s.label.zh.is_empty())
                        .map(|s| OutlineStep {
                            id: s.id.clone(),
                            does: s.block.word(),
                            rule: s.rule.clone(),
                            label: s.label.clone(),
                        })
                        .collect(),
                }
            })
            .collect()
    }

    /// Steps a step reads, and the steps those read; relations that no step makes.
    fn made_of(&self, at: usize, steps: &mut BTreeSet<usize>, relations: &mut BTreeSet<usize>) {
        for relation in self.steps[at].block.reads() {
            match self.steps.iter().position(|s| s.relation == relation) {
                Some(step) if steps.insert(step) => self.made_of(step, steps, relations),
                Some(_) => {}
                None => {
                    relations.insert(relation);
                }
            }
        }
    }
}
