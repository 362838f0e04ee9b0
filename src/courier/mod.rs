//! HTTP out, to addresses that others chose: webhooks and group robots.
//!
//! # Why
//! Whoever may name an address could make the server speak to what only the server can reach. So names are resolved here,
//! private addresses are refused where the connection is made, redirects are not followed, and an answer is read to a
//! limit only.

mod resolver;
mod send;

pub use send::{Answer, Courier, SendError};
