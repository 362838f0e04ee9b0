//! Posters: a campaign picture with the employee's name and QR code, as a PNG for a phone.

use std::fmt::Write as _;
use std::io::Cursor;

use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageFormat, RgbImage};
use resvg::{tiny_skia, usvg};

use crate::share::qr::on_white;
use crate::share::typeset::{FAMILY, FONTS, Lines, Ruler};
use crate::share::{PictureError, Qr, QrError, picture};

/// Width, px.
pub const POSTER_WIDTH: u32 = 1080;
/// Height, px.
pub const POSTER_HEIGHT: u32 = 1920;

/// Height of the picture, px.
const PICTURE: u32 = 1140;
/// Margin left and right, px.
const MARGIN: f32 = 72.0;
/// Side of the QR code with its quiet zone, px.
const QR: u32 = 384;

// The look's tokens (static/bole.css, light): a poster is printed and forwarded, so it knows no dark mode.
const SURFACE: &str = "#ffffff";
const GROUND: &str = "#ecebe8";
const LINE: &str = "#dddbd7";
const LINE_STRONG: &str = "#86837e";
const INK: &str = "#1d1c1b";
const INK_SOFT: &str = "#5b5955";
const ACCENT: &str = "#8c3b21";
const HEAT: [&str; 3] = ["#f3dfd6", "#e4b7a4", "#cd8569"];

/// What a poster says. All texts are plain; markup in them is shown as it is written.
#[derive(Clone, Copy, Debug)]
pub struct PosterText<'a> {
    /// The campaign's name.
    pub title: &'a str,
    /// The employee's name.
    pub name: &'a str,
    /// Below the name: what the employee does (`邀请你来体验`).
    pub invitation: &'a str,
    /// What to do with the code (`长按或扫码查看`).
    pub hint: &'a str,
    /// The disclosure every template carries (`广告 · 我在晴美美容工作`).
    pub disclosure: &'a str,
}

/// A poster.
#[derive(Clone, Debug)]
pub struct Poster {
    /// The PNG file, 1080 × 1920 px.
    pub png: Vec<u8>,
    /// Characters the font does not have, drawn as `〓`; empty when all went well.
    pub missing: Vec<char>,
}

/// Why there is no poster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PosterError {
    /// The campaign's picture.
    #[error("picture: {0}")]
    Picture(#[from] PictureError),
    /// The QR code.
    #[error("{0}")]
    Qr(#[from] QrError),
    /// Font, renderer or encoder failed.
    #[error("the poster could not be drawn: {0}")]
    Draw(&'static str),
}

/// Draws a poster. `picture` is a file (PNG, JPEG, WebP) of any shape, cut to fill; without one a quiet drawing of ours stands
/// there. `url` is what the QR code says ([`super::scan_url`]).
pub fn draw(text: &PosterText<'_>, url: &str, picture: Option<&[u8]>) -> Result<Poster, PosterError> {
    let ruler = Ruler::new().ok_or(PosterError::Draw("font"))?;
    let (svg, missing) = compose(&ruler, text, picture.is_none());
    let mut canvas = RgbImage::from_pixel(POSTER_WIDTH, POSTER_HEIGHT, image::Rgb([255; 3]));
    if let Some(bytes) = picture {
        let filled = picture::decode(bytes)?.resize_to_fill(POSTER_WIDTH, PICTURE, FilterType::Triangle);
        imageops::replace(&mut canvas, &on_white(&filled), 0, 0);
    }
    let mut canvas = render(&svg, &canvas)?;
    let qr = Qr::new(url, None)?.image(QR)?;
    let (x, y) = qr_place();
    imageops::replace(&mut canvas, &qr, i64::from(x), i64::from(y));
    let mut png = Vec::new();
    DynamicImage::from(canvas)
        .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
        .map_err(|_| PosterError::Draw("png"))?;
    Ok(Poster { png, missing })
}

/// Upper left corner of the QR code.
fn qr_place() -> (u32, u32) {
    (POSTER_WIDTH - 80 - QR, POSTER_HEIGHT - 80 - QR)
}

/// Draws an SVG over a canvas.
pub(super) fn render(svg: &str, canvas: &RgbImage) -> Result<RgbImage, PosterError> {
    let options = usvg::Options {
        font_family: FAMILY.to_owned(),
        fontdb: FONTS.clone(),
        // Our SVG refers to nothing; nor may a text that found a way into it.
        image_href_resolver: usvg::ImageHrefResolver {
            resolve_data: Box::new(|_, _, _| None),
            resolve_string: Box::new(|_, _| None),
        },
        ..usvg::Options::default()
    };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|_| PosterError::Draw("svg"))?;
    let mut pixmap =
        tiny_skia::Pixmap::new(canvas.width(), canvas.height()).ok_or(PosterError::Draw("canvas"))?;
    for (to, from) in pixmap
        .data_mut()
        .as_chunks_mut::<4>()
        .0
        .iter_mut()
        .zip(canvas.pixels())
    {
        *to = [from.0[0], from.0[1], from.0[2], 255];
    }
    resvg::render(&tree, tiny_skia::Transform::default(), &mut pixmap.as_mut());
    let rgb = pixmap
        .data()
        .as_chunks::<4>()
        .0
        .iter()
        .flat_map(|p| [p[0], p[1], p[2]])
        .collect();
    RgbImage::from_raw(canvas.width(), canvas.height(), rgb).ok_or(PosterError::Draw("canvas"))
}

/// The poster without picture and code as SVG, and what the font does not have.
#[expect(clippy::cast_precision_loss, reason = "pixel counts below 2^24")]
fn compose(ruler: &Ruler<'_>, text: &PosterText<'_>, drawing: bool) -> (String, Vec<char>) {
    let mut missing: Vec<char> = Vec::new();
    let mut drawable = |text: &str| {
        let drawable = ruler.drawable(text);
        missing.extend(
            drawable
                .missing
                .iter()
                .filter(|c| !missing.contains(c))
                .copied()
                .collect::<Vec<_>>(),
        );
        drawable.text
    };
    let full = POSTER_WIDTH as f32 - 2.0 * MARGIN;
    let column = full - QR as f32 - 40.0;
    let title = ruler.fit(&drawable(text.title), full, 2, &[68.0, 60.0, 52.0, 46.0, 40.0]);
    let name = ruler.fit(&drawable(text.name), column, 2, &[52.0, 46.0, 40.0, 34.0]);
    let invitation = ruler.fit(&drawable(text.invitation), column, 1, &[34.0, 30.0]);
    let hint = ruler.fit(&drawable(text.hint), column, 1, &[28.0, 26.0]);
    let disclosure = ruler.fit(&drawable(text.disclosure), column - 40.0, 2, &[26.0, 24.0, 22.0]);

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{POSTER_WIDTH}\" height=\"{POSTER_HEIGHT}\" font-family=\"{FAMILY}\">"
    );
    if drawing {
        svg.push_str(&landscape());
    }
    let top = PICTURE as f32;
    let _ = write!(
        svg,
        "<path fill=\"{SURFACE}\" d=\"M0 {top}h{POSTER_WIDTH}v{POSTER_HEIGHT}H0z\"/>"
    );
    let _ = write!(svg, "<path fill=\"{LINE}\" d=\"M0 {top}h{POSTER_WIDTH}v2H0z\"/>");
    // The title with the accent's mark below it: what the picture is about.
    let below = lines(&mut svg, &title, top + 56.0, INK, true);
    let _ = write!(
        svg,
        "<path fill=\"{ACCENT}\" d=\"M{MARGIN} {}h96v6h-96z\"/>",
        below + 24.0
    );
    // The foot of the left column stands on the foot of the code; everything above is stacked upon it.
    let (qr_x, qr_y) = qr_place();
    let foot = (qr_y + QR) as f32 + 8.0;
    let pad = 16.0;
    let tag_height = height(&disclosure) + 2.0 * pad;
    let widest = disclosure
        .lines
        .iter()
        .map(|l| ruler.width(l, disclosure.size))
        .fold(0.0, f32::max);
    let (tag_x, tag_y, tag_width) = (MARGIN + 1.0, foot - tag_height - 1.0, widest + 40.0);
    if !disclosure.lines.is_empty() {
        let _ = write!(
            svg,
            "<rect x=\"{tag_x}\" y=\"{tag_y}\" width=\"{tag_width}\" height=\"{tag_height}\" rx=\"10\" fill=\"none\" stroke=\"{LINE_STRONG}\" stroke-width=\"2\"/>"
        );
    }
    lines_at(&mut svg, &disclosure, MARGIN + 20.0, tag_y + pad, INK_SOFT, false);
    lines(&mut svg, &hint, tag_y - 28.0 - height(&hint), INK_SOFT, false);
    let below = lines(&mut svg, &name, qr_y as f32 + 4.0, INK, true);
    lines(&mut svg, &invitation, below + 10.0, INK, false);
    let _ = write!(
        svg,
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"12\" fill=\"{SURFACE}\" stroke=\"{LINE}\" stroke-width=\"2\"/></svg>",
        qr_x - 7,
        qr_y - 7,
        QR + 14,
        QR + 14
    );
    (svg, missing)
}

/// What stands there when a campaign has no picture: hills under a sun, in the accent's washes.
fn landscape() -> String {
    let [light, middle, strong] = HEAT;
    format!(
        "<path fill=\"{GROUND}\" d=\"M0 0h1080v1200H0z\"/><circle cx=\"800\" cy=\"430\" r=\"440\" fill=\"{light}\"/>\
         <circle cx=\"560\" cy=\"690\" r=\"150\" fill=\"{ACCENT}\"/>\
         <path fill=\"{middle}\" d=\"M0 980C200 740 430 660 660 800S960 930 1080 840V1200H0z\"/>\
         <path fill=\"{strong}\" d=\"M0 1060C300 930 620 930 1080 1080V1200H0z\"/>"
    )
}

/// Height of set lines, px.
#[expect(clippy::cast_precision_loss, reason = "two lines")]
fn height(lines: &Lines) -> f32 {
    lines.lines.len() as f32 * lines.size * 1.35
}

fn lines(svg: &mut String, lines: &Lines, top: f32, fill: &str, strong: bool) -> f32 {
    lines_at(svg, lines, MARGIN, top, fill, strong)
}

/// Writes lines from `top` on and says where they end. One face ships; strong is a stroke in the text's own colour.
#[expect(clippy::cast_precision_loss, reason = "two lines")]
fn lines_at(svg: &mut String, lines: &Lines, x: f32, top: f32, fill: &str, strong: bool) -> f32 {
    let size = lines.size;
    let stroke = if strong {
        format!(
            " stroke=\"{fill}\" stroke-width=\"{}\" stroke-linejoin=\"round\"",
            size * 0.035
        )
    } else {
        String::new()
    };
    for (i, line) in lines.lines.iter().enumerate() {
        // The box of Chinese glyphs reaches from 0.88 em above the baseline to 0.12 em below.
        let y = top + size * (i as f32 * 1.35 + 0.175 + 0.88);
        let _ = write!(
            svg,
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{fill}\"{stroke}>{}</text>",
            escape(line)
        );
    }
    top + height(lines)
}

/// Text as XML character data.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::share::picture::tests::file;
    use crate::share::qr::tests::read;

    const URL: &str = "https://s.qingmei.example/w7Kx3Rp?q=1";
    const TEXT: PosterText<'_> = PosterText {
        title: "冬季焕肤季：水光补水护理 60 分钟新客体验",
        name: "林小雯",
        invitation: "邀请你来体验",
        hint: "长按或扫码查看",
        disclosure: "广告 · 我在晴美美容工作",
    };

    fn poster(text: &PosterText<'_>, picture: Option<&[u8]>) -> (DynamicImage, Vec<char>) {
        let poster = draw(text, URL, picture).unwrap();
        if let Ok(dir) = std::env::var("BOLE_LOOK_AT") {
            let name = format!(
                "{dir}/poster-{}-{}.png",
                text.name.chars().count(),
                picture.map_or(0, <[u8]>::len)
            );
            std::fs::write(name, &poster.png).unwrap();
        }
        (image::load_from_memory(&poster.png).unwrap(), poster.missing)
    }

    /// Dark pixels in a part of a poster.
    fn ink(picture: &DynamicImage, x: u32, y: u32, width: u32, height: u32) -> usize {
        picture
            .crop_imm(x, y, width, height)
            .to_luma8()
            .pixels()
            .filter(|p| p.0[0] < 128)
            .count()
    }

    #[test]
    fn the_code_is_read_at_full_size_and_on_a_phone() {
        for picture in [
            None,
            Some(file(1600, 700, ImageFormat::Jpeg)),
            Some(file(300, 900, ImageFormat::Png)),
        ] {
            let (poster, missing) = poster(&TEXT, picture.as_deref());
            assert_eq!((poster.width(), poster.height()), (POSTER_WIDTH, POSTER_HEIGHT));
            assert!(missing.is_empty(), "{missing:?}");
            assert_eq!(read(&poster).as_deref(), Some(URL));
            let phone = poster.resize(360, 640, FilterType::Triangle);
            assert_eq!((phone.width(), read(&phone).as_deref()), (360, Some(URL)));
        }
    }

    #[test]
    fn every_text_is_really_drawn() {
        let (all, _) = poster(&TEXT, None);
        let empty = PosterText {
            title: "",
            name: "",
            invitation: "",
            hint: "",
            disclosure: "",
        };
        for (text, (x, y, width, height)) in [
            (
                PosterText {
                    title: TEXT.title,
                    ..empty
                },
                (72, 1190, 900, 200),
            ),
            (
                PosterText {
                    name: TEXT.name,
                    ..empty
                },
                (72, 1460, 400, 80),
            ),
            (
                PosterText {
                    disclosure: TEXT.disclosure,
                    ..empty
                },
                (80, 1780, 400, 60),
            ),
        ] {
            let (one, _) = poster(&text, None);
            let drawn = ink(&one, x, y, width, height);
            assert!(drawn > 500, "{text:?}: {drawn}");
            assert!(ink(&all, x, y, width, height) > 500);
        }
    }

    #[test]
    fn hostile_and_endless_texts_stay_texts_and_beside_the_code() {
        let long = "欧阳<b>&\"']]>司马".repeat(40);
        let text = PosterText {
            title: &long,
            name: &long,
            invitation: &long,
            hint: &long,
            disclosure: "<image href=\"file:///etc/passwd\"/><script>🎉",
        };
        let (picture, missing) = poster(&text, None);
        assert_eq!(missing, ['🎉']);
        assert_eq!(read(&picture).as_deref(), Some(URL));
        let (x, y) = qr_place();
        assert_eq!(ink(&picture, x - 30, y, 26, QR), 0, "text runs into the code");
        assert_eq!(ink(&picture, 0, 1210, 60, 700), 0);
        assert_eq!(ink(&picture, 0, y + QR + 4, POSTER_WIDTH, 60), 0);
    }

    #[test]
    fn a_hostile_picture_is_refused_by_its_content() {
        for (bytes, error) in [
            (
                &b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>"[..],
                PictureError::Kind,
            ),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", PictureError::Damaged),
        ] {
            assert_eq!(
                draw(&TEXT, URL, Some(bytes)).unwrap_err(),
                PosterError::Picture(error)
            );
        }
    }
}
