//! Boards that are due: nothing that comes later gets in, whoever comes first.

use std::sync::Arc;

use bole::app::{AppParts, LinkWatch, Outside};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;

/// A node whose spool is in the store, or not.
struct Node {
    loaded: bool,
}

#[async_trait::async_trait]
impl LinkWatch for Node {
    async fn changed(&self) {}

    fn caught_up(&self) -> bool {
        self.loaded
    }
}

/// The same shop on a node of a server.
fn on_node(mut shop: Shop, loaded: bool) -> Shop {
    shop.app = App::new(AppParts {
        store: shop.app.store.clone(),
        clock: shop.db.clock.clone(),
        rng: StdRng::seed_from_u64(1),
        programme: shop.app.programme.clone(),
        urls: shop.app.urls.clone(),
        secrets: shop.app.secrets.clone(),
        watch: Arc::new(Node { loaded }),
        outside: Outside::default(),
    });
    shop.router = router(Web::new(shop.app.clone()));
    shop
}

const WEEK: &str = "/leaderboard?period=2026-W47&metric=sales&by=employee";

/// An order of the week by 张三's coupon.
async fn order(shop: &Shop, id: &str) -> String {
    let body = and(
        sale(id, "2026-11-19T02:00:00Z", &format!("1390000{id}")),
        "coupon",
        "Z10",
    );
    told(&shop.take(body).await)
}

/// Whether the week is frozen, and 张三's amount on it.
async fn week(shop: &Shop) -> (bool, String) {
    let board = shop.get(WEEK).await;
    let value = board["rows"][0]["value"].as_str().unwrap_or("-").to_owned();
    (board["period"]["frozen"] == true, value)
}

async fn given_a_week_over_for_a_day_when_its_board_is_asked_for_then_it_is_frozen_before_anything_later(
    db: TestDb,
) {
    let shop = on_node(Shop::open(db).await, true);
    shop.db.clock.set(at("2026-11-23T15:59:59.999Z"));
    order(&shop, "0001").await;
    assert_eq!(
        week(&shop).await,
        (false, "199.00".to_owned()),
        "a millisecond before"
    );
    order(&shop, "0002").await;
    shop.db.clock.advance_ms(1);
    assert_eq!(week(&shop).await, (true, "398.00".to_owned()));
    order(&shop, "0003").await;
    assert_eq!(
        week(&shop).await,
        (true, "398.00".to_owned()),
        "booked, and not on the board"
    );
    assert_eq!(shop.board(1, "2026-11-19").await, [0, 3, 59_700]);
    assert_eq!(
        shop.db
            .number("select count(*) from audit_log where action = 'board.freeze' and subject = '2026-W47'")
            .await,
        1
    );
}

async fn given_a_week_over_for_a_day_when_an_order_of_it_comes_first_then_it_is_not_on_the_board(db: TestDb) {
    let shop = on_node(Shop::open(db).await, true);
    shop.db.clock.set(at("2026-11-23T15:59:59.999Z"));
    order(&shop, "0001").await;
    shop.db.clock.advance_ms(1);
    assert_eq!(order(&shop, "0002").await, "Z3 coupon pending");
    assert_eq!(week(&shop).await, (true, "199.00".to_owned()));
}

/// Takes the second of two orders back at the instant their week is due; the board stays what it was.
async fn taken_back(db: TestDb, how: &str, body: Value) {
    let shop = on_node(Shop::open(db).await, true);
    shop.db.clock.set(at("2026-11-23T15:59:59.999Z"));
    order(&shop, "0001").await;
    order(&shop, "0002").await;
    shop.db.clock.advance_ms(1);
    let done = shop.post(&format!("/conversions/0002/{how}"), body).await;
    assert!(done.status.is_success(), "{}", done.body);
    assert_eq!(shop.board(1, "2026-11-19").await, [0, 1, 19_900]);
    assert_eq!(week(&shop).await, (true, "398.00".to_owned()));
}

async fn given_a_week_over_for_a_day_when_a_refund_of_it_comes_first_then_the_board_is_what_it_was(
    db: TestDb,
) {
    let body = json!({ "external_id": "R", "amount": "199.00", "occurred_at": "2026-11-20T02:00:00Z" });
    taken_back(db, "refunds", body).await;
}

async fn given_a_week_over_for_a_day_when_an_order_of_it_is_rejected_first_then_the_board_is_what_it_was(
    db: TestDb,
) {
    let body = json!({ "decision": "rejected", "reason": "退单" });
    taken_back(db, "decision", body).await;
}

async fn given_a_week_over_for_a_day_when_a_record_proves_a_claim_of_it_first_then_it_is_not_on_the_board(
    db: TestDb,
) {
    let shop = on_node(Shop::open(db).await, true);
    // Whoever filed a claim proves nothing.
    shop.make_key("crm", Role::Verifier, None).await;
    shop.db.clock.set(at("2026-11-23T15:59:59.999Z"));
    order(&shop, "0001").await;
    let claim = json!({ "employee": "Z3", "kind": "sale", "customer": { "name": "王女士", "phone": "13900000009" },
        "amount": "200.00", "occurred_on": "2026-11-19", "story": "聊了三周" });
    let claim = shop.post("/claims", claim).await.is(201);
    shop.db.clock.advance_ms(1);
    let record = json!({ "external_id": "R-1", "customer": { "phone": "13900000009" }, "source_note": "员工推荐-Z3",
        "created_by": "前台", "occurred_on": "2026-11-19" });
    let taken = shop
        .with_key("crm", Method::POST, "/crm/records", Some(record))
        .await
        .is(201);
    assert_eq!(taken["verified_claims"], json!([claim["id"]]));
    assert_eq!(shop.board(1, "2026-11-19").await, [0, 2, 39_900]);
    assert_eq!(week(&shop).await, (true, "199.00".to_owned()));
}

async fn given_a_week_over_for_a_day_when_a_claim_of_it_is_verified_first_then_it_is_not_on_the_board(
    db: TestDb,
) {
    let shop = on_node(Shop::open(db).await, true);
    shop.make_key("verifier", Role::Verifier, None).await;
    shop.db.clock.set(at("2026-11-23T15:59:59.999Z"));
    order(&shop, "0001").await;
    let claim = json!({ "employee": "Z3", "kind": "sale", "customer": { "name": "王女士", "phone": "13900000009" },
        "amount": "200.00", "occurred_on": "2026-11-19", "story": "聊了三周" });
    let claim = shop.post("/claims", claim).await.is(201);
    shop.db.clock.advance_ms(1);
    let verified = json!({ "decision": "verified", "reason": "对过账" });
    let path = format!("/claims/{}/decision", claim["id"]);
    shop.with_key("verifier", Method::POST, &path, Some(verified))
        .await
        .is(200);
    assert_eq!(shop.board(1, "2026-11-19").await, [0, 2, 39_900]);
    assert_eq!(week(&shop).await, (true, "199.00".to_owned()));
}

async fn given_a_week_over_for_a_day_when_a_click_of_it_is_overruled_first_then_the_board_is_what_it_was(
    db: TestDb,
) {
    let shop = on_node(Shop::open(db).await, true);
    shop.db.clock.set(at("2026-11-23T15:59:59.999Z"));
    let (token, click) = shop.token("2026-11-19T01:00:00Z");
    shop.store_click(click, 1, "2026-11-19T01:00:00Z", "human").await;
    let body = and(sale("O", "2026-11-19T02:00:00Z", "13900000001"), "click", token);
    assert_eq!(told(&shop.take(body).await), "Z3 click pending");
    shop.db.clock.advance_ms(1);
    let bot = json!({ "class": "bot", "reason": "看过记录" });
    shop.post(&format!("/clicks/{click}/class"), bot).await.is(200);
    assert_eq!(shop.board(1, "2026-11-19").await, [0, 0, 0]);
    assert_eq!(week(&shop).await, (true, "199.00".to_owned()));
}

async fn given_a_board_that_cannot_be_frozen_when_an_order_comes_then_it_is_taken_all_the_same(db: TestDb) {
    let shop = on_node(Shop::open(db).await, true);
    shop.db.clock.set(at("2026-11-23T15:59:59.999Z"));
    order(&shop, "0001").await;
    let bar = match shop.db.kind {
        crate::support::Kind::Sqlite => {
            "create trigger bar before insert on boards begin select raise(abort, 'no'); end"
        }
        crate::support::Kind::Postgres => {
            "create function bar() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$; \
             create trigger bar before insert on boards for each row execute function bar()"
        }
    };
    shop.db.sql(bar).await;
    shop.db.clock.advance_ms(1);
    assert_eq!(order(&shop, "0002").await, "Z3 coupon pending");
    assert_eq!(shop.db.number("select count(*) from boards").await, 0);
}

async fn given_a_spool_that_is_not_loaded_when_a_due_board_is_asked_for_then_it_stays_open(db: TestDb) {
    let shop = on_node(Shop::open(db).await, false);
    shop.db.clock.set(at("2026-11-20T00:00:00Z"));
    order(&shop, "0001").await;
    shop.db.clock.set(at("2026-11-23T16:00:00Z"));
    order(&shop, "0002").await;
    assert_eq!(week(&shop).await, (false, "398.00".to_owned()));
}

async fn given_a_week_over_for_a_day_when_a_sign_holds_an_order_of_it_first_then_the_board_is_what_it_was(
    db: TestDb,
) {
    let shop = on_node(Shop::open(db).await, true);
    shop.db.clock.set(at("2026-11-23T15:59:59.999Z"));
    let click = shop.click(1, "2026-11-19T00:30:00Z", "human").await;
    let fast = sale("FAST", "2026-11-19T00:30:03Z", "13900000001");
    assert_eq!(
        told(&shop.take(and(fast, "click", click)).await),
        "Z3 click pending"
    );
    shop.db.clock.advance_ms(1);
    bole::app::slices::count_due(&shop.app).await.unwrap();
    assert_eq!(shop.board(1, "2026-11-19").await, [0, 0, 0], "it waits");
    assert_eq!(week(&shop).await, (true, "199.00".to_owned()));
}

both!(
    given_a_week_over_for_a_day_when_a_sign_holds_an_order_of_it_first_then_the_board_is_what_it_was,
    given_a_week_over_for_a_day_when_its_board_is_asked_for_then_it_is_frozen_before_anything_later,
    given_a_week_over_for_a_day_when_an_order_of_it_comes_first_then_it_is_not_on_the_board,
    given_a_week_over_for_a_day_when_a_refund_of_it_comes_first_then_the_board_is_what_it_was,
    given_a_week_over_for_a_day_when_an_order_of_it_is_rejected_first_then_the_board_is_what_it_was,
    given_a_week_over_for_a_day_when_a_record_proves_a_claim_of_it_first_then_it_is_not_on_the_board,
    given_a_week_over_for_a_day_when_a_claim_of_it_is_verified_first_then_it_is_not_on_the_board,
    given_a_week_over_for_a_day_when_a_click_of_it_is_overruled_first_then_the_board_is_what_it_was,
    given_a_board_that_cannot_be_frozen_when_an_order_comes_then_it_is_taken_all_the_same,
    given_a_spool_that_is_not_loaded_when_a_due_board_is_asked_for_then_it_stays_open,
);
