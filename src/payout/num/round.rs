//! Rounding to a multiple of a unit.

use dashu_int::IBig;

use super::Num;

/// How a number between two multiples is rounded. Every mode mirrors: rounding −x gives minus rounding x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To the nearest; halves away from zero (四舍五入).
    HalfUp,
    /// To the nearest; halves to the even multiple.
    HalfEven,
    /// Towards zero (the fraction is dropped).
    Down,
    /// Away from zero.
    Up,
}

impl Mode {
    /// What people call it, in Chinese and English.
    pub fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::HalfUp => ("四舍五入", "halves up"),
            Self::HalfEven => ("四舍六入五成双", "halves to even"),
            Self::Down => ("舍去零头", "down"),
            Self::Up => ("零头进一", "up"),
        }
    }
}

impl Num {
    /// The nearest multiple of `unit` by `mode`; `unit` is above 0 (with 0 or less the number itself).
    #[must_use]
    pub fn rounded(&self, unit: &Self, mode: Mode) -> Self {
        let Some(ratio) = self.abs().over(unit).filter(|_| unit.sign() > 0) else {
            return self.clone();
        };
        let multiples = if let Some((n, d)) = ratio.parts() {
            let (quotient, rest) = (n / d, n % d);
            // Compares the rest with its complement, so that nothing can overflow.
            Self::int(
                quotient + i128::from(goes_up(mode, rest == 0, rest.cmp(&(d - rest)), quotient % 2 != 0)),
            )
        } else {
            let (n, d) = (ratio.numerator(), ratio.denominator());
            let (quotient, rest) = (&n / &d, &n % &d);
            let odd = &quotient % IBig::from(2) != IBig::ZERO;
            let up = goes_up(mode, rest == IBig::ZERO, rest.cmp(&(&d - &rest)), odd);
            Self::from_ibig(quotient + IBig::from(u8::from(up)))
        };
        let size = &multiples * unit;
        if self.is_negative() { size.negated() } else { size }
    }

    /// The largest whole number that is not above this one.
    #[must_use]
    pub fn floor(&self) -> Self {
        let down = self.rounded(&Self::ONE, Mode::Down);
        if down > *self { down - Self::ONE } else { down }
    }
}

fn goes_up(mode: Mode, exact: bool, against_half: std::cmp::Ordering, odd: bool) -> bool {
    if exact {
        return false;
    }
    match mode {
        Mode::Down => false,
        Mode::Up => true,
        Mode::HalfUp => against_half.is_ge(),
        Mode::HalfEven => against_half.is_gt() || (against_half.is_eq() && odd),
    }
}
