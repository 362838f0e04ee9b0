//! The table's memory: 28 bytes per link, its code in an arena of blocks, and 5 bytes per bucket of the index.
//!
//! A million links take about 46 MB (a `HashMap<Box<str>, …>` was measured at 244 MB).

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use crate::domain::{CampaignId, EmployeeId, LinkFacts, LinkId, LinkState};
use crate::redirect::table::changes::{CampaignChange, EmployeeChange, LinkChange};
use crate::share::{Destination, Target, UtmOverrides, encode_value};

/// Longest code, bytes (ASCII).
pub(super) const MAX_CODE: usize = 30;

const CHILD: u8 = 1;
const DISABLED: u8 = 2;
const OWN: u8 = 4;

#[derive(Clone, Copy)]
struct Entry {
    code_at: u32,
    id: u32,
    employee: u32,
    campaign: u32,
    /// Milliseconds UTC in 48 bits, low and high part; zero: never.
    expires_low: u32,
    expires_high: u16,
    channel: u16,
    code_len: u8,
    flags: u8,
}

/// A campaign, as the redirect needs it.
#[derive(Debug)]
pub struct Campaign {
    slug: Box<str>,
    destination: Destination,
    target: Target,
    opens_at_ms: i64,
    closes_at_ms: i64,
    disabled: bool,
    fallback: Option<Box<str>>,
    /// Open Graph title.
    pub title: Box<str>,
    /// Open Graph description; may be empty.
    pub description: Box<str>,
    /// Absolute address of its picture.
    pub picture_url: Option<Box<str>>,
}

impl Campaign {
    /// Where disabled and expired links lead, if anywhere.
    pub fn fallback(&self) -> Option<&str> {
        self.fallback.as_deref()
    }

    fn open(&self, now_ms: i64) -> bool {
        !self.disabled && (self.opens_at_ms..self.closes_at_ms).contains(&now_ms)
    }
}

/// A link's own destination or UTM values, and what they make with its campaign.
struct Own {
    destination: Option<Destination>,
    utm: Option<UtmOverrides>,
    target: Option<Target>,
}

impl Own {
    fn compose(&mut self, campaign: &Campaign) {
        let destination = self.destination.as_ref().unwrap_or(&campaign.destination);
        self.target = Some(Target::new(destination, &campaign.slug, self.utm.as_ref()));
    }
}

/// A link that was found; borrows the table.
pub struct Found<'a> {
    /// The link itself.
    pub facts: LinkFacts,
    /// Whether it may be followed now.
    pub state: LinkState,
    /// Its campaign.
    pub campaign: &'a Campaign,
    target: &'a Target,
    channel: &'a str,
    employee_code: &'a str,
}

impl Found<'_> {
    /// Appends the address of the destination with UTM values, incoming parameters and the click token.
    pub fn write_location(&self, out: &mut Vec<u8>, incoming: Option<&str>, token: &str) {
        self.target
            .write_location(out, self.channel, self.employee_code, incoming, token);
    }
}

#[derive(Default)]
pub(super) struct Packed {
    hasher: DefaultHashBuilder,
    index: HashTable<u32>,
    entries: Vec<Entry>,
    codes: Codes,
    /// Encoded for an address, and as they are.
    channels: Vec<[Box<str>; 2]>,
    channel_numbers: HashMap<Box<str>, u16>,
    campaigns: HashMap<u32, Campaign>,
    /// Codes, encoded for an address.
    employees: HashMap<u32, Box<str>>,
    /// By the link's place in `entries`.
    owns: HashMap<u32, Own>,
}

impl Packed {
    pub(super) fn with_room_for(links: usize) -> Self {
        let mut packed = Self::default();
        packed.entries.reserve_exact(links);
        let hasher = packed.hasher.clone();
        packed.index.reserve(links, |_| hasher.hash_one(0));
        packed
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes held for links: entries, codes, index.
    pub(super) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>() + self.codes.bytes() + self.index.allocation_size()
    }

    pub(super) fn find(&self, code: &str, now_ms: i64) -> Option<Found<'_>> {
        let mut folded = [0u8; MAX_CODE];
        let key = fold(code, &mut folded)?;
        let place = *self
            .index
            .find(self.hasher.hash_one(key), |place| self.code(*place) == key)?;
        let entry = self.entries.get(place as usize)?;
        let campaign = self.campaigns.get(&entry.campaign)?;
        let expires = u64::from(entry.expires_high) << 32 | u64::from(entry.expires_low);
        let facts = LinkFacts {
            id: LinkId(i64::from(entry.id)),
            employee: EmployeeId(i64::from(entry.employee)),
            campaign: CampaignId(i64::from(entry.campaign)),
            child: entry.flags & CHILD != 0,
            expires_at_ms: if expires == 0 {
                None
            } else {
                i64::try_from(expires).ok()
            },
            disabled: entry.flags & DISABLED != 0,
        };
        let own = if entry.flags & OWN == 0 {
            None
        } else {
            self.owns.get(&place)?.target.as_ref()
        };
        Some(Found {
            state: facts.state(now_ms, campaign.open(now_ms)),
            facts,
            campaign,
            target: own.unwrap_or(&campaign.target),
            channel: &self.channels.get(usize::from(entry.channel))?[0],
            employee_code: self.employees.get(&entry.employee)?,
        })
    }

    /// Links come in the order of their ids, all but a few; one that did not is not found.
    pub(super) fn credit_of(&self, link: LinkId) -> Option<(EmployeeId, CampaignId, &str, bool)> {
        let id = u32::try_from(link.0).ok()?;
        let place = self.entries.binary_search_by_key(&id, |entry| entry.id).ok()?;
        let entry = self.entries.get(place)?;
        let [_, channel] = self.channels.get(usize::from(entry.channel))?;
        Some((
            EmployeeId(i64::from(entry.employee)),
            CampaignId(i64::from(entry.campaign)),
            channel,
            entry.flags & CHILD != 0,
        ))
    }

    pub(super) fn put_employee(&mut self, change: &EmployeeChange<'_>) {
        if let Ok(id) = u32::try_from(change.id.0) {
            self.employees.insert(id, encode_value(change.code).into());
        }
    }

    pub(super) fn put_campaign(&mut self, change: &CampaignChange<'_>) {
        let Ok(id) = u32::try_from(change.id.0) else {
            return;
        };
        let campaign = Campaign {
            slug: change.slug.into(),
            target: Target::new(&change.destination, change.slug, None),
            destination: change.destination.clone(),
            opens_at_ms: change.opens_at_ms.unwrap_or(i64::MIN),
            closes_at_ms: change.closes_at_ms.unwrap_or(i64::MAX),
            disabled: change.disabled,
            fallback: change.fallback.as_ref().map(|fallback| fallback.as_str().into()),
            title: change.title.into(),
            description: change.description.into(),
            picture_url: change.picture_url.map(Into::into),
        };
        for (place, own) in &mut self.owns {
            if self
                .entries
                .get(*place as usize)
                .is_some_and(|entry| entry.campaign == id)
            {
                own.compose(&campaign);
            }
        }
        self.campaigns.insert(id, campaign);
    }

    /// Puts a link in, or brings it up to date; a code never changes its link. Says whether it fits: ids below 2^32,
    /// codes of at most 30 ASCII characters, at most 65 536 channels, 4 GiB of codes.
    pub(super) fn put_link(&mut self, change: &LinkChange<'_>) -> bool {
        self.try_put_link(change).is_some()
    }

    fn try_put_link(&mut self, change: &LinkChange<'_>) -> Option<()> {
        let mut folded = [0u8; MAX_CODE];
        let key = fold(change.code, &mut folded)?;
        let own = change.destination.is_some() || change.utm.as_ref().is_some_and(|utm| !utm.is_empty());
        let flag = |on: bool, bit: u8| if on { bit } else { 0 };
        // An expiry at or before 1970 is in the past, as the first millisecond is.
        let expires = change
            .expires_at_ms
            .map_or(0, |ms| u64::try_from(ms).unwrap_or(0).clamp(1, (1 << 48) - 1));
        let entry = Entry {
            code_at: 0,
            id: u32::try_from(change.id.0).ok()?,
            employee: u32::try_from(change.employee.0).ok()?,
            campaign: u32::try_from(change.campaign.0).ok()?,
            expires_low: u32::try_from(expires & u64::from(u32::MAX)).ok()?,
            expires_high: u16::try_from(expires >> 32).ok()?,
            channel: self.channel(change.channel)?,
            code_len: u8::try_from(key.len()).ok()?,
            flags: flag(change.child, CHILD) | flag(change.disabled, DISABLED) | flag(own, OWN),
        };
        let hash = self.hasher.hash_one(key);
        let known = self.index.find(hash, |place| self.code(*place) == key).copied();
        let place = if let Some(place) = known {
            let there = self.entries.get_mut(place as usize)?;
            *there = Entry {
                code_at: there.code_at,
                ..entry
            };
            place
        } else {
            let place = u32::try_from(self.entries.len()).ok()?;
            let code_at = self.codes.put(key)?;
            make_room(&mut self.entries, 1);
            self.entries.push(Entry { code_at, ..entry });
            let Self {
                index,
                entries,
                codes,
                hasher,
                ..
            } = self;
            index.insert_unique(hash, place, |place| {
                hasher.hash_one(code_of(entries, codes, *place))
            });
            place
        };
        if own {
            let mut own = Own {
                destination: change.destination.clone(),
                utm: change.utm.clone(),
                target: None,
            };
            if let Some(campaign) = self.campaigns.get(&entry.campaign) {
                own.compose(campaign);
            }
            self.owns.insert(place, own);
        } else if known.is_some() {
            self.owns.remove(&place);
        }
        Some(())
    }

    fn channel(&mut self, channel: &str) -> Option<u16> {
        if let Some(number) = self.channel_numbers.get(channel) {
            return Some(*number);
        }
        let number = u16::try_from(self.channels.len()).ok()?;
        self.channels.push([encode_value(channel).into(), channel.into()]);
        self.channel_numbers.insert(channel.into(), number);
        Some(number)
    }

    fn code(&self, place: u32) -> &[u8] {
        code_of(&self.entries, &self.codes, place)
    }
}

fn code_of<'a>(entries: &[Entry], codes: &'a Codes, place: u32) -> &'a [u8] {
    let entry = entries.get(place as usize);
    entry.map_or(&[][..], |entry| codes.get(entry.code_at, entry.code_len))
}

/// Codes one behind the other, in blocks that stay where they are: an arena that grows by moving leaves as much memory
/// behind as it holds.
#[derive(Default)]
struct Codes {
    blocks: Vec<Vec<u8>>,
}

/// Bytes of a block; a place is 16 bits of block and 16 within it.
const BLOCK: usize = 1 << 16;

impl Codes {
    /// Where the code lies from now on; `None` beyond 4 GiB.
    fn put(&mut self, code: &[u8]) -> Option<u32> {
        let full = |block: &Vec<u8>| block.len() + code.len() > BLOCK;
        if self.blocks.last().is_none_or(full) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let number = u16::try_from(self.blocks.len() - 1).ok()?;
        let block = self.blocks.last_mut()?;
        let at = u16::try_from(block.len()).ok()?;
        block.extend_from_slice(code);
        Some(u32::from(number) << 16 | u32::from(at))
    }

    fn get(&self, at: u32, length: u8) -> &[u8] {
        let block = self.blocks.get((at >> 16) as usize);
        block
            .and_then(|block| block.get((at & 0xffff) as usize..)?.get(..usize::from(length)))
            .unwrap_or_default()
    }

    fn bytes(&self) -> usize {
        self.blocks.len() * BLOCK
    }
}

/// Lower case, in a buffer on the stack; `None` when no code can look like that.
fn fold<'a>(code: &str, buffer: &'a mut [u8; MAX_CODE]) -> Option<&'a [u8]> {
    let folded = buffer.get_mut(..code.len()).filter(|folded| !folded.is_empty())?;
    for (to, from) in folded.iter_mut().zip(code.bytes()) {
        if !from.is_ascii_alphanumeric() && from != b'-' {
            return None;
        }
        *to = from.to_ascii_lowercase();
    }
    Some(folded)
}

/// Grows by an eighth rather than by doubling: a table of 28 MB must not hold 56.
fn make_room<T>(list: &mut Vec<T>, more: usize) {
    if list.capacity() - list.len() < more {
        list.reserve_exact(more + 1024 + list.len() / 8);
    }
}
