//! Facts and attributes by hand and by file: looked at line by line before anything is recorded, then recorded exactly so.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::app::pay::catalog::{FieldInfo, Known, known};
use crate::app::pay::facts::{self, FactInput, MAX_FACTS};
use crate::app::pay::looking::{Cells, fact_input, look, values, wrong};
use crate::app::pay::{Clash, PayError};
use crate::app::{Actor, App, Permission};
use crate::domain::EmployeeId;
use crate::sheet::{Header, ReadError, header_key, read_table};
use crate::storage::pay::{
    PayImport, PutFact, apply_pay_import, insert_pay_import, insert_roster_value, put_fact,
};
use crate::storage::{StoreError, Tx, insert_audit};

/// What a line would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "does", rename_all = "snake_case")]
pub enum Does {
    /// Records a fact nobody knew, or sets an attribute.
    New,
    /// Records this revision of a known fact.
    Revise {
        /// From 1.
        revision: i64,
    },
    /// Nothing: it is known.
    Known,
    /// Nothing: it is wrong.
    Wrong {
        /// Column it is about; empty: the line.
        column: String,
        /// A word for it: a type, `key`, `twice`, `closed`, `person`, `day`, `row` …
        word: String,
        /// What was expected, for programs.
        detail: String,
    },
}

/// A line of a file, looked at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Item {
    /// Line of the file.
    pub line: u64,
    /// What it would do.
    #[serde(flatten)]
    pub does: Does,
    /// Key of the fact, or code of the employee.
    pub key: String,
    /// Its day.
    pub day: String,
    /// Cells by name, as they were read.
    pub cells: BTreeMap<String, String>,
    /// A closed period it comes too late for: it is booked as a correction.
    pub late: bool,
    /// It did not happen after all.
    pub void: bool,
}

/// Why a file is not looked at.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// The file cannot be read.
    #[error(transparent)]
    Sheet(#[from] ReadError),
    /// Something about pay.
    #[error(transparent)]
    Pay(#[from] PayError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A kind that can be entered: a kind of fact, or `roster:<scheme>`.
#[derive(Clone, Debug)]
pub struct Enterable {
    /// As addresses and the store say it.
    pub word: String,
    /// A scheme's attributes.
    pub scheme: Option<String>,
    /// Its fields.
    pub fields: Vec<FieldInfo>,
    /// Name in Chinese and English.
    pub label: crate::payout::Label,
}

impl Enterable {
    /// Finds one by its word, among what the schemes declare.
    pub fn find(known: &Known, word: &str) -> Option<Self> {
        if let Some(scheme) = word.strip_prefix("roster:") {
            let (label, fields) = known.roster_fields(scheme)?;
            return Some(Self {
                word: word.to_owned(),
                scheme: Some(scheme.to_owned()),
                fields,
                label,
            });
        }
        let kind = known.kinds().get(word)?.clone();
        Some(Self {
            word: kind.kind,
            scheme: None,
            fields: kind.fields,
            label: kind.label,
        })
    }

    /// The columns of its files: name, and heads in Chinese and English, no head twice.
    pub fn columns(&self) -> Vec<(String, String, String, bool)> {
        let fixed: &[(&str, &str, &str, bool)] = if self.scheme.is_some() {
            &[
                ("code", "工号", "code", true),
                ("from_on", "从哪天起", "from", true),
            ]
        } else {
            &[
                ("source_key", "编号", "key", true),
                ("occurred_on", "日期", "date", true),
            ]
        };
        let mut columns: Vec<(String, String, String, bool)> = Vec::new();
        let rest = [
            ("for_scheme", "只用于方案", "only for scheme", false),
            ("void", "作废", "void", false),
        ];
        let rest = if self.scheme.is_some() { &[][..] } else { &rest[..] };
        let own = self.fields.iter().map(|f| {
            let required = f.required && self.scheme.is_none() && f.ty != "employee";
            (
                f.name.as_str(),
                f.label.zh.as_str(),
                f.label.en.as_str(),
                required,
            )
        });
        for (name, zh, en, required) in fixed.iter().copied().chain(own).chain(rest.iter().copied()) {
            let pick = |head: &str, columns: &[(String, String, String, bool)]| {
                let key = header_key(head);
                let taken = columns
                    .iter()
                    .any(|c| [&c.0, &c.1, &c.2].iter().any(|h| header_key(h) == key));
                if head.is_empty() || taken {
                    name.to_owned()
                } else {
                    head.to_owned()
                }
            };
            let (zh, en) = (pick(zh, &columns), pick(en, &columns));
            columns.push((name.to_owned(), zh, en, required));
        }
        columns
    }
}

fn may(actor: &Actor) -> Result<(), PayError> {
    if actor.may(Permission::CalculatePay) {
        Ok(())
    } else {
        Err(PayError::Forbidden("only finance and HR record facts"))
    }
}

/// Reads a file, looks at every line, and keeps it to be confirmed; nothing is recorded.
pub async fn look_at_file(
    app: &App,
    actor: &Actor,
    what: &Enterable,
    source: &str,
    (file_name, bytes): (&str, &[u8]),
) -> Result<i64, EntryError> {
    may(actor)?;
    let columns = what.columns();
    let heads: Vec<[String; 3]> = columns
        .iter()
        .map(|(name, zh, en, _)| [name, zh, en].map(|h| header_key(h)))
        .collect();
    let names: Vec<Vec<&str>> = heads
        .iter()
        .map(|h| h.iter().map(String::as_str).collect())
        .collect();
    let headers: Vec<Header<'_>> = names
        .iter()
        .zip(&columns)
        .map(|(names, column)| Header {
            names,
            required: column.3,
        })
        .collect();
    let table = read_table(bytes, &headers)?;
    if table.rows.len() > MAX_FACTS {
        return Err(ReadError::TooLong.into());
    }
    let rows = table.rows.into_iter().map(|row| {
        let cells = row.cells.map(|cells| {
            let named = columns.iter().map(|c| c.0.clone()).zip(cells);
            named
                .filter_map(|(name, cell)| Some((name, cell?.trim().to_owned())))
                .filter(|(_, v)| !v.is_empty())
                .collect()
        });
        (row.line, cells)
    });
    let items = look(app, what, source, rows.collect()).await?;
    let text = serde_json::to_string(&items).unwrap_or_default();
    let file_name: String = file_name.chars().filter(|c| !c.is_control()).take(120).collect();
    let mut tx = app.store.begin().await?;
    let who = (actor.word(), app.clock.now_ms());
    let id = insert_pay_import(&mut tx, (&what.word, source, &file_name), &text, (&who.0, who.1)).await?;
    tx.commit().await?;
    Ok(id)
}

/// A file's lines as they were looked at.
pub fn items_of(import: &PayImport) -> Vec<Item> {
    serde_json::from_str(&import.items).unwrap_or_default()
}

/// Records exactly what was shown; gives how many lines did something. Refused, and nothing recorded, where the store has
/// moved on so that a line would do something else.
pub async fn confirm(app: &App, actor: &Actor, id: i64) -> Result<usize, PayError> {
    may(actor)?;
    let import = app.store.pay_import(id).await?;
    let import = import.ok_or_else(|| PayError::NotFound(format!("file {id}")))?;
    let known = known(app).await?;
    let what = Enterable::find(&known, &import.kind)
        .ok_or_else(|| PayError::NotFound(format!("kind {:?}", import.kind)))?;
    let items = items_of(&import);
    let now = look_again(app, &what, &import, &items).await?;
    if now.iter().map(|i| &i.does).ne(items.iter().map(|i| &i.does)) {
        return Err(overtaken());
    }
    let inputs: Vec<FactInput> = items
        .iter()
        .map(|i| fact_input(&what, &import.source, &i.cells))
        .collect();
    let codes = facts::codes(app, &inputs).await?;
    let mut writes = Vec::new();
    for (item, input) in items.iter().zip(inputs) {
        let expected = match &item.does {
            Does::New => 0,
            Does::Revise { revision } => *revision,
            Does::Known | Does::Wrong { .. } => continue,
        };
        let write = match &what.scheme {
            Some(scheme) => attributes(app, &what, scheme, item).await?,
            None => a_fact(app, input, &known, &codes)?,
        };
        writes.push((expected, write));
    }
    let (who, now_ms) = (actor.word(), app.clock.now_ms());
    let mut tx = app.store.begin().await?;
    if !apply_pay_import(&mut tx, id, &who, now_ms).await? {
        return Err(PayError::Conflict(Clash::FileRecorded { file: id }));
    }
    for (expected, write) in &writes {
        if put_now(&mut tx, write, (&who, now_ms)).await? != PutFact::Recorded(*expected) {
            return Err(overtaken());
        }
    }
    let done = writes.len();
    let detail =
        json!({ "kind": import.kind, "source": import.source, "file": import.file_name, "lines": done });
    insert_audit(
        &mut tx,
        now_ms,
        &who,
        "facts.imported",
        &format!("pay_import:{id}"),
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(done)
}

fn overtaken() -> PayError {
    PayError::Conflict(Clash::FileOvertaken)
}

/// What a line writes: all that is read for it is read before the transaction.
enum Write {
    /// A fact that passed the door.
    Fact(Box<(FactInput, facts::Checked)>),
    /// A person's attributes from a day on.
    Attributes(EmployeeId, Date, Map<String, Value>),
}

/// A line's attributes, with whose they are.
async fn attributes(app: &App, what: &Enterable, scheme: &str, item: &Item) -> Result<Write, PayError> {
    let person = app.store.employee(&item.key, app.today()).await?;
    let person = person.ok_or_else(|| PayError::NotFound(format!("employee {:?}", item.key)))?;
    let day = item.cells.get("from_on").and_then(|d| d.parse().ok());
    let day = day.ok_or_else(|| PayError::field("/from_on", "a day"))?;
    let values = values(scheme, &what.fields, &item.cells).map_err(|_| overtaken())?;
    Ok(Write::Attributes(person.id, day, values))
}

fn a_fact(
    app: &App,
    input: FactInput,
    known: &Known,
    codes: &BTreeMap<String, String>,
) -> Result<Write, PayError> {
    let checked = facts::check(app, &input, known, codes);
    // It passed when it was looked at: a person, or a document, is another by now.
    let checked = checked.map_err(|_| overtaken())?;
    Ok(Write::Fact(Box::new((input, checked))))
}

/// Writes a line; who writes the same revision of a fact in this instant was first. Attributes count as
/// new.
async fn put_now(tx: &mut Tx, write: &Write, (who, now_ms): (&str, i64)) -> Result<PutFact, PayError> {
    match write {
        Write::Fact(fact) => {
            let (input, checked) = &**fact;
            match put_fact(tx, &checked.row(input, who, now_ms)).await {
                Err(error) if error.is_unique_violation() => Err(overtaken()),
                other => Ok(other?),
            }
        }
        Write::Attributes(person, day, values) => {
            for (name, value) in values {
                let text = value.to_string();
                insert_roster_value(tx, *person, (name, &text), *day, (who, now_ms)).await?;
            }
            Ok(PutFact::Recorded(0))
        }
    }
}

async fn look_again(
    app: &App,
    what: &Enterable,
    import: &PayImport,
    items: &[Item],
) -> Result<Vec<Item>, PayError> {
    // Lines that could not be read at all stay what they were.
    let (broken, rows): (Vec<&Item>, Vec<&Item>) = items.iter().partition(|i| i.cells.is_empty());
    let rows = rows.into_iter().map(|i| (i.line, Ok(i.cells.clone()))).collect();
    let mut now = look(app, what, &import.source, rows).await?;
    now.extend(broken.into_iter().cloned());
    now.sort_by_key(|i| i.line);
    Ok(now)
}

/// A fact or a person's attributes by hand. `after`: the revision the writer saw, `None` for a new one; where another came
/// in between nothing is recorded. Gives what the line did.
pub async fn enter(
    app: &App,
    actor: &Actor,
    what: &Enterable,
    (source, after, reason): (&str, Option<i64>, &str),
    cells: Cells,
) -> Result<Item, PayError> {
    may(actor)?;
    let items = look(app, what, source, vec![(1, Ok(cells))]).await?;
    let Some(item) = items.into_iter().next() else {
        return Err(PayError::field("", "a line"));
    };
    let moved = || PayError::Conflict(Clash::FactMoved);
    match (&item.does, after) {
        (Does::Wrong { .. } | Does::Known, _) => return Ok(item),
        (Does::Revise { .. }, None) if what.scheme.is_none() => {
            return Ok(Item {
                does: wrong(
                    "source_key",
                    "exists",
                    "a key nobody used; revise the fact that has it",
                ),
                ..item
            });
        }
        (Does::New, Some(_)) => return Err(moved()),
        (Does::Revise { revision }, Some(seen)) if *revision != seen + 1 => return Err(moved()),
        _ => {}
    }
    let (action, write) = match &what.scheme {
        Some(scheme) => ("attributes.set", attributes(app, what, scheme, &item).await?),
        None => {
            let action = match after {
                _ if item.void => "fact.voided",
                Some(_) => "fact.revised",
                None => "fact.entered",
            };
            let input = fact_input(what, source, &item.cells);
            let codes = facts::codes(app, std::slice::from_ref(&input)).await?;
            let known = known(app).await?;
            (action, a_fact(app, input, &known, &codes)?)
        }
    };
    let (who, now_ms) = (actor.word(), app.clock.now_ms());
    let mut tx = app.store.begin().await?;
    let put = put_now(&mut tx, &write, (&who, now_ms)).await?;
    if put != PutFact::Recorded(after.map_or(0, |seen| seen + 1)) {
        return Err(moved());
    }
    let detail = json!({ "cells": item.cells, "source": source, "reason": reason });
    insert_audit(
        &mut tx,
        now_ms,
        &who,
        action,
        &format!("{}:{}", what.word, item.key),
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_columns_with_heads_of_their_own_in_both_languages() {
        let known = crate::app::pay::catalog::builtin_known();
        let kinds = known
            .kinds()
            .keys()
            .cloned()
            .chain(["roster:07-new-customers".into(), "roster:14-vesting".into()]);
        for word in kinds {
            let what = Enterable::find(&known, &word).unwrap();
            for side in [1, 2] {
                let mut heads: Vec<String> = what
                    .columns()
                    .into_iter()
                    .map(|c| header_key(if side == 1 { &c.1 } else { &c.2 }))
                    .collect();
                let count = heads.len();
                heads.sort_unstable();
                heads.dedup();
                assert_eq!(heads.len(), count, "{word}");
            }
        }
        let none = |word: &str| Enterable::find(&known, word).is_none();
        assert!(none("roster:nothing") && none("nothing"));
    }
}
