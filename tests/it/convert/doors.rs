//! Bad input, and what was never asked for.

use serde_json::json;

use super::*;

async fn given_a_wrong_field_when_sent_then_it_is_named_and_nothing_is_stored(db: TestDb) {
    let shop = Shop::open(db).await;
    let good = || sale("S", NOW, "13900000001");
    let token = shop.click(1, "2026-11-18T01:00:00Z", "human").await;
    let mut altered = token.clone().into_bytes();
    altered[20] ^= 1;
    let altered = String::from_utf8(altered).unwrap();
    let customer = |value: Value| and(good(), "customer", value);
    for (body, pointer) in [
        (and(good(), "kind", "gift"), "/kind"),
        (and(good(), "external_id", ""), "/external_id"),
        (and(good(), "external_id", " S"), "/external_id"),
        (and(good(), "external_id", "x".repeat(101)), "/external_id"),
        (and(good(), "external_id", "a\nb"), "/external_id"),
        (and(good(), "external_id", 5), "/external_id"),
        (and(good(), "occurred_at", "2026-11-18"), "/occurred_at"),
        (and(good(), "occurred_at", "2026-11-18T10:00:00"), "/occurred_at"),
        (and(good(), "occurred_at", "yesterday"), "/occurred_at"),
        (and(good(), "occurred_at", later(NOW, 300_001)), "/occurred_at"),
        (and(good(), "occurred_at", "1999-12-31T00:00:00Z"), "/occurred_at"),
        (and(good(), "amount", 199), "/amount"),
        (and(good(), "amount", 199.5), "/amount"),
        (and(good(), "amount", "-1.00"), "/amount"),
        (and(good(), "amount", "1.001"), "/amount"),
        (and(good(), "amount", "0.00"), "/amount"),
        (and(good(), "amount", "1e3"), "/amount"),
        (and(good(), "amount", "10000000000000"), "/amount"),
        (and(good(), "amount", Value::Null), "/amount"),
        (and(lead("L", NOW, "13900000001"), "amount", "5.00"), "/amount"),
        (and(good(), "currency", "USD"), "/currency"),
        (and(good(), "currency", "yuan"), "/currency"),
        (and(good(), "click", altered), "/click"),
        (and(good(), "click", "nonsense"), "/click"),
        (and(good(), "click", ""), "/click"),
        (and(good(), "coupon", " "), "/coupon"),
        (and(good(), "coupon", "x".repeat(61)), "/coupon"),
        (and(good(), "product_class", "x".repeat(61)), "/product_class"),
        (customer(json!({ "phone": "1380013800" })), "/customer/phone"),
        (customer(json!({ "phone": "" })), "/customer/phone"),
        (customer(json!({ "email": "a@b" })), "/customer/email"),
        (customer(json!({ "id": "" })), "/customer/id"),
        (customer(json!({ "wechat": "x" })), "/customer/wechat"),
        (and(good(), "amuont", "1.00"), "/amuont"),
    ] {
        shop.post("/conversions", body).await.wrong_at(pointer);
    }
    let path = "/customers/import";
    let other = shop
        .send("shop", Method::POST, path, "application/json", Body::from("{}"))
        .await;
    assert!(other.is(415)["detail"].as_str().unwrap().contains("text/csv"));
    let number = shop
        .post("/conversions", and(good(), "external_id", 5))
        .await
        .is(422);
    let words = number["detail"].as_str().unwrap();
    assert!(words.contains("expected a string"), "{words}");
    shop.make_key("clerk", Role::Employee, None).await;
    let refused = shop
        .with_key("clerk", Method::POST, "/conversions", Some(good()))
        .await
        .is(403);
    let words = refused["detail"].as_str().unwrap();
    assert!(
        words.contains("the right to send conversions") && !words.contains("SendConversions"),
        "{words}"
    );
    let both = json!({ "kind": "sale", "external_id": "", "occurred_at": NOW, "customer": { "phone": "x" } });
    let told = shop.post("/conversions", both).await.is(422);
    assert_eq!(
        told["errors"].as_array().unwrap().len(),
        3,
        "everything wrong is said at once: {told}"
    );
    let raw = |media: &'static str, body: &'static str| {
        shop.send("shop", Method::POST, "/conversions", media, Body::from(body))
    };
    raw("application/json", "{\"kind\":").await.is(400);
    raw("application/json", "").await.is(400);
    raw("text/plain", "{}").await.is(415);
    let huge = Body::from(format!("{{\"kind\":\"{}\"}}", "x".repeat(10 << 20)));
    shop.send("shop", Method::POST, "/conversions", "application/json", huge)
        .await
        .is(413);
    assert_eq!(shop.db.number("select count(*) from conversions").await, 0);
    assert_eq!(shop.db.number("select count(*) from customers").await, 0);
    let five_minutes = and(good(), "occurred_at", later(NOW, 300_000));
    shop.take(five_minutes).await;
}

async fn given_the_same_again_when_spelled_otherwise_then_it_is_the_same_and_other_content_conflicts(
    db: TestDb,
) {
    let shop = Shop::open(db).await;
    let body = and(sale("S/1 ü", NOW, "13900000001"), "coupon", "L10");
    let first = shop.take(body.clone()).await;
    let spelled = json!({ "kind": "sale", "external_id": "S/1 ü", "occurred_at": "2026-11-18T10:00:00+08:00",
        "amount": "199", "currency": "CNY", "coupon": "l10", "customer": { "phone": "+86 139-0000-0001" } });
    assert_eq!(shop.post("/conversions", spelled).await.is(200), first);
    assert_eq!(shop.get("/conversions/S%2F1%20%C3%BC").await["id"], first["id"]);
    for other in [
        and(body.clone(), "amount", "198.99"),
        and(body.clone(), "coupon", "Z10"),
        and(body.clone(), "occurred_at", later(NOW, 1)),
        and(body.clone(), "customer", json!({ "phone": "13900000002" })),
        and(body.clone(), "product_class", "护理"),
        lead("S/1 ü", NOW, "13900000001"),
    ] {
        let told = shop.post("/conversions", other).await.is(409);
        assert_eq!(told["type"], "/problems/conflict");
    }
    assert_eq!(shop.db.number("select count(*) from conversions").await, 1);
}

async fn given_a_csv_when_imported_twice_then_each_line_is_taken_once_or_refused_with_its_reason(db: TestDb) {
    let shop = Shop::open(db).await;
    let csv = "类型,订单号,时间,金额,优惠码,手机\r\n\
               订单,O-1,2026-11-17 10:00,199.00,Z10,138 1234 0001\r\n\
               线索,O-2,2026/11/17 10:00:30,,,13812340002\r\n\
               订单,O-3,2026-11-17 10:00,12.345,,13812340003\r\n\
               订单,O-4,明天,1.00,,13812340004\r\n\
               礼物,O-5,2026-11-17 10:00,1.00,,\r\n\
               订单,O-6,2026-11-17 10:00,1.00\r\n\
               订单,O-7,2027-11-17 10:00,1.00,,1\r\n\
               订单,O-1,2026-11-17 10:00,200.00,Z10,13812340001\r\n";
    let send = |body: Vec<u8>| {
        shop.send(
            "shop",
            Method::POST,
            "/conversions/import",
            "text/csv",
            Body::from(body),
        )
    };
    let report = send(csv.as_bytes().to_vec()).await.is(200);
    assert_eq!(
        (report["created"].as_u64(), report["known"].as_u64()),
        (Some(2), Some(0)),
        "{report}"
    );
    let lines: Vec<_> = report["rejected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["line"].as_u64().unwrap())
        .collect();
    assert_eq!(lines, [4, 5, 6, 7, 8, 9], "{report}");
    let reason = |n: usize| report["rejected"][n]["reason"].as_str().unwrap().to_owned();
    assert!(reason(0).contains("2 decimal places"), "{}", reason(0));
    assert!(
        reason(4).contains("occurred_at") && reason(4).contains("phone"),
        "{}",
        reason(4)
    );
    assert!(reason(5).contains("other content"), "{}", reason(5));
    let (gb, _, _) = encoding_rs::GB18030.encode(csv);
    let again = send(gb.into_owned()).await.is(200);
    assert_eq!(
        (again["created"].as_u64(), again["known"].as_u64()),
        (Some(0), Some(2)),
        "{again}"
    );
    assert_eq!(again["encoding"], "GB18030");
    assert_eq!(
        shop.get("/conversions/O-1").await["occurred_at"],
        "2026-11-17T02:00:00Z",
        "the business zone"
    );
    assert_eq!(told(&shop.get("/conversions/O-1").await), "Z3 coupon pending");
    send(b"a,b\n1,2\n".to_vec()).await.is(422);
    send(vec![0xff; 100]).await.is(422);
    send(vec![b'x'; 9 << 20]).await.is(413);
}

async fn given_conversions_when_listed_then_page_by_page_and_narrowed(db: TestDb) {
    let shop = Shop::open(db).await;
    for n in 0..5 {
        shop.take(and(
            sale(&format!("S{n}"), NOW, &format!("1390000000{n}")),
            "coupon",
            "Z10",
        ))
        .await;
    }
    shop.take(lead("L", NOW, "13900000009")).await;
    let first = shop.get("/conversions?limit=4").await;
    let ids = |page: &Value| -> Vec<String> {
        let rows = page["data"].as_array().unwrap();
        rows.iter()
            .map(|r| r["external_id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids(&first), ["L", "S4", "S3", "S2"]);
    let next = format!(
        "/conversions?limit=4&cursor={}",
        first["next_cursor"].as_str().unwrap()
    );
    let second = shop.get(&next).await;
    assert_eq!(ids(&second), ["S1", "S0"]);
    assert_eq!(second["next_cursor"], json!(null));
    assert_eq!(ids(&shop.get("/conversions?status=uncredited").await), ["L"]);
    assert_eq!(
        ids(&shop.get("/conversions?kind=sale&employee=z3&limit=1").await),
        ["S4"]
    );
    assert!(
        ids(&shop.get("/conversions?to=2026-11-18T02:00:00Z").await).is_empty(),
        "half-open"
    );
    let bad = |path: &'static str| shop.with_key("shop", Method::GET, path, None);
    bad("/conversions?status=gone").await.wrong_at("?status");
    bad("/conversions?limit=0").await.wrong_at("?limit");
    bad("/conversions?employee=nobody").await.wrong_at("?employee");
    bad("/conversions/none").await.is(404);
}

both!(
    given_a_wrong_field_when_sent_then_it_is_named_and_nothing_is_stored,
    given_the_same_again_when_spelled_otherwise_then_it_is_the_same_and_other_content_conflicts,
    given_a_csv_when_imported_twice_then_each_line_is_taken_once_or_refused_with_its_reason,
    given_conversions_when_listed_then_page_by_page_and_narrowed
);
