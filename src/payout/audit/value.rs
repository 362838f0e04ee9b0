//! Values and arithmetic of the checker: big fractions, dates by counting days.

use std::sync::Arc;

use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;
use jiff::civil::{Date, DateTime};

use crate::payout::num::Mode;
use crate::payout::value::Value;

/// A value of the checker.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum V {
    N(RBig),
    T(Arc<str>),
    B(bool),
    D(DateTime),
}

impl From<&Value> for V {
    fn from(v: &Value) -> Self {
        match v {
            Value::Num(n) => Self::N(n.to_rbig()),
            Value::Text(t) => Self::T(t.clone()),
            Value::Bool(b) => Self::B(*b),
            Value::Date(d) => Self::D(*d),
        }
    }
}

impl std::fmt::Display for V {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::N(n) => write!(f, "{n}"),
            Self::T(t) => f.write_str(t),
            Self::B(b) => write!(f, "{b}"),
            Self::D(d) => write!(f, "{d}"),
        }
    }
}

impl V {
    /// The number; 0 when it is none.
    pub fn num(&self) -> RBig {
        match self {
            Self::N(n) => n.clone(),
            _ => RBig::ZERO,
        }
    }

    pub fn is_true(&self) -> bool {
        *self == Self::B(true)
    }
}

/// A whole number.
pub fn count(n: usize) -> RBig {
    RBig::from(IBig::from(n))
}

/// `n / d` of small numbers, `d` above 0.
pub fn part(n: i64, d: u64) -> RBig {
    RBig::from_parts(IBig::from(n), UBig::from(d))
}

pub fn abs(x: &RBig) -> RBig {
    if *x < RBig::ZERO { -x.clone() } else { x.clone() }
}

/// The whole number not above `x`.
pub fn floor(x: &RBig) -> RBig {
    let (n, d) = (x.numerator().clone(), IBig::from(x.denominator().clone()));
    let whole = &n / &d;
    let below = n < IBig::ZERO && &whole * &d != n;
    RBig::from(if below { whole - IBig::ONE } else { whole })
}

/// Rounding by counting units from below.
pub fn rounded(x: &RBig, unit: &RBig, mode: Mode) -> RBig {
    let units = abs(x) / unit;
    let whole = floor(&units);
    let rest = &units - &whole;
    let half = part(1, 2);
    let odd = !(&whole * &half).is_int();
    let up = match mode {
        Mode::Down => false,
        Mode::Up => rest > RBig::ZERO,
        Mode::HalfUp => rest >= half,
        Mode::HalfEven => rest > half || (rest == half && odd),
    };
    let size = (if up { whole + RBig::ONE } else { whole }) * unit;
    if *x < RBig::ZERO { -size } else { size }
}

/// Days since 1 March of year 0, counted year by year and month by month.
pub fn day_number(d: Date) -> i64 {
    let (y, m) = (i64::from(d.year()), i64::from(d.month()));
    let (y, m) = if m > 2 { (y, m - 3) } else { (y - 1, m + 9) };
    let before = [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337];
    let month = usize::try_from(m).unwrap_or_default();
    y * 365 + y / 4 - y / 100 + y / 400 + before[month] + i64::from(d.day()) - 1
}

/// `d` and `n` months, on the last day of the month where the day is missing.
pub fn months_on(d: Date, n: i64) -> Option<Date> {
    let index = i64::from(d.year()) * 12 + i64::from(d.month()) - 1 + n;
    let year = i16::try_from(index.div_euclid(12)).ok()?;
    let month = i8::try_from(index.rem_euclid(12) + 1).ok()?;
    let first = Date::new(year, month, 1).ok()?;
    Date::new(year, month, d.day().min(first.days_in_month())).ok()
}

/// `d` and `n` days, stepping by whole years first.
pub fn days_on(d: Date, n: i64) -> Option<Date> {
    let target = day_number(d) + n;
    let mut year = d.year() + i16::try_from(n / 366).ok()?;
    while day_number(Date::new(year + 1, 1, 1).ok()?) <= target {
        year += 1;
    }
    while day_number(Date::new(year, 1, 1).ok()?) > target {
        year -= 1;
    }
    let mut month = 12;
    while day_number(Date::new(year, month, 1).ok()?) > target {
        month -= 1;
    }
    let first = Date::new(year, month, 1).ok()?;
    let day = i8::try_from(target - day_number(first) + 1).ok()?;
    Date::new(year, month, day).ok()
}

/// Anniversaries reached: the largest `n` for which `from` and `n` months is not after `to`.
pub fn months_between(from: Date, to: Date) -> i64 {
    if to < from {
        return -months_between(to, from);
    }
    let most = (i64::from(to.year()) - i64::from(from.year()) + 1) * 12;
    let reached = |n: &i64| months_on(from, *n).is_some_and(|d| d <= to);
    (0..=most).rev().find(reached).unwrap_or_default()
}
