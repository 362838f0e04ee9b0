//! Who earned what, and why: click tokens, dwell, repeats, windows, ownership, the written decision.
//!
//! # Why
//! Credit must be decided by pure rules over values, so that every decision can be replayed and explained (attribution.md §5).
//! [`decide`] takes what the store knows ([`Evidence`]) and the rules in force ([`Rules`]), and writes down every step.

mod cause;
pub mod claim;
mod contact;
mod decide;
pub mod dwell;
mod evidence;
pub mod odd;
mod status;
mod step;
pub mod token;
pub mod visits;
mod words;

#[cfg(test)]
mod decide_tests;

pub use cause::Cause;
pub use contact::{Contact, ContactError, ContactHash, ContactHasher, ContactKind, is_own_contact};
pub use decide::{COUPON_CHANNEL, Decision, credits, decide};
pub use evidence::{
    ClickFact, CouponFact, CouponRefusal, DAY_MS, Evidence, FORM_MIN_MS, Generation, Owner, Person, Rules,
    SKEW_MS, Touch,
};
pub use status::{ConversionKind, Source, Status, Verdict, VerdictRefused, Via, counted};
pub use step::{Fact, Facts, Outcome, Reason, Step};
