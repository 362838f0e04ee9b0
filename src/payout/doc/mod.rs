//! Scheme documents: header, parameters, roster, facts, steps, examples.
//!
//! # Why
//! A scheme is data that finance can read, review and change; the checker makes sure that what it says is one thing.

mod book;
mod bound;
pub mod column;
mod header;
mod labels;
mod next_pool;
mod options;
mod param;
mod untold;
mod unused;

use std::cell::RefCell;
use std::ops::Range;

use super::block::{self, Block, spec::Spec};
use super::diag::{Diagnostic, Sink, Source, did_you_mean, one_of};
use super::raw::{At, Entry, Node, Raw, Refused, from_toml};
use super::schema::{Column, Env, Label, ParamDecl, ParamKind, Schema, Used};
use super::value::Type;

pub use book::{Book, Shown, ShownBy};
pub use header::{Header, Late};
pub use next_pool::LEFT_OVER;

/// A checked document, ready to be run.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it is called and when it holds.
    pub header: Header,
    pub(super) params: Vec<ParamDecl>,
    /// `period`, `roster`, facts, parameter tables, then one relation for each step.
    pub(super) schemas: Vec<Schema>,
    pub(super) fact_kinds: Vec<FactKind>,
    pub(super) steps: Vec<Step>,
    pub(super) examples: Vec<Example>,
    bounds: Vec<bound::Bound>,
    words: options::Words,
    /// Printed errors of the handbook that this document sets right.
    pub books: Vec<Book>,
    pub(super) source: Source,
}

/// A declared kind of fact.
#[derive(Clone, Debug)]
pub(super) struct FactKind {
    pub kind: String,
    pub label: Label,
    pub relation: usize,
}

/// A checked step.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub id: String,
    pub label: Label,
    pub rule: String,
    pub block: Block,
    pub relation: usize,
    pub span: Range<usize>,
}

/// A worked example.
#[derive(Clone, Debug)]
pub(super) struct Example {
    pub id: String,
    pub label: Label,
    pub raw: Raw,
}

/// Relation number of `period`.
pub(super) const PERIOD: usize = 0;
/// Relation number of `roster`.
pub(super) const ROSTER: usize = 1;
/// Most steps of a document.
const STEPS_MAX: usize = 300;
/// Longest document, in bytes.
pub const BYTES_MAX: usize = 2_000_000;

impl Document {
    /// Reads and checks a document; its examples are run by [`super::examples::accept`].
    ///
    /// # Errors
    /// Every fault found, in the order of the text.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let source = Source {
            file: file.to_owned(),
            text: text.to_owned(),
        };
        if text.len() > BYTES_MAX {
            let what = format!("a document of {} bytes", text.len());
            return Err(vec![source.diagnose(
                &(0..0),
                what,
                format!("at most {BYTES_MAX} bytes"),
                None,
            )]);
        }
        let raw = from_toml(&source).map_err(|d| vec![*d])?;
        let sink = Sink::new(&source);
        let read = read(&raw, &sink);
        let found = sink.into_found();
        match read {
            Some(parts) if found.is_empty() => Ok(Self { source, ..parts }),
            _ if found.is_empty() => Err(vec![source.diagnose(
                &(0..0),
                "a document that cannot be read".into(),
                "a scheme".into(),
                None,
            )]),
            _ => Err(found),
        }
    }

    /// The id a document's text says, whatever else is wrong with it; `None` where it says none.
    ///
    /// # Errors
    /// The place where it is no TOML.
    pub fn id_in(file: &str, text: &str) -> Result<Option<String>, Box<Diagnostic>> {
        let raw = from_toml(&Source {
            file: file.to_owned(),
            text: text.to_owned(),
        })?;
        let id = At::root(&raw).get("scheme", |at| at.get("id", |id| id.str().map(str::to_owned)));
        Ok(id.ok().flatten().flatten())
    }

    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.source.text
    }

    /// A fault at a place of this document.
    pub(super) fn diagnose(
        &self,
        span: &Range<usize>,
        what: String,
        expected: String,
        hint: Option<String>,
    ) -> Diagnostic {
        self.source.diagnose(span, what, expected, hint)
    }
}

const SECTIONS: [&str; 10] = [
    "scheme", "param", "bound", "roster", "fact", "label", "word", "step", "example", "book",
];

fn read(raw: &Raw, sink: &Sink<'_>) -> Option<Document> {
    let root = At::root(raw);
    let report = |r: Refused| sink.error(&r.span, r.what, r.expected);
    for e in root.map().ok()? {
        if !SECTIONS.contains(&e.key.as_str()) {
            let what = format!("unknown section `{}`", e.key);
            match did_you_mean(&e.key, SECTIONS) {
                Some(h) => sink.hinted(&e.key_span, what, one_of(SECTIONS), h),
                None => sink.error(&e.key_span, what, one_of(SECTIONS)),
            }
        }
    }
    let header = match root.get("scheme", header::read) {
        Ok(Some(h)) => Some(h),
        Ok(None) => {
            sink.error(
                &(0..1),
                "a document without `[scheme]`",
                "`[scheme]` with id, names, source and dates",
            );
            None
        }
        Err(r) => {
            report(r);
            None
        }
    };
    let zone = header.as_ref().map_or(480, |h| h.zone);
    let mut schemas = vec![
        plain("period", Vec::new(), true, 0),
        plain("roster", Vec::new(), false, 1),
    ];
    schemas[ROSTER].columns.push(Column {
        employee: true,
        ..Column::new("id", Type::Text)
    });
    if let Err(r) = root.get("roster", |at| {
        schemas[ROSTER].span = at.raw.span.clone();
        at.each_entry(|e, v| {
            if ["id", "order"].contains(&e.key.as_str()) {
                return Err(v.refuse(format!("`{}` is there anyway", e.key), "another name"));
            }
            schemas[ROSTER].columns.push(column::read(v, &e.key)?);
            Ok(())
        })
    }) {
        report(r);
    }
    let mut fact_kinds = Vec::new();
    if let Err(r) = root.get("fact", |at| {
        at.each_entry(|e, v| {
            fact_kinds.push(FactKind {
                kind: e.key.clone(),
                label: column::label(v)?,
                relation: schemas.len(),
            });
            schemas.push(fact(v, e)?);
            Ok(())
        })
    }) {
        report(r);
    }
    if let Some(header) = &header {
        let late = |at: At<'_>| at.get("late", |late| Ok(late.raw.span.clone()));
        let span = root.get("scheme", late).ok().flatten().flatten();
        next_pool::report(header, &fact_kinds, &schemas, &span.unwrap_or(0..1), sink);
    }
    let params = match root.get("param", |at| param::read(at, &mut schemas, zone, header.as_ref())) {
        Ok(p) => p.unwrap_or_default(),
        Err(r) => {
            report(r);
            return None;
        }
    };
    if let Some(header) = &header {
        let said = root.get("scheme", |at| {
            at.get("period_by", |v| header::period_by(v, header, &params))
        });
        said.map_or_else(report, drop);
    }
    if sink.count() > 0 {
        // Steps read what is declared above: their faults would only repeat these.
        return None;
    }
    let env = Env {
        sink,
        params: &params,
        schemas,
        used: RefCell::new(Used::default()),
        step_ids: step_ids(root),
        failed: RefCell::default(),
    };
    let bounds = bound::read(root, &env);
    let (mut env, steps) = steps(root, env)?;
    let mut words = options::Words::new();
    if sink.count() == 0 {
        labels::document(root, &mut env.schemas).unwrap_or_else(report);
        match options::read(root, &params, &env.schemas) {
            Ok(read) => words = read,
            Err(r) => report(r),
        }
        let period_by = header.as_ref().and_then(|h| h.period_by.as_deref());
        unused::report(&env, &steps, &fact_kinds, period_by);
    }
    let examples = examples(root, sink);
    let books = if sink.count() == 0 {
        book::read(root, sink, &steps, &env.schemas, &examples)
    } else {
        // What they name may be missing only because of the faults before.
        Vec::new()
    };
    let schemas = env.schemas;
    let source = Source {
        file: String::new(),
        text: String::new(),
    };
    Some(Document {
        header: header?,
        params,
        schemas,
        fact_kinds,
        steps,
        examples,
        bounds,
        words,
        books,
        source,
    })
}

fn plain(name: &str, columns: Vec<Column>, single: bool, key_parts: usize) -> Schema {
    Schema {
        name: name.into(),
        columns,
        single,
        key_parts,
        span: 0..0,
    }
}

/// `[fact.order]`: fields beside `id` and `occurred`, which every fact has.
fn fact(at: At<'_>, entry: &Entry) -> Result<Schema, Refused> {
    at.only(&["zh", "en", "fields"])?;
    let mut columns = vec![Column::new("id", Type::Text), Column::new("occurred", Type::Date)];
    at.get("fields", |fields| {
        fields.each_entry(|e, v| {
            if ["id", "occurred", "kind", "revision", "void"].contains(&e.key.as_str()) {
                return Err(v.refuse(format!("`{}` is there anyway", e.key), "another name"));
            }
            columns.push(column::read(v, &e.key)?);
            Ok(())
        })
    })?;
    Ok(Schema {
        span: entry.key_span.clone(),
        ..plain(&format!("fact.{}", entry.key), columns, false, 1)
    })
}

fn steps<'a>(root: At<'_>, mut env: Env<'a>) -> Option<(Env<'a>, Vec<Step>)> {
    let mut steps: Vec<Step> = Vec::new();
    let list = match root
        .map()
        .ok()?
        .iter()
        .find(|e| e.key == "step")
        .map(|e| &e.value)
    {
        Some(Raw {
            node: Node::List(list),
            ..
        }) if !list.is_empty() => list,
        _ => {
            env.sink.error(
                &(0..1),
                "a document without steps",
                "`[[step]]` with `id` and `do`",
            );
            return None;
        }
    };
    if list.len() > STEPS_MAX {
        env.sink.error(
            &list[STEPS_MAX].span,
            format!("{} steps", list.len()),
            format!("at most {STEPS_MAX}"),
        );
        return None;
    }
    for raw in list {
        let Some((made, id, label, rule)) = step(raw, &env) else {
            if let Ok(Some(id)) = At::root(raw).get("id", |v| v.str().map(str::to_owned)) {
                env.failed.borrow_mut().insert(id);
            }
            continue;
        };
        let relation = env.schemas.len();
        env.schemas.push(Schema {
            name: id.clone(),
            columns: made.columns,
            single: made.single,
            key_parts: made.key_parts,
            span: raw.span.clone(),
        });
        steps.push(Step {
            id,
            label,
            rule,
            block: made.block,
            relation,
            span: raw.span.clone(),
        });
    }
    Some((env, steps))
}

/// Ids of the steps as they are written.
fn step_ids(root: At<'_>) -> Vec<String> {
    let mut ids = Vec::new();
    // A fault here is reported when the steps are read.
    let _ = root.get("step", |list| {
        list.each(|_, s| {
            ids.extend(s.get("id", |v| v.str().map(str::to_owned))?);
            Ok(())
        })
    });
    ids
}

fn step(raw: &Raw, env: &Env<'_>) -> Option<(block::Made, String, Label, String)> {
    let at = At::root(raw);
    let spec = Spec { at, env, id: "?" };
    let id = spec.need("id", "a name for the step")?;
    let spec = Spec { id, ..spec };
    if !spec.fresh(id, &spec.raw("id")?.span, &[]) {
        return None;
    }
    if env.schemas.iter().any(|s| s.name == id) || ["param", "fact"].contains(&id) {
        env.sink.error(
            &spec.raw("id")?.span,
            format!("the name `{id}` is taken"),
            "another name",
        );
        return None;
    }
    let word = spec.need("do", &one_of(block::WORDS))?;
    if !block::WORDS.contains(&word) {
        let (span, what) = (spec.raw("do")?.span.clone(), format!("unknown block `{word}`"));
        match did_you_mean(word, block::WORDS) {
            Some(h) => env.sink.hinted(&span, what, one_of(block::WORDS), h),
            None => env.sink.error(&span, what, one_of(block::WORDS)),
        }
        return None;
    }
    let label = spec.report(column::label(at))?;
    let rule = spec.text("rule").unwrap_or_default().to_owned();
    let mut made = block::read(word, &spec)?;
    labels::apply(&spec, &mut made)?;
    Some((made, id.to_owned(), label, rule))
}

fn examples(root: At<'_>, sink: &Sink<'_>) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let read = root.get("example", |list| {
        list.each(|_, at| {
            at.only(&[
                "id", "zh", "en", "case", "period", "params", "roster", "facts", "expect",
            ])?;
            let Some(id) = at.get("id", |v| v.str().map(str::to_owned))? else {
                return Err(at.refuse("an example without `id`", "`id`"));
            };
            if examples.iter().any(|e| e.id == id) {
                return Err(at.refuse(format!("the example `{id}` twice"), "each id once"));
            }
            examples.push(Example {
                id,
                label: column::label(at)?,
                raw: at.raw.clone(),
            });
            Ok(())
        })
    });
    if let Err(r) = read {
        sink.error(&r.span, r.what, r.expected);
    }
    examples
}

impl Document {
    /// The step that makes a relation; `None` for what is given.
    pub(super) fn step_of(&self, relation: usize) -> Option<&Step> {
        let first = self.steps.first()?.relation;
        self.steps.get(relation.checked_sub(first)?)
    }

    /// Columns of the table parameter, when it is one.
    pub(super) fn table_columns(&self, kind: &ParamKind) -> Option<&[Column]> {
        match kind {
            ParamKind::Table(relation) => Some(&self.schemas[*relation].columns),
            _ => None,
        }
    }

    /// The columns that tell its rows apart, when it is a table.
    pub(super) fn table_key(&self, kind: &ParamKind) -> Option<&[Column]> {
        match kind {
            ParamKind::Table(relation) => {
                let schema = &self.schemas[*relation];
                Some(&schema.columns[..schema.key_parts])
            }
            _ => None,
        }
    }
}
