//! Steps that cannot go on, with what is said; what is called what where facts have no id.

use serde_json::json;

use super::super::{Document, evaluate};
use super::SMALL;

/// A document whose steps look for rows that may not be there.
const SEEKING: &str = r#"
[scheme]
id = "93-seeking"
zh = "找"
en = "seeking"
source = "test"
from = "2026-01-01"

[roster]
role = "text"

[fact.sale]
fields = { seller = "text", amount = "money", of = { type = "text", default = "-" } }

[fact.order]
fields = { price = "money" }

[param.rates]
zh = "比例"
en = "rates"
rule = "R1"
type = "table"
columns = { band = "text", role = "text", from = "money", rate = "ratio" }
missing = "no table"

[param.parts]
zh = "份"
en = "parts"
rule = "R2"
because = "test"
type = "ratio"
default = "50%"

[[step]]
id = "sales"
do = "select"
from = "fact.sale"

[[step]]
id = "orders"
do = "select"
from = "fact.order"

[[step]]
id = "prices"
do = "aggregate"
from = "orders"
by = "id"
columns = { price = "sum(price)" }

[[step]]
id = "known"
do = "derive"
from = "sales"
join = { roster = "seller" }
columns = { role = "roster.role" }

[[step]]
id = "named"
do = "select"
from = "known"
where = "of != '-'"

[[step]]
id = "bought"
do = "derive"
from = "named"
join = { prices = "of" }
columns = { price = "prices.price" }

[[step]]
id = "rated"
do = "derive"
from = "bought"
join = { rates = { to = "param.rates", of = ["role"], on = ["role"], reach = { column = "from", upto = "amount" } } }
columns = { gives = "price * rates.rate" }

[[step]]
id = "pool"
do = "allocate"
from = "rated"
amount = "gives"
weight = "1"
as = "pay"

[[step]]
id = "tranches"
do = "release"
from = "pool"
column = "pay"
tranches = [{ share = "param.parts", due = "period.to" }, { share = "50%", due = "period.to" }]
as = "part"

[[step]]
id = "line"
do = "emit"
as = "line"
zh = "钱"
en = "money"
from = "tranches"
payee = "seller"
amount = "part"
"#;

#[test]
fn given_a_step_that_cannot_go_on_when_run_then_the_place_the_row_what_was_found_and_the_way_out_are_said() {
    let doc = Document::parse("seeking.toml", SEEKING).unwrap_or_else(|f| panic!("{}", f[0]));
    let sale = |seller: &str, of: &str| {
        json!({ "kind": "sale", "id": format!("{seller}{of}"), "occurred": "2026-10-02", "seller": seller, "amount": "10.00",
            "of": of })
    };
    let order = |id: &str, price: &str| json!({ "kind": "order", "id": id, "occurred": "2026-10-01", "price": price });
    let rate = |role: &str, from: &str| json!({ "band": format!("{role}{from}"), "role": role, "from": from, "rate": "10%" });
    let stop = |rates: Vec<serde_json::Value>, parts: &str, facts: Vec<serde_json::Value>| {
        let json = json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" },
            "params": { "rates": rates, "parts": parts }, "roster": [{ "id": "li", "role": "sales" }], "facts": facts });
        match evaluate(&doc, doc.input(&json).unwrap()) {
            Err(stop) => {
                assert!(stop.fault.line > 1 && stop.fault.column == 1, "{stop}");
                let said = stop.to_string();
                let place = format!("seeking.toml:{}:1: ", stop.fault.line);
                said.strip_prefix(&place).map(str::to_owned).unwrap_or(said)
            }
            Ok(run) => run.outcome.total.fixed(2),
        }
    };
    let good = || vec![sale("li", "o1"), order("o1", "100.00")];
    assert_eq!(stop(vec![rate("sales", "5")], "50%", good()), "10.00");
    for (said, rates, parts, facts) in [
        (
            "step `known`, row `wu-`: no row of `roster` with `id` wu; expected exactly one; \
             hint: add the person to `roster`, or mend the id",
            vec![],
            "50%",
            vec![sale("wu", "-")],
        ),
        (
            "step `bought`, row `lio9`: no row of `prices` with `id` o9; expected exactly one; \
             hint: add the `order` to `facts`, or mend the name it is looked for by",
            vec![],
            "50%",
            vec![sale("li", "o9")],
        ),
        (
            "step `rated`, row `lio1`: no row of `param.rates` with `role` sales that begins at 10 or before; \
             expected exactly one; hint: add the row to `params.rates`",
            vec![rate("sales", "10.01"), rate("boss", "0")],
            "50%",
            good(),
        ),
        (
            "step `pool`, row `lio2`: a pool of 20 here, of 10 in a row before; expected one amount for all rows of a pool; \
             hint: `per` makes one pool of each group",
            vec![rate("sales", "0")],
            "50%",
            [good(), vec![sale("li", "o2"), order("o2", "200.00")]].concat(),
        ),
        (
            "step `tranches`, row `lio1`: tranche shares that add up to 110%; expected shares that add up to 100%; \
             hint: look at the parameters the shares are made of",
            vec![rate("sales", "0")],
            "60%",
            good(),
        ),
        (
            "step `tranches`, row `lio1`: tranche 1 with a share of -10%; expected shares of 0% or more",
            vec![rate("sales", "0")],
            "-10%",
            good(),
        ),
    ] {
        assert_eq!(stop(rates, parts, facts), said);
    }
}

#[test]
fn given_facts_without_an_id_when_read_in_any_order_then_each_is_numbered_by_kind_and_day() {
    let doc = Document::parse("small.toml", SMALL).unwrap();
    let sale =
        |day: &str, amount: &str| json!({ "kind": "sale", "occurred": day, "seller": "a", "amount": amount });
    let named = |facts: Vec<serde_json::Value>| {
        let json = json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0" },
            "roster": [{ "id": "a", "role": "sales" }], "facts": facts });
        let run = evaluate(&doc, doc.input(&json).unwrap()).unwrap();
        let rows = run.rows(&doc, "sales").unwrap();
        let amount = |cells: &[(String, String)]| cells.iter().find(|c| c.0 == "amount").unwrap().1.clone();
        rows.iter()
            .map(|(key, cells)| format!("{key} {}", amount(cells)))
            .collect::<Vec<_>>()
    };
    let taken = json!({ "kind": "sale", "id": "sale 2026-10-02 #2", "occurred": "2026-10-05", "seller": "a", "amount": "9" });
    let facts = vec![
        sale("2026-10-03", "1"),
        sale("2026-10-02T10:00:00", "7"),
        sale("2026-10-02", "8"),
        taken,
        sale("2026-10-02", "8"),
    ];
    let right = [
        "sale 2026-10-02 #1 8",
        "sale 2026-10-02 #3 8",
        "sale 2026-10-02 #4 7",
        "sale 2026-10-03 #1 1",
        "sale 2026-10-02 #2 9",
    ];
    assert_eq!(named(facts.clone()), right);
    let mut turned = facts;
    turned.reverse();
    assert_eq!(named(turned), right, "the order of the input says nothing");
}

#[test]
fn given_a_cap_below_zero_when_run_then_the_row_is_said_and_nothing_is_lost() {
    let capped = |cap: &str| {
        let text = SMALL
            .replace(
                "from = \"shares\"\ncolumn = \"commission\"",
                "from = \"capped\"\ncolumn = \"most\"",
            )
            .replace(
                "[[step]]\nid = \"cash\"",
                &format!(
                    "[[step]]\nid = \"capped\"\ndo = \"limit\"\nfrom = \"shares\"\ncolumn = \"commission\"\n\
                     cap = \"{cap}\"\nas = \"most\"\n\n[[step]]\nid = \"cash\""
                ),
            );
        let doc = Document::parse("small.toml", &text).unwrap();
        let input = json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "0" },
            "roster": [{ "id": "li", "role": "sales" }],
            "facts": [{ "kind": "sale", "id": "s", "occurred": "2026-10-05", "seller": "li", "amount": "100.00" }] });
        let run = evaluate(&doc, doc.input(&input).unwrap());
        run.map(|run| {
            (
                run.outcome.total.fixed(2),
                run.outcome.residuals[0].amount.fixed(2),
            )
        })
        .map_err(|stop| format!("{} {:?}: {}", stop.step, stop.row, stop.fault.what))
    };
    // Commission 10.00, all of it over a cap of 0.
    assert_eq!(capped("total * 0%"), Ok(("0.00".to_owned(), "10.00".to_owned())));
    let stopped = "capped Some(\"li\"): a cap below 0".to_owned();
    assert_eq!(capped("total * (0 - 1)"), Err(stopped));
}

#[test]
fn given_a_weight_below_zero_when_a_pool_is_divided_then_its_row_is_said() {
    let doc = Document::parse("small.toml", SMALL).unwrap();
    let sale = |seller: &str, amount: &str| json!({ "kind": "sale", "id": seller, "occurred": "2026-10-02", "seller": seller, "amount": amount });
    let json = json!({ "period": { "from": "2026-10-01", "to": "2026-11-01" }, "params": { "pool": "10" },
        "roster": [{ "id": "li", "role": "sales" }, { "id": "wu", "role": "sales" }],
        "facts": [sale("li", "40"), sale("wu", "-5")] });
    let stop = evaluate(&doc, doc.input(&json).unwrap())
        .err()
        .unwrap()
        .to_string();
    let said = "step `shares`, row `wu`: a negative weight; expected weights of 0 or more";
    assert!(stop.contains(said), "{stop}");
}
