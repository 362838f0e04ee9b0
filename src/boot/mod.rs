//! Starting and stopping: data directory, keys, store, spool, listeners, graceful stop.
//!
//! # Why
//! Start-up order is a decision of its own and belongs in one place.

mod backup;
mod clock;
mod data_dir;
mod logging;
mod metrics;
mod notices;
mod open;
mod server;

pub use backup::{BackupError, BackupFile, Manifest, check_backup, make_backup, restore_backup};
pub use clock::SystemClock;
pub use data_dir::{DataDirError, prepare};
pub use logging::start as start_logging;
pub use open::{Nature, OpenError, Opened, open};
pub use server::{Running, ServeError, Server};
