//! For verifiers: the queue of claims, one claim beside what the CRM says, and the CRM's records by hand and by file.
//!
//! # Why
//! A verifier decides fifty claims in a morning: what waits stands first, what agrees and what does not is said in words
//! beside the claim, and what may not be decided says why.

mod case;
mod compare;
mod crm;
mod queue;
#[cfg(test)]
mod tests;

use axum::Router;

use crate::web::Web;

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().merge(queue::routes()).merge(crm::routes())
}
