//! The files in memory, and looking whether they changed.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use maxminddb::Reader;

use crate::geo::Place;

/// The configured MMDB files. Cheap to ask: a look-up takes a lock for reading and a few hundred nanoseconds.
#[derive(Debug, Default)]
pub struct Geo {
    files: Vec<Slot>,
    generation: AtomicU64,
}

#[derive(Debug)]
struct Slot {
    path: PathBuf,
    reader: RwLock<Option<Arc<Reader<Vec<u8>>>>>,
    seen: Mutex<Seen>,
}

/// How the file looked when it was last read, and what came of it.
#[derive(Debug, Default)]
struct Seen {
    stamp: Option<Stamp>,
    error: Option<String>,
}

type Stamp = (SystemTime, u64);

/// How one file stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeoFile {
    /// Where it lies.
    pub path: PathBuf,
    /// What kind it says it is, and when it was built (seconds UTC); `None` when none was ever read.
    pub loaded: Option<(String, u64)>,
    /// Why the file as it lies there could not be read; an older one may still be in use.
    pub error: Option<String>,
}

impl Geo {
    /// Reads these files; the first that knows something of an address wins. What cannot be read is logged and looked
    /// at again with [`Geo::refresh`].
    pub fn open(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let geo = Self {
            files: paths
                .into_iter()
                .map(|path| Slot {
                    path,
                    reader: RwLock::default(),
                    seen: Mutex::default(),
                })
                .collect(),
            generation: AtomicU64::new(0),
        };
        geo.refresh();
        geo
    }

    /// Whether no file is configured.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Reads files again that changed (by modification time or size); blocks while reading. A broken new file keeps the
    /// old one and is logged once. Says how many were read.
    pub fn refresh(&self) -> usize {
        let read = self.files.iter().filter(|slot| slot.refresh()).count();
        if read > 0 {
            self.generation.fetch_add(1, Ordering::Release);
        }
        read
    }

    /// Grows whenever answers may have changed: what was remembered of them is out of date.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// What the files know of an address.
    pub fn look_up(&self, address: IpAddr) -> Place {
        let mut place = Place::default();
        for slot in &self.files {
            if let Some(reader) = slot.reader() {
                place.fill(&reader, address);
            }
        }
        place
    }

    /// How the files stand, for health pages.
    pub fn status(&self) -> Vec<GeoFile> {
        self.files
            .iter()
            .map(|slot| GeoFile {
                path: slot.path.clone(),
                loaded: slot
                    .reader()
                    .map(|r| (r.metadata().database_type.clone(), r.metadata().build_epoch)),
                error: slot.seen().error.clone(),
            })
            .collect()
    }
}

impl Slot {
    fn reader(&self) -> Option<Arc<Reader<Vec<u8>>>> {
        self.reader.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refresh(&self) -> bool {
        let mut seen = self.seen();
        let stamp = match stamp(&self.path) {
            Ok(stamp) => stamp,
            Err(error) => {
                self.complain(&mut seen, &error.to_string());
                return false;
            }
        };
        if seen.stamp == Some(stamp) {
            return false;
        }
        seen.stamp = Some(stamp);
        match Reader::open_readfile(&self.path) {
            Ok(reader) => {
                tracing::info!(path = %self.path.display(), kind = %reader.metadata().database_type, "geo file read");
                *self.reader.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(reader));
                seen.error = None;
                true
            }
            Err(error) => {
                self.complain(&mut seen, &error.to_string());
                false
            }
        }
    }

    fn complain(&self, seen: &mut Seen, error: &str) {
        if seen.error.as_deref() != Some(error) {
            let kept = self.reader().is_some();
            tracing::error!(path = %self.path.display(), error, kept, "geo file cannot be read; the one before is kept");
            seen.error = Some(error.to_owned());
        }
    }
}

fn stamp(path: &Path) -> std::io::Result<Stamp> {
    let meta = std::fs::metadata(path)?;
    Ok((meta.modified()?, meta.len()))
}
