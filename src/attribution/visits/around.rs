//! The clicks around a click, found by what they have in common.

use std::collections::{HashMap, HashSet};

use crate::attribution::visits::{REFETCH_MS, SCAN_MS, Visit, VisitorId, is_scanner};
use crate::domain::{Class, ClickId, ClickReason, LinkId};

/// What two clicks on a link can have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Cookie(VisitorId),
    Hash(VisitorId),
    Page([u8; 16]),
}

/// Visits, ready to be asked for those before or after one. What it answers is exact as long as it holds all visits
/// from the windows' length before the one asked for.
#[derive(Clone, Debug, Default)]
pub struct Around {
    visits: HashMap<ClickId, Visit>,
    keys: HashMap<(LinkId, Key), Vec<ClickId>>,
    wechat: HashMap<LinkId, Vec<(ClickId, u64)>>,
    visitors: HashMap<VisitorId, Vec<(ClickId, LinkId)>>,
}

fn put<T: Ord>(list: &mut Vec<T>, item: T) {
    // Clicks come mostly in order.
    if list.last().is_none_or(|last| *last < item) {
        list.push(item);
    } else if let Err(place) = list.binary_search(&item) {
        list.insert(place, item);
    }
}

impl Around {
    /// Adds a visit; one that is there already is replaced (its page visitor may have become known).
    pub fn add(&mut self, visit: Visit) {
        let before = self.visits.insert(visit.id, visit);
        if let Some(page) = before.and_then(|b| b.page_visitor)
            && let Some(list) = self.keys.get_mut(&(visit.link, Key::Page(page)))
        {
            list.retain(|id| *id != visit.id);
        }
        if let Some(page) = visit.page_visitor {
            put(
                self.keys.entry((visit.link, Key::Page(page))).or_default(),
                visit.id,
            );
        }
        if before.is_some() {
            return;
        }
        if let Some(cookie) = visit.cookie {
            put(
                self.keys.entry((visit.link, Key::Cookie(cookie))).or_default(),
                visit.id,
            );
        }
        if let Some(hash) = visit.hash {
            put(
                self.keys.entry((visit.link, Key::Hash(hash))).or_default(),
                visit.id,
            );
        }
        if visit.wechat {
            put(
                self.wechat.entry(visit.link).or_default(),
                (visit.id, visit.network),
            );
        }
        if let Some(visitor) = visit.scanner_key() {
            put(self.visitors.entry(visitor).or_default(), (visit.id, visit.link));
        }
    }

    /// Whether the visit is here.
    pub fn has(&self, id: ClickId) -> bool {
        self.visits.contains_key(&id)
    }

    /// The visit, if it is here.
    pub fn get(&self, id: ClickId) -> Option<&Visit> {
        self.visits.get(&id)
    }

    /// The WeChat requests on a link, in order.
    pub fn wechat_on(&self, link: LinkId) -> impl Iterator<Item = &Visit> {
        let list = self.wechat.get(&link).map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(|(id, _)| self.visits.get(id))
    }

    /// A visitor's clicks, in order.
    pub fn of_visitor(&self, visitor: &VisitorId) -> impl Iterator<Item = &Visit> {
        let list = self.visitors.get(visitor).map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(|(id, _)| self.visits.get(id))
    }

    /// The class of a visit, by those before it.
    pub fn judge(&self, visit: &Visit, repeat_ms: i64) -> (Class, ClickReason) {
        if visit.hosting {
            return (Class::Suspect, ClickReason::HostingNetwork);
        }
        if self.is_refetch(visit) {
            return (Class::Suspect, ClickReason::WeChatRefetch);
        }
        if self.is_scanner(visit) {
            return (Class::Suspect, ClickReason::Scanner);
        }
        let before = |key| {
            self.last_before(visit.link, key, visit.id)
                .is_some_and(|earlier| visit.at_ms() - earlier.unix_ms() <= repeat_ms)
        };
        if let Some(cookie) = visit.brought_cookie() {
            return if before(Key::Cookie(cookie)) {
                (Class::Repeat, ClickReason::RepeatVisitor)
            } else {
                (Class::Human, ClickReason::Person)
            };
        }
        match visit.hash {
            Some(hash) if before(Key::Hash(hash)) => match visit.page_visitor {
                Some(page) if !before(Key::Page(page)) => (Class::Human, ClickReason::OtherVisitor),
                _ => (Class::Repeat, ClickReason::RepeatProvisional),
            },
            _ => (Class::Human, ClickReason::Person),
        }
    }

    /// Whether a visit has somebody of its own on its link before it, close enough for a repeat, and somebody after it
    /// before `until`: whatever lies further away changes nothing about repeats, as each looks at the one before it.
    pub fn is_between_its_own(&self, visit: &Visit, repeat_ms: i64, until_ms: i64) -> bool {
        let keys = [visit.cookie.map(Key::Cookie), visit.hash.map(Key::Hash)];
        keys.into_iter().flatten().all(|key| {
            let list = self.keys.get(&(visit.link, key)).map_or(&[][..], Vec::as_slice);
            let place = list.partition_point(|id| *id < visit.id);
            let before = place.checked_sub(1).and_then(|place| list.get(place));
            let after = list[place..].iter().find(|id| **id != visit.id);
            before.is_some_and(|id| visit.at_ms() - id.unix_ms() <= repeat_ms)
                && after.is_some_and(|id| id.unix_ms() < until_ms)
        })
    }

    /// Later visits whose class may be another one because of this one. Of those that share its cookie, hash or page only
    /// the next: whoever comes after that one has it before them, with or without this one.
    pub fn touched_by(&self, visit: &Visit, repeat_ms: i64) -> HashSet<ClickId> {
        let mut touched = HashSet::new();
        let keys = [
            visit.cookie.map(Key::Cookie),
            visit.hash.map(Key::Hash),
            visit.page_visitor.map(Key::Page),
        ];
        for key in keys.into_iter().flatten() {
            let later = self.keys.get(&(visit.link, key)).map_or(&[][..], Vec::as_slice);
            let from = later.partition_point(|id| *id <= visit.id);
            let next = later.get(from);
            touched.extend(next.filter(|id| id.unix_ms() - visit.at_ms() <= repeat_ms));
        }
        if visit.wechat {
            let later = self.wechat.get(&visit.link).map_or(&[][..], Vec::as_slice);
            let from = later.partition_point(|(id, _)| *id <= visit.id);
            let later = later[from..]
                .iter()
                .take_while(|(id, _)| id.unix_ms() - visit.at_ms() <= 2 * REFETCH_MS);
            touched.extend(later.map(|(id, _)| *id));
        }
        if let Some(visitor) = visit.scanner_key() {
            let later = self.visitors.get(&visitor).map_or(&[][..], Vec::as_slice);
            let from = later.partition_point(|(id, _)| *id <= visit.id);
            let later = later[from..]
                .iter()
                .take_while(|(id, _)| id.unix_ms() - visit.at_ms() <= SCAN_MS);
            touched.extend(later.map(|(id, _)| *id));
        }
        touched
    }

    fn last_before(&self, link: LinkId, key: Key, id: ClickId) -> Option<ClickId> {
        let list = self.keys.get(&(link, key))?;
        let place = list.partition_point(|other| *other < id);
        place.checked_sub(1).and_then(|place| list.get(place)).copied()
    }

    /// WeChat requests a page once more, from a network of its own, shortly after somebody opened it: the second WeChat
    /// request on the link within 15 s, without a cookie, from another network. "Second" is taken at its word: only the
    /// first request of a burst can be the one fetched again, or a popular link would know nobody but suspects.
    fn is_refetch(&self, visit: &Visit) -> bool {
        if !visit.wechat || visit.brought_cookie().is_some() {
            return false;
        }
        let list = self.wechat.get(&visit.link).map_or(&[][..], Vec::as_slice);
        let others_before = |id: ClickId, network: u64| {
            let place = list.partition_point(|(other, _)| *other < id);
            list[..place]
                .iter()
                .rev()
                .take_while(move |(other, _)| id.unix_ms() - other.unix_ms() <= REFETCH_MS)
                .filter(move |(_, other)| *other != network)
        };
        others_before(visit.id, visit.network)
            .any(|(opening, network)| others_before(*opening, *network).next().is_none())
    }

    fn is_scanner(&self, visit: &Visit) -> bool {
        let Some(list) = visit.scanner_key().and_then(|key| self.visitors.get(&key)) else {
            return false;
        };
        let place = list.partition_point(|(id, _)| *id < visit.id);
        let near = list[..place]
            .iter()
            .rev()
            .take_while(|(id, _)| visit.at_ms() - id.unix_ms() <= SCAN_MS);
        is_scanner(visit.id, visit.link, near)
    }
}
