//! Each event of the contract, told by what makes it happen.

use bole::app::board::freeze_due;
use bole::spool::{BeaconKind, ClickRecord, Record};
use serde_json::{Value, json};

use super::receiver::{Does, Receiver};
use super::{outside, rig, sale, send, webhook};
use crate::loader::scene::{Scene, beacon, by_hash};
use crate::points::rig::{Rig, app_reaching};
use crate::support::{TestDb, at};

const ALL: [&str; 8] = [
    "click.valid",
    "lead.created",
    "sale.created",
    "sale.refunded",
    "claim.decided",
    "board.frozen",
    "payout.closed",
    "payout.paid",
];

/// Sends what is due and gives `type data` of each message, in the order they were filed.
async fn told(rig: &Rig, receiver: &Receiver) -> Vec<(String, Value)> {
    send(&rig.app).await;
    let mut got: Vec<Value> = receiver.take().iter().map(super::receiver::Got::json).collect();
    got.sort_by_key(|body| body["type"].to_string());
    got.into_iter()
        .map(|body| (body["type"].as_str().unwrap().to_owned(), body["data"].clone()))
        .collect()
}

async fn given_a_refund_when_booked_then_it_is_told_with_what_is_left(db: TestDb) {
    let rig = rig(&db).await;
    let receiver = Receiver::open(Does::ok()).await;
    webhook(&rig, &receiver.url, &ALL).await;
    sale(&rig, "S-1").await;
    let refund = json!({ "external_id": "R-1", "amount": "99.00", "occurred_at": "2026-11-18T01:30:00Z" });
    let (status, body) = rig
        .post("admin", "/conversions/S-1/refunds", refund.clone())
        .await;
    assert_eq!(status, 201, "{body}");
    assert_eq!(
        rig.post("admin", "/conversions/S-1/refunds", refund).await.0,
        200,
        "known"
    );
    let told = told(&rig, &receiver).await;
    assert_eq!(told.len(), 2, "{told:?}");
    let (kind, data) = &told[1];
    assert_eq!(kind, "sale.refunded");
    assert_eq!(
        (
            &data["external_id"],
            &data["conversion"],
            &data["amount"],
            &data["rest"]
        ),
        (&json!("R-1"), &json!("S-1"), &json!("99.00"), &json!("100.00"))
    );
}

async fn given_a_claim_when_decided_on_then_each_decision_is_told_and_the_claimant_hears_of_it(db: TestDb) {
    let rig = rig(&db).await;
    let receiver = Receiver::open(Does::ok()).await;
    webhook(&rig, &receiver.url, &["claim.decided"]).await;
    let id = crate::claims::filed(&rig, crate::claims::sale("Z3", None)).await;
    for (decision, reason) in [("needs_information", "截图呢？"), ("rejected", "查无此单")] {
        let (status, body) = crate::claims::decide(&rig, "third", id, decision, reason).await;
        assert_eq!(status, 200, "{body}");
    }
    let mut states: Vec<(String, String)> = told(&rig, &receiver)
        .await
        .iter()
        .map(|(_, d)| (d["status"].to_string(), d["reason"].to_string()))
        .collect();
    states.sort();
    assert_eq!(
        states,
        [
            ("\"needs_information\"".into(), "\"截图呢？\"".into()),
            ("\"rejected\"".into(), "\"查无此单\"".into())
        ]
    );
    let notices = "select count(*) from notices where employee_id = 1 and kind = 'claim-decided'";
    assert_eq!(db.number(notices).await, 2);
    let mut lead = crate::claims::sale("Z3", Some("D-10"));
    lead["kind"] = json!("lead");
    lead["amount"] = Value::Null;
    let id = crate::claims::filed(&rig, lead).await;
    crate::claims::decide(&rig, "third", id, "rejected", "查无此人").await;
    let about_lead = told(&rig, &receiver).await;
    assert_eq!(about_lead[0].1["kind"], "lead");
    assert_eq!(about_lead[0].1["amount"], Value::Null, "a lead has no amount");
}

async fn given_a_verified_claim_when_decided_then_its_sale_is_told_too(db: TestDb) {
    let rig = rig(&db).await;
    let receiver = Receiver::open(Does::ok()).await;
    webhook(&rig, &receiver.url, &ALL).await;
    let id = crate::claims::filed(&rig, crate::claims::sale("Z3", Some("D-9"))).await;
    assert_eq!(
        crate::claims::decide(&rig, "third", id, "verified", "").await.0,
        200
    );
    let told = told(&rig, &receiver).await;
    let kinds: Vec<&str> = told.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["claim.decided", "sale.created"]);
    assert_eq!(
        (&told[1].1["credited_to"], &told[1].1["via"]),
        (&json!("Z3"), &json!("claim"))
    );
}

async fn given_a_week_when_its_board_freezes_then_it_is_told_with_names_as_their_owners_chose(db: TestDb) {
    let rig = rig(&db).await;
    let receiver = Receiver::open(Does::ok()).await;
    webhook(&rig, &receiver.url, &["board.frozen"]).await;
    db.sql(
        "insert into employee_day (day, employee_id, points) values ('2026-11-16', 1, 5), ('2026-11-16', 3, 9), \
         ('2026-11-17', 2, 5)",
    )
    .await;
    db.clock.set(at("2026-11-23T16:00:00Z"));
    freeze_due(&rig.app).await.unwrap();
    freeze_due(&rig.app).await.unwrap();
    let told = told(&rig, &receiver).await;
    assert_eq!(told.len(), 1);
    let data = &told[0].1;
    assert_eq!(
        data["period"],
        json!({ "label": "2026-W47", "from": "2026-11-16", "to": "2026-11-23" })
    );
    assert_eq!(
        data["best"],
        json!([{ "rank": 1, "name": "小五", "value": 9 }, { "rank": 2, "name": "李四", "value": 5 },
               { "rank": 2, "name": "张*", "value": 5 }])
    );
    let ranks = "select count(*) from notices where kind = 'board-frozen' and about = '2026-W47'";
    assert_eq!(db.number(ranks).await, 3);
}

async fn given_a_payout_when_closed_and_paid_then_both_are_told(db: TestDb) {
    let rig = rig(&db).await;
    let receiver = Receiver::open(Does::ok()).await;
    webhook(&rig, &receiver.url, &["payout.closed", "payout.paid"]).await;
    crate::pay::activity(&rig).await;
    let run = crate::pay::closed(&rig).await;
    let (status, body) = crate::pay::take(&rig, "admin", &run, "pay").await;
    assert_eq!(status, 200, "{body}");
    let told = told(&rig, &receiver).await;
    let states: Vec<(&str, &Value)> = told
        .iter()
        .map(|(kind, d)| (kind.as_str(), &d["state"]))
        .collect();
    assert_eq!(
        states,
        [
            ("payout.closed", &json!("closed")),
            ("payout.paid", &json!("paid"))
        ]
    );
    assert_eq!(told[0].1["total"], run["total"]);
    assert_eq!(told[0].1["scheme"], "01-team-process");
}

async fn given_a_group_chat_when_told_then_it_reads_names_periods_and_amounts_as_people_say_them(db: TestDb) {
    let rig = rig(&db).await;
    let receiver = Receiver::open(Does::Answers(200, json!({ "errcode": 0 }).to_string())).await;
    let wish = json!({ "url": receiver.url, "events": ALL, "format": "wecom" });
    assert_eq!(rig.post("admin", "/webhooks", wish).await.0, 201);
    let texts = async || {
        send(&rig.app).await;
        let mut texts: Vec<String> = receiver
            .take()
            .iter()
            .map(|got| got.json()["text"]["content"].as_str().unwrap().to_owned())
            .collect();
        texts.sort();
        texts
    };
    sale(&rig, "S-1").await;
    let refund = json!({ "external_id": "R-1", "amount": "99.00", "occurred_at": "2026-11-18T01:30:00Z" });
    assert_eq!(rig.post("admin", "/conversions/S-1/refunds", refund).await.0, 201);
    let id = crate::claims::filed(&rig, crate::claims::sale("Z3", Some("D-9"))).await;
    assert_eq!(
        crate::claims::decide(&rig, "third", id, "verified", "").await.0,
        200
    );
    let told = texts().await;
    let lines: Vec<&str> = told.iter().map(|t| t.lines().next().unwrap()).collect();
    assert_eq!(
        lines,
        [
            "张* 的报单 1 号：已核实",
            "新订单 ¥1,280.00，归属：张*",
            "新订单 ¥199.00，归属：（无人）",
            "订单 S-1 退款 ¥99.00",
        ],
        "{told:?}"
    );
    crate::pay::activity(&rig).await;
    let run = crate::pay::closed(&rig).await;
    assert_eq!(crate::pay::take(&rig, "admin", &run, "pay").await.0, 200);
    let told = texts().await;
    assert_eq!(told.len(), 2, "closed and paid: {told:?}");
    assert!(
        told.iter()
            .all(|t| !t.contains("01-team-process") && !t.contains("2026-1") && t.contains("月")),
        "{told:?}"
    );
}

async fn given_clicks_that_become_valid_when_loaded_then_each_is_told_once_and_a_person_of_the_first(
    db: TestDb,
) {
    let mut scene = Scene::new(db).await;
    let app = app_reaching(&scene.db, &scene.db.store, outside(), 8);
    let receiver = Receiver::open(Does::ok()).await;
    scene
        .db
        .sql(
            &format!(
                "insert into webhooks (id, url, format, created_by, created_at) values (7, '{}', 'feishu', 'key:1', 1);
                 insert into webhook_events (webhook_id, event) values (7, 'click.valid')",
                receiver.url
            ),
        )
        .await;
    receiver.now_does(Does::Answers(200, json!({ "code": 0 }).to_string()));
    let mut ids = Vec::new();
    for visitor in [1, 2] {
        let click = scene.click(i64::from(visitor), 1);
        ids.push(click.id);
        scene.write(Record::Click(ClickRecord {
            visitor: by_hash(visitor),
            ..click
        }));
        scene.write(Record::Beacon(beacon(click.id, BeaconKind::Start, 500, 0, None)));
    }
    scene.load().await;
    assert_eq!(
        scene.db.number("select count(*) from outbox").await,
        0,
        "not valid yet"
    );
    for id in &ids {
        scene.write(Record::Beacon(beacon(
            *id,
            BeaconKind::Limit,
            31_000,
            30_001,
            None,
        )));
    }
    scene.load().await;
    for id in &ids {
        scene.write(Record::Beacon(beacon(
            *id,
            BeaconKind::Leaving,
            60_000,
            50_000,
            None,
        )));
    }
    scene.load().await;
    assert_eq!(
        scene
            .db
            .number("select count(*) from outbox where event = 'click.valid'")
            .await,
        2
    );
    assert_eq!(send(&app).await, 2);
    let texts: Vec<Value> = receiver
        .take()
        .iter()
        .map(|got| got.json()["content"]["text"].clone())
        .collect();
    assert!(
        texts
            .iter()
            .all(|t| t.as_str().unwrap().starts_with("新的有效点击：张*，活动 春\n")),
        "names, as their owners chose, and no codes: {texts:?}"
    );
    let first = "select count(*) from notices where employee_id = 1 and kind = 'click-valid'";
    assert_eq!(scene.db.number(first).await, 1);
}

both!(
    given_a_refund_when_booked_then_it_is_told_with_what_is_left,
    given_a_claim_when_decided_on_then_each_decision_is_told_and_the_claimant_hears_of_it,
    given_a_verified_claim_when_decided_then_its_sale_is_told_too,
    given_a_week_when_its_board_freezes_then_it_is_told_with_names_as_their_owners_chose,
    given_a_payout_when_closed_and_paid_then_both_are_told,
    given_a_group_chat_when_told_then_it_reads_names_periods_and_amounts_as_people_say_them,
    given_clicks_that_become_valid_when_loaded_then_each_is_told_once_and_a_person_of_the_first,
);
