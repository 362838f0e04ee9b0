//! Whatever happens in whatever order, the rollups are what a recount of the rows gives.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng};
use serde_json::json;

use super::*;

/// Rows in which a rollup and a recount of the conversions differ.
async fn differences(shop: &Shop) -> [i64; 3] {
    let sums = "sum(case when kind = 'lead' then 1 else 0 end) as leads, sum(case when kind = 'sale' then 1 else 0 end) as sales, \
                sum(amount - refunded) as amount from conversions where status in ('pending', 'approved', 'paid')";
    let differ = "where coalesce(c.leads, 0) <> coalesce(r.leads, 0) or coalesce(c.sales, 0) <> coalesce(r.sales, 0) \
                  or coalesce(c.amount, 0) <> coalesce(r.amount, 0)";
    let by_day = format!(
        "select count(*) from (select credited_to as who, day, {sums} and credited_to is not null group by credited_to, day) c \
         full join employee_day r on r.employee_id = c.who and r.day = c.day {differ}"
    );
    let by_link = format!(
        "select count(*) from (select link_id as link, {sums} and link_id is not null group by link_id) c \
         full join (select link_id, sum(leads) as leads, sum(sales) as sales, sum(amount) as amount from \
         (select * from link_totals union all select * from link_recent) as x group by link_id) r on r.link_id = c.link {differ}"
    );
    let by_hour = format!(
        "select count(*) from (select campaign_id as campaign, channel, occurred_at - occurred_at % 3600000 as hour, {sums} \
         and campaign_id is not null group by campaign_id, channel, occurred_at - occurred_at % 3600000) c \
         full join campaign_hour r on r.campaign_id = c.campaign and r.channel = c.channel and r.hour = c.hour {differ}"
    );
    [
        shop.db.number(&by_day).await,
        shop.db.number(&by_link).await,
        shop.db.number(&by_hour).await,
    ]
}

async fn given_months_of_orders_refunds_and_verdicts_when_recounted_then_the_rollups_agree(db: TestDb) {
    let shop = Shop::open(db).await;
    let mut rng = StdRng::seed_from_u64(18);
    let classes = ["human", "human", "human", "repeat", "suspect", "bot"];
    let mut clicks = Vec::new();
    for _ in 0..40 {
        let when = later("2026-09-01T00:00:00Z", rng.random_range(0..70 * DAY));
        let link = rng.random_range(1..7);
        let class = classes[rng.random_range(0..classes.len())];
        clicks.push((shop.click(link, &when, class).await, when));
    }
    let mut taken: Vec<String> = Vec::new();
    for n in 0..250 {
        let known = (!taken.is_empty()).then(|| taken[rng.random_range(0..taken.len())].clone());
        match (rng.random_range(0..10), known) {
            (0..6, _) | (_, None) => {
                let (token, clicked) = &clicks[rng.random_range(0..clicks.len())];
                let when = later(clicked, rng.random_range(-DAY / 100..35 * DAY));
                if at(&when) > at(NOW) {
                    continue;
                }
                let phone = format!("139000000{:02}", rng.random_range(0..25));
                let id = format!("N{n}");
                let mut body = if rng.random_bool(0.3) {
                    lead(&id, &when, &phone)
                } else {
                    sale(&id, &when, &phone)
                };
                if rng.random_bool(0.7) {
                    body = and(body, "click", token.clone());
                }
                if rng.random_bool(0.2) {
                    body = and(body, "coupon", ["Z10", "L10"][rng.random_range(0..2)]);
                }
                shop.take(body).await;
                taken.push(id);
            }
            (6 | 7, Some(id)) => {
                let amount = format!("{}.50", rng.random_range(1..120));
                let body = json!({ "external_id": format!("R{n}"), "amount": amount, "occurred_at": NOW });
                let status = shop
                    .post(&format!("/conversions/{id}/refunds"), body)
                    .await
                    .status
                    .as_u16();
                assert!(matches!(status, 201 | 422), "{status}");
            }
            (_, Some(id)) => {
                let word = ["approved", "rejected", "held", "released"][rng.random_range(0..4)];
                let body = json!({ "decision": word, "reason": "抽查" });
                let status = shop
                    .post(&format!("/conversions/{id}/decision"), body)
                    .await
                    .status
                    .as_u16();
                assert!(matches!(status, 200 | 409), "{status}");
            }
        }
    }
    let credited = shop
        .db
        .number("select count(*) from conversions where credited_to is not null")
        .await;
    let states = shop
        .db
        .number("select count(distinct status) from conversions")
        .await;
    assert!(
        credited > 40 && states >= 5,
        "the run tries enough: {credited} credited, {states} states"
    );
    assert_eq!(differences(&shop).await, [0, 0, 0]);
}

both!(given_months_of_orders_refunds_and_verdicts_when_recounted_then_the_rollups_agree);
