//! Scales at their bounds, each figure worked out by hand.

use super::super::block::bands::{BANDS_MAX, Band, Bands, Gap, Method};
use super::super::num::Num;
use super::super::{Document, evaluate};
use super::SMALL;

fn n(text: &str) -> Num {
    Num::parse(text).unwrap()
}

/// `[from 0 upto 100: 10 %]`, `(100…200) open`, `[from 200 below 300: 20 %]`, a gap, `over 400: 50 %`.
fn bands() -> Bands {
    let band = |low: &str, low_in, high: Option<&str>, high_in, gives: &str| Band {
        low: n(low),
        low_in,
        high: high.map(n),
        high_in,
        gives: n(gives),
    };
    Bands {
        list: vec![
            band("0", true, Some("100"), true, "10%"),
            band("200", true, Some("300"), false, "20%"),
            band("400", false, None, false, "50%"),
        ],
    }
}

fn rates(gap: Gap, points: &[(&str, Option<(usize, &str)>)]) {
    for (x, right) in points {
        let given = bands().pays(&n(x), Method::Whole, gap);
        let found = given.band.zip(given.rate);
        let right = right.map(|(band, rate)| (band, n(rate)));
        assert_eq!(found, right, "{x} with {gap:?}");
    }
}

#[test]
fn given_stated_ends_when_a_measure_is_at_or_beside_them_then_inclusive_ones_hold_and_exclusive_do_not() {
    rates(
        Gap::None,
        &[
            ("-0.01", None),
            ("0", Some((0, "10%"))),
            ("100", Some((0, "10%"))),
            ("100.01", None),
            ("199.99", None),
            ("200", Some((1, "20%"))),
            ("299.99", Some((1, "20%"))),
            ("300", None),
            ("400", None),
            ("400.01", Some((2, "50%"))),
        ],
    );
}

#[test]
fn given_each_gap_policy_when_a_measure_lies_in_a_gap_then_band_and_rate_are_its() {
    rates(
        Gap::Lower,
        &[
            ("150", Some((0, "10%"))),
            ("300", Some((1, "20%"))),
            ("400", Some((1, "20%"))),
        ],
    );
    rates(
        Gap::Upper,
        &[
            ("100", Some((0, "10%"))),
            ("150", Some((1, "20%"))),
            ("350", Some((2, "50%"))),
        ],
    );
    rates(
        Gap::Linear,
        &[
            ("125", Some((0, "12.5%"))),
            ("175", Some((0, "17.5%"))),
            ("325", Some((1, "27.5%"))),
        ],
    );
}

#[test]
fn given_slices_when_a_measure_passes_bands_and_gaps_then_each_slice_is_paid_at_its_own_rate() {
    for (gap, x, right) in [
        (Gap::Lower, "50", "5"),
        // The lower rate goes on to the next beginning: 200 × 10 % + 50 × 20 %.
        (Gap::Lower, "250", "30"),
        (Gap::Lower, "450", "85"),
        // 100 × 10 %, nothing, 100 × 20 %, nothing, 50 × 50 %.
        (Gap::None, "100", "10"),
        (Gap::None, "150", "10"),
        (Gap::None, "450", "55"),
        // 100 × 10 %, 100 × 20 %, 100 × 20 %, 100 × 50 %, 50 × 50 %.
        (Gap::Upper, "150", "20"),
        (Gap::Upper, "450", "125"),
        // The rate rises evenly over a gap: 100 × 10 % + 50 × (10 % + 15 %)/2.
        (Gap::Linear, "150", "16.25"),
        (Gap::Linear, "200", "25"),
        (Gap::Linear, "450", "105"),
    ] {
        assert_eq!(
            bands().pays(&n(x), Method::Marginal, gap).pays,
            n(right),
            "{x} with {gap:?}"
        );
    }
}

#[test]
fn given_interpolation_and_lump_sums_when_computed_then_the_figures_are_the_hand_made_ones() {
    for (method, x, right) in [
        // Between the beginnings 0 and 200: 10 % to 20 %; between 200 and 400: 20 % to 50 %.
        (Method::Interpolate, "-1", "0"),
        (Method::Interpolate, "0", "10%"),
        (Method::Interpolate, "50", "12.5%"),
        (Method::Interpolate, "200", "20%"),
        (Method::Interpolate, "250", "27.5%"),
        (Method::Interpolate, "500", "50%"),
        (Method::Flat, "250", "20%"),
        (Method::CumulativeFlat, "-1", "0"),
        (Method::CumulativeFlat, "200", "30%"),
        (Method::CumulativeFlat, "401", "80%"),
    ] {
        assert_eq!(
            bands().pays(&n(x), method, Gap::Lower).pays,
            n(right),
            "{x} by {method:?}"
        );
    }
}

#[test]
fn given_a_scale_when_asked_for_gaps_and_beginnings_then_only_true_gaps_are_named() {
    assert_eq!(bands().gaps(), [(n("100"), n("200")), (n("300"), n("400"))]);
    assert_eq!(bands().thresholds(), [n("0"), n("200"), n("400")]);
    let mut touching = bands();
    touching.list[0].high = Some(n("200"));
    assert_eq!(touching.gaps(), [(n("300"), n("400"))]);
}

/// The small document with these bands; what 100 pays, or what is wrong.
fn read(bands: &str) -> Result<String, String> {
    let old = "[{ from = \"0\", upto = \"100\", gives = \"10%\" }, { from = \"200\", gives = \"20%\" }]";
    assert!(SMALL.contains(old));
    let text = SMALL.replace(old, bands);
    let doc = Document::parse("small.toml", &text).map_err(|f| f[0].what.clone())?;
    let input = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0" },
        "roster": [{ "id": "li", "role": "sales" }],
        "facts": [{ "kind": "sale", "occurred": "2026-10-02", "seller": "li", "amount": "100" }] });
    let run = evaluate(&doc, doc.input(&input).map_err(|r| r.what)?).map_err(|s| s.to_string())?;
    Ok(run.outcome.total.to_string())
}

#[test]
fn given_bands_that_touch_or_are_a_point_when_read_then_they_are_taken_and_the_better_one_holds_where_they_meet()
 {
    for (bands, right) in [
        (
            "[{ from = \"0\", upto = \"100\", gives = \"1%\" }, { from = \"100\", gives = \"2%\" }]",
            "2",
        ),
        (
            "[{ from = \"0\", upto = \"100\", gives = \"5%\" }, { from = \"100\", gives = \"3%\" }]",
            "5",
        ),
        (
            "[{ from = \"0\", below = \"100\", gives = \"5%\" }, { from = \"100\", gives = \"3%\" }]",
            "3",
        ),
        (
            "[{ from = \"0\", upto = \"100\", gives = \"9%\" }, { from = \"100\", upto = \"100\", gives = \"7%\" }, { over = \"100\", gives = \"2%\" }]",
            "9",
        ),
        (
            "[{ from = \"0\", upto = \"100\", gives = \"1%\" }, { over = \"100\", gives = \"2%\" }]",
            "1",
        ),
        (
            "[{ from = \"0\", below = \"100\", gives = \"1%\" }, { from = \"100\", upto = \"100\", gives = \"7%\" }, { over = \"100\", gives = \"2%\" }]",
            "7",
        ),
        ("[{ over = \"0\", gives = \"3%\" }]", "3"),
    ] {
        assert_eq!(read(bands), Ok(right.to_owned()), "{bands}");
    }
}

#[test]
fn given_two_bands_that_include_a_number_when_paid_then_the_better_for_the_payee_holds_there_and_only_there()
{
    let band = |low: &str, high: Option<&str>, gives: &str| Band {
        low: n(low),
        low_in: true,
        high: high.map(n),
        high_in: true,
        gives: n(gives),
    };
    let falling = Bands {
        list: vec![band("-50", Some("100"), "5%"), band("100", None, "3%")],
    };
    for (method, x, band, right) in [
        (Method::Whole, "99.99", 0, "4.9995"),
        (Method::Whole, "100", 0, "5"),
        (Method::Whole, "100.01", 1, "3.0003"),
        (Method::Flat, "100", 0, "5%"),
        (Method::Flat, "100.01", 1, "3%"),
        // Slices meet at the bound: 150 × 5 % whichever band has it, counted from the first beginning.
        (Method::Marginal, "100", 0, "7.5"),
    ] {
        let given = falling.pays(&n(x), method, Gap::None);
        assert_eq!(
            (given.band, given.pays),
            (Some(band), n(right)),
            "{x} by {method:?}"
        );
    }
    // Less is taken at the smaller rate: where the measure is negative, that is the better one.
    let below = Bands {
        list: vec![band("-500", Some("-100"), "5%"), band("-100", None, "3%")],
    };
    assert_eq!(below.pays(&n("-100"), Method::Whole, Gap::None).pays, n("-3"));
    assert_eq!(below.pays(&n("-100"), Method::Flat, Gap::None).pays, n("5%"));
    // Equal ones: the later is the band that is told.
    let even = Bands {
        list: vec![band("0", Some("100"), "5%"), band("100", None, "5%")],
    };
    assert_eq!(even.pays(&n("100"), Method::Whole, Gap::None).band, Some(1));
}

#[test]
fn given_bands_that_overlap_or_turn_back_when_read_then_they_are_refused() {
    for (bands, says) in [
        ("[]", "0 bands"),
        (
            "[{ from = \"5\", below = \"5\", gives = \"1%\" }]",
            "a band that ends before it begins",
        ),
        (
            "[{ over = \"5\", upto = \"5\", gives = \"1%\" }]",
            "a band that ends before it begins",
        ),
        (
            "[{ from = \"5\", upto = \"4\", gives = \"1%\" }]",
            "a band that ends before it begins",
        ),
        (
            "[{ from = \"5\", gives = \"1%\" }, { from = \"5\", gives = \"1%\" }]",
            "a band from 5 after one from 5",
        ),
        (
            "[{ over = \"5\", gives = \"1%\" }, { over = \"5\", gives = \"1%\" }]",
            "a band from 5 after one from 5",
        ),
        (
            "[{ over = \"5\", gives = \"1%\" }, { from = \"5\", gives = \"1%\" }]",
            "a band from 5 after one from 5",
        ),
        (
            "[{ from = \"5\", gives = \"1%\" }, { from = \"4\", gives = \"1%\" }]",
            "a band from 4 after one from 5",
        ),
        (
            "[{ from = \"0\", upto = \"9\", gives = \"1%\" }, { from = \"8\", gives = \"1%\" }]",
            "overlap: the band before goes to 9, this one begins at 8",
        ),
        (
            "[{ from = \"0\", over = \"0\", gives = \"1%\" }]",
            "a band without exactly one beginning",
        ),
        (
            "[{ from = \"0\", upto = \"1\", below = \"1\", gives = \"1%\" }]",
            "a band with two ends",
        ),
    ] {
        assert_eq!(read(bands), Err(says.to_owned()), "{bands}");
    }
    let many = |count: usize| {
        let list: Vec<String> = (0..count)
            .map(|i| format!("{{ from = \"{i}\", gives = \"1%\" }}"))
            .collect();
        read(&format!("[{}]", list.join(", ")))
    };
    assert_eq!(many(BANDS_MAX), Ok("1".to_owned()));
    assert_eq!(many(BANDS_MAX + 1), Err(format!("{} bands", BANDS_MAX + 1)));
}
