//! Receivers that are down, slow, odd: tried again with growing pauses for a day, then given up.

use std::time::Instant;

use super::receiver::{Does, Receiver};
use super::{deliveries, rig, sale, send, webhook};
use crate::support::TestDb;

async fn given_a_receiver_that_fails_when_sent_then_it_is_tried_again_at_growing_pauses_with_one_id(
    db: TestDb,
) {
    let rig = rig(&db).await;
    let receiver = Receiver::open(Does::Answers(500, "no".to_owned())).await;
    let made = webhook(&rig, &receiver.url, &["sale.created"]).await;
    sale(&rig, "S-1").await;
    assert_eq!(send(&rig.app).await, 0);
    assert_eq!(deliveries(&rig, &made).await, ["due 1 500 answered 500"]);
    // Pauses are stretched by less than a tenth: not before, and certainly after.
    let mut attempts = 1;
    for pause in [5_000, 30_000, 120_000, 600_000, 1_800_000] {
        db.clock.advance_ms(pause - 1);
        send(&rig.app).await;
        assert_eq!(receiver.count(), attempts, "not within {pause} ms");
        db.clock.advance_ms(pause / 10 + 1);
        send(&rig.app).await;
        attempts += 1;
        assert_eq!(receiver.count(), attempts, "after {pause} ms");
    }
    receiver.now_does(Does::ok());
    db.clock.advance_ms(4_000_000);
    assert_eq!(send(&rig.app).await, 1);
    let got = receiver.take();
    assert_eq!(got.len(), 7);
    assert!(got.iter().all(|g| g.id() == got[0].id() && g.body == got[0].body));
    assert_ne!(
        got[0].headers["webhook-timestamp"], got[6].headers["webhook-timestamp"],
        "each try is signed for its own time"
    );
    assert!(
        got.iter()
            .all(|g| g.is_signed_with(made["secret"].as_str().unwrap()))
    );
    assert_eq!(deliveries(&rig, &made).await, ["sent 7 200"]);
}

async fn given_a_receiver_that_is_down_for_a_day_when_over_then_it_is_given_up_and_can_be_replayed(
    db: TestDb,
) {
    let rig = rig(&db).await;
    let receiver = Receiver::open(Does::HangsUp).await;
    let made = webhook(&rig, &receiver.url, &["sale.created"]).await;
    sale(&rig, "S-1").await;
    for _ in 0..120 {
        send(&rig.app).await;
        db.clock.advance_ms(900_000);
    }
    let tries = receiver.take().len();
    assert!((10..=13).contains(&tries), "{tries} tries in a day");
    let told = deliveries(&rig, &made).await;
    assert!(told[0].starts_with(&format!("failed {tries} - ")), "{told:?}");
    assert_eq!(rig.get("admin", "/webhooks").await["data"][0]["failed"], 1);
    receiver.now_does(Does::ok());
    let path = format!("/webhooks/{}/replay", made["id"]);
    let body = serde_json::json!({ "failed_only": true });
    assert_eq!(rig.post("admin", &path, body).await.1["queued"], 1);
    assert_eq!(send(&rig.app).await, 1);
    assert_eq!(deliveries(&rig, &made).await, ["sent 1 200"]);
}

async fn given_odd_receivers_when_sent_then_each_costs_a_bounded_time_and_says_what_was_wrong(db: TestDb) {
    let rig = rig(&db).await;
    let elsewhere = Receiver::open(Does::ok()).await;
    for (does, told) in [
        (Does::Sleeps, "due 1 - no answer"),
        (Does::HangsUp, "due 1 - failed"),
        (
            Does::Redirects(elsewhere.url.clone()),
            "due 1 307 answered 307: redirects are not followed",
        ),
        (Does::Answers(404, String::new()), "due 1 404 answered 404"),
        // The status says it was taken; the body is read to a limit.
        (Does::Floods, "sent 1 200"),
        (Does::Answers(204, String::new()), "sent 1 204"),
    ] {
        let receiver = Receiver::open(does.clone()).await;
        let made = webhook(&rig, &receiver.url, &["sale.created"]).await;
        sale(&rig, &format!("S-{}", made["id"])).await;
        let began = Instant::now();
        send(&rig.app).await;
        assert!(
            began.elapsed().as_secs_f32() < 5.0,
            "{does:?}: {:?}",
            began.elapsed()
        );
        let found = deliveries(&rig, &made).await;
        assert!(found[0].starts_with(told), "{does:?}: {found:?}");
        let path = format!("/webhooks/{}", made["id"]);
        assert_eq!(rig.call("admin", "DELETE", &path, None).await.0, 204);
    }
    assert_eq!(elsewhere.count(), 0, "a redirect is not followed");
    // Nobody listens there.
    let made = webhook(&rig, "http://127.0.0.1:1/", &["sale.created"]).await;
    sale(&rig, "S-nobody").await;
    send(&rig.app).await;
    let found = deliveries(&rig, &made).await;
    assert!(found[0].starts_with("due 1 - no connection"), "{found:?}");
}

async fn given_an_answer_that_drips_when_sent_then_it_ends_in_time(db: TestDb) {
    let rig = rig(&db).await;
    let receiver = Receiver::open(Does::Drips).await;
    let made = webhook(&rig, &receiver.url, &["sale.created"]).await;
    sale(&rig, "S-1").await;
    let began = Instant::now();
    send(&rig.app).await;
    assert!(began.elapsed().as_secs_f32() < 5.0, "{:?}", began.elapsed());
    let found = deliveries(&rig, &made).await;
    assert!(
        found[0].starts_with("due 1 - no answer") || found[0] == "sent 1 200",
        "{found:?}"
    );
}

async fn given_a_dead_receiver_beside_a_living_one_when_sent_then_the_living_one_does_not_wait(db: TestDb) {
    let rig = rig(&db).await;
    let (dead, living) = (
        Receiver::open(Does::Sleeps).await,
        Receiver::open(Does::ok()).await,
    );
    webhook(&rig, &dead.url, &["sale.created"]).await;
    webhook(&rig, &living.url, &["sale.created"]).await;
    for n in 0..30 {
        sale(&rig, &format!("S-{n}")).await;
    }
    let began = Instant::now();
    assert_eq!(send(&rig.app).await, 30);
    assert_eq!(living.take().len(), 30);
    assert_eq!(
        dead.take().len(),
        8,
        "one batch, then it has to wait for the next turn"
    );
    assert!(began.elapsed().as_secs_f32() < 10.0, "{:?}", began.elapsed());
}

both!(
    given_a_receiver_that_fails_when_sent_then_it_is_tried_again_at_growing_pauses_with_one_id,
    given_a_receiver_that_is_down_for_a_day_when_over_then_it_is_given_up_and_can_be_replayed,
    given_odd_receivers_when_sent_then_each_costs_a_bounded_time_and_says_what_was_wrong,
    given_an_answer_that_drips_when_sent_then_it_ends_in_time,
    given_a_dead_receiver_beside_a_living_one_when_sent_then_the_living_one_does_not_wait,
);
