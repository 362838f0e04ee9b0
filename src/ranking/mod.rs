//! Leaderboards: competition ranks, places moved, distance, names as people chose.
//!
//! # Why
//! A board people trust is computed by one pure function and then frozen (attribution.md §8).
