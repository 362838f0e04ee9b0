//! The links a visitor opened in the last seconds.

use crate::attribution::visits::{SCAN_LINKS, SCAN_MS};
use crate::domain::LinkId;

/// Links kept: the latest.
const LINKS: usize = SCAN_LINKS + 2;
/// How long a scan stands before the next one is noted: a visit this late is still judged from memory.
const SCAN_STANDS_MS: i64 = 1_000;

/// A link, and the head of its latest click's id.
type Seen = (LinkId, u64);

/// Links with their latest click. Nearly everybody opens one; whoever opens more has a place of their own for them.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    first: Seen,
    more: Option<Box<More>>,
}

/// All links but the first, and two moments a little back: by the later instant, so many links had been opened since
/// the earlier one that it was a scan.
#[derive(Clone, Debug)]
struct More {
    links: Vec<Seen>,
    scans: [(i64, i64); 2],
}

fn ms(head: u64) -> i64 {
    i64::try_from(head >> 16).unwrap_or(i64::MAX)
}

impl Opened {
    /// The first link.
    pub(super) fn new(head: u64, link: LinkId) -> Self {
        Self {
            first: (link, head),
            more: None,
        }
    }

    fn all(&self) -> impl Iterator<Item = &Seen> {
        let more = self.more.as_deref().map_or(&[][..], |more| &more.links);
        std::iter::once(&self.first).chain(more)
    }

    fn last(&self) -> u64 {
        self.all().map(|(_, head)| *head).max().unwrap_or(0)
    }

    /// The latest click's instant, milliseconds UTC.
    pub(super) fn latest_ms(&self) -> i64 {
        ms(self.last())
    }

    /// Takes a click in; whether it ends a scan. `None` when it lies before others and may make one of them end one.
    pub(super) fn meet(&mut self, head: u64, link: LinkId) -> Option<bool> {
        let (at_ms, last) = (ms(head), self.last());
        let others = self
            .all()
            .filter(|(other, head)| *other != link && ms(*head) >= at_ms - SCAN_MS)
            .count();
        let full = self.all().count() >= LINKS;
        self.put(head, link);
        if head > last {
            let scan = others + 1 >= SCAN_LINKS;
            if scan {
                self.note_scan(at_ms);
            }
            return Some(scan);
        }
        // Whatever lies before or after it: too few links to make a scan of; or so many before it that all after it end
        // one, with it or without.
        if others + 1 < SCAN_LINKS && !full {
            return Some(false);
        }
        let scans = self.more.as_deref().map_or(&[][..], |more| &more.scans);
        let stands = |(earlier, later): &(i64, i64)| *later < at_ms && *earlier >= ms(last) - SCAN_MS;
        scans.iter().any(stands).then_some(true)
    }

    /// Notes that by now the visitor's latest links are one more than a scan needs: enough for clicks on each of them.
    fn note_scan(&mut self, at_ms: i64) {
        let mut heads: Vec<u64> = self.all().map(|(_, head)| *head).collect();
        heads.sort_unstable_by(|a, b| b.cmp(a));
        if let (Some(more), Some(earliest)) = (&mut self.more, heads.get(SCAN_LINKS - 1))
            && at_ms - more.scans[1].1 >= SCAN_STANDS_MS
        {
            more.scans = [more.scans[1], (ms(*earliest), at_ms)];
        }
    }

    /// Remembers a click; beyond the most links, the one opened longest ago goes.
    pub(super) fn put(&mut self, head: u64, link: LinkId) {
        if self.first.0 == link {
            self.first.1 = self.first.1.max(head);
            return;
        }
        if self.more.is_none() && ms(head) - ms(self.first.1) > 2 * SCAN_MS {
            self.first = (link, head);
            return;
        }
        let more = self.more.get_or_insert_with(|| {
            Box::new(More {
                links: Vec::with_capacity(1),
                scans: [(0, 0); 2],
            })
        });
        if let Some(seen) = more.links.iter_mut().find(|(other, _)| *other == link) {
            seen.1 = seen.1.max(head);
        } else if more.links.len() + 1 < LINKS {
            more.links.push((link, head));
        } else {
            let first = std::iter::once(&mut self.first);
            if let Some(oldest) = first.chain(&mut more.links).min_by_key(|(_, head)| *head)
                && oldest.1 < head
            {
                *oldest = (link, head);
            }
        }
    }
}
