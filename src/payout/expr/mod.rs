//! The expression language: closed, typed with units, total.
//!
//! # Why
//! A scheme's author writes `amount * rate`, not code. There are no loops, no user functions and no nulls; division
//! is allowed only where the divisor cannot be 0; every mistake is found before anything is paid.

pub mod ast;
pub mod cash;
pub mod check;
pub mod code;
pub mod eval;
pub mod fault;
pub mod figures;
pub mod func;
pub mod lex;
pub mod parse;
pub mod scope;
pub mod units;
