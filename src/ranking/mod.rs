//! Leaderboards: competition ranks, places moved, distance, names as people chose.
//!
//! # Why
//! A board people trust is computed by one pure function and then frozen (attribution.md §8). Values are exact fractions:
//! two teams that are level are level, whatever their sizes.

mod metric;
mod name;
mod place;
#[cfg(test)]
mod tests;

pub use metric::{By, Metric};
pub use name::board_name;
pub use place::{Place, Value, moved, rank};
