//! The demo: a salon chain with staff, campaigns and weeks of traffic, out of a fixed seed.
//!
//! # Why
//! What it shows comes out of the real code paths (clicks through the redirect, conversions through attribution,
//! boards through the freeze), so that it proves them; only who clicks when is invented.

mod firm;
mod material;
mod visitors;
