//! `[[book]]`: where the handbook's printed figure is wrong, what it says, what is exact, and why.

use std::ops::Range;

use crate::payout::block::Block;
use crate::payout::diag::{Sink, one_of};
use crate::payout::num::Num;
use crate::payout::raw::{At, Node, Refused};
use crate::payout::schema::{Label, Schema};

use super::{Example, Step, column};

/// A printed error (register C1): the exact figure is paid, and the explanation says why the book differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// Number in the register: `E10`.
    pub no: String,
    /// What is printed.
    pub says: Label,
    /// What exact arithmetic gives, or which reading is followed.
    pub exact: Label,
    /// Why they differ.
    pub because: Label,
    /// The component whose lines carry this note.
    pub component: Option<String>,
    /// What it is compared with whenever the document is accepted.
    pub shown_by: Option<ShownBy>,
    pub(in crate::payout) span: Range<usize>,
    pub(in crate::payout) exact_span: Range<usize>,
}

/// The worked example, and the figure in it, that computes the exact value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownBy {
    /// Id of the example.
    pub example: String,
    /// Which of its figures.
    pub what: Shown,
    pub(in crate::payout) span: Range<usize>,
}

/// A figure of an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Sum of the lines of a payee and component (or of awards or proposals, where no lines are paid).
    Line {
        /// Who.
        payee: String,
        /// Which rule.
        component: String,
    },
    /// A column of a step's row; the only row when no key is given.
    Figure {
        /// Id of the step.
        step: String,
        /// Key of the row.
        key: Option<String>,
        /// Its column.
        column: String,
    },
}

const FIELDS: [&str; 9] = [
    "no",
    "says",
    "exact",
    "example",
    "line",
    "figure",
    "component",
    "zh",
    "en",
];

/// Reads all `[[book]]` blocks.
pub fn read(
    root: At<'_>,
    sink: &Sink<'_>,
    steps: &[Step],
    schemas: &[Schema],
    examples: &[Example],
) -> Vec<Book> {
    let mut books = Vec::new();
    let read = root.get("book", |list| {
        list.each(|_, at| {
            match one(at, steps, schemas, examples) {
                Ok(book) => books.push(book),
                Err(r) => sink.error(&r.span, r.what, r.expected),
            }
            Ok(())
        })
    });
    if let Err(r) = read {
        sink.error(&r.span, r.what, "`[[book]]` blocks");
    }
    books
}

fn one(at: At<'_>, steps: &[Step], schemas: &[Schema], examples: &[Example]) -> Result<Book, Refused> {
    at.only(&FIELDS)?;
    let missing = |key: &str, expected: &str| {
        at.refuse(
            format!("a `[[book]]` without `{key}`"),
            format!("`{key}`: {expected}"),
        )
    };
    let no = at
        .get("no", |v| {
            let no = v.str()?;
            let good = no
                .strip_prefix('E')
                .is_some_and(|n| (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit()));
            if good {
                Ok(no.to_owned())
            } else {
                Err(v.mismatch("the number in the register of printed errors, like `E10`"))
            }
        })?
        .ok_or_else(|| missing("no", "the number in the register of printed errors, like `E10`"))?;
    let says = at
        .get("says", words)?
        .ok_or_else(|| missing("says", "what is printed"))?;
    let exact = at.get("exact", words)?.ok_or_else(|| {
        missing(
            "exact",
            "what exact arithmetic gives, or which reading is followed",
        )
    })?;
    let exact_span = at.get("exact", |v| Ok(v.raw.span.clone()))?.unwrap_or_default();
    let because = column::label(at)?;
    if because.zh.is_empty() || because.en.is_empty() {
        return Err(missing("zh` and `en", "why the book differs"));
    }
    let shown_by = shown_by(at, steps, schemas, examples)?;
    if shown_by.is_some() {
        at.get("exact", |v| match &v.raw.node {
            Node::Str(text) if Num::parse(text).is_ok() => Ok(()),
            _ => {
                Err(v.mismatch("a number like \"10520.00\" or \"89/2036\": it is compared with the example"))
            }
        })?;
    }
    let component = match at.get("component", |v| {
        let component = v.str()?;
        known_component(v, component, steps).map(|()| component.to_owned())
    })? {
        Some(c) => Some(c),
        None => shown_by.as_ref().and_then(|s| match &s.what {
            Shown::Line { component, .. } => Some(component.clone()),
            Shown::Figure { .. } => None,
        }),
    };
    Ok(Book {
        no,
        says,
        exact,
        because,
        component,
        shown_by,
        span: at.raw.span.clone(),
        exact_span,
    })
}

/// `"10500"`, or `{ zh = "…", en = "…" }` where it is words.
fn words(at: At<'_>) -> Result<Label, Refused> {
    if let Node::Str(text) = &at.raw.node
        && !text.trim().is_empty()
    {
        return Ok(Label {
            zh: text.clone(),
            en: text.clone(),
        });
    }
    let expected = "text like \"10500\", or `{ zh = \"…\", en = \"…\" }`";
    if !matches!(at.raw.node, Node::Map(_)) {
        return Err(at.mismatch(expected));
    }
    at.only(&["zh", "en"])?;
    let label = column::label(at)?;
    if label.zh.is_empty() || label.en.is_empty() {
        return Err(at.mismatch(expected));
    }
    Ok(label)
}

fn shown_by(
    at: At<'_>,
    steps: &[Step],
    schemas: &[Schema],
    examples: &[Example],
) -> Result<Option<ShownBy>, Refused> {
    let line = at.get("line", |v| line(v, steps))?;
    let figure = at.get("figure", |v| figure(v, steps, schemas))?;
    let example = at.get("example", |v| {
        let id = v.str()?;
        if examples.iter().any(|e| e.id == id) {
            return Ok(id.to_owned());
        }
        let ids = examples.iter().map(|e| &e.id);
        Err(v.refuse(format!("unknown example `{id}`"), one_of(ids)))
    })?;
    match (example, line, figure) {
        (None, None, None) => Ok(None),
        (Some(example), Some((what, span)), None) | (Some(example), None, Some((what, span))) => {
            Ok(Some(ShownBy { example, what, span }))
        }
        (_, Some(_), Some(_)) => Err(at.refuse("a `[[book]]` with both `line` and `figure`", "one of them")),
        (Some(_), None, None) => Err(at.refuse(
            "a `[[book]]` with an `example` and nothing to compare",
            "`line = \"payee component\"` or `figure = \"step key column\"`",
        )),
        (None, _, _) => Err(at.refuse(
            "a `[[book]]` with a `line` or `figure` and no `example`",
            "`example`: the id of the example that computes it",
        )),
    }
}

/// `"payee component"`; the component is the last word.
fn line(at: At<'_>, steps: &[Step]) -> Result<(Shown, Range<usize>), Refused> {
    let Some((payee, component)) = at.str()?.rsplit_once(' ') else {
        return Err(at.mismatch("\"payee component\""));
    };
    known_component(at, component, steps)?;
    let (payee, component) = (payee.trim().to_owned(), component.to_owned());
    Ok((Shown::Line { payee, component }, at.raw.span.clone()))
}

fn known_component(at: At<'_>, component: &str, steps: &[Step]) -> Result<(), Refused> {
    let mut all = steps.iter().filter_map(|s| match &s.block {
        Block::Emit(e) => Some(e.component.as_str()),
        _ => None,
    });
    if all.clone().any(|c| c == component) {
        return Ok(());
    }
    // The hint is in the list: components of one document are few.
    Err(at.refuse(format!("unknown component `{component}`"), one_of(all.by_ref())))
}

/// `"step column"` of a step with one row, or `"step key column"`; the key may have spaces.
fn figure(at: At<'_>, steps: &[Step], schemas: &[Schema]) -> Result<(Shown, Range<usize>), Refused> {
    let text = at.str()?;
    let parts = text
        .split_once(' ')
        .and_then(|(step, rest)| match rest.rsplit_once(' ') {
            Some((key, column)) => Some((step, Some(key), column)),
            None if rest.is_empty() => None,
            None => Some((step, None, rest)),
        });
    let Some((id, key, column)) = parts else {
        return Err(at.mismatch("\"step key column\", or \"step column\" of a step with one row"));
    };
    let Some(step) = steps.iter().find(|s| s.id == id) else {
        let ids = steps.iter().map(|s| &s.id);
        return Err(at.refuse(format!("unknown step `{id}`"), one_of(ids)));
    };
    let schema = &schemas[step.relation];
    if schema.find(column).is_none() {
        let names = schema.columns.iter().map(|c| &c.name);
        return Err(at.refuse(format!("`{id}` has no column `{column}`"), one_of(names)));
    }
    if key.is_none() && !schema.single {
        return Err(at.refuse(
            format!("`{id}` has many rows"),
            "\"step key column\" with the key of the row",
        ));
    }
    let shown = Shown::Figure {
        step: id.to_owned(),
        key: key.map(str::to_owned),
        column: column.to_owned(),
    };
    Ok((shown, at.raw.span.clone()))
}

impl Shown {
    /// As a document writes it.
    pub fn text(&self) -> String {
        match self {
            Self::Line { payee, component } => format!("{payee} {component}"),
            Self::Figure { step, key, column } => match key {
                Some(key) => format!("{step} {key} {column}"),
                None => format!("{step} {column}"),
            },
        }
    }
}

impl Book {
    /// "the book (E10) says X, exact is Y, because …", in both languages.
    pub fn note(&self) -> Label {
        let end = |text: &str, stop: char| text.trim_end().trim_end_matches(stop).to_owned();
        Label {
            zh: format!(
                "书上（{}）印的是 {}，精确是 {}：{}",
                self.no,
                self.says.zh,
                self.exact.zh,
                end(&self.because.zh, '。')
            ),
            en: format!(
                "the book ({}) says {}, exact is {}, because {}",
                self.no,
                self.says.en,
                self.exact.en,
                end(&self.because.en, '.')
            ),
        }
    }
}
