//! `bole demo` with its own data, built to its end: what it promises to show is there.

use std::collections::BTreeSet;
use std::path::Path;

use bole::app::App;
use bole::app::pay::{check_ledger, check_seals, months, statement};
use bole::boot::{Nature, Server};
use bole::config::{Layer, Settings};
use bole::demo::{self, CLICKS};
use jiff::Timestamp;

use crate::support::at;

/// Clicks of a demo that is about its people and its pay.
const FEW: u32 = 2_000;

fn settings(dir: &Path) -> Settings {
    let layer = Layer {
        data_dir: Some(dir.to_owned()),
        ..Layer::default()
    };
    layer.resolve()
}

/// A number the demo's database gives.
async fn number(app: &App, query: &str) -> i64 {
    let bole::storage::Store::Sqlite { read, .. } = &app.store else {
        panic!("a demo is kept in a file");
    };
    let text = sqlx::AssertSqlSafe(query.to_owned());
    sqlx::query_scalar(text)
        .fetch_one(read)
        .await
        .unwrap_or_else(|e| panic!("{query}: {e}"))
}

async fn built(dir: &Path, now: Timestamp, clicks: u32) -> App {
    let settings = settings(dir);
    demo::build_with(&settings, now, clicks, &mut |line| println!("{line}"))
        .await
        .unwrap_or_else(|e| panic!("{now}: {e}"));
    let server = Server::prepare(&settings, Nature::of_system().unwrap()).await;
    server.unwrap().app
}

/// What finance and one of the employees are to find, whenever the demo is built.
async fn pay_is_there(app: &App) {
    for (least, what) in [
        (40, "select count(*) from employees"),
        (5, "select count(*) from teams"),
        (
            5,
            "select count(distinct team_id) from team_members where to_on is null",
        ),
        (6, "select count(*) from campaigns"),
        (
            1,
            "select count(*) from runs where scheme = '00-social' and state in ('closed', 'paid')",
        ),
        (
            6,
            "select count(distinct scheme) from runs where scheme <> '00-social' and scheme not like '9%' \
             and state in ('closed', 'paid')",
        ),
        // One waits for its approval, one amount for its release, one proposal was handed over.
        (1, "select count(*) from runs where state = 'in_review'"),
        (1, "select count(*) from objections where state = 'open'"),
        (1, "select count(*) from objections where state = 'declined'"),
        (1, "select count(*) from line_holds where released_at is null"),
        (1, "select count(*) from pay_offers where state = 'handed_over'"),
    ] {
        let found = number(app, what).await;
        assert!(found >= least, "{what}: {found}, not {least}");
    }
    let report = check_ledger(app).await.unwrap();
    assert!(report.entries > 100, "{report:?}");
    assert_eq!((report.trial_balance, report.broken_at), (0, None));
    let (looked, broken) = check_seals(app).await.unwrap();
    assert!(looked >= 12 && broken.is_empty(), "{looked} {broken:?}");
}

/// The kinds of facts the months of an employee unfold to.
async fn sources_of(app: &App, code: &str) -> BTreeSet<String> {
    let employee = app.store.employee_id_by_code(code).await.unwrap().unwrap();
    let mut kinds = BTreeSet::new();
    for month in months(app, employee).await.unwrap() {
        let told = statement(app, employee, Some(month.period.first)).await.unwrap();
        for part in told.unwrap().parts {
            kinds.extend(part.story.sources.into_iter().map(|source| source.kind));
        }
    }
    kinds
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_the_demo_of_today_when_built_with_all_its_clicks_then_it_shows_what_it_promises() {
    let dir = tempfile::tempdir().unwrap();
    let now = at("2026-11-22T03:00:00Z");
    let app = built(dir.path(), now, CLICKS).await;
    pay_is_there(&app).await;
    let clicks = number(&app, "select count(*) from clicks").await;
    assert!(clicks >= 50_000, "{clicks}");
    let weeks = number(
        &app,
        "select count(distinct (at + 28800000 - 345600000) / 604800000) from clicks",
    )
    .await;
    assert_eq!(weeks, 12);
    let frozen = "select count(distinct period) from boards where period like '%-W%'";
    assert!(number(&app, frozen).await >= 11, "the weeks that are over");
    let sources = sources_of(&app, "linxiaowen").await;
    // Clicks earn points; money comes from what they led to, and each of these names its click.
    for kind in ["lead", "order"] {
        assert!(sources.contains(kind), "{kind} is not among {sources:?}");
    }
    app.store.close().await;
    // Built already: nothing is done again.
    let mut said = Vec::new();
    let again = settings(dir.path());
    demo::build(&again, now, &mut |line| said.push(line.to_owned()))
        .await
        .unwrap();
    assert_eq!(said, ["today's demo is there already"]);
}

/// Days on which months, quarters and years stand differently to the weeks of the demo.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_other_days_when_the_demo_is_built_then_its_pay_is_there_on_each() {
    for day in [
        "2026-11-30T03:00:00Z",
        "2027-01-01T00:30:00Z",
        "2027-03-31T15:59:00Z",
        "2028-02-29T09:00:00Z",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let app = built(dir.path(), at(day), FEW).await;
        println!("{day}");
        pay_is_there(&app).await;
        app.store.close().await;
    }
}
