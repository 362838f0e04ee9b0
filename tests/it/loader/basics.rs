//! What a click and its beacons become.

use bole::classify::Network;
use bole::domain::{Class, ClickReason, LinkId};
use bole::spool::{BeaconKind, ClickRecord, Record};

use super::scene::{Scene, WECHAT, beacon, by_cookie, by_hash, ten};
use crate::points::people::{ZHANG, number};
use crate::support::TestDb;

async fn given_clicks_of_all_classes_when_loaded_then_each_is_a_row_and_only_people_count(db: TestDb) {
    let mut scene = Scene::new(db).await;
    for (i, class) in Class::ALL.into_iter().enumerate() {
        let click = scene.click(i as i64, 1);
        let reason = if class == Class::Human {
            ClickReason::Person
        } else {
            ClickReason::CrawlerList
        };
        scene.write(Record::Click(ClickRecord {
            class,
            reason,
            ..click
        }));
    }
    scene.load().await;
    assert_eq!(scene.rows().await.len(), 8);
    let totals = scene.db.store.link_totals(LinkId(1)).await.unwrap();
    assert_eq!((totals.requests, totals.human, totals.valid), (8, 1, 0));
    let first = &scene.rows().await[0];
    assert_eq!(first.browser.as_deref(), Some("safari"));
    assert_eq!(first.device.as_deref(), Some("mobile"));
    assert_eq!(first.id.unix_ms(), ten());
    // Once more from the beginning: the checkpoint stands.
    assert_eq!(scene.loader().catch_up().await.unwrap(), 0);
}

async fn given_a_start_and_a_limit_when_loaded_then_the_click_is_valid_and_earns_five(db: TestDb) {
    let mut scene = Scene::new(db).await;
    let click = scene.click(0, 1);
    scene.write(Record::Click(ClickRecord {
        visitor: by_hash(1),
        issued: Some([9; 12]),
        ..click
    }));
    scene.write(Record::Beacon(beacon(
        click.id,
        BeaconKind::Start,
        500,
        0,
        Some(1),
    )));
    scene.load().await;
    assert!(!scene.rows().await[0].valid);
    assert_eq!(scene.rows().await[0].dwell_ms, Some(0));
    scene.write(Record::Beacon(beacon(
        click.id,
        BeaconKind::Limit,
        30_700,
        30_001,
        Some(1),
    )));
    scene.load().await;
    assert!(scene.rows().await[0].valid);
    assert_eq!(scene.db.store.point_balance(ZHANG).await.unwrap(), 5);
    // The same beacon again, and a shorter one: nothing changes.
    scene.write(Record::Beacon(beacon(
        click.id,
        BeaconKind::Limit,
        30_700,
        30_001,
        Some(1),
    )));
    scene.write(Record::Beacon(beacon(
        click.id,
        BeaconKind::Leaving,
        40_000,
        10,
        Some(1),
    )));
    scene.load().await;
    assert_eq!(scene.rows().await[0].dwell_ms, Some(30_001));
    assert_eq!(scene.db.store.point_balance(ZHANG).await.unwrap(), 5);
}

async fn given_beacons_before_their_click_when_both_are_loaded_then_the_click_is_valid(db: TestDb) {
    let mut scene = Scene::new(db).await;
    let click = scene.click(0, 1);
    scene.write(Record::Beacon(beacon(
        click.id,
        BeaconKind::Limit,
        31_000,
        30_001,
        None,
    )));
    scene.load().await;
    scene.write(Record::Beacon(beacon(click.id, BeaconKind::Start, 500, 0, None)));
    scene.load().await;
    assert_eq!(
        number(&scene.db.store, "select count(*) from orphan_beacons").await,
        1
    );
    scene.write(Record::Click(click));
    scene.load().await;
    assert!(scene.rows().await[0].valid);
    assert_eq!(
        number(&scene.db.store, "select count(*) from orphan_beacons").await,
        0
    );
}

async fn given_do_not_track_when_beacons_come_all_the_same_then_the_click_is_never_valid(db: TestDb) {
    let mut scene = Scene::new(db).await;
    let click = scene.click(0, 1);
    scene.write(Record::Click(ClickRecord {
        reason: ClickReason::DoNotTrack,
        ..click
    }));
    scene.write(Record::Beacon(beacon(click.id, BeaconKind::Start, 500, 0, None)));
    scene.write(Record::Beacon(beacon(
        click.id,
        BeaconKind::Limit,
        40_000,
        35_000,
        None,
    )));
    scene.load().await;
    let rows = scene.rows().await;
    assert_eq!(
        (rows[0].class, rows[0].valid, rows[0].dwell_ms),
        (Class::Human, false, None)
    );
}

async fn given_one_office_behind_one_address_when_pages_tell_people_apart_then_the_second_counts(db: TestDb) {
    let mut scene = Scene::new(db).await;
    let (a, b, c, d) = (
        scene.click(0, 1),
        scene.click(60_000, 1),
        scene.click(120_000, 1),
        scene.click(180_000, 1),
    );
    for (click, cookie) in [(a, 1), (b, 2), (c, 3)] {
        scene.write(Record::Click(ClickRecord {
            visitor: by_hash(7),
            issued: Some([cookie; 12]),
            ..click
        }));
    }
    scene.write(Record::Click(ClickRecord {
        visitor: by_cookie(1),
        ..d
    }));
    scene.load().await;
    let repeats = [
        "human person",
        "repeat repeat-provisional",
        "repeat repeat-provisional",
        "repeat repeat-visitor",
    ];
    assert_eq!(scene.classes().await, repeats);
    scene.write(Record::Beacon(beacon(a.id, BeaconKind::Start, 1_000, 0, Some(1))));
    scene.write(Record::Beacon(beacon(
        b.id,
        BeaconKind::Start,
        61_000,
        0,
        Some(2),
    )));
    // The first one once more, without its cookie.
    scene.write(Record::Beacon(beacon(
        c.id,
        BeaconKind::Start,
        121_000,
        0,
        Some(1),
    )));
    scene.load().await;
    assert_eq!(
        scene.classes().await[1..3],
        ["human other-visitor", "repeat repeat-provisional"]
    );
    assert_eq!(scene.db.store.link_totals(LinkId(1)).await.unwrap().human, 2);
}

async fn given_wechats_second_fetch_when_loaded_then_it_is_suspect(db: TestDb) {
    let mut scene = Scene::new(db).await;
    let (open, fetch) = (scene.click(0, 1), scene.click(9_000, 1));
    let network = Network::of("101.226.66.1".parse().unwrap());
    scene.write(Record::Click(ClickRecord {
        user_agent: WECHAT,
        visitor: by_hash(1),
        ..open
    }));
    scene.write(Record::Click(ClickRecord {
        user_agent: WECHAT,
        visitor: by_hash(2),
        network,
        ..fetch
    }));
    scene.load().await;
    assert_eq!(scene.classes().await, ["human person", "suspect wechat-refetch"]);
}

async fn given_six_links_within_seconds_when_loaded_then_the_sixth_is_a_scan(db: TestDb) {
    let mut scene = Scene::new(db).await;
    // Five links there are; a sixth one for this test.
    crate::points::people::sql(
        &scene.db.store,
        "insert into links (id, code, code_key, employee_id, campaign_id, channel, material, created_at, changed_at) \
         values (6, 'aaaaaa7', 'aaaaaa7', 2, 1, 'weibo', '', 1, 1)",
    )
    .await
    .unwrap();
    for link in 1..=6 {
        let click = scene.click(link * 1_000, link);
        scene.write(Record::Click(ClickRecord {
            visitor: by_hash(1),
            ..click
        }));
    }
    scene.load().await;
    let classes = scene.classes().await;
    assert_eq!(classes[4..], ["human person", "suspect scanner"]);
}

async fn given_a_valid_click_every_hour_when_loaded_then_one_a_day_earns(db: TestDb) {
    let mut scene = Scene::new(db).await;
    const HOUR: i64 = 3_600_000;
    // Latest first: what is known first does not matter.
    for hours in [26, 25, 24, 2, 0] {
        let click = scene.click(hours * HOUR, 1);
        scene.write(Record::Click(ClickRecord {
            visitor: by_cookie(1),
            ..click
        }));
        scene.write(Record::Beacon(beacon(
            click.id,
            BeaconKind::Start,
            hours * HOUR + 100,
            0,
            Some(1),
        )));
        scene.write(Record::Beacon(beacon(
            click.id,
            BeaconKind::Limit,
            hours * HOUR + 31_000,
            30_500,
            Some(1),
        )));
        scene.load().await;
    }
    assert_eq!(
        scene.db.store.link_totals(LinkId(1)).await.unwrap().valid,
        3,
        "26 h repeats 25 h, 25 h 24 h"
    );
    assert_eq!(scene.db.store.point_balance(ZHANG).await.unwrap(), 10);
}

both!(
    given_clicks_of_all_classes_when_loaded_then_each_is_a_row_and_only_people_count,
    given_a_start_and_a_limit_when_loaded_then_the_click_is_valid_and_earns_five,
    given_beacons_before_their_click_when_both_are_loaded_then_the_click_is_valid,
    given_do_not_track_when_beacons_come_all_the_same_then_the_click_is_never_valid,
    given_one_office_behind_one_address_when_pages_tell_people_apart_then_the_second_counts,
    given_wechats_second_fetch_when_loaded_then_it_is_suspect,
    given_six_links_within_seconds_when_loaded_then_the_sixth_is_a_scan,
    given_a_valid_click_every_hour_when_loaded_then_one_a_day_earns
);
