//! A cheap brake on beacons: a page that repeats itself must not fill the spool.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::ClickId;

/// Beacons per token (attribution.md §3). The loader holds to it exactly; this is only the brake before the spool.
const MOST: u64 = 20;
/// Slots of 8 bytes; tokens that fall on one slot take turns, and begin at zero again.
const SLOTS: usize = 1 << 14;

/// Counts beacons of the tokens seen last, lossily.
pub(super) struct BeaconGuard(Box<[AtomicU64]>);

impl BeaconGuard {
    pub(super) fn new() -> Self {
        Self((0..SLOTS).map(|_| AtomicU64::new(0)).collect())
    }

    /// Whether another beacon of this click may pass.
    pub(super) fn admits(&self, click: ClickId) -> bool {
        // The low 62 bits of a UUIDv7 are random.
        let random = click.0.as_u64_pair().1;
        let slot = &self.0[usize::try_from(random).unwrap_or(0) % SLOTS];
        let tag = random >> 14 << 8;
        let seen = slot.load(Ordering::Relaxed);
        let count = if seen >> 8 << 8 == tag { seen & 0xff } else { 0 };
        if count >= MOST {
            return false;
        }
        slot.store(tag | (count + 1), Ordering::Relaxed);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_token_may_speak_twenty_times_and_its_neighbours_are_not_hindered() {
        let guard = BeaconGuard::new();
        let one = ClickId(Uuid::from_u64_pair(1, 0x8000_0000_0000_0001));
        let other = ClickId(Uuid::from_u64_pair(1, 0x8000_0000_0000_0002));
        assert_eq!((0..100).filter(|_| guard.admits(one)).count(), 20);
        assert!(guard.admits(other));
        assert!(!guard.admits(one));
    }
}
