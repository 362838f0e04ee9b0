//! Who is credited, out of real rows.

use serde_json::json;

use super::*;

async fn given_a_click_when_its_token_comes_with_a_sale_then_its_employee_is_credited_and_booked(db: TestDb) {
    let shop = Shop::open(db).await;
    let click = shop.click(1, "2026-11-18T01:00:00Z", "human").await;
    let told_first = shop
        .take(and(sale("O-1", NOW, "13900000001"), "click", click))
        .await;
    assert_eq!(told(&told_first), "Z3 click pending", "{told_first}");
    assert_eq!(told_first["indirect_to"], json!(null));
    assert_eq!(told_first["amount"], "199.00");
    assert_eq!(told_first["hold_until"], "2026-12-07T16:00:00Z");
    let steps = reasons(&told_first);
    assert_eq!(steps.first().unwrap(), "coupon-none");
    assert_eq!(steps.last().unwrap(), "credited");
    for step in told_first["decision"].as_array().unwrap() {
        assert!(step["rule"].is_string() && step["outcome"].is_string(), "{step}");
        assert!(!step["text"]["zh"].as_str().unwrap().is_empty(), "{step}");
    }
    assert_eq!(shop.board(1, "2026-11-18").await, [0, 1, 19_900]);
    assert_eq!(shop.link(1).await, [0, 1, 19_900]);
    let campaign =
        "select cast(sum(amount) as bigint) from campaign_hour where campaign_id = 1 and channel = 'wechat'";
    assert_eq!(shop.db.number(campaign).await, 19_900);
    assert_eq!(shop.get("/conversions/O-1").await["status"], "pending");
}

async fn given_a_campaigns_own_window_when_it_is_over_then_nobody_is_credited_and_the_need_is_said(
    db: TestDb,
) {
    let shop = Shop::open(db).await;
    let click_at = "2026-11-10T02:00:00.500Z";
    let body = |id: &str, link_window_ms: i64, click: &str| {
        and(
            sale(id, &later(click_at, link_window_ms), &format!("139{id}")),
            "click",
            click,
        )
    };
    let three_days = shop.click(4, click_at, "human").await;
    assert_eq!(
        told(&shop.take(body("00000001", 3 * DAY, &three_days)).await),
        "Z3 click pending"
    );
    let late = shop.take(body("00000002", 3 * DAY + 1, &three_days)).await;
    assert_eq!(told(&late), "- - uncredited");
    let window = late["decision"]
        .as_array()
        .unwrap()
        .iter()
        .find(|s| s["reason"] == "window-out")
        .unwrap();
    assert_eq!(window["needed"]["until_at"], "2026-11-13T02:00:00.5Z", "{window}");
    let old = "2026-10-19T01:59:59Z";
    let thirty_days = shop.click(1, old, "human").await;
    assert_eq!(
        told(&shop.take(body("00000003", 3 * DAY, &thirty_days)).await),
        "Z3 click pending"
    );
    let edge = and(
        sale("E", &later(old, 30 * DAY), "13900000004"),
        "click",
        thirty_days.clone(),
    );
    assert_eq!(told(&shop.take(edge).await), "Z3 click pending");
    let over = and(
        sale("F", &later(old, 30 * DAY + 1000), "13900000005"),
        "click",
        thirty_days,
    );
    assert_eq!(told(&shop.take(over).await), "- - uncredited");
}

async fn given_each_class_of_click_when_it_converts_then_only_people_credit_and_the_doubtful_are_held(
    db: TestDb,
) {
    let shop = Shop::open(db).await;
    for (n, (class, then)) in [
        ("human", "Z3 click pending"),
        ("repeat", "Z3 click pending"),
        ("suspect", "Z3 click held"),
        ("bot", "- - uncredited"),
        ("preview", "- - uncredited"),
        ("prefetch", "- - uncredited"),
        ("internal", "- - uncredited"),
        ("self", "- - uncredited"),
    ]
    .into_iter()
    .enumerate()
    {
        let click = shop.click(1, "2026-11-18T01:00:00Z", class).await;
        let body = and(sale(class, NOW, &format!("1390000000{n}")), "click", click);
        assert_eq!(told(&shop.take(body).await), then, "{class}");
    }
    assert_eq!(
        shop.board(1, "2026-11-18").await,
        [0, 2, 39_800],
        "what is held counts nowhere"
    );
    let released = json!({ "decision": "released" });
    assert_eq!(
        told(&shop.post("/conversions/suspect/decision", released).await.is(200)),
        "Z3 click pending"
    );
    assert_eq!(shop.board(1, "2026-11-18").await, [0, 3, 59_700]);
}

async fn given_a_coupon_when_it_is_redeemed_then_it_comes_first_and_when_not_the_click_decides(db: TestDb) {
    let shop = Shop::open(db).await;
    let click = shop.click(1, "2026-11-18T01:00:00Z", "human").await;
    let order = |n: u32, code: &str| {
        let body = and(
            sale(&format!("O-{n}"), NOW, &format!("1390000001{n}")),
            "click",
            click.clone(),
        );
        and(body, "coupon", code)
    };
    assert_eq!(told(&shop.take(order(1, "l10")).await), "L4 coupon pending");
    assert_eq!(told(&shop.take(order(2, " L10 ")).await), "L4 coupon pending");
    let third = shop.take(order(3, "L10")).await;
    assert_eq!(told(&third), "Z3 click pending");
    assert_eq!(reasons(&third)[0], "coupon-exhausted");
    let refund = json!({ "external_id": "R-1", "amount": "199.00", "occurred_at": NOW });
    shop.post("/conversions/O-1/refunds", refund).await.is(201);
    let fourth = shop.take(order(4, "L10")).await;
    assert_eq!(
        reasons(&fourth)[0],
        "coupon-exhausted",
        "a refund frees no redemption"
    );
    assert_eq!(reasons(&shop.take(order(5, "OLD")).await)[0], "coupon-expired");
    assert_eq!(
        reasons(&shop.take(order(6, "NOBODYS")).await)[0],
        "coupon-unknown"
    );
    shop.db
        .sql("update coupons set disabled_at = 1 where id = 1")
        .await;
    assert_eq!(reasons(&shop.take(order(7, "Z10")).await)[0], "coupon-disabled");
    assert_eq!(
        shop.db.number("select redeemed from coupons where id = 2").await,
        2
    );
    let on_campaign = "select cast(sum(sales) as bigint) from campaign_hour where channel = 'coupon'";
    assert_eq!(
        shop.db.number(on_campaign).await,
        1,
        "a coupon sale counts for its campaign"
    );
}

async fn given_a_customer_when_they_come_again_then_binding_protection_and_novelty_decide(db: TestDb) {
    let shop = Shop::open(db).await;
    let day = |n: i64| later("2026-10-01T02:00:00Z", n * DAY);
    // 李四's click, before anybody knew the customer.
    let others = shop.click(2, &later(&day(1), -500), "human").await;
    let hers = shop.click(1, &later(&day(1), -1000), "human").await;
    let first = shop
        .take(and(lead("L", &day(1), "13911110000"), "click", hers.clone()))
        .await;
    assert_eq!(told(&first), "Z3 click pending");
    let again = shop.take(sale("S1", &day(5), "+86 139-1111-0000")).await;
    assert_eq!(
        told(&again),
        "Z3 customer pending",
        "a lead that becomes an order pays"
    );
    let taken = shop
        .take(and(sale("S2", &day(6), "13911110000"), "click", others.clone()))
        .await;
    assert_eq!(told(&taken), "Z3 customer pending", "protected: {taken}");
    assert!(reasons(&taken).contains(&"owner-protected".to_owned()));
    let edge = shop.take(sale("S3", &day(31), "13911110000")).await;
    assert_eq!(
        told(&edge),
        "Z3 customer pending",
        "30 days after the lead, the end included"
    );
    let over = shop.take(sale("S4", &later(&day(31), 1), "13911110000")).await;
    assert_eq!(told(&over), "- - uncredited", "{over}");
    let new_click = shop.click(2, &day(40), "human").await;
    let known = shop
        .take(and(sale("S5", &day(41), "13911110000"), "click", new_click))
        .await;
    assert_eq!(told(&known), "- - uncredited", "known within 180 days");
    let coupon = shop
        .take(and(sale("S6", &day(42), "13911110000"), "coupon", "Z10"))
        .await;
    assert_eq!(told(&coupon), "Z3 coupon pending", "coupon sales count always");
    let bound = shop.take(sale("S7", &day(43), "13911110000")).await;
    assert_eq!(told(&bound), "Z3 customer pending", "and bind again");
    assert_eq!(shop.link(1).await[0], 1);
    assert_eq!(
        shop.link(1).await[1],
        3,
        "later orders are booked to the link that brought the customer"
    );
}

async fn given_known_customers_when_imported_then_only_as_hashes_and_they_are_not_new(db: TestDb) {
    let shop = Shop::open(db).await;
    let csv = "手机,邮箱,客户编号,日期\n138 1111 2222,,,2026-11-01\n,Li@Example.com,C-9,\nnonsense,,,\n,,,\n+86 13811112222,,,2026-11-02\n";
    let report = shop
        .send(
            "shop",
            Method::POST,
            "/customers/import",
            "text/csv",
            Body::from(csv),
        )
        .await
        .is(200);
    assert_eq!(report["created"], 2, "{report}");
    assert_eq!(report["known"], 1, "{report}");
    assert_eq!(report["rejected"][0]["line"], 4, "{report}");
    assert_eq!(report["rejected_count"], 1, "{report}");
    let click = shop.click(1, "2026-11-18T02:00:01Z", "human").await;
    let known = shop
        .take(and(
            sale("A", "2026-11-18T02:00:02Z", "13811112222"),
            "click",
            click.clone(),
        ))
        .await;
    assert_eq!(told(&known), "- - uncredited");
    assert!(reasons(&known).contains(&"customer-known".to_owned()), "{known}");
    let by_id = json!({ "kind": "sale", "external_id": "B", "occurred_at": "2026-11-18T02:00:03Z", "amount": "1.00",
        "click": click.clone(), "customer": { "id": "C-9" } });
    assert_eq!(told(&shop.take(by_id).await), "- - uncredited");
    let fresh = shop
        .take(and(
            sale("C", "2026-11-18T02:00:02Z", "13811113333"),
            "click",
            click,
        ))
        .await;
    assert_eq!(told(&fresh), "Z3 click pending");
    let long_ago = "phone,known_on\n13811114444,2026-05-01\n";
    shop.send(
        "shop",
        Method::POST,
        "/customers/import",
        "text/csv",
        Body::from(long_ago),
    )
    .await
    .is(200);
    let click = shop.click(1, "2026-11-18T01:00:00Z", "human").await;
    let back = shop
        .take(and(sale("D", NOW, "13811114444"), "click", click))
        .await;
    assert_eq!(told(&back), "Z3 click pending", "201 days ago is long enough");
}

async fn given_contacts_that_lead_to_two_customers_when_one_order_names_both_then_they_are_one(db: TestDb) {
    let shop = Shop::open(db).await;
    let click = shop.click(1, "2026-11-01T00:00:00Z", "human").await;
    shop.take(and(
        lead("A", "2026-11-01T01:00:00Z", "13900000001"),
        "click",
        click,
    ))
    .await;
    let by_mail = json!({ "kind": "lead", "external_id": "B", "occurred_at": "2026-11-02T01:00:00Z",
        "customer": { "email": "a@b.cn" } });
    assert_eq!(told(&shop.take(by_mail).await), "- - uncredited");
    let both = json!({ "kind": "sale", "external_id": "C", "occurred_at": "2026-11-03T01:00:00Z", "amount": "5.00",
        "customer": { "phone": "13900000001", "email": "A@B.cn", "id": "77" } });
    assert_eq!(told(&shop.take(both).await), "Z3 customer pending");
    let by_id = json!({ "kind": "sale", "external_id": "D", "occurred_at": "2026-11-04T01:00:00Z", "amount": "5.00",
        "customer": { "id": "77" } });
    assert_eq!(told(&shop.take(by_id).await), "Z3 customer pending");
    assert_eq!(shop.db.number("select count(*) from customers").await, 1);
}

async fn given_own_contacts_leavers_and_visitors_links_when_they_convert_then_as_the_rules_say(db: TestDb) {
    let shop = Shop::open(db).await;
    let click = shop.click(1, "2026-11-18T01:00:00Z", "human").await;
    let own = shop
        .take(and(sale("OWN", NOW, "+86 138 0000 0001"), "click", click.clone()))
        .await;
    assert_eq!(told(&own), "- - uncredited");
    assert!(reasons(&own).contains(&"own-purchase".to_owned()));
    // Known by phone before, so the id alone shows it too.
    let both = json!({ "kind": "lead", "external_id": "OWN2", "occurred_at": NOW, "click": click,
        "customer": { "phone": "13800000001", "id": "C1" } });
    shop.take(both).await;
    let by_id = json!({ "kind": "sale", "external_id": "OWN3", "occurred_at": NOW, "amount": "9.00", "click": click,
        "customer": { "id": "C1" } });
    assert!(reasons(&shop.take(by_id).await).contains(&"own-purchase".to_owned()));
    let leaver = shop.click(3, "2026-11-15T01:00:00Z", "human").await;
    // 16:30 UTC on the 16th is the 17th in Shanghai.
    let on_last_day = and(
        sale("W1", "2026-11-16T15:59:59Z", "13900000021"),
        "click",
        leaver.clone(),
    );
    assert_eq!(told(&shop.take(on_last_day).await), "W5 click pending");
    let after = and(sale("W2", "2026-11-16T16:30:00Z", "13900000022"), "click", leaver);
    assert_eq!(told(&shop.take(after).await), "- - uncredited");
    let child = shop.click(5, "2026-11-18T01:00:00Z", "human").await;
    let before = shop.board(1, "2026-11-18").await;
    let shared = shop
        .take(and(sale("CH", NOW, "13900000031"), "click", child))
        .await;
    assert_eq!(told(&shared), "~Z3 click pending");
    assert_eq!(shared["credited_to"], json!(null));
    assert_eq!(
        shop.board(1, "2026-11-18").await,
        before,
        "indirect credit has no place on the board"
    );
    assert_eq!(shop.link(5).await, [0, 1, 19_900]);
    let grandchild = shop.click(6, "2026-11-18T01:00:00Z", "human").await;
    let deep = shop
        .take(and(sale("GC", NOW, "13900000032"), "click", grandchild))
        .await;
    assert_eq!(told(&deep), "- - uncredited");
    assert!(reasons(&deep).contains(&"reshare-deep".to_owned()));
}

async fn given_a_click_still_on_its_way_when_its_sale_comes_then_we_wait_and_decide_again_when_it_is_late(
    db: TestDb,
) {
    let shop = Shop::open(db).await;
    let (token, id) = shop.token("2026-11-18T01:59:59Z");
    let body = and(sale("SOON", NOW, "13900000041"), "click", token);
    let (answer, ()) = tokio::join!(shop.take(body), async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        shop.store_click(id, 1, "2026-11-18T01:59:59Z", "human").await;
    });
    assert_eq!(told(&answer), "Z3 click pending");
    let (token, id) = shop.token("2026-11-18T01:59:58Z");
    let body = and(sale("LATE", NOW, "13900000042"), "click", token);
    let lost = shop.take(body.clone()).await;
    assert_eq!(told(&lost), "- - uncredited");
    assert!(reasons(&lost).contains(&"click-not-loaded".to_owned()));
    assert_eq!(bole::app::redecide_late(&shop.app).await.unwrap(), 0);
    shop.store_click(id, 2, "2026-11-18T01:59:58Z", "human").await;
    assert_eq!(bole::app::redecide_late(&shop.app).await.unwrap(), 1);
    assert_eq!(told(&shop.get("/conversions/LATE").await), "L4 click pending");
    assert_eq!(shop.board(2, "2026-11-18").await, [0, 1, 19_900]);
    assert_eq!(bole::app::redecide_late(&shop.app).await.unwrap(), 0, "once");
    shop.post("/conversions", body).await.is(200);
}

async fn given_a_lead_of_a_person_when_more_of_them_come_then_one_counts_and_orders_go_on(db: TestDb) {
    let shop = Shop::open(db).await;
    let mut answers = Vec::new();
    for n in 0..4 {
        let when = later("2026-11-18T00:00:00Z", n * 1_200_000);
        let click = shop.click(1, &when, "human").await;
        let body = lead(&format!("L-{n}"), &later(&when, 60_000), "13900000071");
        answers.push(shop.take(and(body, "click", click)).await);
    }
    assert_eq!(told(&answers[0]), "Z3 click pending");
    for answer in &answers[1..] {
        assert_eq!(told(answer), "- - uncredited");
        assert!(reasons(answer).contains(&"lead-known".to_owned()), "{answer}");
    }
    assert_eq!(shop.board(1, "2026-11-18").await, [1, 0, 0]);
    let order = shop.take(sale("O", NOW, "13900000071")).await;
    assert_eq!(told(&order), "Z3 customer pending", "the lead becomes an order");
}

async fn given_a_lead_found_void_when_the_person_comes_again_then_they_are_new_and_who_was_known_is_not(
    db: TestDb,
) {
    let shop = Shop::open(db).await;
    let click = shop.click(1, "2026-11-18T00:00:00Z", "human").await;
    let body = and(
        lead("L", "2026-11-18T00:10:00Z", "13900000071"),
        "click",
        click.clone(),
    );
    assert_eq!(told(&shop.take(body).await), "Z3 click pending");
    let void = json!({ "decision": "rejected", "reason": "空号" });
    shop.post("/conversions/L/decision", void).await.is(200);
    assert_eq!(shop.board(1, "2026-11-18").await, [0, 0, 0]);
    let stranger = shop.take(lead("N", "2026-11-18T00:20:00Z", "13900000072")).await;
    assert_eq!(told(&stranger), "- - uncredited");
    let again = shop.click(1, "2026-11-18T01:50:00Z", "human").await;
    let real = shop
        .take(and(lead("L-2", NOW, "13900000071"), "click", again.clone()))
        .await;
    assert_eq!(
        told(&real),
        "Z3 click pending",
        "a void lead made nobody known: {real}"
    );
    let known = shop
        .take(and(lead("N-2", NOW, "13900000072"), "click", again))
        .await;
    assert_eq!(
        told(&known),
        "- - uncredited",
        "a lead is known, whoever is credited with it"
    );
    assert!(reasons(&known).contains(&"customer-known".to_owned()), "{known}");
    assert_eq!(shop.board(1, "2026-11-18").await, [1, 0, 0]);
}

both!(
    given_a_lead_of_a_person_when_more_of_them_come_then_one_counts_and_orders_go_on,
    given_a_lead_found_void_when_the_person_comes_again_then_they_are_new_and_who_was_known_is_not,
    given_a_click_when_its_token_comes_with_a_sale_then_its_employee_is_credited_and_booked,
    given_a_campaigns_own_window_when_it_is_over_then_nobody_is_credited_and_the_need_is_said,
    given_each_class_of_click_when_it_converts_then_only_people_credit_and_the_doubtful_are_held,
    given_a_coupon_when_it_is_redeemed_then_it_comes_first_and_when_not_the_click_decides,
    given_a_customer_when_they_come_again_then_binding_protection_and_novelty_decide,
    given_known_customers_when_imported_then_only_as_hashes_and_they_are_not_new,
    given_contacts_that_lead_to_two_customers_when_one_order_names_both_then_they_are_one,
    given_own_contacts_leavers_and_visitors_links_when_they_convert_then_as_the_rules_say,
    given_a_click_still_on_its_way_when_its_sale_comes_then_we_wait_and_decide_again_when_it_is_late
);
