//! Typed settings: flag = environment variable = line in `bole.toml`.
//!
//! # Why
//! One table of settings ([`table`]), so that the three doors cannot disagree; a value that cannot be right is refused
//! at the start with its name, where it stood, and what was expected.

mod check;
mod file;
mod table;
mod values;

pub use check::{ConfigError, check};
pub use file::{Source, load};
pub use table::{Layer, NAMES, Settings};
pub use values::{Binding, Durability, LogFormat, Model};
