//! What a run reads besides the document: period, parameters, roster, facts.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;

use super::diag::one_of;
use super::doc::{Document, PERIOD, ROSTER};
use super::raw::{At, Node, Refused, from_json};
use super::relation::{Relation, Row, key_of};
use super::schema::{ParamDecl, ParamKind, Setting};
use super::setting::{range, read_row, read_setting, read_value};
use super::value::{Type, Value};

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
        at.only(&["period", "params", "roster", "facts"])?;
        self.read_input(at)
    }

    /// The same from an example's table.
    pub(super) fn read_input(&self, at: At<'_>) -> Result<Input, Refused> {
        let Some((from, to)) = at.get("period", |v| self.period(v))? else {
            return Err(at.refuse(
                "`period` is missing",
                "`period`: { from, to }, `to` is the day after the last",
            ));
        };
        let mut notes = Vec::new();
        let params = self.settings(at, from, &mut notes)?;
        let fixed = self.schemas.len() - self.steps.len();
        let mut relations: Vec<Relation> = vec![Relation::default(); fixed];
        relations[PERIOD].rows.push(Row::new("period", Vec::new()));
        if let Some(roster) = at.get("roster", |v| self.roster(v))? {
            relations[ROSTER] = roster;
        }
        at.get("facts", |v| self.facts(v, &mut relations))?;
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
    fn setting(&self, at: At<'_>, p: &ParamDecl, notes: &mut Vec<String>) -> Result<Setting, Refused> {
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
        let free = ParamDecl {
            min: None,
            max: None,
            over: None,
            ..p.clone()
        };
        let mut schemas = self.schemas.clone();
        if let ParamKind::Table(relation) = &p.kind {
            for c in &mut schemas[*relation].columns {
                (c.min, c.max) = (None, None);
            }
        }
        let read = at.get("value", |v| read_setting(v, &free, &schemas, self.header.zone))?;
        notes.push(format!("{}: outside {} because: {reason}", p.id, range(p)));
        read.ok_or_else(|| at.refuse("no `value`", "`value` and `reason`"))
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
        at.each(|i, v| {
            let cells = read_row(v, columns, &["order"], self.header.zone)?;
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

    fn facts(&self, at: At<'_>, relations: &mut [Relation]) -> Result<(), Refused> {
        let roster: std::collections::HashSet<Arc<str>> =
            relations[ROSTER].rows.iter().map(|r| r.key.clone()).collect();
        // Latest revision of each (relation, id), and whether it is void.
        let mut latest: HashMap<(usize, Arc<str>), (i64, bool, usize)> = HashMap::new();
        at.each(|i, v| {
            let Some(kind) = v.get("kind", |k| k.str().map(str::to_owned))? else {
                let kinds = one_of(self.fact_kinds.iter().map(|f| &f.kind));
                return Err(v.refuse("`kind` is missing", format!("`kind`: {kinds}")));
            };
            let Some(fact) = self.fact_kinds.iter().find(|f| f.kind == kind) else {
                let kinds = one_of(self.fact_kinds.iter().map(|f| &f.kind));
                return v.get("kind", |k| Err(k.mismatch(kinds))).map(|_: Option<()>| ());
            };
            let schema = &self.schemas[fact.relation];
            let mut columns = schema.columns.clone();
            // Without an id the content is the id: two equal facts are told apart by their number.
            let nameless = v.map()?.iter().all(|e| e.key != "id");
            if nameless {
                columns[0].default = Some(Value::Text("".into()));
            }
            let mut cells = read_row(v, &columns, &["kind", "revision", "void"], self.header.zone)?;
            for (c, cell) in schema.columns.iter().zip(&cells).filter(|(c, _)| c.employee) {
                // A default like "-" stands for nobody.
                if c.default.as_ref() != Some(cell) && !roster.contains(&cell.text()) {
                    return v
                        .get(&c.name, |x| {
                            Err(x.refuse(
                                format!("{} is not in the roster", x.found()),
                                "the id of somebody in `roster`",
                            ))
                        })
                        .map(|_: Option<()>| ());
                }
            }
            if nameless {
                let content = cells[1..]
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join("/");
                let name = |n: usize| -> Arc<str> { format!("{kind}:{content}#{n}").into() };
                let n = (1..=latest.len() + 1)
                    .find(|n| !latest.contains_key(&(fact.relation, name(*n))))
                    .unwrap_or(i);
                cells[0] = Value::Text(name(n));
            }
            let revision = v.get("revision", |r| match r.raw.node {
                Node::Int(n) if n >= 0 => Ok(n),
                _ => Err(r.mismatch("a whole number from 0")),
            })?;
            let revision = revision.unwrap_or(0);
            let void = v.get("void", |b| b.bool())?.unwrap_or(false);
            let key = cells[0].text();
            let rows = &mut relations[fact.relation].rows;
            match latest.get(&(fact.relation, key.clone())) {
                Some((old, ..)) if *old == revision => {
                    return Err(v.refuse(
                        format!("the {kind} `{key}` again with the same revision"),
                        "each id and revision once",
                    ));
                }
                Some((old, _, _)) if *old > revision => {}
                Some((_, _, place)) => {
                    rows[*place] = Row::new(key.clone(), cells);
                    let place = *place;
                    latest.insert((fact.relation, key), (revision, void, place));
                }
                None => {
                    latest.insert((fact.relation, key.clone()), (revision, void, rows.len()));
                    rows.push(Row::new(key, cells));
                }
            }
            Ok(())
        })?;
        for fact in &self.fact_kinds {
            let rows = &mut relations[fact.relation].rows;
            rows.retain(|r| latest.get(&(fact.relation, r.key.clone())).is_none_or(|l| !l.1));
            rows.sort_by(|a, b| a.cells[1].cmp(&b.cells[1]).then_with(|| a.key.cmp(&b.key)));
        }
        Ok(())
    }
}
