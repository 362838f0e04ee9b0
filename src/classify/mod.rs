//! What a request is: person, machine, preview, prefetch; and which visitor, browser and network it shows.
//!
//! # Why
//! Counting only people is the product's promise; the rules are pure so that each user agent is a test
//! (attribution.md §2). What one request shows is judged here while it is answered ([`judge`]); what only its
//! neighbours show (repeats, scanners, hosting networks, WeChat's second fetch) is judged by the loader with
//! the functions of [`later`](is_repeat), from rows, so that restarts and several nodes agree.
//!
//! # Cost
//! Nothing on the way of a click allocates, except the regular expression's lazily built states, which are
//! kept per thread. Of one request: one pass over the user agent for the names in it (`tokens`), one pass of
//! the crawler expression (skipped for previews and prefetches), one HMAC over prepared state for visitors
//! without a cookie. Building the expression takes milliseconds: call [`warm_up`] before listening.
//! The figures are printed by `bole bench`, not asserted here.

mod address;
mod agent;
mod crawlers;
mod headers;
mod hosting;
mod later;
mod network;
mod request;
mod tokens;
mod visitor;

#[cfg(test)]
mod tests;

pub use address::{client_address, in_networks};
pub use agent::{Agent, Browser, Device, Os};
pub use headers::{Language, ReferrerHost, Short, language, referrer_host};
pub use hosting::is_hosting_network;
pub use later::{
    REPEAT_WINDOW_MS, SCANNER_LINKS, SCANNER_WINDOW_MS, Seen, WECHAT_REFETCH_MS, is_repeat, is_scanner,
    is_wechat_refetch,
};
pub use network::{Network, NetworkError};
pub use request::{Context, RequestFacts, Verdict, classify, judge};
pub use visitor::{SaltedHasher, Visitor, VisitorBy, VisitorId};

/// Builds the crawler expression now instead of at the first click. Takes milliseconds, once.
pub fn warm_up() {
    crawlers::warm_up();
}
