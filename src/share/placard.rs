//! A board as a picture for a group chat: PNG, as wide as a phone shows it, drawn like posters.

use std::fmt::Write as _;
use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage};

use crate::share::PosterError;
use crate::share::poster::{escape, render};
use crate::share::typeset::{FAMILY, Ruler};

/// Rows drawn at most.
pub const PLACARD_ROWS: usize = 20;

/// Width, px.
const WIDTH: u32 = 1080;
const MARGIN: f32 = 72.0;
/// Height of head, of a row and of the foot, px.
const HEAD: u32 = 300;
const ROW: u32 = 96;
const FOOT: u32 = 120;

// The look's tokens, light (static/bole.css).
const INK: &str = "#1d1c1b";
const INK_SOFT: &str = "#5b5955";
const ACCENT: &str = "#8c3b21";
const LINE: &str = "#dddbd7";
const GROUND: &str = "#f5f5f3";

/// A row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacardRow {
    /// `1`, `2` …
    pub rank: String,
    /// The name as they chose to appear.
    pub name: String,
    /// Beside the name; may be empty.
    pub small: String,
    /// `415`.
    pub value: String,
}

/// What a picture of a board says; all plain text.
#[derive(Clone, Debug)]
pub struct Placard<'a> {
    /// `龙虎榜 第47周`.
    pub title: &'a str,
    /// `11月16日 至 22日，按积分`.
    pub span: &'a str,
    /// `已定榜 …`.
    pub state: &'a str,
    /// The firm, and what is said below.
    pub foot: &'a str,
    /// Best first; those after the 20th are left out.
    pub rows: &'a [PlacardRow],
}

/// Draws it. Characters the font does not have are drawn as `〓`.
#[expect(clippy::cast_precision_loss, reason = "pixel counts below 2^24")]
pub fn draw(placard: &Placard<'_>) -> Result<Vec<u8>, PosterError> {
    let ruler = Ruler::new().ok_or(PosterError::Draw("font"))?;
    let rows = &placard.rows[..placard.rows.len().min(PLACARD_ROWS)];
    let count = u32::try_from(rows.len().max(1)).unwrap_or(1);
    let height = HEAD + ROW * count + FOOT;
    let right = WIDTH as f32 - MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" font-family=\"{FAMILY}\">"
    );
    let text =
        |svg: &mut String, words: &str, place: (f32, f32), size: f32, fill: &str, room: f32, end: bool| {
            let drawable = ruler.drawable(words).text;
            let set = ruler.fit(&drawable, room, 1, &[size, size * 0.88, size * 0.76]);
            let anchor = if end { " text-anchor=\"end\"" } else { "" };
            if let Some(line) = set.lines.first() {
                let _ = write!(
                    svg,
                    "<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{fill}\"{anchor}>{}</text>",
                    place.0,
                    place.1,
                    set.size,
                    escape(line)
                );
            }
        };
    let full = right - MARGIN;
    text(&mut svg, placard.title, (MARGIN, 118.0), 60.0, INK, full, false);
    let _ = write!(svg, "<path fill=\"{ACCENT}\" d=\"M{MARGIN} 150h96v6h-96z\"/>");
    text(
        &mut svg,
        placard.span,
        (MARGIN, 210.0),
        34.0,
        INK_SOFT,
        full,
        false,
    );
    text(
        &mut svg,
        placard.state,
        (MARGIN, 260.0),
        28.0,
        INK_SOFT,
        full,
        false,
    );
    for (i, row) in rows.iter().enumerate() {
        let top = HEAD as f32 + ROW as f32 * i as f32;
        if i < 3 {
            let _ = write!(svg, "<path fill=\"{GROUND}\" d=\"M0 {top}h{WIDTH}v{ROW}H0z\"/>");
        }
        let _ = write!(
            svg,
            "<path fill=\"{LINE}\" d=\"M{MARGIN} {top}h{full}v2h-{full}z\"/>"
        );
        let base = top + 63.0;
        let rank_fill = if i < 3 { ACCENT } else { INK_SOFT };
        text(&mut svg, &row.rank, (MARGIN, base), 44.0, rank_fill, 90.0, false);
        text(&mut svg, &row.value, (right, base), 44.0, INK, 300.0, true);
        let name_room = if row.small.is_empty() { 500.0 } else { 300.0 };
        text(
            &mut svg,
            &row.name,
            (MARGIN + 110.0, base),
            42.0,
            INK,
            name_room,
            false,
        );
        text(
            &mut svg,
            &row.small,
            (MARGIN + 430.0, base),
            28.0,
            INK_SOFT,
            220.0,
            false,
        );
    }
    let foot = height as f32 - 50.0;
    text(
        &mut svg,
        placard.foot,
        (MARGIN, foot),
        28.0,
        INK_SOFT,
        full,
        false,
    );
    svg.push_str("</svg>");
    let canvas = RgbImage::from_pixel(WIDTH, height, image::Rgb([255; 3]));
    let canvas = render(&svg, &canvas)?;
    let mut png = Vec::new();
    DynamicImage::from(canvas)
        .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
        .map_err(|_| PosterError::Draw("png"))?;
    Ok(png)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(n: usize) -> Vec<PlacardRow> {
        (1..=n)
            .map(|i| PlacardRow {
                rank: i.to_string(),
                name: "<script>李梦".into(),
                small: "静安店".into(),
                value: "415".into(),
            })
            .collect()
    }

    fn picture(rows: &[PlacardRow]) -> DynamicImage {
        let placard = Placard {
            title: "龙虎榜 第47周",
            span: "11月16日 至 22日，按积分",
            state: "已定榜 11月24日 00:00",
            foot: "晴美美容",
            rows,
        };
        let png = draw(&placard).unwrap();
        if let Ok(dir) = std::env::var("BOLE_LOOK_AT") {
            std::fs::write(format!("{dir}/placard-{}.png", rows.len()), &png).unwrap();
        }
        image::load_from_memory(&png).unwrap()
    }

    #[test]
    fn a_picture_grows_with_its_rows_up_to_twenty_and_markup_is_text() {
        assert_eq!(picture(&rows(5)).height(), HEAD + 5 * ROW + FOOT);
        assert_eq!(picture(&rows(100)).height(), HEAD + 20 * ROW + FOOT);
        assert_eq!(picture(&[]).width(), WIDTH);
    }
}
