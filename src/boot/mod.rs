//! Starting and stopping: data directory, keys, store, spool, listeners, graceful stop.
//!
//! # Why
//! Start-up order is a decision of its own and belongs in one place.
