//! The rules at their word, slowly; and that [`Around`] says the same.

use super::*;
use crate::domain::{Class, ClickReason};
use proptest::prelude::*;

mod memory;

fn follows(later: &Visit, earlier: &Visit, within_ms: i64) -> bool {
    earlier.id < later.id && later.at_ms() - earlier.at_ms() <= within_ms
}

fn same_visitor(later: &Visit, earlier: &Visit) -> Option<ClickReason> {
    if let Some(cookie) = later.brought_cookie() {
        (earlier.cookie == Some(cookie)).then_some(ClickReason::RepeatVisitor)
    } else {
        (later.hash.is_some() && later.hash == earlier.hash).then_some(ClickReason::RepeatProvisional)
    }
}

/// The class of `visit`, given the visits on its link (it may be among them) that lie up to `repeat_ms` (and at least
/// 30 s) before it, and whether its visitor was scanning.
fn judge<'a>(
    visit: &Visit,
    on_link: impl Iterator<Item = &'a Visit> + Clone,
    scanner: bool,
    repeat_ms: i64,
) -> (Class, ClickReason) {
    if visit.hosting {
        return (Class::Suspect, ClickReason::HostingNetwork);
    }
    if is_refetch(visit, on_link.clone()) {
        return (Class::Suspect, ClickReason::WeChatRefetch);
    }
    if scanner {
        return (Class::Suspect, ClickReason::Scanner);
    }
    let mut found = None;
    let mut page_seen = false;
    for earlier in on_link.filter(|earlier| follows(visit, earlier, repeat_ms)) {
        match same_visitor(visit, earlier) {
            Some(ClickReason::RepeatVisitor) => return (Class::Repeat, ClickReason::RepeatVisitor),
            reason => found = found.or(reason),
        }
        page_seen |= visit.page_visitor.is_some() && earlier.page_visitor == visit.page_visitor;
    }
    match found {
        Some(_) if visit.page_visitor.is_some() && !page_seen => (Class::Human, ClickReason::OtherVisitor),
        Some(reason) => (Class::Repeat, reason),
        None => (Class::Human, ClickReason::Person),
    }
}

/// WeChat requests a page once more, from a network of its own, shortly after somebody opened it: the second WeChat
/// request on the link within 15 s, without a cookie, from another network. "Second" is taken at its word: only the
/// first request of a burst can be the one fetched again, or a popular link would know nobody but suspects.
#[expect(clippy::needless_pass_by_value, reason = "each use clones the iterator")]
fn is_refetch<'a>(visit: &Visit, on_link: impl Iterator<Item = &'a Visit> + Clone) -> bool {
    let other = |later: &Visit, earlier: &Visit| {
        earlier.wechat && earlier.network != later.network && follows(later, earlier, REFETCH_MS)
    };
    visit.wechat
        && visit.brought_cookie().is_none()
        && on_link
            .clone()
            .filter(|earlier| other(visit, earlier))
            .any(|opening| !on_link.clone().any(|before| other(opening, before)))
}

const HOUR: i64 = 3_600_000;

fn visit(at_ms: i64, order: u8) -> Visit {
    let millis = u64::try_from(at_ms + 1_000_000_000).unwrap();
    Visit {
        id: ClickId(uuid::Builder::from_unix_timestamp_millis(millis, &[order; 10]).into_uuid()),
        link: LinkId(1),
        cookie: None,
        hash: None,
        network: 1,
        wechat: false,
        hosting: false,
        page_visitor: None,
    }
}

fn class(visit: &Visit, others: &[Visit]) -> (Class, ClickReason) {
    let slowly = judge(visit, others.iter().chain([visit]), false, HOUR);
    let mut around = Around::default();
    for other in others {
        around.add(*other);
    }
    assert_eq!(around.judge(visit, HOUR), slowly);
    slowly
}

const HUMAN: (Class, ClickReason) = (Class::Human, ClickReason::Person);
const REPEAT: (Class, ClickReason) = (Class::Repeat, ClickReason::RepeatVisitor);
const PROVISIONAL: (Class, ClickReason) = (Class::Repeat, ClickReason::RepeatProvisional);

#[test]
fn the_cookie_an_answer_set_or_a_request_brought_tells_a_repeat_within_the_hour() {
    let first = Visit {
        hash: Some([1; 12]),
        cookie: Some([9; 12]),
        ..visit(0, 0)
    };
    let second = Visit {
        cookie: Some([9; 12]),
        ..visit(HOUR, 0)
    };
    assert_eq!(class(&first, &[second]), HUMAN);
    assert_eq!(class(&second, &[first]), REPEAT);
    assert_eq!(
        class(
            &Visit {
                id: visit(HOUR + 1, 0).id,
                ..second
            },
            &[first]
        ),
        HUMAN
    );
    assert_eq!(
        class(
            &Visit {
                cookie: Some([8; 12]),
                ..second
            },
            &[first]
        ),
        HUMAN,
        "another browser"
    );
}

#[test]
fn a_neighbour_behind_one_hash_is_a_repeat_until_the_page_shows_somebody_else() {
    let first = Visit {
        hash: Some([1; 12]),
        cookie: Some([9; 12]),
        page_visitor: Some([5; 16]),
        ..visit(0, 0)
    };
    let next = Visit {
        cookie: Some([8; 12]),
        page_visitor: None,
        ..Visit {
            id: visit(9, 0).id,
            ..first
        }
    };
    assert_eq!(class(&next, &[first]), PROVISIONAL);
    let other = Visit {
        page_visitor: Some([6; 16]),
        ..next
    };
    assert_eq!(class(&other, &[first]), (Class::Human, ClickReason::OtherVisitor));
    assert_eq!(
        class(
            &Visit {
                page_visitor: Some([5; 16]),
                ..next
            },
            &[first]
        ),
        PROVISIONAL,
        "the same page visitor"
    );
    // A later click with that page visitor does not take the neighbour's place away.
    let again = Visit {
        id: visit(20, 0).id,
        ..other
    };
    assert_eq!(
        class(&other, &[first, again]),
        (Class::Human, ClickReason::OtherVisitor)
    );
    assert_eq!(class(&again, &[first, other]), PROVISIONAL);
}

#[test]
fn nobody_repeats_nobody() {
    assert_eq!(class(&visit(5, 0), &[visit(0, 0)]), HUMAN);
}

#[test]
fn of_a_wechat_burst_only_the_second_request_is_suspect() {
    let suspect = (Class::Suspect, ClickReason::WeChatRefetch);
    let opened = Visit {
        wechat: true,
        hash: Some([1; 12]),
        ..visit(0, 0)
    };
    let fetch = Visit {
        hash: Some([2; 12]),
        network: 2,
        ..Visit {
            id: visit(15_000, 0).id,
            ..opened
        }
    };
    assert_eq!(class(&fetch, &[opened]), suspect);
    assert_eq!(class(&opened, &[fetch]), HUMAN);
    for other in [
        Visit {
            id: visit(15_001, 0).id,
            ..fetch
        },
        Visit { network: 1, ..fetch },
        Visit {
            wechat: false,
            ..fetch
        },
        Visit {
            hash: None,
            cookie: Some([3; 12]),
            ..fetch
        },
    ] {
        assert_eq!(class(&other, &[opened]), HUMAN, "{other:?}");
    }
    let third = Visit {
        id: visit(20_000, 0).id,
        hash: Some([3; 12]),
        network: 3,
        ..fetch
    };
    assert_eq!(
        class(&third, &[opened, fetch]),
        HUMAN,
        "a group opening the link together"
    );
}

#[test]
fn the_sixth_link_within_ten_seconds_is_a_scan() {
    let seen: Vec<_> = (1..=5).map(|n| (visit(n * 1000, 0).id, LinkId(n))).collect();
    let id = visit(11_000, 0).id;
    assert!(is_scanner(id, LinkId(6), seen.iter()));
    assert!(!is_scanner(id, LinkId(5), seen.iter()), "a link seen before");
    assert!(
        !is_scanner(visit(11_001, 0).id, LinkId(6), seen.iter()),
        "too slow"
    );
    assert!(
        !is_scanner(visit(500, 0).id, LinkId(6), seen.iter()),
        "they come later"
    );
}

#[test]
fn one_valid_click_a_day_earns() {
    let day = 24 * HOUR;
    assert_eq!(
        earning(&[0, HOUR, day - 1, day, day + 1, 2 * day], day),
        [true, false, false, true, false, true]
    );
    assert!(earning(&[], day).is_empty());
}

fn any_visit() -> impl Strategy<Value = Visit> {
    let id = prop::option::weighted(0.7, 0..3u8);
    (
        0..90i64,
        any::<u8>(),
        1..8i64,
        id.clone(),
        id,
        1..4u64,
        any::<bool>(),
        prop::option::weighted(0.4, 0..3u8),
    )
        .prop_map(|(step, order, link, cookie, hash, network, wechat, page)| Visit {
            link: LinkId(if link > 6 { link } else { 1 }),
            cookie: cookie.map(|c| [c; 12]),
            hash: hash.map(|h| [h; 12]),
            network,
            wechat,
            page_visitor: page.map(|p| [p; 16]),
            ..visit(step * 1_000, order)
        })
}

proptest! {
    #[test]
    fn whatever_the_order_the_quick_way_says_what_the_rules_say(
        visits in prop::collection::vec(any_visit(), 0..60).prop_map(|mut list| {
            list.sort_by_key(|v| v.id);
            list.dedup_by_key(|v| v.id);
            list
        }),
        order in any::<prop::sample::Index>(),
    ) {
        let repeat_ms = 20_000;
        let mut around = Around::default();
        let turn = if visits.is_empty() { 0 } else { order.index(visits.len()) };
        // In any order, keeping classes up to date by what each new one touches.
        let mut classes = std::collections::HashMap::new();
        for v in visits[turn..].iter().rev().chain(&visits[..turn]) {
            around.add(*v);
            classes.insert(v.id, around.judge(v, repeat_ms));
            for id in around.touched_by(v, repeat_ms) {
                let other = *around.get(id).unwrap();
                classes.insert(id, around.judge(&other, repeat_ms));
            }
        }
        for v in &visits {
            let on_link = visits.iter().filter(|o| o.link == v.link);
            let of_visitor: Vec<_> = visits.iter().filter(|o| o.scanner_key() == v.scanner_key() && v.scanner_key().is_some())
                .map(|o| (o.id, o.link)).collect();
            let scanner = is_scanner(v.id, v.link, of_visitor.iter());
            prop_assert_eq!(classes[&v.id], judge(v, on_link, scanner, repeat_ms), "{:?}", v);
        }
    }
}
