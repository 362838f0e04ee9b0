//! Append-only segments of CRC-framed records: clicks and beacons between answer and store.
//!
//! `<data_dir>/spool/<node>/NNNNNNNNNNNN.seg`; one [`Spool`] writes a node's folder, a [`Reader`] follows it.
//!
//! # Why
//! A click that was answered is never lost, and the answer must not wait for a database (attribution.md §2). One
//! `write()` of a framed record survives the death of the process at any instant; the loader carries the records into
//! the store when it can, and remembers how far it came in the same transaction.

mod disk;
mod frame;
mod reader;
mod record;
mod segment;
mod settings;
mod sync;
#[cfg(test)]
mod tests;
mod writer;

pub use disk::{Disk, RealDisk, SegmentFile};
pub use frame::{FRAME_HEAD, FrameError, MAX_FRAME, read_frame, write_frame};
pub use reader::{Damage, DamageKind, Position, ReadError, Reader, Step};
pub use record::{
    BeaconKind, BeaconRecord, ClickRecord, DecodeError, MAX_AGENT, MAX_LANGUAGE, MAX_REFERRER, Record,
};
pub use segment::{
    FORMAT, HEADER, HeaderIs, NodeName, NodeNameError, header, read_header, segment_path, segments,
};
pub use settings::{Durability, SpoolSettings};
pub use writer::{Appended, Missed, OpenError, Spool, SpoolCounts};
