//! The text of the programme's rules (its white paper): what it looks like, and what changed between two versions.
//!
//! # Why
//! People accept a version; so it must be readable on a phone, and what is new must be seen without reading it all again.
//! Text in, values out: templates print the values, no markup of the author's ever reaches a browser.

mod diff;
mod text;

pub use diff::{Change, Part, diff};
pub use text::{Block, Kind, MAX_BLOCKS, Span, blocks, spans};
