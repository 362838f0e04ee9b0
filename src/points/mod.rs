//! Points for shares, clicks, exchanges and awards: rules, caps, expiry.
//!
//! # Why
//! Points are promises: the rules are pure and the ledger only ever grows (attribution.md §7). A correction is one more
//! entry, booked to the day of what it corrects, so that every balance and every board can be recounted.

mod earn;
mod entry;
mod expiry;
mod redeem;
#[cfg(test)]
mod tests;

pub use earn::{DaySoFar, ShareOutcome, earns_on, friend_key, share_outcome};
pub use entry::{Rule, source};
pub use expiry::{Earned, Spent, expires_on, lapsed};
pub use redeem::{Asker, Bar, Offer, bar};
