//! Append-only segments of CRC-framed records: clicks and beacons between answer and store.
//!
//! # Why
//! A click that was answered is never lost, and the answer must not wait for a database (attribution.md §2).
