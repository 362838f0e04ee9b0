//! The wages the guards look at, and replays of what they read.

use bole::app::Actor;
use bole::app::pay::decide_on_offer;
use bole::domain::Role;
use serde_json::{Value, json};

use super::next::{calculated, fact, set_up, until_closed};
use super::{late, lines, record, take};
use crate::points::rig::Rig;
use crate::support::{Kind, TestDb};

async fn given_a_months_wages_when_the_wage_guards_run_then_the_top_up_is_paid_and_recovery_only_proposed(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    set_up(&rig, "99-wage-guards", json!({"min_wage": "2690"}), None).await;
    record(
        &rig,
        vec![
            fact(
                "wage",
                "w1",
                "2026-10-31",
                json!({"amount": "2500.00", "variable": "300.00"}),
                Some(("employee", "Z3")),
            ),
            fact(
                "wage",
                "w2",
                "2026-10-31",
                json!({"amount": "5000.00"}),
                Some(("employee", "L4")),
            ),
            fact(
                "overpayment",
                "o1",
                "2026-10-20",
                json!({"amount": "500.00"}),
                Some(("employee", "Z3")),
            ),
        ],
    )
    .await;
    let run = calculated(&rig, "99-wage-guards", "2026-10").await;
    assert_eq!(lines(&rig, &run).await, ["Z3 190.00 line"]);
    let proposals = run["outcome"]["proposals"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let told: Vec<String> = proposals
        .iter()
        .map(|p| {
            let text = |name: &str| p[name].as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", text("payee"), text("proposal"), text("value"))
        })
        .collect();
    assert_eq!(told, ["L4 recovery_ceiling 1000.00", "Z3 recovery 300.00"]);
    until_closed(&rig, &run).await;
    assert_eq!(carried(&rig).await, ["500.00 told", "200 carried"]);
    let replayed = bole::app::pay::replay(&rig.app, run["id"].as_i64().unwrap())
        .await
        .unwrap();
    assert!(replayed.is_same(), "{replayed:?}");
}

/// Overpayments that stand: amount, and whether somebody told of it or it is carried.
async fn carried(rig: &Rig) -> Vec<String> {
    let open = rig.get("admin", "/facts?kind=overpayment").await;
    let mut told: Vec<(i64, String)> = Vec::new();
    // Every revision is listed, the newest first: what stands is the newest of each.
    let mut seen = std::collections::BTreeSet::new();
    for row in open["data"].as_array().unwrap() {
        if !seen.insert((row["source"].to_string(), row["source_key"].to_string())) {
            continue;
        }
        let is_carried = row["fields"]["carried"] == true;
        let amount = row["fields"]["amount"].as_str().unwrap();
        if row["void"] != true {
            let word = if is_carried { "carried" } else { "told" };
            told.push((row["id"].as_i64().unwrap(), format!("{amount} {word}")));
        }
    }
    told.sort_unstable();
    told.into_iter().map(|(_, words)| words).collect()
}

fn proposed(run: &Value) -> Vec<String> {
    let proposals = run["outcome"]["proposals"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let recovers = proposals.iter().filter(|p| p["proposal"] == "recovery");
    recovers
        .map(|p| {
            format!(
                "{} {}",
                p["payee"].as_str().unwrap(),
                p["value"].as_str().unwrap()
            )
        })
        .collect()
}

async fn given_an_overpayment_that_is_recovered_by_parts_when_the_next_month_comes_then_it_knows_the_rest(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    db.clock.set("2027-02-03T02:00:00Z".parse().unwrap());
    set_up(&rig, "99-wage-guards", json!({"min_wage": "2690"}), None).await;
    let whose = Some(("employee", "Z3"));
    let wage = |key: &str, day: &str| {
        fact(
            "wage",
            key,
            day,
            json!({"amount": "5000.00", "variable": "300.00"}),
            whose,
        )
    };
    let overpaid = |amount: &str| {
        fact(
            "overpayment",
            "o1",
            "2026-10-20",
            json!({"amount": amount}),
            whose,
        )
    };
    let facts = vec![
        wage("w10", "2026-10-31"),
        wage("w11", "2026-11-30"),
        wage("w12", "2026-12-31"),
        overpaid("800.00"),
    ];
    record(&rig, facts).await;
    let october = calculated(&rig, "99-wage-guards", "2026-10").await;
    assert_eq!(proposed(&october), ["Z3 300.00"]);
    until_closed(&rig, &october).await;
    assert_eq!(carried(&rig).await, ["800.00 told", "500 carried"]);
    let november = calculated(&rig, "99-wage-guards", "2026-11").await;
    assert_eq!(proposed(&november), ["Z3 300.00"]);
    until_closed(&rig, &november).await;
    // November's is declined: nothing was recovered, so what October left stands again.
    let offers = rig.app.store.offers("proposal", None, None, 20).await.unwrap();
    let offer = offers
        .iter()
        .find(|o| o.run == november["id"].as_i64().unwrap() && o.says.what == "recovery");
    let approver = Actor::Key {
        id: 2,
        role: Role::Admin,
        employee: None,
    };
    decide_on_offer(&rig.app, &approver, offer.unwrap().id, false, "本人困难")
        .await
        .unwrap();
    let december = calculated(&rig, "99-wage-guards", "2026-12").await;
    assert_eq!(proposed(&december), ["Z3 300.00"], "of 500, not of 200");
    assert_eq!(carried(&rig).await, ["800.00 told", "500 carried"]);
    // It was 100 less: October carries 400, and what was declined stays declined.
    record(&rig, vec![overpaid("700.00")]).await;
    let december = calculated(&rig, "99-wage-guards", "2026-12").await;
    let standing = carried(&rig).await;
    assert!(
        standing.contains(&"400 carried".to_owned()) && standing.len() == 2,
        "{standing:?}"
    );
    until_closed(&rig, &december).await;
    for run in [&october, &november, &december] {
        let again = bole::app::pay::replay(&rig.app, run["id"].as_i64().unwrap()).await;
        assert!(again.unwrap().is_same());
    }
}

/// What the wage guards' runs of August are: row, state, total.
async fn wage_runs(rig: &Rig) -> Vec<(i64, &'static str, String)> {
    let (from, to) = (jiff::civil::date(2026, 8, 1), jiff::civil::date(2026, 9, 1));
    let heads = rig.app.store.heads_touching(from, to).await.unwrap();
    let heads = heads.into_iter().filter(|r| r.scheme == "99-wage-guards");
    heads
        .map(|r| (r.id, r.state.as_str(), r.total.to_string()))
        .collect()
}

fn wage(amount: &str) -> Value {
    let employee = Some(("employee", "Z3"));
    fact("wage", "w1", "2026-08-31", json!({"amount": amount}), employee)
}

/// Sets the wage guards in force, the pool up, and its takings and 张三's wages of August.
async fn guarded(rig: &Rig, params: Value) {
    let version = json!({"from_on": "2026-01-01", "params": params, "enabled": true, "note": "test"});
    let path = "/schemes/99-wage-guards/versions";
    let (status, body) = rig.post("admin", path, version).await;
    assert_eq!(status, 201, "{body}");
    late::pool(rig).await;
    record(
        rig,
        vec![wage("2500.00"), late::takings("1000.00", "t8", "2026-08-03")],
    )
    .await;
}

async fn given_wage_guards_in_force_when_a_month_is_closed_then_they_are_calculated_without_being_asked(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    guarded(&rig, json!({"min_wage": "2690"})).await;
    let run = calculated(&rig, "94-pool", "2026-08").await;
    assert_eq!(wage_runs(&rig).await, []);
    until_closed(&rig, &run).await;
    let found = wage_runs(&rig).await;
    let [(first, "calculated", total)] = &found[..] else {
        panic!("the top-up waits for review: {found:?}")
    };
    assert_eq!(total, "190.00");
    // Another close of the month leaves alone what would come out the same, and sees what became known.
    set_up(&rig, "95-orders", json!({}), Some(ORDERS)).await;
    let other = calculated(&rig, "95-orders", "2026-08").await;
    until_closed(&rig, &other).await;
    assert_eq!(wage_runs(&rig).await[0].0, *first);
    record(&rig, vec![wage("2400.00")]).await;
    set_up(
        &rig,
        "96-orders",
        json!({}),
        Some(&ORDERS.replace("95-orders", "96-orders")),
    )
    .await;
    let third = calculated(&rig, "96-orders", "2026-08").await;
    until_closed(&rig, &third).await;
    let found = wage_runs(&rig).await;
    assert!(found[0].0 != *first && found[0].2 == "290.00", "{found:?}");
    // Once somebody reviews it, it stays.
    record(&rig, vec![wage("2300.00")]).await;
    let again = json!({"id": found[0].0});
    until_closed(&rig, &again).await;
    assert_eq!(
        wage_runs(&rig).await,
        [(found[0].0, "closed", "290.00".to_owned())]
    );
}

async fn given_wage_guards_without_a_minimum_when_a_month_is_closed_then_nothing_is_closed_unguarded(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    guarded(&rig, json!({})).await;
    let run = calculated(&rig, "94-pool", "2026-08").await;
    for (key, step) in [("admin", "submit"), ("other", "approve")] {
        assert_eq!(take(&rig, key, &run, step).await.0, 200);
    }
    let (status, told) = take(&rig, "admin", &run, "close").await;
    let detail = told["detail"].as_str().unwrap_or_default();
    assert!(
        status == 422 && detail.contains("99-wage-guards") && detail.contains("min_wage"),
        "{status} {told}"
    );
    assert_eq!(
        rig.app.store.ledger_head().await.unwrap().0,
        0,
        "nothing is booked"
    );
    let params = json!({"min_wage": "2690"});
    let version = json!({"from_on": "2026-01-01", "params": params, "enabled": true, "note": "test"});
    let (status, body) = rig
        .post("admin", "/schemes/99-wage-guards/versions", version)
        .await;
    assert_eq!(status, 201, "{body}");
    assert_eq!(take(&rig, "admin", &run, "close").await.0, 200);
    assert_eq!(wage_runs(&rig).await.len(), 1);
}

/// Pays 30 % of every order: above the ceiling of all incentives.
const ORDERS: &str = r#"
[scheme]
id = "95-orders"
zh = "订单"
en = "Orders"
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
columns = { commission = "amount * 30%" }
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
[[example]]
id = "one"
zh = "例"
en = "one"
period = { from = "2026-10-01", to = "2026-11-01" }
roster = [{ id = "a" }]
facts = [{ kind = "order", occurred = "2026-10-02", seller = "a", amount = "100" }]
expect = { lines = ["a commission 30.00"] }
"#;

async fn replayed(rig: &Rig, run: &Value) -> bole::app::pay::Replayed {
    bole::app::pay::replay(&rig.app, run["id"].as_i64().unwrap())
        .await
        .unwrap()
}

/// An order of 张三's, on a day of August.
fn order(amount: &str) -> Value {
    let seller = Some(("seller", "Z3"));
    fact("order", "o1", "2026-08-03", json!({"amount": amount}), seller)
}

async fn given_a_closed_guards_run_when_replayed_after_everything_it_read_changed_then_it_reads_what_it_read(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    set_up(&rig, "99-guards", json!({}), None).await;
    set_up(&rig, "95-orders", json!({}), Some(ORDERS)).await;
    record(&rig, vec![order("1000.00")]).await;
    let first = calculated(&rig, "95-orders", "2026-08").await;
    let guards = calculated(&rig, "99-guards", "2026-08").await;
    let warned = |run: &Value| run["outcome"]["warnings"][0]["value"].as_str().map(str::to_owned);
    assert_eq!(warned(&guards).as_deref(), Some("300"), "{guards}");
    until_closed(&rig, &guards).await;
    // The order was another one, and the scheme is calculated again and closed; another one comes to these days.
    record(&rig, vec![order("2000.00")]).await;
    let other = calculated(&rig, "95-orders", "2026-08").await;
    assert!(other["id"] != first["id"] && lines(&rig, &other).await == ["Z3 600.00 line"]);
    set_up(
        &rig,
        "96-orders",
        json!({}),
        Some(&ORDERS.replace("95-orders", "96-orders")),
    )
    .await;
    let second = calculated(&rig, "96-orders", "2026-08").await;
    until_closed(&rig, &other).await;
    until_closed(&rig, &second).await;
    assert_eq!(
        lines(&rig, &second).await.len(),
        2,
        "the guards took one of the two claims"
    );
    let found = replayed(&rig, &guards).await;
    assert!(found.is_same() && found.seal_fits == Some(true), "{found:?}");
    // What it does not come out as is named.
    let id = &guards["id"];
    db.sql(&format!(
        "update runs set outcome = replace(outcome, '\"300\"', '\"299\"') where id = {id}"
    ))
    .await;
    let found = replayed(&rig, &guards).await;
    assert_eq!(found.outcome_differs, ["warnings"]);
    assert_eq!(found.seal_fits, Some(false));
}

async fn given_a_run_that_does_not_come_out_the_same_when_replayed_then_it_is_said_what_differs(db: TestDb) {
    let rig = Rig::new(&db).await;
    set_up(&rig, "95-orders", json!({}), Some(ORDERS)).await;
    record(&rig, vec![order("1000.00")]).await;
    let run = calculated(&rig, "95-orders", "2026-08").await;
    until_closed(&rig, &run).await;
    assert!(replayed(&rig, &run).await.is_same());
    let id = &run["id"];
    // A fact was changed behind everybody's back.
    let unlock = match db.kind {
        Kind::Sqlite => "drop trigger facts_no_update",
        Kind::Postgres => "alter table facts disable trigger user",
    };
    db.sql(unlock).await;
    db.sql("update facts set fields = replace(fields, '1000.00', '1001.00')")
        .await;
    let found = replayed(&rig, &run).await;
    assert_eq!(found.input_differs, ["facts order: as many, 1, not as they were"]);
    let told = ["Z3 commission o1: amount 300.30, was 300.00, sentence, trace"];
    assert_eq!(found.differ, told);
    db.sql("update facts set occurred_on = '2026-09-03'").await;
    let found = replayed(&rig, &run).await;
    assert_eq!(found.input_differs, ["facts order: 1 were read, 0 are now"]);
    assert_eq!(found.differ, ["Z3 commission o1: 300.00 no more"]);
    db.sql("update facts set occurred_on = '2026-08-03', fields = replace(fields, '1001.00', '1000.00')")
        .await;
    assert!(replayed(&rig, &run).await.is_same());
    // Parameters and roster are kept with the run.
    let roster = async |from: &str, to: &str| {
        let set = format!("update runs set roster = replace(roster, '{from}', '{to}') where id = {id}");
        db.sql(&set).await;
    };
    roster("}", " }").await;
    assert_eq!(
        replayed(&rig, &run).await.input_differs,
        ["roster: not as they were"]
    );
    roster(" }", "}").await;
    assert!(replayed(&rig, &run).await.is_same());
    // An older binary noted nothing, and wrote its input otherwise: the lines are the same, and that much is said.
    let hash = match db.kind {
        Kind::Sqlite => "x'00'",
        Kind::Postgres => "'\\x00'",
    };
    let older = format!("update runs set input_parts = '{{}}', input_hash = {hash} where id = {id}");
    db.sql(&older).await;
    let found = replayed(&rig, &run).await;
    assert!(
        found.differ.is_empty() && found.same == 1 && !found.input_is_same,
        "{found:?}"
    );
    assert!(
        found.input_differs[0].contains("before its parts were noted"),
        "{found:?}"
    );
}

both!(given_wage_guards_in_force_when_a_month_is_closed_then_they_are_calculated_without_being_asked);
both!(given_wage_guards_without_a_minimum_when_a_month_is_closed_then_nothing_is_closed_unguarded);
both!(given_a_closed_guards_run_when_replayed_after_everything_it_read_changed_then_it_reads_what_it_read);
both!(given_a_run_that_does_not_come_out_the_same_when_replayed_then_it_is_said_what_differs);
both!(given_an_overpayment_that_is_recovered_by_parts_when_the_next_month_comes_then_it_knows_the_rest);
both!(given_a_months_wages_when_the_wage_guards_run_then_the_top_up_is_paid_and_recovery_only_proposed);
