//! Places and names at their borders.

use proptest::prelude::*;

use super::*;
use crate::domain::DisplayName;

fn ranks(values: &[i64]) -> Vec<(i64, usize)> {
    let entries = values.iter().enumerate().map(|(who, v)| (who, Value::whole(*v)));
    rank(entries).into_iter().map(|p| (p.rank, p.key)).collect()
}

#[test]
fn given_two_level_when_ranked_then_they_share_a_place_and_the_next_is_left_out() {
    assert_eq!(ranks(&[5, 9, 7, 7]), [(1, 1), (2, 2), (2, 3), (4, 0)]);
}

#[test]
fn given_nothing_or_less_when_ranked_then_there_is_no_place() {
    assert_eq!(ranks(&[0, -3, 1]), [(1, 2)]);
    assert!(ranks(&[]).is_empty());
}

#[test]
fn given_places_then_and_now_when_compared_then_upward_is_positive_and_new_is_none() {
    assert_eq!(moved(Some(5), 2), Some(3));
    assert_eq!(moved(Some(1), 4), Some(-3));
    assert_eq!(moved(Some(2), 2), Some(0));
    assert_eq!(moved(None, 1), None);
}

#[test]
fn given_a_place_when_asked_for_the_distance_then_it_is_to_the_next_better_value() {
    let places = rank([("a", 10), ("b", 7), ("c", 7), ("d", 1)].map(|(k, v)| (k, Value::whole(v))));
    let missing: Vec<_> = places.iter().map(|p| p.missing.map(Value::total)).collect();
    assert_eq!(missing, [None, Some(3), Some(3), Some(6)]);
}

#[test]
fn given_teams_of_different_size_when_ranked_then_the_share_per_member_decides_exactly() {
    // 10/3 = 20/6 > 3.33
    let places = rank([
        ("six", Value::shared(20, 6)),
        ("three", Value::shared(10, 3)),
        ("hundred", Value::shared(333, 100)),
    ]);
    let told: Vec<_> = places.iter().map(|p| (p.rank, p.key)).collect();
    assert_eq!(told, [(1, "six"), (1, "three"), (3, "hundred")]);
    let missing = places[2].missing.unwrap();
    assert_eq!((missing.total(), missing.members()), (1, 300));
    assert_eq!(places[0].value.hundredths(), 333);
    assert_eq!(Value::shared(1, 0).hundredths(), 100);
    assert_eq!(Value::shared(5, 1000).hundredths(), 1, "half away from zero");
    assert_eq!(Value::shared(-5, 1000).hundredths(), -1);
    assert_eq!(Value::shared(7, 2).rounded(), 4);
}

#[test]
fn given_each_choice_when_shown_to_others_then_the_name_is_as_chosen() {
    let show = |name, nickname, choice| board_name(name, nickname, choice);
    assert_eq!(show("张三", Some("三哥"), DisplayName::Full), "张三");
    assert_eq!(show("张三", Some("三哥"), DisplayName::Nickname), "三哥");
    assert_eq!(show("张三", Some(" "), DisplayName::Nickname), "张*");
    assert_eq!(show("张三", Some("三哥"), DisplayName::Hidden), "*");
    assert_eq!(show("张三", Some("三哥"), DisplayName::Unasked), "张*");
}

#[test]
fn given_somebody_not_asked_yet_when_shown_then_only_the_surname_is_told() {
    for (name, shown) in [
        ("张三丰", "张*"),
        ("欧阳娜娜", "欧阳*"),
        ("司马光", "司马*"),
        ("诸葛亮", "诸葛*"),
        ("欧阳", "欧*"),
        ("王", "王*"),
        ("Ann Lee", "Lee *"),
        ("Lee, Ann", "Lee *"),
        ("Ludwig van Beethoven", "Beethoven *"),
        ("Madonna", "M*"),
        ("Åsa", "Å*"),
        ("𠮷野家", "𠮷*"),
        ("  ", "*"),
    ] {
        assert_eq!(board_name(name, None, DisplayName::Unasked), shown, "{name}");
    }
}

#[test]
fn words_lead_back() {
    for metric in Metric::ALL {
        assert_eq!(metric.as_str().parse(), Ok(metric));
    }
    for by in By::ALL {
        assert_eq!(by.as_str().parse(), Ok(by));
    }
}

proptest! {
    #[test]
    fn a_rank_is_one_more_than_the_number_of_better_ones(
        values in prop::collection::vec((-3i64..30, 1i64..5), 0..40),
    ) {
        let values: Vec<Value> = values.into_iter().map(|(t, m)| Value::shared(t, m)).collect();
        let places = rank(values.iter().copied().enumerate());
        prop_assert_eq!(places.len(), values.iter().filter(|v| v.total() > 0).count());
        for place in &places {
            let better = values.iter().filter(|v| **v > place.value).count();
            prop_assert_eq!(place.rank, i64::try_from(better).unwrap() + 1);
            let next = values.iter().filter(|v| **v > place.value).min();
            prop_assert_eq!(place.missing, next.map(|n| place.value.missing_to(*n)));
        }
    }

    #[test]
    fn the_order_in_which_people_are_read_does_not_matter(
        values in prop::collection::vec(0i64..6, 0..30), seed in any::<u64>(),
    ) {
        use rand::{SeedableRng, seq::SliceRandom};
        let entries: Vec<(usize, Value)> = values.into_iter().map(Value::whole).enumerate().collect();
        let mut shuffled = entries.clone();
        shuffled.shuffle(&mut rand::rngs::StdRng::seed_from_u64(seed));
        prop_assert_eq!(rank(entries), rank(shuffled));
    }

    #[test]
    fn a_name_not_asked_for_never_shows_whole(name in "\\p{Han}{2,4}|[A-Z][a-z]{1,8}( [A-Z][a-z]{1,8})?") {
        let shown = board_name(&name, None, DisplayName::Unasked);
        prop_assert!(shown.ends_with('*'));
        prop_assert!(!shown.contains(&name));
    }
}
