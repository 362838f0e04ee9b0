//! The numbers of the programme a loader needs, and the business day of an instant.

use hashbrown::HashMap;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::Programme;

/// What of the programme's rules decides on clicks.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Same visitor, same link, within this time: a repeat, milliseconds.
    pub repeat_ms: i64,
    /// Visible time a valid click must exceed, milliseconds.
    pub dwell_limit_ms: i64,
    /// One valid click per visitor and link earns within this time, milliseconds.
    pub valid_window_ms: i64,
    /// Points of a valid click.
    pub click_points: i64,
    /// Business time zone.
    pub zone: TimeZone,
}

impl Rules {
    /// Out of the programme's.
    pub fn of(programme: &Programme) -> Self {
        Self {
            repeat_ms: programme.repeat_window_ms,
            dwell_limit_ms: programme.dwell_limit_ms,
            valid_window_ms: programme.valid_window_ms,
            click_points: programme.points.click,
            zone: programme.zone.clone(),
        }
    }
}

/// A quarter of an hour, milliseconds: business days begin on one in every zone there is.
const SLOT_MS: i64 = 900_000;
/// Slots remembered.
const SLOTS: usize = 4096;

/// Business days of instants, remembered.
#[derive(Debug)]
pub struct Days {
    zone: TimeZone,
    known: HashMap<i64, Date>,
}

impl Days {
    /// In this zone.
    pub fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            known: HashMap::new(),
        }
    }

    /// The business day `at_ms` (milliseconds UTC) lies in.
    pub fn of(&mut self, at_ms: i64) -> Date {
        let slot = at_ms.div_euclid(SLOT_MS);
        if self.known.len() >= SLOTS {
            self.known.clear();
        }
        *self.known.entry(slot).or_insert_with(|| {
            Timestamp::from_millisecond(at_ms)
                .unwrap_or(Timestamp::UNIX_EPOCH)
                .to_zoned(self.zone.clone())
                .date()
        })
    }
}
