//! Acts of several steps, one transaction each: mint, convert, award, freeze a board, import.
//!
//! # Why
//! Decide purely, then do it in one transaction: pages, API and command line share the same acts.
