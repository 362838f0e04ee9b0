//! The states of a claim and the steps between them.

use crate::attribution::words::words;

words! {
    /// Where a claim stands.
    ClaimState {
        /// Waits for a verifier or a CRM record.
        Submitted = "submitted",
        /// Waits for the claimant's answer.
        NeedsInformation = "needs_information",
        /// True: a conversion was made of it.
        Verified = "verified",
        /// Found wanting; the claimant may appeal.
        Rejected = "rejected",
        /// Waits for another person than the one who rejected it.
        Appealed = "appealed",
        /// The rejection stands, for good.
        Upheld = "upheld",
        /// The rejection did not stand: as good as verified.
        Overturned = "overturned",
    }
}

words! {
    /// What happened to a claim: a line of its timeline.
    ClaimStep {
        /// The claimant filed it.
        Filed = "filed",
        /// The claimant answered what was asked.
        Supplied = "supplied",
        /// The claimant added a file.
        Attached = "attached",
        /// A verifier asked for more.
        NeedsInformation = "needs_information",
        /// A verifier, or a CRM record, found it true.
        Verified = "verified",
        /// A verifier found it wanting.
        Rejected = "rejected",
        /// The claimant disagrees.
        Appealed = "appealed",
        /// Another person agreed with the rejection.
        Upheld = "upheld",
        /// Another person disagreed with the rejection.
        Overturned = "overturned",
        /// Somebody else says the deal is theirs.
        Contested = "contested",
        /// A CRM record speaks of this deal and needs a person's eyes.
        CrmSeen = "crm_seen",
    }
}

/// The step is not open in this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a claim that is {state} cannot be {step}")]
pub struct StepRefused {
    /// Where it stands.
    pub state: ClaimState,
    /// What was wanted.
    pub step: ClaimStep,
}

impl ClaimState {
    /// Whether nothing has been decided yet.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Submitted | Self::NeedsInformation | Self::Appealed)
    }

    /// Whether the deal is credited.
    pub const fn is_true(self) -> bool {
        matches!(self, Self::Verified | Self::Overturned)
    }

    /// The state a step leads to.
    pub fn after(self, step: ClaimStep) -> Result<Self, StepRefused> {
        use ClaimState as S;
        use ClaimStep as T;
        let next = match (self, step) {
            (S::Submitted, T::NeedsInformation) => S::NeedsInformation,
            (S::NeedsInformation, T::Supplied) => S::Submitted,
            (S::Submitted | S::NeedsInformation, T::Verified) => S::Verified,
            (S::Submitted | S::NeedsInformation, T::Rejected) => S::Rejected,
            (S::Rejected, T::Appealed) => S::Appealed,
            (S::Appealed, T::Upheld) => S::Upheld,
            (S::Appealed, T::Overturned) => S::Overturned,
            // What is said beside the road changes nothing; only what is open can still be spoken about.
            (open, T::Attached | T::Contested | T::CrmSeen) if open.is_open() => open,
            (state, step) => return Err(StepRefused { state, step }),
        };
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_road_ends_verified_upheld_or_overturned() {
        let ends: Vec<_> = ClaimState::ALL
            .iter()
            .filter(|state| ClaimStep::ALL.iter().all(|step| state.after(*step).is_err()))
            .map(|state| state.as_str())
            .collect();
        assert_eq!(ends, ["verified", "upheld", "overturned"]);
    }

    #[test]
    fn an_appeal_is_decided_only_after_it_was_made() {
        for step in [ClaimStep::Upheld, ClaimStep::Overturned] {
            for state in ClaimState::ALL {
                assert_eq!(
                    state.after(step).is_ok(),
                    *state == ClaimState::Appealed,
                    "{state} {step}"
                );
            }
        }
        assert!(ClaimState::Submitted.after(ClaimStep::Appealed).is_err());
        assert_eq!(
            ClaimState::Rejected.after(ClaimStep::Appealed),
            Ok(ClaimState::Appealed)
        );
    }

    #[test]
    fn words_lead_back() {
        for state in ClaimState::ALL {
            assert_eq!(state.as_str().parse(), Ok(*state));
        }
        for step in ClaimStep::ALL {
            assert_eq!(step.as_str().parse(), Ok(*step));
        }
        assert!("paid".parse::<ClaimState>().is_err());
    }
}
