//! A database of a test's own, on either engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bole::domain::ManualClock;
use bole::storage::{Store, StoreOptions};
use rand::rngs::StdRng;
use tempfile::TempDir;

use super::pool;

/// Which engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file in a temporary folder.
    Sqlite,
    /// A database in the run's server.
    Postgres,
}

/// A store with the whole schema and nothing in it, a clock standing at [`super::noon`], and seeded chance.
pub struct TestDb {
    /// The store.
    pub store: Store,
    /// Its URL, for a second store or a server on the same data.
    pub url: String,
    /// The engine.
    pub kind: Kind,
    /// The test's clock.
    pub clock: Arc<ManualClock>,
    /// The test's chance.
    pub rng: StdRng,
    /// A folder of the test's own (spool, files).
    pub dir: Arc<TempDir>,
}

impl TestDb {
    /// A second store on the same database, as another node or process would open.
    pub async fn again(&self) -> Store {
        Store::open(&StoreOptions::new(&self.url))
            .await
            .expect("a second store")
    }

    /// Runs statements as they are, for what no function of the store does; gives the rows touched.
    pub async fn sql(&self, statements: &str) -> u64 {
        let query = sqlx::raw_sql(sqlx::AssertSqlSafe(statements.to_owned()));
        match &self.store {
            Store::Sqlite { write, .. } => query.execute(write).await.map(|done| done.rows_affected()),
            Store::Postgres(pool) => query.execute(pool).await.map(|done| done.rows_affected()),
        }
        .unwrap_or_else(|e| panic!("{statements}: {e}"))
    }

    /// The one whole number a query gives (cast sums and literals to bigint).
    pub async fn number(&self, query: &str) -> i64 {
        let text = sqlx::AssertSqlSafe(query.to_owned());
        match &self.store {
            Store::Sqlite { read, .. } => sqlx::query_scalar(text).fetch_one(read).await,
            Store::Postgres(pool) => sqlx::query_scalar(text).fetch_one(pool).await,
        }
        .unwrap_or_else(|e| panic!("{query}: {e}"))
    }
}

/// Runs `test` on a database of this kind with nothing in it.
pub async fn on<F: Future<Output = ()>>(kind: Kind, test: impl FnOnce(TestDb) -> F) {
    let dir = Arc::new(tempfile::tempdir().expect("a temporary folder"));
    let lease = match kind {
        Kind::Sqlite => None,
        Kind::Postgres => Some(pool::take().await),
    };
    let file = || format!("sqlite:{}", dir.path().join("bole.db").display());
    let url = lease.as_ref().map_or_else(file, |lease| lease.url.clone());
    let store = open(&url).await;
    let db = TestDb {
        store: store.clone(),
        url,
        kind,
        clock: Arc::new(ManualClock::new(super::noon())),
        rng: super::rng(),
        dir: dir.clone(),
    };
    test(db).await;
    // A test that failed leaves its database behind for a look; the server's folder goes with the run.
    store.close().await;
    drop(lease);
}

/// Opens the store at `url` and brings its schema up to date.
pub async fn open(url: &str) -> Store {
    let store = Store::open(&StoreOptions::new(url))
        .await
        .unwrap_or_else(|e| panic!("{url}: {e}"));
    store.migrate().await.unwrap_or_else(|e| panic!("{url}: {e}"));
    store
}

/// A database name no other test of the run has.
pub fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!(
        "t_{}_{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

async fn given_a_fresh_database_when_written_then_no_other_test_sees_it(db: TestDb) {
    // Twice the same unique code: would fail if two tests shared a database.
    db.sql("insert into teams (code, name, created_at) values ('north', '北区', 1)")
        .await;
    let again = TestDb {
        store: db.again().await,
        ..db
    };
    assert_eq!(again.number("select count(*) from teams").await, 1);
    again.store.close().await;
}

async fn given_another_fresh_database_when_written_then_it_began_empty(db: TestDb) {
    given_a_fresh_database_when_written_then_no_other_test_sees_it(db).await;
}

both!(
    given_a_fresh_database_when_written_then_no_other_test_sees_it,
    given_another_fresh_database_when_written_then_it_began_empty
);
