//! Two loaders on one spool, a store that refuses, damage, clicks on links nobody knows.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bole::domain::LinkId;
use bole::spool::{ClickRecord, FRAME_HEAD, Record, read_frame, segment_path, segments};
use bole::storage::fold_links;

use super::scene::{Scene, by_cookie};
use crate::points::people::{number, sql};
use crate::support::{Kind, TestDb};

async fn given_two_loaders_on_one_spool_when_both_load_then_nothing_is_lost_or_doubled(db: TestDb) {
    let mut scene = Scene::new(db).await;
    let other = scene.db.again().await;
    let (mut one, mut two) = (scene.loader(), scene.loader_on(other.clone()));
    for round in 0..10 {
        for i in 0..30 {
            let click = scene.click(round * 1_000 + i, 1 + i % 5);
            scene.write(Record::Click(ClickRecord {
                visitor: by_cookie(u8::try_from(i).unwrap()),
                ..click
            }));
        }
        let (a, b) = tokio::join!(one.catch_up(), two.catch_up());
        a.unwrap();
        b.unwrap();
    }
    scene.assert_counts().await;
    assert_eq!(scene.rows().await.len(), 300);
    other.close().await;
}

async fn given_a_consumed_segment_that_was_not_removed_when_a_loader_begins_then_it_goes(db: TestDb) {
    let mut scene = Scene::new(db).await;
    let click = scene.click(0, 1);
    scene.write(Record::Click(click));
    let Scene { db, spool, .. } = scene;
    let folder = spool.settings().folder();
    drop(spool);
    let old = segments(&folder).unwrap()[0];
    let bytes = std::fs::read(segment_path(&folder, old)).unwrap();
    // A spool opened anew begins the next segment.
    let mut scene = Scene::over(db);
    let click = scene.click(1_000, 1);
    scene.write(Record::Click(click));
    scene.load().await;
    let live = segments(&folder).unwrap();
    assert!(!live.contains(&old), "{live:?}");

    // As after a commit whose answer was lost: the checkpoint has moved on, the file is there.
    std::fs::write(segment_path(&folder, old), bytes).unwrap();
    scene.load().await;
    assert_eq!(segments(&folder).unwrap(), live);
    assert_eq!(scene.rows().await.len(), 2, "and nothing is read twice");
}

async fn given_a_store_that_refuses_when_it_takes_again_then_every_click_is_there_once(db: TestDb) {
    let mut scene = Scene::new(db).await;
    let mut loader = scene.loader();
    let first = scene.click(0, 1);
    scene.write(Record::Click(first));
    loader.catch_up().await.unwrap();
    sql(
        &scene.db.store,
        "alter table employee_day rename to employee_day_away",
    )
    .await
    .unwrap();
    for i in 1..20 {
        let click = scene.click(i, 1);
        scene.write(Record::Click(click));
    }
    for _ in 0..3 {
        assert!(loader.catch_up().await.is_err());
    }
    assert_eq!(loader.counts().failing.load(Ordering::Relaxed), 3);
    assert_eq!(
        number(&scene.db.store, "select count(*) from clicks").await,
        1,
        "all or nothing"
    );
    sql(
        &scene.db.store,
        "alter table employee_day_away rename to employee_day",
    )
    .await
    .unwrap();
    loader.catch_up().await.unwrap();
    scene.assert_counts().await;
    assert_eq!(scene.rows().await.len(), 20);
    assert_eq!(loader.counts().failing.load(Ordering::Relaxed), 0);
}

async fn given_more_than_a_batch_when_the_first_is_loaded_then_it_has_not_caught_up(db: TestDb) {
    let mut scene = Scene::new(db).await;
    let mut loader = scene.loader();
    let counts = loader.counts();
    for i in 0..1_500 {
        let click = scene.click(i, 1);
        scene.write(Record::Click(click));
    }
    let first = loader.step().await.unwrap();
    assert!(first < 1_500, "{first}");
    assert!(
        !counts.caught_up.load(Ordering::Relaxed),
        "{first} of 1 500 are loaded"
    );
    loader.catch_up().await.unwrap();
    assert!(counts.caught_up.load(Ordering::Relaxed));
    assert_eq!(scene.rows().await.len(), 1_500);
}

async fn given_a_store_that_is_away_when_the_loader_runs_then_it_backs_off_and_comes_back_by_itself(
    db: TestDb,
) {
    let mut scene = Scene::new(db).await;
    let loader = scene.loader();
    let counts = loader.counts();
    let failing = || counts.failing.load(Ordering::Relaxed);
    sql(
        &scene.db.store,
        "alter table employee_day rename to employee_day_away",
    )
    .await
    .unwrap();
    for i in 0..20 {
        let click = scene.click(i, 1);
        scene.write(Record::Click(click));
    }
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let began = Instant::now();
    let running = tokio::spawn(loader.run(stopped));
    tokio::time::sleep(Duration::from_millis(2_400)).await;
    // After 0, 0.3, 0.7, 1.3 and 2.3 s: each pause is twice the one before, and a look at the spool takes 0.2 s.
    let tries = failing();
    assert!((3..=5).contains(&tries), "{tries} tries in {:?}", began.elapsed());
    sql(
        &scene.db.store,
        "alter table employee_day_away rename to employee_day",
    )
    .await
    .unwrap();
    while failing() > 0 || counts.clicks.load(Ordering::Relaxed) < 20 {
        assert!(began.elapsed() < Duration::from_secs(15), "it does not come back");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The pause begins anew: what comes now is there soon.
    let click = scene.click(100, 1);
    scene.write(Record::Click(click));
    let written = Instant::now();
    while counts.clicks.load(Ordering::Relaxed) < 21 {
        assert!(
            written.elapsed() < Duration::from_secs(2),
            "{:?}",
            written.elapsed()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    stop.send(true).unwrap();
    running.await.unwrap();
    scene.assert_counts().await;
    assert_eq!(scene.rows().await.len(), 21);
}

async fn given_a_click_on_an_unknown_link_when_loaded_then_the_others_are_kept_and_it_is_counted(db: TestDb) {
    let mut scene = Scene::new(db).await;
    let (known, unknown) = (scene.click(0, 1), scene.click(1, 777));
    scene.write(Record::Click(unknown));
    scene.write(Record::Click(known));
    let mut loader = scene.loader();
    loader.catch_up().await.unwrap();
    assert_eq!(loader.counts().unknown_links.load(Ordering::Relaxed), 1);
    assert_eq!(scene.rows().await.len(), 1);
}

async fn given_a_record_the_store_refuses_when_loaded_then_it_is_set_aside_and_all_others_are_there(
    db: TestDb,
) {
    let mut scene = Scene::new(db).await;
    // What a defect of ours would look like: a click that breaks a rule of the schema.
    let rule = match scene.db.kind {
        Kind::Sqlite => {
            "create trigger poison before insert on clicks when new.link_id = 3 begin select raise(abort, 'poison'); end"
        }
        Kind::Postgres => "alter table clicks add constraint poison check (link_id <> 3)",
    };
    sql(&scene.db.store, rule).await.unwrap();
    for i in 0..200 {
        let click = scene.click(i, if i == 70 || i == 71 || i == 199 { 3 } else { 1 });
        scene.write(Record::Click(click));
    }
    let mut loader = scene.loader();
    loader.catch_up().await.unwrap();
    assert_eq!(scene.rows().await.len(), 197);
    scene.assert_counts().await;
    let counts = loader.counts();
    assert_eq!(counts.rejected.load(Ordering::Relaxed), 3);
    assert_eq!(counts.failing.load(Ordering::Relaxed), 0);
    let kept = std::fs::read(scene.db.dir.path().join("spool/n1/rejected")).unwrap();
    let mut rest = &kept[..];
    for _ in 0..3 {
        let payload = read_frame(rest).unwrap();
        assert!(matches!(Record::decode(payload).unwrap(), Record::Click(click) if click.link == LinkId(3)));
        rest = &rest[FRAME_HEAD + payload.len()..];
    }
    assert_eq!(rest, b"");
    // Once more from the beginning: the checkpoint has passed them.
    assert_eq!(scene.loader().catch_up().await.unwrap(), 0);
}

async fn given_totals_of_links_when_folded_then_they_are_what_they_were(db: TestDb) {
    let mut scene = Scene::new(db).await;
    for i in 0..60 {
        let click = scene.click(i * 10, 1 + i % 3);
        scene.write(Record::Click(click));
        if i % 20 == 19 {
            scene.load().await;
            let mut tx = scene.db.store.begin().await.unwrap();
            fold_links(&mut tx).await.unwrap();
            tx.commit().await.unwrap();
            scene.assert_counts().await;
            assert_eq!(
                number(&scene.db.store, "select count(*) from link_recent").await,
                0
            );
        }
    }
    for link in 1..=3 {
        assert_eq!(
            scene.db.store.link_totals(LinkId(link)).await.unwrap().requests,
            20
        );
    }
    let totals = scene
        .db
        .store
        .totals_of_links(&[LinkId(1), LinkId(2)])
        .await
        .unwrap();
    assert_eq!((totals.len(), totals[&1].requests), (2, 20));
}

async fn given_a_leaver_and_a_visitors_child_link_when_clicked_then_nobody_is_credited(db: TestDb) {
    let mut scene = Scene::new(db).await;
    sql(
        &scene.db.store,
        "insert into links (id, code, code_key, employee_id, campaign_id, channel, created_at, changed_at) \
         values (10, 'left-1', 'left-1', 5, 1, 'wechat', 1, 1);
         insert into links (id, code, code_key, employee_id, campaign_id, channel, parent_id, visitor, created_at, changed_at) \
         select 11, 'child-1', 'child-1', 1, 1, 'wechat', 1, code_hash, 1, 1 from \
         (select key_hash as code_hash from api_keys union all select null) as x limit 1;",
    )
    .await
    .unwrap();
    for link in [10, 11, 1] {
        let click = scene.click(link, link);
        scene.write(Record::Click(click));
    }
    scene.load().await;
    assert_eq!(scene.rows().await.len(), 3);
    // Ann Lee left on the 16th, two days before: her link redirects and counts, but not for her.
    assert_eq!(
        number(&scene.db.store, "select count(*) from employee_day").await,
        1
    );
    assert_eq!(
        number(
            &scene.db.store,
            "select count(*) from link_recent where human = 1"
        )
        .await,
        3
    );
}

both!(
    given_more_than_a_batch_when_the_first_is_loaded_then_it_has_not_caught_up,
    given_a_consumed_segment_that_was_not_removed_when_a_loader_begins_then_it_goes,
    given_a_store_that_is_away_when_the_loader_runs_then_it_backs_off_and_comes_back_by_itself,
    given_two_loaders_on_one_spool_when_both_load_then_nothing_is_lost_or_doubled,
    given_a_store_that_refuses_when_it_takes_again_then_every_click_is_there_once,
    given_a_click_on_an_unknown_link_when_loaded_then_the_others_are_kept_and_it_is_counted,
    given_a_record_the_store_refuses_when_loaded_then_it_is_set_aside_and_all_others_are_there,
    given_totals_of_links_when_folded_then_they_are_what_they_were,
    given_a_leaver_and_a_visitors_child_link_when_clicked_then_nobody_is_credited
);
