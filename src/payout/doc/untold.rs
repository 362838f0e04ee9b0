//! Lines nobody could explain: no step they come from says what it does.

use std::collections::BTreeSet;

use crate::payout::block::Block;
use crate::payout::block::emit::What;
use crate::payout::diag::Diagnostic;
use crate::payout::schema::Label;

use super::Document;

impl Document {
    /// Lines on whose way back no step has `zh` and `en`: whoever is paid would read an amount and nothing else. A warning
    /// and no fault: such a document computes what it says.
    pub fn untold(&self) -> Vec<Diagnostic> {
        let lines = self
            .steps
            .iter()
            .filter(|s| matches!(&s.block, Block::Emit(e) if e.what == What::Line));
        lines
            .filter(|s| !self.is_told(s.block.source()))
            .map(|s| {
                let what = format!("nothing explains the line `{}`", s.id);
                let expected = "`zh` and `en` on at least one of the steps it comes from";
                self.diagnose(&s.span, what, expected.to_owned(), None)
            })
            .collect()
    }

    /// Whether a relation, or one its rows come from, is a step with words.
    fn is_told(&self, relation: usize) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![relation];
        while let Some(step) = open.pop().and_then(|relation| self.step_of(relation)) {
            if step.label != Label::default() {
                return true;
            }
            let sources: Vec<usize> = match &step.block {
                Block::Select(select) => select.from.clone(),
                block => vec![block.source()],
            };
            let steps = sources.into_iter().chain(step.block.singles());
            open.extend(steps.filter(|r| self.step_of(*r).is_some() && seen.insert(*r)));
        }
        false
    }
}
