//! What only a click's neighbours show: repeats, scanners, WeChat's second fetch, hosting networks (attribution.md §2).
//!
//! # Why
//! Clicks reach the store in any order (several nodes, restarts, a store that was down). A click's class is therefore a
//! function of what was recorded, of it and of the clicks before it on its link or by its visitor; never of the classes
//! others were given, or of the order in which they became known. A late click changes only those shortly after it.

mod around;
mod opened;
mod recent;
mod runs;
#[cfg(test)]
mod tests;
mod wechat;

pub use around::Around;
pub use recent::{Met, Recent};

use crate::domain::{ClickId, LinkId};

/// A visitor's id, by cookie or by hash.
pub type VisitorId = [u8; 12];

/// A second WeChat request within this time looks like WeChat's own fetch.
pub const REFETCH_MS: i64 = 15_000;
/// The time over which one visitor's links are counted.
pub const SCAN_MS: i64 = 10_000;
/// So many links of one visitor within [`SCAN_MS`] are a scanner's.
pub const SCAN_LINKS: usize = 6;

/// A request the redirect took for a person's, as far as its neighbours matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The click; ids sort by instant, and settle the order within a millisecond.
    pub id: ClickId,
    /// The link.
    pub link: LinkId,
    /// The cookie brought along, or else set by the answer.
    pub cookie: Option<VisitorId>,
    /// The keyed hash; only when no cookie was brought.
    pub hash: Option<VisitorId>,
    /// The network, as any number that tells networks apart; 0 unknown.
    pub network: u64,
    /// Whether the app is WeChat or WeCom.
    pub wechat: bool,
    /// Whether the network rents out servers.
    pub hosting: bool,
    /// What the page's start beacon brought.
    pub page_visitor: Option<[u8; 16]>,
}

impl Visit {
    /// The click's instant, milliseconds UTC.
    pub fn at_ms(&self) -> i64 {
        self.id.unix_ms()
    }

    /// The visitor for [`is_scanner`]: the cookie brought, else the hash (a set cookie that never comes back is nobody).
    pub fn scanner_key(&self) -> Option<VisitorId> {
        self.hash.or(self.cookie)
    }

    /// Whether the cookie came with the request.
    fn brought_cookie(&self) -> Option<VisitorId> {
        if self.hash.is_some() { None } else { self.cookie }
    }
}

/// Whether a click at `(id, link)` ends a scan: with it, its visitor opened [`SCAN_LINKS`] different links within
/// [`SCAN_MS`]. `of_visitor` are the visitor's clicks.
pub fn is_scanner<'a>(
    id: ClickId,
    link: LinkId,
    of_visitor: impl Iterator<Item = &'a (ClickId, LinkId)>,
) -> bool {
    let mut links: Vec<LinkId> = Vec::with_capacity(SCAN_LINKS);
    links.push(link);
    for (earlier, other) in of_visitor {
        if *earlier < id && id.unix_ms() - earlier.unix_ms() <= SCAN_MS && !links.contains(other) {
            links.push(*other);
            if links.len() >= SCAN_LINKS {
                return true;
            }
        }
    }
    false
}

/// Which of one visitor's valid clicks earn points: the first, and each that lies at least `window_ms` after the last
/// that earned. `at_ms` ascending; answers in the same order.
pub fn earning(at_ms: &[i64], window_ms: i64) -> Vec<bool> {
    let mut last: Option<i64> = None;
    at_ms
        .iter()
        .map(|at| {
            let earns = last.is_none_or(|last| at - last >= window_ms);
            if earns {
                last = Some(*at);
            }
            earns
        })
        .collect()
}
