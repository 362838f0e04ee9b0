//! The router's state.

use std::sync::Arc;

use axum::extract::FromRef;

use crate::app::App;
use crate::web::health::Probes;

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
    /// Makes the address on the short host that knows a browser as a member of staff's (attribution.md §2), given the
    /// employee's row and the page to come back to; `None` while nobody listens there.
    pub staff_door: Option<StaffDoor>,
}

/// See [`Front::staff_door`].
pub type StaffDoor = Box<dyn Fn(crate::domain::EmployeeId, &str) -> String + Send + Sync>;

impl Default for Front {
    fn default() -> Self {
        Self {
            firm: "伯乐".into(),
            probes: Probes::default(),
            staff_door: None,
        }
    }
}

impl Web {
    /// The state with a front as it is by default: always ready, no metrics, nobody on the short host.
    pub fn new(app: App) -> Self {
        Self::with(app, Front::default())
    }

    /// The state.
    pub fn with(app: App, front: Front) -> Self {
        Self {
            app,
            front: Arc::new(front),
        }
    }
}
