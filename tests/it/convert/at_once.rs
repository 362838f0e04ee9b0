//! The same and different things at once.

use std::sync::Arc;

use serde_json::json;

use super::*;

/// Sends all of these at once.
async fn at_once(shop: &Shop, bodies: Vec<Value>) -> Vec<(u16, Value)> {
    let tasks: Vec<_> = bodies
        .into_iter()
        .map(|body| {
            let router = shop.router.clone();
            tokio::spawn(async move {
                let request = Request::post("/api/v1/conversions")
                    .header(header::AUTHORIZATION, "Bearer shop")
                    .header(header::CONTENT_TYPE, "application/json")
                    .body(Body::from(body.to_string()))
                    .unwrap();
                let response = router.oneshot(request).await.unwrap();
                let status = response.status().as_u16();
                let bytes = response.into_body().collect().await.unwrap().to_bytes();
                (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

async fn given_one_sale_when_sent_fifty_times_at_once_then_one_row_and_one_answer(db: TestDb) {
    let shop = Arc::new(Shop::open(db).await);
    let click = shop.click(1, "2026-11-18T01:00:00Z", "human").await;
    let body = and(
        and(sale("SAME", NOW, "13900000001"), "click", click),
        "coupon",
        "L10",
    );
    let answers = at_once(&shop, vec![body; 50]).await;
    let created = answers.iter().filter(|(status, _)| *status == 201).count();
    assert_eq!(
        created,
        1,
        "{:?}",
        answers.iter().map(|a| a.0).collect::<Vec<_>>()
    );
    assert!(answers.iter().all(|(status, _)| matches!(status, 200 | 201)));
    assert!(
        answers.iter().all(|(_, body)| *body == answers[0].1),
        "one answer"
    );
    assert_eq!(shop.db.number("select count(*) from conversions").await, 1);
    assert_eq!(
        shop.db.number("select redeemed from coupons where id = 2").await,
        1
    );
    assert_eq!(shop.board(2, "2026-11-18").await, [0, 1, 19_900]);
}

async fn given_one_id_when_sent_with_different_content_at_once_then_one_wins_and_the_others_conflict(
    db: TestDb,
) {
    let shop = Arc::new(Shop::open(db).await);
    let bodies = (0..50).map(|n| and(sale("ONE", NOW, "13900000001"), "amount", format!("{}.00", n + 1)));
    let answers = at_once(&shop, bodies.collect()).await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 201).count(), 1);
    assert_eq!(answers.iter().filter(|(status, _)| *status == 409).count(), 49);
    assert_eq!(shop.db.number("select count(*) from conversions").await, 1);
}

async fn given_a_coupon_for_two_when_thirty_orders_use_it_at_once_then_two_are_redeemed(db: TestDb) {
    let shop = Arc::new(Shop::open(db).await);
    let bodies = (0..30).map(|n| {
        and(
            sale(&format!("C{n}"), NOW, &format!("139000000{n:02}")),
            "coupon",
            "L10",
        )
    });
    let answers = at_once(&shop, bodies.collect()).await;
    assert!(answers.iter().all(|(status, _)| *status == 201));
    let credited = answers.iter().filter(|(_, body)| body["via"] == "coupon").count();
    assert_eq!(credited, 2);
    assert_eq!(
        shop.db.number("select redeemed from coupons where id = 2").await,
        2
    );
    assert_eq!(shop.board(2, "2026-11-18").await, [0, 2, 39_800]);
}

async fn given_a_new_customer_when_forty_orders_come_at_once_by_two_links_then_one_employee_has_them_all(
    db: TestDb,
) {
    let shop = Arc::new(Shop::open(db).await);
    let clicks = [
        shop.click(1, "2026-11-18T01:00:00Z", "human").await,
        shop.click(2, "2026-11-18T01:00:01Z", "human").await,
    ];
    // By phone, by phone and e-mail, by e-mail and id: all one customer.
    let bodies = (0..40).map(|n: usize| {
        let customer = match n % 3 {
            0 => json!({ "phone": "13900000001" }),
            1 => json!({ "phone": "139 0000 0001", "email": "c@d.cn" }),
            _ => json!({ "phone": "+8613900000001", "id": "C" }),
        };
        let body = and(sale(&format!("N{n}"), NOW, ""), "customer", customer);
        and(body, "click", clicks[n % 2].clone())
    });
    let answers = at_once(&shop, bodies.collect()).await;
    for (status, body) in &answers {
        assert_eq!(*status, 201, "{body}");
    }
    let owners: std::collections::BTreeSet<_> = answers
        .iter()
        .map(|(_, b)| b["credited_to"].to_string())
        .collect();
    assert_eq!(owners.len(), 1, "{owners:?}");
    let news = answers
        .iter()
        .filter(|(_, b)| reasons(b).contains(&"customer-new".to_owned()))
        .count();
    assert_eq!(news, 1, "only one of them was new");
    assert_eq!(shop.db.number("select count(*) from customers").await, 1);
    let [_, a, _] = shop.board(1, "2026-11-18").await;
    let [_, b, _] = shop.board(2, "2026-11-18").await;
    assert_eq!(a + b, 40);
}

async fn given_one_sale_when_refunded_from_all_sides_at_once_then_never_beyond_its_amount(db: TestDb) {
    let shop = Arc::new(Shop::open(db).await);
    let click = shop.click(1, "2026-11-18T01:00:00Z", "human").await;
    shop.take(and(sale("S", NOW, "13900000001"), "click", click))
        .await;
    let tasks: Vec<_> = (0..30)
        .map(|n| {
            let app = shop.app.clone();
            tokio::spawn(async move {
                let input = bole::app::RefundInput {
                    conversion: "S".into(),
                    external_id: format!("R{n}"),
                    amount: bole::domain::Money::from_minor(1990),
                    occurred_at: at(NOW),
                };
                bole::app::refund(&app, &bole::app::Actor::System, &input)
                    .await
                    .is_ok()
            })
        })
        .collect();
    let mut taken = 0;
    for task in tasks {
        taken += u32::from(task.await.unwrap());
    }
    assert_eq!(taken, 10);
    assert_eq!(shop.board(1, "2026-11-18").await, [0, 0, 0]);
    assert_eq!(shop.get("/conversions/S").await["status"], "refunded");
}

both!(
    given_one_sale_when_sent_fifty_times_at_once_then_one_row_and_one_answer,
    given_one_id_when_sent_with_different_content_at_once_then_one_wins_and_the_others_conflict,
    given_a_coupon_for_two_when_thirty_orders_use_it_at_once_then_two_are_redeemed,
    given_a_new_customer_when_forty_orders_come_at_once_by_two_links_then_one_employee_has_them_all,
    given_one_sale_when_refunded_from_all_sides_at_once_then_never_beyond_its_amount
);
