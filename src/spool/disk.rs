//! The three things a spool asks of a disk, so that a test can put a failing one in.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Where segments are created.
pub trait Disk: Send + Sync + 'static {
    /// Creates a file that must not exist yet, open for appending.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn SegmentFile>>;
}

/// A segment being written.
pub trait SegmentFile: Send + Sync {
    /// One `write()`; may write less than all.
    fn write(&self, bytes: &[u8]) -> io::Result<usize>;
    /// Returns when everything written before is on the device (`fdatasync`).
    fn sync(&self) -> io::Result<()>;
}

/// The real one.
#[derive(Debug)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn SegmentFile>> {
        Ok(Arc::new(
            OpenOptions::new().append(true).create_new(true).open(path)?,
        ))
    }
}

impl SegmentFile for File {
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut file: &File = self;
        loop {
            match io::Write::write(&mut file, bytes) {
                // Nothing was written, by definition.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}
