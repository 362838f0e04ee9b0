//! Exchanges and awards told by what was posted where, without ids.

use serde_json::{Value, json};

use super::rig::Rig;
use crate::support::TestDb;

async fn file(rig: &Rig, link: &str, channel: &str, posted_at: &str) -> Value {
    let share = json!({"employee": "z3", "link": link, "channel": channel, "posted_at": posted_at});
    let (status, body) = rig.post("admin", "/shares", share).await;
    assert_eq!(status, 201, "{body}");
    body
}

async fn given_an_exchange_told_by_link_and_channel_when_filed_then_it_is_under_the_latest_share_of_it(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    let told = |at: &str, more: Value| {
        let mut body = json!({"employee": "z3", "link": "AAAAAA2", "channel": "wechat", "posted_at": at});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let when = "2026-11-18T01:30:00Z";
    let (status, none) = rig
        .post("employee-z3", "/interactions", told(when, json!({})))
        .await;
    assert_eq!(
        (status, &none["errors"][0]["pointer"]),
        (422, &json!("/link")),
        "{none}"
    );
    let first = file(&rig, "aaaaaa2", "wechat", "2026-11-17T01:00:00Z").await["id"].clone();
    let second = file(&rig, "aaaaaa2", "wechat", "2026-11-18T01:00:00Z").await["id"].clone();
    let seen = json!({"evidence_url": "https://x.example/moments/1"});
    let (status, one) = rig
        .post("employee-z3", "/interactions", told(when, seen.clone()))
        .await;
    assert_eq!((status, &one["share"]), (201, &second), "{one}");
    assert_eq!(one["friend"], "x.example/moments/1");
    let (status, again) = rig.post("employee-z3", "/interactions", told(when, seen)).await;
    assert_eq!((status, &again["id"]), (200, &one["id"]));
    let (status, other) = rig
        .post(
            "employee-z3",
            "/interactions",
            told("2026-11-17T09:00:00Z", json!({})),
        )
        .await;
    assert_eq!((status, &other["share"]), (201, &first), "{other}");
    let named = told("2026-11-18T01:40:00Z", json!({"friend": "李雷"}));
    assert_eq!(
        rig.post("employee-z3", "/interactions", named).await.1["friend"],
        "李雷"
    );
    assert_eq!(
        rig.post("employee-l4", "/interactions", told(when, json!({})))
            .await
            .0,
        403,
        "told for oneself"
    );
    for (more, pointer) in [
        (json!({"channel": null}), "/channel"),
        (json!({"share": 1}), "/share"),
        (json!({"link": null}), "/share"),
        (json!({"occurred_at": when}), "/occurred_at"),
    ] {
        let (status, problem) = rig.post("employee-z3", "/interactions", told(when, more)).await;
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (422, &json!(pointer)),
            "{problem}"
        );
    }
    let path = format!("/interactions/{}/decision", one["id"]);
    let (_, decided) = rig.post("admin", &path, json!({"decision": "approved"})).await;
    assert_eq!(decided["points"], 15);
}

async fn given_an_award_for_a_post_when_given_then_month_and_reason_follow_from_it(db: TestDb) {
    let rig = Rig::new(&db).await;
    let (status, last) = rig.post("admin", "/awards", json!({"employee": "z3"})).await;
    assert_eq!(
        (status, &last["month"], &last["kind"]),
        (201, &json!("2026-10"), &json!("best-creator")),
        "{last}"
    );
    let post = json!({"employee": "z3", "link": "aaaaaa2", "channel": "wechat", "posted_at": "2026-11-17T01:00:00Z",
                      "evidence_url": "https://x.example/1"});
    let (status, given) = rig.post("admin", "/awards", post.clone()).await;
    assert_eq!(
        (status, &given["month"], &given["points"]),
        (201, &json!("2026-11"), &json!(500)),
        "{given}"
    );
    let reason = given["reason"].as_str().unwrap();
    assert!(
        reason.contains("aaaaaa2") && reason.contains("https://x.example/1"),
        "{reason}"
    );
    let (status, again) = rig.post("admin", "/awards", post.clone()).await;
    assert_eq!((status, &again["id"]), (200, &given["id"]));
    for (name, value) in [
        ("link", json!("bbbbbb9")),
        ("channel", json!("weibo")),
        ("evidence_url", json!("x")),
        ("posted_at", json!("2026-11-19T01:00:00Z")),
    ] {
        let mut wrong = post.clone();
        wrong[name] = value;
        let (status, problem) = rig.post("admin", "/awards", wrong).await;
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (422, &json!(format!("/{name}"))),
            "{problem}"
        );
    }
}

both!(
    given_an_exchange_told_by_link_and_channel_when_filed_then_it_is_under_the_latest_share_of_it,
    given_an_award_for_a_post_when_given_then_month_and_reason_follow_from_it,
);
