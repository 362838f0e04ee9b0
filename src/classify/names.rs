//! Many names looked for in one pass.

/// Shortest name, bytes.
const SHORTEST: usize = 3;
/// Of 65 536 hashes, 16 share a slot.
const SLOTS: usize = 4096;

/// A table of names with a value each. Every position of a text is asked of a filter of 8 KB (it stays in the
/// processor's first cache) by its next four bytes; the few that pass are compared with the names beginning so.
pub(super) struct Names<T> {
    /// One bit per hash of a beginning.
    filter: Box<[u64; 1024]>,
    /// Where in `beginnings` each upper half of a hash's 16 bits begins and ends.
    slots: Box<[u16; SLOTS + 1]>,
    /// Beginnings in the order of their hashes; each with the place of its names.
    beginnings: Vec<(u32, u32, u32)>,
    /// Grouped by beginning.
    entries: Vec<(Box<[u8]>, T)>,
}

impl<T: Copy> Names<T> {
    /// A table of these names; `None` if one is shorter than 3 bytes or there are too many.
    pub(super) fn new(names: impl IntoIterator<Item = (String, T)>) -> Option<Self> {
        let mut names: Vec<(Box<[u8]>, T)> = names
            .into_iter()
            .map(|(name, value)| (name.into_bytes().into_boxed_slice(), value))
            .collect();
        if names.iter().any(|(name, _)| name.len() < SHORTEST) {
            return None;
        }
        names.sort_by(|a, b| a.0.cmp(&b.0));
        let mut beginnings: Vec<(u32, u32, u32)> = Vec::with_capacity(names.len());
        for (at, (name, _)) in (0..).zip(&names) {
            // A name of three bytes may go on with anything; a missing byte counts as zero.
            let fourth = name.get(3).map_or(0..=u8::MAX, |&byte| byte..=byte);
            for byte in fourth {
                beginnings.push((u32::from_le_bytes([name[0], name[1], name[2], byte]), at, at + 1));
            }
        }
        beginnings.sort_unstable();
        // Names in order that share a beginning stand together, except for those of three bytes.
        beginnings.dedup_by(|next, kept| {
            let joined = next.0 == kept.0 && next.1 == kept.2;
            if joined {
                kept.2 = next.2;
            }
            joined
        });
        if beginnings.len() > usize::from(u16::MAX) {
            return None;
        }
        beginnings.sort_by_key(|&(beginning, _, _)| hash(beginning));
        let (mut filter, mut slots) = (Box::new([0; 1024]), Box::new([0; SLOTS + 1]));
        for &(beginning, _, _) in &beginnings {
            let hash = hash(beginning);
            filter[hash >> 6] |= 1 << (hash & 63);
            slots[hash / 16 + 1] += 1;
        }
        for slot in 0..SLOTS {
            slots[slot + 1] += slots[slot];
        }
        Some(Self {
            filter,
            slots,
            beginnings,
            entries: names,
        })
    }

    /// Hands the value of each name in the text to `found`, in the order of the text, until it says `true`.
    /// No allocation.
    pub(super) fn any(&self, text: &[u8], mut found: impl FnMut(T) -> bool) -> bool {
        let passes = |window: u32| {
            let hash = hash(window);
            self.filter[hash >> 6] & (1 << (hash & 63)) != 0
        };
        for (at, four) in text.windows(4).enumerate() {
            let window = u32::from_le_bytes([four[0], four[1], four[2], four[3]]);
            if passes(window) && self.at(window, &text[at..], &mut found) {
                return true;
            }
        }
        // A name of three bytes may end the text.
        let Some(&[a, b, c]) = text.last_chunk::<3>() else {
            return false;
        };
        let window = u32::from_le_bytes([a, b, c, 0]);
        passes(window) && self.at(window, &text[text.len() - 3..], &mut found)
    }

    fn at(&self, window: u32, text: &[u8], found: &mut impl FnMut(T) -> bool) -> bool {
        let hash = hash(window);
        let slot = usize::from(self.slots[hash / 16])..usize::from(self.slots[hash / 16 + 1]);
        self.beginnings[slot]
            .iter()
            .filter(|&&(beginning, _, _)| beginning == window)
            .flat_map(|&(_, from, to)| &self.entries[from as usize..to as usize])
            .any(|(name, value)| text.starts_with(name) && found(*value))
    }
}

/// 16 bits out of a beginning (Fibonacci hashing: the upper bits are the good ones).
fn hash(beginning: u32) -> usize {
    (beginning.wrapping_mul(0x9E37_79B1) >> 16) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(names: &[&str], text: &str) -> Vec<usize> {
        let table = Names::new(names.iter().map(|n| (*n).to_owned()).zip(0..)).unwrap();
        let mut found = Vec::new();
        assert!(!table.any(text.as_bytes(), |at| {
            found.push(at);
            false
        }));
        found.sort_unstable();
        found
    }

    #[test]
    fn names_are_found_wherever_they_stand_and_overlap() {
        let names = ["abc", "abcd", "abcde", "bcd", "xyz1", "abcx"];
        assert_eq!(all(&names, "abcde"), [0, 1, 2, 3]);
        assert_eq!(all(&names, "--abc"), [0], "three bytes at the end");
        assert_eq!(all(&names, "abc"), [0]);
        assert_eq!(all(&names, "xyz"), Vec::<usize>::new());
        assert_eq!(all(&names, "xyz1 abcx"), [0, 4, 5]);
        assert_eq!(all(&names, ""), Vec::<usize>::new());
        assert!(Names::new([("ab".to_owned(), ())]).is_none());
    }

    proptest! {
        #[test]
        fn it_finds_what_a_plain_search_finds(
            names in prop::collection::btree_set("[ab\u{0}é]{3,6}", 1..30), text in "[abc\u{0}é]{0,40}",
        ) {
            let names: Vec<&str> = names.iter().map(String::as_str).filter(|n| !n.contains('\0')).collect();
            let expected: Vec<usize> = (0..names.len()).flat_map(|at| {
                let (text, name) = (text.as_bytes(), names[at].as_bytes());
                text.windows(name.len()).filter(|part| *part == name).map(move |_| at).collect::<Vec<_>>()
            }).collect();
            prop_assert_eq!(all(&names, &text), expected);
        }
    }
}
