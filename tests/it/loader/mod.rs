//! From the spool into the store, on both databases.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod any_order;
mod api;
mod basics;
mod failures;
mod geo;
mod growth;
mod marks;
mod nodes;
mod overruled;
mod points;
pub mod scene;
mod table;
