//! Lines of text for pictures: measured, wrapped and shrunk with the font that ships.

use std::sync::{Arc, LazyLock};

use resvg::usvg::fontdb;
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

/// Noto Sans SC Regular, cut to the characters of `static/vendor/noto-sans-sc/README.md` (OFL).
pub static FONT: &[u8] = include_bytes!("../../static/vendor/noto-sans-sc/NotoSansSC-Regular.otf");

/// The font's family name.
pub const FAMILY: &str = "Noto Sans SC";

/// Stands for a character the font does not have: the printers' geta, which says "a type is missing here".
const GETA: char = '〓';

/// The font for the renderer.
pub static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut db = fontdb::Database::new();
    db.load_font_source(fontdb::Source::Binary(Arc::new(FONT)));
    Arc::new(db)
});

/// Text that can be drawn: every character has a glyph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawable {
    /// What is drawn.
    pub text: String,
    /// Characters that were replaced by `〓`, each once.
    pub missing: Vec<char>,
}

/// Lines at one size.
#[derive(Clone, Debug, PartialEq)]
pub struct Lines {
    /// Font size, px.
    pub size: f32,
    /// From top to bottom.
    pub lines: Vec<String>,
}

/// Measures with the font that ships.
pub struct Ruler<'a> {
    chars: skrifa::charmap::Charmap<'a>,
    glyphs: skrifa::metrics::GlyphMetrics<'a>,
}

impl Ruler<'static> {
    /// The ruler; `None` when the font in the binary is unreadable (a test holds it readable).
    pub fn new() -> Option<Self> {
        let font = FontRef::new(FONT).ok()?;
        // At 1000 px per em, so that widths of any size are one multiplication away.
        let glyphs = font.glyph_metrics(Size::new(1000.0), LocationRef::default());
        Some(Self {
            chars: font.charmap(),
            glyphs,
        })
    }
}

impl Ruler<'_> {
    /// Replaces what cannot be drawn: characters without a glyph by `〓`, runs of spaces and control characters by one
    /// space, joiners and variation selectors by nothing.
    pub fn drawable(&self, text: &str) -> Drawable {
        let mut out = Drawable {
            text: String::with_capacity(text.len()),
            missing: Vec::new(),
        };
        for c in text.chars() {
            if c.is_whitespace() || c.is_control() {
                if !out.text.is_empty() && !out.text.ends_with(' ') {
                    out.text.push(' ');
                }
            } else if is_invisible(c) {
            } else if self.chars.map(c).is_some_and(|glyph| glyph.to_u32() != 0) {
                out.text.push(c);
            } else {
                out.text.push(GETA);
                if !out.missing.contains(&c) {
                    out.missing.push(c);
                }
            }
        }
        out.text.truncate(out.text.trim_end().len());
        out
    }

    /// Width of a text, px.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        let advance = |c| {
            self.chars
                .map(c)
                .and_then(|g| self.glyphs.advance_width(g))
                .unwrap_or(1000.0)
        };
        text.chars().map(advance).sum::<f32>() * size / 1000.0
    }

    /// Sets a text in at most `most` lines of `width` px: at the first of the `sizes` it fits in, the lines of about equal
    /// length; if it fits at none, at the last one, ending in `…`.
    pub fn fit(&self, text: &str, width: f32, most: usize, sizes: &[f32]) -> Lines {
        for &size in sizes {
            let lines = self.wrap(text, width, size);
            if lines.len() <= most {
                return Lines {
                    size,
                    lines: self.balance(text, width, size, lines),
                };
            }
        }
        let size = sizes.last().copied().unwrap_or(12.0);
        let mut lines = self.wrap(text, width, size);
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            while self.width(last, size) + self.width("…", size) > width && last.pop().is_some() {}
            last.truncate(last.trim_end().len());
            last.push('…');
        }
        Lines { size, lines }
    }

    /// The narrowest column that needs no more lines: no single character is left on the last line.
    fn balance(&self, text: &str, width: f32, size: f32, lines: Vec<String>) -> Vec<String> {
        let mut best = lines;
        let mut narrower = width;
        while best.len() > 1 {
            narrower -= size / 2.0;
            let lines = self.wrap(text, narrower, size);
            let too_wide = lines.iter().any(|line| self.width(line, size) > narrower);
            if narrower < width / 3.0 || lines.len() > best.len() || too_wide {
                break;
            }
            best = lines;
        }
        best
    }

    /// Breaks a text into lines. Chinese breaks anywhere but before closing and after opening punctuation; words of letters and digits
    /// break only when one is wider than the line.
    pub fn wrap(&self, text: &str, width: f32, size: f32) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        for piece in pieces(text) {
            let fits = |line: &str, piece: &str| {
                self.width(line, size) + self.width(piece.trim_end(), size) <= width
            };
            if fits(&line, piece) {
                line.push_str(piece);
                continue;
            }
            if !line.trim().is_empty() {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
            }
            for c in piece.trim_start().chars() {
                if !line.is_empty() && !fits(&line, c.encode_utf8(&mut [0; 4])) {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(c);
            }
        }
        if !line.trim().is_empty() {
            lines.push(line.trim_end().to_owned());
        }
        lines
    }
}

/// Cuts a text where a line may end.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut previous = None;
        let end = rest
            .char_indices()
            .find(|(_, c)| previous.replace(*c).is_some_and(|p| may_break(p, *c)));
        let (piece, tail) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
        rest = tail;
        Some(piece)
    })
}

fn may_break(before: char, after: char) -> bool {
    const CLOSING: &str = "，。！？、；：）》」』】〉’”…—·,.!?;:)]}%％℃";
    const OPENING: &str = "（《「『【〈‘“([{¥￥$";
    let word = |c: char| c < '\u{2e80}' && !c.is_whitespace();
    if after.is_whitespace() || CLOSING.contains(after) || OPENING.contains(before) {
        return false;
    }
    before.is_whitespace() || !(word(before) && word(after))
}

/// Characters that show nothing by themselves: joiners, marks of direction, variation selectors, skin tones.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ruler() -> Ruler<'static> {
        Ruler::new().unwrap()
    }

    #[test]
    fn the_font_has_names_prices_and_punctuation() {
        let text = "喆堃旻瑄珺祎翀淼犇䶮㛃𬎆 陳黃劉 ABCxyz 0123 ¥1,299.00 ·—…“”《》（）！？，。、；：%℃〓";
        assert_eq!(
            ruler().drawable(text),
            Drawable {
                text: text.into(),
                missing: vec![]
            }
        );
        assert!(
            FONTS
                .faces()
                .any(|face| face.families.iter().any(|(name, _)| name == FAMILY))
        );
    }

    #[test]
    fn what_the_font_has_not_is_marked_and_told() {
        let drawable = ruler().drawable(" 冬季🎉焕肤\r\n👩\u{200d}🔬🎉\u{fe0f}\u{202e}季 ");
        assert_eq!(drawable.text, "冬季〓焕肤 〓〓〓季");
        assert_eq!(drawable.missing, ['🎉', '👩', '🔬']);
    }

    #[test]
    fn long_texts_wrap_then_shrink_then_end_in_an_ellipsis() {
        let ruler = ruler();
        let sizes = [64.0, 48.0, 40.0];
        assert_eq!(ruler.fit("冬季焕肤季", 900.0, 2, &sizes).lines, ["冬季焕肤季"]);
        let two = ruler.fit("冬季焕肤季水光补水护理体验价限时", 900.0, 2, &sizes);
        assert!(two.size > 63.0);
        assert_eq!(
            two.lines.iter().map(|l| l.chars().count()).collect::<Vec<_>>(),
            [8, 8]
        );
        let long = "字".repeat(200);
        let cut = ruler.fit(&long, 900.0, 2, &sizes);
        assert_eq!((cut.size, cut.lines.len()), (40.0, 2));
        assert!(cut.lines[1].ends_with('…'));
        for line in ruler
            .fit(&"Supercalifragilistic ".repeat(9), 900.0, 2, &sizes)
            .lines
            .iter()
            .chain(&cut.lines)
        {
            assert!(ruler.width(line, 40.0) <= 900.0, "{line}");
        }
        let word = "x".repeat(300);
        assert!(
            ruler
                .fit(&word, 900.0, 2, &sizes)
                .lines
                .iter()
                .all(|l| ruler.width(l, 40.0) <= 900.0)
        );
    }

    #[test]
    fn lines_break_between_words_and_never_before_closing_punctuation() {
        let lines = ruler().wrap("新客体验价 298 元，报我的码 XIAOWEN30 再减！", 300.0, 40.0);
        assert!(
            lines
                .iter()
                .all(|l| !l.starts_with(['，', '！', ' ']) && !l.ends_with(' ')),
            "{lines:?}"
        );
        assert!(lines.iter().any(|l| l.contains("XIAOWEN30")), "{lines:?}");
    }
}
