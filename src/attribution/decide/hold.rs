//! What makes a credit wait for a person.

use crate::attribution::decide::{Credit, Path};
use crate::attribution::{ClickFact, Fact, Reason, Step, Touch, Via};
use crate::domain::Class;

impl Path<'_> {
    /// Whether what credited waits for a person. A doubt about a path that did not credit holds nothing.
    pub(super) fn must_hold(&self, credit: &Credit<'_>) -> bool {
        let suspect = |touch: &Touch| Some(touch.click) == credit.touch && touch.class == Class::Suspect;
        let by_token = matches!(&self.e.click, Some(ClickFact::Known(t)) if suspect(t));
        let by_binding = credit.via == Via::Customer && credit.touch.is_none();
        by_token
            || self.e.touches.iter().any(suspect)
            || by_binding && self.e.owner.as_ref().is_some_and(|o| o.held)
            || self
                .steps
                .iter()
                .any(|s| s.reason == Reason::FormFast || s.reason.is_about_claim())
    }

    /// Whether what speaks against a claim speaks against this credit.
    pub(super) fn concerns(&self, doubt: &Step, credit: &Credit<'_>) -> bool {
        match doubt.reason {
            Reason::ClaimLate => self.e.is_claims_own || credit.via == Via::Claim,
            // A person doubted that it is theirs; of somebody else they said nothing.
            Reason::ClaimDoubted => {
                doubt.found.get("employee") == Some(&Fact::Word(credit.person.code.clone()))
            }
            // Money is paid once, to whomever.
            _ => true,
        }
    }
}
