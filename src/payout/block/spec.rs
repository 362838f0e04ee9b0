//! A step's table while it is read: fields come out typed, faults go to the sink.

use std::cell::RefCell;
use std::ops::Range;

use crate::payout::diag::{did_you_mean, one_of};
use crate::payout::expr::ast::Expr;
use crate::payout::expr::check::{Scope, Typed, check};
use crate::payout::expr::code::Figure;
use crate::payout::expr::parse::parse;
use crate::payout::raw::{At, Entry, Node, Raw, Refused};
use crate::payout::schema::{Column, Env, ParamKind, Schema};
use crate::payout::value::{Type, Value};

/// A step being read.
pub struct Spec<'a> {
    pub at: At<'a>,
    pub env: &'a Env<'a>,
    /// Id of the step.
    pub id: &'a str,
}

/// A setting that a parameter may choose.
#[derive(Clone, Debug)]
pub enum Choice<T> {
    Fixed(T),
    /// Parameter and the meaning of each of its options.
    Param(usize, Vec<(String, T)>),
}

impl<T: Copy> Choice<T> {
    /// What is chosen in this run.
    pub fn of(&self, params: &[crate::payout::schema::Setting]) -> Option<T> {
        match self {
            Self::Fixed(t) => Some(*t),
            Self::Param(at, words) => match &params[*at] {
                crate::payout::schema::Setting::One(Value::Text(t)) => {
                    words.iter().find(|w| w.0 == **t).map(|w| w.1)
                }
                _ => None,
            },
        }
    }
}

/// Where the text inside a TOML string begins.
pub fn inside(text: &str, span: &Range<usize>) -> usize {
    let written = text.get(span.clone()).unwrap_or_default();
    let quotes = if written.starts_with("\"\"\"") || written.starts_with("'''") {
        3
    } else {
        1
    };
    let newline = written
        .get(quotes..)
        .is_some_and(|t| quotes == 3 && t.starts_with('\n'));
    span.start + quotes + usize::from(newline)
}

impl<'a> Spec<'a> {
    pub fn span(&self) -> Range<usize> {
        self.at.raw.span.clone()
    }

    pub fn entry(&self, key: &str) -> Option<&'a Entry> {
        match &self.at.raw.node {
            Node::Map(entries) => entries.iter().find(|e| e.key == key),
            _ => None,
        }
    }

    pub fn raw(&self, key: &str) -> Option<&'a Raw> {
        self.entry(key).map(|e| &e.value)
    }

    /// Reports a refusal.
    pub fn report<T>(&self, result: Result<T, Refused>) -> Option<T> {
        result
            .map_err(|r| self.env.sink.error(&r.span, r.what, r.expected))
            .ok()
    }

    /// Refuses fields other than these and the ones every step has.
    pub fn only(&self, known: &[&str]) {
        let mut all = vec!["id", "do", "zh", "en", "rule", "labels"];
        all.extend(known);
        let Node::Map(entries) = &self.at.raw.node else {
            return;
        };
        for e in entries.iter().filter(|e| !all.contains(&e.key.as_str())) {
            let what = format!("unknown field `{}`", e.key);
            match did_you_mean(&e.key, &all) {
                Some(h) => self.env.sink.hinted(&e.key_span, what, one_of(known), h),
                None => self.env.sink.error(&e.key_span, what, one_of(known)),
            }
        }
    }

    pub fn missing(&self, key: &str, expected: &str) {
        let what = format!("step `{}` has no `{key}`", self.id);
        self.env
            .sink
            .error(&self.span(), what, format!("`{key} = …`: {expected}"));
    }

    /// Optional text.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.report(At::root(self.raw(key)?).str())
    }

    /// Needed text.
    pub fn need(&self, key: &str, expected: &str) -> Option<&'a str> {
        if self.raw(key).is_none() {
            self.missing(key, expected);
        }
        self.text(key)
    }

    /// Optional list of text (one text is a list of one), with places.
    pub fn texts(&self, key: &str) -> Vec<(&'a str, Range<usize>)> {
        let Some(raw) = self.raw(key) else {
            return Vec::new();
        };
        match &raw.node {
            Node::Str(s) => vec![(s.as_str(), raw.span.clone())],
            Node::List(items) => items
                .iter()
                .filter_map(|i| {
                    if let Node::Str(s) = &i.node {
                        return Some((s.as_str(), i.span.clone()));
                    }
                    self.env.sink.error(
                        &i.span,
                        format!("found {}", At::root(i).found()),
                        "text in quotes",
                    );
                    None
                })
                .collect(),
            _ => {
                self.env.sink.error(
                    &raw.span,
                    format!("found {}", At::root(raw).found()),
                    "text or a list of texts",
                );
                Vec::new()
            }
        }
    }

    /// The relation named by `from`.
    pub fn from(&self) -> Option<usize> {
        let name = self.need(
            "from",
            "`roster`, `fact.<kind>`, `param.<table>`, `period` or an earlier step",
        )?;
        self.relation(name, &self.raw("from")?.span)
    }

    /// A relation by name.
    pub fn relation(&self, name: &str, span: &Range<usize>) -> Option<usize> {
        if let Some(id) = name.strip_prefix("param.") {
            self.env.param(id);
        }
        let found = self.env.relation(name);
        if found.is_none() && !self.env.failed.borrow().contains(name) {
            let names: Vec<&str> = self.env.schemas.iter().map(|s| s.name.as_str()).collect();
            if self.env.step_ids.iter().any(|s| s == name) {
                let what = format!("the step `{name}` does not come before this one");
                self.env.sink.hinted(
                    span,
                    what,
                    one_of(&names),
                    "a step reads only earlier steps, never itself",
                );
                return None;
            }
            let what = format!("unknown relation `{name}`");
            match did_you_mean(name, &names) {
                Some(h) => self.env.sink.hinted(span, what, one_of(&names), h),
                None => self.env.sink.error(span, what, one_of(&names)),
            }
        }
        found
    }

    pub fn schema(&self, relation: usize) -> &Schema {
        &self.env.schemas[relation]
    }

    /// Parses an expression.
    pub fn parse(&self, raw: &Raw) -> Option<Expr> {
        let text = match &raw.node {
            Node::Str(s) => s.clone(),
            Node::Int(n) => n.to_string(),
            Node::Bool(b) => b.to_string(),
            _ => {
                self.env.sink.error(
                    &raw.span,
                    format!("found {}", At::root(raw).found()),
                    "an expression in quotes",
                );
                return None;
            }
        };
        let offset = if matches!(raw.node, Node::Str(_)) {
            inside(self.env.sink.text(), &raw.span)
        } else {
            raw.span.start
        };
        parse(&text, offset)
            .map_err(|w| self.env.sink.error(&w.span, w.what, w.expected))
            .ok()
    }

    /// Parses and checks an expression over a relation's columns.
    pub fn typed(&self, raw: &Raw, scope: &Scope<'_>) -> Option<Typed> {
        check(&self.parse(raw)?, self.env, scope)
    }

    /// An optional expression over a relation; `accept` says which types fit and in which words.
    pub fn expr(
        &self,
        key: &str,
        relation: usize,
        fits: impl Fn(Type) -> bool,
        words: &str,
    ) -> Option<Typed> {
        let raw = self.raw(key)?;
        let typed = self.typed(raw, &over(self.schema(relation), relation))?;
        if !fits(typed.ty) {
            self.env
                .sink
                .error(&raw.span, format!("`{key}` is {}", typed.ty.word()), words);
            return None;
        }
        Some(typed)
    }

    /// A needed expression.
    pub fn need_expr(
        &self,
        key: &str,
        from: usize,
        fits: impl Fn(Type) -> bool,
        words: &str,
    ) -> Option<Typed> {
        if self.raw(key).is_none() {
            self.missing(key, words);
        }
        self.expr(key, from, fits, words)
    }

    /// A condition, when the field is there.
    pub fn condition(&self, key: &str, relation: usize) -> Option<Typed> {
        self.expr(key, relation, |t| t == Type::Bool, "a condition")
    }

    /// A column of a relation by name.
    pub fn column(&self, name: &str, span: &Range<usize>, relation: usize) -> Option<usize> {
        let schema = self.schema(relation);
        let found = schema.find(name);
        if let Some(at) = found {
            self.env.used.borrow_mut().columns.insert((relation, at));
        } else {
            let names = schema.columns.iter().map(|c| c.name.as_str());
            self.env.sink.error(
                span,
                format!("`{}` has no column `{name}`", schema.name),
                one_of(names),
            );
        }
        found
    }

    /// Columns named in a list field.
    pub fn columns(&self, key: &str, relation: usize) -> Option<Vec<usize>> {
        self.texts(key)
            .iter()
            .map(|(name, span)| self.column(name, span, relation))
            .collect()
    }

    /// A word out of a list, or `param.x` whose options are among them.
    pub fn choice<T: Copy>(&self, key: &str, words: &[(&str, T)], default: T) -> Option<Choice<T>> {
        let Some(raw) = self.raw(key) else {
            return Some(Choice::Fixed(default));
        };
        let word = self.text(key)?;
        let all = || one_of(words.iter().map(|w| w.0));
        if let Some((_, t)) = words.iter().find(|w| w.0 == word) {
            return Some(Choice::Fixed(*t));
        }
        let Some(at) = word.strip_prefix("param.").and_then(|id| self.env.param(id)) else {
            self.env.sink.error(
                &raw.span,
                format!("`{key}` = `{word}`"),
                format!("{} or `param.…`", all()),
            );
            return None;
        };
        let ParamKind::One(Type::Text, Some(options)) = &self.env.params[at].kind else {
            self.env.sink.error(
                &raw.span,
                format!("`{word}` is no choice"),
                "a parameter of text with `options`",
            );
            return None;
        };
        let mut meanings = Vec::new();
        for option in options.iter() {
            let Some((_, t)) = words.iter().find(|w| w.0 == option) else {
                self.env
                    .sink
                    .error(&raw.span, format!("`{word}` has the option `{option}`"), all());
                return None;
            };
            meanings.push((option.clone(), *t));
        }
        Some(Choice::Param(at, meanings))
    }

    /// The name of a new column.
    pub fn new_column(&self, key: &str, columns: &[Column]) -> Option<String> {
        let name = self.need(key, "the name of the new column")?;
        let span = self.raw(key)?.span.clone();
        self.fresh(name, &span, columns).then(|| name.to_owned())
    }

    /// Whether a new column's name is a name and not taken.
    pub fn fresh(&self, name: &str, span: &Range<usize>, columns: &[Column]) -> bool {
        let good = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !good {
            self.env.sink.error(
                span,
                format!("the name `{name}`"),
                "small letters, digits and _ , a letter first",
            );
        } else if columns.iter().any(|c| c.name == name) {
            self.env.sink.error(
                span,
                format!("the column `{name}` exists already"),
                "another name",
            );
            return false;
        }
        good
    }
}

/// A scope over one relation's columns.
pub fn over(schema: &Schema, relation: usize) -> Scope<'_> {
    Scope {
        columns: &schema.columns,
        relation: Some(relation),
        joins: &[],
        figures: None,
        window: false,
    }
}

/// A scope in which figures over rows are collected.
pub fn with_figures<'a>(schema: &'a Schema, relation: usize, figures: &'a RefCell<Vec<Figure>>) -> Scope<'a> {
    Scope {
        figures: Some(figures),
        ..over(schema, relation)
    }
}
