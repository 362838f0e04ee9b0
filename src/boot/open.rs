//! Opening an installation for a command or a server.

use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::{StdRng, SysRng};

use crate::app::{App, AppParts, LinkWatch, Secrets};
use crate::boot::{DataDirError, SystemClock, prepare};
use crate::config::{ConfigError, Settings};
use crate::domain::Clock;
use crate::storage::{Store, StoreError, StoreOptions};

/// Why an installation cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Data directory.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// Database.
    #[error("{url}: {source}")]
    Store {
        /// Which database, without password.
        url: String,
        /// What it said.
        source: StoreError,
    },
    /// The system has no randomness.
    #[error("no randomness from the system: {0}")]
    Chance(String),
    /// The secret is not the one this store was made with.
    #[error(
        "the secret key is not the one this database was made with: restore secret.key, or set secret_key as on the other nodes"
    )]
    OtherSecret,
}

/// An installation, opened and migrated.
pub struct Opened {
    /// The parts, ready for [`App::new`].
    pub parts: AppParts,
}

impl Opened {
    /// The application.
    pub fn into_app(self) -> App {
        App::new(self.parts)
    }
}

/// Where an installation's time and chance come from.
pub struct Nature {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub rng: StdRng,
    /// Whether a commit waits for the disk. Only the demo, which is built again at will, does without.
    pub durable: bool,
    /// How long a caller waits for the database.
    pub patience: Duration,
}

impl Nature {
    /// The system's clock and randomness.
    pub fn of_system() -> Result<Self, OpenError> {
        let rng = StdRng::try_from_rng(&mut SysRng).map_err(|e| OpenError::Chance(e.to_string()))?;
        Ok(Self {
            clock: Arc::new(SystemClock),
            rng,
            durable: true,
            patience: Duration::from_secs(10),
        })
    }
}

/// Opens data directory, secret and store, and brings the schema up to date.
pub async fn open(
    settings: &Settings,
    watch: Arc<dyn LinkWatch>,
    nature: Nature,
) -> Result<Opened, OpenError> {
    let Nature {
        clock,
        mut rng,
        durable,
        patience,
    } = nature;
    let master = prepare(&settings.data_dir, settings.master_secret()?, &mut rng)?;
    let options = StoreOptions {
        connections: settings.database_connections,
        durable,
        patience,
        ..StoreOptions::new(settings.store_url())
    };
    let failed = |source| OpenError::Store {
        url: without_password(&options.url),
        source,
    };
    let store = Store::open(&options).await.map_err(failed)?;
    store.migrate().await.map_err(failed)?;
    let secrets = Secrets::new(master);
    let [a, b, c, d, ..] = secrets.derive("fingerprint", b"");
    let fingerprint = format!("{:08x}", u32::from_be_bytes([a, b, c, d]));
    let known = store
        .meta_or_insert("secret_fingerprint", &fingerprint)
        .await
        .map_err(failed)?;
    if known != fingerprint {
        return Err(OpenError::OtherSecret);
    }
    let parts = AppParts {
        store,
        clock,
        rng,
        programme: settings.programme()?,
        urls: settings.urls()?,
        secrets,
        watch,
        outside: settings.outside()?,
    };
    Ok(Opened { parts })
}

/// The URL as it may be logged.
fn without_password(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(mut parsed) if parsed.password().is_some() => {
            let _ = parsed.set_password(Some("…"));
            parsed.to_string()
        }
        _ => url.to_owned(),
    }
}
