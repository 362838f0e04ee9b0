//! Integration tests: one binary, one file per subject. `support` is what they stand on.
//!
//! A test that needs a store is an `async fn name(db: TestDb)` and a line `both!(name);`: it runs on SQLite
//! and on PostgreSQL, as `name::sqlite` and `name::postgres`.

#![expect(
    clippy::unwrap_used,
    clippy::arc_with_non_send_sync,
    reason = "a test may panic, and shares its shop between tasks of one thread"
)]

#[macro_use]
mod support;

mod browser;
mod chores;
mod claims;
mod convert;
mod demo;
mod doors;
mod early;
mod entry;
mod fresh;
mod house;
mod kill;
mod loader;
mod migrations;
mod operate;
mod paper;
mod pay;
mod payout;
mod points;
mod restless;
mod script;
mod staff;
mod telling;
mod tracker;
mod web;
