use serde_json::json;

use super::Rig;
use crate::support::TestDb;

async fn given_a_campaign_when_made_and_changed_then_its_destination_is_held_against_its_hosts(db: TestDb) {
    let rig = Rig::new(&db).await;
    let new = json!({"slug": "Winter-1", "name": "冬季", "destination": "https://晴美.example:443/护理", "starts_on": "2026-11-01",
                     "ends_on": "2026-11-30", "fallback_url": "https://other.example/over", "attribution_window_days": 7});
    let made = rig.post("/campaigns", new.clone()).await.is(201);
    assert_eq!(made["slug"], "winter-1");
    assert_eq!(
        made["destination"],
        "https://xn--zkvs27c.example/%E6%8A%A4%E7%90%86"
    );
    assert_eq!(made["allowed_hosts"], json!(["xn--zkvs27c.example"]));
    assert_eq!(rig.post("/campaigns", new).await.is(200), made);
    rig.post(
        "/campaigns",
        json!({"slug": "winter-1", "name": "x", "destination": "https://a.example/"}),
    )
    .await
    .is(409);
    rig.patch(
        "/campaigns/winter-1",
        json!({"destination": "https://evil.example/"}),
    )
    .await
    .wrong_at("/destination");
    let both = json!({"destination": "https://b.example/", "allowed_hosts": ["b.example"]});
    assert_eq!(
        rig.patch("/campaigns/winter-1", both).await.is(200)["destination"],
        "https://b.example/"
    );
    rig.patch("/campaigns/winter-1", json!({"allowed_hosts": ["c.example"]}))
        .await
        .wrong_at("/destination");
    let before = rig.refreshed();
    let changed = json!({"disabled": true, "ends_on": null, "fallback_url": null});
    let changed = rig.patch("/campaigns/winter-1", changed).await.is(200);
    assert_eq!(
        (&changed["disabled"], &changed["ends_on"], &changed["starts_on"]),
        (&json!(true), &json!(null), &json!("2026-11-01"))
    );
    assert!(rig.refreshed() > before, "the redirect must hear of it");
    assert_eq!(rig.get("/campaigns/winter-1").await.is(200), changed);
    assert_eq!(rig.get("/campaigns").await.is(200)["data"], json!([changed]));
    rig.patch("/campaigns/none", json!({})).await.is(404);
}

async fn given_bad_campaigns_when_posted_then_each_field_is_named(db: TestDb) {
    let rig = Rig::new(&db).await;
    let good = json!({"slug": "w1", "name": "冬", "destination": "https://a.example/"});
    for (field, value) in [
        ("slug", json!("../x")),
        ("slug", json!("")),
        ("name", json!("")),
        ("name", json!("长".repeat(81))),
        ("destination", json!("javascript:alert(1)")),
        ("destination", json!("data:text/html,x")),
        ("destination", json!("https://u:p@a.example/")),
        ("destination", json!("https://a.example/\r\nX: y")),
        (
            "destination",
            json!(format!("https://a.example/{}", "x".repeat(2000))),
        ),
        ("allowed_hosts", json!(["https://a.example"])),
        ("fallback_url", json!("javascript:alert(1)")),
        ("fallback_url", json!("/relative")),
        ("ends_on", json!("2026-13-01")),
        ("attribution_window_days", json!(0)),
        ("attribution_window_days", json!("30")),
    ] {
        let mut bad = good.clone();
        bad[field] = value.clone();
        let answer = rig.post("/campaigns", bad).await;
        assert_eq!(answer.status, 422, "{field}: {value}");
        answer.wrong_at(&format!("/{field}"));
    }
    rig.post("/campaigns", good.clone()).await.is(201);
    let path = format!("/campaigns/{}", good["slug"].as_str().unwrap());
    for field in ["name", "destination", "allowed_hosts", "disabled"] {
        let nothing = json!({ field: null });
        rig.patch(&path, nothing).await.wrong_at(&format!("/{field}"));
    }
    let foreign = json!({"slug": "w1", "name": "冬", "destination": "https://evil.example/", "allowed_hosts": ["a.example"]});
    rig.post("/campaigns", foreign).await.wrong_at("/destination");
    let dates = json!({"slug": "w1", "name": "冬", "destination": "https://a.example/", "starts_on": "2026-12-01", "ends_on": "2026-11-01"});
    rig.post("/campaigns", dates).await.wrong_at("/ends_on");
    assert_eq!(
        db.number("select count(*) from campaigns").await,
        1,
        "the good one"
    );
}

both!(
    given_a_campaign_when_made_and_changed_then_its_destination_is_held_against_its_hosts,
    given_bad_campaigns_when_posted_then_each_field_is_named,
);
