//! One tree for both edges: TOML with byte ranges, JSON with paths. Everything is read from it once.

use std::fmt::Write as _;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::diag::{Diagnostic, Source};

/// A value as it was written.
#[derive(Clone, Debug)]
pub struct Raw {
    pub node: Node,
    /// Bytes in the file (empty for JSON).
    pub span: Range<usize>,
}

#[derive(Clone, Debug)]
pub enum Node {
    Str(String),
    Int(i64),
    /// A float or a number too long for 64 bits, as written.
    Float(String),
    Bool(bool),
    List(Vec<Raw>),
    Map(Vec<Entry>),
    Null,
}

/// A name and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub key_span: Range<usize>,
    pub value: Raw,
}

/// A refusal of a value: where, what was found, what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// JSON path like `facts[3].amount`.
    pub path: String,
    /// Bytes in the file, for documents.
    pub span: Range<usize>,
    /// What was found.
    pub what: String,
    /// What was expected.
    pub expected: String,
}

impl Refused {
    /// The path as a JSON pointer, like `/facts/3/amount`.
    pub fn pointer(&self) -> String {
        let steps = self.path.split(['.', '[']).map(|step| step.trim_end_matches(']'));
        let steps = steps.filter(|step| !step.is_empty());
        steps.fold(String::new(), |all, step| {
            let step = step.replace('~', "~0").replace('/', "~1");
            format!("{all}/{step}")
        })
    }
}

/// A value and how it was reached.
#[derive(Clone, Copy)]
pub struct At<'a> {
    pub raw: &'a Raw,
    path: Path<'a>,
}

#[derive(Clone, Copy)]
enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl Path<'_> {
    fn write(&self, out: &mut String) {
        match self {
            Self::Root => {}
            Self::Key(up, key) => {
                up.write(out);
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(key);
            }
            Self::Item(up, at) => {
                up.write(out);
                let _ = write!(out, "[{at}]");
            }
        }
    }
}

impl<'a> At<'a> {
    pub fn root(raw: &'a Raw) -> Self {
        Self {
            raw,
            path: Path::Root,
        }
    }

    /// The `n`-th fact of an input that is read one by one.
    pub fn fact(raw: &'a Raw, n: usize) -> Self {
        Self {
            raw,
            path: Path::Item(&FACTS, n),
        }
    }

    /// A refusal here.
    pub fn refuse(&self, what: impl Into<String>, expected: impl Into<String>) -> Refused {
        let mut path = String::new();
        self.path.write(&mut path);
        Refused {
            path,
            span: self.raw.span.clone(),
            what: what.into(),
            expected: expected.into(),
        }
    }

    /// "found 12" and the like.
    pub fn found(&self) -> String {
        match &self.raw.node {
            Node::Str(s) => quoted(s),
            Node::Int(n) => format!("the number {n}"),
            Node::Float(t) => format!("the float {t}"),
            Node::Bool(b) => b.to_string(),
            Node::List(l) => format!("a list of {}", l.len()),
            Node::Map(_) => "a table".into(),
            Node::Null => "null".into(),
        }
    }

    pub fn mismatch(&self, expected: impl Into<String>) -> Refused {
        self.refuse(format!("found {}", self.found()), expected)
    }

    pub fn str(&self) -> Result<&'a str, Refused> {
        match &self.raw.node {
            Node::Str(s) => Ok(s),
            _ => Err(self.mismatch("text in quotes")),
        }
    }

    pub fn bool(&self) -> Result<bool, Refused> {
        match &self.raw.node {
            Node::Bool(b) => Ok(*b),
            _ => Err(self.mismatch("true or false")),
        }
    }

    pub fn map(&self) -> Result<&'a [Entry], Refused> {
        match &self.raw.node {
            Node::Map(m) => Ok(m),
            _ => Err(self.mismatch("a table of names and values")),
        }
    }

    pub fn list_len(&self) -> Result<usize, Refused> {
        match &self.raw.node {
            Node::List(l) => Ok(l.len()),
            _ => Err(self.mismatch("a list")),
        }
    }

    /// Calls `f` with each item of the list.
    pub fn each(&self, mut f: impl FnMut(usize, At<'_>) -> Result<(), Refused>) -> Result<(), Refused> {
        let Node::List(list) = &self.raw.node else {
            return Err(self.mismatch("a list"));
        };
        for (i, raw) in list.iter().enumerate() {
            f(
                i,
                At {
                    raw,
                    path: Path::Item(&self.path, i),
                },
            )?;
        }
        Ok(())
    }

    /// Calls `f` with each key and value of the table.
    pub fn each_entry(
        &self,
        mut f: impl FnMut(&'a Entry, At<'_>) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        for entry in self.map()? {
            f(
                entry,
                At {
                    raw: &entry.value,
                    path: Path::Key(&self.path, &entry.key),
                },
            )?;
        }
        Ok(())
    }

    /// Calls `f` with the value of a key, when it is there.
    pub fn get<T>(
        &self,
        key: &str,
        f: impl FnOnce(At<'_>) -> Result<T, Refused>,
    ) -> Result<Option<T>, Refused> {
        let Some(entry) = self.map()?.iter().find(|e| e.key == key) else {
            return Ok(None);
        };
        f(At {
            raw: &entry.value,
            path: Path::Key(&self.path, &entry.key),
        })
        .map(Some)
    }

    /// Calls `f` with the value of an entry of this table.
    pub fn of<T>(&self, entry: &Entry, f: impl FnOnce(At<'_>) -> Result<T, Refused>) -> Result<T, Refused> {
        f(At {
            raw: &entry.value,
            path: Path::Key(&self.path, &entry.key),
        })
    }

    /// Refuses keys that are not in `known`, and a key twice.
    pub fn only(&self, known: &[&str]) -> Result<(), Refused> {
        let expected = || super::diag::one_of(known);
        let entries = self.map()?;
        for (n, entry) in entries.iter().enumerate() {
            if entries[..n].iter().any(|e| e.key == entry.key) {
                return Err(self.refuse(format!("`{}` twice", entry.key), "each name once"));
            }
            if !known.contains(&entry.key.as_str()) {
                let here = At {
                    raw: &entry.value,
                    path: Path::Key(&self.path, &entry.key),
                };
                let refused = here.refuse(format!("unknown field `{}`", entry.key), expected());
                return Err(Refused {
                    span: entry.key_span.clone(),
                    ..refused
                });
            }
        }
        Ok(())
    }
}

/// A text for a message: cut when it is long.
pub fn quoted(text: &str) -> String {
    if text.chars().count() > 60 {
        format!("\"{}…\"", text.chars().take(60).collect::<String>())
    } else {
        format!("\"{text}\"")
    }
}

/// Where facts stand in an input.
const FACTS: Path<'static> = Path::Key(&Path::Root, "facts");

/// Reads a TOML text; the fault is TOML's own.
pub fn from_toml(source: &Source) -> Result<Raw, Box<Diagnostic>> {
    match DeTable::parse(&source.text) {
        Ok(table) => {
            let span = table.span();
            Ok(Raw {
                node: Node::Map(entries(table.get_ref())),
                span,
            })
        }
        Err(e) => {
            let span = e.span().unwrap_or(0..0);
            let what = e.message().lines().next().unwrap_or("not TOML").to_owned();
            Err(Box::new(source.diagnose(&span, what, "valid TOML".into(), None)))
        }
    }
}

fn entries(table: &DeTable<'_>) -> Vec<Entry> {
    let mut list: Vec<Entry> = table
        .iter()
        .map(|(k, v)| Entry {
            key: k.get_ref().to_string(),
            key_span: k.span(),
            value: Raw {
                node: node(v.get_ref()),
                span: v.span(),
            },
        })
        .collect();
    list.sort_by_key(|e| e.key_span.start);
    list
}

fn node(value: &DeValue<'_>) -> Node {
    match value {
        DeValue::String(s) => Node::Str(s.to_string()),
        DeValue::Integer(i) => match i64::from_str_radix(&i.as_str().replace('_', ""), i.radix()) {
            Ok(n) => Node::Int(n),
            Err(_) => Node::Float(i.as_str().to_owned()),
        },
        DeValue::Float(f) => Node::Float(f.as_str().to_owned()),
        DeValue::Boolean(b) => Node::Bool(*b),
        DeValue::Datetime(d) => Node::Str(d.to_string()),
        DeValue::Array(a) => Node::List(
            a.iter()
                .map(|v| Raw {
                    node: node(v.get_ref()),
                    span: v.span(),
                })
                .collect(),
        ),
        DeValue::Table(t) => Node::Map(entries(t)),
    }
}

/// Takes over a JSON value.
pub fn from_json(value: &serde_json::Value) -> Raw {
    use serde_json::Value as J;
    let node = match value {
        J::Null => Node::Null,
        J::Bool(b) => Node::Bool(*b),
        J::Number(n) => n.as_i64().map_or_else(|| Node::Float(n.to_string()), Node::Int),
        J::String(s) => Node::Str(s.clone()),
        J::Array(a) => Node::List(a.iter().map(from_json).collect()),
        J::Object(o) => Node::Map(
            o.iter()
                .map(|(k, v)| Entry {
                    key: k.clone(),
                    key_span: 0..0,
                    value: from_json(v),
                })
                .collect(),
        ),
    };
    Raw { node, span: 0..0 }
}
