//! The guide is true: every `toml` block of `schemes/README.md` is read, checked and, as a document, run.

use std::fs;
use std::path::Path;

use bole::payout::{Diagnostic, Document, evaluate};

/// What the guide's single steps stand on.
const PRELUDE: &str = r#"
[scheme]
id = "90-guide"
zh = "指南"
en = "guide"
source = "schemes/README.md"
from = "2026-01-01"
[roster]
role = { type = "text", options = ["sales", "boss"] }
hired = "date"
team = "text"
[fact.sale]
fields = { seller = "employee", amount = "money", count = "count", product = { type = "text", options = ["card", "batch"] } }
[[step]]
id = "sales"
do = "select"
from = "fact.sale"
[[step]]
id = "totals"
do = "aggregate"
from = "sales"
by = "seller"
columns = { total = "sum(amount)", n = "sum(count)" }
[[step]]
id = "everybody"
do = "emit"
as = "warning"
zh = "都读到"
en = "all is read"
from = "roster"
where = "role = 'boss' and team = '' and hired > 2199-01-01"
[[step]]
id = "everything"
do = "emit"
as = "warning"
zh = "都读到"
en = "all is read"
from = "sales"
where = "product = 'card' and count < 0"
value = "seller"
[[step]]
id = "every_total"
do = "emit"
as = "warning"
zh = "都读到"
en = "all is read"
from = "totals"
where = "n < 0"
"#;

fn blocks() -> Vec<String> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("schemes/README.md"))
        .expect("the guide as it is written");
    page.split("```toml\n")
        .skip(1)
        .map(|rest| {
            rest.split("```")
                .next()
                .expect("the guide as it is written")
                .to_owned()
        })
        .collect()
}

fn told(faults: &[bole::payout::Diagnostic]) -> String {
    faults
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn given_the_guides_blocks_when_read_then_each_is_accepted_and_runs() {
    let mut words = Vec::new();
    for block in blocks() {
        if block.starts_with("[scheme]") {
            let doc = Document::accept("guide", &block).unwrap_or_else(|f| panic!("{}", told(&f)));
            assert!(!doc.example_ids().is_empty());
            let untold: Vec<String> = doc.untold().iter().map(Diagnostic::as_warning).collect();
            assert_eq!(untold, Vec::<String>::new(), "what it pays is explained");
            continue;
        }
        if block.contains("[[book]]") {
            let text = format!("{PRELUDE}\n{block}");
            let doc = Document::accept("guide", &text).unwrap_or_else(|f| panic!("{}", told(&f)));
            assert_eq!(doc.try_books().len(), 1, "the printed error is compared");
            continue;
        }
        let line = |key: &str| {
            let found = block.lines().rfind(|l| l.starts_with(key)).unwrap_or_default();
            found.split('"').nth(1).unwrap_or_default().to_owned()
        };
        let (id, word) = (line("id = "), line("do = "));
        let read = format!(
            "[[step]]\nid = \"read_it\"\ndo = \"emit\"\nas = \"warning\"\nzh = \"w\"\nen = \"w\"\nfrom = \"{id}\"\n"
        );
        let text = format!(
            "{PRELUDE}\n{block}\n{}",
            if word == "emit" { String::new() } else { read }
        );
        let doc = Document::parse("guide", &text).unwrap_or_else(|f| panic!("{word}:\n{}", told(&f)));
        let input = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" },
            "roster": [{ "id": "li", "role": "sales", "hired": "2026-03-31", "team": "A" }, { "id": "wu", "role": "sales", "hired": "2026-09-30", "team": "A" }],
            "facts": [
                { "kind": "sale", "occurred": "2026-10-03", "seller": "li", "amount": "40000", "count": 6, "product": "card" },
                { "kind": "sale", "occurred": "2026-10-04", "seller": "wu", "amount": "20000.01", "count": 1, "product": "batch" } ] });
        let run = evaluate(
            &doc,
            doc.input(&input).unwrap_or_else(|r| panic!("{word}: {r:?}")),
        );
        let run = run.unwrap_or_else(|s| panic!("{word}: {s}"));
        let rows = run.rows(&doc, &id).expect("the guide as it is written");
        assert!(!rows.is_empty(), "{word} makes no row");
        words.push(word);
    }
    for word in [
        "select",
        "aggregate",
        "derive",
        "table",
        "scale",
        "qualify",
        "rank",
        "allocate",
        "limit",
        "round",
        "release",
        "emit",
    ] {
        assert!(words.iter().any(|w| w == word), "no example of {word}");
    }
}
