//! Several nodes on one store, and nodes that die.

use std::collections::BTreeMap;

use bole::storage::file_event;
use bole::tell::Event;
use serde_json::json;

use super::receiver::{Does, Receiver};
use super::{deliveries, outside, rig, sale, send, webhook};
use crate::points::rig::app_reaching;
use crate::support::TestDb;

async fn given_three_nodes_when_all_send_at_once_then_each_message_comes_exactly_once(db: TestDb) {
    let rig = rig(&db).await;
    let receiver = Receiver::open(Does::ok()).await;
    webhook(&rig, &receiver.url, &["sale.created"]).await;
    for n in 0..60 {
        sale(&rig, &format!("S-{n}")).await;
    }
    let (second, third) = (db.again().await, db.again().await);
    let apps = [
        rig.app.clone(),
        app_reaching(&db, &second, outside(), 8),
        app_reaching(&db, &third, outside(), 9),
    ];
    let (a, b, c) = tokio::join!(send(&apps[0]), send(&apps[1]), send(&apps[2]));
    assert_eq!(a + b + c, 60, "{a} + {b} + {c}");
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for got in receiver.take() {
        *times.entry(got.id().to_owned()).or_default() += 1;
    }
    assert_eq!(times.len(), 60);
    assert!(times.values().all(|n| *n == 1), "{times:?}");
    second.close().await;
    third.close().await;
}

async fn given_a_node_that_dies_between_sending_and_writing_it_down_when_its_lease_ends_then_the_message_comes_again(
    db: TestDb,
) {
    let rig = rig(&db).await;
    let receiver = Receiver::open(Does::Sleeps).await;
    let made = webhook(&rig, &receiver.url, &["sale.created"]).await;
    sale(&rig, "S-1").await;
    let dying = {
        let app = rig.app.clone();
        tokio::spawn(async move { send(&app).await })
    };
    receiver.wait_for(1).await;
    dying.abort();
    let _ = dying.await;
    let first = receiver.take();
    receiver.now_does(Does::ok());
    // Another node looks while the dead one's lease still runs.
    db.clock.advance_ms(59_000);
    assert_eq!(send(&rig.app).await, 0);
    assert_eq!(receiver.count(), 0);
    db.clock.advance_ms(1_000);
    assert_eq!(send(&rig.app).await, 1);
    let second = receiver.take();
    assert_eq!(second.len(), 1);
    assert_eq!(second[0].id(), first[0].id(), "the receiver knows it by its id");
    assert_eq!(second[0].body, first[0].body);
    assert_eq!(deliveries(&rig, &made).await, ["sent 1 200"]);
}

async fn given_a_transaction_that_is_rolled_back_when_sent_then_nobody_hears_of_it(db: TestDb) {
    let rig = rig(&db).await;
    let receiver = Receiver::open(Does::ok()).await;
    webhook(&rig, &receiver.url, &["payout.paid"]).await;
    let data = json!({});
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(
        file_event(&mut tx, Event::PayoutPaid, "7", 1, &data)
            .await
            .unwrap(),
        1
    );
    tx.rollback().await.unwrap();
    assert_eq!(send(&rig.app).await, 0);
    let mut tx = db.store.begin().await.unwrap();
    assert_eq!(
        file_event(&mut tx, Event::PayoutClosed, "7", 1, &data)
            .await
            .unwrap(),
        0,
        "nobody asked"
    );
    assert_eq!(
        file_event(&mut tx, Event::PayoutPaid, "7", 1, &data)
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        file_event(&mut tx, Event::PayoutPaid, "7", 2, &data)
            .await
            .unwrap(),
        0,
        "filed once"
    );
    tx.commit().await.unwrap();
    assert_eq!(db.number("select count(*) from outbox").await, 1);
    assert_eq!(send(&rig.app).await, 1);
    assert_eq!(receiver.take().len(), 1);
}

both!(
    given_three_nodes_when_all_send_at_once_then_each_message_comes_exactly_once,
    given_a_node_that_dies_between_sending_and_writing_it_down_when_its_lease_ends_then_the_message_comes_again,
    given_a_transaction_that_is_rolled_back_when_sent_then_nobody_hears_of_it,
);
