//! Values out of a tree, by declared type: the same for a document's defaults, its examples and JSON inputs.

use std::sync::Arc;

use hashbrown::HashSet;

use super::block::bands::{Bands, read_bands};
use super::diag::one_of;
use super::num::Num;
use super::raw::{At, Entry, Node, Refused};
use super::schema::{Column, Options, ParamDecl, ParamKind, Schema, Setting};
use super::value::{Type, Value, parse_date};

/// Amounts of 10^18 and more are refused.
const AMOUNT_DIGITS: usize = 18;
/// Longest text of a fact or attribute, in bytes.
const TEXT_MAX: usize = 500;
/// Different words kept to be shared between rows; ids and free text beyond that stand by themselves.
const WORDS_MAX: usize = 200_000;
/// Most rows of a list or table parameter.
const ROWS_MAX: usize = 10_000;

/// Reads one value of a type.
pub fn read_value(at: At<'_>, ty: Type, options: &Options, zone: i32) -> Result<Value, Refused> {
    match ty {
        Type::Bool => at.bool().map(Value::Bool),
        Type::Text => read_text(at, options).map(|text| Value::Text(text.into())),
        Type::Date => {
            let date = parse_date(
                at.str().map_err(|_| at.mismatch("a date like \"2026-10-31\""))?,
                zone,
            );
            date.map(Value::Date).ok_or_else(|| {
                at.mismatch("a date or instant of the years 1900 to 2199 like \"2026-10-31\" or \"2026-10-31T23:59:59+08:00\"")
            })
        }
        _ => read_num(at, ty).map(Value::Num),
    }
}

fn read_text<'a>(at: At<'a>, options: &Options) -> Result<&'a str, Refused> {
    let text = at.str()?;
    if text.is_empty() || text.len() > TEXT_MAX || text.chars().any(char::is_control) {
        return Err(at.mismatch("text of 1 to 500 bytes without control characters"));
    }
    match options {
        Some(words) if !words.iter().any(|w| w == text) => Err(at.mismatch(one_of(words.iter()))),
        _ => Ok(text),
    }
}

/// Reads a number; amounts only as text, counts also as JSON integers, floats never.
pub fn read_num(at: At<'_>, ty: Type) -> Result<Num, Refused> {
    let whole = matches!(ty, Type::Count | Type::Days | Type::Months | Type::Points);
    let expected = match ty {
        Type::Money { .. } | Type::Cash => "an amount in quotes like \"1234.50\"",
        Type::Ratio => "a rate in quotes like \"3%\", \"0.03\" or \"1/3\"",
        _ if whole => "a whole number like 5 or \"5\"",
        _ => "a number in quotes like \"59.99\"",
    };
    let number = match &at.raw.node {
        Node::Str(text) => Num::parse(text).map_err(|e| {
            at.refuse(
                format!("found {}", at.found()),
                if ty.is_money() {
                    expected.into()
                } else {
                    e.to_string()
                },
            )
        })?,
        Node::Int(n) if !ty.is_money() && ty != Type::Ratio => Num::int(*n),
        Node::Float(t) => {
            return Err(at.refuse(
                format!("found the float {t}"),
                format!("{expected} (floats are refused: they are not exact)"),
            ));
        }
        _ => return Err(at.mismatch(expected)),
    };
    if whole && !number.is_integer() {
        return Err(at.mismatch(expected));
    }
    if number.abs() >= Num::from_ibig(dashu_int::IBig::from(10).pow(AMOUNT_DIGITS)) {
        return Err(at.mismatch(format!("{expected}, below 10^{AMOUNT_DIGITS}")));
    }
    Ok(number)
}

/// Reads a parameter's value.
pub fn read_setting(at: At<'_>, p: &ParamDecl, tables: &[Schema], zone: i32) -> Result<Setting, Refused> {
    match &p.kind {
        ParamKind::One(ty, options) => {
            let value = read_value(at, *ty, options, zone)?;
            within(at, p, &value)?;
            Ok(Setting::One(value))
        }
        ParamKind::List(ty) => {
            let mut list = Vec::new();
            at.each(|i, item| {
                if i >= ROWS_MAX {
                    return Err(item.refuse("a longer list", format!("at most {ROWS_MAX} values")));
                }
                let value = read_value(item, *ty, &None, zone)?;
                within(item, p, &value)?;
                list.push(value);
                Ok(())
            })?;
            Ok(Setting::List(list))
        }
        ParamKind::Bands { of, gives } => {
            let bands: Bands = read_bands(at, *of, *gives)?;
            at.each(|i, item| {
                let given = |v: At<'_>| within(v, p, &Value::Num(bands.list[i].gives.clone()));
                item.get("gives", given).map(drop)
            })?;
            Ok(Setting::Bands(Arc::new(bands)))
        }
        ParamKind::Table(rel) => {
            let schema = &tables[*rel];
            let mut rows: Vec<Vec<Value>> = Vec::new();
            let mut keys: HashSet<Vec<Value>> = HashSet::new();
            at.each(|i, item| {
                if i >= ROWS_MAX {
                    return Err(item.refuse("a longer table", format!("at most {ROWS_MAX} rows")));
                }
                let row = read_row(item, &schema.columns, &[], zone).map_err(|r| with_reason(p, r))?;
                let key = &row[..schema.key_parts];
                if !keys.insert(key.to_vec()) {
                    let named = schema
                        .columns
                        .iter()
                        .zip(key)
                        .map(|(c, v)| format!("`{}` = {v}", c.name));
                    let what = format!("{} twice", named.collect::<Vec<_>>().join(", "));
                    return Err(item.refuse(what, "each key once"));
                }
                rows.push(row);
                Ok(())
            })?;
            counted(at, p, rows.len())?;
            Ok(Setting::Table(rows))
        }
    }
}

/// Refuses amounts of a parameter that are no whole fen (GC-01) where a form or the API sets it: a price of 300.001 is a slip
/// of the finger. What a document says, and a run on a file, are left alone.
pub fn whole_fen(at: At<'_>, p: &ParamDecl, tables: &[Schema]) -> Result<(), Refused> {
    let fen = |at: At<'_>, ty: Type| match &at.raw.node {
        Node::Str(text) if ty.is_money() => match Num::parse(text) {
            Ok(n) if !(&n * &Num::int(100)).is_integer() => {
                Err(at.mismatch("an amount in quotes like \"1234.50\", in whole fen"))
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    };
    match &p.kind {
        ParamKind::One(ty, _) => fen(at, *ty),
        ParamKind::List(ty) => at.each(|_, item| fen(item, *ty)),
        ParamKind::Bands { of, gives } => at.each(|_, band| {
            for (key, ty) in [
                ("from", of),
                ("over", of),
                ("upto", of),
                ("below", of),
                ("gives", gives),
            ] {
                band.get(key, |v| fen(v, *ty))?;
            }
            Ok(())
        }),
        ParamKind::Table(relation) => at.each(|_, row| {
            for c in &tables[*relation].columns {
                row.get(&c.name, |v| fen(v, c.ty))?;
            }
            Ok(())
        }),
    }
}

fn within(at: At<'_>, p: &ParamDecl, value: &Value) -> Result<(), Refused> {
    let Some(n) = value.as_num() else { return Ok(()) };
    outside(p, n).map_or(Ok(()), |side| {
        let what = format!("found {} ({side} the range of {})", at.found(), p.rule);
        Err(with_reason(p, at.refuse(what, range(p))))
    })
}

/// Says that a range may be left with a reason, where it may.
fn with_reason(p: &ParamDecl, refused: Refused) -> Refused {
    if !p.override_allowed || !refused.what.contains("the range of") {
        return refused;
    }
    let expected = format!(
        "{}, or `{{ value, reason }}` for the whole parameter",
        refused.expected
    );
    Refused { expected, ..refused }
}

/// A table's `min`, `over` and `max` are about its number of rows.
fn counted(at: At<'_>, p: &ParamDecl, rows: usize) -> Result<(), Refused> {
    let rows = Num::int(i128::try_from(rows).unwrap_or(i128::MAX));
    outside(p, &rows).map_or(Ok(()), |side| {
        let what = format!("found {rows} rows ({side} the range of {})", p.rule);
        Err(at.refuse(what, format!("rows: {}", range(p))))
    })
}

/// On which side a number leaves the range of a parameter.
fn outside(p: &ParamDecl, n: &Num) -> Option<&'static str> {
    let low = p.min.as_ref().is_some_and(|m| n < m) || p.over.as_ref().is_some_and(|m| n <= m);
    let high = p.max.as_ref().is_some_and(|m| n > m);
    if low {
        Some("below")
    } else {
        high.then_some("above")
    }
}

/// "50 to 200" in words.
pub fn range(p: &ParamDecl) -> String {
    let low = match (&p.min, &p.over) {
        (Some(m), _) => format!("at least {m}"),
        (None, Some(m)) => format!("more than {m}"),
        _ => String::new(),
    };
    let high = p.max.as_ref().map_or(String::new(), |m| format!("at most {m}"));
    match (low.is_empty(), high.is_empty()) {
        (false, false) => format!("{low} and {high}"),
        _ => format!("{low}{high}"),
    }
}

/// Reads a row by its columns; fields in `besides` are the caller's.
pub fn read_row(at: At<'_>, columns: &[Column], besides: &[&str], zone: i32) -> Result<Vec<Value>, Refused> {
    let mut known: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
    known.extend(besides);
    at.only(&known)?;
    columns
        .iter()
        .map(|c| {
            let read = at.get(&c.name, |v| {
                let value = read_value(v, c.ty, &c.options, zone)?;
                bounded(v, c, &value)?;
                Ok(value)
            })?;
            match (read, &c.default) {
                (Some(v), _) => Ok(v),
                (None, Some(d)) => Ok(d.clone()),
                (None, None) => Err(absent(at, c)),
            }
        })
        .collect()
}

/// Reads rows of the same columns one after the other. Most are written alike, so each name is looked for where it stood
/// in the row before; and words that come again are kept once.
pub struct Rows<'c> {
    columns: &'c [Column],
    besides: &'static [&'static str],
    zone: i32,
    /// Whether amounts must be whole fen and instants name their offset, as the API asks.
    exact: bool,
    /// For each entry of the row before: its column, counted on into `besides`.
    layout: Vec<usize>,
    /// For each column and each of `besides`: its entry in this row.
    found: Vec<Option<usize>>,
}

impl<'c> Rows<'c> {
    /// Of these columns; fields in `besides` are the caller's.
    pub fn new(columns: &'c [Column], besides: &'static [&'static str], zone: i32) -> Self {
        Self {
            columns,
            besides,
            zone,
            exact: false,
            layout: Vec::new(),
            found: Vec::new(),
        }
    }

    /// Whether amounts must be whole fen (GC-01) and instants name their offset.
    pub fn exact(self, exact: bool) -> Self {
        Self { exact, ..self }
    }

    /// The next row; texts but the first column's are shared through `words`. A `nameless` one has an empty text there.
    pub fn read(
        &mut self,
        at: At<'_>,
        words: &mut HashSet<Arc<str>>,
        nameless: bool,
    ) -> Result<Vec<Value>, Refused> {
        let entries = at.map()?;
        if !self.lay_out(entries) {
            // Something is wrong with the names: said by who reads them one by one.
            return read_row(at, self.columns, self.besides, self.zone);
        }
        let mut cells = Vec::with_capacity(self.columns.len());
        for (n, (c, found)) in self.columns.iter().zip(&self.found).enumerate() {
            let cell = match (found, &c.default) {
                (None, _) if nameless && n == 0 => Value::Text("".into()),
                (Some(entry), _) => at.of(&entries[*entry], |v| {
                    if c.ty == Type::Text && n > 0 {
                        return read_text(v, &c.options).map(|text| Value::Text(shared(words, text)));
                    }
                    let value = read_value(v, c.ty, &c.options, self.zone)?;
                    bounded(v, c, &value)?;
                    if self.exact {
                        said_exactly(v, c.ty, &value)?;
                    }
                    Ok(value)
                })?,
                (None, Some(default)) => default.clone(),
                (None, None) => return Err(absent(at, c)),
            };
            cells.push(cell);
        }
        Ok(cells)
    }

    /// Finds each column's entry; `false` where a name is unknown or comes twice.
    fn lay_out(&mut self, entries: &[Entry]) -> bool {
        let (columns, besides) = (self.columns, self.besides);
        let width = columns.len();
        let name = |place: usize| match place.checked_sub(width) {
            None => columns[place].name.as_str(),
            Some(more) => besides[more],
        };
        self.found.clear();
        self.found.resize(width + besides.len(), None);
        self.layout.resize(entries.len(), 0);
        for (n, (e, guess)) in entries.iter().zip(&mut self.layout).enumerate() {
            if name(*guess) != e.key {
                let Some(place) = (0..width + besides.len()).find(|p| name(*p) == e.key) else {
                    return false;
                };
                *guess = place;
            }
            if self.found[*guess].replace(n).is_some() {
                return false;
            }
        }
        true
    }
}

/// Refuses an amount with a fraction of a fen (GC-01) and a time of day that leaves open where on earth it is.
fn said_exactly(at: At<'_>, ty: Type, value: &Value) -> Result<(), Refused> {
    const DAY_CHARS: usize = 10;
    match (value, &at.raw.node) {
        (Value::Num(n), _) if ty.is_money() && !(n * &Num::int(100)).is_integer() => {
            Err(at.mismatch("an amount in quotes like \"1234.50\", in whole fen"))
        }
        (Value::Date(_), Node::Str(text))
            if text
                .get(DAY_CHARS..)
                .is_some_and(|time| !time.is_empty() && !time.contains(['Z', 'z', '+', '-'])) =>
        {
            Err(at.mismatch("a day, or an instant with its offset like \"2026-10-31T23:59:59+08:00\""))
        }
        _ => Ok(()),
    }
}

/// One copy of a word for all rows that hold it.
fn shared(words: &mut HashSet<Arc<str>>, text: &str) -> Arc<str> {
    if let Some(word) = words.get(text) {
        return word.clone();
    }
    let word: Arc<str> = text.into();
    if words.len() < WORDS_MAX {
        words.insert(word.clone());
    }
    word
}

fn absent(at: At<'_>, c: &Column) -> Refused {
    at.refuse(
        format!("`{}` is missing", c.name),
        format!("`{}`: {}", c.name, described(c)),
    )
}

/// "money", "text: `a` or `b`".
pub fn described(c: &Column) -> String {
    match &c.options {
        Some(words) => one_of(words.iter()),
        None if c.employee => "the id of somebody in the roster".into(),
        None => c.ty.word().into(),
    }
}

fn bounded(at: At<'_>, c: &Column, value: &Value) -> Result<(), Refused> {
    let Some(n) = value.as_num() else { return Ok(()) };
    let low = c.min.as_ref().is_some_and(|m| n < m);
    if low || c.max.as_ref().is_some_and(|m| n > m) {
        let side = if low { "below" } else { "above" };
        let bound =
            |b: &Option<Num>, word: &str| b.as_ref().map_or(String::new(), |b| format!(" {word} {b}"));
        let expected = format!("{}{}{}", c.ty.word(), bound(&c.min, "from"), bound(&c.max, "to"));
        return Err(at.refuse(
            format!("found {} ({side} the range of `{}`)", at.found(), c.name),
            expected,
        ));
    }
    Ok(())
}
