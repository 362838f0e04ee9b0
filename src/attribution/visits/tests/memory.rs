//! That the memory of the last hour says what the rules say, or that it does not know.

use std::collections::HashMap;

use super::*;

/// Met in batches, those [`Met::Late`] and whom they touch judged by all there are, as the loader does with rows.
fn met_in_batches(
    batches: &[Vec<Visit>],
    repeat_ms: i64,
    places: usize,
) -> (HashMap<ClickId, (Class, ClickReason)>, usize) {
    let mut recent = Recent::with_room(repeat_ms, places);
    let mut around = Around::default();
    let mut classes = HashMap::new();
    let mut by_rows = 0;
    for batch in batches {
        let mut late = Vec::new();
        let mut batch = batch.clone();
        batch.sort_by_key(|v| v.id);
        for v in &batch {
            around.add(*v);
            match recent.meet(v) {
                Met::InOrder(class, reason) => drop(classes.insert(v.id, (class, reason))),
                Met::Late => late.push(*v),
            }
        }
        by_rows += late.len();
        for v in &late {
            for id in around.touched_by(v, repeat_ms).into_iter().chain([v.id]) {
                let other = *around.get(id).unwrap();
                classes.insert(id, around.judge(&other, repeat_ms));
            }
        }
        for v in &late {
            recent.learn_again(v, &around);
        }
    }
    (classes, by_rows)
}

/// Cuts visits into batches, some of them in the neighbouring one, as connections and batches cut them.
fn batches(visits: &[Visit], cuts: &[usize], swaps: &[prop::sample::Index]) -> Vec<Vec<Visit>> {
    let mut told = visits.to_vec();
    for swap in swaps.iter().filter(|_| visits.len() > 1) {
        let at = swap.index(visits.len() - 1);
        told.swap(at, at + 1);
    }
    let mut batches = vec![Vec::new()];
    let mut cuts = cuts.iter().cycle();
    for v in told {
        if batches
            .last()
            .is_some_and(|b: &Vec<Visit>| b.len() >= *cuts.next().unwrap())
        {
            batches.push(Vec::new());
        }
        batches.last_mut().unwrap().push(v);
    }
    batches
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn given_a_memory_however_small_when_met_in_batches_then_classes_are_what_the_rules_say(
        visits in prop::collection::vec(any_visit(), 0..120).prop_map(|mut list| {
            list.sort_by_key(|v| v.id);
            list.dedup_by_key(|v| v.id);
            for v in &mut list {
                v.page_visitor = None;
            }
            list
        }),
        cuts in prop::collection::vec(1..9usize, 1..6),
        swaps in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
    ) {
        let repeat_ms = 20_000;
        let batches = batches(&visits, &cuts, &swaps);
        let (small, _) = met_in_batches(&batches, repeat_ms, 1);
        let (large, _) = met_in_batches(&batches, repeat_ms, 1 << 10);
        prop_assert_eq!(&small, &large);
        for v in &visits {
            let on_link = visits.iter().filter(|o| o.link == v.link);
            let of_visitor: Vec<_> = visits.iter().filter(|o| o.scanner_key() == v.scanner_key() && v.scanner_key().is_some())
                .map(|o| (o.id, o.link)).collect();
            let scanner = is_scanner(v.id, v.link, of_visitor.iter());
            prop_assert_eq!(large[&v.id], judge(v, on_link, scanner, repeat_ms), "{:?}", v);
        }
    }
}

/// A stranger's visit: nobody has this cookie or hash but them.
fn stranger(n: u64, at_ms: i64) -> Visit {
    let mut id = [0; 12];
    id[..8].copy_from_slice(&n.to_le_bytes());
    Visit {
        link: LinkId(i64::try_from(n % 500).unwrap()),
        cookie: Some(id),
        hash: Some(id),
        wechat: n.is_multiple_of(3),
        network: n % 97,
        ..visit(at_ms, u8::try_from(n % 251).unwrap())
    }
}

#[test]
fn given_more_strangers_than_room_when_somebody_returns_then_memory_knows_it_or_says_that_it_does_not() {
    let mut recent = Recent::with_room(HOUR, 1 << 8);
    let mut unknown = [0, 0];
    for n in 0..20_000u64 {
        // Within the room for the first 1 000; every 40th returns after 20 others.
        let at_ms = i64::try_from(n * 50).unwrap();
        if recent.meet(&stranger(n, at_ms)) == Met::Late {
            unknown[usize::from(n >= 1_000)] += 1;
        }
        if n % 40 == 39 {
            let again = Visit {
                hash: None,
                ..stranger(n - 20, at_ms + 1)
            };
            assert!(
                !matches!(recent.meet(&again), Met::InOrder(Class::Human, _)),
                "nobody who returns is a stranger: {n}"
            );
        }
    }
    assert_eq!(unknown[0], 0, "what fits is known");
    assert!(
        unknown[1] > 10_000,
        "what does not fit is for rows to tell: {unknown:?}"
    );
    // An hour later all of it has gone by.
    let later = stranger(30_000, 20_000 * 50 + HOUR + 1);
    assert_eq!(
        recent.meet(&later),
        Met::InOrder(Class::Human, ClickReason::Person)
    );
}

#[test]
fn given_days_of_visits_when_the_window_moves_on_then_repeats_are_told_to_the_millisecond() {
    let mut recent = Recent::new(HOUR);
    for day in 0..40 {
        let first = Visit {
            cookie: Some([7; 12]),
            ..visit(day * 24 * HOUR, 0)
        };
        let on_time = Visit {
            id: visit(day * 24 * HOUR + HOUR, 0).id,
            ..first
        };
        let too_late = Visit {
            id: visit(day * 24 * HOUR + 2 * HOUR + 1, 0).id,
            ..first
        };
        let said = [first, on_time, too_late].map(|v| recent.meet(&v));
        let (human, repeat) = (Met::InOrder(HUMAN.0, HUMAN.1), Met::InOrder(REPEAT.0, REPEAT.1));
        assert_eq!(said, [human, repeat, human], "day {day}");
    }
}

/// Clicks 2 ms apart as `connections` bring them: told to the loader up to 20 ms late, in batches of 200.
fn crowd(count: u64, connections: u64, who: impl Fn(u64) -> Visit) -> Vec<Vec<Visit>> {
    let mut told: Vec<(u64, Visit)> = (0..count)
        .map(|n| {
            let id = visit(i64::try_from(n * 2).unwrap(), 0).id;
            (n * 2 + n * 7_919 % connections * 3, Visit { id, ..who(n) })
        })
        .collect();
    told.sort_by_key(|(told_ms, _)| *told_ms);
    let told: Vec<Visit> = told.into_iter().map(|(_, visit)| visit).collect();
    told.chunks(200).map(<[Visit]>::to_vec).collect()
}

#[test]
fn given_crowds_and_hammering_visitors_when_met_a_little_out_of_order_then_hardly_anybody_is_for_rows_to_tell()
 {
    let hash = |n: u64| Some([u8::try_from(n % 251).unwrap(); 12]);
    let link = |n: u64, of: u64| LinkId(i64::try_from(n % of).unwrap());
    let one_visitor = |links: u64| {
        move |n: u64| Visit {
            link: link(n, links),
            hash: hash(1),
            ..visit(0, 0)
        }
    };
    let one_link = |networks: u64| {
        move |n: u64| Visit {
            hash: hash(n),
            wechat: true,
            network: n % networks,
            ..visit(0, 0)
        }
    };
    for (what, batches) in [
        ("one visitor, five links", crowd(20_000, 8, one_visitor(5))),
        ("one visitor, seven links", crowd(20_000, 8, one_visitor(7))),
        (
            "one visitor, hundreds of links",
            crowd(20_000, 8, one_visitor(300)),
        ),
        ("one link in WeChat, one office", crowd(20_000, 8, one_link(1))),
        ("one link in WeChat, two networks", crowd(20_000, 8, one_link(2))),
        ("one link in WeChat, everybody", crowd(20_000, 8, one_link(200))),
    ] {
        let (_, by_rows) = met_in_batches(&batches, HOUR, 1 << 10);
        assert!(by_rows < 60, "{what}: {by_rows} of 20 000");
    }
}
