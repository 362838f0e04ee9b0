//! Clicks through the API.

use bole::spool::{BeaconKind, ClickRecord, Record};
use serde_json::json;

use super::scene::{Scene, beacon, by_hash};
use crate::points::people::number;
use crate::points::rig::Rig;
use crate::support::TestDb;

async fn given_clicks_when_listed_counted_and_overruled_then_answers_and_audit_agree(db: TestDb) {
    let rig = Rig::new(&db).await;
    let mut scene = Scene::over(db);
    let mut ids = Vec::new();
    for i in 0..5 {
        let click = scene.click(i * 1_000, 1 + i % 2);
        ids.push(click.id);
        let visitor = by_hash(u8::try_from(i).unwrap());
        scene.write(Record::Click(ClickRecord { visitor, ..click }));
    }
    scene.write(Record::Beacon(beacon(ids[0], BeaconKind::Start, 500, 0, None)));
    scene.write(Record::Beacon(beacon(
        ids[0],
        BeaconKind::Limit,
        31_000,
        30_001,
        None,
    )));
    scene.load().await;

    let page = rig.get("admin", "/clicks?limit=2").await;
    assert_eq!(page["data"][0]["id"], ids[4].to_string());
    assert_eq!(page["data"][0]["at"], "2026-11-18T02:00:04Z");
    let cursor = page["next_cursor"].as_str().unwrap();
    let page = rig
        .get("admin", &format!("/clicks?limit=3&cursor={cursor}"))
        .await;
    assert_eq!(page["data"].as_array().unwrap().len(), 3);
    assert!(page["next_cursor"].is_null());
    let first = &page["data"][2];
    assert_eq!(
        (
            &first["link"],
            &first["valid"],
            &first["dwell_ms"],
            &first["scan"]
        ),
        (&json!("aaaaaa2"), &json!(true), &json!(30_001), &json!(false))
    );

    // Half-open: the click at the end is not in.
    for (query, count) in [
        ("", 5),
        ("?link=AAAAAA2", 3),
        ("?link=aaaaaa3&class=human", 2),
        ("?class=bot", 0),
        ("?from=2026-11-18T02:00:01Z&to=2026-11-18T02:00:03Z", 2),
    ] {
        assert_eq!(
            rig.get("admin", &format!("/clicks/count{query}")).await["count"],
            count,
            "{query}"
        );
    }
    for (path, status) in [
        ("/clicks?class=person", 422),
        ("/clicks?from=yesterday", 422),
        ("/clicks?cursor=x", 422),
        ("/clicks?limit=0", 422),
        ("/clicks?limt=1", 422),
        ("/clicks?link=nobody", 404),
    ] {
        assert_eq!(rig.call("admin", "GET", path, None).await.0, status, "{path}");
    }
    assert_eq!(rig.call("employee-l4", "GET", "/clicks", None).await.0, 403);

    let class = format!("/clicks/{}/class", ids[0]);
    let bot = json!({ "class": "bot", "reason": "a script, says the shop" });
    assert_eq!(rig.balance("Z3").await, 5);
    assert_eq!(rig.post("employee-l4", &class, bot.clone()).await.0, 403);
    assert_eq!(
        rig.post("manager-z3", &class, bot.clone()).await.0,
        403,
        "one's own link"
    );
    for wrong in [
        json!({ "class": "bot" }),
        json!({ "class": "bot", "reason": " " }),
        json!({ "class": "robot", "reason": "x" }),
        json!({ "class": "bot", "reason": "x", "why": "y" }),
    ] {
        assert_eq!(rig.post("admin", &class, wrong.clone()).await.0, 422, "{wrong}");
    }
    assert_eq!(
        rig.post(
            "admin",
            "/clicks/019aaaaa-0000-7000-8000-000000000000/class",
            bot.clone()
        )
        .await
        .0,
        404
    );
    assert_eq!(rig.post("admin", "/clicks/x/class", bot.clone()).await.0, 404);
    let (status, click) = rig.post("admin", &class, bot).await;
    assert_eq!(
        (status, &click["class"], &click["reason"], &click["valid"]),
        (200, &json!("bot"), &json!("overruled"), &json!(false))
    );
    assert_eq!(rig.balance("Z3").await, 0);
    assert_eq!(
        number(
            &scene.db.store,
            "select count(*) from audit_log where action = 'click.overrule'"
        )
        .await,
        1
    );
    scene.assert_counts().await;
}

both!(given_clicks_when_listed_counted_and_overruled_then_answers_and_audit_agree);
