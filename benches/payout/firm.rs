//! A firm's month end, through the product's own road: a store, the app, the pages. `--firm`.
//!
//! 10 000 people take part in fifteen schemes, one of each chapter of the handbook and the sharing programme; a million
//! facts of one month are known. Every scheme is calculated; then all are put up for review, and people read their
//! statements as a browser does. Laying the facts down is not measured: they come in over a month.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use bole::app::accounts::{self, AccountWish};
use bole::app::pay::{SettingInput, approve, calculate, change_setting, check_ledger, close, replay, submit};
use bole::app::{Actor, App, AppParts, NoWatch, Outside, Secrets, Urls};
use bole::domain::{ManualClock, Programme, Role};
use bole::storage::pay::{NewFact, RunState, insert_roster_value, put_new_facts};
use bole::storage::{Store, StoreOptions};
use bole::web::{Web, router};
use rand::SeedableRng;
use rand::rngs::StdRng;
use tower::ServiceExt;

use super::month::{self, Told};

/// People of the firm.
const PEOPLE: usize = 10_000;
/// Facts of the month.
const FACTS: usize = 1_000_000;
/// All schemes are calculated within, seconds.
const CALCULATE: f64 = 60.0;
/// A statement is shown within, seconds.
const STATEMENT: f64 = 0.1;
/// Those who read their statement.
const READERS: usize = 5;
const PASSWORD: &str = "correct-horse-battery";

/// What was measured, for the report.
pub struct Measured {
    pub name: String,
    pub took: f64,
    pub limit: f64,
}

fn app(store: Store) -> App {
    let noon = "2026-11-03T04:00:00Z"
        .parse::<jiff::Timestamp>()
        .expect("an instant");
    App::new(AppParts {
        store,
        clock: Arc::new(ManualClock::new(noon)),
        rng: StdRng::seed_from_u64(7),
        programme: Programme::default(),
        urls: Urls {
            base: "https://bole.example/".parse().expect("a URL"),
            short: "https://s.example/".parse().expect("a URL"),
        },
        secrets: Secrets::new([7; 32]),
        watch: Arc::new(NoWatch),
        outside: Outside::default(),
    })
}

/// Lays the firm down: people, attributes, settings, facts.
async fn lay(app: &App, part: usize) {
    let (people, all) = (PEOPLE / part, FACTS / part);
    let store = &app.store;
    let now = app.clock.now_ms();
    store.fill_people(people as i64, now).await.expect("people");
    let from_on = "2026-01-01".parse().expect("a day");
    for (scheme, _, params) in month::schemes() {
        let input = SettingInput {
            from_on,
            document: None,
            params: params.as_object().cloned().unwrap_or_default(),
            enabled: false,
            note: String::new(),
        };
        change_setting(app, &Actor::System, scheme, &input)
            .await
            .unwrap_or_else(|error| panic!("{scheme}: {error}"));
    }
    let mut tx = store.begin().await.expect("a store");
    for n in 0..people {
        let id = bole::domain::EmployeeId(n as i64 + 1);
        for (name, value) in month::attributes(n) {
            insert_roster_value(&mut tx, id, (&name, &value.to_string()), from_on, ("bench", now))
                .await
                .expect("an attribute");
        }
    }
    tx.commit().await.expect("a store");
    let mut batch: Vec<Told> = Vec::new();
    let mut facts = month::facts(people, all, part);
    let mut count = 0;
    loop {
        batch.clear();
        batch.extend(facts.by_ref().take(20_000));
        if batch.is_empty() {
            break;
        }
        count += batch.len();
        let rows: Vec<NewFact<'_>> = batch
            .iter()
            .map(|told| NewFact {
                kind: told.kind,
                source: "till",
                source_key: &told.key,
                subject: told.subject.as_deref(),
                occurred: &told.day,
                occurred_on: told.day.parse().expect("a day"),
                fields: &told.fields,
                content_hash: [0; 32],
                void: false,
                sent_by: "bench",
                recorded_at: now,
            })
            .collect();
        let mut tx = store.begin().await.expect("a store");
        put_new_facts(&mut tx, &rows).await.expect("facts");
        tx.commit().await.expect("a store");
    }
    assert_eq!(count, all);
}

/// A browser of one person.
struct Reader {
    router: Router,
    cookie: String,
}

impl Reader {
    async fn sign_in(app: &App, code: &str) -> Self {
        let router = router(Web::new(app.clone()));
        let body = format!("login={code}&password={PASSWORD}");
        let request = Request::post("/app/signin")
            .header(header::HOST, "bole.example")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(body))
            .expect("a request");
        let answer = router.clone().oneshot(request).await.expect("an answer");
        let cookies = answer.headers().get_all(header::SET_COOKIE).iter();
        let cookies = cookies.filter_map(|v| v.to_str().ok()?.split(';').next());
        let cookie = cookies.collect::<Vec<_>>().join("; ");
        assert!(!cookie.is_empty(), "{}", answer.status());
        Self { router, cookie }
    }

    /// How long a page takes, to its last byte; and its length.
    async fn get(&self, path: &str) -> (Duration, usize) {
        let request = Request::get(path)
            .header(header::HOST, "bole.example")
            .header(header::COOKIE, &self.cookie)
            .header(header::ACCEPT, "text/html")
            .body(Body::empty())
            .expect("a request");
        let begun = Instant::now();
        let answer = self.router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        let bytes = to_bytes(answer.into_body(), 1 << 26).await.expect("a body");
        (begun.elapsed(), bytes.len())
    }
}

async fn give_accounts(app: &App) {
    for n in 0..READERS {
        let code = month::code(n);
        let employee = app.store.employee(&code, app.today()).await.expect("a store");
        let wish = AccountWish {
            login: &code,
            name: &code,
            password: Some(PASSWORD),
            roles: &[Role::Employee],
            employee: employee.map(|e| e.id),
            lang: "zh",
        };
        accounts::create(app, &wish)
            .await
            .expect("a store")
            .expect("an account");
    }
}

async fn road(folder: &Path, part: usize) -> Vec<Measured> {
    let url = format!("sqlite:{}", folder.join("firm.db").display());
    let store = Store::open(&StoreOptions::new(url)).await.expect("a store");
    store.migrate().await.expect("the schema");
    let app = app(store);
    let begun = Instant::now();
    lay(&app, part).await;
    println!(
        "laid down {} people and {} facts in {:.1} s",
        PEOPLE / part,
        FACTS / part,
        begun.elapsed().as_secs_f64()
    );
    give_accounts(&app).await;

    let (mut total, mut lines, mut runs) = (0.0, 0, Vec::new());
    for (scheme, period, _) in month::schemes() {
        let begun = Instant::now();
        let run = calculate(&app, &Actor::System, scheme, period)
            .await
            .unwrap_or_else(|error| panic!("{scheme}: {error}"));
        let took = begun.elapsed().as_secs_f64();
        total += took;
        let kinds = app.store.line_kinds(run.id).await.expect("a store");
        let count: i64 = kinds.values().map(|(count, _)| count).sum();
        println!(
            "  {scheme:<28} {took:>6.2} s  {count:>6} lines  total {}",
            run.total
        );
        lines += count;
        runs.push(run.id);
    }
    let mut found = vec![Measured {
        name: format!("calculate 15 schemes, {lines} lines"),
        took: total,
        limit: CALCULATE,
    }];
    for id in &runs {
        submit(&app, &Actor::System, *id)
            .await
            .expect("a run under review");
    }
    let mut readers = Vec::new();
    for n in 0..READERS {
        readers.push(Reader::sign_in(&app, &month::code(n)).await);
    }
    found.push(read(&readers, "under review").await);
    let boss = Actor::Account {
        id: 0,
        roles: vec![Role::Approver],
        employee: None,
    };
    let begun = Instant::now();
    for id in &runs {
        approve(&app, &boss, *id, "bench").await.expect("an approved run");
        let run = close(&app, &Actor::System, *id, "bench")
            .await
            .expect("a closed run");
        assert_eq!(run.state, RunState::Closed);
    }
    println!("approved and closed in {:.1} s", begun.elapsed().as_secs_f64());
    found.push(read(&readers, "closed").await);
    let begun = Instant::now();
    let ledger = check_ledger(&app).await.expect("a store");
    assert_eq!((ledger.broken_at, ledger.trial_balance), (None, 0));
    println!(
        "{} entries walked in {:.1} s",
        ledger.entries,
        begun.elapsed().as_secs_f64()
    );
    let begun = Instant::now();
    let again = replay(&app, runs[0]).await.expect("a store");
    assert!(again.is_same(), "{:?}", again.differ.first());
    println!(
        "the first run replayed to the byte in {:.1} s",
        begun.elapsed().as_secs_f64()
    );
    app.store.close().await;
    found
}

/// The slowest of all readers' statements, each read ten times.
async fn read(readers: &[Reader], state: &str) -> Measured {
    let (mut worst, mut bytes) = (Duration::ZERO, 0);
    for reader in readers {
        reader.get("/app/income?month=2026-10").await;
        for _ in 0..10 {
            let (took, length) = reader.get("/app/income?month=2026-10").await;
            worst = worst.max(took);
            bytes = bytes.max(length);
        }
    }
    Measured {
        name: format!("statement {state}, slowest, {} kB", bytes / 1000),
        took: worst.as_secs_f64(),
        limit: STATEMENT,
    }
}

/// Runs it for a firm `part` times smaller; gives what was measured.
pub fn run(part: usize) -> Vec<Measured> {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(road(folder.path(), part))
}
