//! `[param.<id>]`: type, default or MISSING, bounds, dates, reason.

use jiff::civil::Date;

use crate::payout::diag::one_of;
use crate::payout::raw::{At, Node, Refused};
use crate::payout::schema::{Column, Dated, ParamDecl, ParamKind, Schema, Setting};
use crate::payout::setting::{read_num, read_setting};
use crate::payout::value::Type;

use super::column;
use super::header::Header;

const FIELDS: [&str; 20] = [
    "zh",
    "en",
    "rule",
    "because",
    "type",
    "of",
    "gives",
    "columns",
    "key",
    "options",
    "default",
    "dated",
    "missing",
    "min",
    "over",
    "max",
    "override",
    "administrator",
    "note",
    "source",
];

/// Reads all parameters; tables become relations.
pub fn read(
    at: At<'_>,
    schemas: &mut Vec<Schema>,
    zone: i32,
    header: Option<&Header>,
) -> Result<Vec<ParamDecl>, Refused> {
    let mut params = Vec::new();
    at.each_entry(|e, v| {
        params.push(one(v, &e.key, schemas, zone, header)?);
        Ok(())
    })?;
    Ok(params)
}

fn one(
    at: At<'_>,
    id: &str,
    schemas: &mut Vec<Schema>,
    zone: i32,
    header: Option<&Header>,
) -> Result<ParamDecl, Refused> {
    at.only(&FIELDS)?;
    let text = |key: &str| at.get(key, |v| v.str().map(str::to_owned));
    let label = column::label(at)?;
    let Some(rule) = text("rule")? else {
        return Err(at.refuse(
            format!("`param.{id}` without `rule`"),
            "`rule`: `R1`, `A3` or `GC-06`",
        ));
    };
    if label.zh.is_empty() || label.en.is_empty() {
        return Err(at.refuse(format!("`param.{id}` without names"), "`zh` and `en`"));
    }
    let kind = kind(at, id, schemas)?;
    let number = match &kind {
        ParamKind::One(t, _) | ParamKind::List(t) | ParamKind::Bands { gives: t, .. } => *t,
        ParamKind::Table(_) => Type::Number,
    };
    let bound = |key: &str| at.get(key, |v| read_num(v, number));
    let mut p = ParamDecl {
        id: id.to_owned(),
        label,
        rule,
        reason: at.get("because", column::said)?.unwrap_or_default(),
        kind,
        dated: Vec::new(),
        min: bound("min")?,
        over: bound("over")?,
        max: bound("max")?,
        override_allowed: at.get("override", |v| v.bool())?.unwrap_or(false),
        administrator: at.get("administrator", |v| v.bool())?.unwrap_or(false),
        span: at.raw.span.clone(),
    };
    let setting = |v: At<'_>| read_setting(v, &p, schemas, zone);
    let default = at.get("default", setting)?;
    let dated = at.get("dated", |v| dates(v, &setting))?;
    let missing = at.get("missing", column::said)?;
    match (default, dated, missing) {
        (Some(value), None, None) => {
            p.dated = vec![Dated {
                from: None,
                to: None,
                value,
            }];
        }
        (None, Some(dated), None) => {
            covered(at, &dated, header)?;
            p.dated = dated;
        }
        (None, None, Some(why)) => p.reason = why,
        _ => {
            return Err(at.refuse(
                format!("`param.{id}` without exactly one of `default`, `dated` and `missing`"),
                "a default, values by date, or `missing = \"where it should come from\"`",
            ));
        }
    }
    Ok(p)
}

fn kind(at: At<'_>, id: &str, schemas: &mut Vec<Schema>) -> Result<ParamKind, Refused> {
    const KINDS: [&str; 13] = [
        "money", "ratio", "count", "points", "score", "days", "months", "text", "bool", "date", "list",
        "bands", "table",
    ];
    let ty = |key: &str| {
        at.get(key, |v| {
            let word = v.str()?;
            Type::from_word(word)
                .filter(|_| word != "employee")
                .ok_or_else(|| v.mismatch(one_of(&KINDS[..10])))
        })
    };
    let Some(word) = at.get("type", |v| v.str().map(str::to_owned))? else {
        return Err(at.refuse(format!("`param.{id}` without `type`"), one_of(KINDS)));
    };
    Ok(match word.as_str() {
        "list" => ParamKind::List(ty("of")?.unwrap_or(Type::Text)),
        "bands" => {
            let (Some(of), Some(gives)) = (ty("of")?, ty("gives")?) else {
                return Err(at.refuse(
                    "bands without `of` or `gives`",
                    "`of` and `gives`: types like `money` and `ratio`",
                ));
            };
            ParamKind::Bands { of, gives }
        }
        "table" => {
            let mut columns = Vec::new();
            at.get("columns", |v| {
                v.each_entry(|e, c| {
                    columns.push(column::read(c, &e.key)?);
                    Ok(())
                })
            })?;
            if columns.first().is_none_or(|c| c.ty != Type::Text) {
                return Err(at.refuse(
                    "a table without `columns` that begin with a text",
                    "`columns = { node = \"text\", … }`: the first is the key",
                ));
            }
            let name = format!("param.{id}");
            let key_parts = key_parts(at, &columns)?;
            schemas.push(Schema {
                name,
                columns,
                single: false,
                key_parts,
                span: at.raw.span.clone(),
            });
            ParamKind::Table(schemas.len() - 1)
        }
        word => match Type::from_word(word).filter(|_| word != "employee") {
            Some(ty) => ParamKind::One(ty, column::options(at, ty)?),
            None => {
                return at.get("type", |v| Err(v.mismatch(one_of(KINDS)))).and_then(
                    |none: Option<ParamKind>| none.ok_or_else(|| at.refuse("no type", one_of(KINDS))),
                );
            }
        },
    })
}

/// How many of a table's columns are its key: `key = ["post", "level"]`, else the first.
fn key_parts(at: At<'_>, columns: &[Column]) -> Result<usize, Refused> {
    let parts = at.get("key", |v| {
        let expected = "the first columns, all of them text, in their order";
        let mut parts = 0;
        v.each(|i, name| {
            let named = name.str()?;
            match columns.get(i) {
                Some(c) if c.name == named && c.ty == Type::Text => parts += 1,
                _ => return Err(name.mismatch(expected)),
            }
            Ok(())
        })?;
        if parts == 0 {
            return Err(v.mismatch(expected));
        }
        Ok(parts)
    })?;
    Ok(parts.unwrap_or(1))
}

fn dates(at: At<'_>, setting: &impl Fn(At<'_>) -> Result<Setting, Refused>) -> Result<Vec<Dated>, Refused> {
    let mut dated: Vec<Dated> = Vec::new();
    at.each(|_, v| {
        v.only(&["from", "to", "value"])?;
        let date = |d: At<'_>| {
            d.str()?
                .parse::<Date>()
                .map_err(|_| d.mismatch("a date like \"2026-01-31\""))
        };
        let (from, to) = (v.get("from", date)?, v.get("to", date)?);
        let Some(value) = v.get("value", setting)? else {
            return Err(v.refuse("no `value`", "`value`"));
        };
        if let Some(before) = dated.last_mut() {
            match (before.to, from) {
                (None, Some(from)) => before.to = Some(from),
                (Some(end), Some(from)) if end == from => {}
                _ => {
                    return Err(v.refuse(
                        "dates that do not follow the ones before",
                        "each `from` where the last one ends",
                    ));
                }
            }
        }
        dated.push(Dated { from, to, value });
        Ok(())
    })?;
    Ok(dated)
}

fn covered(at: At<'_>, dated: &[Dated], header: Option<&Header>) -> Result<(), Refused> {
    let Some(h) = header else { return Ok(()) };
    let starts = dated.first().is_some_and(|d| d.from.is_none_or(|f| f <= h.from));
    let ends = dated.last().is_some_and(|d| match (d.to, h.to) {
        (None, _) => true,
        (Some(end), Some(to)) => end >= to,
        (Some(_), None) => false,
    });
    if starts && ends && !matches!(at.raw.node, Node::Null) {
        return Ok(());
    }
    let to = h.to.map_or("open".to_owned(), |d| d.to_string());
    at.get("dated", |v| {
        Err(v.refuse(
            "dates the parameter has no value for",
            format!("values from {} to {to}", h.from),
        ))
    })
    .map(|_: Option<()>| ())
}
