//! How an amount came about: from the line back to the facts, step by step, in Chinese and English.
//!
//! # Why
//! A line nobody can explain is a line nobody accepts. The relations of a run are kept, each row knows what it was
//! made of, so the story is read off, not reconstructed.

mod book;
mod held;
mod options;
mod words;

pub use book::concerns;
pub use held::{Held, held};
pub use options::option_label;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::block::Block;
use super::describe::book_json;
use super::doc::{Book, Document, Step};
use super::outcome::Emitted;
use super::relation::{MadeOf, Row};
use super::run::Evaluation;
use super::schema::{Label, Named};

/// One step of the story and what it was made of.
#[derive(Clone, Debug)]
pub struct Trace {
    /// Id of the step, or `fact.order` and the like.
    pub step: String,
    /// Rule ids.
    pub rule: String,
    /// Key of the row.
    pub key: String,
    /// What happened here.
    pub says: Label,
    /// Figures this step made: column and exact text.
    pub figures: Vec<(String, String)>,
    /// What it was made of; at most [`MEMBERS`] of many.
    pub from: Vec<Trace>,
    /// How many more there are.
    pub more: usize,
    /// Printed errors of the handbook about this component; only where the story begins.
    pub book: Vec<Book>,
}

/// Rows named one by one when many were added up.
pub const MEMBERS: usize = 8;
/// Most nodes of one story.
const NODES_MAX: usize = 400;

impl Document {
    /// What people read for a column a step makes; `None` for a helper, and for what nobody named.
    pub fn column_label(&self, step: &str, column: &str) -> Option<&Label> {
        let step = self.steps.iter().find(|s| s.id == step)?;
        let mut columns = self.schemas[step.relation].columns.iter();
        let found = columns.find(|c| c.name == column && c.named != Named::Hidden)?;
        Some(&found.label).filter(|label| **label != Label::default())
    }
}

/// Tells how a line, an award or a proposal came about.
pub fn trace<'a>(doc: &Document, run: &Evaluation, emitted: impl Into<Emitted<'a>>) -> Trace {
    let emitted = emitted.into();
    let step = &doc.steps[emitted.step];
    let row = &run.relations[step.relation].rows[emitted.row];
    let mut teller = Teller::of(doc, run);
    Trace {
        book: books(doc, emitted.component).cloned().collect(),
        ..teller.row(step.relation, row)
    }
}

/// What the book prints wrong about a component.
fn books<'a>(doc: &'a Document, component: &'a str) -> impl Iterator<Item = &'a Book> {
    doc.books
        .iter()
        .filter(move |b| b.component.as_deref() == Some(component))
}

/// Rows a sentence names side by side where an amount was added up from several.
const ABREAST: usize = 5;

/// One sentence for a list of lines, awards or proposals: the steps that computed something, along the line's own way
/// back: from what it is made of to what that is made of, several rows of a step side by side. The whole story is not told
/// for it: 100 000 lines would take half a minute.
pub fn sentence<'a>(doc: &Document, run: &Evaluation, emitted: impl Into<Emitted<'a>>) -> Label {
    let emitted = emitted.into();
    let (mut zh, mut en) = (Vec::new(), Vec::new());
    let mut relation = doc.steps[emitted.step].relation;
    let mut rows = vec![emitted.row];
    let mut more = 0;
    let mut own = true;
    let notes: Vec<&Book> = books(doc, emitted.component).collect();
    let mut told: Vec<bool> = vec![false; notes.len()];
    // A fact or a row of the roster ends it: the sentence is about what was done with it.
    while let Some(step) = doc.step_of(relation) {
        let mut says = Vec::new();
        let mut next: Option<(usize, Vec<usize>)> = None;
        let mut beyond = more;
        for row in rows.iter().filter_map(|n| run.relations[relation].rows.get(*n)) {
            let (source, members) = made_of(step, row);
            says.push(words::step(doc, run, step, row, members.len()));
            for (told, note) in told.iter_mut().zip(&notes) {
                *told |= book::is_about(doc, note, step, row);
            }
            let (at, list) = next.get_or_insert_with(|| (source, Vec::new()));
            if *at == source {
                let room = ABREAST.saturating_sub(list.len()).min(members.len());
                list.extend(members[..room].iter().map(|n| *n as usize));
                beyond += members.len() - room;
            }
        }
        if says.first().is_some_and(|s| !s.zh.is_empty()) {
            let head = format!("{}：", step.label.zh);
            zh.push(abreast(says.iter().map(|s| &s.zh), &head, more, &CHINESE));
            let head = format!("{}: ", step.label.en);
            en.push(abreast(says.iter().map(|s| &s.en), &head, more, &ENGLISH));
        }
        match next.filter(|(_, list)| !list.is_empty()) {
            // What a figure of one row was added up from is everybody's.
            Some((_, list)) if !own && list.len() > 1 => break,
            Some((source, list)) => (relation, rows, more) = (source, list, beyond),
            None => match step.block.singles().first() {
                Some(single) => (relation, rows, more, own) = (*single, vec![0], 0, false),
                None => break,
            },
        }
    }
    zh.reverse();
    en.reverse();
    for (_, note) in told.iter().zip(&notes).filter(|(told, _)| **told) {
        let note = note.note();
        zh.push(note.zh);
        en.push(note.en);
    }
    Label {
        zh: zh.join("；"),
        en: en.join("; "),
    }
}

/// How a language puts rows side by side.
struct Side {
    between: &'static str,
    /// Around how many more there are.
    more: (&'static str, &'static str),
    /// Around how many say the same.
    alike: (&'static str, &'static str),
    /// What the options a step went by begin with.
    options: &'static str,
}

const CHINESE: Side = Side {
    between: "、",
    more: ("，另有 ", " 条"),
    alike: ("（", " 条一样）"),
    options: "〔",
};
const ENGLISH: Side = Side {
    between: " + ",
    more: (" and ", " more"),
    alike: (" (", " alike)"),
    options: " [",
};

/// What several rows of a step say, the step's own name and the options it went by once; and how many more there are.
fn abreast<'s>(says: impl Iterator<Item = &'s String>, head: &str, more: usize, side: &Side) -> String {
    let says: Vec<&str> = says.map(String::as_str).filter(|s| !s.is_empty()).collect();
    let first = says.first().copied().unwrap_or_default();
    let options = first.find(side.options).map_or("", |at| &first[at..]);
    let are_shared = says.iter().all(|one| one.ends_with(options));
    let options = if are_shared { options } else { "" };
    let mut alike: Vec<(&str, usize)> = Vec::new();
    for one in says {
        let one = one.strip_suffix(options).unwrap_or(one);
        match alike.iter_mut().find(|(said, _)| *said == one) {
            Some((_, times)) => *times += 1,
            None => alike.push((one, 1)),
        }
    }
    let mut all = String::new();
    for (one, times) in alike {
        if all.is_empty() {
            all.push_str(one);
        } else {
            all.push_str(side.between);
            all.push_str(one.strip_prefix(head).unwrap_or(one));
        }
        if times > 1 {
            let _ = write!(all, "{}{times}{}", side.alike.0, side.alike.1);
        }
    }
    all.push_str(options);
    if more > 0 {
        let _ = write!(all, "{}{more}{}", side.more.0, side.more.1);
    }
    all
}

/// The rows a row was made of: their relation, and row numbers in it.
pub(super) fn made_of<'r>(step: &Step, row: &'r Row) -> (usize, Cow<'r, [u32]>) {
    let source = step.block.source();
    match (&row.made_of, &step.block) {
        (MadeOf::One(at), _) => (source, Cow::Owned(vec![*at])),
        // A pool's sum is made of everybody, and everybody's story comes by it: not copied.
        (MadeOf::Many(members), _) => (source, Cow::Borrowed(members)),
        (MadeOf::Of(n, at), Block::Select(s)) => (s.from[usize::from(*n)], Cow::Owned(vec![*at])),
        (MadeOf::Nothing | MadeOf::Of(..), _) => (source, Cow::Borrowed(&[])),
    }
}

struct Teller<'a> {
    doc: &'a Document,
    run: &'a Evaluation,
    left: usize,
    /// Rows whose story was told: their sentence may come again, what they were made of does not.
    told: HashSet<(usize, Arc<str>)>,
}

impl<'a> Teller<'a> {
    fn of(doc: &'a Document, run: &'a Evaluation) -> Self {
        Self {
            doc,
            run,
            left: NODES_MAX,
            told: HashSet::new(),
        }
    }

    fn row(&mut self, relation: usize, row: &Row) -> Trace {
        self.left = self.left.saturating_sub(1);
        let Some(step) = self.doc.step_of(relation) else {
            return self.given(relation, row);
        };
        let mut from = Vec::new();
        let mut more = 0;
        let again = !self.told.insert((relation, row.key.clone()));
        let (source, members) = made_of(step, row);
        for at in members.iter().filter(|_| !again) {
            if from.len() >= MEMBERS || self.left == 0 {
                more = members.len() - from.len();
                break;
            }
            if let Some(row) = self.run.relations[source].rows.get(*at as usize) {
                from.push(self.row(source, row));
            }
        }
        for (relation, at) in self.partners(step, row) {
            if self.left > 0 && !again {
                from.push(self.row(relation, &self.run.relations[relation].rows[at]));
            }
        }
        for single in step.block.singles() {
            if self.left > 0
                && let Some(row) = self.run.relations[single].rows.first()
                && !again
                && !self.told.contains(&(single, row.key.clone()))
            {
                from.push(self.row(single, row));
            }
        }
        let says = words::step(self.doc, self.run, step, row, members.len());
        Trace {
            step: step.id.clone(),
            rule: step.rule.clone(),
            key: row.key.to_string(),
            says,
            figures: self.figures(step, row),
            from,
            more,
            book: Vec::new(),
        }
    }

    /// Rows that joins with `told` found for a row: relation and row number.
    fn partners(&self, step: &Step, row: &Row) -> Vec<(usize, usize)> {
        let (Block::Derive(d), MadeOf::One(at)) = (&step.block, &row.made_of) else {
            return Vec::new();
        };
        let Some(source) = self.run.relations[d.from].rows.get(*at as usize) else {
            return Vec::new();
        };
        let world = self.run.world();
        let told = d.joins.iter().enumerate().filter(|(_, j)| j.told);
        // What the run could compute is computed again: a fault here is a partner that is not there.
        told.filter_map(|(n, j)| {
            let index = self.run.index(step.relation, n, j)?;
            Some((j.to, j.partner(index, &world, source).ok()??))
        })
        .collect()
    }

    /// Columns of a row that its step added to those of its source.
    fn figures(&self, step: &Step, row: &Row) -> Vec<(String, String)> {
        let columns = &self.doc.schemas[step.relation].columns;
        let kept = if step.block.passes_on() {
            self.doc.schemas[step.block.source()].columns.len()
        } else {
            0
        };
        let new = columns.iter().zip(row.cells.iter()).skip(kept);
        new.map(|(c, v)| (c.name.clone(), v.to_string())).collect()
    }

    /// A fact, a roster row or a row of a parameter table.
    fn given(&self, relation: usize, row: &Row) -> Trace {
        let schema = &self.doc.schemas[relation];
        let says = words::given(self.doc, relation, row);
        Trace {
            step: schema.name.clone(),
            rule: String::new(),
            key: row.key.to_string(),
            says,
            figures: Vec::new(),
            from: Vec::new(),
            more: 0,
            book: Vec::new(),
        }
    }
}

impl Trace {
    /// Sentences, indented by what is made of what.
    pub fn text(&self, chinese: bool) -> String {
        let mut out = String::new();
        self.write(chinese, 0, &mut out);
        let all = self.to_json();
        let ours = |book: &&Book| concerns(&all, &book_json(book));
        for note in self.book.iter().filter(ours).map(Book::note) {
            let _ = writeln!(out, "  {}", if chinese { note.zh } else { note.en });
        }
        out
    }

    fn write(&self, chinese: bool, depth: usize, out: &mut String) {
        let says = if chinese { &self.says.zh } else { &self.says.en };
        let mut depth = depth;
        if !says.is_empty() {
            let rule = if self.rule.is_empty() {
                String::new()
            } else {
                format!(" ({})", self.rule)
            };
            let _ = writeln!(out, "{}{says}{rule}", "  ".repeat(depth));
            depth += 1;
        }
        for t in &self.from {
            t.write(chinese, depth, out);
        }
        if self.more > 0 {
            let pad = "  ".repeat(depth);
            let more = if chinese {
                format!("{pad}……另有 {} 条\n", self.more)
            } else {
                format!("{pad}… and {} more\n", self.more)
            };
            out.push_str(&more);
        }
    }

    /// For programs.
    pub fn to_json(&self) -> Json {
        let mut json = self.node();
        json["book"] = self.book.iter().map(book_json).collect();
        json
    }

    fn node(&self) -> Json {
        json!({
            "step": self.step, "rule": self.rule, "key": self.key,
            "says": { "zh": self.says.zh, "en": self.says.en },
            "figures": self.figures.iter().map(|(c, v)| (c.clone(), Json::String(v.clone())))
                .collect::<serde_json::Map<_, _>>(),
            "from": self.from.iter().map(Trace::node).collect::<Vec<_>>(), "more": self.more,
        })
    }
}
