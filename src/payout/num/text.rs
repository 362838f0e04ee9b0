//! Number to text: exact decimals where they end, fractions where they do not.

use std::fmt;

use dashu_int::{IBig, UBig};

use super::{Mode, Num};

impl fmt::Display for Num {
    /// The shortest exact text: `12`, `12.5` or `1/3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exact_places() {
            Some(places) => f.write_str(&self.fixed(places)),
            None => write!(f, "{}/{}", self.numerator(), self.denominator()),
        }
    }
}

impl Num {
    /// Decimal places needed to write it exactly (at most 12), `None` when it does not end.
    pub fn exact_places(&self) -> Option<usize> {
        let mut scaled = self.clone();
        for places in 0..=12 {
            if scaled.is_integer() {
                return Some(places);
            }
            scaled = scaled * Self::int(10);
        }
        None
    }

    /// With exactly `places` decimals, rounded half-up: for money `2`.
    pub fn fixed(&self, places: usize) -> String {
        let scale = Self::from_ibig(IBig::from(UBig::from(10u8).pow(places)));
        let whole = (&self.abs() * &scale).rounded(&Self::ONE, Mode::HalfUp);
        let digits = format!("{:0>width$}", whole.numerator().to_string(), width = places + 1);
        let (units, fraction) = digits.split_at(digits.len() - places);
        let sign = if self.is_negative() && !whole.is_zero() {
            "-"
        } else {
            ""
        };
        if places == 0 {
            format!("{sign}{units}")
        } else {
            format!("{sign}{units}.{fraction}")
        }
    }

    /// As a percentage: exact when it ends (`3%`, `12.5%`), else with four decimals after `≈`.
    pub fn percent(&self) -> String {
        self.percent_to(4)
    }

    /// The same with so many decimals where it does not end (GC-02).
    pub fn percent_to(&self, decimals: usize) -> String {
        let hundred = self * &Self::int(100);
        match hundred.exact_places() {
            Some(places) => format!("{}%", hundred.fixed(places)),
            None => format!("≈{}%", hundred.fixed(decimals)),
        }
    }
}
