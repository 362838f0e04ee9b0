//! Decisions on suspicions: what they move, and what they leave alone.

use std::time::Duration;

use bole::app::suspect::{Decision, decide_on_suspicion};
use bole::app::{Actor, Refused, slices};
use bole::attribution::odd::Odd;
use bole::domain::{Class, EmployeeId};
use bole::storage::suspicions::{Evidence, file_suspicion};
use bole::storage::{Tx, lock_loaders};

use super::*;
use crate::support::Kind;

fn manager() -> Actor {
    Actor::Account {
        id: 99,
        roles: vec![Role::Manager],
        employee: None,
    }
}

/// 张三's day: an order three seconds after its click, and another half an hour after another click.
async fn two_orders(db: TestDb) -> Shop {
    let shop = Shop::open(db).await;
    let fast = shop.click(1, "2026-11-18T00:30:00Z", "human").await;
    shop.take(and(
        sale("FAST", "2026-11-18T00:30:03Z", "13900000001"),
        "click",
        fast,
    ))
    .await;
    let slow = shop.click(1, "2026-11-18T01:00:00Z", "human").await;
    shop.take(and(
        sale("SLOW", "2026-11-18T01:30:00Z", "13900000002"),
        "click",
        slow,
    ))
    .await;
    slices::count_due(&shop.app).await.unwrap();
    shop
}

/// The suspicion of this kind.
async fn of_kind(shop: &Shop, kind: Odd) -> i64 {
    let open = shop.app.store.suspicions("open", 0, 10).await.unwrap();
    open.iter().find(|s| s.kind == kind).expect("a suspicion").id
}

/// States of both orders.
async fn states(shop: &Shop) -> [String; 2] {
    let mut found = [String::new(), String::new()];
    for (slot, id) in found.iter_mut().zip(["FAST", "SLOW"]) {
        *slot = shop
            .app
            .store
            .conversion(id)
            .await
            .unwrap()
            .unwrap()
            .status
            .to_string();
    }
    found
}

async fn decided(shop: &Shop, id: i64, decision: Decision) -> Result<String, Refused> {
    let done = decide_on_suspicion(&shop.app, &manager(), id, decision, "看过监控").await;
    done.map(|s| s.status)
}

async fn given_an_order_right_after_its_click_when_confirmed_then_the_days_other_orders_stand(db: TestDb) {
    let shop = two_orders(db).await;
    let id = of_kind(&shop, Odd::Instant).await;
    assert_eq!(decided(&shop, id, Decision::Hold).await.unwrap(), "held");
    assert_eq!(states(&shop).await, ["held", "pending"]);
    let confirm = Decision::Confirm(Class::Suspect);
    assert_eq!(decided(&shop, id, confirm).await.unwrap(), "confirmed");
    assert_eq!(states(&shop).await, ["rejected", "pending"]);
    let moved = "select count(*) from clicks where class = 'suspect'";
    assert_eq!(shop.db.number(moved).await, 1, "the click of that order alone");
    assert_eq!(shop.board(1, "2026-11-18").await, [0, 1, 19_900]);
}

async fn given_an_order_under_two_signs_when_one_is_cleared_then_the_other_still_holds_it(db: TestDb) {
    let shop = two_orders(db).await;
    let mut tx = shop.app.store.begin().await.unwrap();
    let day = "2026-11-18".parse().unwrap();
    let found = (Odd::Regular, 10, 10);
    file_suspicion(&mut tx, EmployeeId(1), day, found, &Evidence::default(), 1)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let (instant, regular) = (
        of_kind(&shop, Odd::Instant).await,
        of_kind(&shop, Odd::Regular).await,
    );
    decided(&shop, instant, Decision::Hold).await.unwrap();
    decided(&shop, regular, Decision::Hold).await.unwrap();
    assert_eq!(states(&shop).await, ["held", "held"]);
    decided(&shop, instant, Decision::Clear).await.unwrap();
    assert_eq!(
        states(&shop).await,
        ["held", "held"],
        "the other sign still holds it"
    );
    decided(&shop, regular, Decision::Clear).await.unwrap();
    assert_eq!(states(&shop).await, ["pending", "pending"]);
}

async fn given_a_decision_that_breaks_off_when_taken_again_then_it_has_its_effect(db: TestDb) {
    let shop = two_orders(db).await;
    let id = of_kind(&shop, Odd::Instant).await;
    let (bar, lift) = match shop.db.kind {
        Kind::Sqlite => (
            "create trigger bar before update of status on conversions begin select raise(abort, 'no'); end",
            "drop trigger bar",
        ),
        Kind::Postgres => (
            "create function bar() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$; \
             create trigger bar before update of status on conversions for each row execute function bar()",
            "drop trigger bar on conversions",
        ),
    };
    shop.db.sql(bar).await;
    let confirm = Decision::Confirm(Class::Suspect);
    let broken = decided(&shop, id, confirm).await;
    assert!(matches!(broken, Err(Refused::Store(_))), "{broken:?}");
    shop.db.sql(lift).await;
    assert_eq!(of_kind(&shop, Odd::Instant).await, id, "nothing was decided");
    assert_eq!(decided(&shop, id, confirm).await.unwrap(), "confirmed");
    assert_eq!(states(&shop).await, ["rejected", "pending"]);
    let again = decided(&shop, id, Decision::Clear).await;
    assert!(matches!(again, Err(Refused::Conflict(_))), "{again:?}");
}

async fn given_a_loader_at_its_batch_when_a_suspicion_is_confirmed_then_the_decision_waits_with_nothing_booked(
    db: TestDb,
) {
    let shop = two_orders(db).await;
    let id = of_kind(&shop, Odd::Instant).await;
    let mut batch = shop.app.store.begin().await.unwrap();
    lock_loaders(&mut batch).await.unwrap();
    let loader = async {
        // Long enough for the decision to come to where it waits for the loader.
        tokio::time::sleep(Duration::from_millis(400)).await;
        let books = "update employee_day set human = human where employee_id = 1";
        let done = match &mut batch {
            Tx::Sqlite(tx) => sqlx::query(books)
                .execute(&mut **tx)
                .await
                .unwrap()
                .rows_affected(),
            Tx::Postgres(tx) => {
                let patience = "set local lock_timeout = '300ms'";
                sqlx::query(patience).execute(&mut **tx).await.unwrap();
                let done = sqlx::query(books).execute(&mut **tx).await;
                done.expect("the decision holds no row the loader books into")
                    .rows_affected()
            }
        };
        assert!(done > 0);
        batch.commit().await.unwrap();
    };
    let confirm = Decision::Confirm(Class::Suspect);
    let (decision, ()) = tokio::join!(decided(&shop, id, confirm), loader);
    assert_eq!(decision.unwrap(), "confirmed");
    assert_eq!(states(&shop).await, ["rejected", "pending"]);
}

both!(
    given_an_order_right_after_its_click_when_confirmed_then_the_days_other_orders_stand,
    given_an_order_under_two_signs_when_one_is_cleared_then_the_other_still_holds_it,
    given_a_decision_that_breaks_off_when_taken_again_then_it_has_its_effect,
    given_a_loader_at_its_batch_when_a_suspicion_is_confirmed_then_the_decision_waits_with_nothing_booked,
);
