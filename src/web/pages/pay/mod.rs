//! For finance, HR and who approves: the period board, one run, how an amount came about.
//!
//! # Why
//! Whoever signs for a month's pay reads these pages all day: every figure leads to what it was made of, what is missing
//! stands first, and what somebody may not do says why. Decisions are the application's; here they are shown and asked for.

mod drawn;
mod edit;
mod entry;
pub mod facts;
mod import;
mod line;
mod lines;
mod marks;
mod notes;
mod offers;
mod params;
mod run;
mod runs;
mod schemes;
pub mod view;

use axum::Router;

use crate::web::Web;

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .merge(edit::routes())
        .merge(entry::routes())
        .merge(facts::routes())
        .merge(import::routes())
        .merge(line::routes())
        .merge(offers::routes())
        .merge(run::routes())
        .merge(runs::routes())
        .merge(schemes::routes())
}
