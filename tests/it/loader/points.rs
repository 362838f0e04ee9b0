//! Which valid clicks earn points, and that deciding it costs the same however many there are.

use std::sync::atomic::Ordering;

use bole::classify::Visitor;
use bole::domain::ClickId;
use bole::spool::{BeaconKind, ClickRecord, Record};

use super::scene::{Scene, beacon, by_cookie, by_hash, ten};
use crate::points::people::ZHANG;
use crate::support::TestDb;

const HOUR: i64 = 3_600_000;

/// A click that stays for 31 s; `page` is what its page says of its visitor.
fn stay(
    scene: &mut Scene,
    at_ms: i64,
    visitor: Visitor,
    issued: Option<u8>,
    page: Option<[u8; 16]>,
) -> ClickId {
    let click = scene.click(at_ms, 1);
    scene.write(Record::Click(ClickRecord {
        visitor,
        issued: issued.map(|cookie| [cookie; 12]),
        ..click
    }));
    for (kind, after_ms, visible_ms) in [(BeaconKind::Start, 100, 0), (BeaconKind::Limit, 31_000, 30_500)] {
        let mut said = beacon(click.id, kind, at_ms + after_ms, visible_ms, None);
        said.page_visitor = page;
        scene.write(Record::Beacon(said));
    }
    click.id
}

async fn earned(scene: &Scene) -> i64 {
    scene.db.number("select count(*) from clicks where earned").await
}

async fn given_two_colleagues_who_earned_when_a_third_shows_no_page_visitor_then_nobody_loses_points(
    db: TestDb,
) {
    let mut scene = Scene::new(db).await;
    stay(&mut scene, 0, by_hash(7), Some(1), Some([1; 16]));
    stay(&mut scene, 60_000, by_hash(7), Some(2), Some([2; 16]));
    scene.load().await;
    assert_eq!(scene.db.store.point_balance(ZHANG).await.unwrap(), 10);
    // Behind the same address with the same browser, its page may not say who it is: it may be either of them.
    stay(&mut scene, 2 * HOUR, by_hash(7), Some(3), None);
    scene.load().await;
    assert_eq!(
        scene.db.store.point_balance(ZHANG).await.unwrap(),
        10,
        "one day, two known people"
    );
    assert_eq!(earned(&scene).await, 2);
}

async fn given_a_visitor_of_every_day_when_the_first_click_comes_last_then_the_others_move_and_little_is_read(
    db: TestDb,
) {
    let mut scene = Scene::new(db).await;
    // Every 20 hours: every second one earns.
    for n in 1..=100 {
        stay(&mut scene, n * 20 * HOUR, by_cookie(1), None, Some([1; 16]));
    }
    scene.load().await;
    assert_eq!(earned(&scene).await, 50);
    let mut loader = scene.loader();
    stay(&mut scene, 101 * 20 * HOUR, by_cookie(1), None, Some([1; 16]));
    loader.catch_up().await.unwrap();
    let read = loader.counts().rows_read.load(Ordering::Relaxed);
    assert!(read <= 8, "{read} rows read for one more click");
    assert_eq!(earned(&scene).await, 51);
    // One before all of them: each that earned no longer does, and the other way round.
    stay(&mut scene, 0, by_cookie(1), None, Some([1; 16]));
    loader.catch_up().await.unwrap();
    scene.assert_counts().await;
    assert_eq!(earned(&scene).await, 51);
    let from = ten() + 20 * HOUR;
    let first = format!("select count(*) from clicks where earned and at = {from}");
    assert_eq!(scene.db.number(&first).await, 0, "20 h after the new first one");
}

async fn given_an_office_of_hundreds_behind_one_address_when_one_more_stays_then_little_is_read(db: TestDb) {
    let mut scene = Scene::new(db).await;
    for n in 0..300_i64 {
        let mut page = [0; 16];
        page[..8].copy_from_slice(&(n + 1).to_be_bytes());
        stay(&mut scene, n * 40_000, by_hash(7), None, Some(page));
    }
    scene.load().await;
    assert_eq!(earned(&scene).await, 300);
    let mut loader = scene.loader();
    let nobody = scene.click(299 * 40_000 + 1, 1);
    scene.write(Record::Click(nobody));
    loader.catch_up().await.unwrap();
    let before = loader.counts().rows_read.load(Ordering::Relaxed);
    for n in 0..5 {
        let mut page = [9; 16];
        page[0] = n;
        stay(
            &mut scene,
            300 * 40_000 + i64::from(n) * 1_000,
            by_hash(7),
            None,
            Some(page),
        );
        loader.catch_up().await.unwrap();
    }
    let read = loader.counts().rows_read.load(Ordering::Relaxed) - before;
    assert!(read <= 50, "{read} rows read for five more clicks");
    assert_eq!(earned(&scene).await, 305);
}

both!(
    given_two_colleagues_who_earned_when_a_third_shows_no_page_visitor_then_nobody_loses_points,
    given_a_visitor_of_every_day_when_the_first_click_comes_last_then_the_others_move_and_little_is_read,
    given_an_office_of_hundreds_behind_one_address_when_one_more_stays_then_little_is_read
);
