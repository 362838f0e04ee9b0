//! What a decision on a sign moves: told before it is taken, and done when it is.

use std::collections::BTreeSet;

use crate::app::suspect::Decision;
use crate::attribution::odd::Odd;
use crate::attribution::{Status, Verdict};
use crate::domain::ClickId;
use crate::storage::stakes::Stake;
use crate::storage::suspicions::{ClickEvidence, Suspicion};

/// A suspicion with its clicks, and what hangs on it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The suspicion.
    pub suspicion: Suspicion,
    /// Its clicks, at most 5 000.
    pub clicks: Vec<ClickEvidence>,
    /// Leads and orders it names or holds, or that its clicks credit, whatever their state.
    pub(super) stakes: Vec<Stake>,
    /// Those it is about; `None` where it is about clicks.
    pub(super) about: Option<BTreeSet<String>>,
    /// Those it holds.
    pub(super) held: BTreeSet<String>,
    /// Those other signs about the same person hold.
    pub(super) others: BTreeSet<String>,
}

/// What a decision moves.
#[derive(Clone, Debug)]
pub struct Moves {
    /// The verdict on its leads and orders.
    pub verdict: Verdict,
    /// The leads and orders it is given on.
    pub conversions: Vec<Stake>,
    /// The clicks that become another class, when it is confirmed.
    pub clicks: Vec<ClickEvidence>,
    /// What the sign has held then.
    pub held: BTreeSet<String>,
}

impl Case {
    /// What a decision would move now.
    pub fn moves(&self, decision: Decision) -> Moves {
        match decision {
            Decision::Hold => self.hold(),
            Decision::Clear => Moves {
                verdict: Verdict::Released,
                conversions: self.those(|c| {
                    c.status == Status::Held
                        && self.held.contains(&c.external_id)
                        && !self.others.contains(&c.external_id)
                }),
                clicks: Vec::new(),
                held: self.held.clone(),
            },
            Decision::Confirm(_) => self.confirm(),
        }
    }

    fn those(&self, which: impl Fn(&Stake) -> bool) -> Vec<Stake> {
        self.stakes.iter().filter(|c| which(c)).cloned().collect()
    }

    /// Whether it is what the sign is about.
    fn is_about(&self, c: &Stake) -> bool {
        match &self.about {
            Some(about) => about.contains(&c.external_id),
            None => touched(&self.clicks).contains(&c.touch),
        }
    }

    /// What the sign takes by itself: the pending leads and orders it is about, and those another sign holds already.
    pub(super) fn takes(&self) -> (Vec<String>, Vec<String>) {
        let ids = |stakes: Vec<Stake>| stakes.into_iter().map(|c| c.external_id).collect();
        let pending = self.those(|c| c.status == Status::Pending && self.is_about(c));
        (ids(pending), ids(self.held_elsewhere()))
    }

    /// What another sign about the same person holds, and this one is about, too.
    fn held_elsewhere(&self) -> Vec<Stake> {
        let clicks = touched(&self.clicks);
        self.those(|c| {
            c.status == Status::Held
                && self.others.contains(&c.external_id)
                && (self.is_about(c) || clicks.contains(&c.touch))
        })
    }

    fn hold(&self) -> Moves {
        let conversions = self.those(|c| counts(c.status) && self.is_about(c));
        let mut held = self.held.clone();
        held.extend(conversions.iter().map(|c| c.external_id.clone()));
        // What another sign holds already is held by this one too.
        held.extend(self.held_elsewhere().into_iter().map(|c| c.external_id));
        Moves {
            verdict: Verdict::Held,
            conversions,
            clicks: Vec::new(),
            held,
        }
    }

    fn confirm(&self) -> Moves {
        let mut clicks = self.clicks.clone();
        let named = |c: &Stake| self.held.contains(&c.external_id) || counts(c.status) && self.is_about(c);
        let silent = self.suspicion.kind == Odd::Silent && self.suspicion.status == "held";
        if silent {
            // Who was released since has answered: their clicks brought somebody real.
            let (mut theirs, mut answered) = (BTreeSet::new(), BTreeSet::new());
            for c in self.stakes.iter().filter(|c| named(c)) {
                if c.status == Status::Held {
                    theirs.insert(c.touch);
                } else if c.status.counts() {
                    answered.insert(c.touch);
                }
            }
            clicks.retain(|c| {
                let click = Some(ClickId(c.id));
                theirs.contains(&click) && !answered.contains(&click)
            });
        }
        let by = touched(&clicks);
        // Whatever else those clicks credit falls with them, named by the sign or not.
        let conversions = self.those(|c| {
            let falls = c.status == Status::Held || counts(c.status);
            let falls_here = named(c) && !(silent && c.status != Status::Held);
            falls && (falls_here || by.contains(&c.touch))
        });
        Moves {
            verdict: Verdict::Rejected,
            conversions,
            clicks,
            held: self.held.clone(),
        }
    }
}

/// What can still be held or rejected.
const fn counts(status: Status) -> bool {
    matches!(status, Status::Pending | Status::Approved)
}

fn touched(clicks: &[ClickEvidence]) -> BTreeSet<Option<ClickId>> {
    clicks.iter().map(|c| Some(ClickId(c.id))).collect()
}
