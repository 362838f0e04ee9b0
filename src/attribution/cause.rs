//! What the machine gives as its reason for holding or rejecting a lead or order.
//!
//! # Why
//! Where a person's reason stands, the machine's is a word: it is stored, and read in the reader's language where it is shown
//! (keys `cause-…`).

use std::fmt;

use crate::attribution::Reason;
use crate::attribution::odd::Odd;

/// Why the machine moved a lead or order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A sign was found that is about it (attribution.md §9).
    Sign(Odd),
    /// A step of the decision makes it wait for a person.
    Step(Reason),
    /// The shop's own order, by its external id, took the place of what came out of a claim.
    Order(String),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sign(odd) => write!(f, "sign:{odd}"),
            Self::Step(reason) => write!(f, "step:{reason}"),
            Self::Order(id) => write!(f, "order:{id}"),
        }
    }
}

/// Sentences that were stored before there were words.
const LATE: &str = "claimed after the CRM knew the deal";
const ORDER: (&str, &str) = ("the shop's order \"", "\" takes its place");

impl Cause {
    /// The cause a stored reason says; `None` for a person's own words.
    pub fn parse(text: &str) -> Option<Self> {
        if text == LATE {
            return Some(Self::Step(Reason::ClaimLate));
        }
        let order = text.strip_prefix(ORDER.0).and_then(|t| t.strip_suffix(ORDER.1));
        if let Some(id) = order {
            return Some(Self::Order(id.to_owned()));
        }
        match text.split_once(':')? {
            ("sign", word) => word.parse().ok().map(Self::Sign),
            ("step", word) => {
                let known = Reason::ALL.iter().find(|reason| reason.as_str() == word);
                known.copied().map(Self::Step)
            }
            ("order", id) if !id.is_empty() => Some(Self::Order(id.to_owned())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_comes_back_as_it_was_stored_and_a_persons_words_are_none() {
        for cause in [
            Cause::Sign(Odd::LateClaim),
            Cause::Step(Reason::FormFast),
            Cause::Order("SO:1".into()),
        ] {
            assert_eq!(Cause::parse(&cause.to_string()), Some(cause));
        }
        let old = "the shop's order \"SO-1\" takes its place";
        assert_eq!(Cause::parse(old), Some(Cause::Order("SO-1".into())));
        assert_eq!(Cause::parse(LATE), Some(Cause::Step(Reason::ClaimLate)));
        for words in ["空号", "sign:", "step:nothing", "order:", "查：他本人", ""] {
            assert_eq!(Cause::parse(words), None, "{words}");
        }
    }
}
