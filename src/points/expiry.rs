//! What lapses, and when.

use jiff::civil::Date;

/// Points earned (reversals negative) with the last day they can be spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earned {
    /// Last day, inclusive.
    pub expires_on: Date,
    /// How many.
    pub points: i64,
}

/// Points spent (cancellations negative) on a business day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// When.
    pub day: Date,
    /// How many, positive when spent.
    pub points: i64,
}

/// Last day on which points earned on `day` can be spent: 31 December of the next year (attribution.md §7).
pub fn expires_on(day: Date) -> Date {
    Date::new(day.year().saturating_add(1), 12, 31).unwrap_or(Date::MAX)
}

/// How many points have lapsed by the beginning of `today` in all, when spending takes the oldest points first.
/// Late corrections change the answer: what lapsed wrongly comes back, so nobody pays twice for a reversed click.
pub fn lapsed(earned: &[Earned], spent: &[Spent], today: Date) -> i64 {
    let mut ends: Vec<Date> = earned
        .iter()
        .map(|e| e.expires_on)
        .filter(|end| *end < today)
        .collect();
    ends.sort_unstable();
    ends.dedup();
    let mut lapsed = 0;
    for end in ends {
        let until: i64 = earned
            .iter()
            .filter(|e| e.expires_on <= end)
            .map(|e| e.points)
            .sum();
        let gone: i64 = spent.iter().filter(|s| s.day <= end).map(|s| s.points).sum();
        lapsed += (until - gone - lapsed).max(0);
    }
    lapsed
}
