use proptest::prelude::*;

use super::{Mode, Num, NumError};

fn n(text: &str) -> Num {
    Num::parse(text).unwrap()
}

#[test]
fn given_percent_decimal_or_fraction_when_parsed_then_they_are_the_same_number() {
    assert_eq!(n("3%"), n("0.03"));
    assert_eq!(n("3%"), n("3/100"));
    assert_eq!(n("-1/3") * n("3"), n("-1"));
    assert_eq!(n("0.5%"), n("1/200"));
}

#[test]
fn given_text_that_is_no_number_when_parsed_then_the_reason_is_named() {
    for (text, why) in [
        ("", NumError::Syntax),
        ("abc", NumError::Syntax),
        ("1.", NumError::Syntax),
        (".5", NumError::Syntax),
        ("--1", NumError::Syntax),
        ("+1", NumError::Syntax),
        ("NaN", NumError::Syntax),
        ("1e5", NumError::Exponent),
        ("1,000", NumError::Separator),
        ("1 000", NumError::Separator),
        ("1/0", NumError::ZeroDenominator),
    ] {
        assert_eq!(Num::parse(text), Err(why), "{text:?}");
    }
    assert_eq!(Num::parse(&"9".repeat(61)), Err(NumError::TooLong));
    assert!(Num::parse(&"9".repeat(60)).is_ok(), "60 characters are read");
}

#[test]
fn given_half_a_fen_when_rounded_then_each_mode_does_as_it_says_and_mirrors() {
    let fen = n("0.01");
    for (x, up, even, down, away) in [
        ("2400.015", "2400.02", "2400.02", "2400.01", "2400.02"),
        ("2400.025", "2400.03", "2400.02", "2400.02", "2400.03"),
        ("0.004999", "0.00", "0.00", "0.00", "0.01"),
        ("1/3", "0.33", "0.33", "0.33", "0.34"),
        ("7", "7.00", "7.00", "7.00", "7.00"),
    ] {
        for (mode, want) in [
            (Mode::HalfUp, up),
            (Mode::HalfEven, even),
            (Mode::Down, down),
            (Mode::Up, away),
        ] {
            assert_eq!(n(x).rounded(&fen, mode), n(want), "{x} {mode:?}");
            assert_eq!(
                n(x).negated().rounded(&fen, mode),
                n(want).negated(),
                "-{x} {mode:?}"
            );
        }
    }
}

#[test]
fn given_sizes_beyond_machine_words_when_computed_then_results_stay_exact() {
    let huge = n("170141183460469231731687303715884105727");
    assert_eq!((&huge + &Num::ONE) - &huge, Num::ONE);
    assert_eq!((&huge * &huge).over(&huge), Some(huge.clone()));
    assert!((&huge * &huge) > huge);
    let wide = n("9223372036854775808");
    assert_eq!(wide.clone() - Num::ONE, n("9223372036854775807"));
    assert_eq!(Num::int(i128::MIN).negated(), Num::ZERO - Num::int(i128::MIN));
    assert_eq!(Num::int(i128::MIN).over(&Num::int(i128::MIN)), Some(Num::ONE));
}

#[test]
fn given_a_number_when_written_then_the_text_is_exact() {
    assert_eq!(n("12.50").to_string(), "12.5");
    assert_eq!(n("-1/3").to_string(), "-1/3");
    assert_eq!(n("-0.5").fixed(2), "-0.50");
    assert_eq!(n("-0.004").fixed(2), "0.00");
    assert_eq!(n("0.125").percent(), "12.5%");
    assert_eq!(n("89/2036").percent(), "≈4.3713%");
    assert_eq!(n("-7/2").floor(), n("-4"));
}

fn any_num() -> impl Strategy<Value = Num> {
    prop_oneof![
        (any::<i64>(), 1..=i64::MAX).prop_map(|(a, b)| Num::ratio(a.into(), b.into()).unwrap()),
        (-1000i128..1000, 1i128..100).prop_map(|(a, b)| Num::ratio(a, b).unwrap()),
        (any::<i128>(), 1..=i128::MAX).prop_map(|(a, b)| Num::ratio(a, b).unwrap()),
    ]
}

proptest! {
    #[test]
    fn given_two_numbers_when_computed_on_the_fast_path_then_big_rationals_agree(a in any_num(), b in any_num()) {
        prop_assert_eq!((&a + &b).to_rbig(), a.to_rbig() + b.to_rbig());
        prop_assert_eq!((&a - &b).to_rbig(), a.to_rbig() - b.to_rbig());
        prop_assert_eq!((&a * &b).to_rbig(), a.to_rbig() * b.to_rbig());
        prop_assert_eq!(a.cmp(&b), a.to_rbig().cmp(&b.to_rbig()));
        if let Some(q) = a.over(&b) {
            prop_assert_eq!(q.to_rbig(), a.to_rbig() / b.to_rbig());
        }
    }

    #[test]
    fn given_a_number_when_written_as_a_fraction_then_it_reads_back(a in any_num()) {
        let text = format!("{}/{}", a.numerator(), a.denominator());
        if text.len() <= 60 {
            prop_assert_eq!(Num::parse(&text).unwrap(), a);
        }
    }

    #[test]
    fn given_a_number_when_rounded_then_the_distance_is_at_most_half_a_unit(a in any_num()) {
        let fen = Num::ratio(1, 100).unwrap();
        let r = a.rounded(&fen, Mode::HalfUp);
        prop_assert!((&r - &a).abs() * Num::int(200) <= Num::ONE);
    }
}

#[test]
fn given_a_fraction_when_its_denominator_is_below_or_at_0_then_it_is_turned_or_there_is_none() {
    assert_eq!(Num::ratio(1, 0), None);
    assert_eq!(Num::ratio(0, 0), None);
    assert_eq!(Num::ratio(6, -4), Some(n("-3/2")));
    assert_eq!(Num::ratio(-6, -4), Some(n("3/2")));
    assert_eq!(Num::ratio(6, -4).unwrap().denominator(), 2.into());
}

#[test]
fn given_numbers_of_8192_bits_and_one_more_when_looked_at_then_only_the_longer_one_is_too_long() {
    let power = |bits: usize| Num::from_ibig(dashu_int::IBig::ONE << bits);
    assert!(!n("5").too_long());
    assert!(!power(8191).too_long(), "8192 bits");
    assert!(power(8192).too_long(), "8193 bits");
    assert!(!Num::ONE.over(&power(8191)).unwrap().too_long());
    assert!(Num::ONE.over(&power(8192)).unwrap().too_long());
}

#[test]
fn given_numbers_when_hashed_then_equal_ones_are_equal_and_others_are_not() {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let hash = |x: &Num| {
        let mut hasher = DefaultHasher::new();
        x.hash(&mut hasher);
        hasher.finish()
    };
    let huge = Num::from_ibig(dashu_int::IBig::ONE << 300);
    for (a, b) in [
        (n("1"), n("2")),
        (n("9999999999999999999999"), n("9999999999999999999998")),
        (huge.clone(), &huge + &Num::ONE),
    ] {
        assert_ne!(hash(&a), hash(&b), "{a} {b}");
        assert_eq!(hash(&a), hash(&(&(&a + &Num::ONE) - &Num::ONE)), "{a}");
    }
}

#[test]
fn given_halves_beyond_machine_words_when_rounded_then_each_mode_does_as_with_small_ones() {
    let even = Num::from_ibig(dashu_int::IBig::ONE << 200);
    let half = n("0.5");
    for (whole, to_even) in [(even.clone(), even.clone()), (&even + &Num::ONE, &even + &n("2"))] {
        let x = &whole + &half;
        for (mode, want) in [
            (Mode::HalfUp, &whole + &Num::ONE),
            (Mode::HalfEven, to_even),
            (Mode::Down, whole.clone()),
            (Mode::Up, &whole + &Num::ONE),
        ] {
            assert_eq!(x.rounded(&Num::ONE, mode), want, "{mode:?}");
            assert_eq!(x.negated().rounded(&Num::ONE, mode), want.negated(), "{mode:?}");
        }
    }
}
