//! Arithmetic: checked `i128` first, big integers when that overflows.

use std::iter::Sum;
use std::ops::{Add, Mul, Sub};

use dashu_ratio::RBig;

use super::Num;

impl Num {
    /// −x.
    #[must_use]
    pub fn negated(&self) -> Self {
        match self.parts().and_then(|(n, d)| n.checked_neg().map(|n| (n, d))) {
            Some((n, d)) => Self::reduced(n, d),
            None => Self::big(&-self.to_rbig()),
        }
    }

    /// |x|.
    #[must_use]
    pub fn abs(&self) -> Self {
        if self.is_negative() {
            self.negated()
        } else {
            self.clone()
        }
    }

    /// `self / other`; `None` when `other` is 0.
    #[must_use]
    pub fn over(&self, other: &Self) -> Option<Self> {
        if other.is_zero() {
            return None;
        }
        if let (Some((a, b)), Some((c, d))) = (self.parts(), other.parts())
            && let Some(size) = c.checked_abs()
            && let (Some(n), Some(m)) = (a.checked_mul(d), b.checked_mul(size))
        {
            let quotient = Self::of(n, m);
            return Some(if c < 0 { quotient.negated() } else { quotient });
        }
        Some(Self::big(&(self.to_rbig() / other.to_rbig())))
    }

    /// The smaller of two.
    #[must_use]
    pub fn least(self, other: Self) -> Self {
        if other < self { other } else { self }
    }

    /// The larger of two.
    #[must_use]
    pub fn most(self, other: Self) -> Self {
        if other > self { other } else { self }
    }
}

fn added(a: &Num, b: &Num) -> Num {
    if let (Some((n, d)), Some((m, e))) = (a.parts(), b.parts()) {
        if d == e {
            if let Some(sum) = n.checked_add(m) {
                return if d == 1 {
                    Num::reduced(sum, 1)
                } else {
                    Num::of(sum, d)
                };
            }
        } else if let (Some(x), Some(y), Some(z)) = (n.checked_mul(e), m.checked_mul(d), d.checked_mul(e))
            && let Some(sum) = x.checked_add(y)
        {
            return Num::of(sum, z);
        }
    }
    Num::big(&(a.to_rbig() + b.to_rbig()))
}

fn multiplied(a: &Num, b: &Num) -> Num {
    if let (Some((n, d)), Some((m, e))) = (a.parts(), b.parts())
        && let (Some(x), Some(y)) = (n.checked_mul(m), d.checked_mul(e))
    {
        return Num::of(x, y);
    }
    Num::big(&(a.to_rbig() * b.to_rbig()))
}

macro_rules! operator {
    ($trait:ident, $method:ident, |$a:ident, $b:ident| $body:expr) => {
        impl $trait<&Num> for &Num {
            type Output = Num;
            fn $method(self, other: &Num) -> Num {
                let ($a, $b) = (self, other);
                $body
            }
        }
        impl $trait<Num> for Num {
            type Output = Num;
            fn $method(self, other: Num) -> Num {
                (&self).$method(&other)
            }
        }
        impl $trait<&Num> for Num {
            type Output = Num;
            fn $method(self, other: &Num) -> Num {
                (&self).$method(other)
            }
        }
    };
}

operator!(Add, add, |a, b| added(a, b));
operator!(Sub, sub, |a, b| added(a, &b.negated()));
operator!(Mul, mul, |a, b| multiplied(a, b));

impl<'a> Sum<&'a Num> for Num {
    fn sum<I: Iterator<Item = &'a Num>>(numbers: I) -> Num {
        numbers.fold(Num::ZERO, |sum, n| added(&sum, n))
    }
}

impl From<RBig> for Num {
    fn from(r: RBig) -> Self {
        Self::big(&r)
    }
}
