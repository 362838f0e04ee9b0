//! The points shop: one transaction for points, stock and order; one buyer for the last one.

use bole::app::filing::Filed;
use bole::app::people::{EmployeeChanges, change_employee};
use bole::app::shop::{ItemWish, Redemption, ShopError, cancel_order, hand_over, put_item, redeem};
use bole::app::{Actor, App};
use bole::domain::{EmployeeId, ItemKind, LimitPeriod};
use bole::points::{Bar, Rule};
use bole::storage::points::{NewEntry, award};
use bole::storage::shop::{OrderFilter, OrderRow};
use jiff::civil::date;

use super::{firm, manager, own};
use crate::support::{TestDb, at};

/// Gives a person points, as if clicks had earned them.
pub async fn earn(app: &App, employee: i64, points: i64) {
    let entry = NewEntry {
        employee: EmployeeId(employee),
        rule: Rule::Click,
        source: format!("click:test-{employee}-{points}"),
        points,
        at: app.clock.now_ms(),
        day: app.today(),
        note: String::new(),
    };
    let mut tx = app.store.begin().await.unwrap();
    assert_eq!(award(&mut tx, &[entry], app.clock.now_ms()).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

/// A coffee for 100 points.
pub fn coffee() -> ItemWish {
    ItemWish {
        title: "咖啡券".into(),
        description: "任意门店中杯".into(),
        kind: ItemKind::Voucher,
        price: 100,
        stock: Some(1),
        stock_seen: None,
        limit_count: None,
        limit_period: LimitPeriod::Month,
        starts_on: None,
        ends_on: None,
        use_days: Some(30),
        on_sale: true,
        teams: Vec::new(),
    }
}

async fn offer(app: &App, wish: &ItemWish) -> i64 {
    put_item(app, &manager(3), None, wish).await.unwrap()
}

async fn buy(app: &App, employee: i64, item: i64, once: &str) -> Result<Filed<OrderRow>, ShopError> {
    let wish = Redemption {
        item,
        price: 100,
        once,
    };
    redeem(app, &own(employee), wish).await
}

async fn balance(app: &App, employee: i64) -> i64 {
    app.store.point_balance(EmployeeId(employee)).await.unwrap()
}

async fn stock(app: &App, item: i64) -> Option<i64> {
    let items = app.store.shop_items().await.unwrap();
    items.iter().find(|i| i.id == item).expect("the item").facts.stock
}

fn barred(result: &Result<Filed<OrderRow>, ShopError>) -> Option<Bar> {
    match result {
        Err(ShopError::Barred(why)) => Some(*why),
        _ => None,
    }
}

async fn given_the_last_voucher_when_bought_twice_at_once_then_one_has_it_and_the_other_is_told(db: TestDb) {
    let app = firm(&db).await;
    let item = offer(&app, &coffee()).await;
    earn(&app, 1, 150).await;
    earn(&app, 2, 150).await;
    let (one, two) = tokio::join!(buy(&app, 1, item, "one"), buy(&app, 2, item, "two"));
    let won = [one.is_ok(), two.is_ok()];
    assert_eq!(won.iter().filter(|w| **w).count(), 1, "{one:?} {two:?}");
    let (winner, loser, other) = if won[0] { (1, 2, &two) } else { (2, 1, &one) };
    assert_eq!(barred(other), Some(Bar::SoldOut));
    assert_eq!(
        (balance(&app, winner).await, balance(&app, loser).await),
        (50, 150)
    );
    assert_eq!(stock(&app, item).await, Some(0));
    assert_eq!(
        app.store
            .orders(OrderFilter::default(), None, 10)
            .await
            .unwrap()
            .len(),
        1
    );
}

async fn given_one_form_when_sent_twice_at_once_then_it_is_one_order_and_paid_once(db: TestDb) {
    let app = firm(&db).await;
    let item = offer(
        &app,
        &ItemWish {
            stock: Some(9),
            ..coffee()
        },
    )
    .await;
    earn(&app, 1, 1000).await;
    let (one, two) = tokio::join!(buy(&app, 1, item, "same"), buy(&app, 1, item, "same"));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert!(
        matches!(
            (&one, &two),
            (Filed::New(_), Filed::Known(_)) | (Filed::Known(_), Filed::New(_))
        ),
        "{one:?} {two:?}"
    );
    assert_eq!(one.into_inner().id, two.into_inner().id);
    assert_eq!((balance(&app, 1).await, stock(&app, item).await), (900, Some(8)));
}

async fn given_a_person_with_two_forms_when_sent_at_once_then_the_balance_and_the_limit_hold(db: TestDb) {
    let app = firm(&db).await;
    let limited = ItemWish {
        stock: None,
        limit_count: Some(1),
        ..coffee()
    };
    let item = offer(&app, &limited).await;
    earn(&app, 1, 1000).await;
    let (one, two) = tokio::join!(buy(&app, 1, item, "a"), buy(&app, 1, item, "b"));
    let told: Vec<_> = [&one, &two].into_iter().filter_map(barred).collect();
    assert_eq!(told, [Bar::Limit], "{one:?} {two:?}");
    // Next month the count begins anew.
    db.clock.set(at("2026-11-30T16:00:00Z"));
    assert!(buy(&app, 1, item, "c").await.is_ok());

    let free = offer(
        &app,
        &ItemWish {
            stock: None,
            ..coffee()
        },
    )
    .await;
    earn(&app, 2, 150).await;
    let (one, two) = tokio::join!(buy(&app, 2, free, "a"), buy(&app, 2, free, "b"));
    let told: Vec<_> = [&one, &two].into_iter().filter_map(barred).collect();
    assert_eq!(told, [Bar::Balance], "{one:?} {two:?}");
    assert_eq!(balance(&app, 2).await, 50);
}

async fn given_an_order_when_called_off_then_points_and_stock_come_back_once(db: TestDb) {
    let app = firm(&db).await;
    let item = offer(&app, &coffee()).await;
    earn(&app, 1, 100).await;
    let order = buy(&app, 1, item, "a").await.unwrap().into_inner();
    assert!(matches!(
        cancel_order(&app, &own(2), order.id, "").await,
        Err(ShopError::NotFound(_))
    ));
    assert!(matches!(
        cancel_order(&app, &manager(2), order.id, " ").await,
        Err(ShopError::Field("reason"))
    ));
    let (mine, theirs) = (own(1), manager(2));
    let (one, two) = tokio::join!(
        cancel_order(&app, &mine, order.id, ""),
        cancel_order(&app, &theirs, order.id, "没货了")
    );
    assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    assert_eq!((balance(&app, 1).await, stock(&app, item).await), (100, Some(1)));
    assert!(matches!(
        hand_over(&app, &manager(2), order.id, "X").await,
        Err(ShopError::Settled)
    ));
}

async fn given_an_order_when_handed_over_then_its_time_runs_and_it_cannot_be_called_off(db: TestDb) {
    let app = firm(&db).await;
    let item = offer(
        &app,
        &ItemWish {
            stock: Some(5),
            ..coffee()
        },
    )
    .await;
    earn(&app, 1, 100).await;
    let order = buy(&app, 1, item, "a").await.unwrap().into_inner();
    assert!(
        matches!(
            hand_over(&app, &manager(1), order.id, "C-1").await,
            Err(ShopError::Forbidden(_))
        ),
        "nobody hands over to themselves"
    );
    assert!(matches!(
        hand_over(&app, &own(2), order.id, "C-1").await,
        Err(ShopError::Forbidden(_))
    ));
    let handed = hand_over(&app, &manager(2), order.id, " C-1 ").await.unwrap();
    assert_eq!(handed.code.as_deref(), Some("C-1"));
    assert_eq!(handed.use_by.as_deref(), Some("2026-12-18"));
    assert!(matches!(
        cancel_order(&app, &own(1), order.id, "").await,
        Err(ShopError::Settled)
    ));
    assert_eq!(balance(&app, 1).await, 0);
}

async fn given_what_stands_in_the_way_when_redeeming_then_it_is_named_and_nothing_is_stored(db: TestDb) {
    let app = firm(&db).await;
    earn(&app, 1, 1000).await;
    earn(&app, 3, 1000).await;
    for (wish, why) in [
        (
            ItemWish {
                on_sale: false,
                ..coffee()
            },
            Bar::OffSale,
        ),
        (
            ItemWish {
                starts_on: Some(date(2026, 11, 19)),
                ..coffee()
            },
            Bar::NotYet,
        ),
        (
            ItemWish {
                ends_on: Some(date(2026, 11, 17)),
                ..coffee()
            },
            Bar::Over,
        ),
        (
            ItemWish {
                teams: vec![2],
                ..coffee()
            },
            Bar::OtherTeam,
        ),
        (
            ItemWish {
                stock: Some(0),
                ..coffee()
            },
            Bar::SoldOut,
        ),
        (
            ItemWish {
                price: 1001,
                ..coffee()
            },
            Bar::Balance,
        ),
    ] {
        let item = offer(&app, &wish).await;
        assert_eq!(barred(&buy(&app, 1, item, "x").await), Some(why));
    }
    let dearer = offer(
        &app,
        &ItemWish {
            price: 200,
            ..coffee()
        },
    )
    .await;
    assert!(matches!(
        buy(&app, 1, dearer, "x").await,
        Err(ShopError::Price(200))
    ));
    let south = offer(
        &app,
        &ItemWish {
            teams: vec![2],
            ..coffee()
        },
    )
    .await;
    assert!(buy(&app, 3, south, "x").await.is_ok());
    for once in ["", "a b", &"x".repeat(41)] {
        assert!(matches!(
            buy(&app, 1, south, once).await,
            Err(ShopError::Field("once"))
        ));
    }
    assert_eq!(balance(&app, 1).await, 1000);
    for wrong in [
        ItemWish {
            title: " ".into(),
            ..coffee()
        },
        ItemWish { price: 0, ..coffee() },
        ItemWish {
            stock: Some(-1),
            ..coffee()
        },
        ItemWish {
            teams: vec![99],
            ..coffee()
        },
    ] {
        assert!(put_item(&app, &manager(3), None, &wrong).await.is_err());
    }
    assert!(put_item(&app, &own(1), None, &coffee()).await.is_err());
}

async fn given_a_manager_who_types_while_one_is_sold_then_what_was_sold_stays_sold(db: TestDb) {
    let app = firm(&db).await;
    let item = offer(
        &app,
        &ItemWish {
            stock: Some(5),
            ..coffee()
        },
    )
    .await;
    earn(&app, 1, 100).await;
    buy(&app, 1, item, "a").await.unwrap();
    let wish = ItemWish {
        stock: Some(15),
        stock_seen: Some(5),
        ..coffee()
    };
    put_item(&app, &manager(3), Some(item), &wish).await.unwrap();
    assert_eq!(stock(&app, item).await, Some(14));
    // What no form shows is no stock anybody saw.
    for seen in [i64::MIN, -1, i64::MAX] {
        let wish = ItemWish {
            stock: Some(7),
            stock_seen: Some(seen),
            ..coffee()
        };
        put_item(&app, &manager(3), Some(item), &wish).await.unwrap();
        assert_eq!(stock(&app, item).await, Some(7), "{seen}");
    }
}

async fn given_somebody_who_left_when_the_chore_comes_then_their_open_orders_are_called_off(db: TestDb) {
    let app = firm(&db).await;
    let item = offer(&app, &coffee()).await;
    earn(&app, 1, 150).await;
    buy(&app, 1, item, "a").await.unwrap();
    let leave = EmployeeChanges {
        left_on: Some(Some(date(2026, 11, 18))),
        ..EmployeeChanges::default()
    };
    change_employee(&app, &Actor::System, "Z3", &leave).await.unwrap();
    let chore = bole::chores::TABLE
        .iter()
        .find(|c| c.name == "call off what leavers ordered");
    let chore = chore.expect("the chore");
    assert_eq!(
        (chore.run)(&app).await.unwrap(),
        0,
        "the last day is a working day"
    );
    db.clock.set(at("2026-11-19T02:00:00Z"));
    assert_eq!((chore.run)(&app).await.unwrap(), 1);
    assert_eq!((chore.run)(&app).await.unwrap(), 0);
    assert_eq!((balance(&app, 1).await, stock(&app, item).await), (150, Some(1)));
    assert_eq!(barred(&buy(&app, 1, item, "b").await), Some(Bar::Left));
}

both!(
    given_the_last_voucher_when_bought_twice_at_once_then_one_has_it_and_the_other_is_told,
    given_one_form_when_sent_twice_at_once_then_it_is_one_order_and_paid_once,
    given_a_person_with_two_forms_when_sent_at_once_then_the_balance_and_the_limit_hold,
    given_an_order_when_called_off_then_points_and_stock_come_back_once,
    given_an_order_when_handed_over_then_its_time_runs_and_it_cannot_be_called_off,
    given_what_stands_in_the_way_when_redeeming_then_it_is_named_and_nothing_is_stored,
    given_a_manager_who_types_while_one_is_sold_then_what_was_sold_stays_sold,
    given_somebody_who_left_when_the_chore_comes_then_their_open_orders_are_called_off,
);
