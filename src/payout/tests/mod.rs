//! The room's own tests: laws, a slow reference, refusals, the checker of the trace.

mod audited;
mod bands;
mod book;
mod boundary;
mod bounds;
mod explained;
mod fuzzed;
mod income;
mod join;
mod language;
mod laws;
pub mod reference;
mod refused;
mod shares;
mod stopped;
mod twice;
mod units;
mod untold;
mod words;

use super::{Document, Evaluation, evaluate};

/// The shipped documents.
pub fn shipped() -> Vec<Document> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemes");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "toml"));
    files.sort();
    let read = |f: &std::path::PathBuf| {
        let name = f.file_name().unwrap().to_string_lossy().into_owned();
        Document::accept(&name, &std::fs::read_to_string(f).unwrap())
            .unwrap_or_else(|faults| panic!("{}", faults.iter().map(ToString::to_string).collect::<String>()))
    };
    files.iter().map(read).collect()
}

/// A small document: sales by seller, banded, a pool, lines.
pub const SMALL: &str = r#"
[scheme]
id = "90-small"
zh = "小方案"
en = "small"
source = "test"
from = "2026-01-01"

[roster]
role = { type = "text", options = ["sales", "boss"] }

[fact.sale]
fields = { seller = "employee", amount = "money", count = { type = "count", default = 1 } }

[param.bands]
zh = "档"
en = "bands"
rule = "R1"
type = "bands"
of = "money"
gives = "ratio"
min = "0"
max = "100%"
default = [{ from = "0", upto = "100", gives = "10%" }, { from = "200", gives = "20%" }]

[param.pool]
zh = "池"
en = "pool"
rule = "R2"
type = "money"
min = "0"
missing = "no table"

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
id = "rated"
do = "scale"
from = "totals"
value = "total"
bands = "param.bands"
as = "commission"

[[step]]
id = "known"
do = "derive"
from = "rated"
join = { roster = "seller" }
columns = { role = "roster.role" }

[[step]]
id = "who"
do = "qualify"
from = "known"
conditions = [{ code = "boss", test = "role != 'boss'", zh = "老板", en = "the boss" }]

[[step]]
id = "shares"
do = "allocate"
from = "who"
amount = "param.pool"
weight = "total"
as = "share"

[[step]]
id = "cash"
do = "round"
from = "shares"
column = "commission"
as = "pay"

[[step]]
id = "commission"
do = "emit"
as = "line"
zh = "提成"
en = "commission"
from = "cash"
payee = "seller"
amount = "pay"

[[step]]
id = "bonus"
do = "emit"
as = "line"
zh = "奖金"
en = "bonus"
from = "cash"
payee = "seller"
amount = "share"
"#;

/// Runs the small document on sales (seller, amount in fen).
pub fn small(sales: &[(usize, i64)], people: usize, pool: i64, shuffle: bool) -> Evaluation {
    let doc = Document::parse("small.toml", SMALL).unwrap();
    let fen = |n: i64| crate::payout::Num::ratio(n.into(), 100).unwrap().fixed(2);
    let mut facts: Vec<serde_json::Value> = sales
        .iter()
        .enumerate()
        .map(|(i, (who, fen_))| {
            serde_json::json!({ "kind": "sale", "id": format!("s{i}"), "occurred": "2026-10-05",
                "seller": format!("p{}", who % people), "amount": fen(*fen_) })
        })
        .collect();
    let mut roster: Vec<serde_json::Value> = (0..people)
        .map(|i| serde_json::json!({ "id": format!("p{i}"), "order": i, "role": "sales" }))
        .collect();
    if shuffle {
        facts.reverse();
        roster.reverse();
        let middle = facts.len() / 2;
        facts.rotate_left(middle);
    }
    let json = serde_json::json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" },
        "params": { "pool": fen(pool) }, "roster": roster, "facts": facts });
    evaluate(&doc, doc.input(&json).unwrap()).unwrap()
}
