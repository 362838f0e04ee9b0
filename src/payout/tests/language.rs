//! The expression language: what it computes and what it refuses, through a one-row document.

use super::super::{Document, evaluate};

/// The value of an expression over a row with `m` money 10, `r` ratio 1/3, `c` count 4, `t` text a, `d` date.
fn value(expression: &str) -> Result<String, String> {
    let text = format!(
        r#"
[scheme]
id = "91-one"
zh = "一"
en = "one"
source = "test"
from = "2026-01-01"
[fact.x]
fields = {{ m = "money", r = "ratio", c = "count", t = {{ type = "text", options = ["a", "b"] }}, d = "date", s = "score" }}
[param.over]
zh = "p"
en = "p"
rule = "R1"
type = "ratio"
over = "0"
default = "50%"
[param.any]
zh = "p"
en = "p"
rule = "R1"
type = "ratio"
default = "50%"
[[step]]
id = "rows"
do = "select"
from = "fact.x"
[[step]]
id = "use"
do = "derive"
from = "rows"
columns = {{ all = "when m > 0 and r > 0 and c > 0 and s > 0 and t = 'a' and d > 2026-01-01 and param.over > 0 and param.any > 0 then 1 else 0" }}
[[step]]
id = "v"
do = "derive"
from = "use"
columns = {{ v = "{expression}" }}
[[step]]
id = "w"
do = "emit"
as = "warning"
zh = "w"
en = "w"
from = "v"
where = "all = 1"
value = "v"
"#
    );
    let doc = Document::parse("one.toml", &text)
        .map_err(|f| format!("{}; expected {}", f[0].what, f[0].expected))?;
    let json = serde_json::json!({ "period": { "from": "2026-02-01", "to": "2026-03-01" }, "facts": [
        { "kind": "x", "occurred": "2026-02-03", "m": "10", "r": "1/3", "c": 4, "t": "a", "d": "2026-05-31", "s": "59.99" } ] });
    let run = evaluate(&doc, doc.input(&json).map_err(|r| r.what)?).map_err(|s| s.fault.what)?;
    Ok(run.outcome.warnings[0].value.clone().unwrap_or_default())
}

#[test]
fn given_expressions_when_computed_then_they_give_exact_values() {
    for (expression, right) in [
        ("m * r", "10/3"),
        ("m * r * 3", "10"),
        ("m / 4", "2.5"),
        ("m * 3% + m", "10.3"),
        ("-m + 2 * m", "10"),
        ("1 - r", "2/3"),
        ("(c + 1) * c", "20"),
        ("min(m, 3, 7)", "3"),
        ("max(c, 9)", "9"),
        ("clamp(m, 1, 5)", "5"),
        ("abs(-m)", "10"),
        ("floor_to(m * r, 0.5)", "3"),
        ("whole(r * c)", "1"),
        ("divide(m, c - 4, 7)", "7"),
        ("when c - 4 > 0 then m / (c - 4) else m", "10"),
        ("m / param.over", "20"),
        ("days(2026-01-31, d)", "120"),
        ("months(2026-05-31, 2026-06-30)", "1"),
        ("months(2026-06-01, 2026-06-30)", "0"),
        ("months(2026-05-30, 2026-06-30)", "1"),
        ("months(2024-02-29, 2025-02-28)", "12"),
        ("months(2026-06-30, 2026-05-31)", "-1"),
        ("months(2025-02-28, 2024-02-29)", "-12"),
        ("months(2026-06-30, 2026-06-01)", "0"),
        ("months(d, d)", "0"),
        ("days(d, 2026-01-31)", "-120"),
        ("add_months(d, 1)", "2026-06-30"),
        ("add_days(period.from, 28)", "2026-03-01"),
        ("period.last_day", "2026-02-28"),
        ("year(d) + month(d)", "2031"),
        ("t in ['a', 'b']", "true"),
        ("not (t = 'a' or m < 3)", "false"),
        ("t = 'a' and not m < 3", "true"),
        ("when t = 'b' then 1 when c >= 4 then 2 else 3", "2"),
        ("m >= 10 and m <= 10 and not m > 10", "true"),
        ("date_of(occurred)", "2026-02-03"),
    ] {
        assert_eq!(value(expression), Ok(right.to_owned()), "{expression}");
    }
}

#[test]
fn given_wrong_units_when_checked_then_the_fault_says_which() {
    for (expression, what) in [
        ("m + r", "money + ratio"),
        ("m * m", "money * money"),
        ("m > d", "money > date"),
        ("t < 'b'", "text < text"),
        ("m / r", "a divisor that may be 0"),
        ("m / (c - 4)", "a divisor that may be 0"),
        ("m / param.any", "a divisor that may be 0"),
        ("when c > 4 then m / r else m", "a divisor that may be 0"),
        ("t = 'c'", "`c` never occurs here"),
        ("t in ['c']", "`c` never occurs here"),
        ("when m then 1 else 2", "money where a condition belongs"),
        ("when c > 1 then m else r", "ratio here, money before"),
        ("not m", "money where a condition belongs"),
        ("foo", "unknown name `foo`"),
        ("param.nothing", "unknown parameter `nothing`"),
        ("period.end", "unknown `period.end`"),
        ("sum(m)", "`sum` has no rows to work on here"),
        ("minn(m, m)", "unknown function `minn`"),
        ("min(m)", "min(money)"),
        ("days(m, d)", "days(money, date)"),
        ("m +", "the expression ends too early"),
        ("1 < 2 < 3", "`<`"),
        ("(m", "the expression ends too early"),
        ("when c > 1 then m", "the expression ends too early"),
        ("2026-02-30", "a date that does not exist"),
        ("'a", "a text without its closing quote"),
        ("m ? 1", "`?`"),
        ("3x", "a number that runs into a word"),
        ("rows.m", "`rows` has many rows"),
        ("m.a.b", "a name of more than two parts"),
    ] {
        let found = value(expression).unwrap_err();
        assert!(found.starts_with(what), "{expression}: {found}");
    }
    let deep = format!("{}1{}", "(".repeat(60), ")".repeat(60));
    assert!(value(&deep).unwrap_err().contains("fewer nested parts"));
    let long = vec!["m"; 900].join("+");
    assert!(value(&long).unwrap_err().contains("fewer operators"));
    assert!(
        value(&vec!["m"; 1_001].join("+"))
            .unwrap_err()
            .contains("too long")
    );
}

#[test]
fn given_arguments_of_the_wrong_number_or_unit_when_checked_then_the_functions_own_signature_is_expected() {
    for (wrong, function) in [
        ("abs(t)", "abs"),
        ("abs(m, m)", "abs"),
        ("min(m, t)", "min"),
        ("max(t, t)", "max"),
        ("max(d, m)", "max"),
        ("clamp(m, 1)", "clamp"),
        ("clamp(t, t, t)", "clamp"),
        ("clamp(m, r, m)", "clamp"),
        ("floor_to(m)", "floor_to"),
        ("floor_to(t, t)", "floor_to"),
        ("whole(m)", "whole"),
        ("whole(t)", "whole"),
        ("whole(c, c)", "whole"),
        ("divide(m, c)", "divide"),
        ("divide(t, t, t)", "divide"),
        ("divide(m, c, r)", "divide"),
        ("days(d)", "days"),
        ("months(d, c)", "months"),
        ("add_days(d)", "add_days"),
        ("add_days(m, 1)", "add_days"),
        ("add_days(d, m)", "add_days"),
        ("add_months(c, 1)", "add_months"),
        ("date_of(m)", "date_of"),
        ("year(m)", "year"),
        ("month(d, d)", "month"),
    ] {
        let found = value(wrong).unwrap_err();
        assert!(
            found.contains(&format!("; expected {function}(")),
            "{wrong}: {found}"
        );
    }
    for (function, _, signature) in super::super::expr::func::FUNCS {
        let found = value(&format!("{function}()")).unwrap_err();
        assert!(found.ends_with(&format!("; expected {signature}")), "{found}");
    }
}
