//! For an employee: what they are paid and why, objections, the statement as a file.
//!
//! # Why
//! People believe a figure they can take apart. Each page shows one person their own pay and nobody else's; another's line,
//! objection or fact is simply not there.

mod files;
mod objection;
mod source;
mod statement;
pub mod view;

use axum::Router;

use crate::web::Web;

pub use files::{XLSX, download};
pub use objection::{SaidView, said};
pub use statement::month;

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .merge(files::routes())
        .merge(objection::routes())
        .merge(source::routes())
        .merge(statement::routes())
}
