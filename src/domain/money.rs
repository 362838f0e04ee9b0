//! Money is whole: integer minor units inside, decimal text at the edges.

use std::fmt;
use std::str::FromStr;

/// ISO 4217 code of a currency with two decimals, e.g. `CNY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Chinese yuan.
    pub const CNY: Self = Self(*b"CNY");

    /// The code as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("three capital letters, looked at when it was read")
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        match text.as_bytes() {
            &[a, b, c] if text.bytes().all(|x| x.is_ascii_uppercase()) => Ok(Self([a, b, c])),
            _ => Err(MoneyError::Currency),
        }
    }
}

/// An amount in minor units (fen). Its size is below 10^15, so that sums of many fit in `i64`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not digits with an optional point.
    #[error("an amount is a decimal number in quotes with at most 2 places, like \"199.00\"")]
    Syntax,
    /// More than two decimal places.
    #[error("an amount has at most 2 decimal places")]
    Places,
    /// Below zero where that has no meaning.
    #[error("an amount cannot be negative")]
    Negative,
    /// 10^13 yuan or more.
    #[error("an amount is below 10 000 000 000 000")]
    TooLarge,
    /// Not three upper-case letters.
    #[error("a currency is three capital letters (ISO 4217), like \"CNY\"")]
    Currency,
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of `minor` units (fen).
    pub const fn from_minor(minor: i64) -> Self {
        Self(minor)
    }

    /// The amount in minor units (fen).
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// Parses `"199"`, `"199.5"` or `"199.00"`; refuses a sign, exponents, separators, more places, 10^13 and above.
    pub fn parse(text: &str) -> Result<Self, MoneyError> {
        if let Some(rest) = text.strip_prefix('-') {
            return Err(Self::parse(rest).err().unwrap_or(MoneyError::Negative));
        }
        let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(places) {
            return Err(MoneyError::Syntax);
        }
        if places.len() > 2 {
            return Err(MoneyError::Places);
        }
        if whole.trim_start_matches('0').len() > 13 {
            return Err(MoneyError::TooLarge);
        }
        let whole: i64 = whole.parse().map_err(|_| MoneyError::TooLarge)?;
        let cents: i64 = format!("{places:0<2}").parse().map_err(|_| MoneyError::Syntax)?;
        if whole >= 10_000_000_000_000 {
            return Err(MoneyError::TooLarge);
        }
        Ok(Self(whole * 100 + cents))
    }

    /// Sum, or `None` past the range.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// Difference, or `None` past the range.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

impl fmt::Display for Money {
    /// Plain decimal text with two places: `-1234.50`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let size = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", size / 100, size % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_decimal_text_with_at_most_two_places() {
        assert_eq!(Money::parse("199.00"), Ok(Money(19_900)));
        assert_eq!(Money::parse("0.5"), Ok(Money(50)));
        assert_eq!(Money::parse("7"), Ok(Money(700)));
        assert_eq!(Money::parse("9999999999999.99"), Ok(Money(999_999_999_999_999)));
        assert_eq!(Money::parse("10000000000000"), Err(MoneyError::TooLarge));
        assert_eq!(Money::parse("1.234"), Err(MoneyError::Places));
        assert_eq!(Money::parse("-1.00"), Err(MoneyError::Negative));
        assert_eq!(Money::parse("-x"), Err(MoneyError::Syntax));
        for bad in ["", ".", "1.", ".5", "1e3", "1,000", "+1", " 1", "１", "NaN"] {
            assert_eq!(Money::parse(bad), Err(MoneyError::Syntax), "{bad:?}");
        }
    }

    #[test]
    fn amounts_print_with_two_places_and_a_sign() {
        assert_eq!(Money(-5).to_string(), "-0.05");
        assert_eq!(Money(123_450).to_string(), "1234.50");
    }
}
