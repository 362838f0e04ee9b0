//! What runs on a timer: rollups, freezing boards, expiry, salts, retention.
//!
//! # Why
//! A table of chores can be read as a table.
