//! How large an archive becomes, read off its directory before anything is unpacked.
//!
//! The reader behind us stops every part at the size the directory states, so the sum of the stated sizes bounds what
//! unpacking can yield. Which directory it will find in a file made to confuse is its own affair: all that could be one
//! are added up, and the largest decides.

use crate::sheet::{MAX_UNPACKED, ReadError};

/// Ends a directory.
const END: &[u8; 4] = b"PK\x05\x06";
/// Stands before it where sizes are 64 bits wide: nothing below our limits needs that.
const LOCATOR: &[u8; 4] = b"PK\x06\x07";
/// Begins an entry of a directory.
const ENTRY: &[u8; 4] = b"PK\x01\x02";
/// Most parts of a workbook; real ones have 10 to 100.
const MAX_PARTS: usize = 2_000;
/// Most ends of directories looked at; a workbook has one, and one more per workbook embedded in it.
const MAX_ENDS: usize = 32;

/// Refuses an archive that unpacks to more than [`MAX_UNPACKED`] or has no directory.
pub(super) fn refuse_bomb(bytes: &[u8]) -> Result<(), ReadError> {
    let mut parts_found = 0;
    let ends: Vec<usize> = bytes
        .windows(22)
        .enumerate()
        .filter(|(_, window)| window.starts_with(END))
        .map(|(at, _)| at)
        .take(MAX_ENDS + 1)
        .collect();
    if ends.len() > MAX_ENDS {
        return Err(ReadError::Damaged);
    }
    for end in ends {
        if end >= 20 && bytes[end - 20..].starts_with(LOCATOR) {
            return Err(ReadError::Bomb);
        }
        let size = number(bytes, end + 12, 4);
        let offset = number(bytes, end + 16, 4);
        let starts = [
            usize::try_from(offset).ok(),
            usize::try_from(size).ok().and_then(|size| end.checked_sub(size)),
        ];
        for start in starts.into_iter().flatten() {
            let (parts, unpacked) = directory(bytes, start)?;
            if unpacked > MAX_UNPACKED {
                return Err(ReadError::Bomb);
            }
            parts_found = parts_found.max(parts);
        }
    }
    if parts_found == 0 {
        return Err(ReadError::Damaged);
    }
    Ok(())
}

/// Parts of the directory that begins here, and the sum of the sizes it states.
fn directory(bytes: &[u8], start: usize) -> Result<(usize, u64), ReadError> {
    let (mut at, mut parts, mut unpacked) = (start, 0, 0_u64);
    while bytes.get(at..at + 46).is_some_and(|head| head.starts_with(ENTRY)) {
        unpacked += number(bytes, at + 24, 4);
        parts += 1;
        if parts > MAX_PARTS {
            return Err(ReadError::Damaged);
        }
        let texts = number(bytes, at + 28, 2) + number(bytes, at + 30, 2) + number(bytes, at + 32, 2);
        at += 46 + usize::try_from(texts).unwrap_or(usize::MAX >> 1);
    }
    Ok((parts, unpacked))
}

/// A little-endian number; zero past the end.
fn number(bytes: &[u8], at: usize, width: usize) -> u64 {
    let digits = bytes.get(at..at + width).unwrap_or_default();
    digits
        .iter()
        .rev()
        .fold(0, |sum, digit| (sum << 8) | u64::from(*digit))
}
