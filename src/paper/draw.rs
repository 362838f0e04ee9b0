//! Pages as PDF, every line tagged by what it is part of.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, SpanTag, TableHeaderScope, Tag, TagGroup, TagTree,
};
use krilla::text::{Font, TextDirection};
use krilla::{Document, SerializeSettings};

use super::layout::{HEIGHT, MARGIN, Piece, Place, WIDTH};
use super::{Block, Paper, PaperError, PaperTable};
use crate::share::FONT;

type Drawn = BTreeMap<Place, Vec<Identifier>>;

/// Draws it.
pub fn pdf(paper: &Paper, pages: &[Vec<Piece>]) -> Result<Vec<u8>, PaperError> {
    let font = Font::new(FONT.to_vec().into(), 0).ok_or(PaperError::Font)?;
    let settings = SerializeSettings {
        enable_tagging: true,
        ..SerializeSettings::default()
    };
    let mut document = Document::new_with(settings);
    let mut drawn = Drawn::new();
    for pieces in pages {
        let size = PageSettings::from_wh(WIDTH, HEIGHT);
        let size = size.ok_or_else(|| PaperError::Pdf("a page has no size".to_owned()))?;
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        for piece in pieces {
            put(&mut surface, &font, piece, &mut drawn);
        }
        surface.finish();
        page.finish();
    }
    document.set_tag_tree(tree(paper, drawn));
    document.set_metadata(metadata(paper));
    document.finish().map_err(|e| PaperError::Pdf(format!("{e:?}")))
}

fn ink(soft: bool) -> Fill {
    let level = if soft { 96 } else { 20 };
    Fill {
        paint: rgb::Color::new(level, level, level).into(),
        opacity: NormalizedF32::ONE,
        rule: krilla::paint::FillRule::default(),
    }
}

fn put(surface: &mut Surface<'_>, font: &Font, piece: &Piece, drawn: &mut Drawn) {
    match piece {
        Piece::Text {
            place,
            x,
            y,
            size,
            soft,
            text,
        } => {
            let tag = match place {
                Some(_) => ContentTag::Span(SpanTag::empty()),
                None => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Footer)),
            };
            let identifier = surface.start_tagged(tag);
            surface.set_fill(Some(ink(*soft)));
            surface.set_stroke(None);
            let at = Point::from_xy(*x, *y);
            surface.draw_text(at, font.clone(), *size, text, false, TextDirection::LeftToRight);
            surface.end_tagged();
            if let Some(place) = place {
                drawn.entry(*place).or_default().push(identifier);
            }
        }
        Piece::Rule { y, strong } => {
            let mut path = PathBuilder::new();
            path.move_to(MARGIN, *y);
            path.line_to(WIDTH - MARGIN, *y);
            let Some(path) = path.finish() else { return };
            surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
            let level = if *strong { 120 } else { 215 };
            surface.set_fill(None);
            surface.set_stroke(Some(Stroke {
                paint: rgb::Color::new(level, level, level).into(),
                width: 0.6,
                ..Stroke::default()
            }));
            surface.draw_path(&path);
            surface.end_tagged();
        }
    }
}

fn tree(paper: &Paper, mut drawn: Drawn) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some(paper.language.clone()));
    for (block, what) in paper.blocks.iter().enumerate() {
        let first = Place {
            block,
            row: 0,
            column: 0,
        };
        let group = match what {
            Block::Heading(level, text) => {
                let level = NonZeroU16::new(u16::from(*level)).unwrap_or(NonZeroU16::MIN);
                filled(Tag::Hn(level, Some(text.clone())), drawn.remove(&first))
            }
            Block::Text(_) | Block::Note(_) => filled(Tag::P, drawn.remove(&first)),
            Block::Table(table) => Some(rows(block, table, &mut drawn)),
        };
        if let Some(group) = group {
            tree.push(group);
        }
    }
    tree
}

fn filled(
    tag: impl Into<krilla::tagging::TagKind>,
    identifiers: Option<Vec<Identifier>>,
) -> Option<TagGroup> {
    let mut group = TagGroup::new(tag);
    identifiers?.into_iter().for_each(|id| group.push(id));
    Some(group)
}

fn rows(block: usize, table: &PaperTable, drawn: &mut Drawn) -> TagGroup {
    let mut group = TagGroup::new(Tag::Table);
    let count = table.rows.len() + usize::from(table.total.is_some());
    for row in 0..=count {
        let mut cells = TagGroup::new(Tag::TR);
        let mut any = false;
        for column in 0..table.columns.len() {
            let found = drawn.remove(&Place { block, row, column });
            any |= found.is_some();
            let mut cell = if row == 0 {
                TagGroup::new(Tag::TH(TableHeaderScope::Column))
            } else {
                TagGroup::new(Tag::TD)
            };
            found.into_iter().flatten().for_each(|id| cell.push(id));
            cells.push(cell);
        }
        if any {
            group.push(cells);
        }
    }
    group
}

fn metadata(paper: &Paper) -> Metadata {
    let part = |n: i8| u8::try_from(n).unwrap_or(1);
    let day = paper.made_on;
    let made = DateTime::new(u16::try_from(day.year()).unwrap_or(1970))
        .month(part(day.month()))
        .day(part(day.day()));
    Metadata::new()
        .title(paper.title.clone())
        .language(paper.language.clone())
        .creator("Bole".to_owned())
        .creation_date(made)
}
