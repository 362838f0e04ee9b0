//! Acts of several steps, one transaction each: mint, convert, award, freeze a board, import.
//!
//! # Why
//! Decide purely, then do it in one transaction: pages, API and command line share the same acts.

pub mod accounts;
mod actor;
pub mod award;
pub mod board;
pub mod filing;
pub mod interaction;
mod permission;
mod secrets;
pub mod share;
mod state;

pub use actor::Actor;
pub use permission::{Permission, allows};
pub use secrets::Secrets;
pub use state::{App, AppParts, LinkWatch, NoWatch, Urls};
