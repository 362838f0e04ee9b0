//! Any text as an expression of a small document: what is accepted runs and agrees with the trace checker.
#![no_main]

use bole::payout::audit::audit;
use bole::payout::{Document, evaluate};

const HEAD: &str = r#"
[scheme]
id = "91-one"
zh = "一"
en = "one"
source = "fuzz"
from = "2026-01-01"
[fact.x]
fields = { m = "money", r = "ratio", c = "count", t = { type = "text", options = ["a", "b"] }, d = "date" }
[[step]]
id = "rows"
do = "select"
from = "fact.x"
[[step]]
id = "use"
do = "emit"
as = "warning"
zh = "w"
en = "w"
from = "rows"
where = "m > 0 or r > 0 or c > 0 or t = 'a' or d > 2026-01-01"
[[step]]
id = "v"
do = "derive"
from = "rows"
"#;

const TAIL: &str = r#"
[[step]]
id = "w"
do = "emit"
as = "warning"
zh = "w"
en = "w"
from = "v"
value = "v"
"#;

const INPUT: &str = r#"{"period":{"from":"2026-02-01","to":"2026-03-01"},"facts":[
{"kind":"x","id":"1","occurred":"2026-02-03","m":"10","r":"1/3","c":4,"t":"a","d":"2026-05-31"},
{"kind":"x","id":"2","occurred":"2026-02-28","m":"-0.01","r":"0","c":0,"t":"b","d":"1900-01-01"}]}"#;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let quoted = text.replace('\\', "\\\\").replace('"', "\\\"").replace(|c: char| c.is_control(), " ");
    let document = format!("{HEAD}columns = {{ v = \"{quoted}\" }}\n{TAIL}");
    let Ok(doc) = Document::parse("fuzz.toml", &document) else {
        return;
    };
    let input = doc.input_text(INPUT).expect("the input holds for every expression");
    if let Ok(run) = evaluate(&doc, input) {
        assert_eq!(audit(&doc, &run), vec![]);
    }
});
