//! Rules of points at their borders.

use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::*;
use crate::domain::Programme;

#[test]
fn given_three_earning_shares_when_a_fourth_comes_then_the_day_is_used_up() {
    let rules = Programme::default().points;
    let so_far = |earning| DaySoFar {
        earning,
        item_earned: false,
    };
    let day = date(2026, 11, 18);
    assert_eq!(share_outcome(&rules, so_far(2), day, None), ShareOutcome::Earned);
    assert_eq!(
        share_outcome(&rules, so_far(3), day, None),
        ShareOutcome::DailyLimit
    );
}

#[test]
fn given_an_item_that_earned_when_shared_again_on_the_channel_then_it_does_not() {
    let rules = Programme::default().points;
    let so_far = DaySoFar {
        earning: 0,
        item_earned: true,
    };
    assert_eq!(
        share_outcome(&rules, so_far, date(2026, 11, 18), None),
        ShareOutcome::RepeatedItem
    );
}

#[test]
fn given_a_leaver_when_it_is_the_last_working_day_then_she_earns_and_the_day_after_not() {
    let last = date(2026, 11, 18);
    assert!(earns_on(last, Some(last)));
    assert!(!earns_on(date(2026, 11, 19), Some(last)));
    let rules = Programme::default().points;
    let outcome = share_outcome(&rules, DaySoFar::default(), date(2026, 11, 19), Some(last));
    assert_eq!(outcome, ShareOutcome::AfterLeaving);
}

#[test]
fn given_points_when_earned_then_they_last_to_the_end_of_the_next_year() {
    assert_eq!(expires_on(date(2026, 1, 1)), date(2027, 12, 31));
    assert_eq!(expires_on(date(2026, 12, 31)), date(2027, 12, 31));
    let earned = [Earned {
        expires_on: date(2027, 12, 31),
        points: 10,
    }];
    assert_eq!(lapsed(&earned, &[], date(2027, 12, 31)), 0);
    assert_eq!(lapsed(&earned, &[], date(2028, 1, 1)), 10);
}

#[test]
fn given_points_of_two_years_when_spent_then_the_oldest_go_first() {
    let earned = [
        Earned {
            expires_on: date(2027, 12, 31),
            points: 100,
        },
        Earned {
            expires_on: date(2028, 12, 31),
            points: 50,
        },
    ];
    let spent = [Spent {
        day: date(2027, 6, 1),
        points: 30,
    }];
    assert_eq!(lapsed(&earned, &spent, date(2028, 1, 1)), 70);
    // Spent after the first lot lapsed: out of the second.
    let later = [
        spent[0],
        Spent {
            day: date(2028, 6, 1),
            points: 20,
        },
    ];
    assert_eq!(lapsed(&earned, &later, date(2029, 1, 1)), 70 + 30);
}

#[test]
fn given_friends_written_alike_when_compared_then_they_are_one() {
    assert_eq!(friend_key("  Li   Lei "), friend_key("li lei"));
    assert_ne!(friend_key("李雷"), friend_key("韩梅梅"));
}

#[test]
fn words_lead_back() {
    for rule in Rule::ALL {
        assert_eq!(rule.as_str().parse(), Ok(rule));
    }
    for outcome in ShareOutcome::ALL {
        assert_eq!(outcome.as_str().parse(), Ok(outcome));
    }
}

/// The same by keeping every lot by itself, day by day.
fn lapsed_by_lots(earned: &[(Date, i64)], spent: &[(Date, i64)], years: i16) -> i64 {
    let mut lots: Vec<(Date, i64)> = earned.iter().map(|(day, p)| (expires_on(*day), *p)).collect();
    lots.sort_unstable();
    let mut gone = 0;
    for year in 2020..2020 + years {
        let end = date(year, 12, 31);
        for (_, wish) in spent.iter().filter(|(day, _)| day.year() == year) {
            let mut points = *wish;
            for lot in lots.iter_mut().filter(|lot| lot.0 >= end) {
                let taken = points.min(lot.1);
                lot.1 -= taken;
                points -= taken;
            }
        }
        for lot in lots.iter_mut().filter(|lot| lot.0 == end) {
            gone += lot.1;
            lot.1 = 0;
        }
    }
    gone
}

proptest! {
    #[test]
    fn lapsing_by_sums_is_lapsing_by_lots(
        earned in prop::collection::vec((2020i16..2024, 1i64..100), 0..12),
        wishes in prop::collection::vec((2024i16..2026, 1i64..60), 0..8),
    ) {
        // All is earned before anything is spent, so every wish within the balance is met, as in the shop.
        let earned: Vec<(Date, i64)> = earned.into_iter().map(|(y, p)| (date(y, 3, 1), p)).collect();
        let mut wishes = wishes;
        wishes.sort_unstable();
        let mut spent: Vec<(Date, i64)> = Vec::new();
        let lots = |spent: &[(Date, i64)]| spent.iter().map(|(day, points)| Spent { day: *day, points: *points }).collect::<Vec<_>>();
        let all: Vec<Earned> = earned.iter().map(|(d, points)| Earned { expires_on: expires_on(*d), points: *points }).collect();
        for (year, points) in wishes {
            let day = date(year, 6, 1);
            let balance = all.iter().map(|e| e.points).sum::<i64>() - spent.iter().map(|s| s.1).sum::<i64>()
                - lapsed(&all, &lots(&spent), day);
            if points <= balance {
                spent.push((day, points));
            }
        }
        prop_assert_eq!(lapsed(&all, &lots(&spent), date(2030, 1, 1)), lapsed_by_lots(&earned, &spent, 10));
    }
}
