//! Screens: one file each, mirroring `templates/`.
//!
//! # Why
//! The page struct that derives the template sits above its handler, so that what a page shows is read in one place.

pub mod errors;
mod home;
mod signin;

pub use errors::{gone, not_found};

use axum::Router;

use crate::web::Web;

/// All pages. GETs change nothing; every change is a POST answered by 303, or by 422 with the form as it was typed.
pub fn routes() -> Router<Web> {
    Router::new().merge(home::routes()).merge(signin::routes())
}
