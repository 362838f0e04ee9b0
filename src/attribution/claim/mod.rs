//! Claims: deals no link can see, filed by hand and verified in the CRM (attribution.md §6).
//!
//! # Why
//! Which steps are open, what counts as the same deal and what a CRM note says are rules, not queries: stated here
//! purely, applied by `app::claims` in one transaction each.

mod deal;
mod doubt;
mod note;
mod state;

pub use deal::{Deal, Grounds, OrderKey, grounds};
pub use doubt::Doubt;
pub use note::{Named, SourceNote};
pub use state::{ClaimState, ClaimStep, StepRefused};

/// How long the first filer holds a deal that is not decided, days.
pub const HOLD_DAYS: i64 = 30;
/// Most attachments of a claim.
pub const MAX_ATTACHMENTS: usize = 3;
