//! The partner rows of a `derive`: by key, or the last one whose column is reached.

use hashbrown::HashMap;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use crate::payout::expr::check::Scope;
use crate::payout::expr::code::Code;
use crate::payout::expr::eval::World;
use crate::payout::expr::units::unify;
use crate::payout::raw::{At, Node, Raw};
use crate::payout::relation::{Relation, Row, key_of};
use crate::payout::value::{Type, Value};

use super::spec::Spec;
use super::{Halt, at_row};

#[derive(Clone, Debug)]
pub struct Join {
    pub alias: String,
    pub to: usize,
    /// How the other relation and the columns that `on` must equal are called.
    pub name: String,
    pub keys: Vec<String>,
    pub on: Vec<Code>,
    /// By key when there is none.
    pub reach: Option<Reach>,
    pub missing: Missing,
    /// Explanations follow it to the partner and what that was made of.
    pub told: bool,
}

/// Of the rows that agree with `on`, the one whose column is largest and not above `upto`: the grade a score
/// reaches, the rate in force on a day.
#[derive(Clone, Debug)]
pub struct Reach {
    /// Columns of the other relation that `on` must equal.
    pub of: Vec<usize>,
    pub column: usize,
    pub upto: Code,
}

/// What happens to a row whose partner is not there.
#[derive(Clone, Debug)]
pub enum Missing {
    /// The run stops.
    Refuse,
    /// The row goes.
    Drop,
    /// These values stand in.
    Values(Vec<(usize, Code)>),
}

/// Rows of the other relation, ready to be found.
#[derive(Clone, Debug)]
pub struct Index {
    rows: Rows,
    /// What stands in for a missing row: the same for all, made when the first is missing.
    stand_in: OnceLock<Arc<[Value]>>,
}

#[derive(Clone, Debug)]
enum Rows {
    Key(HashMap<Arc<str>, usize>),
    /// Rising by the column that is reached.
    Reach(HashMap<Arc<str>, Vec<(Value, usize)>>),
}

/// Reads the field `join`.
pub fn read(spec: &Spec<'_>, from: usize) -> Option<Vec<Join>> {
    let Some(raw) = spec.raw("join") else {
        return Some(Vec::new());
    };
    let Node::Map(entries) = &raw.node else {
        spec.env.sink.error(
            &raw.span,
            "`join`",
            "`{ roster = \"seller\" }` or `{ alias = { to = …, on = … } }`",
        );
        return None;
    };
    entries
        .iter()
        .map(|e| {
            let inner = Spec {
                at: At::root(&e.value),
                ..*spec
            };
            let short = matches!(e.value.node, Node::Str(_));
            if !short {
                spec.report(inner.at.only(&["to", "on", "of", "reach", "missing", "told"]))?;
            }
            let (name, span) = match inner.raw("to") {
                Some(to) if !short => (inner.text("to")?, to.span.clone()),
                _ => (e.key.as_str(), e.key_span.clone()),
            };
            let to = spec.relation(name, &span)?;
            one(&inner, &e.key, name, from, to, short)
        })
        .collect()
}

fn one(spec: &Spec<'_>, alias: &str, name: &str, from: usize, to: usize, short: bool) -> Option<Join> {
    let (sink, span) = (&spec.env.sink, spec.span());
    let schema = spec.schema(from);
    let scope = Scope {
        columns: &schema.columns,
        relation: Some(from),
        joins: &[],
        figures: None,
        window: false,
    };
    let reach = match spec.raw("reach").filter(|_| !short) {
        None => None,
        Some(raw) => Some(read_reach(spec, raw, to, &scope)?),
    };
    let on_raw: Vec<&Raw> = match spec.raw("on").map(|r| (&r.node, r)) {
        _ if short => vec![spec.at.raw],
        Some((Node::List(items), _)) => items.iter().collect(),
        Some((_, one)) => vec![one],
        None if reach.as_ref().is_some_and(|r| r.of.is_empty()) => Vec::new(),
        None => {
            sink.error(&span, "a join without `on`", "`on`: our expression for its key");
            return None;
        }
    };
    let on: Vec<Code> = on_raw
        .iter()
        .map(|r| spec.typed(r, &scope).map(|t| t.code))
        .collect::<Option<_>>()?;
    if let (Some(of), None) = (spec.raw("of").filter(|_| !short), &reach) {
        sink.error(&of.span, "`of` without `reach`", "a join by key needs only `on`");
        return None;
    }
    let other = spec.schema(to);
    let (keys, whose): (Vec<usize>, _) = match &reach {
        Some(r) => (r.of.clone(), "of `of`, in its order"),
        None => ((0..other.key_parts).collect(), "of its key, in `by`'s order"),
    };
    if on.len() != keys.len() {
        let what = format!("{} key part(s) given, `{name}` has {}", on.len(), keys.len());
        sink.error(&span, what, format!("one expression for each part {whose}"));
        return None;
    }
    let missing = match (short, spec.raw("missing")) {
        (true, _) | (_, None) => Missing::Refuse,
        (_, Some(raw)) => read_missing(spec, raw, to)?,
    };
    let told = !short && spec.report(spec.at.get("told", |v| v.bool()))? == Some(true);
    Some(Join {
        alias: alias.to_owned(),
        to,
        name: other.name.clone(),
        keys: keys.iter().map(|c| other.columns[*c].name.clone()).collect(),
        on,
        reach,
        missing,
        told,
    })
}

fn read_reach(spec: &Spec<'_>, raw: &Raw, to: usize, scope: &Scope<'_>) -> Option<Reach> {
    let expected =
        "`{ column = \"from\", upto = \"score\" }`: a column of it, and our expression it must not pass";
    let inner = Spec {
        at: At::root(raw),
        ..*spec
    };
    let (Some(name), Some(upto), Node::Map(_)) = (inner.text("column"), inner.raw("upto"), &raw.node) else {
        spec.env.sink.error(&raw.span, "`reach`", expected);
        return None;
    };
    spec.report(inner.at.only(&["column", "upto"]))?;
    let column = spec.column(name, &inner.raw("column")?.span, to)?;
    let want = spec.schema(to).columns[column].ty;
    let typed = spec.typed(upto, scope)?;
    let dates = typed.ty == Type::Date && want == Type::Date;
    let numbers = typed.ty.is_number() && want.is_number() && unify(typed.ty, want).is_some();
    if !dates && !numbers {
        let what = format!("`{name}` is {}, `upto` is {}", want.word(), typed.ty.word());
        spec.env
            .sink
            .error(&upto.span, what, "two dates, or two numbers of one unit");
        return None;
    }
    Some(Reach {
        of: spec.columns("of", to)?,
        column,
        upto: typed.code,
    })
}

fn read_missing(spec: &Spec<'_>, raw: &Raw, to: usize) -> Option<Missing> {
    match &raw.node {
        Node::Str(s) if s == "drop" => Some(Missing::Drop),
        Node::Map(entries) => {
            let nothing = Scope {
                columns: &[],
                relation: None,
                joins: &[],
                figures: None,
                window: false,
            };
            let mut values = Vec::new();
            for e in entries {
                let at = spec.column(&e.key, &e.key_span, to)?;
                let typed = spec.typed(&e.value, &nothing)?;
                let want = spec.schema(to).columns[at].ty;
                let fits = typed.ty == want
                    || (want.is_number() && typed.ty == Type::Number)
                    || unify(typed.ty, want) == Some(want);
                if !fits {
                    spec.env.sink.error(&e.value.span, typed.ty.word(), want.word());
                    return None;
                }
                values.push((at, typed.code));
            }
            Some(Missing::Values(values))
        }
        _ => {
            spec.env
                .sink
                .error(&raw.span, "`missing`", "\"drop\" or `{ column = value }`");
            None
        }
    }
}

impl Index {
    fn of(rows: Rows) -> Self {
        Self {
            rows,
            stand_in: OnceLock::new(),
        }
    }
}

impl Join {
    /// Every expression of the join.
    pub fn codes(&self) -> impl Iterator<Item = &Code> {
        self.on.iter().chain(self.reach.as_ref().map(|r| &r.upto))
    }

    /// The rows it looks among.
    pub fn index(&self, world: &World<'_>) -> Index {
        let other: &Relation = &world.relations[self.to];
        let Some(reach) = &self.reach else {
            return Index::of(Rows::Key(other.index()));
        };
        let mut groups: HashMap<Arc<str>, Vec<(Value, usize)>> = HashMap::new();
        for (at, row) in other.rows.iter().enumerate() {
            let parts: Vec<Value> = reach.of.iter().map(|c| row.cells[*c].clone()).collect();
            let found = groups.entry(key_of(&parts)).or_default();
            found.push((row.cells[reach.column].clone(), at));
        }
        for rows in groups.values_mut() {
            rows.sort();
        }
        Index::of(Rows::Reach(groups))
    }

    /// The partner's row number; `None` when a default stands in.
    pub fn partner(&self, index: &Index, world: &World<'_>, row: &Row) -> Result<Option<usize>, Halt> {
        let (groups, reach) = match (&index.rows, &self.reach) {
            (Rows::Key(index), _) if index.is_empty() => return Ok(None),
            (Rows::Reach(groups), Some(reach)) => (groups, reach),
            (Rows::Key(index), _) => return Ok(index.get(&*self.key(world, row)?).copied()),
            (Rows::Reach(_), None) => return Ok(None),
        };
        let Some(rows) = groups.get(&*self.key(world, row)?) else {
            return Ok(None);
        };
        let upto = at_row(world.row(row).eval(&reach.upto), &row.key)?;
        let after = rows.partition_point(|(value, _)| *value <= upto);
        let Some((value, at)) = after.checked_sub(1).map(|n| &rows[n]) else {
            return Ok(None);
        };
        if after >= 2 && rows[after - 2].0 == *value {
            let what = format!("two rows of `{}` that begin at {value}", self.name);
            let hint = "take one of them away, or let it begin at another value";
            return Err(Halt::row(&row.key, what, "one row for each beginning").hinted(hint));
        }
        Ok(Some(*at))
    }

    /// The key a row looks for; a text that stands in the row is not copied.
    fn key<'r>(&self, world: &World<'_>, row: &'r Row) -> Result<Cow<'r, str>, Halt> {
        if let [Code::Col(at)] = self.on[..]
            && let Value::Text(text) = &row.cells[at]
        {
            return Ok(Cow::Borrowed(text));
        }
        let seen = world.row(row);
        let part = |c| at_row(seen.eval(c), &row.key);
        let parts: Vec<Value> = self.on.iter().map(part).collect::<Result<_, _>>()?;
        Ok(Cow::Owned(key_of(&parts).to_string()))
    }

    /// What is said where a partner is missing and nothing stands in.
    fn nobody(&self, world: &World<'_>, row: &Row) -> Result<Halt, Halt> {
        let seen = world.row(row);
        let mut wanted = Vec::with_capacity(self.keys.len());
        for (name, code) in self.keys.iter().zip(&self.on) {
            wanted.push(format!("`{name}` {}", at_row(seen.eval(code), &row.key)?));
        }
        let mut what = format!("no row of `{}`", self.name);
        if !wanted.is_empty() {
            what.push_str(&format!(" with {}", wanted.join(", ")));
        }
        if let Some(reach) = &self.reach {
            let upto = at_row(seen.eval(&reach.upto), &row.key)?;
            what.push_str(&format!(" that begins at {upto} or before"));
        }
        Ok(Halt {
            without: Some(self.to),
            ..Halt::row(&row.key, what, "exactly one")
        })
    }
}

/// Cells of each join's partner; `None` when a join drops the row.
pub fn partners<'a>(
    joins: &[Join],
    indexes: &'a [Index],
    world: &World<'a>,
    row: &Row,
) -> Result<Option<Vec<&'a [Value]>>, Halt> {
    let mut partners: Vec<&[Value]> = Vec::with_capacity(joins.len());
    for (join, index) in joins.iter().zip(indexes) {
        match (join.partner(index, world, row)?, &join.missing) {
            (Some(at), _) => partners.push(&world.relations[join.to].rows[at].cells),
            (None, Missing::Drop) => return Ok(None),
            (None, Missing::Refuse) => return Err(join.nobody(world, row)?),
            (None, Missing::Values(values)) => {
                if let Some(stand_in) = index.stand_in.get() {
                    partners.push(stand_in);
                    continue;
                }
                let seen = world.row(row);
                let width = values.iter().map(|v| v.0 + 1).max().unwrap_or(0);
                let mut cells = vec![Value::Bool(false); width];
                for (at, code) in values {
                    cells[*at] = at_row(seen.eval(code), &row.key)?;
                }
                partners.push(index.stand_in.get_or_init(|| cells.into()));
            }
        }
    }
    Ok(Some(partners))
}
