//! The hot path alone: code to link in memory, follow, beacon, and the loader that carries records into the store.
//!
//! # Why
//! A customer waits for this code and nothing else; `follow` never says storage.

pub mod table;
