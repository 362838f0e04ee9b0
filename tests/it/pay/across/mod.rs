//! An order's incentives over periods: what was given in other months counts, and what was taken is given back once.

use bole::app::Actor;
use bole::app::pay::review;
use serde_json::{Value, json};

use super::next::{calculated, fact, set_up, until_closed};
use super::{lines, record, take};
use crate::points::rig::Rig;
use crate::support::TestDb;

/// Pays the seller 15 % of every order.
pub const SALES: &str = r#"
[scheme]
id = "95-sales"
zh = "销售"
en = "Sales"
source = "test"
period = "month"
from = "2026-01-01"
[fact.order]
fields = { seller = "employee", amount = "money" }
[[step]]
id = "orders"
do = "select"
from = "fact.order"
[[step]]
id = "exact"
do = "derive"
from = "orders"
columns = { commission = "amount * 15%" }
[[step]]
id = "cash"
do = "round"
from = "exact"
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
about = "id"
amount = "pay"
"#;

/// Pays who looks after an order 10 % of what a visit is worth.
pub const VISITS: &str = r#"
[scheme]
id = "96-visits"
zh = "服务"
en = "Visits"
source = "test"
period = "month"
from = "2026-01-01"
[fact.visit]
fields = { server = "employee", sale = "text", amount = "money" }
[[step]]
id = "visits"
do = "select"
from = "fact.visit"
[[step]]
id = "each"
do = "aggregate"
from = "visits"
by = ["server", "sale"]
columns = { amount = "sum(amount)" }
[[step]]
id = "exact"
do = "derive"
from = "each"
columns = { commission = "amount * 10%" }
[[step]]
id = "cash"
do = "round"
from = "exact"
column = "commission"
as = "pay"
[[step]]
id = "service"
do = "emit"
as = "line"
zh = "服务费"
en = "service fee"
from = "cash"
payee = "server"
about = "sale"
amount = "pay"
"#;

fn order(seller: &str, amount: &str) -> Value {
    let seller = Some(("seller", seller));
    fact("order", "o1", "2026-08-03", json!({"amount": amount}), seller)
}

fn visit(key: &str, day: &str, server: &str, amount: &str) -> Value {
    let mut visit = fact(
        "visit",
        key,
        day,
        json!({"amount": amount}),
        Some(("server", server)),
    );
    visit["dimensions"]["sale"] = json!("o1");
    visit
}

/// Both schemes, and the guards with these parameters.
async fn schemes(db: &TestDb, guards: Value) -> Rig {
    let rig = Rig::new(db).await;
    db.clock.set("2026-12-01T02:00:00Z".parse().unwrap());
    set_up(&rig, "99-guards", guards, None).await;
    set_up(&rig, "95-sales", json!({}), Some(SALES)).await;
    set_up(&rig, "96-visits", json!({}), Some(VISITS)).await;
    rig
}

/// Calculates and closes; gives the run and its lines.
async fn closed(rig: &Rig, scheme: &str, period: &str) -> (Value, Vec<String>) {
    let run = calculated(rig, scheme, period).await;
    until_closed(rig, &run).await;
    let mut lines = lines(rig, &run).await;
    lines.sort_unstable();
    (run, lines)
}

async fn is_same(rig: &Rig, run: &Value) {
    let found = bole::app::pay::replay(&rig.app, run["id"].as_i64().unwrap()).await;
    let found = found.unwrap();
    assert!(found.is_same(), "{found:?}");
}

async fn given_an_order_paid_in_august_when_september_gives_more_then_the_ceiling_is_kept_and_room_is_given_back_once(
    db: TestDb,
) {
    let rig = schemes(&db, json!({"cap_action": "scale"})).await;
    let facts = vec![order("Z3", "1000.00"), visit("v1", "2026-09-05", "L4", "1000.00")];
    record(&rig, facts).await;
    let (august, told) = closed(&rig, "95-sales", "2026-08").await;
    assert_eq!(told, ["Z3 150.00 line"]);
    // 150 and 100 of 1 000: 210 is the ceiling.
    let september = calculated(&rig, "96-visits", "2026-09").await;
    let guards = calculated(&rig, "99-guards", "2026-09").await;
    assert_eq!(guards["outcome"]["warnings"][0]["value"], "250");
    until_closed(&rig, &september).await;
    let mut told = lines(&rig, &september).await;
    told.sort_unstable();
    assert_eq!(told, ["L4 -40.00 guard", "L4 100.00 line"]);
    until_closed(&rig, &guards).await;
    let (_, told) = closed(&rig, "96-visits", "2026-10").await;
    assert_eq!(told, Vec::<String>::new(), "nothing has changed");
    // The order was worth 2 000: 300 and 100 are less than 420.
    record(&rig, vec![order("Z3", "2000.00")]).await;
    let (_, told) = closed(&rig, "96-visits", "2026-11").await;
    assert_eq!(told, ["L4 40.00 guard"]);
    let (_, told) = closed(&rig, "95-sales", "2026-11").await;
    assert_eq!(told, ["Z3 150.00 late"]);
    for scheme in ["95-sales", "96-visits"] {
        let december = calculated(&rig, scheme, "2026-12").await;
        assert_eq!(lines(&rig, &december).await, Vec::<String>::new(), "once");
    }
    for run in [&august, &september, &guards] {
        is_same(&rig, run).await;
    }
}

async fn given_one_person_with_two_claims_in_two_months_when_the_first_is_void_then_the_second_is_owed(
    db: TestDb,
) {
    let rig = schemes(&db, json!({})).await;
    let facts = vec![order("Z3", "1000.00"), visit("v1", "2026-09-05", "Z3", "1000.00")];
    record(&rig, facts).await;
    closed(&rig, "95-sales", "2026-08").await;
    let (_, told) = closed(&rig, "96-visits", "2026-09").await;
    assert_eq!(
        told,
        ["Z3 -100.00 guard", "Z3 100.00 line"],
        "150 was the larger claim"
    );
    // The order was sold by somebody else.
    record(&rig, vec![order("W5", "1000.00")]).await;
    let (_, told) = closed(&rig, "95-sales", "2026-10").await;
    assert_eq!(told, ["W5 150.00 late", "Z3 -150.00 late"]);
    record(&rig, vec![visit("v2", "2026-10-05", "Z3", "500.00")]).await;
    let (_, told) = closed(&rig, "96-visits", "2026-10").await;
    assert_eq!(told, ["Z3 100.00 guard", "Z3 50.00 line"]);
    let november = calculated(&rig, "96-visits", "2026-11").await;
    assert_eq!(
        lines(&rig, &november).await,
        Vec::<String>::new(),
        "given back once"
    );
}

async fn given_the_later_month_closed_first_when_the_earlier_one_closes_then_it_gives_way(db: TestDb) {
    let rig = schemes(&db, json!({"cap_action": "scale"})).await;
    let facts = vec![order("Z3", "1000.00"), visit("v1", "2026-09-05", "L4", "1000.00")];
    record(&rig, facts).await;
    let (_, told) = closed(&rig, "96-visits", "2026-09").await;
    assert_eq!(told, ["L4 100.00 line"]);
    let (_, told) = closed(&rig, "95-sales", "2026-08").await;
    assert_eq!(told, ["Z3 -40.00 guard", "Z3 150.00 line"]);
    for scheme in ["95-sales", "96-visits"] {
        let october = calculated(&rig, scheme, "2026-10").await;
        assert_eq!(lines(&rig, &october).await, Vec::<String>::new(), "{scheme}");
    }
}

async fn given_an_order_above_its_ceiling_by_two_months_together_when_approved_then_a_reason_is_asked_for_once(
    db: TestDb,
) {
    let rig = schemes(&db, json!({})).await;
    let facts = vec![order("Z3", "1000.00"), visit("v1", "2026-09-05", "L4", "1000.00")];
    record(&rig, facts).await;
    closed(&rig, "95-sales", "2026-08").await;
    let september = calculated(&rig, "96-visits", "2026-09").await;
    let looked = review(&rig.app, &Actor::System, september["id"].as_i64().unwrap()).await;
    let told: Vec<String> = looked
        .unwrap()
        .guards
        .iter()
        .map(|w| format!("{} {}", w["component"], w["value"]))
        .collect();
    assert_eq!(told, ["\"over_cap\" \"250\""]);
    assert_eq!(take(&rig, "admin", &september, "submit").await.0, 200);
    assert_eq!(
        take(&rig, "other", &september, "approve").await.0,
        422,
        "without a reason"
    );
    let path = format!("/payouts/{}/approve", september["id"]);
    assert_eq!(
        rig.post("other", &path, json!({"reason": "老客户回访"})).await.0,
        200
    );
    assert_eq!(take(&rig, "admin", &september, "close").await.0, 200);
    // A correction downwards gives nothing that needs one.
    record(&rig, vec![visit("v1", "2026-09-05", "L4", "900.00")]).await;
    let october = calculated(&rig, "96-visits", "2026-10").await;
    assert_eq!(lines(&rig, &october).await, ["L4 -10.00 late"]);
    for (key, step) in [("admin", "submit"), ("other", "approve"), ("admin", "close")] {
        assert_eq!(take(&rig, key, &october, step).await.0, 200, "{step}");
    }
}

async fn given_a_document_whose_own_example_fails_when_sent_then_it_is_told_which_and_what_it_gave(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let example = |gives: &str| {
        format!(
            "{SALES}[[example]]\nid = \"one\"\nzh = \"例\"\nen = \"one\"\n\
             period = {{ from = \"2026-10-01\", to = \"2026-11-01\" }}\nroster = [{{ id = \"a\" }}]\n\
             facts = [{{ kind = \"order\", id = \"o\", occurred = \"2026-10-02\", seller = \"a\", amount = \"100\" }}]\n\
             expect = {{ lines = [\"a commission {gives}\"] }}\n"
        )
    };
    let send = async |gives: &str| {
        let version = json!({"from_on": "2026-01-01", "params": {}, "document": example(gives), "enabled": false, "note": "test"});
        rig.post("admin", "/schemes/95-sales/versions", version).await
    };
    let (status, answer) = send("16.00").await;
    let told = answer["errors"][0]["detail"].as_str().unwrap_or_default();
    assert_eq!(
        (status, &answer["errors"][0]["pointer"]),
        (422, &json!("/document")),
        "{answer}"
    );
    for part in [
        "example `one`",
        "gave also a commission 15.00",
        "a commission 16.00",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(send("15.00").await.0, 201);
}

both!(given_a_document_whose_own_example_fails_when_sent_then_it_is_told_which_and_what_it_gave);
both!(given_an_order_paid_in_august_when_september_gives_more_then_the_ceiling_is_kept_and_room_is_given_back_once);
both!(given_one_person_with_two_claims_in_two_months_when_the_first_is_void_then_the_second_is_owed);
both!(given_the_later_month_closed_first_when_the_earlier_one_closes_then_it_gives_way);
both!(given_an_order_above_its_ceiling_by_two_months_together_when_approved_then_a_reason_is_asked_for_once);
