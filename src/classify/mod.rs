//! What a request is: person, machine, preview, prefetch; and which visitor, browser and network it shows.
//!
//! # Why
//! Counting only people is the product's promise; the rules are pure so that each user agent is a test
//! (attribution.md §2). What one request shows is judged here while it is answered ([`judge`]); what only its
//! neighbours show (repeats, scanners, hosting networks, WeChat's second fetch) is judged by the loader with
//! the functions of [`later`](is_repeat), from rows, so that restarts and several nodes agree.
//!
//! # Cost
//! Nothing on the way of a click allocates (but a new user agent, to know it again: `known`), and nothing takes longer than linear in what was sent. Of one
//! request: one pass over the user agent for the names in it (`tokens`), one for the names of crawlers
//! (`names`; skipped for previews and prefetches), one HMAC over prepared state for visitors without a cookie:
//! together about a microsecond. User agents are read to their first [`MAX_AGENT`] bytes. Building the
//! crawler table takes milliseconds: call [`warm_up`] before listening. The figures are printed by the
//! benchmark, not asserted here.

mod address;
mod agent;
mod crawlers;
mod headers;
mod hosting;
mod known;
mod later;
mod names;
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

/// User agents are read this far, bytes; the longest real ones have 600. What follows is not looked at.
pub const MAX_AGENT: usize = 1024;

/// The part of a user agent that is looked at.
fn visible(user_agent: &str) -> &str {
    &user_agent[..user_agent.floor_char_boundary(MAX_AGENT)]
}

/// Builds the crawler table now instead of at the first click. Takes milliseconds, once.
pub fn warm_up() {
    crawlers::warm_up();
}
