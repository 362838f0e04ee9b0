//! Where a file ends: nothing may follow (a ZIP or a script behind a picture is a second file).

/// PDF's white space.
const SPACES: &[u8] = b" \t\r\n\x0c\0";
/// How a PDF ends.
const EOF: &[u8] = b"%%EOF";

/// Whether a file of this type ends where its picture or document does. White space may follow a PDF; zeros and further
/// pictures a JPEG (cameras put a smaller one, or one of another brightness, behind it).
pub(super) fn ends_there(media_type: &str, bytes: &[u8]) -> bool {
    match media_type {
        "image/png" => png_end(bytes) == Some(bytes.len()),
        "image/jpeg" => ends_as_jpeg(bytes),
        _ => {
            let last = bytes.windows(EOF.len()).rposition(|w| w == EOF);
            let rest = last.and_then(|at| bytes.get(at + EOF.len()..));
            rest.is_some_and(|rest| rest.iter().all(|b| SPACES.contains(b)))
        }
    }
}

/// Behind the IEND chunk.
fn png_end(bytes: &[u8]) -> Option<usize> {
    let mut at: usize = 8;
    loop {
        let length = u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?);
        let kind = bytes.get(at + 4..at + 8)?;
        // Length, kind and checksum are four bytes each.
        let next = at.checked_add(usize::try_from(length).ok()?)?.checked_add(12)?;
        if kind == b"IEND" {
            return Some(next);
        }
        at = next;
    }
}

fn ends_as_jpeg(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(end) = jpeg_end(rest) {
        let behind = &rest[end..];
        let zeros = behind.iter().take_while(|b| **b == 0).count();
        rest = &behind[zeros..];
        if rest.is_empty() {
            return true;
        }
    }
    false
}

/// Behind the EOI marker of the picture that begins here.
fn jpeg_end(bytes: &[u8]) -> Option<usize> {
    if !bytes.starts_with(b"\xff\xd8") {
        return None;
    }
    let mut at = 2;
    loop {
        if *bytes.get(at)? != 0xff {
            return None;
        }
        // Any number of fill bytes stands before a marker.
        while *bytes.get(at)? == 0xff {
            at += 1;
        }
        let marker = bytes[at];
        at += 1;
        match marker {
            0xd9 => return Some(at),
            0x01 | 0xd0..=0xd7 => {}
            0x00 => return None,
            _ => {
                let length = u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?);
                at += usize::from(length.max(2));
                if marker == 0xda {
                    at += scan(bytes.get(at..)?)?;
                }
            }
        }
    }
}

/// How long the coded data of a scan is: up to a marker that is neither a stuffed byte nor a restart.
fn scan(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(2)
        .position(|pair| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xff | 0xd0..=0xd7))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::ImageFormat;

    use super::*;

    fn picture(format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let mut picture = image::RgbImage::new(40, 30);
        let byte = |n: u32| n.to_le_bytes()[0];
        for (x, y, pixel) in picture.enumerate_pixels_mut() {
            *pixel = image::Rgb([byte(x * 6), byte(y * 8), byte(x * y)]);
        }
        image::DynamicImage::from(picture)
            .write_to(&mut bytes, format)
            .unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_file_ends_where_its_picture_or_document_ends() {
        let (png, jpeg) = (picture(ImageFormat::Png), picture(ImageFormat::Jpeg));
        let pdf = b"%PDF-1.7\n1 0 obj\n%%EOF\n2 0 obj\n%%EOF\r\n ".to_vec();
        for (media_type, whole) in [
            ("image/png", &png),
            ("image/jpeg", &jpeg),
            ("application/pdf", &pdf),
        ] {
            assert!(ends_there(media_type, whole), "{media_type}");
            for behind in [&b"<script>alert(1)</script>"[..], b"PK\x03\x04", b"x"] {
                let two = [whole.as_slice(), behind].concat();
                assert!(!ends_there(media_type, &two), "{media_type} {behind:?}");
            }
            for cut in 1..whole.len().min(20) {
                assert!(!ends_there(media_type, &whole[..cut]), "{media_type} {cut}");
            }
        }
        let camera = [jpeg.as_slice(), &[0, 0], jpeg.as_slice()].concat();
        assert!(
            ends_there("image/jpeg", &camera),
            "a second picture behind the first"
        );
        assert!(!ends_there(
            "image/jpeg",
            &[jpeg.as_slice(), &jpeg[..40]].concat()
        ));
    }
}
