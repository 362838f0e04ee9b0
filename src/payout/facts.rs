//! Facts, one by one: read into rows of cells as they come, put together when the roster is known.
//!
//! # Why
//! A month may have a million of them. Each is checked and turned into cells when it is read and its text is let go; the
//! rest (people, ids, revisions, order) needs all of them and is done once, in the order they were written.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use hashbrown::hash_table::Entry as Place;
use hashbrown::{DefaultHashBuilder, HashSet, HashTable};
use jiff::civil::DateTime;

use super::diag::one_of;
use super::doc::{Document, FactKind, ROSTER};
use super::raw::{At, Node, Refused, quoted};
use super::relation::{Relation, Row};
use super::schema::Column;
use super::setting::Rows;
use super::value::Value;

/// What a fact may say besides its columns.
const BESIDES: [&str; 3] = ["kind", "revision", "void"];

/// Facts read so far.
pub struct Facts<'d> {
    kinds: Vec<Kind<'d>>,
    staged: Vec<Staged>,
    words: HashSet<Arc<str>>,
    /// The first fault; nothing is read after it.
    fault: Option<Refused>,
}

struct Kind<'d> {
    fact: &'d FactKind,
    columns: &'d [Column],
    rows: Rows<'d>,
}

struct Staged {
    kind: usize,
    cells: Arc<[Value]>,
    revision: i64,
    void: bool,
    nameless: bool,
}

/// The latest revisions of one kind's facts, found by id.
struct Latest {
    rows: Vec<Row>,
    revisions: Vec<Revision>,
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

/// Which revision a row is.
struct Revision {
    number: i64,
    void: bool,
    /// Where the same revision came again. Refused at the end only: a later one that is higher takes its place, in
    /// whichever order they are written.
    again: Option<usize>,
}

impl Latest {
    /// With room for so many.
    fn of(count: usize) -> Self {
        Self {
            rows: Vec::with_capacity(count),
            revisions: Vec::with_capacity(count),
            places: HashTable::with_capacity(count),
            hasher: DefaultHashBuilder::default(),
        }
    }

    fn find(&self, id: &str) -> Option<usize> {
        let same = |at: &u32| &*self.rows[*at as usize].key == id;
        self.places
            .find(self.hasher.hash_one(id), same)
            .map(|at| *at as usize)
    }

    /// Takes a row whose id is new; gives it back with the place of the one that is there.
    fn put(&mut self, row: Row, revision: i64, void: bool) -> Result<(), (usize, Row)> {
        let (rows, hasher) = (&self.rows, &self.hasher);
        let place = self.places.entry(
            hasher.hash_one(&*row.key),
            |at| rows[*at as usize].key == row.key,
            |at| hasher.hash_one(&*rows[*at as usize].key),
        );
        match place {
            Place::Occupied(there) => return Err((*there.get() as usize, row)),
            Place::Vacant(free) => {
                free.insert(u32::try_from(rows.len()).unwrap_or(u32::MAX));
            }
        }
        self.rows.push(row);
        self.revisions.push(Revision {
            number: revision,
            void,
            again: None,
        });
        Ok(())
    }

    /// Rows that are not void, by time and id.
    fn into_rows(self) -> Vec<Row> {
        let mut rows = self.rows;
        if self.revisions.iter().any(|r| r.void) {
            let mut void = self.revisions.iter().map(|r| r.void);
            rows.retain(|_| void.next() == Some(false));
        }
        // What is compared stands side by side: a million rows are not gone through for every comparison.
        let key = |at: u32| &*rows[at as usize].key;
        let mut order: Vec<(DateTime, u64, u32)> = (0u32..)
            .zip(&rows)
            .map(|(at, row)| (moment(row), beginning(&row.key), at))
            .collect();
        order.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| key(a.2).cmp(key(b.2))));
        // Brought into order where they are: what stands at each place was moved on when a place before was filled.
        let mut from: Vec<u32> = order.into_iter().map(|o| o.2).collect();
        for at in 0..from.len() {
            let mut there = from[at] as usize;
            while there < at {
                there = from[there] as usize;
            }
            from[at] = u32::try_from(there).unwrap_or(u32::MAX);
            rows.swap(at, there);
        }
        rows
    }
}

/// When a fact occurred.
fn moment(row: &Row) -> DateTime {
    match row.cells[1] {
        Value::Date(at) => at,
        _ => DateTime::MIN,
    }
}

/// The first eight bytes of a text, as a number that sorts as they do.
fn beginning(text: &str) -> u64 {
    let mut bytes = [0; 8];
    let length = text.len().min(8);
    bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
    u64::from_be_bytes(bytes)
}

impl<'d> Facts<'d> {
    /// Of a document; `exact`: amounts must be whole fen and instants name their offset.
    pub fn new(doc: &'d Document, exact: bool) -> Self {
        let kind = |fact: &'d FactKind| {
            let columns = &doc.schemas[fact.relation].columns;
            Kind {
                fact,
                columns,
                rows: Rows::new(columns, &BESIDES, doc.header.zone).exact(exact),
            }
        };
        Self {
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
        // Without an id its kind, day and number are its name.
        let nameless = at.map()?.iter().all(|e| e.key != "id");
        let cells = self.kinds[kind].rows.read(at, &mut self.words, nameless)?;
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
        let mut counts = vec![0; self.kinds.len()];
        for s in &self.staged {
            counts[s.kind] += 1;
        }
        let mut latest: Vec<Latest> = counts.into_iter().map(Latest::of).collect();
        let mut nameless: Vec<Staged> = Vec::new();
        for (i, s) in self.staged.into_iter().enumerate() {
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
                let Value::Text(id) = cell else { continue };
                // A default like "-" stands for nobody.
                if !roster.contains(&**id) && c.default.as_ref() != Some(cell) {
                    let what = format!("{} is not in the roster", quoted(id));
                    return Err(refuse(
                        &format!(".{}", c.name),
                        what,
                        "the id of somebody in `roster`",
                    ));
                }
            }
            if s.nameless {
                nameless.push(s);
                continue;
            }
            let latest = &mut latest[s.kind];
            let row = Row::made(s.cells[0].text(), s.cells);
            if let Err((at, row)) = latest.put(row, s.revision, s.void) {
                let known = &mut latest.revisions[at];
                if known.number == s.revision {
                    known.again = Some(known.again.unwrap_or(i));
                } else if known.number < s.revision {
                    *known = Revision {
                        number: s.revision,
                        void: s.void,
                        again: None,
                    };
                    latest.rows[at] = row;
                }
            }
        }
        let kinds = self.kinds.iter().zip(&latest);
        let again = kinds.flat_map(|(kind, latest)| {
            let rows = latest.revisions.iter().zip(&latest.rows);
            rows.filter_map(|(revision, row)| Some((revision.again?, &kind.fact.kind, &row.key)))
        });
        if let Some((i, word, key)) = again.min() {
            return Err(Refused {
                path: format!("facts[{i}]"),
                span: 0..0,
                what: format!("the {word} `{key}` again with the same revision"),
                expected: "each id and revision once".into(),
            });
        }
        self::name(&self.kinds, nameless, &mut latest);
        for (kind, latest) in self.kinds.iter().zip(latest) {
            relations[kind.fact.relation].rows = latest.into_rows();
        }
        self.fault.map_or(Ok(()), Err)
    }
}

/// Facts without an id are numbered by kind and day, in the order of their content: whichever way an input lists them,
/// each gets the same name.
fn name(kinds: &[Kind<'_>], mut nameless: Vec<Staged>, latest: &mut [Latest]) {
    nameless.sort_by(|a, b| a.kind.cmp(&b.kind).then_with(|| a.cells[1..].cmp(&b.cells[1..])));
    let (mut stem, mut n) = (String::new(), 0);
    for mut s in nameless {
        let day = match &s.cells[1] {
            Value::Date(at) => Value::date(at.date()),
            other => other.clone(),
        };
        let this = format!("{} {day} #", kinds[s.kind].fact.kind);
        if this != stem {
            (stem, n) = (this, 0);
        }
        let latest = &mut latest[s.kind];
        let key: Arc<str> = loop {
            n += 1;
            let key = format!("{stem}{n}");
            if latest.find(&key).is_none() {
                break key.into();
            }
        };
        if let Some(cells) = Arc::get_mut(&mut s.cells) {
            cells[0] = Value::Text(key.clone());
        }
        // The name was looked for just now: nobody has it.
        let _ = latest.put(Row::made(key, s.cells), s.revision, s.void);
    }
}

/// The number of a fact that came without an id.
pub fn number<'k>(kind: &str, key: &'k str) -> Option<&'k str> {
    let (_, n) = key.strip_prefix(kind)?.strip_prefix(' ')?.split_once(" #")?;
    n.bytes().all(|b| b.is_ascii_digit()).then_some(n)
}
