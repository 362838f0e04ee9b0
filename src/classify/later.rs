//! What only the neighbours of a click show; the loader asks, from rows (attribution.md §2).

use crate::domain::{Class, ClickReason, LinkId};

use super::{Network, Visitor, VisitorId};

/// Default window of repeats: 1 h.
pub const REPEAT_WINDOW_MS: i64 = 3_600_000;
/// A second WeChat request within this time looks like WeChat's own fetch: 15 s.
pub const WECHAT_REFETCH_MS: i64 = 15_000;
/// From so many different links on, one visitor within [`SCANNER_WINDOW_MS`] is a scanner. Bole's own choice:
/// a person who opens everything in a chat needs longer than 10 s for 6 links.
pub const SCANNER_LINKS: u32 = 6;
/// The time over which links are counted for [`is_scanner`]: 10 s.
pub const SCANNER_WINDOW_MS: i64 = 10_000;

/// What the loader knows of a click when it compares two.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Instant, milliseconds since the epoch.
    pub at_ms: i64,
    /// The link.
    pub link: LinkId,
    /// The class so far.
    pub class: Class,
    /// The visitor the request showed.
    pub visitor: Visitor,
    /// The cookie set with the answer, when the request brought none.
    pub issued: Option<VisitorId>,
    /// The client's network.
    pub network: Network,
    /// Whether the user agent named `MicroMessenger` (WeChat, WeCom).
    pub micro_messenger: bool,
}

/// Whether `current` is a repeat of the human click `earlier` and why: the same link, the same visitor, at
/// most `window_ms` later (the end included).
///
/// A cookie decides for good, whether it came with the earlier click or was set by its answer; a shared hash
/// only provisionally ([`ClickReason::RepeatProvisional`]). A click that brings another cookie than the
/// earlier one's is another browser, whatever the hash.
pub fn is_repeat(current: &Seen, earlier: &Seen, window_ms: i64) -> Option<ClickReason> {
    if current.link != earlier.link
        || earlier.class != Class::Human
        || !(0..=window_ms).contains(&current.at_ms.saturating_sub(earlier.at_ms))
    {
        return None;
    }
    match current.visitor {
        Visitor::None => None,
        Visitor::Cookie(id) => {
            let same = earlier.visitor == Visitor::Cookie(id) || earlier.issued == Some(id);
            same.then_some(ClickReason::RepeatVisitor)
        }
        Visitor::Hash(_) => (earlier.visitor == current.visitor).then_some(ClickReason::RepeatProvisional),
    }
}

/// Whether `current` looks like WeChat fetching a link again that somebody just opened: both are
/// `MicroMessenger`, the same link, at most 15 s apart, no cookie, another network; and the earlier one was
/// an opening itself (not a fetch, not a bot).
///
/// Source of the pattern: web masters see each page opened in WeChat requested once more from Tencent's
/// networks (blog.codingroad.com/wechat-multiple-requst.html, 2017). Two friends who open one link at the
/// same moment look alike, so this makes a click `suspect`, never `bot`.
pub fn is_wechat_refetch(current: &Seen, earlier: &Seen) -> bool {
    current.micro_messenger
        && earlier.micro_messenger
        && current.link == earlier.link
        && (0..=WECHAT_REFETCH_MS).contains(&current.at_ms.saturating_sub(earlier.at_ms))
        && !matches!(current.visitor, Visitor::Cookie(_))
        && current.network != earlier.network
        && matches!(
            earlier.class,
            Class::Human | Class::Repeat | Class::Internal | Class::Own
        )
}

/// Whether a visitor who opened `distinct_links` different links within `window_ms` milliseconds is a scanner:
/// 6 or more within 10 s.
pub fn is_scanner(distinct_links: u32, window_ms: i64) -> bool {
    distinct_links >= SCANNER_LINKS && window_ms <= SCANNER_WINDOW_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: VisitorId = [1; 12];
    const B: VisitorId = [2; 12];

    fn seen(at_ms: i64, visitor: Visitor) -> Seen {
        Seen {
            at_ms,
            link: LinkId(1),
            class: Class::Human,
            visitor,
            issued: None,
            network: Network::V4([203, 0, 113]),
            micro_messenger: true,
        }
    }

    fn repeat(current: Seen, earlier: Seen) -> Option<ClickReason> {
        is_repeat(&current, &earlier, REPEAT_WINDOW_MS)
    }

    #[test]
    fn the_same_cookie_within_the_hour_is_a_repeat() {
        let first = seen(0, Visitor::Cookie(A));
        assert_eq!(
            repeat(seen(REPEAT_WINDOW_MS, Visitor::Cookie(A)), first),
            Some(ClickReason::RepeatVisitor)
        );
        assert_eq!(
            repeat(seen(REPEAT_WINDOW_MS + 1, Visitor::Cookie(A)), first),
            None,
            "a millisecond too late"
        );
        assert_eq!(repeat(seen(-1, Visitor::Cookie(A)), first), None, "before it");
        assert_eq!(repeat(seen(1, Visitor::Cookie(B)), first), None, "somebody else");
        assert_eq!(
            repeat(
                Seen {
                    link: LinkId(2),
                    ..seen(1, Visitor::Cookie(A))
                },
                first
            ),
            None,
            "another link"
        );
    }

    #[test]
    fn the_cookie_set_by_the_first_answer_is_recognised_on_the_second_request() {
        let first = Seen {
            issued: Some(A),
            ..seen(0, Visitor::Hash(B))
        };
        assert_eq!(
            repeat(seen(5, Visitor::Cookie(A)), first),
            Some(ClickReason::RepeatVisitor)
        );
    }

    #[test]
    fn a_shared_hash_is_a_repeat_only_provisionally() {
        let first = Seen {
            issued: Some(A),
            ..seen(0, Visitor::Hash(B))
        };
        assert_eq!(
            repeat(seen(5, Visitor::Hash(B)), first),
            Some(ClickReason::RepeatProvisional)
        );
        assert_eq!(
            repeat(seen(5, Visitor::Hash(A)), first),
            None,
            "a hash is not a cookie"
        );
        assert_eq!(
            repeat(seen(5, Visitor::Cookie(B)), first),
            None,
            "a cookie is not a hash"
        );
    }

    #[test]
    fn only_human_clicks_are_repeated_and_nobody_repeats_nobody() {
        let machine = Seen {
            class: Class::Bot,
            ..seen(0, Visitor::Cookie(A))
        };
        assert_eq!(repeat(seen(5, Visitor::Cookie(A)), machine), None);
        assert_eq!(repeat(seen(5, Visitor::None), seen(0, Visitor::None)), None);
    }

    #[test]
    fn wechats_second_fetch_is_recognised_by_all_its_marks_together() {
        let opened = seen(0, Visitor::Hash(A));
        let fetch = Seen {
            network: Network::V4([101, 226, 66]),
            ..seen(15_000, Visitor::Hash(B))
        };
        assert!(is_wechat_refetch(&fetch, &opened));
        assert!(is_wechat_refetch(
            &Seen {
                visitor: Visitor::None,
                ..fetch
            },
            &opened
        ));
        for other in [
            Seen {
                at_ms: 15_001,
                ..fetch
            },
            Seen { at_ms: -1, ..fetch },
            Seen {
                visitor: Visitor::Cookie(B),
                ..fetch
            },
            Seen {
                network: opened.network,
                ..fetch
            },
            Seen {
                micro_messenger: false,
                ..fetch
            },
            Seen {
                link: LinkId(2),
                ..fetch
            },
        ] {
            assert!(!is_wechat_refetch(&other, &opened), "{other:?}");
        }
        assert!(!is_wechat_refetch(
            &fetch,
            &Seen {
                micro_messenger: false,
                ..opened
            }
        ));
        assert!(
            !is_wechat_refetch(
                &fetch,
                &Seen {
                    class: Class::Suspect,
                    ..opened
                }
            ),
            "no chains of suspicion"
        );
    }

    #[test]
    fn many_links_within_seconds_are_a_scanner() {
        assert!(is_scanner(6, 10_000));
        assert!(!is_scanner(5, 1_000));
        assert!(!is_scanner(6, 10_001));
    }

    #[test]
    fn extreme_instants_do_not_overflow() {
        assert_eq!(
            repeat(
                seen(i64::MAX, Visitor::Cookie(A)),
                seen(i64::MIN, Visitor::Cookie(A))
            ),
            None
        );
        assert!(!is_wechat_refetch(
            &seen(i64::MIN, Visitor::Hash(A)),
            &seen(i64::MAX, Visitor::Hash(A))
        ));
    }
}
