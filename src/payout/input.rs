//! What a run reads besides the document: period, parameters, roster, facts.

use hashbrown::{HashMap, HashSet};
use std::sync::Arc;

use jiff::civil::Date;

use super::diag::one_of;
use super::doc::{Document, PERIOD, ROSTER};
use super::facts::Facts;
use super::json::Reader;
use super::num::Num;
use super::raw::{At, Entry, Node, Raw, Refused, from_json};
use super::relation::{Relation, Row, key_of};
use super::schema::{ParamDecl, ParamKind, Setting};
use super::setting::{Rows, range, read_setting, read_value};
use super::value::{Type, Value};

/// What an input may say.
const SECTIONS: [&str; 4] = ["period", "params", "roster", "facts"];

/// Checked input of one run.
#[derive(Clone, Debug)]
pub struct Input {
    /// First day.
    pub from: Date,
    /// The day after the last (half-open).
    pub to: Date,
    pub(super) params: Vec<Setting>,
    /// `period`, roster, facts and tables, as the document numbers them.
    pub(super) relations: Vec<Relation>,
    /// Things to tell: overrides with their reasons.
    pub(super) notes: Vec<String>,
}

impl Document {
    /// Reads `{period, params, roster, facts}` from JSON.
    ///
    /// # Errors
    /// The JSON path of the first fault, what was found and what was expected.
    pub fn input(&self, json: &serde_json::Value) -> Result<Input, Refused> {
        let raw = from_json(json);
        let at = At::root(&raw);
        at.only(&SECTIONS)?;
        self.read_input(at)
    }

    /// The same from a text; facts are read one by one, so that a million of them need no tree.
    ///
    /// # Errors
    /// As [`Document::input`]; where the text is not JSON, line and column in place of the path.
    pub fn input_text(&self, text: &str) -> Result<Input, Refused> {
        self.input_of(text, Facts::new(self, false))
    }

    /// The same of a file somebody wrote: as the API does, it refuses amounts with fractions of a fen (GC-01), and times of
    /// day without an offset.
    ///
    /// # Errors
    /// As [`Document::input_text`].
    pub fn input_file(&self, text: &str) -> Result<Input, Refused> {
        self.input_of(text, Facts::new(self, true))
    }

    fn input_of(&self, text: &str, mut facts: Facts<'_>) -> Result<Input, Refused> {
        let mut reader = Reader::new(text);
        let mut sections: Vec<Entry> = Vec::new();
        let entry = |key: String, value: Raw| Entry {
            key,
            key_span: 0..0,
            value,
        };
        let mut fact = Raw {
            node: Node::Null,
            span: 0..0,
        };
        let mut read = |r: &mut Reader<'_>, key: &str| {
            let value = if key == "facts" && r.is_list() {
                r.list(|r| {
                    r.value_into(&mut fact)?;
                    facts.take(At::fact(&fact, facts.len()));
                    Ok(())
                })?;
                Raw {
                    node: Node::List(Vec::new()),
                    span: 0..0,
                }
            } else {
                r.value()?
            };
            sections.push(entry(key.to_owned(), value));
            Ok(())
        };
        if reader.is_object() {
            reader.object(&mut read)?;
            reader.end()?;
        } else {
            // Whatever it is, it is no table of sections; say so like for any other value.
            let raw = reader.value()?;
            reader.end()?;
            return Err(At::root(&raw).mismatch("a table of names and values"));
        }
        let raw = Raw {
            node: Node::Map(sections),
            span: 0..0,
        };
        let at = At::root(&raw);
        at.only(&SECTIONS)?;
        self.assemble(at, facts)
    }

    /// The same from an example's table.
    pub(super) fn read_input(&self, at: At<'_>) -> Result<Input, Refused> {
        let mut facts = Facts::new(self, false);
        at.get("facts", |list| {
            list.each(|_, fact| {
                facts.take(fact);
                Ok(())
            })
        })?;
        self.assemble(at, facts)
    }

    /// Everything but the facts, in the order people read an input; then the facts.
    fn assemble(&self, at: At<'_>, facts: Facts<'_>) -> Result<Input, Refused> {
        let Some((from, to)) = at.get("period", |v| self.period(v))? else {
            return Err(at.refuse(
                "`period` is missing",
                "`period`: { from, to }, `to` is the day after the last",
            ));
        };
        let mut notes = Vec::new();
        let params = self.settings(at, from, &mut notes)?;
        if let Some((param, what, expected)) = self
            .out_of_bounds(&params, (from, to), |_| true)
            .into_iter()
            .next()
        {
            let refused = at.refuse(what, expected);
            let path = format!("params.{}", self.params[param].id);
            return Err(Refused { path, ..refused });
        }
        let fixed = self.schemas.len() - self.steps.len();
        let mut relations: Vec<Relation> = vec![Relation::default(); fixed];
        relations[PERIOD].rows.push(Row::new("period", Vec::new()));
        if let Some(roster) = at.get("roster", |v| self.roster(v))? {
            relations[ROSTER] = roster;
        }
        at.get("facts", |v| v.list_len())?;
        facts.finish(&mut relations)?;
        for (p, setting) in self.params.iter().zip(&params) {
            if let (ParamKind::Table(relation), Setting::Table(rows)) = (&p.kind, setting) {
                let parts = self.schemas[*relation].key_parts;
                let row = |r: &Vec<Value>| Row::new(key_of(&r[..parts]), r.clone());
                relations[*relation].rows = rows.iter().map(row).collect();
            }
        }
        Ok(Input {
            from,
            to,
            params,
            relations,
            notes,
        })
    }

    fn period(&self, at: At<'_>) -> Result<(Date, Date), Refused> {
        at.only(&["from", "to"])?;
        let date = |key: &str| {
            let read = at.get(key, |v| read_value(v, Type::Date, &None, self.header.zone))?;
            match read {
                Some(Value::Date(d)) => Ok(d.date()),
                _ => Err(at.refuse(format!("`{key}` is missing"), "a date like \"2026-10-01\"")),
            }
        };
        let (from, to) = (date("from")?, date("to")?);
        if to <= from {
            return Err(at.refuse(
                format!("{from} to {to}"),
                "`to` after `from` (the day after the last)",
            ));
        }
        let h = &self.header;
        if from < h.from || h.to.is_some_and(|end| to > end) {
            let until = h.to.map_or("on".to_owned(), |d| format!("to {d}"));
            return Err(at.refuse(
                format!("{from} to {to}"),
                format!("a period in which {} holds: from {} {until}", h.id, h.from),
            ));
        }
        Ok((from, to))
    }

    fn settings(&self, at: At<'_>, from: Date, notes: &mut Vec<String>) -> Result<Vec<Setting>, Refused> {
        let names: Vec<&str> = self.params.iter().map(|p| p.id.as_str()).collect();
        at.get("params", |v| v.only(&names))?;
        let mut settings = Vec::new();
        for p in &self.params {
            let given = at
                .get("params", |v| v.get(&p.id, |x| self.setting(x, p, notes)))?
                .flatten();
            let default = || {
                p.dated
                    .iter()
                    .find(|d| d.from.is_none_or(|f| f <= from) && d.to.is_none_or(|t| from < t))
                    .map(|d| d.value.clone())
            };
            let Some(setting) = given.or_else(default) else {
                let what = format!(
                    "`{}` is not configured ({} {}, {})",
                    p.id, p.rule, p.label.en, p.label.zh
                );
                let mut refused = at.refuse(what, format!("`params.{}`: {}", p.id, self.describe(p)));
                refused.path = format!("params.{}", p.id);
                return Err(refused);
            };
            settings.push(setting);
        }
        Ok(settings)
    }

    /// A value, or `{ value, reason }` where a reasoned override of the range is allowed.
    pub(super) fn setting(
        &self,
        at: At<'_>,
        p: &ParamDecl,
        notes: &mut Vec<String>,
    ) -> Result<Setting, Refused> {
        let wrapped = matches!(&at.raw.node, Node::Map(m) if m.iter().any(|e| e.key == "reason"));
        if !wrapped {
            return read_setting(at, p, &self.schemas, self.header.zone);
        }
        at.only(&["value", "reason"])?;
        let reason = at
            .get("reason", |v| v.str().map(str::to_owned))?
            .unwrap_or_default();
        if !p.override_allowed || reason.trim().is_empty() {
            return Err(at.refuse("an override", format!("{} without override", self.describe(p))));
        }
        // A reason widens the range; what may not be below 0 still may not: no override takes from anybody.
        let unsigned = |low: &Option<Num>| {
            low.as_ref()
                .is_some_and(|n| !n.is_negative())
                .then_some(Num::ZERO)
        };
        let free = ParamDecl {
            min: unsigned(&p.min.clone().or_else(|| p.over.clone())),
            max: None,
            over: None,
            ..p.clone()
        };
        let mut schemas = self.schemas.clone();
        if let ParamKind::Table(relation) = &p.kind {
            for c in &mut schemas[*relation].columns {
                (c.min, c.max) = (unsigned(&c.min), None);
            }
        }
        let read = at.get("value", |v| read_setting(v, &free, &schemas, self.header.zone))?;
        notes.push(format!("{}: outside {} because: {reason}", p.id, self.ranges(p)));
        read.ok_or_else(|| at.refuse("no `value`", "`value` and `reason`"))
    }

    /// The range of a parameter, of a table those of its columns.
    fn ranges(&self, p: &ParamDecl) -> String {
        let columns = self.table_columns(&p.kind).unwrap_or_default().iter();
        let told = columns.filter_map(|c| {
            let bound = |b: &Option<Num>| b.as_ref().map_or("…".to_owned(), ToString::to_string);
            (c.min.is_some() || c.max.is_some())
                .then(|| format!("`{}` {} to {}", c.name, bound(&c.min), bound(&c.max)))
        });
        let own = Some(range(p)).filter(|r| !r.is_empty() && !matches!(p.kind, ParamKind::Table(_)));
        own.into_iter().chain(told).collect::<Vec<_>>().join(", ")
    }

    /// What a parameter's value looks like.
    pub(super) fn describe(&self, p: &ParamDecl) -> String {
        let range = range(p);
        let kind = match &p.kind {
            ParamKind::One(_, Some(words)) => one_of(words.iter()),
            ParamKind::One(ty, None) => ty.word().to_owned(),
            ParamKind::List(ty) => format!("a list of {}", ty.word()),
            ParamKind::Bands { of, gives } => {
                format!(
                    "bands [{{ from, upto, gives }}] on {} giving {}",
                    of.word(),
                    gives.word()
                )
            }
            ParamKind::Table(rel) => {
                let columns = &self.schemas[*rel].columns;
                let parts = columns.iter().map(|c| format!("{}: {}", c.name, c.ty.word()));
                format!("a list of {{ {} }}", parts.collect::<Vec<_>>().join(", "))
            }
        };
        if range.is_empty() {
            kind
        } else if matches!(p.kind, ParamKind::Table(_)) {
            format!("{kind}, rows: {range}")
        } else {
            format!("{kind}, {range}")
        }
    }

    fn roster(&self, at: At<'_>) -> Result<Relation, Refused> {
        let columns = &self.schemas[ROSTER].columns;
        let mut rows: Vec<(i64, Row)> = Vec::new();
        let mut seen: HashMap<Arc<str>, usize> = HashMap::new();
        let mut read = Rows::new(columns, &["order"], self.header.zone);
        let mut words = HashSet::new();
        at.each(|i, v| {
            let cells = read.read(v, &mut words, false)?;
            let place = v.get("order", |o| match o.raw.node {
                Node::Int(n) => Ok(n),
                _ => Err(o.mismatch("a whole number: the place in the listed order")),
            })?;
            let key = cells[0].text();
            if let Some(first) = seen.insert(key.clone(), i) {
                return Err(v.refuse(format!("`{key}` again, first at roster[{first}]"), "each id once"));
            }
            rows.push((
                place.unwrap_or(i64::try_from(i).unwrap_or(i64::MAX)),
                Row::new(key, cells),
            ));
            Ok(())
        })?;
        rows.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.key.cmp(&b.1.key)));
        Ok(Relation::of(rows.into_iter().map(|r| r.1).collect()))
    }
}
