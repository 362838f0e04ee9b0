//! The reading end: every whole record once, in order, and every damage said.
//!
//! # Why
//! Three ends look alike on disk and mean different things:
//! - **the live end**: the last segment ends, or ends in half a frame the writer is just writing → wait;
//! - **a torn tail**: half a frame at the end of a segment that is finished (a later one exists). Its writer died in
//!   `write()`, so nobody was answered for it → said as [`DamageKind::TornTail`], nothing is missing;
//! - **damage**: bytes that were a record and are none now (a disk's fault). The reader goes on with the next whole
//!   frame and says how many bytes it passed over, so that the loader counts and alarms them.
//!
//! Going on is safe: a frame's length is below 2 048, so two of its first four bytes are zero, and no text in a
//! record (header values) can contain a zero. Nobody can plant a frame inside a user agent for a damaged spool to find.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::spool::frame::{FRAME_HEAD, FrameError, MAX_FRAME, read_frame};
use crate::spool::record::{DecodeError, Record};
use crate::spool::segment::{HEADER, HeaderIs, NodeName, read_header, segment_path, segments};

/// A place in a node's spool; places are ordered as records were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The segment's number.
    pub segment: u64,
    /// Bytes from the segment's start.
    pub offset: u64,
}

/// What the next bytes were.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A record; [`Reader::position`] is behind it.
    Record(Record<'a>),
    /// Bytes passed over; [`Reader::position`] is behind them. To be counted, and alarmed unless a torn tail.
    Damage(Damage),
    /// Nothing more for now; ask again later.
    CaughtUp,
}

/// Bytes that could not be read as records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where they begin.
    pub at: Position,
    /// How many.
    pub bytes: u64,
    /// Of which kind.
    pub kind: DamageKind,
}

/// What is wrong with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DamageKind {
    /// Half a frame at the end of a finished segment: nobody was answered for it.
    TornTail,
    /// A frame or more whose checksum or length does not fit.
    Corrupt,
    /// A frame whose checksum fits, but whose content this version does not know.
    Unknown(DecodeError),
}

/// Why reading cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file system says no.
    #[error("the spool segment {path} cannot be read: {source}")]
    Disk {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A segment of a newer version.
    #[error(
        "the spool segment {path} has format {format}, this version reads 1: start the version that wrote it once"
    )]
    Version {
        /// Which file.
        path: PathBuf,
        /// Its format.
        format: u16,
    },
    /// Another node's file, or one that was renamed.
    #[error("the spool segment {path} belongs to another node or number: move it away")]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
}

/// Bytes read at a time.
const CHUNK: usize = 1 << 18;

/// Reads a node's spool from a position on. Any number may read; who deletes is the loader's affair.
pub struct Reader {
    folder: PathBuf,
    node: NodeName,
    at: Position,
    file: Option<File>,
    /// A later segment was seen, so this one is finished; its bytes read before that may be too few.
    finished: bool,
    buffer: Vec<u8>,
    /// The bytes of the file from `at` on that are in the buffer: `buffer[from..to]`.
    from: usize,
    to: usize,
}

impl Reader {
    /// A reader of `root/<node>` from `from` on; `Position::default()` is the beginning. A segment that is gone
    /// counts as consumed.
    pub fn new(root: &Path, node: NodeName, from: Position) -> Self {
        Self {
            folder: root.join(node.as_str()),
            node,
            at: from,
            file: None,
            finished: false,
            buffer: vec![0; CHUNK],
            from: 0,
            to: 0,
        }
    }

    /// Behind the last step's record or damage: the checkpoint to keep.
    pub fn position(&self) -> Position {
        self.at
    }

    /// Bytes the writer is ahead of this reader.
    pub fn behind(&self) -> Result<u64, ReadError> {
        let mut sum = 0;
        for number in self.list()? {
            let length = segment_path(&self.folder, number)
                .metadata()
                .map_or(0, |meta| meta.len());
            sum += match number.cmp(&self.at.segment) {
                std::cmp::Ordering::Less => 0,
                std::cmp::Ordering::Equal => length.saturating_sub(self.at.offset),
                std::cmp::Ordering::Greater => length,
            };
        }
        Ok(sum)
    }

    /// Removes the segments before `segment` (never the last one there); says how many.
    pub fn remove_before(&self, segment: u64) -> Result<usize, ReadError> {
        let numbers = self.list()?;
        let last = numbers.last().copied().unwrap_or(0);
        let mut removed = 0;
        for number in numbers
            .into_iter()
            .filter(|number| *number < segment && *number < last)
        {
            let path = segment_path(&self.folder, number);
            match std::fs::remove_file(&path) {
                Ok(()) => removed += 1,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(ReadError::Disk { path, source }),
            }
        }
        Ok(removed)
    }

    /// The next record, damage, or the end for now.
    pub fn next_step(&mut self) -> Result<Step<'_>, ReadError> {
        loop {
            if self.file.is_none() && !self.open_segment()? {
                return Ok(Step::CaughtUp);
            }
            let error = match read_frame(&self.buffer[self.from..self.to]) {
                Ok(payload) => {
                    let size = FRAME_HEAD + payload.len();
                    return Ok(self.take(size));
                }
                Err(error) => error,
            };
            // Half a frame, or what looks like damage: perhaps only because more is to be read.
            if self.to - self.from < MAX_FRAME && self.fill()? {
                continue;
            }
            match self.at_stop(error)? {
                Stop::Again => {}
                Stop::Say(step) => return Ok(step),
            }
        }
    }

    /// The whole frame of `size` bytes here, as a step.
    fn take(&mut self, size: usize) -> Step<'_> {
        let at = self.at;
        let start = self.from + FRAME_HEAD;
        self.advance(size);
        match Record::decode(&self.buffer[start..self.from]) {
            Ok(record) => Step::Record(record),
            Err(why) => Step::Damage(Damage {
                at,
                bytes: size as u64,
                kind: DamageKind::Unknown(why),
            }),
        }
    }

    /// No whole frame here and nothing more to read: the live end, a finished segment's end, or damage.
    fn at_stop(&mut self, error: FrameError) -> Result<Stop, ReadError> {
        // Damage in mid-segment is passed over whether or not the segment is live: a whole frame behind it proves
        // that it is not just being written.
        let at = self.at;
        if error != FrameError::Short || self.to - self.from >= FRAME_HEAD {
            if self.skip_to_whole_frame()? {
                let behind = self.at;
                // The writer may have finished this very frame and begun the next since it was read: look again.
                self.rewind(at);
                while self.to - self.from < MAX_FRAME && self.fill()? {}
                if read_frame(&self.buffer[self.from..self.to]).is_ok() {
                    return Ok(Stop::Again);
                }
                self.rewind(behind);
                let bytes = behind.offset - at.offset;
                return Ok(Stop::Say(Step::Damage(Damage {
                    at,
                    bytes,
                    kind: DamageKind::Corrupt,
                })));
            }
            self.rewind(at);
        }
        let Some(next) = self.list()?.into_iter().find(|number| *number > self.at.segment) else {
            return Ok(Stop::Say(Step::CaughtUp));
        };
        if !self.finished {
            // Only now is it certain that nothing will be added: what was added in between is still to be read.
            self.finished = true;
            self.rewind(self.at);
            return Ok(Stop::Again);
        }
        let at = self.at;
        let bytes = self.left()?;
        self.go_to(next);
        if bytes == 0 {
            return Ok(Stop::Again);
        }
        let kind = if error == FrameError::Short {
            DamageKind::TornTail
        } else {
            DamageKind::Corrupt
        };
        Ok(Stop::Say(Step::Damage(Damage { at, bytes, kind })))
    }

    /// Moves to the next whole frame behind this place; `false` when there is none up to the segment's end.
    fn skip_to_whole_frame(&mut self) -> Result<bool, ReadError> {
        loop {
            while self.to - self.from < MAX_FRAME && self.fill()? {}
            if self.from == self.to {
                return Ok(false);
            }
            self.advance(1);
            if read_frame(&self.buffer[self.from..self.to]).is_ok() {
                return Ok(true);
            }
        }
    }

    fn advance(&mut self, bytes: usize) {
        self.from += bytes;
        self.at.offset += bytes as u64;
    }

    /// Forgets the buffer: the file is read from `at` again.
    fn rewind(&mut self, at: Position) {
        self.at = at;
        self.from = 0;
        self.to = 0;
    }

    fn go_to(&mut self, segment: u64) {
        self.rewind(Position { segment, offset: 0 });
        self.file = None;
        self.finished = false;
    }

    /// Reads more behind what is there; whether there was more.
    fn fill(&mut self) -> Result<bool, ReadError> {
        self.buffer.copy_within(self.from..self.to, 0);
        self.to -= self.from;
        self.from = 0;
        let Some(file) = &self.file else { return Ok(false) };
        let behind = self.at.offset + self.to as u64;
        let read = loop {
            match file.read_at(&mut self.buffer[self.to..], behind) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other.map_err(|source| self.failed(source))?,
            }
        };
        self.to += read;
        Ok(read > 0)
    }

    /// Bytes from here to the file's end.
    fn left(&self) -> Result<u64, ReadError> {
        let Some(file) = &self.file else { return Ok(0) };
        let length = file.metadata().map_err(|source| self.failed(source))?.len();
        Ok(length.saturating_sub(self.at.offset))
    }

    /// Opens the segment `at` is in, or the first later one; whether there is one with its header written.
    fn open_segment(&mut self) -> Result<bool, ReadError> {
        let numbers = self.list()?;
        let Some(number) = numbers.iter().copied().find(|number| *number >= self.at.segment) else {
            return Ok(false);
        };
        if number != self.at.segment {
            self.rewind(Position {
                segment: number,
                offset: 0,
            });
        }
        let path = segment_path(&self.folder, number);
        let file = match File::open(&path) {
            Ok(file) => file,
            // Another loader removed it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(source) => return Err(ReadError::Disk { path, source }),
        };
        let finished = numbers.last().is_some_and(|last| *last > number);
        let mut head = [0u8; HEADER];
        let mut have = 0;
        while have < HEADER {
            match file.read_at(&mut head[have..], have as u64) {
                Ok(0) => break,
                Ok(read) => have += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(ReadError::Disk { path, source }),
            }
        }
        match read_header(&head[..have], &self.node, number) {
            HeaderIs::Ours => self.at.offset = self.at.offset.max(HEADER as u64),
            // Read as damage from the first byte on, up to the first whole frame.
            HeaderIs::Damaged => {}
            HeaderIs::Short if finished => {}
            HeaderIs::Short => return Ok(false),
            HeaderIs::Foreign => return Err(ReadError::Foreign { path }),
            HeaderIs::Version(format) => return Err(ReadError::Version { path, format }),
        }
        self.file = Some(file);
        self.finished = false;
        Ok(true)
    }

    fn list(&self) -> Result<Vec<u64>, ReadError> {
        segments(&self.folder).map_err(|source| ReadError::Disk {
            path: self.folder.clone(),
            source,
        })
    }

    fn failed(&self, source: io::Error) -> ReadError {
        ReadError::Disk {
            path: segment_path(&self.folder, self.at.segment),
            source,
        }
    }
}

enum Stop {
    Again,
    Say(Step<'static>),
}
