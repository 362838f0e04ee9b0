//! Any order, any repetition, any split into batches, any restart, one node or two: the same rows.

use bole::classify::{Network, Visitor};
use bole::domain::EmployeeId;
use bole::redirect::loader::Loader;
use bole::spool::{BeaconKind, BeaconRecord, ClickRecord, NodeName, Record, Spool, SpoolSettings};
use bole::storage::clicks::ClickView;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};

use super::scene::{IPHONE, Scene, WECHAT, beacon};
use crate::points::people::number;
use crate::support::TestDb;

/// What happened, to be told in any order.
fn events(scene: &mut Scene, rng: &mut StdRng) -> Vec<Record<'static>> {
    let mut events = Vec::new();
    let mut at = 0;
    for _ in 0..40 {
        // Mostly close together, sometimes over an hour apart, once in a while a day.
        at += [0, 700, 4_000, 16_000, 900_000, 3_700_000, 40_000_000]
            [rng.random_range(0..100usize).min(99) / 15];
        let who = rng.random_range(1..4u8);
        let click = scene.click(at, [1, 1, 1, 2, 3, 4, 5][rng.random_range(0..7)]);
        let visitor = match rng.random_range(0..10) {
            0 => Visitor::None,
            1..=3 => Visitor::Cookie([who; 12]),
            _ => Visitor::Hash([who % 2 + 10; 12]),
        };
        let issued = matches!(visitor, Visitor::Hash(_)).then_some([who; 12]);
        let network = Network::of(std::net::Ipv4Addr::new(10, 0, rng.random_range(0..3), 0).into());
        events.push(Record::Click(ClickRecord {
            visitor,
            issued: issued.filter(|_| rng.random()),
            network,
            user_agent: if rng.random_range(0..3) == 0 {
                WECHAT
            } else {
                IPHONE
            },
            ..click
        }));
        let page = rng.random_range(0..5u8);
        if page > 0 {
            events.push(Record::Beacon(beacon(
                click.id,
                BeaconKind::Start,
                at + 300,
                0,
                Some(page % 4),
            )));
        }
        if page > 1 {
            let visible = rng.random_range(28_000..34_000);
            events.push(Record::Beacon(beacon(
                click.id,
                BeaconKind::Limit,
                at + 31_500,
                visible,
                Some(page % 4),
            )));
        }
        if page > 3 {
            events.push(Record::Beacon(BeaconRecord {
                interacted: false,
                ..beacon(click.id, BeaconKind::Start, at + 200, 0, Some(1))
            }));
        }
    }
    events
}

struct Outcome {
    rows: Vec<ClickView>,
    balances: Vec<i64>,
    earned: i64,
}

async fn outcome(scene: &Scene) -> Outcome {
    scene.assert_counts().await;
    let mut balances = Vec::new();
    for employee in [1, 2] {
        balances.push(scene.db.store.point_balance(EmployeeId(employee)).await.unwrap());
    }
    Outcome {
        rows: scene.rows().await,
        balances,
        earned: number(&scene.db.store, "select count(*) from clicks where earned").await,
    }
}

fn assert_same(seed: u64, one: &Outcome, other: &Outcome) {
    for (a, b) in one.rows.iter().zip(&other.rows) {
        assert_eq!(a, b, "seed {seed}");
    }
    assert_eq!(one.rows.len(), other.rows.len(), "seed {seed}");
    assert_eq!(
        (&one.balances, one.earned),
        (&other.balances, other.earned),
        "seed {seed}"
    );
}

async fn told_in_order(scene: &mut Scene, events: &[Record<'_>]) -> Outcome {
    for event in events {
        scene.write(*event);
    }
    scene.loader().catch_up().await.unwrap();
    outcome(scene).await
}

async fn told_anyhow(scene: &mut Scene, events: &[Record<'_>], rng: &mut StdRng) -> Outcome {
    let mut told: Vec<Record<'_>> = events.to_vec();
    told.extend(events.iter().filter(|_| rng.random_range(0..4) == 0));
    match rng.random_range(0..3) {
        0 => {}
        1 => told.shuffle(rng),
        // Nearly in order, as several connections and nodes make it.
        _ => {
            for _ in 0..told.len() {
                let at = rng.random_range(1..told.len());
                told.swap(at - 1, at);
            }
        }
    }
    let second = NodeName::parse("n2").unwrap();
    let root = scene.db.dir.path().join("spool");
    let spool = Spool::open(SpoolSettings::new(root, second.clone()), crate::support::noon()).unwrap();
    // Some have no room to remember anybody, and must come to the same by rows.
    let places = if rng.random() { 1 } else { 1 << 10 };
    let of = |node: usize| match node {
        0 => scene.loader().remembering(places),
        _ => scene.loader_of(second.clone()).remembering(places),
    };
    let mut loaders: [Loader; 2] = [of(0), of(1)];
    while !told.is_empty() {
        let many = rng.random_range(1..=told.len().min(12));
        let node = rng.random_range(0..2usize);
        for event in told.drain(..many) {
            if node == 0 {
                scene.write(event);
            } else {
                let _ = spool.append(&event).unwrap();
            }
        }
        if rng.random_range(0..3) == 0 {
            loaders[node] = of(node);
        }
        if rng.random_range(0..3) > 0 {
            loaders[node].catch_up().await.unwrap();
        }
    }
    for loader in &mut loaders {
        loader.catch_up().await.unwrap();
    }
    outcome(scene).await
}

async fn given_one_history_when_told_in_any_order_then_rows_rollups_and_points_are_the_same(db: TestDb) {
    let mut base = Scene::new(db).await;
    let mut scenes = Vec::new();
    for seed in 0..12 {
        let mut rng = StdRng::seed_from_u64(seed);
        let events = events(&mut base, &mut rng);
        base.clear().await;
        let expected = told_in_order(&mut base, &events).await;
        base.clear().await;
        let found = told_anyhow(&mut base, &events, &mut rng).await;
        assert_same(seed, &expected, &found);
        scenes.push(expected.earned);
        base.clear().await;
    }
    assert!(
        scenes.iter().sum::<i64>() > 20,
        "too few valid clicks to prove anything: {scenes:?}"
    );
}

async fn given_more_visitors_than_memory_when_loaded_then_classes_are_those_of_an_unlimited_one(db: TestDb) {
    let mut scene = Scene::new(db).await;
    let mut rng = StdRng::seed_from_u64(11);
    let mut records = Vec::new();
    for n in 0..1_500 {
        let click = scene.click(n * 7_000, rng.random_range(1..4));
        let who = rng.random_range(0..250u8);
        let (visitor, issued) = if rng.random() {
            (Visitor::Cookie([who; 12]), None)
        } else {
            (Visitor::Hash([who / 2; 12]), Some([who; 12]))
        };
        records.push(ClickRecord {
            visitor,
            issued,
            user_agent: if who % 5 == 0 { WECHAT } else { IPHONE },
            ..click
        });
    }
    let mut classes = Vec::new();
    for places in [1 << 12, 1] {
        scene.clear().await;
        let mut loader = scene.loader().remembering(places);
        // A batch each, so that what one does not remember lies in rows.
        for some in records.chunks(100) {
            for click in some {
                scene.write(Record::Click(*click));
            }
            loader.catch_up().await.unwrap();
        }
        classes.push(scene.classes().await);
    }
    assert_eq!(classes[0].len(), 1_500);
    let repeats = classes[0]
        .iter()
        .filter(|class| class.starts_with("repeat"))
        .count();
    assert!((200..1_300).contains(&repeats), "{repeats} repeats prove nothing");
    assert_eq!(classes[0], classes[1]);
}

both!(given_more_visitors_than_memory_when_loaded_then_classes_are_those_of_an_unlimited_one);
both!(given_one_history_when_told_in_any_order_then_rows_rollups_and_points_are_the_same);
