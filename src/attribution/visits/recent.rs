//! The last hour in a few bytes per visit: enough to judge a visit that comes after the others, or nearly so.
//!
//! # Why
//! Nearly all clicks reach the store in their order, and a loader cannot ask the store about each. What it keeps here
//! decides those; a visit that may change others, or meets what was forgotten ([`Met::Late`]), is judged by rows. The
//! memory forgets by age and has a most, so a burst never makes it grow or start over.

use std::hash::{BuildHasher, Hash};

use hashbrown::{DefaultHashBuilder, HashMap};

use crate::attribution::visits::opened::Opened;
use crate::attribution::visits::runs::{Run, Runs};
use crate::attribution::visits::wechat::Wechat;
use crate::attribution::visits::{Around, REFETCH_MS, SCAN_MS, Visit};
use crate::domain::{Class, ClickId, ClickReason, LinkId};

/// Places for runs, 136 bytes and 16 runs each: 18 MB, and about 900 000 new visitors an hour before rows are asked.
const PLACES: usize = 1 << 17;
/// Visitors and links whose last seconds are kept before those gone by are swept out.
const SWEEP: usize = 65_536;
/// Links nobody opened in WeChat for so long are swept out: what a late visit's judgement may need, and then some.
const WECHAT_MS: i64 = 4 * REFETCH_MS;
/// Visitors who opened nothing for so long are swept out.
const OPENED_MS: i64 = 2 * SCAN_MS;

/// What became of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// Nothing that matters is missing, and it changes nobody else: this is its class, as long as no page visitor is
    /// looked at.
    InOrder(Class, ClickReason),
    /// It lies before others it may change, or something it needs was forgotten: rows must tell.
    Late,
}

/// What is remembered.
pub struct Recent {
    hasher: DefaultHashBuilder,
    repeat_ms: i64,
    places: usize,
    runs: Runs,
    wechat: HashMap<LinkId, Wechat>,
    visitors: HashMap<u64, Opened>,
    sweep_wechat_at: usize,
    sweep_visitors_at: usize,
    /// The latest visit's instant.
    newest_ms: i64,
}

/// The first 64 bits of an id: its instant, and what orders it within a millisecond.
pub(super) fn head(id: ClickId) -> u64 {
    let b = id.0.as_bytes();
    u64::from_be_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]])
}

impl Recent {
    /// Remembers nothing yet; repeats are those within `repeat_ms`.
    pub fn new(repeat_ms: i64) -> Self {
        Self::with_room(repeat_ms, PLACES)
    }

    /// With at most so many places (a power of two) for runs.
    pub fn with_room(repeat_ms: i64, places: usize) -> Self {
        Self {
            hasher: DefaultHashBuilder::default(),
            repeat_ms,
            places,
            runs: Runs::new(places, repeat_ms),
            wechat: HashMap::new(),
            visitors: HashMap::new(),
            sweep_wechat_at: SWEEP,
            sweep_visitors_at: SWEEP,
            newest_ms: i64::MIN,
        }
    }

    /// Forgets everything, and gives the memory back.
    pub fn forget(&mut self) {
        *self = Self::with_room(self.repeat_ms, self.places);
    }

    /// Whether visits of `at_ms` lie so far back that what is remembered is of no use to them: the clock was wrong.
    pub fn is_ahead_of(&self, at_ms: i64) -> bool {
        self.newest_ms > at_ms.saturating_add(2 * self.repeat_ms.max(WECHAT_MS))
    }

    /// The latest visit's instant, milliseconds UTC; `i64::MIN` before the first.
    pub fn newest_ms(&self) -> i64 {
        self.newest_ms
    }

    /// Judges a visit by those before it and remembers it.
    pub fn meet(&mut self, visit: &Visit) -> Met {
        self.newest_ms = self.newest_ms.max(visit.at_ms());
        let (mut unsure, mut repeat) = (false, None);
        // A cookie set by this answer was never seen before; but a click that brought it may have been.
        if let Some(cookie) = visit.cookie {
            let run = self.run((visit.link, 0u8, cookie), visit, visit.hash.is_some());
            unsure |= run == Run::Unsure;
            if visit.hash.is_none() && run == Run::Again {
                repeat = Some(ClickReason::RepeatVisitor);
            }
        }
        if let Some(hash) = visit.hash {
            let run = self.run((visit.link, 1u8, hash), visit, false);
            unsure |= run == Run::Unsure;
            if run == Run::Again {
                repeat = Some(ClickReason::RepeatProvisional);
            }
        }
        let refetch = self.is_refetch(visit);
        let scanner = self.is_scanner(visit);
        let (Some(refetch), Some(scanner), false) = (refetch, scanner, unsure) else {
            return Met::Late;
        };
        let (class, reason) = match (visit.hosting, refetch, scanner, repeat) {
            (true, ..) => (Class::Suspect, ClickReason::HostingNetwork),
            (_, true, ..) => (Class::Suspect, ClickReason::WeChatRefetch),
            (_, _, true, _) => (Class::Suspect, ClickReason::Scanner),
            (.., Some(reason)) => (Class::Repeat, reason),
            _ => (Class::Human, ClickReason::Person),
        };
        Met::InOrder(class, reason)
    }

    /// Remembers a stored visit for the rules about its link. Visits of one link in order; `false` when one of WeChat's
    /// lies before others, and what is remembered of its link must be put right: see [`Recent::learn_wechat_again`].
    pub fn learn_on_link(&mut self, visit: &Visit) -> bool {
        if let Some(cookie) = visit.cookie {
            self.run((visit.link, 0u8, cookie), visit, false);
        }
        if let Some(hash) = visit.hash {
            self.run((visit.link, 1u8, hash), visit, false);
        }
        self.learn_wechat(visit)
    }

    /// Remembers a stored visit for the rule about its visitor. Visits in order.
    pub fn learn_visitor(&mut self, visit: &Visit) {
        if let Some(visitor) = visit.scanner_key() {
            let key = self.hasher.hash_one(visitor);
            let head = head(visit.id);
            let opened = self
                .visitors
                .entry(key)
                .or_insert_with(|| Opened::new(head, visit.link));
            opened.put(head, visit.link);
        }
    }

    /// Puts right what is remembered of a late visit's link and visitor, out of the visits around it and until now.
    pub fn learn_again(&mut self, late: &Visit, around: &Around) {
        self.learn_wechat_again(late, around);
        if let Some(visitor) = late.scanner_key()
            && self.newest_ms - late.at_ms() <= OPENED_MS
        {
            self.visitors.remove(&self.hasher.hash_one(visitor));
            for visit in around.of_visitor(&visitor) {
                self.learn_visitor(visit);
            }
        }
    }

    /// Puts right what is remembered of WeChat's requests on a late visit's link.
    pub fn learn_wechat_again(&mut self, late: &Visit, around: &Around) {
        if late.wechat && self.newest_ms.saturating_sub(late.at_ms()) <= WECHAT_MS {
            self.wechat.remove(&late.link);
            for visit in around.wechat_on(late.link) {
                self.learn_wechat(visit);
            }
        }
    }

    fn run(&mut self, key: impl Hash, visit: &Visit, fresh: bool) -> Run {
        self.runs.meet(self.hasher.hash_one(key), visit.at_ms(), fresh)
    }

    /// `false` when it lies before others, which it may change.
    fn learn_wechat(&mut self, visit: &Visit) -> bool {
        if !visit.wechat {
            return true;
        }
        match self.wechat.get_mut(&visit.link) {
            Some(wechat) => wechat.meet(head(visit.id), visit.network).is_some(),
            None => {
                self.wechat
                    .insert(visit.link, Wechat::new(head(visit.id), visit.network));
                true
            }
        }
    }

    /// Whether this is WeChat's own fetch; `None` when rows must tell.
    fn is_refetch(&mut self, visit: &Visit) -> Option<bool> {
        if !visit.wechat {
            return Some(false);
        }
        let newest_ms = self.newest_ms;
        if self.wechat.len() >= self.sweep_wechat_at {
            self.wechat.retain(|_, w| newest_ms - w.latest_ms() <= WECHAT_MS);
            self.sweep_wechat_at = SWEEP.max(self.wechat.len() * 2);
        }
        let head = head(visit.id);
        if let Some(wechat) = self.wechat.get_mut(&visit.link) {
            let met = wechat.meet(head, visit.network)?;
            return Some(met && visit.brought_cookie().is_none());
        }
        self.wechat.insert(visit.link, Wechat::new(head, visit.network));
        // Whoever lies far behind may miss those that were swept out.
        (newest_ms - visit.at_ms() <= REFETCH_MS).then_some(false)
    }

    /// Whether this visitor opens too many links; `None` when rows must tell.
    fn is_scanner(&mut self, visit: &Visit) -> Option<bool> {
        let Some(visitor) = visit.scanner_key() else {
            return Some(false);
        };
        let newest_ms = self.newest_ms;
        if self.visitors.len() >= self.sweep_visitors_at {
            self.visitors
                .retain(|_, opened| newest_ms - opened.latest_ms() <= OPENED_MS);
            self.sweep_visitors_at = SWEEP.max(self.visitors.len() * 2);
        }
        let head = head(visit.id);
        let known_ms = newest_ms - SCAN_MS;
        let scanner = match self.visitors.entry(self.hasher.hash_one(visitor)) {
            hashbrown::hash_map::Entry::Vacant(free) => {
                free.insert(Opened::new(head, visit.link));
                Some(false)
            }
            hashbrown::hash_map::Entry::Occupied(opened) => opened.into_mut().meet(head, visit.link),
        };
        scanner.filter(|_| visit.at_ms() >= known_ms)
    }
}
