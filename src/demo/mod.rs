//! The demo: a salon chain with staff, campaigns and weeks of traffic, out of a fixed seed.
//!
//! # Why
//! What it shows comes out of the real code paths, so that it proves them.
