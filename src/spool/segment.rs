//! Segment files: their names, their header, their folder.
//!
//! ```text
//! magic "BOLESPOO" 8 │ format version u16 LE │ length of the node's name u16 LE │ number u64 LE │ node 16 │ CRC-32 u32 LE
//! ```

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Bytes before the first frame.
pub const HEADER: usize = 40;
/// The format this version writes and reads.
pub const FORMAT: u16 = 1;

const MAGIC: &[u8; 8] = b"BOLESPOO";
const NAME_MAX: usize = 16;
const SUFFIX: &str = ".seg";

/// A node's name: its folder in the spool, and its checkpoint in the store. 1–16 of `a-z`, `0-9`, `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodeName(String);

/// Why a text is not a node's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a node's name has 1 to 16 characters out of a-z, 0-9 and '-', like \"node-1\"")]
pub struct NodeNameError;

impl NodeName {
    /// Parses a name.
    pub fn parse(text: &str) -> Result<Self, NodeNameError> {
        let fits = (1..=NAME_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(NodeNameError)
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the first bytes of a file say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderIs {
    /// A segment of this node with this number.
    Ours,
    /// Fewer bytes than a header: just created, or torn.
    Short,
    /// No header at all, or a damaged one.
    Damaged,
    /// A format this version does not read.
    Version(u16),
    /// A good header of another node or number: a file somebody copied here.
    Foreign,
}

/// The header of segment `number` of `node`.
pub fn header(node: &NodeName, number: u64) -> [u8; HEADER] {
    let mut bytes = [0u8; HEADER];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..10].copy_from_slice(&FORMAT.to_le_bytes());
    bytes[10] = u8::try_from(node.0.len()).unwrap_or(0);
    bytes[12..20].copy_from_slice(&number.to_le_bytes());
    bytes[20..20 + node.0.len()].copy_from_slice(node.0.as_bytes());
    let crc = crc32fast::hash(&bytes[..36]);
    bytes[36..].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// Compares the first bytes of a file with what segment `number` of `node` must begin with.
pub fn read_header(bytes: &[u8], node: &NodeName, number: u64) -> HeaderIs {
    let Some(bytes) = bytes.first_chunk::<HEADER>() else {
        return HeaderIs::Short;
    };
    let crc = u32::from_le_bytes([bytes[36], bytes[37], bytes[38], bytes[39]]);
    if bytes[..8] != *MAGIC || crc32fast::hash(&bytes[..36]) != crc {
        return HeaderIs::Damaged;
    }
    match u16::from_le_bytes([bytes[8], bytes[9]]) {
        FORMAT if *bytes == header(node, number) => HeaderIs::Ours,
        FORMAT => HeaderIs::Foreign,
        other => HeaderIs::Version(other),
    }
}

/// The path of segment `number` in a node's folder.
pub fn segment_path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:012}{SUFFIX}"))
}

/// The numbers of the segments in a node's folder, ascending; none when there is no folder.
pub fn segments(folder: &Path) -> io::Result<Vec<u64>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let digits = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
        if let Some(number) = digits.and_then(|digits| digits.parse().ok()) {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Bytes of all segments in a node's folder; one that vanishes meanwhile counts nothing.
pub fn folder_bytes(folder: &Path) -> io::Result<u64> {
    let mut sum = 0;
    for number in segments(folder)? {
        sum += segment_path(folder, number)
            .metadata()
            .map_or(0, |meta| meta.len());
    }
    Ok(sum)
}

/// Makes the folder's entries durable.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_known_by_node_and_number_and_no_bit_of_it_may_differ() {
        let node = NodeName::parse("node-1").unwrap();
        let bytes = header(&node, 7);
        assert_eq!(read_header(&bytes, &node, 7), HeaderIs::Ours);
        assert_eq!(read_header(&bytes, &node, 8), HeaderIs::Foreign);
        assert_eq!(
            read_header(&bytes, &NodeName::parse("node-2").unwrap(), 7),
            HeaderIs::Foreign
        );
        assert_eq!(read_header(&bytes[..39], &node, 7), HeaderIs::Short);
        for bit in 0..HEADER * 8 {
            let mut altered = bytes;
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(read_header(&altered, &node, 7), HeaderIs::Damaged, "bit {bit}");
        }
        let mut newer = bytes;
        newer[8] = 2;
        let crc = crc32fast::hash(&newer[..36]);
        newer[36..].copy_from_slice(&crc.to_le_bytes());
        assert_eq!(read_header(&newer, &node, 7), HeaderIs::Version(2));
    }

    #[test]
    fn names_of_nodes_are_short_words_safe_in_a_path() {
        for good in ["a", "node-1", "0123456789abcdef"] {
            assert_eq!(NodeName::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "..", "a/b", "A", "节点", "0123456789abcdefg"] {
            assert_eq!(NodeName::parse(bad), Err(NodeNameError), "{bad:?}");
        }
    }
}
