//! Dividing an amount over weights to the last unit: floors, then largest remainders, ties by the written order.

use dashu_int::IBig;

use crate::payout::expr::fault::{Fault, fault};
use crate::payout::num::{Mode, Num};

/// Somebody with a weight and limits.
#[derive(Clone, Debug)]
pub struct Claim {
    pub weight: Num,
    pub floor: Option<Num>,
    pub cap: Option<Num>,
}

/// What somebody gets and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub exact: Num,
    /// Whole units before left-over units were given out, as an amount.
    pub floor: Num,
    /// Place in the queue for left-over units, from 1; 0 when a limit fixed the amount.
    pub queue: usize,
    pub extra: bool,
    pub result: Num,
}

/// The division and what is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Division {
    /// The amount divided, in whole units.
    pub total: Num,
    pub parts: Vec<Part>,
    /// Not given: no weight at all, or everybody at a cap.
    pub left: Num,
}

/// Divides `total` (rounded half-up to `unit` first) over the claims in their order. A negative total mirrors.
pub fn divide(total: &Num, unit: &Num, claims: &[Claim]) -> Result<Division, Fault> {
    if unit.sign() <= 0 {
        return Err(fault(
            "a unit that is not above 0",
            "a unit above 0: fen, jiao or yuan",
        ));
    }
    if claims.iter().any(|c| c.weight.is_negative()) {
        return Err(fault("a negative weight", "weights of 0 or more"));
    }
    let rounded = total.rounded(unit, Mode::HalfUp);
    if rounded.is_negative() {
        if claims.iter().any(|c| c.floor.is_some() || c.cap.is_some()) {
            return Err(fault(
                "floors or caps on a negative amount",
                "an amount of 0 or more where there are floors or caps",
            ));
        }
        let mut mirror = positive(&rounded.negated(), unit, claims)?;
        for p in &mut mirror.parts {
            p.exact = p.exact.negated();
            p.floor = p.floor.negated();
            p.result = p.result.negated();
        }
        return Ok(Division {
            total: rounded,
            parts: mirror.parts,
            left: mirror.left.negated(),
        });
    }
    let fixed = limits(&rounded, unit, claims)?;
    let rest: Num = &rounded - &fixed.iter().flatten().sum::<Num>();
    let free: Vec<Claim> = claims
        .iter()
        .zip(&fixed)
        .map(|(c, f)| Claim {
            weight: if f.is_some() { Num::ZERO } else { c.weight.clone() },
            floor: None,
            cap: None,
        })
        .collect();
    let mut division = positive(&rest, unit, &free)?;
    for (part, fix) in division.parts.iter_mut().zip(fixed) {
        if let Some(amount) = fix {
            *part = Part {
                exact: amount.clone(),
                floor: amount.clone(),
                queue: 0,
                extra: false,
                result: amount,
            };
        }
    }
    division.total = rounded;
    Ok(division)
}

/// Who is held at a floor or a cap: repeated until nobody new is, caps before floors like water in a vessel.
fn limits(total: &Num, unit: &Num, claims: &[Claim]) -> Result<Vec<Option<Num>>, Fault> {
    let mut fixed: Vec<Option<Num>> = vec![None; claims.len()];
    if claims.iter().all(|c| c.floor.is_none() && c.cap.is_none()) {
        return Ok(fixed);
    }
    // Whole units inwards, so that nobody is lifted over a cap by a left-over unit.
    let whole = |n: &Option<Num>, mode| n.as_ref().map(|n| n.rounded(unit, mode));
    let claims: Vec<Claim> = claims
        .iter()
        .map(|c| Claim {
            weight: c.weight.clone(),
            floor: whole(&c.floor, Mode::Up),
            cap: whole(&c.cap, Mode::Down),
        })
        .collect();
    for c in &claims {
        if c.cap.as_ref().is_some_and(Num::is_negative) {
            return Err(fault("a cap below 0", "caps of 0 or more"));
        }
        if let (Some(floor), Some(cap)) = (&c.floor, &c.cap)
            && floor > cap
        {
            return Err(fault(
                "a floor above its cap, both in whole units",
                "a floor of at most the cap",
            ));
        }
    }
    let floors: Num = claims.iter().filter_map(|c| c.floor.as_ref()).sum();
    if &floors > total {
        return Err(fault(
            "floors that need more than there is",
            "an amount that covers all floors, or lower floors",
        ));
    }
    loop {
        let rest: Num = total - &fixed.iter().flatten().sum::<Num>();
        let weights: Num = claims
            .iter()
            .zip(&fixed)
            .filter(|(_, f)| f.is_none())
            .map(|(c, _)| &c.weight)
            .sum();
        let ideal = |c: &Claim| (&rest * &c.weight).over(&weights).unwrap_or_default();
        // Over the caps and under the floors: the larger side is settled first, so that both can be met.
        let mut over = Num::ZERO;
        let mut under = Num::ZERO;
        for (c, _) in claims.iter().zip(&fixed).filter(|(_, f)| f.is_none()) {
            let x = ideal(c);
            if let Some(cap) = c.cap.as_ref().filter(|cap| x > **cap) {
                over = over + (&x - cap);
            }
            if let Some(floor) = c.floor.as_ref().filter(|f| x < **f) {
                under = under + (floor - &x);
            }
        }
        if over.is_zero() && under.is_zero() {
            return Ok(fixed);
        }
        let caps_first = over >= under;
        let ideals: Vec<Num> = claims.iter().map(ideal).collect();
        for ((c, f), x) in claims
            .iter()
            .zip(fixed.iter_mut())
            .zip(ideals)
            .filter(|((_, f), _)| f.is_none())
        {
            if caps_first && let Some(cap) = c.cap.as_ref().filter(|cap| x > **cap) {
                *f = Some(cap.clone());
            } else if !caps_first && let Some(floor) = c.floor.as_ref().filter(|fl| x < **fl) {
                *f = Some(floor.clone());
            }
        }
    }
}

/// Divides an amount of at least 0 by weights alone.
fn positive(total: &Num, unit: &Num, claims: &[Claim]) -> Result<Division, Fault> {
    let weights = common(claims)?;
    let units = total.over(unit).unwrap_or_default().floor().numerator();
    let cut = match fast(&units, &weights) {
        Some(cut) => cut,
        None => slow(&units, &weights),
    };
    let Some((floors, rests)) = cut else {
        let parts = vec![
            Part {
                exact: Num::ZERO,
                floor: Num::ZERO,
                queue: 0,
                extra: false,
                result: Num::ZERO
            };
            claims.len()
        ];
        return Ok(Division {
            total: total.clone(),
            parts,
            left: total.clone(),
        });
    };
    let given: IBig = floors.iter().fold(IBig::ZERO, |a, b| a + b);
    let spare = usize::try_from(&units - given).unwrap_or_default();
    let mut queue: Vec<usize> = (0..claims.len()).filter(|i| weights[*i] != IBig::ZERO).collect();
    queue.sort_by(|a, b| rests[*b].cmp(&rests[*a]).then(a.cmp(b)));
    let sum = claims.iter().map(|c| &c.weight).sum::<Num>();
    let per_weight = total.over(&sum).unwrap_or_default();
    let mut parts: Vec<Part> = claims
        .iter()
        .zip(floors)
        .map(|(c, floor)| {
            let floor = Num::from_ibig(floor) * unit;
            Part {
                exact: &per_weight * &c.weight,
                result: floor.clone(),
                floor,
                queue: 0,
                extra: false,
            }
        })
        .collect();
    for (place, at) in queue.iter().enumerate() {
        parts[*at].queue = place + 1;
        if place < spare {
            parts[*at].extra = true;
            parts[*at].result = &parts[*at].result + unit;
        }
    }
    Ok(Division {
        total: total.clone(),
        parts,
        left: Num::ZERO,
    })
}

/// Most bits of all weights together over their common denominator: half a gigabyte.
const BITS_MAX: usize = 1 << 32;

/// Weights as whole numbers over a common denominator.
fn common(claims: &[Claim]) -> Result<Vec<IBig>, Fault> {
    use dashu_int::ops::{BitTest, Gcd};
    let mut denominator = IBig::ONE;
    for c in claims.iter().filter(|c| !c.weight.is_integer()) {
        let d = c.weight.denominator();
        let g = IBig::from((&denominator).gcd(&d));
        denominator = &denominator / g * d;
        if denominator.bit_len().saturating_mul(claims.len()) > BITS_MAX {
            return Err(fault(
                "weights whose common denominator is too long",
                "weights whose denominators divide each other, like amounts or percentages",
            ));
        }
    }
    Ok(claims
        .iter()
        .map(|c| c.weight.numerator() * (&denominator / c.weight.denominator()))
        .collect())
}

/// Floors and remainders; `None` inside when nobody has a weight.
fn slow(units: &IBig, weights: &[IBig]) -> Option<(Vec<IBig>, Vec<IBig>)> {
    let sum: IBig = weights.iter().fold(IBig::ZERO, |a, b| a + b);
    if sum == IBig::ZERO {
        return None;
    }
    Some(
        weights
            .iter()
            .map(|w| {
                let x = units * w;
                (&x / &sum, &x % &sum)
            })
            .unzip(),
    )
}

/// The same in machine words; `None` outside when they do not fit.
#[expect(clippy::option_option, reason = "mirrors `slow`; the outer level is overflow")]
fn fast(units: &IBig, weights: &[IBig]) -> Option<Option<(Vec<IBig>, Vec<IBig>)>> {
    let units = i128::try_from(units.clone()).ok()?;
    let weights: Vec<i128> = weights
        .iter()
        .map(|w| i128::try_from(w.clone()).ok())
        .collect::<Option<_>>()?;
    let sum = weights.iter().try_fold(0i128, |a, b| a.checked_add(*b))?;
    if sum == 0 {
        return Some(None);
    }
    let mut floors = Vec::with_capacity(weights.len());
    let mut rests = Vec::with_capacity(weights.len());
    for w in weights {
        let x = units.checked_mul(w)?;
        floors.push(IBig::from(x / sum));
        rests.push(IBig::from(x % sum));
    }
    Some(Some((floors, rests)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_weights_whose_common_denominator_fills_the_memory_when_divided_then_they_are_refused() {
        let is_prime = |n: &i128| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0);
        let claim = |weight: Num| Claim {
            weight,
            floor: None,
            cap: None,
        };
        // 6 057 primes below 60 000: together 86 000 bits, for each of 60 000 people.
        let mut claims: Vec<Claim> = (2..60_000)
            .filter(is_prime)
            .filter_map(|p| Num::ratio(1, p))
            .map(claim)
            .collect();
        claims.resize(60_000, claim(Num::ONE));
        let fen = Num::ratio(1, 100).unwrap();
        let refused = divide(&Num::ONE, &fen, &claims).unwrap_err();
        assert_eq!(refused.what, "weights whose common denominator is too long");
    }
}
