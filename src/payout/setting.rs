//! Values out of a tree, by declared type: the same for a document's defaults, its examples and JSON inputs.

use std::sync::Arc;

use super::block::bands::{Bands, read_bands};
use super::diag::one_of;
use super::num::Num;
use super::raw::{At, Node, Refused};
use super::schema::{Column, Options, ParamDecl, ParamKind, Schema, Setting};
use super::value::{Type, Value, parse_date};

/// Amounts of 10^18 and more are refused.
const AMOUNT_DIGITS: usize = 18;
/// Longest text of a fact or attribute, in bytes.
const TEXT_MAX: usize = 500;
/// Most rows of a list or table parameter.
const ROWS_MAX: usize = 10_000;

/// Reads one value of a type.
pub fn read_value(at: At<'_>, ty: Type, options: &Options, zone: i32) -> Result<Value, Refused> {
    match ty {
        Type::Bool => at.bool().map(Value::Bool),
        Type::Text => {
            let text = at.str()?;
            if text.is_empty() || text.len() > TEXT_MAX || text.chars().any(char::is_control) {
                return Err(at.mismatch("text of 1 to 500 bytes without control characters"));
            }
            match options {
                Some(words) if !words.iter().any(|w| w == text) => Err(at.mismatch(one_of(words.iter()))),
                _ => Ok(Value::Text(text.into())),
            }
        }
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
            for band in &bands.list {
                within(at, p, &Value::Num(band.gives.clone()))?;
            }
            Ok(Setting::Bands(Arc::new(bands)))
        }
        ParamKind::Table(rel) => {
            let schema = &tables[*rel];
            let mut rows: Vec<Vec<Value>> = Vec::new();
            at.each(|i, item| {
                if i >= ROWS_MAX {
                    return Err(item.refuse("a longer table", format!("at most {ROWS_MAX} rows")));
                }
                let row = read_row(item, &schema.columns, &[], zone)?;
                let key = &row[..schema.key_parts];
                if rows.iter().any(|r| r.starts_with(key)) {
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

fn within(at: At<'_>, p: &ParamDecl, value: &Value) -> Result<(), Refused> {
    let Some(n) = value.as_num() else { return Ok(()) };
    outside(p, n).map_or(Ok(()), |side| {
        let what = format!("found {} ({side} the range of {})", at.found(), p.rule);
        Err(at.refuse(what, range(p)))
    })
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
                (None, None) => Err(at.refuse(
                    format!("`{}` is missing", c.name),
                    format!("`{}`: {}", c.name, described(c)),
                )),
            }
        })
        .collect()
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
