//! Shares, exchanges and awards through the API: rules, caps, decisions, both sides kept apart.

use serde_json::{Value, json};

use super::rig::Rig;
use crate::support::{TestDb, at};

fn share(link: &str, channel: &str, posted_at: &str) -> Value {
    json!({"employee": "z3", "link": link, "channel": channel, "posted_at": posted_at})
}

async fn file(rig: &Rig, link: &str, channel: &str, posted_at: &str) -> Value {
    let (status, body) = rig
        .post("admin", "/shares", share(link, channel, posted_at))
        .await;
    assert_eq!(status, 201, "{body}");
    body
}

async fn given_four_items_in_one_day_when_shared_then_three_earn_and_the_next_day_again(db: TestDb) {
    let rig = Rig::new(&db).await;
    let morning = "2026-11-17T01:00:00Z";
    assert_eq!(file(&rig, "aaaaaa2", "wechat", morning).await["points"], 10);
    assert_eq!(file(&rig, "AAAAAA3", "weibo", morning).await["outcome"], "earned");
    // The last millisecond of the 17th in Shanghai.
    assert_eq!(
        file(&rig, "aaaaaa4", "douyin", "2026-11-17T15:59:59.999Z").await["points"],
        10
    );
    let fourth = file(&rig, "aaaaaa5", "wechat", "2026-11-17T02:00:00Z").await;
    assert_eq!(
        (&fourth["outcome"], &fourth["points"]),
        (&json!("daily-limit"), &json!(0))
    );
    assert_eq!(rig.balance("Z3").await, 30);
    // One millisecond later it is the 18th there.
    assert_eq!(
        file(&rig, "aaaaaa5", "wechat", "2026-11-17T16:00:00Z").await["points"],
        10
    );
    // The first item once more on its channel.
    assert_eq!(
        file(&rig, "aaaaaa2", "wechat", "2026-11-18T01:00:00Z").await["outcome"],
        "repeated-item"
    );
    assert_eq!(rig.balance("Z3").await, 40);
    let days = rig.get("admin", "/employees/z3/points?limit=1").await;
    assert_eq!(days["entries"][0]["day"], "2026-11-18");
    assert_eq!(days["entries"][0]["rule"], "share");
    assert!(days["next_cursor"].is_string());
}

async fn given_a_share_when_told_again_then_it_is_the_same_and_other_content_is_a_conflict(db: TestDb) {
    let rig = Rig::new(&db).await;
    let body = share("aaaaaa2", "wechat", "2026-11-18T01:00:00Z");
    let (first, a) = rig.post("admin", "/shares", body.clone()).await;
    let (second, b) = rig.post("employee-z3", "/shares", body.clone()).await;
    assert_eq!((first, second), (201, 200));
    assert_eq!(a, b);
    let mut other = body;
    other["evidence_url"] = json!("https://weibo.example/1");
    assert_eq!(rig.post("admin", "/shares", other).await.0, 409);
    assert_eq!(rig.balance("z3").await, 10);
}

async fn given_wrong_fields_when_a_share_is_told_then_each_is_named(db: TestDb) {
    let rig = Rig::new(&db).await;
    let now = "2026-11-18T01:00:00Z";
    for (body, pointer) in [
        (share("aaaaaa9", "wechat", now), "/link"),
        (share("../x", "wechat", now), "/link"),
        (share("aaaaaa6", "wechat", now), "/link"),
        (share("aaaaaa2", "weibo", now), "/channel"),
        (share("aaaaaa2", "", now), "/channel"),
        (
            share("aaaaaa2", "wechat", "2026-11-18T02:00:00.001Z"),
            "/posted_at",
        ),
        (share("aaaaaa2", "wechat", "yesterday"), "/posted_at"),
        (
            json!({"employee": "nobody", "link": "aaaaaa2", "channel": "wechat", "posted_at": now}),
            "/employee",
        ),
        (
            json!({"employee": "z3", "link": "aaaaaa2", "channel": "wechat", "posted_at": now,
                   "evidence_url": "javascript:alert(1)"}),
            "/evidence_url",
        ),
    ] {
        let (status, problem) = rig.post("admin", "/shares", body.clone()).await;
        assert_eq!(status, 422, "{body} {problem}");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body} {problem}");
    }
    let (status, _) = rig
        .post("employee-l4", "/shares", share("aaaaaa2", "wechat", now))
        .await;
    assert_eq!(status, 403, "shares are told for oneself");
    assert_eq!(rig.balance("z3").await, 0);
}

async fn given_a_share_when_found_wanting_then_its_points_go_and_approved_again_they_return(db: TestDb) {
    let rig = Rig::new(&db).await;
    let id = file(&rig, "aaaaaa2", "wechat", "2026-11-18T01:00:00Z").await["id"].clone();
    let path = format!("/shares/{id}/decision");
    let no = json!({"decision": "rejected", "reason": "no advertisement tag"});
    assert_eq!(
        rig.post("other", &path, json!({"decision": "rejected"})).await.0,
        422
    );
    assert_eq!(
        rig.post("other", &path, json!({"decision": "perhaps"})).await.0,
        422
    );
    assert_eq!(rig.post("other", "/shares/999/decision", no.clone()).await.0, 404);
    let (status, rejected) = rig.post("other", &path, no.clone()).await;
    assert_eq!(
        (status, &rejected["points"], &rejected["status"]),
        (200, &json!(0), &json!("rejected"))
    );
    assert_eq!(rig.balance("z3").await, 0);
    assert_eq!(
        rig.post("other", &path, no).await.1,
        rejected,
        "deciding alike again changes nothing"
    );
    // Its place is free: another share of the item earns, and then the first cannot.
    let second = file(&rig, "aaaaaa2", "wechat", "2026-11-18T01:30:00Z").await;
    assert_eq!(second["points"], 10);
    let yes = json!({"decision": "approved"});
    let (_, again) = rig.post("other", &path, yes.clone()).await;
    assert_eq!(
        (&again["status"], &again["outcome"]),
        (&json!("approved"), &json!("repeated-item"))
    );
    let no = json!({"decision": "rejected", "reason": "deleted"});
    rig.post("other", &format!("/shares/{}/decision", second["id"]), no)
        .await;
    let (_, again) = rig.post("other", &path, yes).await;
    assert_eq!(again["outcome"], "earned");
    assert_eq!(rig.balance("z3").await, 10);
    let entries = rig.get("admin", "/employees/z3/points").await["entries"].clone();
    let points: Vec<i64> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["points"].as_i64().unwrap())
        .collect();
    assert_eq!(points, [10, -10, 10, -10, 10]);
    assert_eq!(entries[3]["note"], "no advertisement tag");
    let audited = "select count(*) from audit_log where action = 'share.decide'";
    assert_eq!(super::people::number(&db.store, audited).await, 4);
}

async fn given_ones_own_filing_when_deciding_then_it_is_refused_admin_included(db: TestDb) {
    let rig = Rig::new(&db).await;
    let id = file(&rig, "aaaaaa2", "wechat", "2026-11-18T01:00:00Z").await["id"].clone();
    let path = format!("/shares/{id}/decision");
    let yes = json!({"decision": "approved"});
    assert_eq!(rig.post("admin", &path, yes.clone()).await.0, 403, "who filed it");
    assert_eq!(
        rig.post("manager-z3", &path, yes.clone()).await.0,
        403,
        "whose it is"
    );
    assert_eq!(
        rig.post("employee-l4", &path, yes.clone()).await.0,
        403,
        "who may not decide"
    );
    assert_eq!(rig.post("other", &path, yes).await.0, 200);
    let award = json!({"employee": "z3", "kind": "best-creator", "month": "2026-10", "reason": "best film"});
    assert_eq!(rig.post("manager-z3", "/awards", award.clone()).await.0, 403);
    assert_eq!(rig.post("employee-l4", "/awards", award).await.0, 403);
}

async fn given_a_friend_when_exchanged_with_twice_under_a_post_then_it_earns_once(db: TestDb) {
    let rig = Rig::new(&db).await;
    let id = file(&rig, "aaaaaa2", "wechat", "2026-11-18T01:00:00Z").await["id"].clone();
    let body = |friend: &str, when: &str| json!({"employee": "z3", "share": id, "friend": friend, "occurred_at": when});
    let when = "2026-11-18T01:10:00Z";
    let (status, first) = rig.post("employee-z3", "/interactions", body("李雷", when)).await;
    assert_eq!(
        (status, &first["status"], &first["points"]),
        (201, &json!("pending"), &json!(0))
    );
    assert_eq!(rig.balance("z3").await, 10, "nothing before a decision");
    assert_eq!(
        rig.post("employee-z3", "/interactions", body(" 李雷 ", when))
            .await
            .0,
        200
    );
    assert_eq!(
        rig.post(
            "employee-z3",
            "/interactions",
            body("李雷", "2026-11-18T01:20:00Z")
        )
        .await
        .0,
        409
    );
    for (friend, when, pointer) in [
        ("", when, "/friend"),
        ("韩梅梅", "2026-11-18T00:59:59Z", "/occurred_at"),
        ("韩梅梅", "2026-11-19T00:00:00Z", "/occurred_at"),
    ] {
        let (status, problem) = rig.post("employee-z3", "/interactions", body(friend, when)).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)));
    }
    let path = format!("/interactions/{}/decision", first["id"]);
    let yes = json!({"decision": "approved"});
    assert_eq!(rig.post("manager-z3", &path, yes.clone()).await.0, 403);
    for _ in 0..2 {
        let (status, decided) = rig.post("admin", &path, yes.clone()).await;
        assert_eq!((status, &decided["points"]), (200, &json!(15)));
    }
    assert_eq!(rig.balance("z3").await, 25);
    let no = json!({"decision": "rejected", "reason": "a colleague"});
    rig.post("admin", &path, no).await;
    assert_eq!(rig.balance("z3").await, 10);
    let pending = rig.get("admin", "/interactions?status=pending").await;
    assert_eq!(pending["data"], json!([]));
    let own = rig.get("employee-z3", "/interactions?employee=Z3").await;
    assert_eq!(own["data"][0]["status"], "rejected");
    assert_eq!(
        rig.call("employee-z3", "GET", "/interactions?employee=l4", None)
            .await
            .0,
        403
    );
}

async fn given_a_month_when_two_are_made_best_creator_then_the_second_is_a_conflict(db: TestDb) {
    let rig = Rig::new(&db).await;
    let award = |who: &str, month: &str| json!({"employee": who, "kind": "best-creator", "month": month, "reason": "best film"});
    assert_eq!(rig.post("admin", "/awards", award("z3", "2026-10")).await.0, 201);
    assert_eq!(rig.post("admin", "/awards", award("z3", "2026-10")).await.0, 200);
    assert_eq!(rig.post("other", "/awards", award("l4", "2026-10")).await.0, 409);
    assert_eq!(
        rig.post("admin", "/awards", award("z3", "2026-12")).await.0,
        422,
        "has not begun"
    );
    assert_eq!(rig.post("admin", "/awards", award("z3", "2026-W40")).await.0, 422);
    assert_eq!(
        rig.post("admin", "/awards", award("al", "2026-10")).await.0,
        422,
        "has left"
    );
    assert_eq!(rig.balance("z3").await, 500);
    assert_eq!(rig.balance("l4").await, 0);
}

async fn given_a_leaver_when_posted_after_the_last_day_then_it_earns_nothing(db: TestDb) {
    let rig = Rig::new(&db).await;
    super::people::sql(
        &db.store,
        "update employees set left_on = '2026-11-17' where id = 1",
    )
    .await
    .unwrap();
    assert_eq!(
        file(&rig, "aaaaaa2", "wechat", "2026-11-17T15:59:59.999Z").await["points"],
        10
    );
    assert_eq!(
        file(&rig, "aaaaaa3", "weibo", "2026-11-17T16:00:00Z").await["outcome"],
        "after-leaving"
    );
    assert_eq!(rig.balance("z3").await, 10);
}

async fn given_six_shares_at_once_when_filed_by_two_nodes_then_three_earn(db: TestDb) {
    let rig = Rig::new(&db).await;
    super::people::sql(
        &db.store,
        "insert into links (id, code, code_key, employee_id, campaign_id, channel, material, created_at, changed_at)
         values (11, 'bbbbbb2', 'bbbbbb2', 1, 1, 'wechat', 'n1', 1, 1), (12, 'bbbbbb3', 'bbbbbb3', 1, 1, 'wechat', 'n2', 1, 1),
                (13, 'bbbbbb4', 'bbbbbb4', 1, 1, 'wechat', 'n3', 1, 1), (14, 'bbbbbb5', 'bbbbbb5', 1, 1, 'wechat', 'n4', 1, 1),
                (15, 'bbbbbb6', 'bbbbbb6', 1, 1, 'wechat', 'n5', 1, 1), (16, 'bbbbbb7', 'bbbbbb7', 1, 1, 'wechat', 'n6', 1, 1);",
    )
    .await
    .unwrap();
    let tasks: Vec<_> = (2..8)
        .map(|n| {
            let rig = rig.clone();
            tokio::spawn(async move {
                let link = format!("bbbbbb{n}");
                file(&rig, &link, "wechat", "2026-11-18T01:00:00Z").await["points"]
                    .as_i64()
                    .unwrap()
            })
        })
        .collect();
    let mut sum = 0;
    for task in tasks {
        sum += task.await.unwrap();
    }
    assert_eq!((sum, rig.balance("z3").await), (30, 30));
}

/// X-00-01 of the shared cases, through the doors where things are filed; clicks through the rule the loader applies.
async fn given_case_x_00_01_when_replayed_then_there_are_570_points(db: TestDb) {
    use bole::attribution::visits::earning;
    use bole::points::Rule;
    use bole::storage::points::{NewEntry, award};

    let rig = Rig::new(&db).await;
    let case: Value = serde_json::from_str(include_str!("../../fixtures/X-00-01.json")).unwrap();
    let (inputs, expected) = (&case["inputs"], &case["expected"]);
    let links = [
        ("aaaaaa2", "wechat"),
        ("aaaaaa3", "weibo"),
        ("aaaaaa4", "douyin"),
        ("aaaaaa5", "wechat"),
    ];
    let mut posts = Vec::new();
    let mut valid_shares = 0;
    for (share, (link, channel)) in inputs["shares"].as_array().unwrap().iter().zip(links) {
        // One a day, so that it is compliance that decides and not the day's limit.
        let day = format!("2026-11-{}T01:00:00Z", 15 + posts.len());
        db.clock.set(at("2026-11-19T02:00:00Z"));
        let mut posted = file(&rig, link, channel, &day).await;
        if share["compliant"] == false {
            let no = json!({"decision": "rejected", "reason": "not compliant"});
            posted = rig
                .post("other", &format!("/shares/{}/decision", posted["id"]), no)
                .await
                .1;
        }
        valid_shares += i64::from(posted["points"] == 10);
        posts.push(posted["id"].clone());
    }
    assert_eq!(valid_shares, expected["valid_shares"]);

    let limit = seconds(&inputs["dwell_must_exceed_s"]);
    let rules = &rig.app.programme;
    let mut valid: std::collections::BTreeMap<String, Vec<(usize, i64)>> = std::collections::BTreeMap::new();
    for (n, click) in inputs["clicks"].as_array().unwrap().iter().enumerate() {
        let at_ms = at("2026-11-18T01:00:00Z").as_millisecond() + i64::try_from(n).unwrap() * 1_000;
        let staff = inputs["staff_visitors"]
            .as_array()
            .unwrap()
            .contains(&click["visitor"]);
        if !staff && seconds(&click["dwell_s"]) > limit {
            let key = format!("{}/{}", click["visitor"], click["share"]);
            valid.entry(key).or_default().push((n, at_ms));
        }
    }
    let mut entries = Vec::new();
    for clicks in valid.values() {
        let instants: Vec<i64> = clicks.iter().map(|(_, at_ms)| *at_ms).collect();
        let earns = earning(&instants, rules.valid_window_ms);
        for ((n, at_ms), _) in clicks.iter().zip(earns).filter(|(_, earns)| *earns) {
            entries.push(NewEntry {
                employee: super::people::ZHANG,
                rule: Rule::Click,
                source: format!("click:{n}"),
                points: rules.points.click,
                at: *at_ms,
                day: rig.app.day_of(at("2026-11-18T01:00:00Z")),
                note: String::new(),
            });
        }
    }
    assert_eq!(entries.len() as u64, expected["valid_clicks"]);
    let mut tx = db.store.begin().await.unwrap();
    award(&mut tx, &entries, 1).await.unwrap();
    tx.commit().await.unwrap();

    let mut approved = std::collections::BTreeSet::new();
    for exchange in inputs["interactions"].as_array().unwrap() {
        let post = usize::try_from(exchange["post"].as_u64().unwrap()).unwrap() - 1;
        let body = json!({"employee": "z3", "share": posts[post], "friend": exchange["friend"],
                          "occurred_at": "2026-11-18T01:30:00Z"});
        let (_, filed) = rig.post("employee-z3", "/interactions", body).await;
        if exchange["approved"] == true {
            let path = format!("/interactions/{}/decision", filed["id"]);
            let (_, decided) = rig.post("admin", &path, json!({"decision": "approved"})).await;
            approved.insert(decided["id"].as_i64().unwrap());
        }
    }
    assert_eq!(approved.len() as u64, expected["valid_interactions"]);

    assert_eq!(inputs["best_creator"], true);
    let award = json!({"employee": "z3", "kind": "best-creator", "month": "2026-11", "reason": "best"});
    assert_eq!(rig.post("admin", "/awards", award).await.0, 201);
    assert_eq!(rig.balance("z3").await, expected["points"]);
}

/// Decimal seconds as milliseconds.
fn seconds(text: &Value) -> i64 {
    let (whole, part) = text
        .as_str()
        .unwrap()
        .split_once('.')
        .unwrap_or((text.as_str().unwrap(), ""));
    whole.parse::<i64>().unwrap() * 1_000 + format!("{part:0<3}").parse::<i64>().unwrap()
}

async fn given_a_key_of_somebody_who_left_when_used_then_it_opens_nothing(db: TestDb) {
    let rig = Rig::new(&db).await;
    for (last, status) in [("2026-11-18", 200), ("2026-11-17", 401)] {
        let left = json!({"left_on": last});
        let changed = rig.call("admin", "PATCH", "/employees/L4", Some(left)).await;
        assert_eq!(changed.0, 200, "{}", changed.1);
        let own = rig.call("employee-l4", "GET", "/employees/L4/points", None).await;
        assert_eq!(own.0, status, "{last}: {}", own.1);
    }
}

both!(
    given_a_key_of_somebody_who_left_when_used_then_it_opens_nothing,
    given_four_items_in_one_day_when_shared_then_three_earn_and_the_next_day_again,
    given_a_share_when_told_again_then_it_is_the_same_and_other_content_is_a_conflict,
    given_wrong_fields_when_a_share_is_told_then_each_is_named,
    given_a_share_when_found_wanting_then_its_points_go_and_approved_again_they_return,
    given_ones_own_filing_when_deciding_then_it_is_refused_admin_included,
    given_a_friend_when_exchanged_with_twice_under_a_post_then_it_earns_once,
    given_a_month_when_two_are_made_best_creator_then_the_second_is_a_conflict,
    given_a_leaver_when_posted_after_the_last_day_then_it_earns_nothing,
    given_six_shares_at_once_when_filed_by_two_nodes_then_three_earn,
    given_case_x_00_01_when_replayed_then_there_are_570_points,
);
