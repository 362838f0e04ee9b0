//! Typed settings: flag = environment variable = line in `bole.toml`.
//!
//! # Why
//! One table of settings, so that the three doors cannot disagree.
