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

#[cfg(test)]
mod tests {
    use super::*;

    fn short(bytes: &[u8], at: usize) -> u16 {
        u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap())
    }

    fn long(bytes: &[u8], at: usize) -> usize {
        usize::try_from(u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())).unwrap()
    }

    /// Reads an archive as APPNOTE.TXT 6.3.9 says, by its directory; each file's local head must say the same.
    fn read(zip: &[u8]) -> Vec<(String, Vec<u8>)> {
        let end = zip.len() - 22;
        assert_eq!(
            &zip[end..end + 4],
            b"PK\x05\x06",
            "the end of the directory, without a comment"
        );
        let (count, size, mut at) = (short(zip, end + 10), long(zip, end + 12), long(zip, end + 16));
        assert_eq!(at + size, end, "the directory stands before its end");
        let mut files = Vec::new();
        for _ in 0..count {
            assert_eq!(&zip[at..at + 4], b"PK\x01\x02");
            let (flags, method) = (short(zip, at + 8), short(zip, at + 10));
            assert_eq!((flags, method), (1 << 11, 0), "UTF-8 name, stored");
            let (packed, size) = (long(zip, at + 20), long(zip, at + 24));
            assert_eq!(packed, size);
            let name = usize::from(short(zip, at + 28));
            let local = long(zip, at + 42);
            assert_eq!(&zip[local..local + 4], b"PK\x03\x04");
            assert_eq!(
                zip[local + 4..local + 30],
                zip[at + 6..at + 32],
                "both heads say the same"
            );
            let from = local + 30 + name;
            assert_eq!(
                zip[local + 30..from],
                zip[at + 46..at + 46 + name],
                "both name it alike"
            );
            let bytes = &zip[from..from + size];
            assert_eq!(
                usize::try_from(crc32fast::hash(bytes)).unwrap(),
                long(zip, at + 16)
            );
            files.push((
                String::from_utf8(zip[local + 30..from].to_vec()).unwrap(),
                bytes.to_vec(),
            ));
            at += 46 + name;
        }
        assert_eq!(at, end, "nothing is left over");
        files
    }

    #[test]
    fn what_is_packed_is_read_again_by_the_book() {
        let files = [
            ("me.csv".to_owned(), b"a,b\r\n1,2\r\n".to_vec()),
            ("我的收入/2026-10.csv".to_owned(), Vec::new()),
            ("bytes".to_owned(), (0..=255).collect()),
        ];
        let zip = archive(&files, "2026-11-21".parse().unwrap());
        assert_eq!(read(&zip), files);
        // MS-DOS: 46 years after 1980, month 11, day 21.
        assert_eq!(short(&zip, 12), 46 << 9 | 11 << 5 | 21);
        assert!(read(&archive(&[], "1970-01-01".parse().unwrap())).is_empty());
    }

    #[test]
    fn a_date_before_the_format_is_its_first_day_of_the_year() {
        let zip = archive(&[("a".into(), vec![1])], "1970-03-04".parse().unwrap());
        assert_eq!(short(&zip, 12), 3 << 5 | 4);
    }
}
