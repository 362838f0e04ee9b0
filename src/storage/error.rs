//! What can go wrong between us and a database.

/// A failed call of the store. Refusals (taken, not found, …) are not failures and have types of their own.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database said no, or nothing.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("migration: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A write touched another number of rows than it must.
    #[error("{what}: wrote {found} rows, expected {expected}")]
    RowCount {
        /// Which statement.
        what: &'static str,
        /// Rows touched.
        found: u64,
        /// Rows it had to touch.
        expected: u64,
    },
    /// A stored value that no version of this program wrote.
    #[error("{table}.{column}: {value:?} is not a value we know")]
    Corrupt {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
        /// What was found.
        value: String,
    },
    /// The URL names neither of the two databases.
    #[error("database_url {0:?}: expected sqlite:PATH or postgres://…")]
    Url(String),
}

impl StoreError {
    /// Whether a unique constraint refused the write: somebody else was first.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(e)) if e.is_unique_violation())
    }

    /// Whether another connection holds the lock this one needs (SQLite).
    pub fn is_locked(&self) -> bool {
        let error = match self {
            Self::Database(error) => error,
            Self::Migrate(sqlx::migrate::MigrateError::Execute(error)) => error,
            _ => return false,
        };
        let sqlx::Error::Database(error) = error else {
            return false;
        };
        matches!(error.code().as_deref(), Some("5" | "6" | "261" | "517"))
    }

    /// Whether what was written is the reason: it breaks a rule of the schema, or meets something stored that does. The
    /// same again will be refused again; something else need not be.
    pub fn is_about_data(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(e)) => {
                let code = e.code().unwrap_or_default();
                match code.parse::<u32>() {
                    // SQLite: too big, a constraint, a mismatch; the low byte of longer codes.
                    Ok(number) if code.len() < 5 => matches!(number & 0xff, 18..=20),
                    // PostgreSQL: data exceptions, integrity constraints.
                    _ => code.starts_with("22") || code.starts_with("23"),
                }
            }
            Self::RowCount { .. } | Self::Corrupt { .. } => true,
            _ => false,
        }
    }

    /// Whether the database has no room or its disk fails: nothing was stored, and the same will be once that is over.
    pub fn is_about_disk(&self) -> bool {
        let Self::Database(sqlx::Error::Database(e)) = self else {
            return false;
        };
        let code = e.code().unwrap_or_default();
        match code.parse::<u32>() {
            // SQLite: an error of the disk, a full one; the low byte of longer codes.
            Ok(number) if code.len() < 5 => matches!(number & 0xff, 10 | 13),
            // PostgreSQL: insufficient resources.
            _ => code.starts_with("53"),
        }
    }

    /// Whether trying again may help: lock time-outs, serialization failures, lost connections.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(e)) => {
                matches!(
                    e.code().as_deref(),
                    Some("5" | "6" | "261" | "517" | "40001" | "40P01" | "57P01")
                )
            }
            Self::Database(e) => {
                matches!(
                    e,
                    sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed
                )
            }
            _ => false,
        }
    }

    /// Whether the same transaction may go through when tried again at once: two of them wanted the same rows, or a
    /// customer was merged into another one meanwhile.
    pub fn is_collision(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(e)) => {
                e.is_foreign_key_violation()
                    || matches!(
                        e.code().as_deref(),
                        Some("5" | "6" | "261" | "517" | "40001" | "40P01")
                    )
            }
            Self::RowCount { what, found: 0, .. } => *what == "customers",
            _ => false,
        }
    }

    /// `Ok` when a write touched exactly `expected` rows.
    pub fn check_rows(what: &'static str, found: u64, expected: u64) -> Result<(), Self> {
        if found == expected {
            Ok(())
        } else {
            Err(Self::RowCount {
                what,
                found,
                expected,
            })
        }
    }
}
