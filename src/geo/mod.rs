//! Country, region, city and network of an address, from MMDB files re-read when they change.
//!
//! # Why
//! A broken file must never break a redirect.
