//! For finance, HR and approvers: objections to be decided on, lines held back, files for payroll, bank and books.
//!
//! # Why
//! What goes wrong with pay is told here first. Each decision has a reason, a name and another person behind it; nobody
//! decides on their own.

mod exports;
mod holds;
mod queue;

use axum::Router;

use crate::web::Web;

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .merge(exports::routes())
        .merge(holds::routes())
        .merge(queue::routes())
}
