//! Rounded once on every path, also where cash goes by way of a ratio; and cash that stays in whole fen.

use super::super::{Document, evaluate};
use super::SMALL;

/// The small document with more steps after `cash` (columns: pay, share, total, n), run on one sale of 40.
fn with(steps: &str) -> Result<Vec<String>, String> {
    let read_last = format!(
        "{steps}\n[[step]]\nid = \"read\"\ndo = \"emit\"\nas = \"warning\"\nzh = \"w\"\nen = \"w\"\nfrom = \"{}\"\nvalue = \"x\"\n",
        steps.rsplit_once("id = \"").unwrap().1.split('"').next().unwrap()
    );
    let text = format!("{SMALL}{read_last}");
    let doc = Document::parse("small.toml", &text).map_err(|f| f[0].what.clone())?;
    let json = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0.10" },
        "roster": [{ "id": "li", "role": "sales" }],
        "facts": [{ "kind": "sale", "occurred": "2026-10-02", "seller": "li", "amount": "40.07", "count": 5 }] });
    let run = evaluate(&doc, doc.input(&json).unwrap()).map_err(|s| s.fault.what)?;
    Ok(run
        .outcome
        .warnings
        .iter()
        .filter_map(|w| w.value.clone())
        .collect())
}

fn derive(columns: &str) -> String {
    format!("[[step]]\nid = \"d\"\ndo = \"derive\"\nfrom = \"cash\"\ncolumns = {{ {columns} }}\n")
}

fn round(from: &str, column: &str) -> String {
    format!("[[step]]\nid = \"r\"\ndo = \"round\"\nfrom = \"{from}\"\ncolumn = \"{column}\"\nas = \"x\"\n")
}

#[test]
fn given_cash_that_comes_back_as_money_by_any_way_when_rounded_again_then_it_is_refused() {
    for (name, steps) in [
        ("a ratio", derive("a = \"divide(pay, total, 0)\", b = \"total * a\"") + &round("d", "b")),
        ("a ratio in one expression", derive("b = \"total * divide(pay, total, 0)\"") + &round("d", "b")),
        ("a count", derive("a = \"whole(divide(pay, total, 0) * 100)\", b = \"total * a\"") + &round("d", "b")),
        ("the larger of two", derive("b = \"max(total, pay)\"") + &round("d", "b")),
        ("a choice", derive("b = \"when n > 1 then total * divide(pay, total, 0) else total\"") + &round("d", "b")),
        (
            "a sum of ratios",
            derive("a = \"divide(pay, total, 0)\"")
                + "[[step]]\nid = \"s\"\ndo = \"aggregate\"\nfrom = \"d\"\ncolumns = { a = \"sum(a)\", m = \"sum(total)\" }\n\
                   [[step]]\nid = \"e\"\ndo = \"derive\"\nfrom = \"s\"\ncolumns = { b = \"m * a\" }\n"
                + &round("e", "b"),
        ),
        (
            "a figure of one row",
            derive("a = \"divide(pay, total, 0)\"")
                + "[[step]]\nid = \"s\"\ndo = \"aggregate\"\nfrom = \"d\"\ncolumns = { a = \"highest(a, 0)\" }\n\
                   [[step]]\nid = \"e\"\ndo = \"derive\"\nfrom = \"d\"\ncolumns = { b = \"total * s.a\" }\n"
                + &round("e", "b"),
        ),
        (
            "a scale on cash",
            "[[step]]\nid = \"s\"\ndo = \"scale\"\nfrom = \"cash\"\nvalue = \"pay\"\nbands = \"param.bands\"\nas = \"b\"\n".to_owned()
                + &round("s", "b"),
        ),
        (
            "a scale that interpolates over cash",
            "[[step]]\nid = \"s\"\ndo = \"scale\"\nfrom = \"cash\"\nvalue = \"pay\"\nbands = [{ from = \"0\", gives = \"0\" }, { from = \"10\", gives = \"20\" }]\ngives = \"money\"\nmethod = \"interpolate\"\nas = \"b\"\n".to_owned()
                + &round("s", "b"),
        ),
        (
            "a rate of cash",
            "[[step]]\nid = \"s\"\ndo = \"scale\"\nfrom = \"cash\"\nvalue = \"pay\"\nbands = \"param.bands\"\ngap = \"linear\"\nas = \"a\"\nrate_as = \"rate\"\n\
             [[step]]\nid = \"e\"\ndo = \"derive\"\nfrom = \"s\"\ncolumns = { b = \"total * rate\" }\n".to_owned()
                + &round("e", "b"),
        ),
        (
            "a cap of cash",
            "[[step]]\nid = \"s\"\ndo = \"limit\"\nfrom = \"cash\"\ncolumn = \"total\"\ncap = \"pay\"\nas = \"b\"\n".to_owned() + &round("s", "b"),
        ),
        (
            "a cap of cash on a ratio",
            derive("a = \"divide(pay, total, 0)\", r = \"divide(total, total, 0)\"")
                + "[[step]]\nid = \"s\"\ndo = \"limit\"\nfrom = \"d\"\ncolumn = \"r\"\ncap = \"a\"\nas = \"q\"\n\
                   [[step]]\nid = \"e\"\ndo = \"derive\"\nfrom = \"s\"\ncolumns = { b = \"total * q\" }\n"
                + &round("e", "b"),
        ),
        (
            "a limited ratio of cash",
            derive("a = \"divide(pay, total, 0)\"")
                + "[[step]]\nid = \"s\"\ndo = \"limit\"\nfrom = \"d\"\ncolumn = \"a\"\ncap = \"1\"\nas = \"q\"\n\
                   [[step]]\nid = \"e\"\ndo = \"derive\"\nfrom = \"s\"\ncolumns = { b = \"total * q\" }\n"
                + &round("e", "b"),
        ),
        (
            "a ratio that interpolates over cash",
            "[[step]]\nid = \"s\"\ndo = \"scale\"\nfrom = \"cash\"\nvalue = \"pay\"\nbands = [{ from = \"0\", gives = \"0\" }, { from = \"10\", gives = \"20%\" }]\ngives = \"ratio\"\nmethod = \"interpolate\"\nas = \"a\"\n\
             [[step]]\nid = \"e\"\ndo = \"derive\"\nfrom = \"s\"\ncolumns = { b = \"total * a\" }\n".to_owned()
                + &round("e", "b"),
        ),
        (
            "a union of ratios",
            derive("m = \"total * 1\", q = \"divide(pay, total, 0)\"")
                + "[[step]]\nid = \"f\"\ndo = \"derive\"\nfrom = \"totals\"\ncolumns = { m = \"total * 1\", q = \"divide(total, total, 0)\" }\n\
                   [[step]]\nid = \"u\"\ndo = \"select\"\nfrom = [\"f\", \"d\"]\ncolumns = [\"m\", \"q\"]\n\
                   [[step]]\nid = \"e\"\ndo = \"derive\"\nfrom = \"u\"\ncolumns = { b = \"m * q\" }\n"
                + &round("e", "b"),
        ),
        (
            "a union",
            derive("m = \"pay * 1\"")
                + "[[step]]\nid = \"e\"\ndo = \"derive\"\nfrom = \"totals\"\ncolumns = { m = \"total * 1\" }\n\
                   [[step]]\nid = \"u\"\ndo = \"select\"\nfrom = [\"e\", \"d\"]\ncolumns = [\"m\"]\n"
                + &round("u", "m"),
        ),
        (
            "a pool",
            derive("a = \"divide(pay, total, 0)\"")
                + "[[step]]\nid = \"p\"\ndo = \"allocate\"\nfrom = \"d\"\nper = \"seller\"\namount = \"total * a\"\nweight = \"total\"\nas = \"x\"\n",
        ),
    ] {
        let said = with(&steps).err().unwrap_or_else(|| panic!("{name}: accepted"));
        assert!(said.starts_with("two roundings on one path"), "{name}: {said}");
    }
}

#[test]
fn given_cash_that_only_decides_when_exact_money_is_rounded_then_it_is_accepted() {
    for (name, steps, right) in [
        // A threshold reached is a fact, a weight says how a pool is divided, a lump sum is looked up.
        ("a condition", derive("b = \"when pay > 4 then total else 0 * total\"") + &round("d", "b"), "40.07"),
        (
            "a weight",
            "[[step]]\nid = \"p\"\ndo = \"allocate\"\nfrom = \"cash\"\namount = \"param.pool\"\nweight = \"pay\"\nas = \"x\"\n".to_owned(),
            "0.1",
        ),
        (
            "a lump sum",
            "[[step]]\nid = \"s\"\ndo = \"scale\"\nfrom = \"cash\"\nvalue = \"pay\"\nbands = [{ from = \"4\", gives = \"7.5\" }]\ngives = \"money\"\nmethod = \"flat\"\nas = \"b\"\n".to_owned()
                + &round("s", "b"),
            "7.5",
        ),
    ] {
        assert_eq!(with(&steps), Ok(vec![right.to_owned()]), "{name}");
    }
}

#[test]
fn given_a_limit_that_is_no_whole_fen_when_cash_is_limited_then_it_stays_whole() {
    let limit = |words: &str| {
        format!(
            "[[step]]\nid = \"l\"\ndo = \"limit\"\nfrom = \"cash\"\ncolumn = \"pay\"\n{words}\nas = \"x\"\n"
        )
    };
    // pay is 4.01 (10 % of 40.07); a third of it is no whole fen.
    for (words, right) in [
        ("cap = \"pay / 3\"", "1.33"),
        ("cap = \"pay / 3\"\nper = []\nexcess = \"scale\"", "1.33"),
        ("cap = \"pay / 3\"\nper = []\nexcess = \"drop\"", "1.33"),
        ("floor = \"pay * 4 / 3\"", "5.35"),
        ("floor = \"pay / 3\"\ncap = \"pay * 2\"", "4.01"),
    ] {
        assert_eq!(with(&limit(words)), Ok(vec![right.to_owned()]), "{words}");
    }
}

#[test]
fn given_things_that_are_counted_when_released_in_parts_then_each_part_is_whole() {
    let release = |remainder: &str| {
        format!(
            "[[step]]\nid = \"l\"\ndo = \"release\"\nfrom = \"cash\"\ncolumn = \"n\"\nremainder = \"{remainder}\"\nas = \"x\"\n\
             tranches = [{{ share = \"25%\", due = \"period.to\" }}, {{ share = \"25%\", due = \"period.to\" }}, {{ share = \"50%\", due = \"period.to\" }}]\n"
        )
    };
    // Five things: 1.25, 1.25 and 2.5.
    for (remainder, right) in [
        ("first", ["2", "1", "2"]),
        ("last", ["1", "1", "3"]),
        ("largest", ["1", "1", "3"]),
    ] {
        assert_eq!(
            with(&release(remainder)),
            Ok(right.map(str::to_owned).to_vec()),
            "{remainder}"
        );
    }
}

#[test]
fn given_a_tranche_of_nothing_when_things_are_released_then_it_takes_no_left_over_one() {
    let release = |remainder: &str| {
        format!(
            "[[step]]\nid = \"l\"\ndo = \"release\"\nfrom = \"cash\"\ncolumn = \"n\"\nremainder = \"{remainder}\"\nas = \"x\"\n\
             tranches = [{{ share = \"when n > 9 then 50% else 0\", due = \"period.to\" }}, {{ share = \"50%\", due = \"period.to\" }}, \
             {{ share = \"50%\", due = \"period.to\" }}, {{ share = \"when n > 9 then -50% else 0\", due = \"period.to\" }}]\n"
        )
    };
    for (remainder, right) in [
        ("first", ["0", "3", "2", "0"]),
        ("last", ["0", "2", "3", "0"]),
        ("largest", ["0", "3", "2", "0"]),
    ] {
        assert_eq!(
            with(&release(remainder)),
            Ok(right.map(str::to_owned).to_vec()),
            "{remainder}"
        );
    }
}
