//! Append-only segments of CRC-framed records: clicks and beacons between answer and store.
//!
//! # Why
//! A click that was answered is never lost, and the answer must not wait for a database (attribution.md §2).

mod frame;
mod record;

pub use frame::{FRAME_HEAD, FrameError, MAX_FRAME, read_frame, write_frame};
pub use record::{
    BeaconKind, BeaconRecord, ClickRecord, DecodeError, MAX_AGENT, MAX_LANGUAGE, MAX_REFERRER, Network,
    Record, Visitor, VisitorBy,
};
