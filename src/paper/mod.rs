//! Paper: headings, paragraphs and tables as a PDF on A4, to be printed and kept.
//!
//! # Why
//! A statement that leaves the screen has to say the same as the screen, be searched and copied in Chinese, and be read aloud:
//! text is drawn with the font that ships (only the characters that occur go into the file) and tagged by what it is. Bytes
//! depend on the content and the day given, on nothing else.

mod draw;
mod layout;

use jiff::civil::Date;

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// The font in the binary is unreadable (a test holds it readable).
    #[error("the font that ships cannot be read")]
    Font,
    /// More pages than anybody prints.
    #[error("more than {} pages", layout::PAGES_MAX)]
    TooLong,
    /// The writer refused.
    #[error("the PDF cannot be written: {0}")]
    Pdf(String),
}

/// A table's column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperColumn {
    /// What stands on top.
    pub head: String,
    /// Amounts and counts stand at the right.
    pub right: bool,
}

impl PaperColumn {
    /// Words, from the left.
    pub fn left(head: impl Into<String>) -> Self {
        Self {
            head: head.into(),
            right: false,
        }
    }

    /// Figures, at the right.
    pub fn right(head: impl Into<String>) -> Self {
        Self {
            head: head.into(),
            right: true,
        }
    }
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaperTable {
    /// The columns; without any head, no row of heads is drawn.
    pub columns: Vec<PaperColumn>,
    /// As many cells as columns.
    pub rows: Vec<Vec<String>>,
    /// A last row of sums, under a line.
    pub total: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Block {
    Heading(u8, String),
    Text(String),
    Note(String),
    Table(PaperTable),
}

/// A document, block by block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paper {
    title: String,
    language: String,
    footer: String,
    made_on: Date,
    blocks: Vec<Block>,
}

impl Paper {
    /// Begins with a title. `language` is `zh-CN` or `en`; the footer stands on every page before its number.
    pub fn new(
        title: impl Into<String>,
        language: impl Into<String>,
        footer: impl Into<String>,
        made_on: Date,
    ) -> Self {
        let title = title.into();
        Self {
            blocks: vec![Block::Heading(1, title.clone())],
            title,
            language: language.into(),
            footer: footer.into(),
            made_on,
        }
    }

    /// A heading below the title.
    #[must_use]
    pub fn heading(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Heading(2, text.into()));
        self
    }

    /// A heading below a heading.
    #[must_use]
    pub fn subheading(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Heading(3, text.into()));
        self
    }

    /// A paragraph.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Text(text.into()));
        self
    }

    /// A paragraph in small grey.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.blocks.push(Block::Note(text.into()));
        self
    }

    /// A table.
    #[must_use]
    pub fn table(mut self, table: PaperTable) -> Self {
        self.blocks.push(Block::Table(table));
        self
    }

    /// Names and figures side by side, without heads.
    #[must_use]
    pub fn pairs(self, pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        self.table(PaperTable {
            columns: vec![PaperColumn::left(""), PaperColumn::right("")],
            rows: pairs
                .into_iter()
                .map(|(name, figure)| vec![name, figure])
                .collect(),
            total: None,
        })
    }

    /// The bytes of the PDF.
    pub fn to_pdf(&self) -> Result<Vec<u8>, PaperError> {
        draw::pdf(self, &layout::pages(self)?)
    }
}

#[cfg(test)]
mod tests;
