//! What should be, in whole fen: a pool that is a whole percentage of whole yuan, shared by weight with the largest
//! remainder, and a piece rate beside it.

use std::collections::BTreeMap;

/// A month of the history, 0 to 5.
pub type Month = usize;
/// Component and payee.
pub type Key = (String, String);
/// Fen by key; never 0.
pub type Lines = BTreeMap<Key, i64>;

/// What is known of something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Whole yuan that came in.
    Receipt { month: Month, yuan: i64 },
    /// Who took part, with what weight, on which day.
    Part {
        month: Month,
        day: i8,
        person: usize,
        weight: i64,
    },
}

/// Everything a calculation sees.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// By source key; void ones are not in it.
    pub facts: BTreeMap<String, Fact>,
}

/// How a run was set up; kept by a closed one for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Percent of receipts that make the pool.
    pub percent: i64,
    /// First day after leaving, by person: month and day.
    pub left: Vec<Option<(Month, i8)>>,
}

/// The lines of a month under these terms, from these facts.
pub fn lines(month: Month, seen: &Seen, terms: &Terms, codes: &[&str]) -> Lines {
    let mut pool = 0;
    let mut weights: BTreeMap<usize, i64> = BTreeMap::new();
    for fact in seen.facts.values() {
        match fact {
            Fact::Receipt { month: m, yuan } if *m == month => pool += yuan * terms.percent,
            Fact::Part {
                month: m,
                day,
                person,
                weight,
            } if *m == month => {
                let gone = terms.left[*person].is_some_and(|left| (month, *day) >= left);
                if !gone {
                    *weights.entry(*person).or_default() += weight;
                }
            }
            _ => {}
        }
    }
    let all: i64 = weights.values().sum();
    let mut lines = Lines::new();
    if all > 0 {
        // Codes are the declared order of equal remainders.
        let mut shares: Vec<(i64, &str, i64)> = weights
            .iter()
            .map(|(person, w)| (pool * w % all, codes[*person], pool * w / all))
            .collect();
        let given: i64 = shares.iter().map(|s| s.2).sum();
        shares.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        for (at, share) in shares.iter().enumerate() {
            let extra = i64::from((at as i64) < pool - given);
            add(&mut lines, ("share", share.1), share.2 + extra);
        }
    }
    for (person, weight) in &weights {
        // 12.34 yuan a weight: the piece rate of the document.
        add(&mut lines, ("piece", codes[*person]), weight * 1234);
    }
    lines
}

/// Adds an amount under a key; what comes to nothing goes.
pub fn add(lines: &mut Lines, (component, payee): (&str, &str), fen: i64) {
    let key = (component.to_owned(), payee.to_owned());
    let sum = lines.get(&key).copied().unwrap_or(0) + fen;
    if sum == 0 {
        lines.remove(&key);
    } else {
        lines.insert(key, sum);
    }
}

/// What is to be booked so that `booked` becomes `should`.
pub fn difference(should: &Lines, booked: &Lines) -> Lines {
    let mut lines = should.clone();
    for ((component, payee), fen) in booked {
        add(&mut lines, (component, payee), -fen);
    }
    lines
}
