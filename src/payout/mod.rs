//! The payout engine: schemes as documents, exact numbers, explained lines.
//!
//! # Why
//! Every yuan is computed once, exactly, by a pure function of document, parameters, roster and facts (engine.md).
