//! The guards across schemes, through the API: one order under two schemes, the ceiling and its reason, targets changed.

use std::time::Duration;

use bole::app::Actor;
use bole::app::pay::{Check, review};
use bole::storage::pay::lock_run;
use serde_json::{Value, json};

use super::{lines, record, take};
use crate::points::rig::Rig;
use crate::support::TestDb;

/// The sharing programme at 3 % and first batches, in force for whoever calculates them.
pub(super) async fn schemes(rig: &Rig) {
    let social = json!({
        "lead_rates": [{"class": "contact", "rate": "50"}, {"class": "white_paper", "rate": "80"},
                       {"class": "registration", "rate": "120"}, {"class": "enquiry", "rate": "200"}],
        "star_bonus": "1000", "sale_bands": [{"from": "0", "gives": "3%"}], "virality_pool": "3000", "virality_min": 3,
        "team_target": "9000000", "team_share": "1%", "point_prices": [{"item": "coffee", "points": 200}],
    });
    for (scheme, params) in [("00-social", social), ("07-new-customers", json!({}))] {
        let version = json!({"from_on": "2026-01-01", "params": params, "enabled": false, "note": "test"});
        let path = format!("/schemes/{scheme}/versions");
        assert_eq!(rig.post("admin", &path, version).await.0, 201, "{scheme}");
    }
    for code in ["z3", "l4"] {
        let role = json!({"from_on": "2026-01-01", "attributes": {"07-new-customers.role": "sales"}});
        let path = format!("/employees/{code}/attributes");
        let (status, body) = rig.call("admin", "PUT", &path, Some(role)).await;
        assert_eq!(status, 200, "{body}");
    }
}

pub(super) fn order(key: &str, by: &str, amount: &str) -> Value {
    json!({"kind": "order", "source": "shop", "source_key": key, "occurred_on": "2026-10-12",
           "measures": {"amount": amount}, "dimensions": {"customer": format!("c-{key}"), "link": by}})
}

pub(super) fn batch(key: &str, seller: &str, amount: &str) -> Value {
    json!({"kind": "first_batch", "source": "till", "source_key": key, "subject": seller, "occurred_on": "2026-10-12",
           "measures": {"amount": amount}, "dimensions": {"customer": format!("c-{key}")}})
}

pub(super) async fn calculated(rig: &Rig, scheme: &str) -> Value {
    calculated_for(rig, scheme, "2026-10").await
}

async fn calculated_for(rig: &Rig, scheme: &str, period: &str) -> Value {
    let body = json!({"scheme": scheme, "period": period});
    let (status, run) = rig.post("admin", "/payouts", body).await;
    assert_eq!(status, 201, "{run}");
    run
}

async fn close(rig: &Rig, run: &Value) {
    for (key, step) in [("admin", "submit"), ("other", "approve"), ("admin", "close")] {
        let (status, body) = take(rig, key, run, step).await;
        assert_eq!(status, 200, "{step}: {body}");
    }
}

/// What the guards say of a run: warnings as `component about`.
async fn told(rig: &Rig, run: &Value) -> Vec<String> {
    let found = review(&rig.app, &Actor::System, run["id"].as_i64().unwrap())
        .await
        .unwrap();
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    found
        .guards
        .iter()
        .map(|w| format!("{} {}", text(&w["component"]), text(&w["about"])))
        .collect()
}

async fn one_order_twice(db: &TestDb, social_first: bool) {
    let rig = Rig::new(db).await;
    schemes(&rig).await;
    record(
        &rig,
        vec![
            order("SO-1", "Z3", "10000.00"),
            batch("SO-1", "z3", "10000.00"),
            // Two people in two roles: both.
            order("SO-2", "L4", "10000.00"),
            batch("SO-2", "z3", "10000.00"),
            // The same key by chance: worth something else, so another thing.
            order("1", "Z3", "50.00"),
            batch("1", "z3", "80.00"),
        ],
    )
    .await;
    let social = calculated(&rig, "00-social").await;
    let batches = calculated(&rig, "07-new-customers").await;
    let found = review(&rig.app, &Actor::System, social["id"].as_i64().unwrap())
        .await
        .unwrap();
    let takes = |check: &Check| matches!(check, Check::GuardsTake(sum, 1) if sum.to_string() == "300.00");
    assert!(
        found.checks.iter().any(takes),
        "said before it is done: {:?}",
        found.checks
    );
    assert_eq!(told(&rig, &batches).await, ["claimed_twice SO-1"]);
    let road = if social_first {
        [&social, &batches]
    } else {
        [&batches, &social]
    };
    for run in road {
        close(&rig, run).await;
    }
    let mut found = lines(&rig, &social).await;
    found.sort_unstable();
    assert_eq!(found, ["L4 300.00 line", "Z3 -300.00 guard", "Z3 301.50 line"]);
    // What the guards took is not in its sum, wherever that is read.
    let run = rig.get("admin", &format!("/payouts/{}", social["id"])).await;
    assert_eq!(run["total"], "301.50");
    let said = format!(
        "select count(*) from audit_log where subject = 'payout:{}' and action = 'payout.closed' \
         and detail like '%\"301.50\"%'",
        social["id"]
    );
    assert_eq!(db.number(&said).await, 1, "the log says what was booked");
    // The bonus for new shops is nobody's order.
    assert_eq!(lines(&rig, &batches).await, ["Z3 2008.00 line", "Z3 300.00 line"]);
    let owed = rig
        .app
        .store
        .account_balance("payable:employee:Z3")
        .await
        .unwrap();
    assert_eq!(
        owed.to_string(),
        "2309.50",
        "1 000 for each order, the small ones and the bonus"
    );
}

async fn given_one_order_under_two_schemes_when_the_smaller_is_closed_first_then_the_larger_claim_stands(
    db: TestDb,
) {
    one_order_twice(&db, true).await;
}

async fn given_one_order_under_two_schemes_when_the_larger_is_closed_first_then_it_stands(db: TestDb) {
    one_order_twice(&db, false).await;
}

async fn given_incentives_above_the_ceiling_when_looked_at_then_a_reason_is_asked_for_and_kept(db: TestDb) {
    let rig = Rig::new(&db).await;
    schemes(&rig).await;
    record(
        &rig,
        vec![order("SO-9", "L4", "120000.00"), batch("SO-9", "z3", "120000.00")],
    )
    .await;
    let social = calculated(&rig, "00-social").await;
    calculated(&rig, "07-new-customers").await;
    assert_eq!(
        told(&rig, &social).await,
        ["over_cap SO-9"],
        "20 % and 3 % of one order"
    );
    let mut why = order("SO-9", "L4", "120000.00");
    why["source"] = json!("finance");
    why["dimensions"] = json!({"customer": "c", "reason": "开业促销，总经理批准", "for_scheme": "99-guards"});
    record(&rig, vec![why]).await;
    assert_eq!(
        told(&rig, &social).await,
        ["over_cap SO-9", "over_cap_reason SO-9"]
    );
    let again = calculated(&rig, "00-social").await;
    assert_eq!(again["total"], social["total"], "told to the guards alone");
    // Warned, not taken.
    close(&rig, &again).await;
    assert_eq!(lines(&rig, &again).await, ["L4 3600.00 line"]);
}

async fn given_a_target_changed_within_the_period_when_both_signed_again_then_the_guards_are_content(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    schemes(&rig).await;
    let change = |signed: bool| {
        json!({"kind": "target_change", "source": "hr", "source_key": "t1", "occurred_on": "2026-10-15", "measures": {},
               "dimensions": {"unit": "team-b", "signed": signed}})
    };
    record(&rig, vec![change(false)]).await;
    let run = calculated(&rig, "07-new-customers").await;
    assert_eq!(told(&rig, &run).await, ["unsigned_change team-b"]);
    record(&rig, vec![change(true)]).await;
    assert_eq!(told(&rig, &run).await, Vec::<String>::new());
}

/// The sharing programme by the quarter, at these bands.
async fn by_the_quarter(rig: &Rig, bands: Value) {
    let mut version = rig.get("admin", "/schemes/00-social").await["versions"][0].clone();
    let mut params = version["params"].take();
    params["cycle"] = json!("quarter");
    params["virality_pool"] = json!("0");
    params["sale_bands"] = bands;
    let version =
        json!({"from_on": "2026-01-02", "params": params, "enabled": true, "note": "by the quarter"});
    assert_eq!(
        rig.post("admin", "/schemes/00-social/versions", version).await.0,
        201
    );
}

async fn given_a_correction_within_the_quarter_when_the_next_one_is_calculated_then_it_is_counted_once(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    schemes(&rig).await;
    by_the_quarter(&rig, json!([{"from": "0", "gives": "3%"}])).await;
    let of_july = |mut fact: Value| {
        fact["occurred_on"] = json!("2026-07-12");
        fact
    };
    let both = [order("SO-1", "Z3", "10000.00"), batch("SO-1", "z3", "10000.00")];
    record(&rig, both.map(of_july).to_vec()).await;
    let july = calculated_for(&rig, "07-new-customers", "2026-07").await;
    close(&rig, &july).await;
    let refund = json!({"kind": "refund", "source": "till", "source_key": "r1", "occurred_on": "2026-08-05",
                        "measures": {"amount": "4500.00"}, "dimensions": {"of": "SO-1"}});
    record(&rig, vec![refund]).await;
    let august = calculated_for(&rig, "07-new-customers", "2026-08").await;
    assert_eq!(lines(&rig, &august).await, ["Z3 -450.00 late"]);
    close(&rig, &august).await;
    let quarter = calculated_for(&rig, "00-social", "2026-Q3").await;
    close(&rig, &quarter).await;
    // 550 is left of the other claim, more than these 165: counted twice it would be 100.
    assert_eq!(
        sorted(&rig, &quarter).await,
        ["Z3 -165.00 guard", "Z3 165.00 line"]
    );
    let next = calculated_for(&rig, "00-social", "2026-Q4").await;
    assert_eq!(lines(&rig, &next).await, Vec::<String>::new());
}

both!(given_a_correction_within_the_quarter_when_the_next_one_is_calculated_then_it_is_counted_once);

async fn given_the_programme_settled_by_the_quarter_when_calculated_then_bands_are_of_a_month_and_no_month_waits_for_it(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    schemes(&rig).await;
    by_the_quarter(
        &rig,
        json!([{"from": "0", "gives": "2%"}, {"from": "1000", "gives": "4%"}]),
    )
    .await;
    let listed = rig.get("admin", "/schemes").await;
    let listed = listed["data"].as_array().unwrap().iter();
    let every = listed
        .filter(|s| s["id"] == "00-social")
        .map(|s| s["period"].clone());
    assert_eq!(every.collect::<Vec<_>>(), ["quarter"]);

    let sold = |key: &str, day: &str, amount: &str| {
        let mut order = order(key, "L4", amount);
        order["occurred_on"] = json!(day);
        order
    };
    let orders = vec![
        sold("q1", "2026-07-31", "600.00"),
        sold("q2", "2026-08-01", "600.00"),
        sold("q3", "2026-09-30", "1000.00"),
    ];
    record(&rig, orders).await;
    let month = json!({"scheme": "00-social", "period": "2026-09"});
    let (status, refused) = rig.post("admin", "/payouts", month).await;
    assert_eq!(
        (status, &refused["errors"][0]["pointer"]),
        (422, &json!("/period"))
    );
    assert!(refused.to_string().contains("by the quarter"), "{refused}");
    let quarter = json!({"scheme": "00-social", "period": "2026-Q3"});
    let (status, run) = rig.post("admin", "/payouts", quarter).await;
    assert_eq!(status, 201, "{run}");
    assert_eq!(lines(&rig, &run).await, ["L4 64.00 line"]);

    // A month that ends no quarter is closed without it.
    let (status, october) = rig
        .post(
            "admin",
            "/payouts",
            json!({"scheme": "07-new-customers", "period": "2026-10"}),
        )
        .await;
    assert_eq!(status, 201, "{october}");
    close(&rig, &october).await;
}

both!(given_the_programme_settled_by_the_quarter_when_calculated_then_bands_are_of_a_month_and_no_month_waits_for_it);

async fn given_an_approval_that_comes_while_somebody_closes_when_closed_then_the_guards_have_looked(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    schemes(&rig).await;
    record(
        &rig,
        vec![order("SO-1", "Z3", "10000.00"), batch("SO-1", "z3", "10000.00")],
    )
    .await;
    let social = calculated(&rig, "00-social").await;
    calculated(&rig, "07-new-customers").await;
    assert_eq!(take(&rig, "admin", &social, "submit").await.0, 200);
    // Whoever moves the payout waits here: first who approves it, behind them who closes it, for whom it is under review.
    let mut tx = db.store.begin().await.unwrap();
    lock_run(&mut tx, social["id"].as_i64().unwrap()).await.unwrap();
    let mut waiting = Vec::new();
    for (key, step) in [("other", "approve"), ("admin", "close")] {
        let (rig, social) = (rig.clone(), social.clone());
        waiting.push(tokio::spawn(
            async move { take(&rig, key, &social, step).await.0 },
        ));
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    tx.rollback().await.unwrap();
    let mut answers = Vec::new();
    for one in waiting {
        answers.push(one.await.unwrap());
    }
    assert_eq!(answers[0], 200);
    if answers[1] != 200 {
        assert_eq!(take(&rig, "admin", &social, "close").await.0, 200);
    }
    assert_eq!(
        lines(&rig, &social).await,
        ["Z3 300.00 line", "Z3 -300.00 guard"],
        "{answers:?}"
    );
}

both!(given_an_approval_that_comes_while_somebody_closes_when_closed_then_the_guards_have_looked);

async fn sorted(rig: &Rig, run: &Value) -> Vec<String> {
    let mut found = lines(rig, run).await;
    found.sort_unstable();
    found
}

async fn given_incentives_held_for_want_of_a_reason_when_it_comes_after_the_close_then_they_are_released_once(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    schemes(&rig).await;
    let version =
        json!({"from_on": "2026-01-01", "params": {"cap_action": "block"}, "enabled": false, "note": "test"});
    assert_eq!(
        rig.post("admin", "/schemes/99-guards/versions", version).await.0,
        201
    );
    record(
        &rig,
        vec![order("SO-9", "L4", "120000.00"), batch("SO-9", "z3", "120000.00")],
    )
    .await;
    let social = calculated(&rig, "00-social").await;
    let batches = calculated(&rig, "07-new-customers").await;
    close(&rig, &social).await;
    close(&rig, &batches).await;
    assert_eq!(
        sorted(&rig, &social).await,
        ["L4 -3600.00 guard", "L4 3600.00 line"]
    );
    let november = calculated_for(&rig, "00-social", "2026-11").await;
    assert_eq!(lines(&rig, &november).await, Vec::<String>::new(), "still held");
    let mut why = order("SO-9", "L4", "120000.00");
    why["source"] = json!("finance");
    why["dimensions"] = json!({"customer": "c", "reason": "开业促销，总经理批准", "for_scheme": "99-guards"});
    record(&rig, vec![why]).await;
    for _ in 0..2 {
        let november = calculated_for(&rig, "00-social", "2026-11").await;
        assert_eq!(
            lines(&rig, &november).await,
            ["L4 3600.00 guard"],
            "twice is once"
        );
        let list = rig
            .get("admin", &format!("/payouts/{}/lines", november["id"]))
            .await;
        assert_eq!(list["data"][0]["origin"], social["id"]);
    }
    let november = calculated_for(&rig, "00-social", "2026-11").await;
    // Two payouts that give the same back do not both go on.
    let december = calculated_for(&rig, "00-social", "2026-12").await;
    assert_eq!(lines(&rig, &december).await, ["L4 3600.00 guard"]);
    db.clock.set("2026-12-01T02:00:00Z".parse().unwrap());
    close(&rig, &november).await;
    assert_eq!(take(&rig, "admin", &december, "submit").await.0, 409);
    let december = calculated_for(&rig, "00-social", "2026-12").await;
    assert_eq!(lines(&rig, &december).await, Vec::<String>::new());
    let owed = async |who: &str| {
        let account = format!("payable:employee:{who}");
        rig.app.store.account_balance(&account).await.unwrap().to_string()
    };
    assert_eq!(owed("L4").await, "3600.00");
    // Without the held amount the other claim was within the ceiling: nothing was taken of it, and nothing comes back.
    let other = calculated_for(&rig, "07-new-customers", "2026-11").await;
    assert_eq!(lines(&rig, &other).await, Vec::<String>::new());
    for run in [&social, &november] {
        let found = bole::app::pay::replay(&rig.app, run["id"].as_i64().unwrap()).await;
        assert!(found.unwrap().is_same());
    }
}

/// One order under two schemes, both closed: the guards took 300 of the smaller claim. Then the order is another one.
async fn changed_after_the_close(db: &TestDb, change: impl FnOnce(&mut Value)) -> Vec<String> {
    let rig = Rig::new(db).await;
    schemes(&rig).await;
    record(
        &rig,
        vec![
            order("SO-1", "Z3", "10000.00"),
            batch("SO-1", "z3", "10000.00"),
            order("1", "Z3", "50.00"),
        ],
    )
    .await;
    let social = calculated(&rig, "00-social").await;
    let batches = calculated(&rig, "07-new-customers").await;
    close(&rig, &social).await;
    close(&rig, &batches).await;
    assert_eq!(
        sorted(&rig, &social).await,
        ["Z3 -300.00 guard", "Z3 301.50 line"]
    );
    let mut order = order("SO-1", "Z3", "10000.00");
    change(&mut order);
    record(&rig, vec![order]).await;
    let november = calculated_for(&rig, "00-social", "2026-11").await;
    sorted(&rig, &november).await
}

async fn given_an_order_the_guards_took_from_when_it_is_void_then_it_is_not_taken_back_twice(db: TestDb) {
    let found = changed_after_the_close(&db, |order| order["void"] = json!(true)).await;
    assert_eq!(found, ["Z3 -300.00 late", "Z3 300.00 guard"]);
}

async fn given_an_order_the_guards_took_from_when_it_is_smaller_then_nothing_is_given_back_too_early(
    db: TestDb,
) {
    let found = changed_after_the_close(&db, |order| order["measures"]["amount"] = json!("5000.00")).await;
    assert_eq!(found, ["Z3 -150.00 late"]);
}

both!(given_incentives_held_for_want_of_a_reason_when_it_comes_after_the_close_then_they_are_released_once);
both!(given_an_order_the_guards_took_from_when_it_is_void_then_it_is_not_taken_back_twice);
both!(given_an_order_the_guards_took_from_when_it_is_smaller_then_nothing_is_given_back_too_early);
both!(given_one_order_under_two_schemes_when_the_smaller_is_closed_first_then_the_larger_claim_stands);
both!(given_one_order_under_two_schemes_when_the_larger_is_closed_first_then_it_stands);
both!(given_incentives_above_the_ceiling_when_looked_at_then_a_reason_is_asked_for_and_kept);
both!(given_a_target_changed_within_the_period_when_both_signed_again_then_the_guards_are_content);
