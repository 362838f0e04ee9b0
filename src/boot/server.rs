//! Everything that runs in a server, in the order it starts and stops.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use axum::extract::Request;
use axum::serve::ListenerExt;
use axum::{Router, ServiceExt};
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::future::IntoFuture;

use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::deliver::RobotWords;
use crate::app::digest::DigestWords;
use crate::app::{App, LinkWatch, NoWatch, keys};
use crate::boot::notices::Pages;
use crate::boot::{Nature, OpenError, metrics, open};
use crate::chores;
use crate::classify;
use crate::config::{ConfigError, Settings};
use crate::domain::EmployeeId;
use crate::geo::Geo;
use crate::redirect::loader::{Loader, LoaderCounts, LoaderParts, Rules};
use crate::redirect::refresh::{RefreshParts, Refresher};
use crate::redirect::table::Table;
use crate::redirect::{FollowSettings, Front, Redirector, RedirectorParts, StaffCookie};
use crate::spool::{Durability, NodeName, Spool, SpoolSettings};
use crate::storage::{Store, StoreError};
use crate::web::pages::admin::Inforce;
use crate::web::telling::{GroupWords, MailWords};
use crate::web::{self, StaffDoor, Web};

/// How long answers under way may take after the stop was asked for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a server cannot start, or ended badly.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Settings, data directory or store.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Token keys.
    #[error(transparent)]
    Keys(#[from] keys::KeysError),
    /// The spool.
    #[error(transparent)]
    Spool(#[from] crate::spool::OpenError),
    /// The node's name cannot be a folder.
    #[error(transparent)]
    Node(#[from] crate::spool::NodeNameError),
    /// The address is taken, or not ours.
    #[error("listen {addr}: {source}")]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The listener broke.
    #[error("serve: {0}")]
    Serve(std::io::Error),
}

/// Tells the redirect's table of changes made through this process.
struct Watch {
    refresher: Arc<Refresher>,
    /// Set once the loader is made.
    loader: Arc<OnceLock<Arc<LoaderCounts>>>,
}

#[async_trait::async_trait]
impl LinkWatch for Watch {
    async fn changed(&self) {
        // The poll tries again within half a second.
        if let Err(error) = self.refresher.refresh().await {
            tracing::warn!(%error, "the link table could not be brought up to date");
        }
    }

    fn caught_up(&self) -> bool {
        let loader = self.loader.get();
        loader.is_some_and(|counts| counts.caught_up.load(Ordering::Relaxed))
    }
}

/// The staff door. Weak: the redirector holds the pages, and the pages must not hold it back.
struct Door(Weak<Redirector>);

impl StaffDoor for Door {
    fn way_in(&self, employee: EmployeeId, back: &str) -> String {
        self.0
            .upgrade()
            .map_or_else(|| back.to_owned(), |door| door.staff_door(employee, back))
    }

    fn way_out(&self, back: &str) -> String {
        self.0
            .upgrade()
            .map_or_else(|| back.to_owned(), |door| door.staff_way_out(back))
    }
}

/// The parts of a server, ready to run.
pub struct Server {
    /// The application.
    pub app: App,
    /// The redirect in front of the site.
    pub front: Front<Router>,
    /// The redirect alone.
    pub redirector: Arc<Redirector>,
    refresher: Arc<Refresher>,
    /// Carries the spool into the store, once started.
    pub loader: Loader,
    geo: Arc<Geo>,
    /// How mail reads.
    mail: Arc<dyn DigestWords>,
}

impl Server {
    /// Opens everything and fills the link table; nothing runs yet.
    pub async fn prepare(settings: &Settings, nature: Nature) -> Result<Self, ServeError> {
        // Beside the link table: both take a good part of a start.
        let warm = tokio::task::spawn_blocking(classify::warm_up);
        let mut parts = open(settings, Arc::new(NoWatch), nature).await?.parts;
        let rng = StdRng::from_rng(&mut parts.rng);
        let node = NodeName::parse(&settings.node_name()?)?;
        let root = settings.data_dir.join("spool");
        let spool = Arc::new(Spool::open(
            SpoolSettings {
                durability: match settings.spool_durability {
                    crate::config::Durability::Group => Durability::Group,
                    crate::config::Durability::Strict => Durability::Strict,
                },
                total_bytes: u64::from(settings.spool_max_mib) << 20,
                ..SpoolSettings::new(root.clone(), node.clone())
            },
            parts.clock.now(),
        )?);
        let table = Arc::new(Table::new());
        let urls = parts.urls.clone();
        let refresher = Arc::new(Refresher::new(RefreshParts {
            store: parts.store.clone(),
            table: Arc::clone(&table),
            zone: parts.programme.zone.clone(),
            picture_url: Box::new(move |slug| urls.short_url(&format!("l/{slug}/picture"))),
        }));
        let loading = Arc::new(OnceLock::new());
        parts.watch = Arc::new(Watch {
            refresher: Arc::clone(&refresher),
            loader: Arc::clone(&loading),
        });
        let app = App::new(parts);
        if matches!(app.store, Store::Sqlite { .. }) {
            // Nobody else serves this file: what was reserved before is nobody's work any more.
            app.store.release_idempotent(app.started_ms()).await?;
        }
        refresher.refresh().await?;
        let geo = Arc::new(Geo::open(settings.geo_db.iter().cloned()));
        let loader = Loader::new(LoaderParts {
            store: app.store.clone(),
            root,
            node,
            geo: Arc::clone(&geo),
            rules: Rules::of(&app.programme),
            clock: Arc::clone(&app.clock),
            table: Some(Arc::clone(&table)),
        });
        let _ = loading.set(loader.counts());
        let short_url = app.urls.short.as_str().trim_end_matches('/').to_owned();
        let pages = Arc::new(Pages::default());
        let redirector = Arc::new(Redirector::new(RedirectorParts {
            table,
            spool,
            tokens: keys::ensure_token_keys(&app).await?,
            staff: StaffCookie::new(
                &app.secrets.derive("staff-cookie", b""),
                short_url.starts_with("https:"),
            ),
            salt: keys::todays_salt(&app).await?,
            clock: Arc::clone(&app.clock),
            rng,
            notices: Arc::clone(&pages) as _,
            settings: FollowSettings {
                internal_networks: settings.internal_networks.clone(),
                trusted_proxies: settings.trusted_proxies.clone(),
                honour_do_not_track: app.programme.honour_do_not_track,
                short_url,
            },
        }));
        let web = Web::with(
            app.clone(),
            web::Front {
                firm: settings.firm_name.as_str().into(),
                probes: metrics::probes(&redirector, &loader, &geo),
                staff_door: Some(Box::new(Door(Arc::downgrade(&redirector)))),
                trusted_proxies: settings.trusted_proxies.clone(),
                settings: settings
                    .shown()
                    .into_iter()
                    .map(|(name, value)| Inforce { name, value })
                    .collect(),
                ..web::Front::plain(&app)
            },
        );
        pages.set(web.clone());
        let front = Front::new(Arc::clone(&redirector), web::router(web));
        if let Err(error) = warm.await {
            tracing::error!(%error, "the crawler list is read by the first redirect instead");
        }
        let mail = Arc::new(MailWords {
            firm: settings.firm_name.clone(),
            base: app.urls.on_base(""),
        });
        Ok(Self {
            app,
            front,
            redirector,
            refresher,
            loader,
            geo,
            mail,
        })
    }

    /// Starts what runs beside the listener: table refresh, loader, geo reload, daily keys, chores.
    pub fn start(self) -> Running {
        let (stop_sender, stop) = watch::channel(false);
        let chores_stop = CancellationToken::new();
        let fresh = chores::keep_fresh(
            self.app.clone(),
            Arc::clone(&self.redirector),
            self.geo,
            chores_stop.clone(),
        );
        let tasks = vec![
            tokio::spawn(Arc::clone(&self.refresher).run(stop.clone())),
            tokio::spawn(chores::run(
                self.app.clone(),
                self.loader.counts(),
                chores_stop.clone(),
            )),
            tokio::spawn(fresh),
            tokio::spawn(chores::mail(self.app.clone(), self.mail, chores_stop.clone())),
            tokio::spawn(chores::deliver(
                self.app.clone(),
                group_words(&self.app),
                chores_stop.clone(),
            )),
        ];
        let loader = on_its_own_thread(self.loader, stop);
        Running {
            app: self.app,
            front: self.front,
            stop: stop_sender,
            chores: chores_stop,
            tasks,
            loader,
        }
    }
}

fn group_words(app: &App) -> Arc<dyn RobotWords> {
    Arc::new(GroupWords {
        base: app.urls.on_base(""),
    })
}

/// Runs the loader on a thread of its own: a batch is milliseconds of work, for which no redirect shall wait.
fn on_its_own_thread(loader: Loader, stop: watch::Receiver<bool>) -> oneshot::Receiver<()> {
    let (ended, end) = oneshot::channel();
    let runtime = tokio::runtime::Handle::current();
    let spawned = std::thread::Builder::new()
        .name("loader".to_owned())
        .spawn(move || {
            runtime.block_on(loader.run(stop));
            let _ = ended.send(());
        });
    if let Err(error) = spawned {
        tracing::error!(%error, "no thread for the loader: clicks wait in the spool");
    }
    end
}

/// A server whose background work runs.
pub struct Running {
    app: App,
    front: Front<Router>,
    stop: watch::Sender<bool>,
    chores: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    /// Told when the loader has ended.
    loader: oneshot::Receiver<()>,
}

impl Running {
    /// Serves until `shutdown` ends; then finishes the answers under way, empties the spool and closes the store.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        let Self {
            app,
            front,
            stop,
            chores,
            tasks,
            loader,
        } = self;
        let ending = CancellationToken::new();
        let told = ending.clone();
        let shutdown = async move {
            shutdown.await;
            tracing::info!("stopping: answers under way are finished, the spool is emptied");
            told.cancel();
        };
        let service = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(front);
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let serving = axum::serve(listener, service)
            .with_graceful_shutdown(shutdown)
            .into_future();
        let patience = async {
            ending.cancelled().await;
            tokio::time::sleep(PATIENCE).await;
        };
        // A live board's stream never ends by itself.
        let served = tokio::select! {
            served = serving => served,
            () = patience => Ok(()),
        };
        chores.cancel();
        let _ = stop.send(true);
        for task in tasks {
            let _ = task.await;
        }
        let _ = loader.await;
        app.store.close().await;
        served.map_err(ServeError::Serve)
    }
}
