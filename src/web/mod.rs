//! Pages, HTTP API, landing page, sessions and problems.
//!
//! # Why
//! A handler takes, does, answers; everything it decides is decided below. Own extractors, so that every rejection
//! looks like ours; one type for errors ([`Problem`]), rendered as JSON or as a page by what the caller accepts.

pub mod api;
mod auth;
mod extract;
mod idempotency;
pub mod pages;
mod problem;
mod state;

pub use auth::{Authed, hash_key};
pub use extract::{Body, Json, List, Page, Path, Query};
pub use idempotency::idempotency;
pub use problem::{FieldError, Problem};
pub use state::Web;
