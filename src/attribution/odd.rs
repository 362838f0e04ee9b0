//! What looks odd on a person's day (attribution.md §9). A hit makes the leads and orders it is about wait; it is shown with
//! its evidence, and a person decides what becomes of them.

use crate::attribution::words::words;

words! {
    /// Why a day looks odd.
    Odd {
        /// Many clicks from one visitor.
        Visitor = "visitor",
        /// Most clicks from one network.
        Network = "network",
        /// Clicks in even steps of time.
        Regular = "regular",
        /// Stays that are nearly always just over the limit.
        Dwell = "dwell",
        /// Leads or orders within seconds of the click.
        Instant = "instant",
        /// Clicks that the rules already hold for suspect.
        Machine = "machine",
        /// Many clicks on one's own links.
        Own = "own",
        /// Leads or orders of a browser that clicked as the employee themselves.
        Kin = "kin",
        /// Leads that turned out void: nobody answers.
        Silent = "silent",
        /// Claims on what the CRM knew before they were filed.
        LateClaim = "late-claim",
    }
}

/// How close to the limit a stay is "just over" it, milliseconds.
pub const NEAR_MS: i64 = 3_000;
/// How soon after its click a conversion is odd, milliseconds.
pub const INSTANT_MS: i64 = 10_000;

/// What there is to judge of a person's links on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OddDay {
    /// Clicks of people: human, repeated, suspect.
    pub clicks: i64,
    /// Human clicks.
    pub human: i64,
    /// Valid clicks.
    pub valid: i64,
    /// Valid ones within [`NEAR_MS`] of the limit.
    pub near: i64,
    /// Suspect ones.
    pub suspect: i64,
    /// On one's own links.
    pub own: i64,
    /// From the busiest visitor.
    pub visitor: i64,
    /// From the busiest network, human ones.
    pub network: i64,
    /// Gaps between clicks.
    pub gaps: i64,
    /// Gaps of one length (to the second, 2 s and longer), the most common one.
    pub even: i64,
    /// Leads and orders by click.
    pub conversions: i64,
    /// Those within [`INSTANT_MS`] of their click.
    pub instant: i64,
    /// Those by a visitor who clicked as the employee on the same day.
    pub kin: i64,
    /// Leads.
    pub leads: i64,
    /// Those found void.
    pub silent: i64,
    /// Credited claims whose deal the CRM knew before they were filed, by a record that does not name the claimant.
    pub late_claims: i64,
}

/// What is odd about a day: which sign, how many, out of how many. Small days are never odd.
pub fn odd(day: &OddDay) -> Vec<(Odd, i64, i64)> {
    let mut found = Vec::new();
    let mut sign = |odd, hits: i64, base: i64, least: i64, percent: i64| {
        if hits >= least && hits * 100 >= base * percent {
            found.push((odd, hits, base));
        }
    };
    sign(Odd::Visitor, day.visitor, day.clicks, 10, 25);
    sign(Odd::Network, day.network, day.human, 15, 60);
    sign(Odd::Regular, day.even, day.gaps, 10, 60);
    sign(Odd::Dwell, day.near, day.valid, 10, 70);
    sign(Odd::Instant, day.instant, day.conversions, 1, 0);
    sign(Odd::Machine, day.suspect, day.clicks, 5, 0);
    sign(Odd::Own, day.own, day.own, 10, 0);
    sign(Odd::Kin, day.kin, day.conversions, 1, 0);
    sign(Odd::Silent, day.silent, day.leads, 3, 50);
    sign(Odd::LateClaim, day.late_claims, day.late_claims, 1, 0);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordinary_day_is_not_odd() {
        let day = OddDay {
            clicks: 60,
            human: 55,
            valid: 25,
            near: 3,
            suspect: 1,
            own: 2,
            visitor: 4,
            network: 9,
            gaps: 54,
            even: 3,
            conversions: 2,
            instant: 0,
            kin: 0,
            leads: 9,
            silent: 4,
            late_claims: 0,
        };
        assert!(odd(&day).is_empty());
        assert!(odd(&OddDay::default()).is_empty());
    }

    #[test]
    fn each_sign_needs_enough_and_a_share() {
        let day = OddDay {
            clicks: 40,
            human: 30,
            valid: 14,
            near: 10,
            visitor: 10,
            network: 18,
            gaps: 29,
            even: 18,
            suspect: 5,
            conversions: 3,
            instant: 1,
            own: 10,
            kin: 1,
            leads: 6,
            silent: 3,
            late_claims: 1,
        };
        let found: Vec<Odd> = odd(&day).into_iter().map(|(odd, ..)| odd).collect();
        assert_eq!(found, Odd::ALL);
        let one_less = OddDay {
            near: 9,
            visitor: 9,
            network: 17,
            even: 17,
            suspect: 4,
            instant: 0,
            own: 9,
            kin: 0,
            silent: 2,
            late_claims: 0,
            ..day
        };
        assert!(odd(&one_less).is_empty(), "{:?}", odd(&one_less));
    }
}
