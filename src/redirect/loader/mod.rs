//! Carries records from the spool into the store.
//!
//! # Why
//! The redirect answers after one `write()`; everything that needs a look-up, a neighbour or a database happens here, in
//! batches, once (attribution.md §2). Rows, verdicts, rollups, points and the checkpoint are one transaction, so that
//! neither a restart nor a second loader on the same spool counts anything twice.

mod apply;
mod aside;
mod credit;
mod earn;
mod enrich;
mod marks;
mod neighbours;
mod others;
mod overrule;
mod pace;
mod pages;
mod rules;
mod run;
mod tell;
mod words;
mod work;

pub use apply::Applied;
pub use overrule::{Overruled, overrule};
pub use rules::Rules;
pub use run::{LoadError, Loader, LoaderCounts, LoaderParts};
