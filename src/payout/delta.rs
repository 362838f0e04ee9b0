//! Late facts: what a closed period should have paid, less what it paid.
//!
//! # Why
//! A closed book is never edited. A late receipt or refund re-evaluates its own period with that period's document,
//! and only the difference is booked, with its origin. Done twice, the second difference is nothing. A refund is taken
//! back in the same way (schemes.md C3.5): where nothing but its own part changes, the difference is that part with the
//! sign turned; where a band falls, the whole month is priced again.

use std::collections::BTreeMap;

use super::doc::Late;
use super::num::Num;
use super::outcome::Line;

/// What was booked for somebody by one rule about one thing, in fen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Who.
    pub payee: String,
    /// Which rule.
    pub component: String,
    /// Which order, customer or tranche, where the rule says so.
    pub about: String,
}

/// A difference to book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Whose.
    pub key: Key,
    /// What it should be.
    pub should: Num,
    /// What was booked, originals and earlier differences together.
    pub booked: Num,
    /// `should − booked`; never 0.
    pub amount: Num,
}

/// Differences to book, and what the policy leaves unbooked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// To book, by key.
    pub book: Vec<Difference>,
    /// Left: it goes into the next pool (`next_pool`) or nowhere.
    pub left: Num,
}

impl Key {
    /// The key of what is booked for `payee` by a component, about something, due on a day.
    pub fn of(payee: &str, component: &str, about: Option<&str>, due: Option<&str>) -> Self {
        let due = due.map_or(String::new(), |day| format!("@{day}"));
        Self {
            payee: payee.to_owned(),
            component: component.to_owned(),
            about: format!("{}{due}", about.unwrap_or_default()),
        }
    }
}

/// The key under which a line is booked.
pub fn key(line: &Line) -> Key {
    Key::of(
        &line.payee,
        &line.component,
        line.about.as_deref(),
        line.due.as_deref(),
    )
}

/// What is to be booked so that booked equals should-be. `about_whom` are the people late facts are about.
pub fn delta(now: &[Line], booked: &[(Key, Num)], policy: Late, about_whom: &[String]) -> Delta {
    let mut sides: BTreeMap<Key, (Num, Num)> = BTreeMap::new();
    for line in now {
        let side = sides.entry(key(line)).or_default();
        side.0 = &side.0 + &line.amount;
    }
    for (key, amount) in booked {
        let side = sides.entry(key.clone()).or_default();
        side.1 = &side.1 + amount;
    }
    let mut result = Delta::default();
    for (key, (should, was)) in sides {
        let amount = &should - &was;
        if amount.is_zero() {
            continue;
        }
        let books = match policy {
            Late::Full => true,
            Late::OwnLineOnly => about_whom.contains(&key.payee),
            Late::NextPool | Late::None => false,
        };
        if books {
            result.book.push(Difference {
                key,
                should,
                booked: was,
                amount,
            });
        } else if policy == Late::NextPool {
            result.left = &result.left + &amount;
        }
    }
    result
}
