//! Several files as one archive, uncompressed: every system opens it, and nothing is needed to write it.

/// Files by name, each at most 4 GiB, together too. Names are UTF-8 (flag 11); `made_on` is the date they all carry.
pub fn archive(files: &[(String, Vec<u8>)], made_on: jiff::civil::Date) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    let year = u16::try_from((made_on.year() - 1980).clamp(0, 127)).unwrap_or(0);
    let date =
        year << 9 | u16::from(made_on.month().unsigned_abs()) << 5 | u16::from(made_on.day().unsigned_abs());
    for (name, bytes) in files {
        let offset = size(out.len());
        // Version 2.0, UTF-8 names, stored, midnight.
        let mut head = Vec::new();
        for word in [20, 1 << 11, 0, 0, date] {
            head.extend_from_slice(&u16::to_le_bytes(word));
        }
        for word in [crc32fast::hash(bytes), size(bytes.len()), size(bytes.len())] {
            head.extend_from_slice(&word.to_le_bytes());
        }
        let long = u16::try_from(name.len()).unwrap_or(u16::MAX);
        head.extend_from_slice(&long.to_le_bytes());
        head.extend_from_slice(&0_u16.to_le_bytes());
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&head);
        out.extend_from_slice(&name.as_bytes()[..usize::from(long)]);
        out.extend_from_slice(bytes);
        directory.extend_from_slice(b"PK\x01\x02\x14\x00");
        directory.extend_from_slice(&head);
        // No comment, first disk, no attributes.
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(&name.as_bytes()[..usize::from(long)]);
    }
    let (begin, length) = (size(out.len()), size(directory.len()));
    let count = u16::try_from(files.len()).unwrap_or(u16::MAX);
    out.append(&mut directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&begin.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
    out
}

fn size(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
