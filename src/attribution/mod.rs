//! Who earned what, and why: click tokens, windows, ownership, the written decision.
//!
//! # Why
//! Credit must be decided by pure rules over values, so that every decision can be replayed and explained (attribution.md §5).

pub mod token;
