//! Points for shares, clicks, exchanges and awards: rules and caps.
//!
//! # Why
//! Points are promises: the rules are pure and the ledger only ever grows (attribution.md §7).
