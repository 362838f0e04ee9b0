//! How long a page was looked at, by the server's clock (attribution.md §3).
//!
//! # Why
//! Beacons arrive late, twice, in any order, and from anybody who has the token. What a click's beacons prove is a
//! function of their set, so that neither order nor repetition changes it.

/// Beacons kept per click: the first ones by the server's clock.
pub const MAX_BEACONS: usize = 20;
/// How much earlier than the limit the deciding beacon may arrive, milliseconds: networks delay starts, too.
pub const EARLY_MS: i64 = 1_000;
/// By how much visible time may exceed the time elapsed on the server's clock, milliseconds.
pub const SLACK_MS: i64 = 2_000;

/// What a beacon says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Said {
    /// The page is open and visible.
    Start = 1,
    /// Visible time passed the limit.
    Limit = 2,
    /// The visitor leaves or hides the page.
    Leaving = 3,
}

/// One beacon, as the server received it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Beacon {
    /// When it arrived, milliseconds UTC, by the server's clock.
    pub at_ms: i64,
    /// What it says.
    pub said: Said,
    /// Visible time as the page measured it, milliseconds.
    pub visible_ms: u32,
    /// Whether the visitor scrolled, tapped or typed.
    pub interacted: bool,
    /// The visitor id kept by the page.
    pub page_visitor: Option<[u8; 16]>,
}

/// What beacons prove.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dwell {
    /// The longest visible time believed, milliseconds; `None` without a start: unmeasured.
    pub visible_ms: Option<i64>,
    /// Whether it was over the limit, believably.
    pub over: bool,
}

/// The beacons of one click: a set, at most [`MAX_BEACONS`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beacons(Vec<Beacon>);

impl Beacons {
    /// Adds one; whether anything changed. Beyond the most that are kept, the latest go.
    pub fn add(&mut self, beacon: Beacon) -> bool {
        let Err(place) = self.0.binary_search(&beacon) else {
            return false;
        };
        if place >= MAX_BEACONS {
            return false;
        }
        self.0.insert(place, beacon);
        self.0.truncate(MAX_BEACONS);
        true
    }

    /// Adds all of another set; whether anything changed.
    pub fn merge(&mut self, other: &Self) -> bool {
        let mut changed = false;
        for beacon in &other.0 {
            changed |= self.add(*beacon);
        }
        changed
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// When the last one arrived, milliseconds UTC.
    pub fn last_at(&self) -> Option<i64> {
        self.0.last().map(|b| b.at_ms)
    }

    /// The page's visitor id, out of the first start that carries one.
    pub fn page_visitor(&self) -> Option<[u8; 16]> {
        self.starts().find_map(|b| b.page_visitor)
    }

    /// The verdict: the first start counts from `t0`; a limit or leaving beacon at `t1` is believed when its visible
    /// time is at most t1 − t0 + 2 s, and proves the limit when that time is over `limit_ms` and t1 − t0 is at least
    /// `limit_ms` − 1 s.
    pub fn verdict(&self, limit_ms: i64) -> Dwell {
        let Some(start) = self.starts().next() else {
            return Dwell::default();
        };
        let mut dwell = Dwell {
            visible_ms: Some(0),
            over: false,
        };
        for beacon in self.0.iter().filter(|b| b.said != Said::Start) {
            let elapsed = beacon.at_ms.saturating_sub(start.at_ms);
            let visible = i64::from(beacon.visible_ms);
            if elapsed < 0 || visible > elapsed.saturating_add(SLACK_MS) {
                continue;
            }
            dwell.visible_ms = dwell.visible_ms.max(Some(visible));
            dwell.over |= visible > limit_ms && elapsed >= limit_ms - EARLY_MS;
        }
        dwell
    }

    fn starts(&self) -> impl Iterator<Item = &Beacon> {
        self.0.iter().filter(|b| b.said == Said::Start)
    }

    /// As the store keeps them.
    ///
    /// ```text
    /// per beacon: what │ 8 interacted │ 16 page visitor follows, 1 byte; at i64 LE; visible u32 LE; page visitor 16
    /// ```
    pub fn pack(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.len() * 13 + 16);
        for b in &self.0 {
            let flags = if b.interacted { 8 } else { 0 } | if b.page_visitor.is_some() { 16 } else { 0 };
            out.push(b.said as u8 | flags);
            out.extend_from_slice(&b.at_ms.to_le_bytes());
            out.extend_from_slice(&b.visible_ms.to_le_bytes());
            out.extend_from_slice(b.page_visitor.as_ref().map_or(&[][..], |v| &v[..]));
        }
        out
    }

    /// Reads [`Beacons::pack`] back; `None` for anything else.
    pub fn unpack(mut bytes: &[u8]) -> Option<Self> {
        let mut beacons = Self::default();
        while !bytes.is_empty() {
            let head: &[u8; 13] = bytes.first_chunk()?;
            bytes = &bytes[13..];
            let said = match head[0] & 7 {
                1 => Said::Start,
                2 => Said::Limit,
                3 => Said::Leaving,
                _ => return None,
            };
            let page_visitor = if head[0] & 16 == 0 {
                None
            } else {
                let id: &[u8; 16] = bytes.first_chunk()?;
                bytes = &bytes[16..];
                Some(*id)
            };
            beacons.add(Beacon {
                at_ms: i64::from_le_bytes(head[1..9].try_into().ok()?),
                said,
                visible_ms: u32::from_le_bytes(head[9..13].try_into().ok()?),
                interacted: head[0] & 8 != 0,
                page_visitor,
            });
        }
        Some(beacons)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn beacon(at_ms: i64, said: Said, visible_ms: u32) -> Beacon {
        Beacon {
            at_ms,
            said,
            visible_ms,
            interacted: false,
            page_visitor: None,
        }
    }

    fn verdict(list: &[Beacon]) -> Dwell {
        let mut beacons = Beacons::default();
        for b in list {
            beacons.add(*b);
        }
        beacons.verdict(30_000)
    }

    #[test]
    fn over_thirty_seconds_after_a_start_is_over_the_limit_and_exactly_thirty_is_not() {
        let start = beacon(1_000, Said::Start, 0);
        assert!(verdict(&[start, beacon(31_100, Said::Limit, 30_001)]).over);
        assert!(verdict(&[start, beacon(31_100, Said::Leaving, 30_001)]).over);
        let exact = verdict(&[start, beacon(31_100, Said::Limit, 30_000)]);
        assert_eq!((exact.over, exact.visible_ms), (false, Some(30_000)));
    }

    #[test]
    fn without_a_start_nothing_is_measured() {
        assert_eq!(verdict(&[beacon(90_000, Said::Limit, 60_000)]), Dwell::default());
    }

    #[test]
    fn the_servers_clock_decides_against_the_pages() {
        let start = beacon(0, Said::Start, 0);
        // 29 s suffice for a late start, one millisecond less does not.
        assert!(verdict(&[start, beacon(29_000, Said::Limit, 30_500)]).over);
        assert!(!verdict(&[start, beacon(28_999, Said::Limit, 30_001)]).over);
        // More visible than elapsed, beyond the slack, is not believed at all.
        assert_eq!(
            verdict(&[start, beacon(40_000, Said::Limit, 42_001)]),
            Dwell {
                visible_ms: Some(0),
                over: false
            }
        );
        assert!(verdict(&[start, beacon(40_000, Said::Limit, 42_000)]).over);
        // A limit that came before the start proves nothing.
        assert!(
            !verdict(&[
                beacon(50_000, Said::Start, 0),
                beacon(40_000, Said::Limit, 31_000)
            ])
            .over
        );
    }

    #[test]
    fn the_maximum_stands_and_the_first_start_counts() {
        let start = beacon(0, Said::Start, 0);
        let long = verdict(&[
            start,
            beacon(35_000, Said::Limit, 34_000),
            beacon(36_000, Said::Leaving, 5_000),
        ]);
        assert_eq!(
            long,
            Dwell {
                visible_ms: Some(34_000),
                over: true
            }
        );
        assert!(
            verdict(&[
                beacon(20_000, Said::Start, 0),
                start,
                beacon(31_000, Said::Limit, 30_001)
            ])
            .over
        );
    }

    fn any_beacon() -> impl Strategy<Value = Beacon> {
        (
            0..100_000i64,
            1..=3u8,
            0..90_000u32,
            any::<bool>(),
            any::<Option<[u8; 16]>>(),
        )
            .prop_map(|(at_ms, said, visible_ms, interacted, page_visitor)| Beacon {
                at_ms,
                said: [Said::Start, Said::Limit, Said::Leaving][usize::from(said) - 1],
                visible_ms,
                interacted,
                page_visitor,
            })
    }

    proptest! {
        #[test]
        fn order_repetition_and_grouping_change_nothing(
            list in prop::collection::vec(any_beacon(), 0..40),
            picks in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        ) {
            let mut once = Beacons::default();
            for b in &list { once.add(*b); }
            let (mut odd, mut even) = (Beacons::default(), Beacons::default());
            for (i, b) in list.iter().rev().enumerate() {
                if i % 2 == 0 { even.add(*b); } else { odd.add(*b); }
            }
            even.merge(&odd);
            if !list.is_empty() {
                for pick in &picks { even.add(list[pick.index(list.len())]); }
            }
            prop_assert_eq!(&even, &once);
            prop_assert!(once.0.len() <= MAX_BEACONS);
            let packed = once.pack();
            prop_assert_eq!(Beacons::unpack(&packed), Some(once));
            if let Some(cut) = packed.len().checked_sub(1) {
                prop_assert_eq!(Beacons::unpack(&packed[..cut]), None);
            }
        }
    }
}
