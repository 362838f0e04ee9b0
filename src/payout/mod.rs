//! The payout engine: schemes as documents, exact numbers, explained lines.
//!
//! # Why
//! Every yuan is computed once, exactly, by a pure function of document, parameters, roster and facts. A scheme is a
//! text that finance reads and the engine proves; another firm's variant needs no Rust. Laws: conserved to the fen,
//! rounded once, independent of the order of rows, local, total, explained (engine.md).

pub mod audit;
mod block;
mod claims;
pub mod curve;
pub mod delta;
mod describe;
pub mod diag;
mod doc;
mod examples;
pub mod explain;
mod expr;
mod facts;
mod income;
mod input;
mod json;
pub mod num;
mod outcome;
pub mod outline;
mod params;
mod raw;
mod reach;
mod relation;
mod run;
mod schema;
mod setting;
mod unmatched;
mod value;
pub mod whatif;

pub use claims::Claim;
pub use diag::Diagnostic;
pub use doc::{BYTES_MAX, Book, Document, Header, LEFT_OVER, Late, Shown, ShownBy};
pub use examples::Ran;
pub use income::{Income, TaxBasis};
pub use input::Input;
pub use num::Num;
pub use outcome::{Award, Emitted, Excluded, FactOut, Line, Outcome, Proposal, Residual, Warning};
pub use raw::Refused;
pub use reach::Reach;
pub use run::{Evaluation, StepRow, Stop, evaluate};
pub use schema::Label;
pub use unmatched::Unmatched;

#[cfg(test)]
mod tests;
