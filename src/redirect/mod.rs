//! The hot path alone: code to link in memory, follow, beacon, and the loader that carries records into the store.
//!
//! [`Front`] stands before the app's router: it answers `/{code}` and `/b` itself and hands everything else on.
//!
//! # Why
//! A customer waits for this code and nothing else; `follow` never says storage. A redirect costs a look-up in memory,
//! one classification, two MACs and one `write()`; no span, no session, no route matching.

mod beacon;
mod cookie;
mod door;
mod follow;
mod front;
mod guard;
pub mod loader;
mod metrics;
mod preview;
pub mod refresh;
mod request;
pub mod table;
#[cfg(test)]
mod tests;

pub use beacon::{MAX_BEACON, script};
pub use cookie::{STAFF_COOKIE, StaffCookie, VISITOR_COOKIE};
pub use follow::{FollowSettings, Redirector, RedirectorParts};
pub use front::{Answer, Front, Notices, PlainNotices};
pub use metrics::{RedirectCounts, RedirectMetrics};
