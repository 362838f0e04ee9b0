//! Facts at the door: known once, corrected by revisions, wrong ones told and nothing else lost.

use bole::storage::pay::{NewFact, put_fact};
use serde_json::{Value, json};

use super::{activity, calculated, lines, receipt, record, step};
use crate::points::rig::Rig;
use crate::support::TestDb;

async fn given_a_fact_when_sent_again_then_it_is_known_and_other_content_is_a_revision(db: TestDb) {
    let rig = Rig::new(&db).await;
    for (fact, status, revision) in [
        (receipt("r1", "100.00", "2026-11-04"), "recorded", 0),
        (receipt("r1", "100.00", "2026-11-04"), "known", 0),
        (receipt("r1", "90.00", "2026-11-04"), "recorded", 1),
        (receipt("r1", "100.00", "2026-11-04"), "recorded", 2),
    ] {
        let (_, body) = rig.post("admin", "/facts", json!([fact])).await;
        assert_eq!(
            body["data"][0],
            json!({"status": status, "revision": revision}),
            "{body}"
        );
    }
    let mut void = receipt("r1", "100.00", "2026-11-04");
    void["void"] = json!(true);
    let (_, body) = rig.post("admin", "/facts", json!({"facts": [void]})).await;
    assert_eq!(body["data"][0]["revision"], 3);
    let list = rig.get("admin", "/facts?kind=receipt&limit=1").await;
    assert_eq!(list["data"][0]["void"], true);
    assert!(list["next_cursor"].is_string());
}

async fn given_one_fact_when_sent_by_many_at_once_then_one_records_it_and_the_others_hear_that_it_is_known(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let mut sent = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let rig = rig.clone();
        let fact = receipt("r1", "100.00", "2026-11-04");
        sent.spawn(async move { rig.post("admin", "/facts", json!([fact])).await });
    }
    let mut words: Vec<String> = Vec::new();
    for (status, body) in sent.join_all().await {
        assert_eq!(status, 200, "{body}");
        words.push(body["data"][0]["status"].as_str().unwrap_or_default().to_owned());
    }
    words.sort();
    assert_eq!(words[7], "recorded");
    assert_eq!(words[..7], ["known"; 7]);
}

async fn given_facts_of_which_some_are_wrong_when_sent_then_each_is_told_and_the_others_are_kept(db: TestDb) {
    let rig = Rig::new(&db).await;
    let with = |name: &str, value: Value| {
        let mut fact = receipt("r9", "1.00", "2026-11-04");
        fact[name] = value;
        fact
    };
    let cases = [
        (with("kind", json!("weather")), "/kind"),
        (with("source", json!("")), "/source"),
        (with("source_key", json!("a\nb")), "/source_key"),
        (with("occurred_on", json!("yesterday")), "/occurred_on"),
        (with("occurred_on", json!("9999-01-01")), "/occurred_on"),
        (with("measures", json!({"amount": 1.5})), "/measures/amount"),
        (with("measures", json!({"amount": "1.005"})), "/measures/amount"),
        (with("measures", json!({"amount": "1e3"})), "/measures/amount"),
        (with("measures", json!({"colour": "red"})), "/measures/colour"),
        (
            with("dimensions", json!({"for_scheme": "none"})),
            "/dimensions/for_scheme",
        ),
        (step("p9", "nobody", "close", "2026-11-04"), "/subject"),
    ];
    let mut facts: Vec<Value> = cases.iter().map(|(fact, _)| fact.clone()).collect();
    facts.push(receipt("good", "1.00", "2026-11-04"));
    let (status, body) = rig.post("admin", "/facts", json!(facts)).await;
    assert_eq!(status, 200);
    assert_eq!(
        (&body["recorded"], &body["rejected"]),
        (&json!(1), &json!(cases.len())),
        "{body}"
    );
    for (at, (fact, pointer)) in cases.iter().enumerate() {
        assert_eq!(
            body["data"][at]["pointer"], *pointer,
            "{fact}: {}",
            body["data"][at]
        );
    }
    assert_eq!(
        rig.get("admin", "/facts").await["data"].as_array().unwrap().len(),
        1
    );
    let many: Vec<Value> = (0..10_001)
        .map(|n| receipt(&n.to_string(), "1.00", "2026-11-04"))
        .collect();
    assert_eq!(rig.post("admin", "/facts", json!(many)).await.0, 422);
}

async fn given_facts_no_scheme_could_read_when_sent_then_the_door_says_kind_field_and_what_was_expected(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let batch = |key: &str| {
        json!({"kind": "first_batch", "source": "till", "source_key": key, "subject": "z3", "occurred_on": "2026-10-05",
               "measures": {"amount": "100.00"}, "dimensions": {"customer": "t1"}})
    };
    let without = |key: &str, group: &str, name: &str| {
        let mut fact = batch(key);
        fact[group].as_object_mut().unwrap().remove(name);
        fact
    };
    let mut nobodys = batch("b4");
    nobodys.as_object_mut().unwrap().remove("subject");
    let mut below = batch("b5");
    below["measures"]["amount"] = json!("-0.01");
    let mut only = below.clone();
    only["dimensions"]["for_scheme"] = json!("07-new-customers");
    let cases = [
        (
            without("b1", "measures", "amount"),
            "/measures/amount",
            "first_batch.amount is missing; expected money",
        ),
        (
            without("b2", "dimensions", "customer"),
            "/dimensions/customer",
            "first_batch.customer is missing; expected text",
        ),
        (nobodys, "/subject", "is missing; expected employee"),
        (
            below,
            "/measures/amount",
            "first_batch.amount: found -0.01; expected ≥ 0",
        ),
        (
            only,
            "/measures/amount",
            "first_batch.amount: found -0.01; expected ≥ 0",
        ),
    ];
    let mut facts: Vec<Value> = cases.iter().map(|(fact, ..)| fact.clone()).collect();
    // The bound itself is within, and what did not happen after all need not be told whole.
    let mut zero = batch("zero");
    zero["measures"]["amount"] = json!("0.00");
    let mut void = without("void", "measures", "amount");
    void["void"] = json!(true);
    facts.extend([zero, void]);
    let (_, body) = rig.post("admin", "/facts", json!(facts)).await;
    assert_eq!(
        (&body["recorded"], &body["rejected"]),
        (&json!(2), &json!(5)),
        "{body}"
    );
    for (at, (fact, pointer, detail)) in cases.iter().enumerate() {
        let told = &body["data"][at];
        assert_eq!(told["pointer"], *pointer, "{fact}: {told}");
        assert!(
            told["detail"].as_str().unwrap().contains(detail),
            "{fact}: {told}"
        );
    }
    let calculated = rig
        .post(
            "admin",
            "/payouts",
            json!({"scheme": "07-new-customers", "period": "2026-10"}),
        )
        .await;
    assert_ne!(calculated.0, 500, "{}", calculated.1);
}

async fn given_an_instant_with_any_offset_when_filed_then_it_is_paid_on_the_firms_day(db: TestDb) {
    let rig = Rig::new(&db).await;
    activity(&rig).await;
    // 5 November 23:30 and 6 November 00:30 in Shanghai, as clocks elsewhere say it: the activity ends with the fifth.
    for (key, at, paid) in [
        ("within-utc", "2026-11-05T15:30:00+00:00", true),
        ("after-utc", "2026-11-05T16:30:00+00:00", false),
        ("after-west", "2026-11-05T08:30:00-08:00", false),
        ("within-east", "2026-11-06T00:30:00+09:00", true),
        ("within-local", "2026-11-05T23:30:00", true),
    ] {
        let before = lines(&rig, &calculated(&rig, "admin").await).await;
        let mut fact = receipt(key, "200000.00", at);
        record(&rig, vec![fact.clone()]).await;
        let after = lines(&rig, &calculated(&rig, "admin").await).await;
        assert_eq!(before != after, paid, "{key}: {after:?}");
        fact["void"] = json!(true);
        record(&rig, vec![fact]).await;
    }
}

async fn given_attributes_when_set_from_a_day_then_they_hold_from_it_and_unknown_ones_are_refused(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let set = |from: &str, value: Value| json!({"from_on": from, "attributes": {"included": value}});
    let path = "/employees/z3/attributes";
    let (status, body) = rig
        .call("admin", "PUT", path, Some(set("2026-11-01", json!(false))))
        .await;
    assert_eq!((status, &body["changed"]), (200, &json!(1)), "{body}");
    let (_, body) = rig
        .call("admin", "PUT", path, Some(set("2026-11-01", json!(false))))
        .await;
    assert_eq!(body["changed"], 0, "the same again");
    for bad in [
        json!({"shoe": "43"}),
        json!({"included": 1.5}),
        json!({"included": null}),
    ] {
        let body = json!({"from_on": "2026-11-01", "attributes": bad});
        assert_eq!(rig.call("admin", "PUT", path, Some(body)).await.0, 422);
    }
    assert_eq!(
        rig.call(
            "admin",
            "PUT",
            "/employees/no/attributes",
            Some(set("2026-11-01", json!(true)))
        )
        .await
        .0,
        404
    );
    assert_eq!(
        rig.call("employee-z3", "PUT", path, Some(set("2026-11-01", json!(true))))
            .await
            .0,
        403
    );
    // 张三 takes no part in the pool any more.
    super::activity(&rig).await;
    let run = super::calculated(&rig, "admin").await;
    assert_eq!(super::lines(&rig, &run).await, ["L4 30000.00 line"]);
}

async fn given_a_scheme_that_asks_for_a_post_when_only_one_person_has_one_then_the_others_take_no_part(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let set = json!({"from_on": "2026-01-01", "attributes": {"post": "web"}});
    let (status, body) = rig
        .call("admin", "PUT", "/employees/z3/attributes", Some(set))
        .await;
    assert_eq!(status, 200, "{body}");
    let params = json!({"pool_min": "3000", "pool_sprint": "8000", "reward_share": "100%"});
    let version = json!({"from_on": "2026-01-01", "params": params, "enabled": false, "note": "test"});
    let path = "/schemes/02-marketing-support-month/versions";
    let (status, body) = rig.post("admin", path, version).await;
    assert_eq!(status, 201, "{body}");
    let october = |kind: &str, key: &str, measures: Value, dimensions: Value| json!({"kind": kind, "source": "hr", "source_key": key, "occurred_on": "2026-10-31", "measures": measures, "dimensions": dimensions});
    let scheme = "02-marketing-support-month";
    let facts = vec![
        october(
            "receipt",
            "r1",
            json!({"amount": "1300000.00"}),
            json!({"for_scheme": scheme}),
        ),
        october(
            "score",
            "s1",
            json!({"score": "90"}),
            json!({"person": "z3", "for_scheme": scheme}),
        ),
    ];
    super::record(&rig, facts).await;
    let body = json!({"scheme": scheme, "period": {"from": "2026-10-01", "to": "2026-11-01"}});
    let (status, run) = rig.post("admin", "/payouts", body).await;
    assert_eq!(
        status, 201,
        "the others' first days are known, their posts are not: {run}"
    );
    assert_eq!(super::lines(&rig, &run).await, ["Z3 5000.00 line"]);
}

async fn given_items_that_are_no_facts_when_sent_then_each_is_told_at_its_place_and_the_others_are_kept(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let mut number = receipt("r2", "1.00", "2026-11-04");
    number["source_key"] = json!(7);
    let mut misspelt = receipt("r3", "1.00", "2026-11-04");
    misspelt["ocurred_on"] = json!("2026-11-04");
    let sent = json!([
        {"kind": "receipt"},
        receipt("r1", "100.00", "2026-11-04"),
        number,
        "nothing",
        misspelt,
        receipt("r4", "200.00", "2026-11-05"),
    ]);
    for body in [sent.clone(), json!({ "facts": sent })] {
        let (status, answer) = rig.post("admin", "/facts", body).await;
        assert_eq!((status, &answer["rejected"]), (200, &json!(4)), "{answer}");
        let told: Vec<(&str, &str)> = answer["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                (
                    one["status"].as_str().unwrap(),
                    one["pointer"].as_str().unwrap_or("-"),
                )
            })
            .collect();
        let kept = told[1].0;
        assert_eq!(
            told,
            [
                ("rejected", ""),
                (kept, "-"),
                ("rejected", "/source_key"),
                ("rejected", ""),
                ("rejected", "/ocurred_on"),
                (kept, "-"),
            ],
            "{answer}"
        );
        let says = |at: usize| answer["data"][at]["detail"].as_str().unwrap().to_owned();
        assert!(says(0).contains("source"), "{answer}");
        assert!(says(2).contains("string"), "{answer}");
    }
    let many = Value::from(vec![1; 10_001]);
    for body in [many.clone(), json!({ "facts": many })] {
        let (status, answer) = rig.post("admin", "/facts", body).await;
        assert_eq!(
            (status, &answer["detail"]),
            (422, &json!("at most 10000 facts at once"))
        );
    }
    for body in [json!(7), json!({"fact": []}), json!({"facts": 3})] {
        let (status, answer) = rig.post("admin", "/facts", body).await;
        assert_eq!(status, 422, "{answer}");
        let detail = answer["detail"].as_str().unwrap();
        assert!(
            detail.contains("a list of facts") && !detail.contains("enum"),
            "{answer}"
        );
        assert!(!detail.starts_with(':'), "{answer}");
    }
}

async fn given_words_no_list_knows_when_asked_by_then_they_are_told(db: TestDb) {
    let rig = Rig::new(&db).await;
    for (query, name) in [
        ("from=zzz", "?from"),
        ("to=2026-13-01", "?to"),
        ("from=", "?from"),
    ] {
        let (status, answer) = rig.call("admin", "GET", &format!("/facts?{query}"), None).await;
        assert_eq!(
            (status, &answer["errors"][0]["pointer"]),
            (422, &json!(name)),
            "{query}: {answer}"
        );
    }
    let body = json!({"scheme": "01-team-process", "period": 202_610});
    let (status, answer) = rig.post("admin", "/payouts", body).await;
    assert_eq!(
        (status, &answer["errors"][0]["pointer"]),
        (422, &json!("/period")),
        "{answer}"
    );
    assert!(answer["detail"].as_str().unwrap().contains("2026-Q4"), "{answer}");
    super::activity(&rig).await;
    let run = super::calculated(&rig, "admin").await;
    let lines = rig
        .get("admin", &format!("/payouts/{}/lines?payee=z3", run["id"]))
        .await;
    assert_eq!(lines["data"][0]["payee"], "Z3", "{lines}");
}

/// A fact kept before the door knew what schemes can read.
async fn kept(db: &TestDb, kind: &str, key: &str, day: &str, fields: Value) {
    let fields = fields.to_string();
    let fact = NewFact {
        kind,
        source: "till",
        source_key: key,
        subject: Some("Z3"),
        occurred: day,
        occurred_on: day.parse().unwrap(),
        fields: &fields,
        content_hash: [7; 32],
        void: false,
        sent_by: "system",
        recorded_at: 1,
    };
    let mut tx = db.store.begin().await.unwrap();
    put_fact(&mut tx, &fact).await.unwrap();
    tx.commit().await.unwrap();
}

async fn given_a_fact_no_scheme_can_read_when_calculated_then_its_kind_source_and_key_are_told(db: TestDb) {
    let rig = Rig::new(&db).await;
    let set = json!({"from_on": "2026-01-01", "attributes": {"07-new-customers.role": "sales"}});
    let (status, body) = rig
        .call("admin", "PUT", "/employees/z3/attributes", Some(set))
        .await;
    assert_eq!(status, 200, "{body}");
    for (key, amount, day) in [("a5", "100.00", "2026-10-01"), ("a6", "-1.00", "2026-10-02")] {
        kept(
            &db,
            "first_batch",
            key,
            day,
            json!({"amount": amount, "customer": key}),
        )
        .await;
    }
    kept(&db, "card", "a7", "2026-09-02", json!({})).await;
    for (month, told) in [
        (
            "2026-10",
            [
                "first_batch till:a6, 2026-10-02: amount: found \"-1.00\"",
                "expected",
            ],
        ),
        (
            "2026-09",
            [
                "card till:a7, 2026-09-02: amount: `amount` is missing",
                "expected",
            ],
        ),
    ] {
        let body = json!({"scheme": "07-new-customers", "period": month});
        let (status, answer) = rig.post("admin", "/payouts", body).await;
        assert_eq!(status, 422, "{answer}");
        let detail = answer["detail"].as_str().unwrap();
        assert!(
            told.iter().all(|t| detail.contains(t)) && !detail.contains("facts["),
            "{answer}"
        );
    }
    // Whatever month reads it, who voids it under the key that was told has it out of the way.
    let calculate = async || {
        let body = json!({"scheme": "07-new-customers", "period": "2026-11"});
        rig.post("admin", "/payouts", body).await
    };
    let (status, answer) = calculate().await;
    assert!(
        status == 201 || answer["detail"].as_str().unwrap().contains("till:a6"),
        "{answer}"
    );
    let void = |kind: &str, key: &str| json!({"kind": kind, "source": "till", "source_key": key, "occurred_on": "2026-10-02", "void": true});
    record(&rig, vec![void("first_batch", "a6"), void("card", "a7")]).await;
    let (status, answer) = calculate().await;
    assert_eq!(status, 201, "{answer}");
    let body = json!({"scheme": "07-new-customers", "period": "2026-10"});
    assert_eq!(rig.post("admin", "/payouts", body).await.1["total"], "310.00");
}

async fn given_facts_of_people_without_attributes_when_calculated_then_all_of_them_are_told(db: TestDb) {
    let rig = Rig::new(&db).await;
    let batch = |key: &str, who: &str| {
        json!({"kind": "first_batch", "source": "till", "source_key": key, "subject": who, "occurred_on": "2026-10-02",
               "measures": {"amount": "100.00"}, "dimensions": {"customer": key}})
    };
    super::record(&rig, vec![batch("a1", "z3"), batch("a2", "l4")]).await;
    let body = json!({"scheme": "07-new-customers", "period": "2026-10"});
    let (status, answer) = rig.post("admin", "/payouts", body).await;
    assert_eq!(status, 422, "{answer}");
    let detail = answer["detail"].as_str().unwrap();
    for told in [
        "Z3 (",
        "L4 (",
        "role",
        "07-new-customers",
        "2026-10-31",
        "attributes",
    ] {
        assert!(detail.contains(told), "{told}: {answer}");
    }
    assert!(!detail.contains("roster"), "{answer}");
}

both!(given_a_fact_no_scheme_can_read_when_calculated_then_its_kind_source_and_key_are_told);
both!(given_facts_of_people_without_attributes_when_calculated_then_all_of_them_are_told);
both!(given_items_that_are_no_facts_when_sent_then_each_is_told_at_its_place_and_the_others_are_kept);
both!(given_words_no_list_knows_when_asked_by_then_they_are_told);
both!(given_a_fact_when_sent_again_then_it_is_known_and_other_content_is_a_revision);
both!(given_one_fact_when_sent_by_many_at_once_then_one_records_it_and_the_others_hear_that_it_is_known);
both!(given_facts_of_which_some_are_wrong_when_sent_then_each_is_told_and_the_others_are_kept);
both!(given_facts_no_scheme_could_read_when_sent_then_the_door_says_kind_field_and_what_was_expected);
both!(given_an_instant_with_any_offset_when_filed_then_it_is_paid_on_the_firms_day);
both!(given_attributes_when_set_from_a_day_then_they_hold_from_it_and_unknown_ones_are_refused);
both!(given_a_scheme_that_asks_for_a_post_when_only_one_person_has_one_then_the_others_take_no_part);
