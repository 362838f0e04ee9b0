//! Types with units, and the values they describe.

use std::fmt;
use std::sync::Arc;

use jiff::civil::{Date, DateTime};

use super::num::Num;

/// What a value is and in what it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// An exact amount in the document's currency; `from_cash` when it was computed out of rounded cash.
    Money { from_cash: bool },
    /// An amount in whole minor units: the only thing that can be paid.
    Cash,
    /// A rate, share or coefficient.
    Ratio,
    /// A number of things.
    Count,
    /// Points of a points account.
    Points,
    /// A score.
    Score,
    /// Days.
    Days,
    /// Complete months.
    Months,
    /// A number written in an expression, before the other side gives it a unit.
    Number,
    /// Text, a code or an id.
    Text,
    /// Yes or no.
    Bool,
    /// A date or an instant in the business zone.
    Date,
}

impl Type {
    /// An exact amount.
    pub const MONEY: Self = Self::Money { from_cash: false };

    /// The words a document may use for a column.
    pub const WORDS: [&'static str; 11] = [
        "money", "ratio", "count", "points", "score", "days", "months", "text", "bool", "date", "employee",
    ];

    /// From the document's word; `employee` is text that must be in the roster.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "money" => Self::MONEY,
            "ratio" => Self::Ratio,
            "count" => Self::Count,
            "points" => Self::Points,
            "score" => Self::Score,
            "days" => Self::Days,
            "months" => Self::Months,
            "text" | "employee" => Self::Text,
            "bool" => Self::Bool,
            "date" => Self::Date,
            _ => return None,
        })
    }

    /// The word in messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Money { .. } => "money",
            Self::Cash => "cash",
            Self::Ratio => "ratio",
            Self::Count => "count",
            Self::Points => "points",
            Self::Score => "score",
            Self::Days => "days",
            Self::Months => "months",
            Self::Number => "number",
            Self::Text => "text",
            Self::Bool => "bool",
            Self::Date => "date",
        }
    }

    /// Whether values of it are numbers.
    pub fn is_number(self) -> bool {
        !matches!(self, Self::Text | Self::Bool | Self::Date)
    }

    /// Whether it is money in either form.
    pub fn is_money(self) -> bool {
        matches!(self, Self::Money { .. } | Self::Cash)
    }

    /// Whether it has no unit of its own in a product: money × count = money.
    pub fn is_plain(self) -> bool {
        matches!(
            self,
            Self::Ratio | Self::Count | Self::Score | Self::Number | Self::Days | Self::Months
        )
    }
}

/// A value; its type is known from the column it stands in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Any number.
    Num(Num),
    /// Text.
    Text(Arc<str>),
    /// Yes or no.
    Bool(bool),
    /// Date or instant, business zone.
    Date(DateTime),
}

impl Value {
    /// The number, 0 when it is none (types are checked before anything runs).
    pub fn num(&self) -> Num {
        match self {
            Self::Num(n) => n.clone(),
            _ => Num::ZERO,
        }
    }

    /// Borrowed number.
    pub fn as_num(&self) -> Option<&Num> {
        match self {
            Self::Num(n) => Some(n),
            _ => None,
        }
    }

    /// Whether it is `true`.
    pub fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// The text, empty when it is none.
    pub fn text(&self) -> Arc<str> {
        match self {
            Self::Text(t) => t.clone(),
            other => other.to_string().into(),
        }
    }

    /// Midnight of a date.
    pub fn date(date: Date) -> Self {
        Self::Date(date.at(0, 0, 0, 0))
    }

    /// For people: money with two decimals, ratios as percentages (with `decimals` where they do not end), other numbers
    /// that do not end with four after `≈`, dates without midnight.
    pub fn shown(&self, ty: Type, decimals: usize) -> String {
        match (self, ty) {
            (Self::Num(n), Type::Cash) => n.fixed(2),
            (Self::Num(n), Type::Ratio) => n.percent_to(decimals),
            (Self::Num(n), Type::Money { .. }) if n.exact_places().is_some_and(|places| places <= 2) => {
                n.fixed(2)
            }
            // A fraction of fifteen digits says nothing to anybody; the trace keeps it.
            (Self::Num(n), _) => n
                .exact_places()
                .map_or_else(|| format!("≈{}", n.fixed(4)), |_| n.to_string()),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Num(n) => write!(f, "{n}"),
            Self::Text(t) => f.write_str(t),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Date(d) if d.time() == jiff::civil::Time::midnight() => write!(f, "{}", d.date()),
            Self::Date(d) => write!(f, "{d}"),
        }
    }
}

/// Reads `2026-10-03`, `2026-10-03T10:00:00` or an instant with offset, in the zone `offset_minutes` east of UTC.
pub fn parse_date(text: &str, offset_minutes: i32) -> Option<DateTime> {
    let within = |d: DateTime| (1900..=2199).contains(&d.year()).then_some(d);
    if text.len() == 10 {
        return text
            .parse::<Date>()
            .ok()
            .map(|d| d.at(0, 0, 0, 0))
            .and_then(within);
    }
    if let Ok(instant) = text.parse::<jiff::Timestamp>() {
        let offset = jiff::tz::Offset::from_seconds(offset_minutes * 60).ok()?;
        return within(offset.to_datetime(instant));
    }
    text.parse::<DateTime>().ok().and_then(within)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_values_when_shown_to_people_then_each_unit_has_its_form() {
        let money = Type::MONEY;
        for (text, ty, right) in [
            ("5", Type::Cash, "5.00"),
            ("5", money, "5.00"),
            ("0.5", money, "0.50"),
            ("0.25", money, "0.25"),
            ("0.005", money, "0.005"),
            ("1/3", money, "≈0.3333"),
            ("1/7", Type::Score, "≈0.1429"),
            ("1/2", Type::Ratio, "50%"),
            ("5", Type::Count, "5"),
        ] {
            let value = Value::Num(Num::parse(text).unwrap());
            assert_eq!(value.shown(ty, 4), right, "{text} as {ty:?}");
        }
    }

    #[test]
    fn given_dates_when_read_then_a_day_is_midnight_and_an_instant_keeps_its_time_in_the_zone() {
        let shown = |text: &str| parse_date(text, 480).map(|d| Value::Date(d).to_string());
        assert_eq!(shown("2026-10-03").as_deref(), Some("2026-10-03"));
        assert_eq!(
            shown("2026-10-03T10:30:00").as_deref(),
            Some("2026-10-03T10:30:00")
        );
        assert_eq!(
            shown("2026-10-03T22:30:00Z").as_deref(),
            Some("2026-10-04T06:30:00"),
            "eight hours on"
        );
        assert_eq!(shown("2026-10-03T00:00:00+08:00").as_deref(), Some("2026-10-03"));
        assert_eq!(shown("1899-12-31"), None);
        assert_eq!(shown("2026-13-01"), None);
    }
}
