//! What an amount is to a payroll: said by the document, carried by every line and award (GC-25).

use super::super::explain::trace;
use super::super::{Document, Income, evaluate};
use super::{SMALL, shipped};

/// Runs the small document, changed, on one sale of 40.
fn run(from: &str, to: &str) -> (Document, super::super::Evaluation) {
    assert!(SMALL.contains(from), "the small document has no {from:?}");
    let doc = Document::parse("small.toml", &SMALL.replace(from, to))
        .unwrap_or_else(|f| panic!("{}", f.iter().map(ToString::to_string).collect::<String>()));
    let input = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "1" },
        "roster": [{ "id": "li", "role": "sales" }],
        "facts": [{ "kind": "sale", "occurred": "2026-10-02", "seller": "li", "amount": "40" }] });
    let ran = evaluate(&doc, doc.input(&input).unwrap()).unwrap();
    (doc, ran)
}

#[test]
fn given_the_shipped_documents_when_read_then_each_that_pays_employees_says_what_the_amounts_are() {
    let silent: Vec<String> = shipped()
        .iter()
        .filter(|doc| {
            let steps = doc.to_json()["steps"].as_array().unwrap().clone();
            steps.iter().any(|s| s["payee_kind"] == "employee") && doc.header.income.is_none()
        })
        .map(|doc| doc.header.id.clone())
        .collect();
    assert_eq!(silent, Vec::<String>::new());
}

#[test]
fn given_a_class_of_the_document_and_one_of_a_step_when_run_then_the_step_goes_first() {
    let classes = |ran: &super::super::Evaluation| -> Vec<String> {
        let lines = ran.outcome.lines.iter();
        lines
            .map(|l| format!("{} {}", l.component, l.income.word()))
            .collect()
    };
    let (_, plain) = run("source = \"test\"", "source = \"test\"");
    assert_eq!(classes(&plain), ["commission wages", "bonus wages"]);
    let (_, document) = run(
        "source = \"test\"",
        "source = \"test\"\nincome = \"annual_bonus\"",
    );
    assert_eq!(
        classes(&document),
        ["commission annual_bonus", "bonus annual_bonus"]
    );
    let (_, step) = run("amount = \"share\"", "amount = \"share\"\nincome = \"dividend\"");
    assert_eq!(classes(&step), ["commission wages", "bonus dividend"]);
    // What the document says is of its employees.
    let (_, customer) = run(
        "amount = \"share\"",
        "amount = \"share\"\npayee_kind = \"customer\"",
    );
    assert_eq!(classes(&customer), ["commission wages", "bonus labour_service"]);
    let json = customer.outcome.to_json(|_| String::new());
    assert_eq!(
        (&json["lines"][1]["income"], &json["tax"]),
        (&"labour_service".into(), &"pre".into())
    );
}

#[test]
fn given_a_line_when_it_is_explained_then_it_says_before_tax_and_its_class_in_both_languages() {
    let told = |from: &str, to: &str| {
        let (doc, ran) = run(from, to);
        let story = trace(&doc, &ran, &ran.outcome.lines[0]);
        let first = |text: String| text.lines().next().unwrap_or_default().to_owned();
        (first(story.text(true)), first(story.text(false)))
    };
    let (zh, en) = told("source = \"test\"", "source = \"test\"");
    assert_eq!(zh, "li 的提成：4.00（税前，工资薪金）");
    assert_eq!(en, "li, commission: 4.00 (before tax, wages)");
    let (_, net) = told("source = \"test\"", "source = \"test\"\ntax = \"net_grossed_up\"");
    assert_eq!(net, "li, commission: 4.00 (net, tax is added on top, wages)");
    let (none, _) = told("amount = \"pay\"", "amount = \"pay\"\nincome = \"none\"");
    assert_eq!(none, "li 的提成：4.00（不属个人所得）");
    assert_eq!(Income::None.word(), "none");
}
