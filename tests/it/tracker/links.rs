use std::collections::HashSet;
use std::time::Instant;

use bole::domain::Role;
use serde_json::{Value, json};

use super::Rig;
use crate::support::TestDb;

fn link(employee: &str, channel: &str) -> Value {
    json!({"employee": employee, "campaign": "winter", "channel": channel})
}

fn wished(employee: &str, channel: &str, slug: &str) -> Value {
    json!({"employee": employee, "campaign": "winter", "channel": channel, "slug": slug})
}

async fn given_a_link_when_minted_again_then_it_is_the_same_one(db: TestDb) {
    let rig = Rig::new(&db).await;
    rig.scene().await;
    let before = rig.refreshed();
    let made = rig.post("/links", link("E1", "wechat")).await.is(201);
    assert_eq!(rig.refreshed(), before + 1);
    let code = made["code"].as_str().unwrap();
    assert_eq!(code.len(), 7);
    assert_eq!(made["short_url"], format!("https://s.example/{code}"));
    assert_eq!(
        made["qr_svg"],
        format!("https://bole.example/api/v1/links/{code}/qr.svg")
    );
    assert_eq!(
        made["destination"],
        "https://shop.example/p?a=1&utm_source=wechat&utm_medium=employee&utm_campaign=winter&utm_content=E1#top"
    );
    assert_eq!(rig.post("/links", link("e1", "WeChat")).await.is(200), made);
    let other = json!({"employee": "E1", "campaign": "winter", "channel": "wechat", "material": "m1"});
    assert_ne!(rig.post("/links", other).await.is(201)["code"], made["code"]);
    let shown = rig.get(&format!("/links/{}", code.to_uppercase())).await.is(200);
    assert_eq!(
        shown["stats"],
        json!({"requests": 0, "human": 0, "valid": 0, "leads": 0, "sales": 0, "amount": "0.00"})
    );
    assert_eq!(
        rig.get("/links?employee=E1&campaign=winter").await.is(200)["data"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(rig.get("/links?employee=E2").await.is(200)["data"], json!([]));
    rig.get("/links?employee=nobody").await.wrong_at("?employee");
    rig.get("/links/zzzzzzz").await.is(404);
}

async fn given_a_link_over_before_it_begins_when_minted_then_the_field_is_named_and_a_known_one_stays(
    db: TestDb,
) {
    let rig = Rig::new(&db).await;
    rig.scene().await;
    let until =
        |end: &str| json!({"employee": "E1", "campaign": "winter", "channel": "wechat", "expires_at": end});
    rig.post("/links", until("2020-01-01T00:00:00Z"))
        .await
        .wrong_at("/expires_at");
    let tomorrow = "2026-11-19T00:00:00Z";
    let made = rig.post("/links", until(tomorrow)).await.is(201);
    db.clock.advance_ms(3 * 86_400_000);
    assert_eq!(
        rig.post("/links", until(tomorrow)).await.is(200)["code"],
        made["code"]
    );
    let coupon =
        |last: &str| json!({"employee": "E1", "campaign": "winter", "percent_off": 10, "ends_on": last});
    rig.post("/coupons", coupon("2020-01-01"))
        .await
        .wrong_at("/ends_on");
    let over = json!({"ends_on": "2026-11-19"});
    rig.patch("/campaigns/winter", over).await.is(200);
    rig.post("/links", link("E1", "xiaohongshu"))
        .await
        .wrong_at("/campaign");
    rig.post("/coupons", coupon("2027-01-01"))
        .await
        .wrong_at("/campaign");
    assert_eq!(db.number("select count(*) from links").await, 1);
}

async fn given_wished_slugs_when_taken_reserved_or_other_than_before_then_they_are_refused(db: TestDb) {
    let rig = Rig::new(&db).await;
    rig.scene().await;
    let made = rig
        .post("/links", wished("E1", "wechat", "Zhang-San"))
        .await
        .is(201);
    assert_eq!(made["code"], "Zhang-San");
    rig.post("/links", wished("E1", "wechat", "zhang-san"))
        .await
        .is(200);
    rig.post("/links", wished("E2", "wechat", "ZHANG-SAN"))
        .await
        .is(409);
    let other = rig
        .post("/links", wished("E1", "wechat", "zhangsan2"))
        .await
        .is(409);
    assert!(other["detail"].as_str().unwrap().contains("Zhang-San"), "{other}");
    for slug in [
        "api",
        "APP",
        "healthz",
        "static",
        "../x",
        "a",
        "a b",
        "员工",
        &"x".repeat(31),
    ] {
        rig.post("/links", wished("E2", "weibo", slug))
            .await
            .wrong_at("/slug");
    }
    assert_eq!(db.number("select count(*) from links").await, 1);
}

async fn given_unknown_or_wrong_fields_when_minted_then_each_is_named(db: TestDb) {
    let rig = Rig::new(&db).await;
    rig.scene().await;
    rig.post("/links", link("E9", "wechat"))
        .await
        .wrong_at("/employee");
    rig.post(
        "/links",
        json!({"employee": "E1", "campaign": "none", "channel": "wechat"}),
    )
    .await
    .wrong_at("/campaign");
    rig.post("/links", link("E1", "we chat"))
        .await
        .wrong_at("/channel");
    for (destination, status) in [
        ("https://evil.example/", 422),
        ("javascript:alert(1)", 422),
        ("https://shop.example.evil.example/", 422),
        ("https://a.brand.example/x?y=1", 201),
    ] {
        let new =
            json!({"employee": "E1", "campaign": "winter", "channel": "wechat", "destination": destination});
        assert_eq!(rig.post("/links", new).await.status, status, "{destination}");
    }
    let tightened = rig
        .patch("/campaigns/winter", json!({"allowed_hosts": ["shop.example"]}))
        .await;
    tightened.wrong_at("/allowed_hosts");
}

async fn given_a_leaver_when_minting_then_old_links_stay_and_new_ones_are_refused(db: TestDb) {
    let rig = Rig::new(&db).await;
    rig.scene().await;
    let made = rig.post("/links", link("E1", "wechat")).await.is(201);
    rig.patch("/employees/E1", json!({"left_on": "2026-11-17"}))
        .await
        .is(200);
    assert_eq!(
        rig.post("/links", link("E1", "wechat")).await.is(200)["code"],
        made["code"]
    );
    rig.post("/links", link("E1", "weibo"))
        .await
        .wrong_at("/employee");
}

async fn given_a_link_when_changed_then_it_shows_and_the_redirect_hears_of_it(db: TestDb) {
    let rig = Rig::new(&db).await;
    rig.scene().await;
    let made = rig.post("/links", wished("E1", "wechat", "mine")).await.is(201);
    assert_eq!(
        (&made["disabled"], &made["expires_at"]),
        (&json!(false), &json!(null))
    );
    let before = rig.refreshed();
    let change =
        json!({"disabled": true, "expires_at": "2026-12-01T00:00:00+08:00", "utm": {"source": "红书"}});
    let changed = rig.patch("/links/MINE", change).await.is(200);
    assert_eq!(
        (&changed["disabled"], &changed["expires_at"]),
        (&json!(true), &json!("2026-11-30T16:00:00Z"))
    );
    assert!(
        changed["destination"]
            .as_str()
            .unwrap()
            .contains("utm_source=%E7%BA%A2%E4%B9%A6")
    );
    assert_eq!(rig.refreshed(), before + 1);
    let back = rig
        .patch(
            "/links/mine",
            json!({"disabled": false, "expires_at": null, "utm": null}),
        )
        .await
        .is(200);
    assert_eq!(back, made);
    rig.patch("/links/mine", json!({"destination": "https://evil.example/"}))
        .await
        .wrong_at("/destination");
    rig.patch("/links/mine", json!({"code": "other"}))
        .await
        .wrong_at("/code");
    rig.patch("/links/none", json!({"disabled": true})).await.is(404);
}

async fn given_an_employee_s_key_when_used_then_it_reaches_its_own_links_only(db: TestDb) {
    let rig = Rig::new(&db).await;
    rig.scene().await;
    let others = rig.post("/links", wished("E2", "wechat", "others")).await.is(201);
    let mine = rig.with_key(Role::Employee, Some(1)).await;
    mine.post("/links", wished("E1", "wechat", "mine")).await.is(201);
    mine.post("/links", link("E2", "weibo")).await.is(403);
    mine.post("/links", link("nobody", "weibo")).await.is(403);
    mine.get("/links/others").await.is(404);
    assert_eq!(mine.get("/links/others/qr.svg").await.status, 404);
    mine.patch("/links/others", json!({"disabled": true}))
        .await
        .is(403);
    mine.patch("/links/mine", json!({"disabled": true})).await.is(200);
    mine.patch(
        "/links/mine",
        json!({"destination": "https://shop.example/other"}),
    )
    .await
    .is(403);
    let seen = mine.get("/links").await.is(200);
    assert_eq!(seen["data"].as_array().unwrap().len(), 1);
    mine.get("/links?employee=E2").await.is(403);
    assert_eq!(rig.get("/links/others").await.is(200)["code"], others["code"]);
}

async fn given_a_thousand_in_one_call_when_minted_then_each_is_answered(db: TestDb) {
    let rig = Rig::new(&db).await;
    rig.scene().await;
    let mut all: Vec<Value> = (0..996).map(|n| link("E1", &format!("c{n}"))).collect();
    all.push(link("E1", "c0"));
    all.push(link("E9", "wechat"));
    all.push(wished("E2", "wechat", "api"));
    all.push(json!({"employee": "E1", "channel": 7}));
    let began = Instant::now();
    let answers = rig.post("/links/bulk", json!(all)).await.is(200);
    let took = began.elapsed();
    let data = answers["data"].as_array().unwrap();
    let statuses: Vec<_> = data.iter().map(|a| a["status"].as_u64().unwrap()).collect();
    assert!(statuses[..996].iter().all(|s| *s == 201));
    assert_eq!(statuses[996..], [200, 422, 422, 422]);
    assert_eq!(data[996]["code"], data[0]["code"]);
    assert_eq!(data[997]["errors"][0]["pointer"], "/employee");
    assert_eq!(data[998]["errors"][0]["pointer"], "/slug");
    assert_eq!(data[999]["errors"][0]["pointer"], "/channel");
    let codes: HashSet<_> = data[..996].iter().map(|a| a["code"].as_str().unwrap()).collect();
    assert_eq!(codes.len(), 996);
    eprintln!("1000 links in one call on {:?}: {took:?}", db.kind);
    assert!(took.as_secs() < 20, "{took:?}");
    let again = rig.post("/links/bulk", json!(all)).await.is(200);
    assert_eq!(again["data"][500]["status"], 200);
    all.push(link("E1", "one-more"));
    assert_eq!(rig.post("/links/bulk", json!(all)).await.status, 422);
}

async fn given_fifty_mints_of_one_link_at_once_then_there_is_one(db: TestDb) {
    let rig = Rig::new(&db).await;
    rig.scene().await;
    let mints = (0..50).map(|_| {
        let rig = rig.clone();
        tokio::spawn(async move { rig.post("/links", link("E1", "wechat")).await })
    });
    let mut codes = HashSet::new();
    let mut created = 0;
    for mint in mints.collect::<Vec<_>>() {
        let answer = mint.await.unwrap();
        created += usize::from(answer.status == 201);
        assert!(matches!(answer.status, 200 | 201), "{}", answer.json());
        codes.insert(answer.json()["code"].as_str().unwrap().to_owned());
    }
    assert_eq!((created, codes.len()), (1, 1));
    assert_eq!(db.number("select count(*) from links").await, 1);
}

async fn given_fifty_people_wishing_one_slug_at_once_then_one_gets_it(db: TestDb) {
    let rig = Rig::new(&db).await;
    rig.scene().await;
    let mints = (0..50).map(|n| {
        let rig = rig.clone();
        let slug = if n % 2 == 0 { "best" } else { "BEST" };
        tokio::spawn(async move {
            rig.post("/links", wished("E1", &format!("c{n}"), slug))
                .await
                .status
        })
    });
    let mut statuses = Vec::new();
    for mint in mints.collect::<Vec<_>>() {
        statuses.push(mint.await.unwrap());
    }
    assert_eq!(statuses.iter().filter(|s| **s == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|s| **s == 409).count(), 49, "{statuses:?}");
}

both!(
    given_a_link_over_before_it_begins_when_minted_then_the_field_is_named_and_a_known_one_stays,
    given_a_link_when_minted_again_then_it_is_the_same_one,
    given_wished_slugs_when_taken_reserved_or_other_than_before_then_they_are_refused,
    given_unknown_or_wrong_fields_when_minted_then_each_is_named,
    given_a_leaver_when_minting_then_old_links_stay_and_new_ones_are_refused,
    given_a_link_when_changed_then_it_shows_and_the_redirect_hears_of_it,
    given_an_employee_s_key_when_used_then_it_reaches_its_own_links_only,
    given_a_thousand_in_one_call_when_minted_then_each_is_answered,
    given_fifty_mints_of_one_link_at_once_then_there_is_one,
    given_fifty_people_wishing_one_slug_at_once_then_one_gets_it,
);
