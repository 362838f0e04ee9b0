//! What every act needs at hand.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::civil::Date;
use rand::rngs::StdRng;
use url::Url;

use crate::app::{Outside, Secrets};
use crate::domain::{Clock, Programme};
use crate::storage::Store;

/// The public addresses, without trailing slash when printed through [`Urls`]' methods.
#[derive(Clone, Debug)]
pub struct Urls {
    /// Where staff sign in, e.g. `https://bole.example/`.
    pub base: Url,
    /// Where links live, e.g. `https://s.example/`.
    pub short: Url,
}

impl Urls {
    /// The short URL of a code.
    pub fn short_url(&self, code: &str) -> String {
        format!("{}/{code}", self.short.as_str().trim_end_matches('/'))
    }

    /// Whether a URL is one of our own landing pages. They may always be led to; the short host's other paths never
    /// (a link that leads to a link runs in a circle).
    pub fn is_landing(&self, url: &str) -> bool {
        Url::parse(url).is_ok_and(|url| {
            let ours = url.origin() == self.short.origin() || url.origin() == self.base.origin();
            ours && url.path().starts_with("/l/")
        })
    }

    /// An absolute URL on the app's host; `path` begins with `/`.
    pub fn on_base(&self, path: &str) -> String {
        format!("{}{path}", self.base.as_str().trim_end_matches('/'))
    }
}

/// Told after links, coupons, campaigns or employees changed, so that the redirect table is right before the caller's
/// answer goes out.
#[async_trait::async_trait]
pub trait LinkWatch: Send + Sync + 'static {
    /// Brings the in-memory table up to date with the store.
    async fn changed(&self);

    /// Whether this node's spool is in the store, as far as anybody can tell now: only then are days counted for good. Where
    /// no loader runs, nobody can tell.
    fn caught_up(&self) -> bool {
        false
    }
}

/// Nobody watches: commands without a server.
#[derive(Debug)]
pub struct NoWatch;

#[async_trait::async_trait]
impl LinkWatch for NoWatch {
    async fn changed(&self) {}
}

/// What an [`App`] is made of.
pub struct AppParts {
    /// The store, migrated.
    pub store: Store,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance; seeded from the system in a server, from a number in tests and the demo.
    pub rng: StdRng,
    /// The programme's rules.
    pub programme: Programme,
    /// Public addresses.
    pub urls: Urls,
    /// Keys.
    pub secrets: Secrets,
    /// Who keeps the redirect table.
    pub watch: Arc<dyn LinkWatch>,
    /// Mail and webhooks.
    pub outside: Outside,
}

/// The application: shared by pages, API, command line, chores and demo. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    parts: AppParts,
    rng: Mutex<StdRng>,
    started_ms: i64,
}

impl std::ops::Deref for App {
    type Target = AppParts;

    fn deref(&self) -> &AppParts {
        &self.0.parts
    }
}

impl App {
    /// Puts the parts together.
    pub fn new(mut parts: AppParts) -> Self {
        use rand::SeedableRng;
        let rng = StdRng::from_rng(&mut parts.rng);
        Self(Arc::new(Inner {
            started_ms: parts.clock.now_ms(),
            parts,
            rng: Mutex::new(rng),
        }))
    }

    /// When this process put its parts together, milliseconds UTC.
    pub fn started_ms(&self) -> i64 {
        self.0.started_ms
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Today in the business zone.
    pub fn today(&self) -> Date {
        self.day_of(self.now())
    }

    /// The business day an instant lies in.
    pub fn day_of(&self, at: Timestamp) -> Date {
        at.to_zoned(self.programme.zone.clone()).date()
    }

    /// Runs `f` with the source of chance. Keep it short: it is one for all.
    pub fn with_rng<T>(&self, f: impl FnOnce(&mut StdRng) -> T) -> T {
        f(&mut self.0.rng.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Brings the redirect table up to date after a change of links, coupons, campaigns or people.
    pub async fn links_changed(&self) {
        self.watch.changed().await;
    }
}
