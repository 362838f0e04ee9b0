//! Exact numbers: reduced fractions of any size.
//!
//! # Why
//! Shares computed with 28 digits give a fen to the wrong person now and then; fractions never do. Nearly all
//! figures of a payroll fit in two machine words, so those stay on the stack and are computed in `i128` with
//! overflow checks; what does not fit moves to big integers without anybody noticing.

mod ops;
mod parse;
mod round;
mod text;

#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use dashu_int::{IBig, UBig};
use dashu_ratio::RBig;

pub use parse::NumError;
pub use round::Mode;

/// A number longer than this many bits (numerator or denominator) is refused by the evaluator.
pub const BITS_MAX: usize = 8192;

/// An exact rational number in lowest terms, denominator positive. Always in the smallest form that holds it.
#[derive(Clone, Debug)]
pub struct Num(Repr);

#[derive(Clone, Debug)]
enum Repr {
    Small(i64, i64),
    Wide(Box<(i128, i128)>),
    Big(Box<RBig>),
}

impl Num {
    /// 0.
    pub const ZERO: Self = Self(Repr::Small(0, 1));
    /// 1.
    pub const ONE: Self = Self(Repr::Small(1, 1));

    /// The whole number `n`.
    pub fn int(n: impl Into<i128>) -> Self {
        Self::reduced(n.into(), 1)
    }

    /// `n / d`; `None` when `d` is 0.
    pub fn ratio(n: i128, d: i128) -> Option<Self> {
        match d {
            0 => None,
            d if d > 0 => Some(Self::of(n, d)),
            _ => Some(Self::big(&RBig::from_parts(IBig::from(n), UBig::from(d.unsigned_abs()))).negated()),
        }
    }

    /// `n / d` brought to lowest terms; `d` is positive.
    fn of(n: i128, d: i128) -> Self {
        let g = gcd(n.unsigned_abs(), d.unsigned_abs());
        if g > 1
            && let Ok(g) = i128::try_from(g)
        {
            return Self::reduced(n / g, d / g);
        }
        Self::reduced(n, d)
    }

    /// `n / d` that is already in lowest terms.
    fn reduced(n: i128, d: i128) -> Self {
        match (i64::try_from(n), i64::try_from(d)) {
            (Ok(n), Ok(d)) => Self(Repr::Small(n, d)),
            _ => Self(Repr::Wide(Box::new((n, d)))),
        }
    }

    fn big(r: &RBig) -> Self {
        match (
            i128::try_from(r.numerator().clone()),
            i128::try_from(r.denominator().clone()),
        ) {
            (Ok(n), Ok(d)) => Self::reduced(n, d),
            _ => Self(Repr::Big(Box::new(r.clone()))),
        }
    }

    /// Numerator and denominator, when both fit.
    fn parts(&self) -> Option<(i128, i128)> {
        match &self.0 {
            Repr::Small(n, d) => Some((i128::from(*n), i128::from(*d))),
            Repr::Wide(p) => Some(**p),
            Repr::Big(_) => None,
        }
    }

    /// The fraction as a big rational, also for code that does its own arithmetic (the trace checker).
    pub fn to_rbig(&self) -> RBig {
        match &self.0 {
            Repr::Big(r) => (**r).clone(),
            Repr::Small(n, d) => RBig::from_parts(IBig::from(*n), UBig::from(d.unsigned_abs())),
            Repr::Wide(p) => RBig::from_parts(IBig::from(p.0), UBig::from(p.1.unsigned_abs())),
        }
    }

    /// Numerator of the lowest terms, with the sign.
    pub fn numerator(&self) -> IBig {
        match &self.0 {
            Repr::Small(n, _) => IBig::from(*n),
            Repr::Wide(p) => IBig::from(p.0),
            Repr::Big(r) => r.numerator().clone(),
        }
    }

    /// Denominator of the lowest terms, at least 1.
    pub fn denominator(&self) -> IBig {
        match &self.0 {
            Repr::Small(_, d) => IBig::from(*d),
            Repr::Wide(p) => IBig::from(p.1),
            Repr::Big(r) => IBig::from(r.denominator().clone()),
        }
    }

    /// A whole number from a big integer.
    pub fn from_ibig(n: IBig) -> Self {
        Self::big(&RBig::from(n))
    }

    /// −1, 0 or 1.
    pub fn sign(&self) -> i8 {
        match self.cmp(&Self::ZERO) {
            Ordering::Less => -1,
            Ordering::Equal => 0,
            Ordering::Greater => 1,
        }
    }

    /// Whether it is 0.
    pub fn is_zero(&self) -> bool {
        matches!(self.0, Repr::Small(0, _))
    }

    /// Whether it is below 0.
    pub fn is_negative(&self) -> bool {
        self.sign() < 0
    }

    /// Whether it has no fraction part.
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Small(_, d) => *d == 1,
            Repr::Wide(p) => p.1 == 1,
            Repr::Big(r) => r.is_int(),
        }
    }

    /// The whole number, when it is one and fits.
    pub fn to_i128(&self) -> Option<i128> {
        self.parts().filter(|p| p.1 == 1).map(|p| p.0)
    }

    /// Whether numerator or denominator is longer than [`BITS_MAX`].
    pub fn too_long(&self) -> bool {
        use dashu_int::ops::BitTest;
        match &self.0 {
            Repr::Big(r) => r.numerator().bit_len() > BITS_MAX || r.denominator().bit_len() > BITS_MAX,
            _ => false,
        }
    }
}

/// Greatest common divisor; `gcd(0, d) = d`.
fn gcd(a: u128, b: u128) -> u128 {
    if let (Ok(a), Ok(b)) = (u64::try_from(a), u64::try_from(b)) {
        let (mut a, mut b) = (a, b);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        return u128::from(a);
    }
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl PartialEq for Num {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Small(a, b), Repr::Small(c, d)) => a == c && b == d,
            (Repr::Wide(a), Repr::Wide(b)) => a == b,
            (Repr::Big(a), Repr::Big(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Num {}

impl Hash for Num {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Repr::Small(n, d) => (*n, *d).hash(state),
            Repr::Wide(p) => p.hash(state),
            Repr::Big(r) => r.to_string().hash(state),
        }
    }
}

impl PartialOrd for Num {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Num {
    fn cmp(&self, other: &Self) -> Ordering {
        if let (Some((a, b)), Some((c, d))) = (self.parts(), other.parts()) {
            if b == d {
                return a.cmp(&c);
            }
            if let (Some(x), Some(y)) = (a.checked_mul(d), c.checked_mul(b)) {
                return x.cmp(&y);
            }
        }
        self.to_rbig().cmp(&other.to_rbig())
    }
}

impl Default for Num {
    fn default() -> Self {
        Self::ZERO
    }
}

impl From<i64> for Num {
    fn from(n: i64) -> Self {
        Self(Repr::Small(n, 1))
    }
}
