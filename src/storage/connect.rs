//! Opening a store and bringing its schema up to date.

use std::str::FromStr;
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, PgPool, SqlitePool};

use crate::storage::{StoreError, Tx, reading};

static SQLITE: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

/// The store: SQLite by default, PostgreSQL for several nodes. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Store {
    /// One writer connection and a pool of readers on one file in WAL mode.
    Sqlite {
        /// Readers.
        read: SqlitePool,
        /// The writer.
        write: SqlitePool,
        /// How long a caller waits for the file's one write lock.
        patience: Duration,
    },
    /// A pool.
    Postgres(PgPool),
}

/// How to open a store.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// Connections for reads (SQLite) or all work (PostgreSQL).
    pub connections: u32,
    /// How long a caller waits for a connection or a lock.
    pub patience: Duration,
    /// Whether a commit waits for the disk (SQLite); PostgreSQL decides for itself.
    pub durable: bool,
}

impl StoreOptions {
    /// Defaults for a URL: 4 connections, 10 s of patience.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connections: 4,
            patience: Duration::from_secs(10),
            durable: true,
        }
    }
}

/// How long SQLite itself waits for the write lock, and how long until we ask again. Its own wait asks ever more seldom
/// (every 100 ms in the end): beside a server whose loader leaves the lock free for some milliseconds between batches it
/// would come too late again and again.
const TURN: Duration = Duration::from_millis(15);
const AGAIN: Duration = Duration::from_millis(2);

/// Waiting for one's turn at the write lock.
struct Turns {
    end: Instant,
}

impl Turns {
    fn within(patience: Duration) -> Self {
        Self {
            end: Instant::now() + patience,
        }
    }

    /// Whether to try again after this error; waits a moment first.
    async fn again(&self, error: &StoreError) -> bool {
        let again = error.is_locked() && Instant::now() < self.end;
        if again {
            tokio::time::sleep(AGAIN).await;
        }
        again
    }
}

impl Store {
    /// Opens the store; an SQLite file is created when missing. Does not touch the schema: see [`Store::migrate`].
    pub async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        let StoreOptions {
            url,
            connections,
            patience,
            durable,
        } = options;
        if url.starts_with("sqlite:") {
            // WAL + FULL: a commit is on disk before it is answered. Pages are cached sparingly: the link table
            // and the system's page cache are what redirects and reports live on.
            let base = SqliteConnectOptions::from_str(url)?
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(if *durable {
                    SqliteSynchronous::Full
                } else {
                    SqliteSynchronous::Off
                })
                .foreign_keys(true)
                .busy_timeout(*patience)
                // Looked at in samples: all of ten million clicks would take seconds.
                .optimize_on_close(true, 400);
            let write = SqlitePoolOptions::new()
                .max_connections(1)
                .acquire_timeout(*patience)
                .idle_timeout(None)
                .max_lifetime(None)
                // On a full disk SQLite ends a transaction by itself, and sqlx goes on believing in it: such a connection
                // could not begin another one ever again.
                .before_acquire(|connection, _| {
                    let sound = !connection.is_in_transaction();
                    Box::pin(async move { Ok(sound) })
                })
                .connect_with(
                    base.clone()
                        .busy_timeout(TURN)
                        // A batch of clicks on thousands of links changes a page of each: all of them are to stay.
                        .pragma("cache_size", "-32768")
                        // Pages that every batch changes go from the log to the file once in a while, not each time.
                        .pragma("wal_autocheckpoint", "32000")
                        .pragma("temp_store", "memory"),
                )
                .await?;
            let read = SqlitePoolOptions::new()
                .max_connections(*connections)
                .acquire_timeout(*patience)
                .connect_with(base.pragma("cache_size", "-2048").pragma("query_only", "on"))
                .await?;
            Ok(Self::Sqlite {
                read,
                write,
                patience: *patience,
            })
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let pool = PgPoolOptions::new()
                .max_connections(*connections)
                .acquire_timeout(*patience)
                .connect_with(PgConnectOptions::from_str(url)?)
                .await?;
            Ok(Self::Postgres(pool))
        } else {
            Err(StoreError::Url(url.clone()))
        }
    }

    /// Brings the schema up to date; safe to call from several nodes at once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { write, patience, .. } => {
                let turns = Turns::within(*patience);
                loop {
                    match SQLITE.run(write).await.map_err(StoreError::from) {
                        Err(error) if turns.again(&error).await => {}
                        other => break other?,
                    }
                }
            }
            Self::Postgres(pool) => POSTGRES.run(pool).await?,
        }
        Ok(())
    }

    /// Begins a write transaction. On SQLite it takes the write lock at once, so that it cannot fail half-way.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite { write, patience, .. } => {
                let turns = Turns::within(*patience);
                loop {
                    match write
                        .begin_with("begin immediate")
                        .await
                        .map_err(StoreError::from)
                    {
                        Err(error) if turns.again(&error).await => {}
                        other => break Tx::Sqlite(other?),
                    }
                }
            }
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// `Ok` when the store answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        reading!(self, |db| sqlx::query("select 1")
            .execute(db)
            .await?
            .rows_affected());
        Ok(())
    }

    /// Closes all connections.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { read, write, .. } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn given_a_disk_that_was_full_when_there_is_room_again_then_the_store_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("bole.db").display());
        let store = Store::open(&StoreOptions::new(url)).await.unwrap();
        let fill = async |pragma: &'static str| {
            let Tx::Sqlite(mut tx) = store.begin().await? else {
                panic!("SQLite")
            };
            sqlx::query("create table if not exists filler (x blob)")
                .execute(&mut *tx)
                .await?;
            sqlx::query(pragma).execute(&mut *tx).await?;
            sqlx::query("insert into filler (x) values (zeroblob(100000))")
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
            Ok::<_, StoreError>(())
        };
        let full = fill("pragma max_page_count = 3").await.unwrap_err();
        assert!(
            full.to_string().contains("full") && full.is_about_disk(),
            "{full}"
        );
        fill("pragma cache_spill = on").await.unwrap();
    }
}
