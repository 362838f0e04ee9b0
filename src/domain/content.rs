//! What "the same content again" means.

use sha2::{Digest, Sha256};

/// SHA-256 over parts, each after its length, so that no two lists of parts read alike. What is filed twice is
/// recognised by it, and what is closed is sealed with it.
#[derive(Clone, Debug, Default)]
pub struct ContentHash(Sha256);

impl ContentHash {
    /// Adds a part.
    pub fn part(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let bytes = bytes.as_ref();
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// The hash.
    pub fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parts: &[&str]) -> [u8; 32] {
        let mut hash = ContentHash::default();
        for part in parts {
            hash.part(part);
        }
        hash.finish()
    }

    #[test]
    fn where_one_part_ends_and_the_next_begins_is_content() {
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["ab"]), of(&["ab", ""]));
    }
}
