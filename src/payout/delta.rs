//! Late facts: what a closed period should have paid, less what it paid; and what becomes of a debt.
//!
//! # Why
//! A closed book is never edited. A late receipt or refund re-evaluates its own period with that period's document,
//! and only the difference is booked, with its origin. Done twice, the second difference is nothing.

use std::collections::BTreeMap;

use super::doc::Late;
use super::expr::fault::{Fault, fault};
use super::num::{Mode, Num};
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

/// The key under which a line is booked.
pub fn key(line: &Line) -> Key {
    let due = line.due.as_ref().map_or(String::new(), |d| format!("@{d}"));
    Key {
        payee: line.payee.clone(),
        component: line.component.clone(),
        about: format!("{}{due}", line.about.clone().unwrap_or_default()),
    }
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

/// What a debt takes from this period's variable pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Paid out, at least 0.
    pub paid: Num,
    /// Taken to settle the debt.
    pub taken: Num,
    /// Still owed, carried to the next period; at least 0.
    pub owed: Num,
}

/// Settles a debt against variable pay alone (GC-13): never below 0, never from base pay.
pub fn settle(variable_pay: &Num, owed: &Num) -> Settled {
    let (plus, minus) = (
        variable_pay.clone().most(Num::ZERO),
        variable_pay.clone().least(Num::ZERO),
    );
    let debt = owed - &minus;
    let taken = plus.clone().least(debt.clone());
    Settled {
        paid: &plus - &taken,
        owed: &debt - &taken,
        taken,
    }
}

/// The most that may be taken from a month's wage where HR has written consent (L-04): `share` of it, and never
/// below the minimum wage; whole fen, rounded down.
pub fn recovery_ceiling(wage: &Num, share: &Num, minimum_wage: &Num) -> Num {
    let fen = Num::ratio(1, 100).unwrap_or(Num::ONE);
    let above = (wage - minimum_wage).most(Num::ZERO);
    (wage * share)
        .least(above)
        .most(Num::ZERO)
        .rounded(&fen, Mode::Down)
}

/// A clawback of part of what was booked: `part` of each line with the sign turned, to the fen, in the lines' order,
/// so that the parts add up to `part` of the total.
pub fn clawback(booked: &[(Key, Num)], part: &Num) -> Result<Vec<(Key, Num)>, Fault> {
    if part.is_negative() || *part > Num::ONE {
        return Err(fault("a part outside 0 to 1", "a part from 0 to 1"));
    }
    let fen = Num::ratio(1, 100).unwrap_or(Num::ONE);
    let (plus, minus): (Vec<_>, Vec<_>) = booked.iter().cloned().partition(|(_, n)| !n.is_negative());
    let mut turned = Vec::new();
    for side in [plus, minus] {
        let claims: Vec<super::block::share::Claim> = side
            .iter()
            .map(|(_, n)| super::block::share::Claim {
                weight: n.abs(),
                floor: None,
                cap: None,
            })
            .collect();
        let total = side.iter().map(|(_, n)| n).sum::<Num>() * part;
        let division = super::block::share::divide(&total.negated(), &fen, &claims)?;
        turned.extend(
            side.into_iter()
                .zip(division.parts)
                .map(|((k, _), p)| (k, p.result)),
        );
    }
    Ok(turned)
}
