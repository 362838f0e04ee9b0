//! Where everything stands: blocks cut into lines, lines put on pages.

use super::{Block, Paper, PaperError, PaperTable};
use crate::share::Ruler;

/// A4, points.
pub const WIDTH: f32 = 595.0;
/// A4, points.
pub const HEIGHT: f32 = 842.0;
/// At the sides, points.
pub const MARGIN: f32 = 51.0;
const TOP: f32 = 56.0;
const BOTTOM: f32 = 72.0;
/// Between the columns of a table.
const GUTTER: f32 = 12.0;
/// Most pages of one document.
pub const PAGES_MAX: usize = 500;

/// What a piece is part of: block, then row and column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Number of the block.
    pub block: usize,
    /// Row of a table; 0 is the heads.
    pub row: usize,
    /// Column of a table.
    pub column: usize,
}

/// Something drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// A line of text; `y` is its base line.
    Text {
        /// What it belongs to; `None` for what repeats on a page.
        place: Option<Place>,
        /// Left end.
        x: f32,
        /// Base line from the top.
        y: f32,
        /// Size, points.
        size: f32,
        /// Grey.
        soft: bool,
        /// Drawable.
        text: String,
    },
    /// A hairline across.
    Rule {
        /// From the top.
        y: f32,
        /// Darker under heads and over sums.
        strong: bool,
    },
}

struct Setter {
    ruler: Ruler<'static>,
    pages: Vec<Vec<Piece>>,
    y: f32,
}

/// Puts a document on pages.
pub fn pages(paper: &Paper) -> Result<Vec<Vec<Piece>>, PaperError> {
    let mut setter = Setter {
        ruler: Ruler::new().ok_or(PaperError::Font)?,
        pages: vec![Vec::new()],
        y: TOP,
    };
    for (block, what) in paper.blocks.iter().enumerate() {
        match what {
            Block::Heading(level, text) => {
                let (size, before, after) = match level {
                    1 => (18.0, 0.0, 8.0),
                    2 => (13.0, 14.0, 5.0),
                    _ => (10.5, 8.0, 3.0),
                };
                // A heading is not left alone at the foot of a page.
                setter.room(before + size * 1.5 + after + 60.0);
                setter.y += if setter.at_top() { 0.0 } else { before };
                setter.paragraph(block, text, size, false);
                setter.y += after;
            }
            Block::Text(text) => {
                setter.paragraph(block, text, 10.0, false);
                setter.y += 4.0;
            }
            Block::Note(text) => {
                setter.paragraph(block, text, 8.5, true);
                setter.y += 4.0;
            }
            Block::Table(table) => setter.table(block, table),
        }
        if setter.pages.len() > PAGES_MAX {
            return Err(PaperError::TooLong);
        }
    }
    setter.feet(&paper.footer);
    Ok(setter.pages)
}

impl Setter {
    fn at_top(&self) -> bool {
        self.y <= TOP
    }

    fn put(&mut self, piece: Piece) {
        if let Some(page) = self.pages.last_mut() {
            page.push(piece);
        }
    }

    /// Begins a page when this much is not left; whether it did.
    fn room(&mut self, height: f32) -> bool {
        if self.y + height <= HEIGHT - BOTTOM || self.at_top() {
            return false;
        }
        self.pages.push(Vec::new());
        self.y = TOP;
        true
    }

    fn lines(&self, text: &str, width: f32, size: f32) -> Vec<String> {
        self.ruler.wrap(&self.ruler.drawable(text).text, width, size)
    }

    fn paragraph(&mut self, block: usize, text: &str, size: f32, soft: bool) {
        for line in text.lines() {
            for text in self.lines(line, WIDTH - 2.0 * MARGIN, size) {
                self.room(size * 1.5);
                self.y += size * 1.5;
                let place = Some(Place {
                    block,
                    row: 0,
                    column: 0,
                });
                let y = self.y - size * 0.4;
                self.put(Piece::Text {
                    place,
                    x: MARGIN,
                    y,
                    size,
                    soft,
                    text,
                });
            }
        }
    }

    fn table(&mut self, block: usize, table: &PaperTable) {
        let widths = self.widths(table);
        let heads: Vec<&str> = table.columns.iter().map(|c| c.head.as_str()).collect();
        let headed = heads.iter().any(|h| !h.is_empty());
        if headed {
            self.row((block, 0), table, &heads, &widths, true);
            self.rule(true);
        }
        let rows = table.rows.iter().map(|row| (row, false));
        let rows = rows.chain(table.total.iter().map(|row| (row, true)));
        for (number, (row, is_total)) in rows.enumerate() {
            let cells: Vec<&str> = row.iter().map(String::as_str).collect();
            if self.room(self.height(&cells, &widths)) && headed {
                // The heads again: they repeat for the eye, and are said once for who listens.
                self.row((usize::MAX, 0), table, &heads, &widths, true);
                self.rule(true);
            }
            if is_total {
                self.rule(true);
            }
            self.row((block, number + 1), table, &cells, &widths, false);
            if !is_total && number + 1 < table.rows.len() {
                self.rule(false);
            }
        }
        self.y += 8.0;
    }

    fn rule(&mut self, strong: bool) {
        self.put(Piece::Rule { y: self.y, strong });
        self.y += 1.0;
    }

    fn height(&self, cells: &[&str], widths: &[f32]) -> f32 {
        let most = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| self.lines(cell, *width, 9.5).len());
        let most = u16::try_from(most.max().unwrap_or(1).max(1)).unwrap_or(1);
        f32::from(most) * 14.0 + 6.0
    }

    fn row(
        &mut self,
        (block, row): (usize, usize),
        table: &PaperTable,
        cells: &[&str],
        widths: &[f32],
        head: bool,
    ) {
        let height = self.height(cells, widths);
        let mut x = MARGIN;
        for (column, ((cell, width), kind)) in cells.iter().zip(widths).zip(&table.columns).enumerate() {
            let mut y = self.y + 3.0;
            for text in self.lines(cell, *width, 9.5) {
                y += 14.0;
                // What is higher than a page goes on below its foot no further than the page.
                if y > HEIGHT - 40.0 {
                    break;
                }
                let left = if kind.right {
                    x + width - self.ruler.width(&text, 9.5)
                } else {
                    x
                };
                let place = (block != usize::MAX).then_some(Place { block, row, column });
                self.put(Piece::Text {
                    place,
                    x: left,
                    y: y - 4.0,
                    size: 9.5,
                    soft: head,
                    text,
                });
            }
            x += width + GUTTER;
        }
        self.y += height;
    }

    /// Columns as wide as what they hold; where that is too much, figures keep their width and words give way.
    fn widths(&self, table: &PaperTable) -> Vec<f32> {
        let count = table.columns.len().max(1);
        let gutters = f32::from(u16::try_from(count - 1).unwrap_or(0)) * GUTTER;
        let whole = WIDTH - 2.0 * MARGIN - gutters;
        let rows = table.rows.iter().chain(&table.total);
        let mut widths: Vec<f32> = table
            .columns
            .iter()
            .map(|c| self.ruler.width(&c.head, 9.5))
            .collect();
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                let wide = cell.lines().map(|line| self.ruler.width(line, 9.5));
                *width = wide.fold(*width, f32::max);
            }
        }
        // Figures keep their width up to seven tenths of the page, the widest giving way first; words share the rest by
        // their need, but a short one does not starve beside a long one.
        shrink(&mut widths, table, true, whole * 0.7);
        let figures: f32 = pick(&widths, table, true).sum();
        let left = whole - figures;
        shrink(&mut widths, table, false, left);
        let words: f32 = pick(&widths, table, false).sum();
        if words > 0.0 {
            for (width, _) in widths.iter_mut().zip(&table.columns).filter(|(_, c)| !c.right) {
                *width *= left / words;
            }
        }
        widths
    }

    fn feet(&mut self, footer: &str) {
        let count = self.pages.len();
        let footer = self.ruler.drawable(footer).text;
        let footer = self.ruler.fit(&footer, WIDTH - 2.0 * MARGIN - 60.0, 1, &[8.0]);
        for (at, page) in self.pages.iter_mut().enumerate() {
            let number = format!("{} / {count}", at + 1);
            let right = WIDTH - MARGIN - self.ruler.width(&number, 8.0);
            let left = footer.lines.first().map(|text| (MARGIN, text.clone()));
            for (x, text) in left.into_iter().chain([(right, number)]) {
                page.push(Piece::Text {
                    place: None,
                    x,
                    y: HEIGHT - 36.0,
                    size: 8.0,
                    soft: true,
                    text,
                });
            }
        }
    }
}

/// Takes from the widest columns of a kind until they are this wide together.
fn shrink(widths: &mut [f32], table: &PaperTable, right: bool, most: f32) {
    let mut cap = pick(widths, table, right).fold(0.0, f32::max);
    while cap > 8.0 && pick(widths, table, right).map(|w| w.min(cap)).sum::<f32>() > most {
        cap *= 0.97;
    }
    for (width, _) in widths
        .iter_mut()
        .zip(&table.columns)
        .filter(|(_, c)| c.right == right)
    {
        *width = width.min(cap);
    }
}

fn pick<'a>(widths: &'a [f32], table: &'a PaperTable, right: bool) -> impl Iterator<Item = f32> + 'a {
    let both = widths.iter().zip(&table.columns);
    both.filter(move |(_, c)| c.right == right).map(|(w, _)| *w)
}
