//! Points and boards on both databases.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod boards;
mod filing;
mod ledger;
pub mod people;
mod results;
pub mod rig;
mod told;
