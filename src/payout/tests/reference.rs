//! A slow, obvious model, and many random cases in which it must agree with the engine.

use std::collections::BTreeMap;

use super::super::block::bands::{Band, Bands, Gap, Method};
use super::super::block::share::{Claim, divide};
use super::super::num::{Mode, Num};

/// Cases per kind; the full run (`tests/run` without a word, as CI does) sets `BOLE_DIFFERENTIAL=100000`.
pub fn cases() -> u64 {
    std::env::var("BOLE_DIFFERENTIAL")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(3_000)
}

/// A tiny generator, so that a case can be repeated from its number.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// Gives out a pool fen by fen: whole fen first, then one each to the largest remainder, the first of equals first.
fn slow_pool(fen: u64, weights: &[u64]) -> Vec<u64> {
    let sum: u64 = weights.iter().sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    let mut got: Vec<u64> = weights.iter().map(|w| fen * w / sum).collect();
    let mut rests: BTreeMap<usize, u64> = weights
        .iter()
        .enumerate()
        .filter(|(_, w)| **w > 0)
        .map(|(i, w)| (i, fen * w % sum))
        .collect();
    while got.iter().sum::<u64>() < fen {
        let best = *rests.values().max().unwrap();
        let at = *rests.iter().find(|(_, r)| **r == best).unwrap().0;
        got[at] += 1;
        rests.remove(&at);
    }
    got
}

#[test]
fn given_random_pools_when_divided_then_the_slow_model_agrees() {
    let mut dice = Dice(7);
    for case in 0..cases() {
        let fen = dice.roll(1_000_000);
        let people = usize::try_from(dice.roll(12)).unwrap();
        let weights: Vec<u64> = (0..people)
            .map(|_| dice.roll(if case % 3 == 0 { 4 } else { 1_000 }))
            .collect();
        let claims: Vec<Claim> = weights
            .iter()
            .map(|w| Claim {
                weight: Num::ratio(i128::from(*w), 7).unwrap(),
                floor: None,
                cap: None,
            })
            .collect();
        let d = divide(
            &Num::ratio(fen.into(), 100).unwrap(),
            &Num::ratio(1, 100).unwrap(),
            &claims,
        )
        .unwrap();
        let got: Vec<String> = d.parts.iter().map(|p| p.result.fixed(2)).collect();
        let right: Vec<String> = slow_pool(fen, &weights)
            .iter()
            .map(|f| Num::ratio((*f).into(), 100).unwrap().fixed(2))
            .collect();
        assert_eq!(got, right, "case {case}: {fen} over {weights:?}");
    }
}

/// Bands with a beginning and an end that both belong to them: every one that includes the measure, the best of them.
fn slow_shared(x: i128, bands: &[(i128, i128, i128)], method: Method) -> i128 {
    let all = bands.iter().filter(|b| b.0 <= x && x <= b.1);
    let pays = all.map(|b| if method == Method::Whole { x * b.2 } else { b.2 });
    pays.max().unwrap_or(0)
}

#[test]
fn given_random_scales_that_share_bounds_when_paid_then_the_slow_model_agrees_at_every_bound() {
    let mut dice = Dice(17);
    for case in 0..cases() {
        let mut bands: Vec<(i128, i128, i128)> = Vec::new();
        let mut at = i128::from(dice.roll(2_000)) - 1_000;
        for _ in 0..=dice.roll(5) {
            let end = at + i128::from(1 + dice.roll(500));
            bands.push((at, end, i128::from(dice.roll(30))));
            at = end + i128::from(dice.roll(2) * dice.roll(50));
        }
        let list = bands
            .iter()
            .map(|b| Band {
                low: Num::int(b.0),
                low_in: true,
                high: Some(Num::int(b.1)),
                high_in: true,
                gives: Num::int(b.2),
            })
            .collect();
        let scale = Bands { list };
        for x in bands.iter().flat_map(|b| [b.0 - 1, b.0, b.0 + 1, b.1]) {
            for method in [Method::Whole, Method::Flat] {
                let got = scale.pays(&Num::int(x), method, Gap::None).pays;
                let right = Num::int(slow_shared(x, &bands, method));
                assert_eq!(got, right, "case {case}: {x} {method:?} {bands:?}");
            }
        }
    }
}

/// Adds a marginal scale up fen by fen is too slow; slice by slice with whole numbers (rates in percent).
fn slow_scale(x: i128, bands: &[(i128, i128)], method: Method) -> i128 {
    match method {
        Method::Whole => bands.iter().rev().find(|b| x >= b.0).map_or(0, |b| x * b.1),
        Method::Flat => bands.iter().rev().find(|b| x >= b.0).map_or(0, |b| b.1),
        Method::CumulativeFlat => bands.iter().filter(|b| x >= b.0).map(|b| b.1).sum(),
        _ => {
            let mut sum = 0;
            for (i, b) in bands.iter().enumerate() {
                let end = bands.get(i + 1).map_or(x, |n| n.0.min(x));
                sum += (end - b.0).max(0) * b.1;
            }
            sum
        }
    }
}

#[test]
fn given_random_scales_when_paid_then_the_slow_model_agrees_also_at_every_threshold() {
    let mut dice = Dice(11);
    for case in 0..cases() {
        let mut bands: Vec<(i128, i128)> = Vec::new();
        let mut at = i128::from(dice.roll(3) * 50);
        for _ in 0..=dice.roll(5) {
            bands.push((at, i128::from(dice.roll(30))));
            at += i128::from(1 + dice.roll(1_000));
        }
        let list = bands
            .iter()
            .map(|b| Band {
                low: Num::int(b.0),
                low_in: true,
                high: None,
                high_in: false,
                gives: Num::int(b.1),
            })
            .collect();
        let scale = Bands { list };
        let t = bands[usize::try_from(dice.roll(bands.len() as u64)).unwrap()].0;
        for x in [t - 1, t, t + 1, i128::from(dice.roll(5_000))] {
            for method in [
                Method::Whole,
                Method::Marginal,
                Method::Flat,
                Method::CumulativeFlat,
            ] {
                let got = scale.pays(&Num::int(x), method, Gap::Lower).pays;
                assert_eq!(
                    got,
                    Num::int(slow_scale(x, &bands, method)),
                    "case {case}: {x} {method:?} {bands:?}"
                );
            }
        }
    }
}

#[test]
fn given_random_amounts_when_rounded_then_text_surgery_agrees() {
    let mut dice = Dice(13);
    for _ in 0..cases() {
        // Thousandths, rounded half-up to hundredths by looking at the last digit.
        let thousandths = i128::from(dice.roll(100_000_000));
        let right = thousandths / 10 + i128::from(thousandths % 10 >= 5);
        for sign in [1, -1] {
            let got = Num::ratio(sign * thousandths, 1000)
                .unwrap()
                .rounded(&Num::ratio(1, 100).unwrap(), Mode::HalfUp);
            assert_eq!(got, Num::ratio(sign * right, 100).unwrap());
        }
    }
}

#[test]
fn given_gaps_when_paid_then_each_policy_does_as_it_says() {
    let n = |t: &str| Num::parse(t).unwrap();
    let band = |low: &str, high: Option<&str>, gives: &str| Band {
        low: n(low),
        low_in: true,
        high: high.map(n),
        high_in: true,
        gives: n(gives),
    };
    let bands = Bands {
        list: vec![
            band("0", Some("30000"), "10%"),
            band("50000", None, "15%"),
            band("100000", None, "20%"),
        ],
    };
    let pays = |x: &str, method, gap| bands.pays(&n(x), method, gap).pays.fixed(2);
    for (gap, at_30, at_30_01, at_40, at_49, at_50) in [
        (Gap::Lower, "3000.00", "3000.00", "4000.00", "5000.00", "7500.00"),
        (Gap::None, "3000.00", "0.00", "0.00", "0.00", "7500.00"),
        (Gap::Upper, "3000.00", "4500.00", "6000.00", "7500.00", "7500.00"),
        (Gap::Linear, "3000.00", "3000.00", "5000.00", "7500.00", "7500.00"),
    ] {
        let found = ["30000", "30000.01", "40000", "49999.99", "50000"].map(|x| pays(x, Method::Whole, gap));
        assert_eq!(found, [at_30, at_30_01, at_40, at_49, at_50], "{gap:?}");
    }
    assert_eq!(pays("120000", Method::Marginal, Gap::Lower), "16500.00");
    assert_eq!(pays("120000", Method::Marginal, Gap::None), "14500.00");
    assert_eq!(pays("120000", Method::Marginal, Gap::Upper), "17500.00");
    assert_eq!(pays("120000", Method::Marginal, Gap::Linear), "17000.00");
}
