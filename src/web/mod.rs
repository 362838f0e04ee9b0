//! Pages, HTTP API, landing page, sessions and problems.
//!
//! # Why
//! A handler takes, does, answers; everything it decides is decided below. Own extractors, so that every rejection
//! looks like ours; one type for errors ([`Problem`]), rendered as JSON or as a page by what the caller accepts.

pub mod api;
mod assets;
mod auth;
pub mod cause;
mod chart;
mod crm_words;
pub mod decision;
mod docs;
mod drain;
mod extract;
mod form;
pub mod gate;
pub mod health;
pub mod html;
pub mod i18n;
mod idempotency;
mod landing;
mod layers;
mod limit;
mod object;
pub mod pages;
mod picture;
mod problem;
mod router;
pub mod session;
mod sheet_words;
pub mod shell;
mod state;
pub mod telling;
pub mod ui;
mod upload;

/// Largest body that brings a scheme's document, bytes: a form writes each byte of a Chinese character as three.
pub const DOCUMENT_BODY: usize = 3 * crate::payout::BYTES_MAX + (64 << 10);

pub use crate::app::api_keys::hash_key;
pub use auth::Authed;
pub use extract::{Body, Json, Lines, List, Page, Path, Query, Sender};
pub use form::Form;
pub use idempotency::idempotency;
pub use limit::FormLimit;
pub use problem::{FieldError, Problem};
pub use router::router;
pub use sheet_words::{row_wrong, sheet_wrong};
pub use state::{Front, StaffDoor, Web};
pub use upload::Upload;
