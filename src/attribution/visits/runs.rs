//! Who clicked on what within the repeat window: eight bytes each, in a table with a fixed most.
//!
//! # Why
//! A burst of strangers must cost neither memory nor time. Every key has two places of sixteen slots; when both are
//! taken the oldest entry goes, and its place remembers until when something is missing. Who is not found in such a
//! place is [`Run::Unsure`]: rows must tell. So the table forgets, but never says what is not so.
//!
//! ```text
//! entry   36 bits of the key's hash │ 5 bits how long the run is, rounded down to a power of two │ 23 bits its last click
//! ```
//! With the bits that choose the place, one stranger in a hundred million is taken for somebody else.
//!
//! Whoever clicks again and again within milliseconds would never get a length into those five bits, as each click adds
//! less than the next power of two: where such a run began is kept beside, until it is a few seconds long.

use std::mem;

use hashbrown::HashMap;

/// Slots of one place.
const SLOTS: usize = 16;
/// Bits of a hash that choose the place while the table is small; further ones come out of the entry.
const BASE_BITS: u32 = 13;
const SPAN_BITS: u32 = 5;
const TIME_BITS: u32 = 23;
/// Instants count from here to twice this; then the count begins anew.
const HALF: i64 = 1 << (TIME_BITS - 1);
/// Runs this long (the power of two, of units: 4 s) need no exact beginning any more: hardly a click comes so late.
const LONG: u32 = 13;
/// Beginnings of young runs kept; then all are forgotten.
const YOUNG: usize = 16_384;

/// What is known of a click's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// Nobody with this key clicked within the window before.
    First,
    /// Somebody did.
    Again,
    /// It lies before others, or something was forgotten here.
    Unsure,
}

/// One place: entries, and the last instant of whatever had to go.
#[derive(Clone, Copy)]
struct Place {
    entries: [u64; SLOTS],
    lost: u32,
}

const EMPTY: Place = Place {
    entries: [0; SLOTS],
    lost: 0,
};

/// The table.
pub(super) struct Runs {
    places: Vec<Place>,
    most: usize,
    repeat_ms: i64,
    /// Instants are kept in units of 2^shift milliseconds: 1 ms for windows up to 69 minutes.
    shift: u32,
    /// The unit that counts as zero.
    base: Option<i64>,
    /// By key: the unit in which a run of quick clicks began.
    young: HashMap<u64, i64>,
}

#[derive(Clone, Copy)]
struct Entry {
    tag: u64,
    span: u32,
    last: u32,
}

impl Entry {
    fn pack(self) -> u64 {
        self.tag << (SPAN_BITS + TIME_BITS) | u64::from(self.span) << TIME_BITS | u64::from(self.last)
    }

    fn last(packed: u64) -> u32 {
        u32::try_from(packed & ((1 << TIME_BITS) - 1)).unwrap_or(0)
    }

    fn unpack(packed: u64) -> Self {
        Self {
            tag: packed >> (SPAN_BITS + TIME_BITS),
            span: u32::try_from(packed >> TIME_BITS & ((1 << SPAN_BITS) - 1)).unwrap_or(0),
            last: Self::last(packed),
        }
    }

    /// The run's first click, or a later instant of the run.
    fn first(self) -> u32 {
        let span = if self.span == 0 { 0 } else { 1 << (self.span - 1) };
        self.last.saturating_sub(span)
    }

    fn reaching(self, first: u32, last: u32) -> Self {
        let span = u32::BITS - last.saturating_sub(first).leading_zeros();
        Self { last, span, ..self }
    }
}

impl Runs {
    /// With at most so many places (a power of two) of 16 clicks each, for repeats within `repeat_ms`.
    pub(super) fn new(most: usize, repeat_ms: i64) -> Self {
        let mut shift = 0;
        while repeat_ms >> shift >= HALF {
            shift += 1;
        }
        Self {
            places: vec![EMPTY; most.min(1 << BASE_BITS)],
            most,
            repeat_ms,
            shift,
            base: None,
            young: HashMap::new(),
        }
    }

    /// Remembers a click of `key` at `at_ms`; what was known of the key before. With a `fresh` key, one that was made for
    /// this click, only what lies after it can be missing.
    pub(super) fn meet(&mut self, key: u64, at_ms: i64, fresh: bool) -> Run {
        let Some(at) = self.instant(at_ms) else {
            return Run::Unsure;
        };
        let tag = key >> (SPAN_BITS + TIME_BITS);
        loop {
            let (one, other) = self.places_of(key, tag);
            for place in [one, other] {
                let found = self.places[place]
                    .entries
                    .iter_mut()
                    .find(|entry| **entry >> (SPAN_BITS + TIME_BITS) == tag && Entry::last(**entry) > 0);
                if let Some(slot) = found {
                    let entry = Entry::unpack(*slot);
                    let base = self.base.unwrap_or(0);
                    let kept = self.young.get(&key).map(|unit| unit - base);
                    let first = kept.map_or(entry.first(), |unit| {
                        u32::try_from(unit.max(0)).map_or(entry.first(), |unit| unit.min(entry.first()))
                    });
                    let (run, next) = follow(entry, first, at, self.shift, self.repeat_ms);
                    *slot = next.pack();
                    let grows = next.span > entry.span || entry.span == 0;
                    if next.span >= LONG || (at > entry.last && run != Run::Again) {
                        self.young.remove(&key);
                    } else if at > entry.last && !grows && kept.is_none() {
                        if self.young.len() >= YOUNG {
                            self.young.clear();
                        }
                        self.young.insert(key, base + i64::from(first));
                    }
                    return run;
                }
            }
            if self.put(
                one,
                other,
                Entry {
                    tag,
                    span: 0,
                    last: at,
                },
            ) {
                self.young.remove(&key);
                let window = if fresh { 0 } else { self.window() };
                let lost = self.places[one].lost.max(self.places[other].lost);
                return if at > lost.saturating_add(window) {
                    Run::First
                } else {
                    Run::Unsure
                };
            }
            self.grow();
        }
    }

    /// The repeat window in units, rounded up.
    fn window(&self) -> u32 {
        u32::try_from((self.repeat_ms >> self.shift) + i64::from(self.shift > 0)).unwrap_or(u32::MAX)
    }

    fn places_of(&self, key: u64, tag: u64) -> (usize, usize) {
        let mask = self.places.len() - 1;
        let low = usize::try_from(key & ((1 << BASE_BITS) - 1)).unwrap_or(0);
        let more = usize::try_from(tag & 0xffff).unwrap_or(0) << BASE_BITS;
        let step = usize::try_from(tag >> 16 & ((1 << BASE_BITS) - 1)).unwrap_or(0) | 1;
        ((low | more) & mask, (low ^ step | more) & mask)
    }

    /// Puts a new entry where there is most room; `false` when the table should grow first.
    fn put(&mut self, one: usize, other: usize, new: Entry) -> bool {
        let oldest = |place: &Place| {
            let slots = place.entries.iter().map(|entry| Entry::last(*entry)).enumerate();
            slots.min_by_key(|(_, last)| *last).unwrap_or((0, 0))
        };
        let (slot, last) = oldest(&self.places[one]);
        let (slot2, last2) = oldest(&self.places[other]);
        let (place, slot, last) = if last2 < last || (last2 == last && self.used(other) < self.used(one)) {
            (other, slot2, last2)
        } else {
            (one, slot, last)
        };
        if last > 0 && new.last <= last.saturating_add(self.window()) && self.places.len() < self.most {
            return false;
        }
        let place = &mut self.places[place];
        place.lost = place.lost.max(last);
        place.entries[slot] = new.pack();
        true
    }

    fn used(&self, place: usize) -> usize {
        let entries = self.places[place].entries.iter();
        entries.filter(|entry| Entry::last(**entry) > 0).count()
    }

    fn grow(&mut self) {
        let len = self.places.len();
        let old = mem::take(&mut self.places);
        self.places = Vec::with_capacity(len * 2);
        self.places.extend(old.iter().map(|place| Place {
            entries: [0; SLOTS],
            lost: place.lost,
        }));
        self.places.extend_from_within(..);
        for (number, place) in old.iter().enumerate() {
            let mut next = [0; 2];
            for entry in place.entries.iter().filter(|entry| Entry::last(**entry) > 0) {
                let tag = Entry::unpack(*entry).tag;
                // A table that grows has used the hash's bits up: the place's next bit is in the entry.
                let half = usize::from((tag << BASE_BITS) & len as u64 != 0);
                self.places[number + half * len].entries[next[half]] = *entry;
                next[half] += 1;
            }
        }
    }

    /// An instant in units from the base on, 1 to 2^23 − 1; `None` before it.
    fn instant(&mut self, at_ms: i64) -> Option<u32> {
        let unit = at_ms >> self.shift;
        let base = *self.base.get_or_insert(unit - HALF - 1);
        let at = unit - base;
        if at >= 2 * HALF {
            let by = if at >= 3 * HALF { at - HALF - 1 } else { HALF };
            self.move_base(by);
            self.base = Some(base + by);
            return u32::try_from(at - by).ok();
        }
        u32::try_from(at).ok().filter(|at| *at > 0)
    }

    /// What lies before the new base is more than a window old, and goes.
    fn move_base(&mut self, by: i64) {
        let by = u32::try_from(by).unwrap_or(u32::MAX);
        for place in &mut self.places {
            place.lost = place.lost.saturating_sub(by);
            for packed in &mut place.entries {
                let entry = Entry::unpack(*packed);
                *packed = match entry.last.checked_sub(by) {
                    None | Some(0) => 0,
                    Some(last) => Entry { last, ..entry }.pack(),
                };
            }
        }
    }
}

/// A click of a known key whose run began at `first`, and the key's run with it.
fn follow(entry: Entry, first: u32, at: u32, shift: u32, repeat_ms: i64) -> (Run, Entry) {
    if at <= entry.last {
        // Within a run everybody has somebody before them; at its beginning the order is not known.
        return (if at > first { Run::Again } else { Run::Unsure }, entry);
    }
    let gap_ms = i64::from(at - entry.last) << shift;
    let slack_ms = (1 << shift) - 1;
    if gap_ms + slack_ms <= repeat_ms {
        return (Run::Again, entry.reaching(first, at));
    }
    let run = if gap_ms - slack_ms > repeat_ms {
        Run::First
    } else {
        Run::Unsure
    };
    (
        run,
        Entry {
            last: at,
            span: 0,
            ..entry
        },
    )
}
