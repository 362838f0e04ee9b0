//! A person's word against the rules'.

use bole::domain::{Class, ClickId, LinkId, Programme};
use bole::redirect::loader::{Rules, overrule};
use bole::spool::{BeaconKind, ClickRecord, Record};

use super::scene::{Scene, beacon, by_hash};
use crate::points::people::{ZHANG, number};
use crate::support::TestDb;

impl Scene {
    async fn overrule(&self, ids: &[ClickId], class: Class) {
        let mut tx = self.db.store.begin().await.unwrap();
        let rules = Rules::of(&Programme::default());
        let done = overrule(&mut tx, &rules, ids, class, 1).await.unwrap();
        assert!(done.iter().map(|before| &before.id).eq(ids), "{done:?}");
        tx.commit().await.unwrap();
        self.assert_counts().await;
    }
}

async fn given_a_valid_click_when_overruled_and_back_then_counts_and_points_follow(db: TestDb) {
    let mut scene = Scene::new(db).await;
    let click = scene.click(0, 1);
    scene.write(Record::Click(ClickRecord {
        visitor: by_hash(1),
        ..click
    }));
    scene.write(Record::Beacon(beacon(click.id, BeaconKind::Start, 500, 0, None)));
    scene.write(Record::Beacon(beacon(
        click.id,
        BeaconKind::Limit,
        31_000,
        30_001,
        None,
    )));
    scene.load().await;
    assert_eq!(scene.db.store.point_balance(ZHANG).await.unwrap(), 5);
    scene.overrule(&[click.id], Class::Bot).await;
    assert_eq!(scene.classes().await, ["bot overruled"]);
    assert_eq!(scene.db.store.point_balance(ZHANG).await.unwrap(), 0);
    let totals = scene.db.store.link_totals(LinkId(1)).await.unwrap();
    assert_eq!((totals.requests, totals.human, totals.valid), (1, 0, 0));
    scene.overrule(&[click.id], Class::Human).await;
    assert_eq!(scene.db.store.point_balance(ZHANG).await.unwrap(), 5);
    assert_eq!(scene.db.store.link_totals(LinkId(1)).await.unwrap().valid, 1);
    // The rules do not speak again, whatever comes.
    scene.overrule(&[click.id], Class::Suspect).await;
    scene.write(Record::Beacon(beacon(
        click.id,
        BeaconKind::Leaving,
        60_000,
        50_000,
        None,
    )));
    scene.load().await;
    assert_eq!(scene.classes().await, ["suspect overruled"]);
    assert_eq!(scene.rows().await[0].dwell_ms, Some(50_000));
}

/// Two valid clicks of one visitor within a day: the first earned.
async fn two_of_a_day(scene: &mut Scene) -> [ClickId; 2] {
    const HOUR: i64 = 3_600_000;
    let mut ids = Vec::new();
    for hours in [0, 3] {
        let click = scene.click(hours * HOUR, 1);
        ids.push(click.id);
        scene.write(Record::Click(ClickRecord {
            visitor: by_hash(1),
            ..click
        }));
        scene.write(Record::Beacon(beacon(
            click.id,
            BeaconKind::Start,
            hours * HOUR,
            0,
            None,
        )));
        scene.write(Record::Beacon(beacon(
            click.id,
            BeaconKind::Limit,
            hours * HOUR + 31_000,
            30_001,
            None,
        )));
    }
    scene.load().await;
    assert_eq!(scene.db.store.point_balance(ZHANG).await.unwrap(), 5);
    ids.try_into().unwrap()
}

async fn given_two_valid_clicks_of_a_day_when_the_first_falls_then_the_second_earns(db: TestDb) {
    let mut scene = Scene::new(db).await;
    let ids = two_of_a_day(&mut scene).await;
    scene.overrule(&ids[..1], Class::Internal).await;
    assert_eq!(
        scene.db.store.point_balance(ZHANG).await.unwrap(),
        5,
        "the second takes its place"
    );
    scene.overrule(&ids[1..], Class::Internal).await;
    assert_eq!(scene.db.store.point_balance(ZHANG).await.unwrap(), 0);
}

async fn given_two_valid_clicks_of_a_day_when_both_fall_at_once_then_nothing_is_awarded_in_between(
    db: TestDb,
) {
    let mut scene = Scene::new(db).await;
    let ids = two_of_a_day(&mut scene).await;
    scene.overrule(&ids, Class::Internal).await;
    assert_eq!(scene.classes().await, ["internal overruled"; 2]);
    assert_eq!(scene.db.store.point_balance(ZHANG).await.unwrap(), 0);
    let entries = number(&scene.db.store, "select count(*) from point_entries").await;
    assert_eq!(entries, 2, "the first click's points, and their reversal");
}

both!(
    given_a_valid_click_when_overruled_and_back_then_counts_and_points_follow,
    given_two_valid_clicks_of_a_day_when_the_first_falls_then_the_second_earns,
    given_two_valid_clicks_of_a_day_when_both_fall_at_once_then_nothing_is_awarded_in_between,
);
