//! Partners: by a key of several parts, and the last row whose column is reached.

use super::super::{Document, evaluate};

/// People with a score are graded by a table and paid the rate of the grade they had on the day.
fn document(join: &str, key: &str) -> String {
    format!(
        r#"
[scheme]
id = "92-join"
zh = "连接"
en = "join"
source = "test"
from = "2026-01-01"
[roster]
post = "text"
[fact.job]
fields = {{ who = "employee", score = "score" }}
[param.grades]
zh = "等级"
en = "grades"
rule = "R1"
type = "table"
columns = {{ post = "text", grade = "text", from = "score", pay = "money" }}
{key}
default = [
  {{ post = "a", grade = "high", from = "90", pay = "30" }}, {{ post = "a", grade = "low", from = "60", pay = "10" }},
  {{ post = "b", grade = "low", from = "50", pay = "7" }},
]
[[step]]
id = "jobs"
do = "select"
from = "fact.job"
[[step]]
id = "known"
do = "derive"
from = "jobs"
join = {{ roster = "who" }}
columns = {{ post = "roster.post" }}
[[step]]
id = "graded"
do = "derive"
from = "known"
join = {{ grade = {join} }}
columns = {{ grade = "grade.grade", pay = "grade.pay" }}
[[step]]
id = "out"
do = "emit"
as = "warning"
zh = "w"
en = "w"
from = "graded"
where = "score > 0"
payee = "who"
about = "grade"
value = "pay"
"#
    )
}

const REACH: &str = "{ to = \"param.grades\", of = [\"post\"], on = [\"post\"], reach = { column = \"from\", upto = \"score\" }, missing = { grade = \"'none'\", pay = \"0\" } }";
const KEY: &str = "key = [\"post\", \"grade\"]";

fn graded(text: &str, jobs: &[(&str, &str)]) -> Result<Vec<String>, String> {
    let doc = Document::parse("join.toml", text).map_err(|f| {
        let said: Vec<String> = f
            .iter()
            .map(|d| format!("{}; expected {}", d.what, d.expected))
            .collect();
        said.join("\n")
    })?;
    let facts: Vec<_> = jobs
        .iter()
        .map(|(who, score)| serde_json::json!({ "kind": "job", "occurred": "2026-02-01", "who": who, "score": score }))
        .collect();
    let json = serde_json::json!({ "period": { "from": "2026-02-01", "to": "2026-03-01" },
        "roster": [{ "id": "li", "post": "a" }, { "id": "wu", "post": "b" }, { "id": "he", "post": "c" }], "facts": facts });
    let run = evaluate(
        &doc,
        doc.input(&json).map_err(|r| format!("{}: {}", r.path, r.what))?,
    );
    let run = run.map_err(|s| s.to_string())?;
    let said = |w: &super::super::Warning| {
        let text = |t: &Option<String>| t.clone().unwrap_or_default();
        format!("{} {} {}", text(&w.payee), text(&w.about), text(&w.value))
    };
    Ok(run.outcome.warnings.iter().map(said).collect())
}

#[test]
fn given_a_table_by_post_and_score_when_joined_then_the_row_just_reached_is_found() {
    let jobs = [
        ("li", "59.99"),
        ("li", "60"),
        ("li", "89.99"),
        ("li", "90"),
        ("li", "100"),
        ("wu", "50"),
        ("he", "99"),
    ];
    let mut found = graded(&document(REACH, KEY), &jobs).unwrap();
    found.sort();
    assert_eq!(
        found,
        [
            "he none 0",
            "li high 30",
            "li high 30",
            "li low 10",
            "li low 10",
            "li none 0",
            "wu low 7"
        ]
    );
}

#[test]
fn given_nobody_to_stand_in_when_nothing_is_reached_then_the_run_stops_or_the_row_goes() {
    let none = REACH.replace(", missing = { grade = \"'none'\", pay = \"0\" }", "");
    let why = graded(&document(&none, KEY), &[("he", "99")]).unwrap_err();
    assert!(
        why.contains("no row of `param.grades` with `post` c that begins at 99 or before"),
        "{why}"
    );
    let gone = none.replace(" } }", " }, missing = \"drop\" }");
    assert_eq!(
        graded(&document(&gone, KEY), &[("he", "99"), ("wu", "51")]),
        Ok(vec!["wu low 7".into()])
    );
}

#[test]
fn given_two_rows_that_begin_at_one_score_when_joined_then_the_run_stops() {
    let twice = document(REACH, KEY).replace(
        "grade = \"high\", from = \"90\"",
        "grade = \"high\", from = \"60\"",
    );
    let why = graded(&twice, &[("li", "70")]).unwrap_err();
    assert!(
        why.contains("two rows of `param.grades` that begin at 60"),
        "{why}"
    );
    assert_eq!(
        graded(&twice, &[("wu", "70")]),
        Ok(vec!["wu low 7".into()]),
        "others are found"
    );
}

#[test]
fn given_a_key_of_two_columns_when_joined_then_both_parts_are_needed() {
    let by_key = "{ to = \"param.grades\", on = [\"post\", \"'low'\"], missing = { grade = \"'none'\", pay = \"0\" } }";
    let found = graded(&document(by_key, KEY), &[("li", "1"), ("wu", "1"), ("he", "1")]).unwrap();
    assert_eq!(found.len(), 3);
    for said in ["li low 10", "wu low 7", "he none 0"] {
        assert!(found.iter().any(|f| f == said), "{said} in {found:?}");
    }
    let one = by_key.replace(", \"'low'\"", "");
    let why = graded(&document(&one, KEY), &[]).unwrap_err();
    assert!(why.contains("1 key part(s) given, `param.grades` has 2"), "{why}");
}

#[test]
fn given_tables_and_joins_written_wrong_when_read_then_the_fault_says_what_is_expected() {
    let reach = |column: &str, upto: &str| {
        REACH.replace(
            "column = \"from\", upto = \"score\"",
            &format!("column = \"{column}\", upto = \"{upto}\""),
        )
    };
    for (text, what) in [
        (document(REACH, ""), "`post` = a twice"),
        (
            document(REACH, "key = [\"grade\"]"),
            "the first columns, all of them text",
        ),
        (
            document(REACH, "key = [\"post\", \"grade\", \"from\"]"),
            "the first columns, all of them text",
        ),
        (document(REACH, "key = []"), "the first columns, all of them text"),
        (
            document(&reach("pay", "score"), KEY),
            "`pay` is money, `upto` is score",
        ),
        (
            document(&reach("grade", "post"), KEY),
            "`grade` is text, `upto` is text",
        ),
        (
            document(&reach("nowhere", "score"), KEY),
            "has no column `nowhere`",
        ),
        (
            document(&REACH.replace(", on = [\"post\"]", ""), KEY),
            "a join without `on`",
        ),
        (
            document(&REACH.replace("on = [\"post\"]", "on = [\"post\", \"who\"]"), KEY),
            "2 key part(s) given",
        ),
        (
            document(
                "{ to = \"param.grades\", on = [\"post\", \"'low'\"], of = [\"post\"] }",
                KEY,
            ),
            "`of` without `reach`",
        ),
        (
            document(&REACH.replace("missing", "mising"), KEY),
            "unknown field `mising`",
        ),
    ] {
        let why = graded(&text, &[]).unwrap_err();
        assert!(why.contains(what), "{why}\nshould say {what}");
    }
}

#[test]
fn given_tranches_when_joined_by_the_rows_key_and_the_number_then_that_tranche_is_found() {
    // Rows of one key part, of two and of none.
    for (by, on) in [
        ("[\"seller\"]", "[\"seller\", \"2\"]"),
        ("[\"seller\", \"count\"]", "[\"seller\", \"count\", \"2\"]"),
        ("[]", "[\"2\"]"),
    ] {
        let steps = format!(
            r#"
[[step]]
id = "sums"
do = "aggregate"
from = "sales"
by = {by}
columns = {{ sum = "sum(amount)" }}

[[step]]
id = "fen"
do = "round"
from = "sums"
column = "sum"
as = "paid"

[[step]]
id = "parts"
do = "release"
from = "fen"
column = "paid"
tranches = [{{ share = "30%", due = "period.to" }}, {{ share = "70%", due = "period.to" }}]
as = "part"

[[step]]
id = "later"
do = "derive"
from = "fen"
join = {{ second = {{ to = "parts", on = {on} }} }}
columns = {{ later = "second.part" }}

[[step]]
id = "say"
do = "emit"
as = "warning"
zh = "w"
en = "w"
from = "later"
value = "later"
"#
        );
        let doc = Document::parse("small.toml", &format!("{}{steps}", super::SMALL))
            .unwrap_or_else(|f| panic!("{}", f[0]));
        let json = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0" },
            "roster": [{ "id": "li", "role": "sales" }],
            "facts": [{ "kind": "sale", "occurred": "2026-10-02", "seller": "li", "amount": "40" }] });
        let run = evaluate(&doc, doc.input(&json).unwrap()).unwrap_or_else(|stop| panic!("{by}: {stop}"));
        assert_eq!(run.outcome.warnings[0].value.as_deref(), Some("28"), "{by}");
    }
}
