//! What a request is: person, machine, preview, prefetch; and which visitor, browser and network it shows.
//!
//! # Why
//! Counting only people is the product's promise; the rules are pure so that each user agent is a test (attribution.md §2).
