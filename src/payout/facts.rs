//! Facts, one by one: read into rows of cells as they come, put together when the roster is known.
//!
//! # Why
//! A month may have a million of them. Each is checked and turned into cells when it is read and its text is let go; the
//! rest (people, ids, revisions, order) needs all of them and is done once, in the order they were written.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashMap, HashSet, HashTable};

use super::diag::one_of;
use super::doc::{Document, FactKind, ROSTER};
use super::raw::{At, Node, Refused, quoted};
use super::relation::{Relation, Row};
use super::schema::Column;
use super::setting::read_row;
use super::value::Value;

/// Different words kept to be shared between rows; ids and free text beyond that stand by themselves.
const WORDS_MAX: usize = 200_000;

/// Facts read so far.
pub struct Facts<'d> {
    doc: &'d Document,
    kinds: Vec<Kind<'d>>,
    staged: Vec<Staged>,
    words: HashSet<Arc<str>>,
    /// The first fault; nothing is read after it.
    fault: Option<Refused>,
}

struct Kind<'d> {
    fact: &'d FactKind,
    columns: &'d [Column],
    /// The same with an `id` that may be left out.
    nameless: Vec<Column>,
}

struct Staged {
    kind: usize,
    cells: Arc<[Value]>,
    revision: i64,
    void: bool,
    nameless: bool,
}

/// The latest revisions of one kind's facts: a row, its revision and whether it is void, found by id.
#[derive(Default)]
struct Latest {
    rows: Vec<Row>,
    revisions: Vec<(i64, bool)>,
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Latest {
    fn find(&self, id: &str) -> Option<usize> {
        let same = |at: &u32| &*self.rows[*at as usize].key == id;
        self.places
            .find(self.hasher.hash_one(id), same)
            .map(|at| *at as usize)
    }

    fn push(&mut self, row: Row, revision: i64, void: bool) {
        let hash = self.hasher.hash_one(&*row.key);
        let at = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.rows.push(row);
        self.revisions.push((revision, void));
        let (rows, hasher) = (&self.rows, &self.hasher);
        self.places
            .insert_unique(hash, at, |at| hasher.hash_one(&*rows[*at as usize].key));
    }

    /// Rows that are not void, by time and id.
    fn into_rows(self) -> Vec<Row> {
        let mut rows = self.rows;
        if self.revisions.iter().any(|r| r.1) {
            let mut void = self.revisions.iter().map(|r| r.1);
            rows.retain(|_| void.next() == Some(false));
        }
        rows.sort_by(|a, b| a.cells[1].cmp(&b.cells[1]).then_with(|| a.key.cmp(&b.key)));
        rows
    }
}

impl<'d> Facts<'d> {
    pub fn new(doc: &'d Document) -> Self {
        let kind = |fact: &'d FactKind| {
            let columns = &doc.schemas[fact.relation].columns;
            let mut nameless = columns.clone();
            nameless[0].default = Some(Value::Text("".into()));
            Kind {
                fact,
                columns,
                nameless,
            }
        };
        Self {
            doc,
            kinds: doc.fact_kinds.iter().map(kind).collect(),
            staged: Vec::new(),
            words: HashSet::new(),
            fault: None,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.staged.len()
    }

    /// Takes the next fact; after a fault it takes none.
    pub fn take(&mut self, at: At<'_>) {
        if self.fault.is_none() {
            match self.read(at) {
                Ok(staged) => self.staged.push(staged),
                Err(fault) => self.fault = Some(fault),
            }
        }
    }

    fn read(&mut self, at: At<'_>) -> Result<Staged, Refused> {
        let kinds = || one_of(self.kinds.iter().map(|k| &k.fact.kind));
        let found = at.get("kind", |v| {
            let kind = v.str()?;
            let known = self.kinds.iter().position(|k| k.fact.kind == kind);
            known.ok_or_else(|| v.mismatch(kinds()))
        })?;
        let Some(kind) = found else {
            return Err(at.refuse("`kind` is missing", format!("`kind`: {}", kinds())));
        };
        // Without an id the content is the id: two equal facts are told apart by their number.
        let nameless = at.map()?.iter().all(|e| e.key != "id");
        let columns = if nameless {
            &self.kinds[kind].nameless
        } else {
            self.kinds[kind].columns
        };
        let zone = self.doc.header.zone;
        let mut cells = read_row(at, columns, &["kind", "revision", "void"], zone)?;
        for cell in cells.iter_mut().skip(1) {
            if let Value::Text(text) = cell {
                share(&mut self.words, text);
            }
        }
        let revision = at.get("revision", |r| match r.raw.node {
            Node::Int(n) if n >= 0 => Ok(n),
            _ => Err(r.mismatch("a whole number from 0")),
        })?;
        Ok(Staged {
            kind,
            cells: cells.into(),
            revision: revision.unwrap_or(0),
            void: at.get("void", |b| b.bool())?.unwrap_or(false),
            nameless,
        })
    }

    /// Puts the rows where the document reads them: known people only, the latest revision, by time and id.
    pub fn finish(self, relations: &mut [Relation]) -> Result<(), Refused> {
        let roster: HashSet<Arc<str>> = relations[ROSTER].rows.iter().map(|r| r.key.clone()).collect();
        let mut latest: Vec<Latest> = self.kinds.iter().map(|_| Latest::default()).collect();
        let mut numbers: HashMap<(usize, String), usize> = HashMap::new();
        for (i, mut s) in self.staged.into_iter().enumerate() {
            let kind = &self.kinds[s.kind];
            let refuse = |field: &str, what: String, expected: &str| Refused {
                path: format!("facts[{i}]{field}"),
                span: 0..0,
                what,
                expected: expected.into(),
            };
            for (c, cell) in kind
                .columns
                .iter()
                .zip(s.cells.iter())
                .filter(|(c, _)| c.employee)
            {
                // A default like "-" stands for nobody.
                if c.default.as_ref() != Some(cell) && !roster.contains(&cell.text()) {
                    let what = format!("{} is not in the roster", quoted(&cell.text()));
                    return Err(refuse(
                        &format!(".{}", c.name),
                        what,
                        "the id of somebody in `roster`",
                    ));
                }
            }
            let latest = &mut latest[s.kind];
            let word = &kind.fact.kind;
            if s.nameless {
                let parts: Vec<String> = s.cells[1..].iter().map(ToString::to_string).collect();
                let content = parts.join("/");
                let n = numbers.entry((s.kind, content.clone())).or_insert(0);
                let name = loop {
                    *n += 1;
                    let name: Arc<str> = format!("{word}:{content}#{n}").into();
                    if latest.find(&name).is_none() {
                        break name;
                    }
                };
                if let Some(cells) = Arc::get_mut(&mut s.cells) {
                    cells[0] = Value::Text(name);
                }
            }
            let key = s.cells[0].text();
            let row = Row::made(key.clone(), s.cells);
            match latest.find(&key) {
                Some(at) if latest.revisions[at].0 == s.revision => {
                    let what = format!("the {word} `{key}` again with the same revision");
                    return Err(refuse("", what, "each id and revision once"));
                }
                Some(at) if latest.revisions[at].0 < s.revision => {
                    latest.rows[at] = row;
                    latest.revisions[at] = (s.revision, s.void);
                }
                Some(_) => {}
                None => latest.push(row, s.revision, s.void),
            }
        }
        for (kind, latest) in self.kinds.iter().zip(latest) {
            relations[kind.fact.relation].rows = latest.into_rows();
        }
        self.fault.map_or(Ok(()), Err)
    }
}

/// One copy of a word for all rows that hold it.
fn share(words: &mut HashSet<Arc<str>>, text: &mut Arc<str>) {
    match words.get(text) {
        Some(word) => *text = word.clone(),
        None if words.len() < WORDS_MAX => {
            words.insert(text.clone());
        }
        None => {}
    }
}
