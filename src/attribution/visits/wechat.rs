//! The last WeChat requests on a link, as far as they tell a second fetch from a person.

use crate::attribution::visits::REFETCH_MS;

/// How long a pair of networks stands before the next one is noted: a visit this late is still judged from memory.
const PAIR_MS: i64 = 2_000;

/// A request: network and instant.
type Request = (u64, i64);

/// The latest request, the latest from another network, the latest that opened a burst, and two pairs of requests
/// from different networks that lie a little back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wechat {
    last: u64,
    latest: Request,
    other: Option<Request>,
    opening: Option<Request>,
    /// Each the earlier and the later instant of its pair; the older pair first.
    pairs: [(i64, i64); 2],
}

fn ms(head: u64) -> i64 {
    i64::try_from(head >> 16).unwrap_or(i64::MAX)
}

impl Wechat {
    /// The first request; `head` is its id's.
    pub(super) fn new(head: u64, network: u64) -> Self {
        let this = (network, ms(head));
        Self {
            last: head,
            latest: this,
            other: None,
            opening: Some(this),
            pairs: [(i64::MIN, i64::MAX); 2],
        }
    }

    /// The latest request's instant, milliseconds UTC.
    pub(super) fn latest_ms(&self) -> i64 {
        self.latest.1
    }

    /// Takes a request in. Whether it is a second fetch, had it brought no cookie; `None` when it lies before others
    /// and may change them.
    pub(super) fn meet(&mut self, head: u64, network: u64) -> Option<bool> {
        let at_ms = ms(head);
        if head <= self.last {
            return self.meet_late(at_ms, network);
        }
        let near = |seen: Option<Request>| seen.filter(|(_, ms)| at_ms - ms <= REFETCH_MS);
        let refetch = near(self.opening).is_some_and(|(opening, _)| opening != network);
        let others = if self.latest.0 == network {
            self.other
        } else {
            Some(self.latest)
        };
        if near(others).is_none() {
            self.opening = Some((network, at_ms));
        }
        self.other = others;
        if let Some((_, other_ms)) = others
            && (self.pairs[1].1 == i64::MAX || at_ms - self.pairs[1].1 >= PAIR_MS)
        {
            self.pairs = [self.pairs[1], (other_ms, at_ms)];
        }
        self.latest = (network, at_ms);
        self.last = head;
        Some(refetch)
    }

    /// Among requests of its own network alone it changes nobody, and is no second fetch.
    ///
    /// With requests from two networks before it, and both within reach of all that came after it, none of those opened
    /// a burst, with this one or without it: so it changes nobody, and only an opening before all of them can make it a
    /// second fetch.
    fn meet_late(&mut self, at_ms: i64, network: u64) -> Option<bool> {
        let latest_ms = self.latest.1;
        let alone = self.other.is_none_or(|(_, ms)| ms < at_ms - REFETCH_MS);
        if alone && network == self.latest.0 {
            return Some(false);
        }
        let stands = |(earlier, later): &(i64, i64)| *later < at_ms && *earlier >= latest_ms - REFETCH_MS;
        if !self.pairs.iter().any(stands) || self.opening.is_some_and(|(_, ms)| ms >= at_ms) {
            return None;
        }
        if network != self.latest.0 && self.other.is_none_or(|(_, ms)| ms < at_ms) {
            self.other = Some((network, at_ms));
        }
        let opening = self.opening.filter(|(_, ms)| at_ms - ms <= REFETCH_MS);
        Some(opening.is_some_and(|(opening, _)| opening != network))
    }
}
