use bole::storage::coupons::redeem;
use serde_json::{Value, json};

use super::Rig;
use crate::support::TestDb;

fn coupon(code: &str) -> Value {
    json!({"employee": "E1", "campaign": "winter", "code": code, "percent_off": 10, "max_redemptions": 2})
}

async fn given_a_coupon_when_checked_then_it_says_what_it_takes_off_or_why_not(db: TestDb) {
    let rig = Rig::new(&db).await;
    rig.scene().await;
    let new = json!({"employee": "E1", "campaign": "winter", "code": "zhangsan10", "percent_off": 10,
                     "starts_on": "2026-11-18", "ends_on": "2026-11-20"});
    let made = rig.post("/coupons", new.clone()).await.is(201);
    assert_eq!(made["code"], "ZHANGSAN10");
    assert_eq!(rig.post("/coupons", new).await.is(200), made);
    rig.post("/coupons", coupon("ZhangSan10")).await.is(409);
    let check = rig.get("/coupons/zhangSAN10?order_amount=199.05").await.is(200);
    assert_eq!(
        (&check["valid"], &check["discount"], &check["employee"]),
        (&json!(true), &json!("19.91"), &json!("E1"))
    );
    assert!(check.get("reason").is_none());
    let reason = |answer: Value| answer["reason"].as_str().unwrap_or("").to_owned();
    rig.patch("/coupons/ZHANGSAN10", json!({"disabled": true}))
        .await
        .is(200);
    assert_eq!(reason(rig.get("/coupons/ZHANGSAN10").await.is(200)), "disabled");
    rig.patch(
        "/coupons/ZHANGSAN10",
        json!({"disabled": false, "starts_on": "2026-11-19"}),
    )
    .await
    .is(200);
    let early = rig.get("/coupons/ZHANGSAN10?order_amount=100").await.is(200);
    assert_eq!(
        (&early["valid"], &early["discount"]),
        (&json!(false), &json!("0.00"))
    );
    assert_eq!(reason(early), "not_started");
    rig.patch("/coupons/ZHANGSAN10", json!({"starts_on": null}))
        .await
        .is(200);
    db.clock.set(crate::support::at("2026-11-20T15:59:59Z"));
    assert_eq!(rig.get("/coupons/ZHANGSAN10").await.is(200)["valid"], true);
    db.clock.set(crate::support::at("2026-11-20T16:00:00Z"));
    assert_eq!(reason(rig.get("/coupons/ZHANGSAN10").await.is(200)), "ended");
    rig.patch("/coupons/ZHANGSAN10", json!({"ends_on": null}))
        .await
        .is(200);
    rig.patch("/employees/E1", json!({"left_on": "2026-11-20"}))
        .await
        .is(200);
    assert_eq!(
        reason(rig.get("/coupons/ZHANGSAN10").await.is(200)),
        "employee_left"
    );
    rig.get("/coupons/NOSUCH").await.is(404);
    rig.get("/coupons/ZHANGSAN10?order_amount=1.234")
        .await
        .wrong_at("?order_amount");
}

async fn given_a_coupon_when_its_campaign_has_not_begun_is_over_or_off_then_it_takes_nothing_off(db: TestDb) {
    let rig = Rig::new(&db).await;
    rig.scene().await;
    rig.post("/coupons", coupon("TEN")).await.is(201);
    let reason = async || rig.get("/coupons/TEN?order_amount=100").await.is(200)["reason"].clone();
    assert_eq!(reason().await, Value::Null);
    for (change, why) in [
        (json!({"starts_on": "2026-11-19"}), "not_started"),
        (json!({"starts_on": null, "ends_on": "2026-11-17"}), "ended"),
        (json!({"ends_on": "2026-11-18", "disabled": true}), "disabled"),
    ] {
        rig.patch("/campaigns/winter", change).await.is(200);
        assert_eq!(reason().await, why);
    }
    let order = json!({"kind": "sale", "external_id": "O", "occurred_at": "2026-11-18T01:00:00Z", "amount": "100.00",
                       "coupon": "TEN"});
    let taken = rig.post("/conversions", order).await.is(201);
    assert_eq!(taken["status"], "uncredited", "{taken}");
    rig.patch("/campaigns/winter", json!({"disabled": false}))
        .await
        .is(200);
    assert_eq!(reason().await, Value::Null, "on its last day");
}

async fn given_wrong_coupons_when_posted_then_each_field_is_named(db: TestDb) {
    let rig = Rig::new(&db).await;
    rig.scene().await;
    let good = json!({"employee": "E1", "campaign": "winter", "percent_off": 10});
    for (field, value, pointer) in [
        ("employee", json!("E9"), "/employee"),
        ("campaign", json!("none"), "/campaign"),
        ("code", json!("a b"), "/code"),
        ("percent_off", json!(0), "/percent_off"),
        ("percent_off", json!(101), "/percent_off"),
        ("percent_off", json!(null), "/percent_off"),
        ("percent_off", json!("ten"), "/percent_off"),
        ("percent_off", json!("10.5%"), "/percent_off"),
        ("amount_off", json!("5.00"), "/percent_off"),
        ("amount_off", json!(5), "/amount_off"),
        ("amount_off", json!("-5.00"), "/amount_off"),
        ("amount_off", json!("5.001"), "/amount_off"),
        ("max_redemptions", json!(0), "/max_redemptions"),
        ("ends_on", json!("2026-11-31"), "/ends_on"),
    ] {
        let mut bad = good.clone();
        bad[field] = value;
        rig.post("/coupons", bad).await.wrong_at(pointer);
    }
    // The fields by position, as a derived reader would take them.
    let list = json!(["E1", "winter", null, 10, null, null, null, null]);
    rig.post("/coupons", list).await.wrong_at("");
    assert_eq!(db.number("select count(*) from coupons").await, 0);
}

async fn given_no_code_when_posted_then_readable_ones_are_proposed(db: TestDb) {
    let rig = Rig::new(&db).await;
    rig.scene().await;
    rig.post("/employees", json!({"code": "zhangsan", "name": "张三"}))
        .await
        .is(201);
    let new = json!({"employee": "zhangsan", "campaign": "winter", "amount_off": "30.00"});
    let codes = ["ZHANGSAN30", "ZHANGSAN30-2", "ZHANGSAN30-3"];
    for code in codes {
        assert_eq!(rig.post("/coupons", new.clone()).await.is(201)["code"], code);
    }
    for (percent, code) in [("20", "ZHANGSAN20"), ("25%", "ZHANGSAN25")] {
        let new = json!({"employee": "zhangsan", "campaign": "winter", "percent_off": percent});
        let made = rig.post("/coupons", new).await.is(201);
        assert_eq!(made["code"], code);
        rig.get(&format!("/coupons/{code}?order_amount=100"))
            .await
            .is(200);
    }
    let listed = rig.get("/coupons?employee=zhangsan&limit=2").await.is(200);
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);
    assert!(listed["next_cursor"].is_string());
}

async fn given_a_limit_when_fifty_redeem_at_once_then_it_holds(db: TestDb) {
    let rig = Rig::new(&db).await;
    rig.scene().await;
    rig.post("/coupons", json!({"employee": "E1", "campaign": "winter", "code": "FEW", "percent_off": 10, "max_redemptions": 7})).await.is(201);
    let id = db.store.coupon("few").await.unwrap().unwrap().id;
    let all = (0..50).map(|n| {
        let store = db.store.clone();
        tokio::spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let done = redeem(&mut tx, id, &format!("order-{n}"), 5).await.unwrap();
            tx.commit().await.unwrap();
            done
        })
    });
    let mut redeemed = 0;
    for one in all.collect::<Vec<_>>() {
        redeemed += usize::from(one.await.unwrap());
    }
    assert_eq!(redeemed, 7);
    assert_eq!(db.number("select redeemed from coupons").await, 7);
    assert_eq!(db.number("select count(*) from coupon_redemptions").await, 7);
    assert_eq!(rig.get("/coupons/FEW").await.is(200)["reason"], "exhausted");
    rig.patch("/coupons/FEW", json!({"max_redemptions": 6}))
        .await
        .wrong_at("/max_redemptions");
    rig.patch("/coupons/FEW", json!({"max_redemptions": 8}))
        .await
        .is(200);
    let mut tx = db.store.begin().await.unwrap();
    assert!(redeem(&mut tx, id, "order-x", 6).await.unwrap());
    drop(tx);
    assert_eq!(
        db.number("select redeemed from coupons").await,
        7,
        "rolled back with its conversion"
    );
}

both!(
    given_a_coupon_when_its_campaign_has_not_begun_is_over_or_off_then_it_takes_nothing_off,
    given_a_coupon_when_checked_then_it_says_what_it_takes_off_or_why_not,
    given_wrong_coupons_when_posted_then_each_field_is_named,
    given_no_code_when_posted_then_readable_ones_are_proposed,
    given_a_limit_when_fifty_redeem_at_once_then_it_holds,
);
