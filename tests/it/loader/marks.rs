//! Nodes on one store say how far their spools are loaded, and boards wait for them.

use bole::app::board::{board, freeze_due};
use bole::domain::{ClickId, Period};
use bole::ranking::{By, Metric};
use bole::spool::{BeaconKind, NodeName, Record, Spool, SpoolSettings};
use jiff::civil::date;

use super::scene::{Scene, beacon};
use crate::points::rig;
use crate::support::{Kind, TestDb, at, db, noon};

const WEEK: &str = "2026-W47";
/// When the week's boards freeze.
const DUE: &str = "2026-11-23T16:00:00Z";

/// A valid click of the week on 李四's link, as two nodes' spools hold it.
fn valid_click(scene: &mut Scene, spool: Option<&Spool>, n: u8) -> ClickId {
    let start = i64::from(n) * 60_000;
    let mut click = scene.click(start, 5);
    click.visitor = bole::classify::Visitor::Cookie([n + 1; 12]);
    let spool = spool.unwrap_or(&scene.spool);
    for record in [
        Record::Click(click),
        Record::Beacon(beacon(click.id, BeaconKind::Start, start + 500, 0, None)),
        Record::Beacon(beacon(click.id, BeaconKind::Limit, start + 33_000, 32_000, None)),
    ] {
        let _ = spool.append(&record).unwrap();
    }
    click.id
}

struct Nodes {
    scene: Scene,
    app: bole::app::App,
    one: bole::redirect::loader::Loader,
    two: bole::redirect::loader::Loader,
}

/// Two nodes a minute before the instant; the second one's click reaches its spool after it said how far it was.
async fn nodes(db: TestDb) -> Nodes {
    let mut scene = Scene::new(db).await;
    let name = || NodeName::parse("n2").unwrap();
    let spool = Spool::open(
        SpoolSettings::new(scene.db.dir.path().join("spool"), name()),
        noon(),
    )
    .unwrap();
    let app = rig::app(&scene.db, &scene.db.store);
    let (mut one, mut two) = (scene.loader(), scene.loader_of(name()));
    scene.db.clock.set(at("2026-11-23T15:59:00Z"));
    valid_click(&mut scene, None, 1);
    one.catch_up().await.unwrap();
    two.catch_up().await.unwrap();
    valid_click(&mut scene, Some(&spool), 2);
    scene.db.clock.set(at(DUE));
    one.catch_up().await.unwrap();
    Nodes { scene, app, one, two }
}

/// 李四's valid clicks on the week's board: frozen or not, what stands, and what it would be today when that differs.
async fn week(app: &bole::app::App) -> (bool, i64, Option<i64>) {
    let period = Period::week_of(date(2026, 11, 18)).unwrap();
    let board = board(app, None, period, Metric::Clicks, By::Employee)
        .await
        .unwrap();
    let row = board.rows.first().expect("a row");
    let restated = row.restated.as_ref().map(|r| r.value.total());
    (board.frozen_at.is_some(), row.value.total(), restated)
}

async fn given_a_node_with_clicks_in_its_spool_when_a_board_is_due_then_it_freezes_with_them_on_it(
    db: TestDb,
) {
    let mut nodes = nodes(db).await;
    let none: [String; 0] = [];
    assert_eq!(
        freeze_due(&nodes.app).await.unwrap(),
        none,
        "n2 has not said that it is past the instant"
    );
    assert_eq!(week(&nodes.app).await, (false, 1, None));
    nodes.two.catch_up().await.unwrap();
    assert_eq!(freeze_due(&nodes.app).await.unwrap(), [WEEK]);
    assert_eq!(week(&nodes.app).await, (true, 2, None));
    let told = "select count(*) from audit_log where action = 'board.freeze' and detail like '%without%'";
    assert_eq!(nodes.scene.db.number(told).await, 0);
}

async fn given_a_node_that_died_when_a_board_is_due_then_it_is_passed_over_told_and_restated(db: TestDb) {
    let mut nodes = nodes(db).await;
    nodes.scene.db.clock.advance_ms(9 * 60_000 - 1);
    nodes.one.catch_up().await.unwrap();
    assert!(
        freeze_due(&nodes.app).await.unwrap().is_empty(),
        "it may come back"
    );
    nodes.scene.db.clock.advance_ms(1);
    assert_eq!(freeze_due(&nodes.app).await.unwrap(), [WEEK]);
    assert_eq!(week(&nodes.app).await, (true, 1, None));
    let told = "select count(*) from audit_log where action = 'board.freeze' and subject = '2026-W47' \
                and detail like '%without%n2%'";
    assert_eq!(nodes.scene.db.number(told).await, 1);
    nodes.two.catch_up().await.unwrap();
    assert_eq!(
        week(&nodes.app).await,
        (true, 1, Some(2)),
        "what it brought is a restatement"
    );
}

async fn given_a_node_that_stops_with_an_empty_spool_when_a_board_is_due_then_nobody_waits_for_it(
    db: TestDb,
) {
    let nodes = nodes(db).await;
    let (stop, stopped) = tokio::sync::watch::channel(true);
    nodes.two.run(stopped).await;
    drop(stop);
    let marks = nodes.scene.db.store.loader_marks().await.unwrap();
    let names: Vec<&str> = marks.iter().map(|m| m.node.as_str()).collect();
    assert_eq!(names, ["n1"]);
    assert_eq!(freeze_due(&nodes.app).await.unwrap(), [WEEK]);
    assert_eq!(week(&nodes.app).await, (true, 2, None));
}

/// Several nodes share a PostgreSQL; a file has one.
macro_rules! on_postgres {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                super::db::on(super::Kind::Postgres, super::$name).await;
            }
        }
    )+};
}

on_postgres!(
    given_a_node_with_clicks_in_its_spool_when_a_board_is_due_then_it_freezes_with_them_on_it,
    given_a_node_that_died_when_a_board_is_due_then_it_is_passed_over_told_and_restated,
    given_a_node_that_stops_with_an_empty_spool_when_a_board_is_due_then_nobody_waits_for_it,
);
