//! The router's state.

use axum::extract::FromRef;

use crate::app::App;

/// What handlers can take with `State<…>`: the whole, or a part by `FromRef`.
#[derive(Clone, FromRef)]
pub struct Web {
    /// The application.
    pub app: App,
}
