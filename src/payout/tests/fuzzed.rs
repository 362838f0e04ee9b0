//! The fuzz targets of `fuzz/` in little, on the stable compiler and in every run: texts near the right ones.

use proptest::prelude::*;

use super::super::audit::audit;
use super::super::num::Num;
use super::super::{Document, evaluate};
use super::SMALL;

const INPUT: &str = r#"{"period":{"from":"2026-10-01","to":"2026-11-01"},"params":{"pool":"100.00"},
"roster":[{"id":"a","role":"sales"},{"id":"b","role":"boss","order":0}],
"facts":[{"kind":"sale","id":"1","occurred":"2026-10-02","seller":"a","amount":"10.00","count":2},
{"kind":"sale","occurred":"2026-10-31T23:59:59+08:00","seller":"b","amount":"1/3","revision":0,"void":false}]}"#;

/// Cuts a piece out, writes something else there, doubles a piece.
fn near(text: &'static str, new: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let chars: Vec<char> = text.chars().collect();
    let length = chars.len();
    (prop::collection::vec((0..length, 0usize..12, new, any::<bool>()), 1..4)).prop_map(move |edits| {
        let mut out = chars.clone();
        for (at, cut, new, double) in edits {
            let at = at.min(out.len());
            let end = (at + cut).min(out.len());
            let piece: Vec<char> = if double {
                out[at..end].iter().chain(&out[at..end]).copied().collect()
            } else {
                new.chars().collect()
            };
            out.splice(at..end, piece);
        }
        out.into_iter().collect()
    })
}

fn pieces() -> impl Strategy<Value = String> {
    prop_oneof![
        "[\\PC]{0,6}",
        "[0-9.%/eE+-]{0,8}",
        Just("\"".to_owned()),
        Just("\\u0000".to_owned()),
        Just("\u{feff}".to_owned()),
        Just("\0".to_owned()),
        Just("[[[[".to_owned()),
        Just("]}".to_owned()),
        Just("from = \"shares\"".to_owned()),
        Just("1000000000000000000".to_owned()),
        Just("9999-12-31".to_owned()),
        Just("null".to_owned()),
    ]
}

fn tokens() -> impl Strategy<Value = String> {
    let words = [
        "total",
        "n",
        "commission",
        "roster.role",
        "param.pool",
        "period.from",
        "'boss'",
        "10%",
        "0",
        "1/3",
        "2026-10-31",
        "+",
        "-",
        "*",
        "/",
        "=",
        "<",
        ">=",
        "and",
        "or",
        "not",
        "in",
        "(",
        ")",
        "[",
        "]",
        ",",
        "when",
        "then",
        "else",
        "min(",
        "divide(",
        "months(",
        "sum(",
        "floor_to(",
        "clamp(",
        "true",
        ".",
        "10.5",
        "add_months(",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 1..14).prop_map(|w| w.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn given_a_text_near_a_document_when_read_then_faults_have_places_and_nothing_panics(text in near(SMALL, pieces())) {
        if let Err(faults) = Document::accept("x.toml", &text) {
            prop_assert!(!faults.is_empty());
            for f in faults {
                prop_assert!(f.line > 0 && f.column > 0 && f.to_string().len() < 20_000);
            }
        }
    }

    #[test]
    fn given_a_text_near_an_input_when_read_then_it_is_refused_or_confirmed_by_the_checker(text in near(INPUT, pieces())) {
        let doc = Document::parse("small.toml", SMALL).unwrap();
        match doc.input_text(&text) {
            Err(r) => prop_assert!(!r.what.is_empty() && !r.expected.is_empty()),
            Ok(input) => {
                let json: serde_json::Value = serde_json::from_str(&text).unwrap();
                prop_assert!(doc.input(&json).is_ok(), "both doors take it: {}", text);
                if let Ok(run) = evaluate(&doc, input) {
                    prop_assert_eq!(audit(&doc, &run), vec![]);
                }
            }
        }
    }

    #[test]
    fn given_words_of_the_language_in_any_order_when_accepted_then_the_run_is_confirmed_by_the_checker(expression in tokens()) {
        let column = "columns = { role = \"roster.role\" }";
        let text = SMALL.replace(column, &format!("columns = {{ role = \"roster.role\", x = \"{expression}\" }}"))
            + "\n[[step]]\nid = \"read\"\ndo = \"emit\"\nas = \"warning\"\nzh = \"w\"\nen = \"w\"\nfrom = \"known\"\nvalue = \"x\"\n";
        if let Ok(doc) = Document::parse("x.toml", &text)
            && let Ok(run) = evaluate(&doc, doc.input_text(INPUT).unwrap())
        {
            prop_assert_eq!(audit(&doc, &run), vec![]);
        }
    }

    #[test]
    fn given_a_text_like_a_number_when_read_then_it_is_written_and_read_back_the_same(text in "-?[0-9]{0,22}[./%]?[0-9]{0,22}%?") {
        if let Ok(n) = Num::parse(&text) {
            let shown = n.to_string();
            if shown.len() <= 60 {
                prop_assert_eq!(Num::parse(&shown).unwrap(), n);
            }
        }
    }
}
