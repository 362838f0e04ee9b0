//! The router's state.

use std::sync::Arc;

use axum::extract::FromRef;
use ipnet::IpNet;

use crate::app::App;
use crate::domain::EmployeeId;
use crate::web::FormLimit;
use crate::web::health::Probes;
use crate::web::pages::admin::Inforce;

/// What handlers can take with `State<…>`: the whole, or a part by `FromRef`.
#[derive(Clone, FromRef)]
pub struct Web {
    /// The application.
    pub app: App,
    /// What only the pages need.
    pub front: Arc<Front>,
}

/// Settings and connections of the front that are none of the application's.
pub struct Front {
    /// The firm's name, in the language it has.
    pub firm: Arc<str>,
    /// What `/readyz` and `/metrics` ask.
    pub probes: Probes,
    /// Makes browsers known on the short host; `None` while nobody listens there.
    pub staff_door: Option<Box<dyn StaffDoor>>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How often forms are taken that nobody signed in for.
    pub forms: FormLimit,
    /// What is in force, for administrators.
    pub settings: Arc<[Inforce]>,
}

/// The addresses on the short host that make a browser known as a member of staff's (attribution.md §2).
pub trait StaffDoor: Send + Sync {
    /// By which it is known from now on as this employee's; `back` is the page to come back to.
    fn way_in(&self, employee: EmployeeId, back: &str) -> String;
    /// By which it is nobody's again.
    fn way_out(&self, back: &str) -> String;
}

impl Front {
    /// As it is by default: always ready, no metrics, nobody on the short host.
    pub fn plain(app: &App) -> Self {
        Self {
            firm: "伯乐".into(),
            probes: Probes::default(),
            staff_door: None,
            trusted_proxies: Vec::new(),
            forms: FormLimit::new(Arc::clone(&app.clock)),
            settings: Arc::default(),
        }
    }
}

impl Web {
    /// The state with a plain front.
    pub fn new(app: App) -> Self {
        let front = Front::plain(&app);
        Self::with(app, front)
    }

    /// The state.
    pub fn with(app: App, front: Front) -> Self {
        Self {
            app,
            front: Arc::new(front),
        }
    }
}
