//! Country, region, city and network of an address, out of MMDB files.
//!
//! # Why
//! Files are read into memory and looked at again when they change; a broken new file keeps the old one and says so, and
//! nothing breaks without any (attribution.md §2).

mod files;
mod place;

pub use files::{Geo, GeoFile};
pub use place::Place;
