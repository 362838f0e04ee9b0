//! What a close hands to the next period.

use std::time::Duration;

use bole::storage::pay::{NewFact, put_fact, watermark};
use serde_json::{Value, json};

use super::{lines, record, take};
use crate::points::rig::Rig;
use crate::support::TestDb;

pub(super) async fn set_up(rig: &Rig, scheme: &str, params: Value, document: Option<&str>) {
    let version = json!({"from_on": "2026-01-01", "params": params, "document": document, "enabled": false, "note": "test"});
    let path = format!("/schemes/{scheme}/versions");
    let (status, body) = rig.post("admin", &path, version).await;
    assert_eq!(status, 201, "{body}");
}

pub(super) async fn calculated(rig: &Rig, scheme: &str, period: &str) -> Value {
    let body = json!({"scheme": scheme, "period": period});
    let (status, run) = rig.post("admin", "/payouts", body).await;
    assert_eq!(status, 201, "{run}");
    run
}

pub(super) async fn until_closed(rig: &Rig, run: &Value) {
    let id = &run["id"];
    for (key, step) in [("admin", "submit"), ("other", "approve"), ("admin", "close")] {
        // Who approves says why, where the guards ask.
        let why = if step == "approve" {
            json!({"reason": "照约定"})
        } else {
            json!({})
        };
        let (status, body) = rig.post(key, &format!("/payouts/{id}/{step}"), why).await;
        assert_eq!(status, 200, "{step}: {body}");
    }
}

pub(super) fn fact(
    kind: &str,
    key: &str,
    day: &str,
    measures: Value,
    subject: Option<(&str, &str)>,
) -> Value {
    let mut fact = json!({"kind": kind, "source": "books", "source_key": key, "occurred_on": day,
                          "measures": measures, "dimensions": {}});
    if let Some((field, who)) = subject {
        fact["dimensions"][field] = json!(who);
    }
    fact
}

async fn carried(rig: &Rig) -> Vec<(String, String, String, i64)> {
    let list = rig.get("admin", "/facts?kind=carried_loss").await;
    let rows = list["data"].as_array().unwrap();
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let told = |r: &Value| {
        (
            text(&r["source"]),
            text(&r["occurred_on"]),
            text(&r["fields"]["amount"]),
            r["revision"].as_i64().unwrap(),
        )
    };
    rows.iter().map(told).collect()
}

async fn given_a_loss_when_its_year_is_closed_then_the_next_year_makes_it_good_first_and_once(db: TestDb) {
    let rig = Rig::new(&db).await;
    // Both years are over.
    db.clock.set("2028-01-04T02:00:00Z".parse().unwrap());
    set_up(&rig, "13-partners", json!({"reserve": "0"}), None).await;
    record(
        &rig,
        vec![
            fact(
                "holding",
                "h1",
                "2026-01-01",
                json!({"units": "60"}),
                Some(("holder", "Z3")),
            ),
            fact(
                "holding",
                "h2",
                "2026-01-01",
                json!({"units": "40"}),
                Some(("holder", "L4")),
            ),
            fact("profit", "p26", "2026-12-31", json!({"amount": "-5000.00"}), None),
            fact("profit", "p27", "2027-12-31", json!({"amount": "20000.00"}), None),
        ],
    )
    .await;
    let loss = calculated(&rig, "13-partners", "2026").await;
    assert_eq!(lines(&rig, &loss).await, Vec::<String>::new());
    assert_eq!(carried(&rig).await, [], "calculating records nothing");
    until_closed(&rig, &loss).await;
    let one = [("payout".to_owned(), "2027-01-01".to_owned(), "5000".to_owned(), 0)];
    assert_eq!(carried(&rig).await, one);
    assert_eq!(
        take(&rig, "admin", &loss, "close").await.0,
        409,
        "closed is closed"
    );
    assert_eq!(carried(&rig).await, one, "once");
    // 20 000 less the old 5 000.
    let next = calculated(&rig, "13-partners", "2027").await;
    let mut found = lines(&rig, &next).await;
    found.sort_unstable();
    assert_eq!(found, ["L4 6000.00 line", "Z3 9000.00 line"]);
    until_closed(&rig, &next).await;
    assert_eq!(carried(&rig).await, one, "nothing is left to carry");
    let replayed = bole::app::pay::replay(&rig.app, loss["id"].as_i64().unwrap())
        .await
        .unwrap();
    assert!(replayed.is_same(), "{replayed:?}");
}

async fn given_a_closed_loss_when_a_late_fact_changes_it_then_what_it_handed_on_is_revised_once_and_read(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    // Both years are over.
    db.clock.set("2028-01-04T02:00:00Z".parse().unwrap());
    set_up(&rig, "13-partners", json!({"reserve": "0"}), None).await;
    let holding = |key: &str, who: &str, units: &str| {
        fact(
            "holding",
            key,
            "2026-01-01",
            json!({"units": units}),
            Some(("holder", who)),
        )
    };
    let profit =
        |key: &str, day: &str, amount: &str| fact("profit", key, day, json!({"amount": amount}), None);
    record(
        &rig,
        vec![
            holding("h1", "Z3", "60"),
            holding("h2", "L4", "40"),
            profit("p26", "2026-12-31", "-5000.00"),
            profit("p27", "2027-12-31", "20000.00"),
        ],
    )
    .await;
    let loss = calculated(&rig, "13-partners", "2026").await;
    until_closed(&rig, &loss).await;
    let sorted = |mut found: Vec<String>| {
        found.sort_unstable();
        found
    };
    record(&rig, vec![profit("p26", "2026-12-31", "-8000.00")]).await;
    for _ in 0..2 {
        let next = calculated(&rig, "13-partners", "2027").await;
        assert_eq!(
            sorted(lines(&rig, &next).await),
            ["L4 4800.00 line", "Z3 7200.00 line"]
        );
        let newest = carried(&rig).await.remove(0);
        assert_eq!((newest.2.as_str(), newest.3), ("8000", 1), "revised once");
    }
    // No loss after all: the old year pays, and the new one carries nothing.
    record(&rig, vec![profit("p26", "2026-12-31", "1000.00")]).await;
    let next = calculated(&rig, "13-partners", "2027").await;
    let expected = [
        "L4 400.00 late",
        "L4 8000.00 line",
        "Z3 12000.00 line",
        "Z3 600.00 late",
    ];
    assert_eq!(sorted(lines(&rig, &next).await), expected);
    let list = rig.get("admin", "/facts?kind=carried_loss").await;
    assert_eq!(list["data"][0]["void"], true, "{list}");
    until_closed(&rig, &next).await;
    let replayed = bole::app::pay::replay(&rig.app, next["id"].as_i64().unwrap()).await;
    assert!(replayed.unwrap().is_same());
}

async fn given_somebody_who_revises_what_was_handed_on_in_this_instant_when_calculated_then_it_reads_theirs_first(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    // Both years are over.
    db.clock.set("2028-01-04T02:00:00Z".parse().unwrap());
    set_up(&rig, "13-partners", json!({"reserve": "0"}), None).await;
    let holding = json!({"units": "60"});
    let loss = |amount: &str| fact("profit", "p26", "2026-12-31", json!({"amount": amount}), None);
    let holder = fact("holding", "h1", "2026-01-01", holding, Some(("holder", "Z3")));
    record(&rig, vec![holder, loss("-5000.00")]).await;
    let old = calculated(&rig, "13-partners", "2026").await;
    until_closed(&rig, &old).await;
    record(&rig, vec![loss("-8000.00")]).await;
    let list = rig.get("admin", "/facts?kind=carried_loss").await;
    let key = list["data"][0]["source_key"].as_str().unwrap();
    // On PostgreSQL who records a fact waits for this, having read the first revision; on SQLite whoever writes at all.
    let mut tx = db.store.begin().await.unwrap();
    watermark(&mut tx).await.unwrap();
    let other = rig.clone();
    let calculating = tokio::spawn(async move { calculated(&other, "13-partners", "2027").await });
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let theirs = NewFact {
        kind: "carried_loss",
        source: "payout",
        source_key: key,
        subject: None,
        occurred: "2027-01-01",
        occurred_on: "2027-01-01".parse().unwrap(),
        fields: r#"{"amount":"7000","for_scheme":"13-partners","unit":"main"}"#,
        content_hash: [7; 32],
        void: false,
        sent_by: "key:2",
        recorded_at: 1,
    };
    put_fact(&mut tx, &theirs).await.unwrap();
    tx.commit().await.unwrap();
    calculating.await.unwrap();
    let newest = carried(&rig).await.remove(0);
    assert_eq!((newest.2.as_str(), newest.3), ("8000", 2));
}

both!(
    given_somebody_who_revises_what_was_handed_on_in_this_instant_when_calculated_then_it_reads_theirs_first
);

both!(given_a_closed_loss_when_a_late_fact_changes_it_then_what_it_handed_on_is_revised_once_and_read);
both!(given_a_loss_when_its_year_is_closed_then_the_next_year_makes_it_good_first_and_once);
