//! What a run read, noted part by part.
//!
//! # Why
//! One hash over everything says that something differs, and nobody learns what. With each part's own hash a replay names it:
//! a closed run of another month or another binary is then judged by what it read, not searched for.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A run the guards across schemes read, and the last of its lines that was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ReadRun {
    pub run: i64,
    pub upto: i64,
    /// Whether it was booked then: what is booked stays, and what is left under the ceiling is for the others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub booked: bool,
}

/// The facts of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Facts {
    count: usize,
    hash: String,
}

/// What a run read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Parts {
    params: String,
    roster: String,
    facts: BTreeMap<String, Facts>,
    /// Only the guards across schemes read other runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<ReadRun>,
    /// Booked runs of other days whose claims on its orders they read; `None`: they did not look at other days yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Vec<i64>>,
}

fn hash(text: &[u8]) -> String {
    let digest = Sha256::digest(text);
    let hex: Vec<String> = digest.iter().map(|b| format!("{b:02x}")).collect();
    hex.concat()
}

impl Parts {
    /// Notes the facts of a kind, as they are written in the input.
    pub fn kind(&mut self, kind: &str, count: usize, text: &[u8]) {
        // What stands before them is no part of them.
        let text = text.strip_prefix(b",").unwrap_or(text);
        let facts = Facts {
            count,
            hash: hash(text),
        };
        self.facts.insert(kind.to_owned(), facts);
    }

    /// With parameters and roster, as they are written in the input.
    #[must_use]
    pub fn with(mut self, params: &Value, roster: &str) -> Self {
        self.params = hash(params.to_string().as_bytes());
        self.roster = hash(roster.as_bytes());
        self
    }

    /// As it is stored.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }

    /// As it was stored; `None` where nothing was noted.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// What is read otherwise now, in words.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let mut said = Vec::new();
        for (what, was, is) in [
            ("parameters", &self.params, &now.params),
            ("roster", &self.roster, &now.roster),
        ] {
            if was != is {
                said.push(format!("{what}: not as they were"));
            }
        }
        let kinds: BTreeSet<&String> = self.facts.keys().chain(now.facts.keys()).collect();
        let none = Facts::default();
        for kind in kinds {
            let (was, is) = (
                self.facts.get(kind).unwrap_or(&none),
                now.facts.get(kind).unwrap_or(&none),
            );
            if was.count != is.count {
                said.push(format!(
                    "facts {kind}: {} were read, {} are now",
                    was.count, is.count
                ));
            } else if was.hash != is.hash && was.count > 0 {
                said.push(format!("facts {kind}: as many, {}, not as they were", was.count));
            }
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parts(orders: &[u8], params: &Value) -> Parts {
        let mut parts = Parts::default();
        parts.kind("order", orders.split(|b| *b == b',').count(), orders);
        parts.kind("refund", 0, b"");
        parts.with(params, "[]")
    }

    #[test]
    fn what_is_read_otherwise_is_named_and_what_is_not_is_passed_over() {
        let then = parts(b"a,b", &json!({ "cap": "1" }));
        assert_eq!(Parts::parse(&then.to_json()).as_ref(), Some(&then));
        assert_eq!(Parts::parse("{}"), None, "nothing was noted");
        assert_eq!(
            then.differences(&parts(b",a,b", &json!({ "cap": "1" }))).len(),
            1,
            "one more"
        );
        let said = then.differences(&parts(b"a,c", &json!({ "cap": "2" })));
        assert_eq!(
            said,
            [
                "parameters: not as they were",
                "facts order: as many, 2, not as they were"
            ]
        );
        let fewer = then.differences(&parts(b"a", &json!({ "cap": "1" })));
        assert_eq!(fewer, ["facts order: 2 were read, 1 are now"]);
        assert!(then.differences(&then.clone()).is_empty());
        let mut other = then.clone();
        other.kind("refund", 0, b"x");
        assert!(then.differences(&other).is_empty(), "none are none");
        // What stands before the first fact of a kind depends on the kinds before it.
        let mut first = then.clone();
        first.kind("order", 2, b",a,b");
        assert!(then.differences(&first).is_empty());
    }
}
