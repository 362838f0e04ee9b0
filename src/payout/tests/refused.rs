//! Documents and inputs that are refused, with what is said.

use std::fmt::Write as _;

use serde_json::json;

use super::super::{Document, evaluate};
use super::SMALL;

/// The small document with one thing changed.
fn faults(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "the small document has no {from:?}");
    let text = SMALL.replacen(from, to, 1);
    match Document::accept("small.toml", &text) {
        Ok(_) => panic!("accepted with {to:?}"),
        Err(list) => list
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

#[test]
fn given_wrong_documents_when_checked_then_each_fault_is_said_with_its_place() {
    let more = |text: &str| format!("{text}\n[[step]]\nid = \"bonus\"");
    let tail = "[[step]]\nid = \"bonus\"";
    let wrong: Vec<(&str, &str, String)> = vec![
        ("not TOML", "[scheme]", "[scheme".into()),
        ("unknown section", "[roster]", "[rooster]".into()),
        ("no id", "id = \"90-small\"\n", String::new()),
        ("bad id", "90-small", "small".into()),
        ("bad date", "2026-01-01", "2026-13-01".into()),
        ("float amount", "upto = \"100\"", "upto = 100.5".into()),
        ("integer amount", "upto = \"100\"", "upto = 100".into()),
        ("bands overlap", "from = \"200\"", "from = \"50\"".into()),
        ("bands twice", "from = \"200\"", "from = \"0\"".into()),
        ("band without beginning", "{ from = \"200\", ", "{ ".into()),
        ("band ends before it begins", "from = \"0\", upto", "from = \"101\", upto".into()),
        ("rate that is no number", "\"20%\"", "\"twenty\"".into()),
        ("rate with exponent", "\"20%\"", "\"2e-1\"".into()),
        ("parameter without rule", "rule = \"R2\"\n", String::new()),
        ("parameter with default and missing", "missing = \"no table\"", "missing = \"x\"\ndefault = \"1\"".into()),
        ("parameter below its range", "missing = \"no table\"", "default = \"-1\"".into()),
        ("parameter never read", "amount = \"param.pool\"", "amount = \"10\"".into()),
        ("dates not covered", "missing = \"no table\"", "dated = [{ from = \"2026-06-01\", value = \"1\" }]".into()),
        ("dates with a hole", "missing = \"no table\"", "dated = [{ from = \"2026-01-01\", to = \"2026-02-01\", value = \"1\" }, { from = \"2026-03-01\", value = \"2\" }]".into()),
        ("unknown type", "amount = \"money\"", "amount = \"decimal\"".into()),
        ("fact never read", "[param.bands]", "[fact.other]\nfields = { x = \"text\" }\n[param.bands]".into()),
        ("field never read", "count = { type = \"count\", default = 1 }", "count = { type = \"count\", default = 1 }, extra = \"text\"".into()),
        ("unknown block", "do = \"scale\"", "do = \"scales\"".into()),
        ("unknown field of a block", "as = \"commission\"", "as = \"commission\"\nmethode = \"whole\"".into()),
        ("unknown relation", "from = \"totals\"", "from = \"total\"".into()),
        ("a later step", "from = \"sales\"", "from = \"rated\"".into()),
        ("a cycle", "from = \"totals\"", "from = \"rated\"".into()),
        ("step name twice", "id = \"totals\"", "id = \"sales\"".into()),
        ("step never read", "from = \"rated\"", "from = \"totals\"".into()),
        ("unknown column", "value = \"total\"", "value = \"totl\"".into()),
        ("column of no unit", "value = \"total\"", "value = \"3\"".into()),
        ("bands on another unit", "value = \"total\"", "value = \"n\"".into()),
        ("unknown method", "as = \"commission\"", "as = \"commission\"\nmethod = \"entire\"".into()),
        ("flat method with rates gives a ratio", "as = \"commission\"", "as = \"commission\"\nmethod = \"flat\"".into()),
        ("column exists", "as = \"commission\"", "as = \"total\"".into()),
        ("money plus ratio", "columns = { role = \"roster.role\" }", "columns = { role = \"roster.role\", x = \"total + 10%\" }".into()),
        ("unguarded division", "columns = { role = \"roster.role\" }", "columns = { role = \"roster.role\", x = \"total / n\" }".into()),
        ("word that never occurs", "role != 'boss'", "role != 'bos'".into()),
        ("join without key", "join = { roster = \"seller\" }", "join = { roster = { to = \"roster\" } }".into()),
        ("column not the same in a group", "n = \"sum(count)\"", "n = \"count\"".into()),
        ("figure in a figure", "n = \"sum(count)\"", "n = \"sum(sum(count))\"".into()),
        ("exact money paid", "amount = \"pay\"", "amount = \"commission\"".into()),
        ("unknown income class", "amount = \"pay\"", "amount = \"pay\"\nincome = \"salary\"".into()),
        ("unknown income class of a document", "source = \"test\"", "source = \"test\"\nincome = \"salary\"".into()),
        ("unknown tax basis", "source = \"test\"", "source = \"test\"\ntax = \"net\"".into()),
        ("nothing takes what is left to the next pool", "source = \"test\"", "source = \"test\"\nlate = \"next_pool\"".into()),
        ("two roundings", tail, more("[[step]]\nid = \"again\"\ndo = \"derive\"\nfrom = \"cash\"\ncolumns = { half = \"pay * 50%\" }\n[[step]]\nid = \"twice\"\ndo = \"round\"\nfrom = \"again\"\ncolumn = \"half\"\nas = \"x\"")),
        ("rounding cash", "column = \"commission\"", "column = \"share\"".into()),
        ("component twice", "id = \"bonus\"", "id = \"bonus\"\ncomponent = \"commission\"".into()),
        ("emit without names", "zh = \"奖金\"\nen = \"bonus\"", "zh = \"奖金\"".into()),
        ("legs not 100 %", tail, more("[[step]]\nid = \"parts\"\ndo = \"release\"\nfrom = \"cash\"\ncolumn = \"pay\"\ntranches = [{ share = \"50%\", due = \"period.to\" }, { share = \"40%\", due = \"period.to\" }]\nas = \"part\"")),
        ("table with a gap", tail, more("[[step]]\nid = \"looked\"\ndo = \"table\"\nfrom = \"cash\"\non = [\"role\"]\ngives = { k = \"ratio\" }\nrows = [{ role = \"sales\", k = \"1\" }]")),
        ("table with an overlap", tail, more("[[step]]\nid = \"looked\"\ndo = \"table\"\nfrom = \"cash\"\non = [\"n\"]\ngives = { k = \"ratio\" }\nrows = [{ n = { below = \"5\" }, k = \"1\" }, { n = { from = \"4\" }, k = \"2\" }]")),
        ("union of unlike columns", tail, more("[[step]]\nid = \"u\"\ndo = \"select\"\nfrom = [\"cash\", \"roster\"]\ncolumns = [\"role\", \"total\"]")),
        ("union of money and text", tail, more("[[step]]\nid = \"d\"\ndo = \"derive\"\nfrom = \"roster\"\ncolumns = { total = \"role\" }\n[[step]]\nid = \"u\"\ndo = \"select\"\nfrom = [\"cash\", \"d\"]\ncolumns = [\"total\"]")),
        ("union of money and ratio", tail, more("[[step]]\nid = \"d\"\ndo = \"derive\"\nfrom = \"cash\"\ncolumns = { x = \"divide(total, total, 0)\" }\n[[step]]\nid = \"e\"\ndo = \"derive\"\nfrom = \"cash\"\ncolumns = { x = \"total * 1\" }\n[[step]]\nid = \"u\"\ndo = \"select\"\nfrom = [\"e\", \"d\"]\ncolumns = [\"x\"]")),
        ("a row for everybody by two columns", tail, more("[[step]]\nid = \"u\"\ndo = \"aggregate\"\nfrom = \"cash\"\nby = [\"seller\", \"role\"]\nover = \"roster\"\ncolumns = { x = \"sum(total)\" }")),
        ("a row for everybody by a figure", tail, more("[[step]]\nid = \"u\"\ndo = \"aggregate\"\nfrom = \"cash\"\nby = \"total\"\nover = \"roster\"\ncolumns = { x = \"count()\" }")),
        ("a row for each of rows without one key", tail, more("[[step]]\nid = \"p\"\ndo = \"aggregate\"\nfrom = \"cash\"\nby = [\"seller\", \"role\"]\ncolumns = { x = \"sum(total)\" }\n[[step]]\nid = \"u\"\ndo = \"aggregate\"\nfrom = \"p\"\nby = \"seller\"\nover = \"p\"\ncolumns = { y = \"sum(x)\" }")),
        ("the highest of perhaps none", tail, more("[[step]]\nid = \"u\"\ndo = \"aggregate\"\nfrom = \"cash\"\nby = \"seller\"\nover = \"roster\"\ncolumns = { x = \"highest(total)\" }")),
        ("the highest of all, perhaps none", tail, more("[[step]]\nid = \"u\"\ndo = \"aggregate\"\nfrom = \"cash\"\ncolumns = { x = \"highest(total)\" }")),
        ("a figure over the step's own column", tail, more("[[step]]\nid = \"u\"\ndo = \"derive\"\nfrom = \"cash\"\nby = \"role\"\norder = \"total\"\ncolumns = { x = \"total * 2\", y = \"running(x)\" }")),
        ("a join whose stand-in lacks a value", tail, more("[[step]]\nid = \"u\"\ndo = \"derive\"\nfrom = \"cash\"\njoin = { t = { to = \"totals\", on = \"seller\", missing = { n = \"0\" } } }\ncolumns = { x = \"t.total\" }")),
        ("a join whose stand-in is of another unit", tail, more("[[step]]\nid = \"u\"\ndo = \"derive\"\nfrom = \"cash\"\njoin = { t = { to = \"totals\", on = \"seller\", missing = { total = \"3%\" } } }\ncolumns = { x = \"t.total\" }")),
        ("a join that misses in no known way", tail, more("[[step]]\nid = \"u\"\ndo = \"derive\"\nfrom = \"cash\"\njoin = { t = { to = \"totals\", on = \"seller\", missing = \"skip\" } }\ncolumns = { x = \"t.total\" }")),
        ("a window in no known word", tail, more("[[step]]\nid = \"u\"\ndo = \"select\"\nfrom = \"fact.sale\"\nwithin = \"always\"")),
        ("example that fails", tail, more("[[example]]\nid = \"e\"\nperiod = { from = \"2026-10-01\", to = \"2026-11-01\" }\nparams = { pool = \"1\" }\nroster = [{ id = \"a\", role = \"sales\" }]\nfacts = [{ kind = \"sale\", occurred = \"2026-10-02\", seller = \"a\", amount = \"10\" }]\nexpect = { lines = [\"a commission 2.00\", \"a bonus 1.00\"] }")),
        ("example without expectation", tail, more("[[example]]\nid = \"e\"\nperiod = { from = \"2026-10-01\", to = \"2026-11-01\" }")),
    ];
    assert!(wrong.len() >= 40);
    let mut said = String::new();
    for (name, from, to) in &wrong {
        let _ = writeln!(said, "## {name}\n{}\n", faults(from, to));
    }
    insta::assert_snapshot!("documents", said);
}

fn refusal(json: &serde_json::Value) -> String {
    let doc = Document::parse("small.toml", SMALL).unwrap();
    match doc.input(json) {
        Err(r) => format!("{}: {}; expected {}", r.path, r.what, r.expected),
        Ok(input) => match evaluate(&doc, input) {
            Err(stop) => stop.to_string(),
            Ok(run) => format!("accepted: {:?}", run.outcome.total.fixed(2)),
        },
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a list of wrong inputs")]
fn given_wrong_inputs_when_read_then_the_json_path_and_the_expectation_are_said() {
    let base = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "100" },
        "roster": [{ "id": "a", "role": "sales" }],
        "facts": [{ "kind": "sale", "occurred": "2026-10-02", "seller": "a", "amount": "10.00" }] });
    let with = |pointer: &str, value: serde_json::Value| {
        let mut json = base.clone();
        let (up, key) = pointer.rsplit_once('/').unwrap();
        match json.pointer_mut(up).unwrap() {
            serde_json::Value::Array(list) => list.push(value),
            serde_json::Value::Object(map) => {
                map.insert(key.into(), value);
            }
            _ => unreachable!(),
        }
        json
    };
    let million: Vec<_> = (0..1_000_001)
        .map(|i| json!({ "from": i.to_string(), "gives": "1%" }))
        .collect();
    let wrong = [
        ("not a table", json!([])),
        ("unknown section", with("/fact", json!([]))),
        ("no period", json!({})),
        (
            "period backwards",
            with("/period", json!({ "from": "2026-11-01", "to": "2026-10-01" })),
        ),
        (
            "period before the scheme",
            with("/period", json!({ "from": "2025-12-01", "to": "2026-01-01" })),
        ),
        ("date out of range", with("/period/from", json!("0001-01-01"))),
        ("missing parameter", with("/params", json!({}))),
        ("unknown parameter", with("/params/pol", json!("1"))),
        ("float parameter", with("/params/pool", json!(0.1))),
        ("number where an amount belongs", with("/params/pool", json!(100))),
        ("negative pool", with("/params/pool", json!("-1"))),
        (
            "amount of 10^18",
            with("/params/pool", json!("1000000000000000000")),
        ),
        (
            "override without right",
            with("/params/pool", json!({ "value": "-1", "reason": "because" })),
        ),
        ("a million bands", with("/params/bands", json!(million))),
        (
            "bands overlap",
            with(
                "/params/bands",
                json!([{ "from": "0", "upto": "10", "gives": "1%" }, { "from": "5", "gives": "2%" }]),
            ),
        ),
        (
            "unknown kind",
            with("/facts/-", json!({ "kind": "sail", "occurred": "2026-10-02" })),
        ),
        ("no kind", with("/facts/-", json!({ "occurred": "2026-10-02" }))),
        (
            "unknown field",
            with(
                "/facts/-",
                json!({ "kind": "sale", "occurred": "2026-10-02", "seller": "a", "amount": "1", "tip": "1" }),
            ),
        ),
        (
            "missing field",
            with(
                "/facts/-",
                json!({ "kind": "sale", "occurred": "2026-10-02", "seller": "a" }),
            ),
        ),
        (
            "float amount",
            with(
                "/facts/-",
                json!({ "kind": "sale", "occurred": "2026-10-02", "seller": "a", "amount": 1.5 }),
            ),
        ),
        (
            "null amount",
            with(
                "/facts/-",
                json!({ "kind": "sale", "occurred": "2026-10-02", "seller": "a", "amount": null }),
            ),
        ),
        (
            "half a count",
            with(
                "/facts/-",
                json!({ "kind": "sale", "occurred": "2026-10-02", "seller": "a", "amount": "1", "count": "1.5" }),
            ),
        ),
        (
            "nobody's sale",
            with(
                "/facts/-",
                json!({ "kind": "sale", "occurred": "2026-10-02", "seller": "z", "amount": "1" }),
            ),
        ),
        (
            "no date",
            with(
                "/facts/-",
                json!({ "kind": "sale", "occurred": "yesterday", "seller": "a", "amount": "1" }),
            ),
        ),
        (
            "person twice",
            with("/roster/-", json!({ "id": "a", "role": "sales" })),
        ),
        (
            "unknown role",
            with("/roster/-", json!({ "id": "b", "role": "cook" })),
        ),
        (
            "empty id",
            with("/roster/-", json!({ "id": "", "role": "sales" })),
        ),
        (
            "negative weight",
            with(
                "/facts/-",
                json!({ "kind": "sale", "occurred": "2026-10-02", "seller": "a", "amount": "-20" }),
            ),
        ),
    ];
    let mut said = String::new();
    for (name, json) in &wrong {
        let text = refusal(json);
        assert!(!text.starts_with("accepted"), "{name}: {text}");
        let _ = writeln!(said, "{name}\n    {text}");
    }
    insta::assert_snapshot!("inputs", said);
}

#[test]
fn given_a_pool_with_nobody_when_run_then_all_of_it_is_reported_as_not_given() {
    let run = super::small(&[], 1, 12_345, false);
    assert!(run.outcome.lines.is_empty());
    assert_eq!(run.outcome.residuals[0].amount.fixed(2), "123.45");
    assert_eq!(run.outcome.residuals[0].account, "company_budget");
}

#[test]
fn given_revisions_and_voids_when_read_then_only_the_latest_counts() {
    let doc = Document::parse("small.toml", SMALL).unwrap();
    let sale = |revision: i64, amount: &str, void: bool| serde_json::json!({ "kind": "sale", "id": "s", "revision": revision, "void": void, "occurred": "2026-10-02", "seller": "a", "amount": amount });
    let total = |facts: Vec<serde_json::Value>| {
        let json = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0" },
            "roster": [{ "id": "a", "role": "sales" }], "facts": facts });
        evaluate(&doc, doc.input(&json).unwrap())
            .unwrap()
            .outcome
            .total
            .fixed(2)
    };
    assert_eq!(
        total(vec![
            sale(0, "50", false),
            sale(2, "90", false),
            sale(1, "70", false)
        ]),
        "9.00"
    );
    assert_eq!(total(vec![sale(0, "50", false), sale(1, "50", true)]), "0.00");
}

#[test]
fn given_a_table_parameter_with_a_range_when_its_rows_are_too_few_or_too_many_then_it_is_refused() {
    let table = r#"[param.marks]
zh = "项"
en = "items"
rule = "R3"
type = "table"
columns = { item = "text", mark = "score" }
min = "2"
max = "3"
missing = "no table"

[[step]]
id = "full"
do = "aggregate"
from = "param.marks"
columns = { marks = "sum(mark)" }

[[step]]
id = "sales"
"#;
    let text = SMALL.replacen("[[step]]\nid = \"sales\"\n", table, 1).replacen(
        "amount = \"param.pool\"",
        "amount = \"param.pool * full.marks\"",
        1,
    );
    let doc = Document::parse("small.toml", &text).unwrap();
    let verdict = |rows: usize| {
        let marks: Vec<_> = (0..rows)
            .map(|n| json!({ "item": n.to_string(), "mark": "1" }))
            .collect();
        let json = json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" },
            "params": { "pool": "0", "marks": marks }, "roster": [], "facts": [] });
        doc.input(&json)
            .err()
            .map(|r| format!("{}: {}; {}", r.path, r.what, r.expected))
    };
    assert_eq!(
        verdict(1).as_deref(),
        Some("params.marks: found 1 rows (below the range of R3); rows: at least 2 and at most 3")
    );
    assert_eq!((verdict(2), verdict(3)), (None, None));
    assert_eq!(
        verdict(4).as_deref(),
        Some("params.marks: found 4 rows (above the range of R3); rows: at least 2 and at most 3")
    );
    let missing =
        json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0" } });
    let said = doc.input(&missing).unwrap_err().expected;
    assert!(
        said.ends_with("{ item: text, mark: score }, rows: at least 2 and at most 3"),
        "{said}"
    );
}
