//! How a node's spool is kept.

use std::path::PathBuf;
use std::time::Duration;

use crate::spool::segment::NodeName;

/// When an append may be answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// After `write()`: a power cut may take what the last 20 ms and one fsync brought.
    #[default]
    Group,
    /// After the fsync that covers it.
    Strict,
}

/// How a spool is kept.
#[derive(Clone, Debug)]
pub struct SpoolSettings {
    /// The folder of all nodes, `<data_dir>/spool`.
    pub root: PathBuf,
    /// This node.
    pub node: NodeName,
    /// When an append may be answered.
    pub durability: Durability,
    /// A segment this long is closed and the next begun, bytes.
    pub segment_bytes: u64,
    /// A segment this old is closed and the next begun, so that consumed ones can go.
    pub segment_age: Duration,
    /// Bytes all segments together may have; clicks beyond are missed and alarmed.
    pub total_bytes: u64,
    /// Time between two fsyncs in group mode.
    pub sync_every: Duration,
}

impl SpoolSettings {
    /// The defaults: group, segments of 16 MiB or 5 minutes, 4 GiB in all, an fsync every 20 ms.
    pub fn new(root: PathBuf, node: NodeName) -> Self {
        Self {
            root,
            node,
            durability: Durability::default(),
            segment_bytes: 16 << 20,
            segment_age: Duration::from_mins(5),
            total_bytes: 4 << 30,
            sync_every: Duration::from_millis(20),
        }
    }

    /// The node's folder.
    pub fn folder(&self) -> PathBuf {
        self.root.join(self.node.as_str())
    }
}
