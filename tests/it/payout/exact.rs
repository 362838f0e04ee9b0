//! What a file must say to the fen and with its offset, and in which language reasons are given.

use serde_json::json;

use super::bad_input::{RUN, bole, refused, with};

#[test]
fn given_a_fraction_of_a_fen_or_a_time_without_an_offset_when_run_then_refused_as_the_api_does() {
    let receipt = |amount: &str, occurred: &str| {
        let fact =
            json!({ "kind": "receipt", "id": "x", "occurred": occurred, "team": "A", "amount": amount });
        with("/facts/-", fact)
    };
    for amount in ["1.005", "1/3", "300000.0001"] {
        let said = refused(amount, &RUN, &receipt(amount, "2026-04-28"));
        let right = format!(
            "facts[2].amount: found \"{amount}\"; expected an amount in quotes like \"1234.50\", in whole fen"
        );
        assert!(said.contains(&right), "{said}");
    }
    let local = "2026-04-28T23:59:59";
    let said = refused(local, &RUN, &receipt("1.00", local));
    let right =
        "facts[2].occurred: found \"2026-04-28T23:59:59\"; expected a day, or an instant with its offset";
    assert!(said.contains(right), "{said}");
    for (amount, occurred) in [
        ("1.010", "2026-04-28"),
        ("1", "2026-04-28T23:59:59+08:00"),
        ("1.5", "2026-04-28T15:59:59Z"),
    ] {
        let out = bole(&RUN, &receipt(amount, occurred));
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(0), "{amount} {occurred}: {said}");
    }
}

#[test]
fn given_an_english_reader_when_a_scheme_is_shown_then_the_reasons_of_its_parameters_are_english() {
    let shown = |lang: &str| {
        let out = bole(&["show", "07-new-customers", "--lang", lang], b"");
        String::from_utf8_lossy(&out.stdout).into_owned()
    };
    let (zh, en) = ("GC-06: 低档延续", "GC-06: the lower band goes on");
    let (chinese, english) = (shown("zh"), shown("en"));
    assert!(chinese.contains(zh) && !chinese.contains(en), "{chinese}");
    assert!(english.contains(en) && !english.contains(zh), "{english}");
}
