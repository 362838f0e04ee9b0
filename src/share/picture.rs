//! Pictures people hand in: known by their content, bounded before they are decoded, cleaned before they are kept.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

/// Largest file, bytes.
pub const MAX_PICTURE_BYTES: usize = 5 * 1024 * 1024;

/// Most pixels, read from the header before anything is decoded.
pub const MAX_PICTURE_PIXELS: u64 = 40_000_000;

/// Longer side of a kept picture, px: a poster is 1080 wide, twice that serves any screen.
const KEPT_SIDE: u32 = 2160;

/// Why bytes are not a picture we take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// More than [`MAX_PICTURE_BYTES`].
    #[error("a picture has at most 5 MB")]
    TooLarge,
    /// Neither PNG, JPEG nor WebP, whatever it is called.
    #[error("a picture is a PNG, JPEG or WebP file")]
    Kind,
    /// More than [`MAX_PICTURE_PIXELS`] (half of them at 16 bits a channel), or none.
    #[error("a picture has at most 40 million pixels")]
    Pixels,
    /// Begins like one and is broken.
    #[error("the picture is damaged and cannot be read")]
    Damaged,
}

/// A picture as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPicture {
    /// `image/png` or `image/jpeg`.
    pub media_type: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Whether bytes begin like a PNG, JPEG or WebP file.
pub fn looks_like_picture(bytes: &[u8]) -> bool {
    format(bytes).is_some()
}

fn format(bytes: &[u8]) -> Option<ImageFormat> {
    let known = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP];
    image::guess_format(bytes)
        .ok()
        .filter(|format| known.contains(format))
}

/// Decodes a picture, upright.
pub fn decode(bytes: &[u8]) -> Result<DynamicImage, PictureError> {
    if bytes.len() > MAX_PICTURE_BYTES {
        return Err(PictureError::TooLarge);
    }
    let format = format(bytes).ok_or(PictureError::Kind)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_PICTURE_PIXELS * 8);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| PictureError::Damaged)?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if !(1..=MAX_PICTURE_PIXELS).contains(&pixels) || decoder.total_bytes() > MAX_PICTURE_PIXELS * 4 {
        return Err(PictureError::Pixels);
    }
    let orientation = decoder.orientation().map_err(|_| PictureError::Damaged)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| PictureError::Damaged)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// A picture fit to be kept: decoded and written anew, so that no metadata (place, camera, owner) and no foreign
/// bytes stay in it, and at most 2160 px on its longer side.
pub fn clean(bytes: &[u8]) -> Result<KeptPicture, PictureError> {
    let mut picture = decode(bytes)?;
    if picture.width().max(picture.height()) > KEPT_SIDE {
        picture = picture.resize(KEPT_SIDE, KEPT_SIDE, FilterType::Triangle);
    }
    let mut out = Vec::new();
    if picture.color().has_alpha() {
        let rgba = DynamicImage::ImageRgba8(picture.into_rgba8());
        rgba.write_to(&mut Cursor::new(&mut out), ImageFormat::Png)
            .map_err(|_| PictureError::Damaged)?;
        return Ok(KeptPicture {
            media_type: "image/png",
            bytes: out,
        });
    }
    let encoder = JpegEncoder::new_with_quality(&mut out, 88);
    picture
        .into_rgb8()
        .write_with_encoder(encoder)
        .map_err(|_| PictureError::Damaged)?;
    Ok(KeptPicture {
        media_type: "image/jpeg",
        bytes: out,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    /// A picture of one colour as a file.
    pub fn file(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut out = Vec::new();
        let picture = RgbImage::from_pixel(width, height, Rgb([200, 60, 30]));
        DynamicImage::from(picture)
            .write_to(&mut Cursor::new(&mut out), format)
            .unwrap();
        out
    }

    #[test]
    fn png_jpeg_and_webp_are_told_by_their_content() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let kept = clean(&file(64, 32, format)).unwrap();
            assert_eq!(kept.media_type, "image/jpeg");
            let back = decode(&kept.bytes).unwrap();
            assert_eq!((back.width(), back.height()), (64, 32));
        }
        for bad in [
            &b""[..],
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"GIF89a\x01\x00\x01\x00",
            b"BM",
            b"%PDF-1.7",
            b"\xff\xfe",
        ] {
            assert_eq!(decode(bad).unwrap_err(), PictureError::Kind);
        }
    }

    #[test]
    fn damaged_and_oversized_pictures_are_refused_before_they_cost_anything() {
        let png = file(64, 32, ImageFormat::Png);
        assert_eq!(decode(&png[..40]).unwrap_err(), PictureError::Damaged);
        assert_eq!(
            decode(&vec![0; MAX_PICTURE_BYTES + 1]).unwrap_err(),
            PictureError::TooLarge
        );
        // A header that promises 60 000 × 60 000 pixels, its checksum right.
        let mut bomb = png;
        bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
        let crc = crc32fast::hash(&bomb[12..29]).to_be_bytes();
        bomb[29..33].copy_from_slice(&crc);
        assert!(matches!(
            decode(&bomb).unwrap_err(),
            PictureError::Pixels | PictureError::Damaged
        ));
    }

    #[test]
    fn a_kept_picture_carries_no_metadata_and_keeps_its_transparency() {
        let mut jpeg = file(40, 20, ImageFormat::Jpeg);
        // An EXIF block: orientation 6 (turn by 90°), and a text that must not be kept.
        let mut exif =
            b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0secret place"
                .to_vec();
        let len = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        let mut block = vec![0xff, 0xe1, len[0], len[1]];
        block.append(&mut exif);
        jpeg.splice(2..2, block);
        let kept = clean(&jpeg).unwrap();
        assert!(!kept.bytes.windows(6).any(|w| w == b"secret"));
        let upright = decode(&kept.bytes).unwrap();
        assert_eq!((upright.width(), upright.height()), (20, 40));

        let mut png = Vec::new();
        let clear = RgbaImage::from_pixel(2500, 10, Rgba([1, 2, 3, 0]));
        DynamicImage::from(clear)
            .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
            .unwrap();
        let kept = clean(&png).unwrap();
        assert_eq!(kept.media_type, "image/png");
        assert_eq!(decode(&kept.bytes).unwrap().width(), KEPT_SIDE);
    }
}
