//! The last hour in a few bytes per visit: enough to judge a visit that comes after the others.
//!
//! # Why
//! Nearly all clicks reach the store in their order, and a loader cannot ask the store about each. What it keeps here
//! decides those; a visit that turns out to lie before others ([`Met::Late`]) is judged by rows instead.

use std::hash::{BuildHasher, Hash};

use hashbrown::{DefaultHashBuilder, HashMap};

use crate::attribution::visits::{Around, REFETCH_MS, SCAN_LINKS, SCAN_MS, Visit};
use crate::domain::{Class, ClickId, ClickReason, LinkId};

/// Runs kept; each is 24 bytes. Beyond, everything is forgotten and learned again from rows.
const RUNS: usize = 900_000;
/// Visitors and links whose last seconds are kept before the older ones are swept out.
const SWEEP: usize = 65_536;
/// Links of one visitor kept: the latest.
const LINKS: usize = SCAN_LINKS + 2;
/// In a burst, a visit at most this late counts as coming in its order for the rules of seconds: nobody can tell, and
/// looking it up would make the burst worse.
const BLUR_MS: i64 = 1_000;
/// So many visits within [`BURST_MS`] are a burst.
const BURST: usize = 20_000;
const BURST_MS: i64 = 30_000;

/// What became of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// It comes after all that matter: this is its class, as long as no page visitor is looked at.
    InOrder(Class, ClickReason),
    /// It lies before others, or before what is remembered: rows must tell.
    Late,
}

/// One visitor's clicks on one link, none more than the repeat window after the one before.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// The first one's id, its first 64 bits.
    first: u64,
    last_ms: i64,
}

/// The last WeChat requests on a link: the latest, the latest from another network, the latest that opened a burst.
#[derive(Clone, Copy, Debug)]
struct Wechat {
    last: u64,
    latest: (u64, i64),
    other: Option<(u64, i64)>,
    opening: Option<(u64, i64)>,
}

/// The last links of a visitor, each with its latest click.
#[derive(Clone, Debug)]
struct Links {
    last: u64,
    seen: Vec<(LinkId, i64)>,
}

/// What is remembered.
#[derive(Debug, Default)]
pub struct Recent {
    hasher: DefaultHashBuilder,
    runs: HashMap<u64, Run>,
    wechat: HashMap<LinkId, Wechat>,
    visitors: HashMap<u64, Links>,
    sweep_at: usize,
    /// Visits of the present stretch of [`BURST_MS`]: since when, how many, and how many in the one before.
    pace: (i64, usize, usize),
}

fn head(id: ClickId) -> u64 {
    let b = id.0.as_bytes();
    u64::from_be_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]])
}

impl Recent {
    /// Whether so much is remembered that it is time to forget everything.
    pub fn is_full(&self) -> bool {
        self.runs.len() >= RUNS
    }

    /// Forgets everything, and gives the memory back.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Judges a visit by those before it and remembers it.
    pub fn meet(&mut self, visit: &Visit, repeat_ms: i64) -> Met {
        let at_ms = visit.at_ms();
        let head = head(visit.id);
        self.keep_pace(at_ms);
        let blur = if self.pace.1.max(self.pace.2) >= BURST {
            BLUR_MS
        } else {
            0
        };
        let (mut late, mut repeat) = (false, None);
        if let Some(cookie) = visit.cookie {
            let met = self.run((visit.link, 0u8, cookie), head, at_ms, repeat_ms);
            late |= met.is_none();
            if visit.hash.is_none() && met == Some(true) {
                repeat = Some(ClickReason::RepeatVisitor);
            }
        }
        if let Some(hash) = visit.hash {
            let met = self.run((visit.link, 1u8, hash), head, at_ms, repeat_ms);
            late |= met.is_none();
            if met == Some(true) {
                repeat = Some(ClickReason::RepeatProvisional);
            }
        }
        let refetch = if visit.wechat {
            self.is_refetch(visit, head, at_ms, blur)
        } else {
            Some(false)
        };
        let scanner = self.is_scanner(visit, head, at_ms, blur);
        let (Some(refetch), Some(scanner), false) = (refetch, scanner, late) else {
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

    /// Remembers a stored visit for the rules about its link. Visits of one link in order.
    pub fn learn_on_link(&mut self, visit: &Visit, repeat_ms: i64) {
        let (at_ms, head) = (visit.at_ms(), head(visit.id));
        if let Some(cookie) = visit.cookie {
            self.run((visit.link, 0u8, cookie), head, at_ms, repeat_ms);
        }
        if let Some(hash) = visit.hash {
            self.run((visit.link, 1u8, hash), head, at_ms, repeat_ms);
        }
        if visit.wechat {
            self.is_refetch(visit, head, at_ms, 0);
        }
    }

    /// Remembers a stored visit for the rule about its visitor. Visits in order.
    pub fn learn_visitor(&mut self, visit: &Visit) {
        self.is_scanner(visit, head(visit.id), visit.at_ms(), 0);
    }

    /// Puts right what is remembered of a late visit's link and visitor, out of the visits around it.
    pub fn learn_again(&mut self, late: &Visit, around: &Around) {
        if late.wechat {
            self.wechat.remove(&late.link);
            for visit in around.wechat_on(late.link) {
                self.is_refetch(visit, head(visit.id), visit.at_ms(), 0);
            }
        }
        if let Some(visitor) = late.scanner_key() {
            self.visitors.remove(&self.hasher.hash_one(visitor));
            for visit in around.of_visitor(&visitor) {
                self.is_scanner(visit, head(visit.id), visit.at_ms(), 0);
            }
        }
    }

    fn keep_pace(&mut self, at_ms: i64) {
        let (since, count, _) = self.pace;
        self.pace = if (0..BURST_MS).contains(&(at_ms - since)) {
            (since, count + 1, self.pace.2)
        } else {
            (at_ms, 1, count)
        };
    }

    /// Whether the visit continues a run of its key; `None` when it lies before it.
    fn run(&mut self, key: impl Hash, head: u64, at_ms: i64, repeat_ms: i64) -> Option<bool> {
        let key = self.hasher.hash_one(key);
        let fresh = Run {
            first: head,
            last_ms: at_ms,
        };
        let run = match self.runs.entry(key) {
            hashbrown::hash_map::Entry::Vacant(free) => {
                free.insert(fresh);
                return Some(false);
            }
            hashbrown::hash_map::Entry::Occupied(run) => run.into_mut(),
        };
        if head <= run.first {
            let first_ms = i64::try_from(run.first >> 16).unwrap_or(i64::MAX);
            if first_ms - at_ms <= repeat_ms {
                run.first = head;
            }
            None
        } else if at_ms - run.last_ms > repeat_ms {
            *run = fresh;
            Some(false)
        } else {
            run.last_ms = run.last_ms.max(at_ms);
            Some(true)
        }
    }

    fn is_refetch(&mut self, visit: &Visit, head: u64, at_ms: i64, blur: i64) -> Option<bool> {
        if self.wechat.len() >= SWEEP && !self.wechat.contains_key(&visit.link) {
            self.wechat.retain(|_, w| at_ms - w.latest.1 <= 2 * REFETCH_MS);
            if self.wechat.len() >= SWEEP * 2 {
                self.wechat.clear();
            }
        }
        let near = |seen: Option<(u64, i64)>| seen.filter(|(_, ms)| at_ms - ms <= REFETCH_MS);
        let Some(w) = self.wechat.get_mut(&visit.link) else {
            let this = (visit.network, at_ms);
            self.wechat.insert(
                visit.link,
                Wechat {
                    last: head,
                    latest: this,
                    other: None,
                    opening: Some(this),
                },
            );
            return Some(false);
        };
        if head <= w.last && w.latest.1 - at_ms >= blur {
            return None;
        }
        let refetch = visit.brought_cookie().is_none()
            && near(w.opening).is_some_and(|(network, _)| network != visit.network);
        let others = if w.latest.0 == visit.network {
            w.other
        } else {
            Some(w.latest)
        };
        if near(others).is_none() {
            w.opening = Some((visit.network, at_ms));
        }
        if w.latest.0 != visit.network {
            w.other = Some(w.latest);
        }
        w.latest = (visit.network, at_ms.max(w.latest.1));
        w.last = w.last.max(head);
        Some(refetch)
    }

    fn is_scanner(&mut self, visit: &Visit, head: u64, at_ms: i64, blur: i64) -> Option<bool> {
        let Some(visitor) = visit.scanner_key() else {
            return Some(false);
        };
        if self.visitors.len() >= self.sweep_at.max(SWEEP) {
            self.visitors
                .retain(|_, links| links.seen.iter().any(|(_, ms)| at_ms - ms <= SCAN_MS));
            self.sweep_at = self.visitors.len() * 2;
        }
        let links = self
            .visitors
            .entry(self.hasher.hash_one(visitor))
            .or_insert_with(|| Links {
                last: 0,
                seen: Vec::with_capacity(1),
            });
        if head <= links.last && links.seen.iter().map(|(_, ms)| ms - at_ms).max() >= Some(blur) {
            return None;
        }
        links.last = links.last.max(head);
        let near = |(link, ms): &&(LinkId, i64)| *link != visit.link && at_ms - ms <= SCAN_MS;
        let others = links.seen.iter().filter(near).count();
        if let Some(seen) = links.seen.iter_mut().find(|(link, _)| *link == visit.link) {
            seen.1 = seen.1.max(at_ms);
        } else if links.seen.len() < LINKS {
            links.seen.push((visit.link, at_ms));
        } else if let Some(oldest) = links.seen.iter_mut().min_by_key(|(_, ms)| *ms) {
            *oldest = (visit.link, at_ms);
        }
        Some(others + 1 >= SCAN_LINKS)
    }
}
