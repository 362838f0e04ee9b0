//! Weeks, months, quarters, years and own dates, as half-open instants in the business zone.

use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Which kind of calendar span a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PeriodKind {
    /// ISO week, Monday to Sunday.
    Week,
    /// Calendar month.
    Month,
    /// Calendar quarter.
    Quarter,
    /// Calendar year.
    Year,
    /// Own dates.
    Custom,
}

/// A span of whole business days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Period {
    /// What it is.
    pub kind: PeriodKind,
    /// First day.
    pub first: Date,
    /// Day after the last.
    pub end: Date,
}

/// A text that is not a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a period is a week like 2026-W47, a month like 2026-11, a quarter like 2026-Q4, a year, or two dates like 2026-11-01..2026-11-16 (the second is the day after the last)"
)]
pub struct PeriodError;

impl Period {
    /// Parses `2026-W47`, `2026-11`, `2026-Q4`, `2026` or `2026-11-01..2026-11-16` (half-open).
    pub fn parse(text: &str) -> Result<Self, PeriodError> {
        if let Some((a, b)) = text.split_once("..") {
            let date = |s: &str| -> Result<Date, PeriodError> {
                if s.len() == 10 {
                    s.parse().map_err(|_| PeriodError)
                } else {
                    Err(PeriodError)
                }
            };
            return Self::custom(date(a)?, date(b)?);
        }
        let (year, rest) = match text.split_once('-') {
            Some((year, rest)) => (year, Some(rest)),
            None => (text, None),
        };
        let number = |s: &str, len: usize| -> Result<i16, PeriodError> {
            let fits = s.len() == len && s.bytes().all(|b| b.is_ascii_digit());
            if fits {
                s.parse().map_err(|_| PeriodError)
            } else {
                Err(PeriodError)
            }
        };
        let year = number(year, 4)?;
        let small = |n: i16| i8::try_from(n).map_err(|_| PeriodError);
        match rest {
            None => Self::months(PeriodKind::Year, year, 1, 12),
            Some(r) => match r.as_bytes().first() {
                Some(b'W') => {
                    let week = small(number(&r[1..], 2)?)?;
                    let monday = ISOWeekDate::new(year, week, Weekday::Monday).map_err(|_| PeriodError)?;
                    Self::week_of(monday.date())
                }
                Some(b'Q') => {
                    let quarter = small(number(&r[1..], 1)?)?;
                    if !(1..=4).contains(&quarter) {
                        return Err(PeriodError);
                    }
                    Self::months(PeriodKind::Quarter, year, quarter * 3 - 2, 3)
                }
                _ => Self::months(PeriodKind::Month, year, small(number(r, 2)?)?, 1),
            },
        }
    }

    /// The ISO week a day lies in.
    pub fn week_of(day: Date) -> Result<Self, PeriodError> {
        let back = i64::from(day.weekday().to_monday_zero_offset());
        let first = day.checked_sub(back.days()).map_err(|_| PeriodError)?;
        let end = first.checked_add(7.days()).map_err(|_| PeriodError)?;
        Ok(Self {
            kind: PeriodKind::Week,
            first,
            end,
        })
    }

    /// The calendar month a day lies in.
    pub fn month_of(day: Date) -> Result<Self, PeriodError> {
        Self::months(PeriodKind::Month, day.year(), day.month(), 1)
    }

    /// The calendar quarter a day lies in.
    pub fn quarter_of(day: Date) -> Result<Self, PeriodError> {
        let first = (day.month() - 1) / 3 * 3 + 1;
        Self::months(PeriodKind::Quarter, day.year(), first, 3)
    }

    /// Own dates: `first` up to, not including, `end`; at most ten years.
    pub fn custom(first: Date, end: Date) -> Result<Self, PeriodError> {
        let days = (end - first).get_days();
        if (1..=3660).contains(&days) {
            Ok(Self {
                kind: PeriodKind::Custom,
                first,
                end,
            })
        } else {
            Err(PeriodError)
        }
    }

    fn months(kind: PeriodKind, year: i16, month: i8, count: i64) -> Result<Self, PeriodError> {
        let first = Date::new(year, month, 1).map_err(|_| PeriodError)?;
        let end = first.checked_add(count.months()).map_err(|_| PeriodError)?;
        Ok(Self { kind, first, end })
    }

    /// The text [`Period::parse`] reads.
    pub fn label(&self) -> String {
        let (year, month) = (self.first.year(), self.first.month());
        match self.kind {
            PeriodKind::Week => {
                let week = self.first.iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            PeriodKind::Month => format!("{year:04}-{month:02}"),
            PeriodKind::Quarter => format!("{year:04}-Q{}", (month + 2) / 3),
            PeriodKind::Year => format!("{year:04}"),
            PeriodKind::Custom => format!("{}..{}", self.first, self.end),
        }
    }

    /// The period of the same kind and length just before.
    pub fn previous(&self) -> Result<Self, PeriodError> {
        let day_before = self.first.checked_sub(1.day()).map_err(|_| PeriodError)?;
        let (year, month) = (day_before.year(), day_before.month());
        match self.kind {
            PeriodKind::Week => Self::week_of(day_before),
            PeriodKind::Month => Self::month_of(day_before),
            PeriodKind::Quarter => Self::months(PeriodKind::Quarter, year, month - 2, 3),
            PeriodKind::Year => Self::months(PeriodKind::Year, year, 1, 12),
            PeriodKind::Custom => {
                let first = self
                    .first
                    .checked_sub(self.end - self.first)
                    .map_err(|_| PeriodError)?;
                Self::custom(first, self.first)
            }
        }
    }

    /// First instant, in the zone.
    pub fn from(&self, zone: &TimeZone) -> Timestamp {
        start_of(self.first, zone)
    }

    /// First instant after it, in the zone.
    pub fn to(&self, zone: &TimeZone) -> Timestamp {
        start_of(self.end, zone)
    }

    /// Whether a day lies in it.
    pub fn contains(&self, day: Date) -> bool {
        self.first <= day && day < self.end
    }
}

/// The first instant of a day in a zone.
fn start_of(day: Date, zone: &TimeZone) -> Timestamp {
    day.to_zoned(zone.clone())
        .map_or(Timestamp::UNIX_EPOCH, |z| z.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_lead_back() {
        for label in [
            "2026-W47",
            "2026-W01",
            "2020-W53",
            "2026-11",
            "2026-Q4",
            "2026",
            "2026-11-01..2026-11-16",
        ] {
            assert_eq!(Period::parse(label).unwrap().label(), label);
        }
    }

    #[test]
    fn a_week_begins_on_monday_in_the_business_zone() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let week = Period::parse("2026-W47").unwrap();
        assert_eq!(week.from(&zone).to_string(), "2026-11-15T16:00:00Z");
        assert_eq!(week.to(&zone).to_string(), "2026-11-22T16:00:00Z");
        assert_eq!(week.previous().unwrap().label(), "2026-W46");
        assert_eq!(
            Period::parse("2026-W01").unwrap().previous().unwrap().label(),
            "2025-W52"
        );
        assert_eq!(
            Period::parse("2026-Q1").unwrap().previous().unwrap().label(),
            "2025-Q4"
        );
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in [
            "",
            "2026-W54",
            "2026-W00",
            "2026-13",
            "2026-Q5",
            "26-11",
            "2026-11-01",
            "2026-W7",
            "2026-Wé",
            "x..y",
            "2026-11-02..2026-11-01",
        ] {
            assert_eq!(Period::parse(bad), Err(PeriodError), "{bad:?}");
        }
    }
}
