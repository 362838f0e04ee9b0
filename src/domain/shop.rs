//! Words of the points shop.

use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

macro_rules! words {
    ($name:ident) => {
        impl FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                Self::ALL.into_iter().find(|w| w.as_str() == text).ok_or(())
            }
        }
    };
}

/// What is redeemed. Points never buy cash (attribution.md §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// A coffee voucher, a cinema ticket: a code is handed over.
    Voucher,
    /// Merchandise.
    Goods,
    /// Half a day off.
    Leave,
    /// Skip one morning meeting.
    Privilege,
}

impl ItemKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Voucher, Self::Goods, Self::Leave, Self::Privilege];

    /// The word in the store and in texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Voucher => "voucher",
            Self::Goods => "goods",
            Self::Leave => "leave",
            Self::Privilege => "privilege",
        }
    }
}

words!(ItemKind);

/// Over what a person's limit on an item is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitPeriod {
    /// Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
    /// A calendar quarter.
    Quarter,
    /// A calendar year.
    Year,
    /// All time.
    Ever,
}

impl LimitPeriod {
    /// All periods.
    pub const ALL: [Self; 5] = [Self::Week, Self::Month, Self::Quarter, Self::Year, Self::Ever];

    /// The word in the store and in texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::Ever => "ever",
        }
    }

    /// The first day of the period that `day` lies in; limits count from there.
    pub fn first_day(self, day: Date) -> Date {
        let month = match self {
            Self::Week => {
                let since_monday = i64::from(day.weekday().since(Weekday::Monday));
                return day.checked_sub(since_monday.days()).unwrap_or(day);
            }
            Self::Month => day.month(),
            Self::Quarter => (day.month() - 1) / 3 * 3 + 1,
            Self::Year => 1,
            Self::Ever => return Date::MIN,
        };
        Date::new(day.year(), month, 1).unwrap_or(day)
    }
}

words!(LimitPeriod);

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// Paid with points, waits to be handed over.
    Ordered,
    /// Handed over.
    Handed,
    /// Called off, the points given back.
    Cancelled,
}

impl OrderState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::Ordered, Self::Handed, Self::Cancelled];

    /// The word in the store and in texts.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::Handed => "handed",
            Self::Cancelled => "cancelled",
        }
    }
}

words!(OrderState);

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn limits_begin_with_their_calendar_period() {
        let day = date(2026, 11, 21);
        let first = |p: LimitPeriod| p.first_day(day);
        assert_eq!(first(LimitPeriod::Week), date(2026, 11, 16));
        assert_eq!(first(LimitPeriod::Month), date(2026, 11, 1));
        assert_eq!(first(LimitPeriod::Quarter), date(2026, 10, 1));
        assert_eq!(first(LimitPeriod::Year), date(2026, 1, 1));
        assert!(first(LimitPeriod::Ever) < date(1, 1, 1));
    }
}
