//! QR codes of links, as SVG and PNG.

use std::fmt::Write as _;
use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use qrcode::{Color, EcLevel, QrCode};

use crate::share::{PictureError, picture};

/// Light modules around the code, as ISO/IEC 18004 wants them.
const QUIET: u32 = 4;

/// Sizes a picture may have, px.
pub const QR_SIZES: std::ops::RangeInclusive<u32> = 120..=2000;

/// Why there is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QrError {
    /// The text does not fit, or not at this size (a module would be below one pixel).
    #[error("the address is too long for a QR code of this size")]
    TooLong,
    /// Outside [`QR_SIZES`].
    #[error("the size of a QR code is 120 to 2000 pixels")]
    Size,
    /// A logo that is not a picture.
    #[error("logo: {0}")]
    Logo(#[from] PictureError),
    /// The encoder of the picture failed.
    #[error("the picture could not be written")]
    Write,
}

/// A QR code: its modules, and the logo in its middle.
pub struct Qr {
    modules: Vec<Color>,
    width: u32,
    logo: Option<DynamicImage>,
}

/// The address in a link's QR code: the short address with the mark of a scan, which the redirect takes out again.
pub fn scan_url(short_url: &str) -> String {
    format!("{short_url}?q=1")
}

impl Qr {
    /// Encodes a text: error correction M, or H when a logo (a PNG, JPEG or WebP file) covers part of it.
    pub fn new(text: &str, logo: Option<&[u8]>) -> Result<Self, QrError> {
        let level = if logo.is_some() { EcLevel::H } else { EcLevel::M };
        let code = QrCode::with_error_correction_level(text, level).map_err(|_| QrError::TooLong)?;
        let logo = logo.map(picture::decode).transpose()?;
        let width = u32::try_from(code.width()).map_err(|_| QrError::TooLong)?;
        Ok(Self {
            modules: code.into_colors(),
            width,
            logo,
        })
    }

    /// Side of the white pad under the logo, modules: odd like the code, so that it lies on whole modules.
    fn pad(&self) -> u32 {
        let logo = self.width / 5;
        logo + if logo.is_multiple_of(2) { 1 } else { 2 }
    }

    fn is_dark(&self, x: u32, y: u32) -> bool {
        let (from, to) = (
            (self.width - self.pad()) / 2,
            u32::midpoint(self.width, self.pad()),
        );
        let padded = self.logo.is_some() && (from..to).contains(&x) && (from..to).contains(&y);
        !padded && self.modules.get((y * self.width + x) as usize) == Some(&Color::Dark)
    }

    /// Pixels per module so that code and quiet zone fit into `size` pixels.
    fn module_px(&self, size: u32) -> Result<u32, QrError> {
        match size / (self.width + 2 * QUIET) {
            0 => Err(QrError::TooLong),
            px => Ok(px),
        }
    }

    /// The code as an image of `size` × `size` px: modules of whole pixels, what is left over goes to the margin.
    pub fn image(&self, size: u32) -> Result<RgbImage, QrError> {
        if !QR_SIZES.contains(&size) {
            return Err(QrError::Size);
        }
        let px = self.module_px(size)?;
        let margin = (size - px * self.width) / 2;
        let mut image = RgbImage::from_pixel(size, size, Rgb([255; 3]));
        for y in 0..self.width {
            for x in (0..self.width).filter(|x| self.is_dark(*x, y)) {
                for (dx, dy) in (0..px).flat_map(|dy| (0..px).map(move |dx| (dx, dy))) {
                    image.put_pixel(margin + x * px + dx, margin + y * px + dy, Rgb([0; 3]));
                }
            }
        }
        if let Some(logo) = &self.logo {
            let box_px = self.width * px / 5;
            let logo = on_white(&logo.resize(box_px, box_px, FilterType::Triangle));
            let at = |side: u32| i64::from(margin + (self.width * px - side) / 2);
            imageops::overlay(&mut image, &logo, at(logo.width()), at(logo.height()));
        }
        Ok(image)
    }

    /// The code as a PNG file of `size` × `size` px ([`QR_SIZES`]).
    pub fn png(&self, size: u32) -> Result<Vec<u8>, QrError> {
        let image = self.image(size)?;
        let mut out = Vec::new();
        if self.logo.is_some() {
            DynamicImage::from(image).write_to(&mut Cursor::new(&mut out), ImageFormat::Png)
        } else {
            DynamicImage::from(imageops::grayscale(&image))
                .write_to(&mut Cursor::new(&mut out), ImageFormat::Png)
        }
        .map_err(|_| QrError::Write)?;
        Ok(out)
    }

    /// The code as an SVG document, shown `size` px wide ([`QR_SIZES`]); one unit is one module.
    pub fn svg(&self, size: u32) -> Result<String, QrError> {
        if !QR_SIZES.contains(&size) {
            return Err(QrError::Size);
        }
        let side = self.width + 2 * QUIET;
        let mut path = String::new();
        for y in 0..self.width {
            let mut x = 0;
            while x < self.width {
                let run = (x..self.width).take_while(|x| self.is_dark(*x, y)).count();
                let run = u32::try_from(run).unwrap_or(0);
                if run > 0 {
                    let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
                }
                x += run.max(1);
            }
        }
        let logo = self
            .logo
            .as_ref()
            .map_or(Ok(String::new()), |logo| self.svg_logo(logo))?;
        Ok(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{size}\" height=\"{size}\" viewBox=\"0 0 {side} {side}\">\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/>\
             <path fill=\"#000\" shape-rendering=\"crispEdges\" d=\"{path}\"/>{logo}</svg>"
        ))
    }

    fn svg_logo(&self, logo: &DynamicImage) -> Result<String, QrError> {
        let mut png = Vec::new();
        logo.thumbnail(256, 256)
            .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
            .map_err(|_| QrError::Write)?;
        let data = STANDARD.encode(png);
        let side = f64::from(self.width) / 5.0;
        let at = f64::from(self.width) / 2.0 + f64::from(QUIET) - side / 2.0;
        Ok(format!(
            "<image x=\"{at:.2}\" y=\"{at:.2}\" width=\"{side:.2}\" height=\"{side:.2}\" href=\"data:image/png;base64,{data}\"/>"
        ))
    }
}

/// A picture with its transparent parts made white.
pub(super) fn on_white(picture: &DynamicImage) -> RgbImage {
    let mut white = image::RgbaImage::from_pixel(picture.width(), picture.height(), image::Rgba([255; 4]));
    imageops::overlay(&mut white, &picture.to_rgba8(), 0, 0);
    DynamicImage::from(white).into_rgb8()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::share::picture::tests::file;
    use resvg::{tiny_skia, usvg};

    const URL: &str = "https://s.qingmei.example/w7Kx3Rp?q=1";

    /// Reads the one QR code in a picture with a decoder that shares no code with the encoder.
    pub fn read(picture: &DynamicImage) -> Option<String> {
        let mut prepared = rqrr::PreparedImage::prepare(picture.to_luma8());
        prepared
            .detect_grids()
            .first()
            .and_then(|grid| grid.decode().ok())
            .map(|(_, text)| text)
    }

    #[test]
    fn a_code_is_read_at_every_size_down_to_a_phone_s_and_blurred() {
        for logo in [None, Some(file(300, 200, ImageFormat::Png))] {
            let qr = Qr::new(URL, logo.as_deref()).unwrap();
            for size in [120, 200, 360, 600, 1001, 2000] {
                let picture = image::load_from_memory(&qr.png(size).unwrap()).unwrap();
                assert_eq!((picture.width(), picture.height()), (size, size));
                assert_eq!(
                    read(&picture).as_deref(),
                    Some(URL),
                    "{size}, logo {}",
                    logo.is_some()
                );
            }
            let large = image::load_from_memory(&qr.png(1000).unwrap()).unwrap();
            for filter in [FilterType::Nearest, FilterType::Triangle, FilterType::Lanczos3] {
                assert_eq!(
                    read(&large.resize(240, 240, filter)).as_deref(),
                    Some(URL),
                    "{filter:?}"
                );
            }
        }
    }

    #[test]
    fn the_svg_is_the_same_code_with_a_quiet_zone_of_four_modules() {
        for logo in [None, Some(file(300, 300, ImageFormat::Jpeg))] {
            let qr = Qr::new(URL, logo.as_deref()).unwrap();
            let svg = qr.svg(480).unwrap();
            let tree = usvg::Tree::from_str(&svg, &usvg::Options::default()).unwrap();
            let mut pixmap = tiny_skia::Pixmap::new(480, 480).unwrap();
            resvg::render(&tree, tiny_skia::Transform::default(), &mut pixmap.as_mut());
            let picture = image::load_from_memory(&pixmap.encode_png().unwrap()).unwrap();
            assert_eq!(read(&picture).as_deref(), Some(URL));
            let (px, luma) = (480 / (qr.width + 8), picture.to_luma8());
            let edge = 4 * px - 1;
            assert!(
                luma.enumerate_pixels()
                    .all(|(x, y, p)| x.min(y) > edge || p.0[0] == 255)
            );
            assert!(svg.len() < 30_000, "{}", svg.len());
        }
    }

    #[test]
    fn modules_are_whole_pixels_of_black_and_white() {
        let image = Qr::new(URL, None).unwrap().image(500).unwrap();
        assert!(image.pixels().all(|p| p.0 == [0; 3] || p.0 == [255; 3]));
    }

    #[test]
    fn the_logo_takes_at_most_a_fifth_of_the_width_and_raises_error_correction() {
        let (plain, logo) = (
            Qr::new(URL, None).unwrap(),
            Qr::new(URL, Some(&file(50, 50, ImageFormat::Png))).unwrap(),
        );
        assert!(logo.width > plain.width, "level H needs more modules");
        let red = |image: &RgbImage, y: u32| (0..1000).filter(|x| image.get_pixel(*x, y).0[2] == 30).count();
        let image = logo.image(1000).unwrap();
        assert!((1..=200).contains(&red(&image, 500)), "{}", red(&image, 500));
    }

    #[test]
    fn sizes_texts_and_logos_out_of_bounds_are_refused() {
        let qr = Qr::new(URL, None).unwrap();
        assert_eq!(qr.png(119).unwrap_err(), QrError::Size);
        assert_eq!(qr.svg(2001).unwrap_err(), QrError::Size);
        assert_eq!(Qr::new(&"x".repeat(3000), None).err(), Some(QrError::TooLong));
        assert_eq!(
            Qr::new(&"x".repeat(2000), None).unwrap().png(120).unwrap_err(),
            QrError::TooLong
        );
        assert_eq!(
            Qr::new(URL, Some(b"<svg/>")).err(),
            Some(QrError::Logo(PictureError::Kind))
        );
    }
}
