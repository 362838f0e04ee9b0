//! The laws of engine.md as properties.

use proptest::prelude::*;

use super::super::audit::audit;
use super::super::block::share::{Claim, divide};
use super::super::delta::{delta, key};
use super::super::{Document, Late, Num, whatif};
use super::{SMALL, shipped, small};

fn n(text: &str) -> Num {
    Num::parse(text).unwrap()
}

fn claims(weights: &[u32]) -> Vec<Claim> {
    weights
        .iter()
        .map(|w| Claim {
            weight: Num::int(*w),
            floor: None,
            cap: None,
        })
        .collect()
}

fn sales() -> impl Strategy<Value = (Vec<(usize, i64)>, usize, i64)> {
    (
        prop::collection::vec((0usize..9, 0i64..60_000), 0..30),
        1usize..9,
        0i64..1_000_000,
    )
}

proptest! {
    #[test]
    fn given_any_pool_when_divided_then_parts_and_the_rest_make_the_whole(
        fen in -1_000_000_000i64..1_000_000_000, weights in prop::collection::vec(0u32..1000, 0..20),
    ) {
        let total = Num::ratio(fen.into(), 100).unwrap();
        let d = divide(&total, &n("0.01"), &claims(&weights)).unwrap();
        let sum = d.parts.iter().map(|p| &p.result).sum::<Num>() + &d.left;
        prop_assert_eq!(sum, total.clone());
        for p in &d.parts {
            prop_assert!((&p.result - &p.exact).abs() < n("0.01"), "within one fen of exact");
        }
        let mirror = divide(&total.negated(), &n("0.01"), &claims(&weights)).unwrap();
        for (a, b) in d.parts.iter().zip(&mirror.parts) {
            prop_assert_eq!(a.result.negated(), b.result.clone());
        }
    }

    #[test]
    fn given_a_row_without_weight_when_added_then_nobody_elses_amount_moves(
        fen in 0i64..1_000_000, weights in prop::collection::vec(1u32..1000, 1..12), at in 0usize..12,
    ) {
        let total = Num::ratio(fen.into(), 100).unwrap();
        let before = divide(&total, &n("0.01"), &claims(&weights)).unwrap();
        let mut more = weights.clone();
        let at = at.min(more.len());
        more.insert(at, 0);
        let mut after = divide(&total, &n("0.01"), &claims(&more)).unwrap();
        prop_assert!(after.parts.remove(at).result.is_zero());
        let amounts = |d: &super::super::block::share::Division| d.parts.iter().map(|p| p.result.clone()).collect::<Vec<_>>();
        prop_assert_eq!(amounts(&before), amounts(&after));
    }

    #[test]
    fn given_floors_and_caps_when_divided_then_nobody_is_outside_and_all_is_given(
        fen in 2_000i64..100_000, people in prop::collection::vec((1u32..50, 0i64..100, 200i64..20_000), 2..8),
    ) {
        let total = Num::ratio(fen.into(), 100).unwrap();
        let claims: Vec<Claim> = people.iter().map(|(w, low, high)| Claim {
            weight: Num::int(*w), floor: Num::ratio((*low).into(), 100), cap: Num::ratio((*high).into(), 100),
        }).collect();
        let d = divide(&total, &n("0.01"), &claims).unwrap();
        prop_assert_eq!(d.parts.iter().map(|p| &p.result).sum::<Num>() + &d.left, total);
        for (p, c) in d.parts.iter().zip(&claims) {
            prop_assert!(p.result >= *c.floor.as_ref().unwrap() && p.result <= *c.cap.as_ref().unwrap());
        }
        if !d.left.is_zero() {
            prop_assert!(d.parts.iter().zip(&claims).all(|(p, c)| p.result == *c.cap.as_ref().unwrap()));
        }
    }

    #[test]
    fn given_the_same_rows_in_another_order_when_run_then_the_outcome_is_the_same((s, people, pool) in sales()) {
        let a = small(&s, people, pool, false);
        let b = small(&s, people, pool, true);
        prop_assert_eq!(&a.outcome, &b.outcome);
        let doc = Document::parse("small.toml", SMALL).unwrap();
        prop_assert_eq!(audit(&doc, &a), vec![]);
    }

    #[test]
    fn given_booked_lines_when_the_difference_is_booked_then_a_second_run_books_nothing(
        (s, people, pool) in sales(), (t, _, pool2) in sales(),
    ) {
        let (before, after) = (small(&s, people, pool, false), small(&t, people, pool2, false));
        let mut booked: Vec<_> = before.outcome.lines.iter().map(|l| (key(l), l.amount.clone())).collect();
        let first = delta(&after.outcome.lines, &booked, Late::Full, &[]);
        booked.extend(first.book.iter().map(|d| (d.key.clone(), d.amount.clone())));
        prop_assert_eq!(booked.iter().map(|b| &b.1).sum::<Num>(), after.outcome.total.clone());
        prop_assert!(delta(&after.outcome.lines, &booked, Late::Full, &[]).book.is_empty());
    }

    #[test]
    fn given_any_text_when_read_as_a_document_then_it_is_refused_without_a_panic(text in ".{0,300}") {
        prop_assert!(Document::parse("x.toml", &text).is_err());
    }

    #[test]
    fn given_any_expression_when_checked_then_there_is_no_panic(text in "[a-z0-9 .()+*/<>=,'%-]{0,60}") {
        let broken = SMALL.replace("sum(count)", &text);
        let _ = Document::parse("x.toml", &broken);
    }
}

#[test]
fn given_the_shipped_examples_when_audited_then_every_working_is_confirmed() {
    let mut lines = 0;
    for doc in shipped() {
        for id in doc.example_ids() {
            if let Some(Ok(run)) = doc.example(id) {
                assert_eq!(audit(&doc, &run), vec![], "{} {id}", doc.header.id);
                lines += run.outcome.lines.len();
                for l in &run.outcome.lines {
                    let story = super::super::explain::trace(&doc, &run, l);
                    assert!(story.text(true).contains(&l.payee), "the story names who is paid");
                    assert!(!story.text(false).trim().is_empty());
                }
            }
        }
    }
    assert!(lines > 40, "{lines} lines");
}

#[test]
fn given_late_facts_when_the_policy_is_narrower_then_others_are_left_alone() {
    let (before, after) = (
        small(&[(0, 10_000), (1, 10_000)], 2, 1_000, false),
        small(&[(0, 30_000), (1, 10_000)], 2, 1_000, false),
    );
    let booked: Vec<_> = before
        .outcome
        .lines
        .iter()
        .map(|l| (key(l), l.amount.clone()))
        .collect();
    let own = delta(&after.outcome.lines, &booked, Late::OwnLineOnly, &["p0".into()]);
    assert!(own.book.iter().all(|d| d.key.payee == "p0") && !own.book.is_empty());
    let next = delta(&after.outcome.lines, &booked, Late::NextPool, &[]);
    assert!(next.book.is_empty());
    assert_eq!(next.left, &after.outcome.total - &before.outcome.total);
    assert!(
        delta(&after.outcome.lines, &booked, Late::None, &[])
            .book
            .is_empty()
    );
    let c = whatif::compare(&before.outcome, &after.outcome);
    assert_eq!((c.gain.len(), c.lose.len()), (1, 1));
}

#[test]
fn given_a_revision_twice_when_the_facts_stand_in_any_order_then_the_outcome_is_the_same() {
    let doc = Document::parse("small.toml", SMALL).unwrap();
    let run = |revisions: [u8; 3]| {
        let fact = |(at, revision): (usize, &u8)| {
            serde_json::json!({ "kind": "sale", "id": "s", "occurred": "2026-10-05", "seller": "p0", "revision": revision,
                "amount": if *revision == 2 { "50.00".to_owned() } else { format!("{at}.00") } })
        };
        let facts: Vec<_> = revisions.iter().enumerate().map(fact).collect();
        let input = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0" },
            "roster": [{ "id": "p0", "role": "sales" }], "facts": facts });
        let input = doc.input(&input).map_err(|refused| refused.what)?;
        let run = super::super::evaluate(&doc, input).unwrap();
        Ok::<_, String>(run.outcome.lines[0].amount.fixed(2))
    };
    // What a higher revision replaces does not matter.
    for revisions in [[0, 0, 2], [0, 2, 0], [2, 0, 0]] {
        assert_eq!(run(revisions), Ok("5.00".to_owned()), "{revisions:?}");
    }
    // Which of two latest holds, nobody knows.
    for revisions in [[0, 2, 2], [2, 0, 2], [2, 2, 0]] {
        let refused = "the sale `s` again with the same revision".to_owned();
        assert_eq!(run(revisions), Err(refused), "{revisions:?}");
    }
}
