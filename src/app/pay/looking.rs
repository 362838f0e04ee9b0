//! Lines of a file or a form, looked at one by one: what each would do, and what is wrong with it.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::app::pay::catalog::{FieldInfo, known};
use crate::app::pay::entry::{Does, Enterable, Item};
use crate::app::pay::facts::{self, FactInput, Unfit, of_kind};
use crate::app::pay::material::Shape;
use crate::app::pay::{PayError, library};
use crate::payout::{Document, Late};
use crate::storage::pay::RunHead;

/// A line's cells by column.
pub(super) type Cells = BTreeMap<String, String>;

/// Looks at lines one by one.
pub(super) async fn look(
    app: &App,
    what: &Enterable,
    source: &str,
    rows: Vec<(u64, Result<Cells, crate::sheet::RowFault>)>,
) -> Result<Vec<Item>, PayError> {
    let mut items = Vec::with_capacity(rows.len());
    let mut readable = Vec::new();
    for (line, cells) in rows {
        match cells {
            Ok(cells) => readable.push((line, cells)),
            Err(fault) => items.push(item(
                line,
                Cells::new(),
                wrong("", fault.word(), &fault.to_string()),
            )),
        }
    }
    let looked = match &what.scheme {
        Some(scheme) => look_attributes(app, scheme, &what.fields, readable).await?,
        None => look_facts(app, what, source, readable).await?,
    };
    items.extend(looked);
    items.sort_by_key(|item| item.line);
    Ok(items)
}

pub(super) fn wrong(column: &str, word: &str, detail: &str) -> Does {
    Does::Wrong {
        column: column.to_owned(),
        word: word.to_owned(),
        detail: detail.to_owned(),
    }
}

fn item(line: u64, cells: Cells, does: Does) -> Item {
    let get = |names: [&str; 2]| {
        names
            .iter()
            .find_map(|n| cells.get(*n))
            .cloned()
            .unwrap_or_default()
    };
    Item {
        key: get(["source_key", "code"]),
        day: get(["occurred_on", "from_on"]),
        void: cells.get("void").and_then(|v| truth(v)).unwrap_or(false),
        late: false,
        line,
        does,
        cells,
    }
}

/// "yes" and "no" as people write them.
fn truth(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "是" | "对" | "√" => Some(true),
        "false" | "no" | "n" | "0" | "否" | "不" | "×" => Some(false),
        _ => None,
    }
}

/// `2026/1/5` and `2026-1-5` are `2026-01-05`; anything else stays.
fn day_of(text: &str) -> String {
    let parts: Vec<&str> = text
        .split(['/', '-', '.', '年', '月'])
        .map(|p| p.trim_end_matches('日'))
        .collect();
    match parts[..] {
        [y, m, d]
            if [y, m, d]
                .iter()
                .all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
                && y.len() == 4 =>
        {
            format!("{y}-{m:0>2}-{d:0>2}")
        }
        _ => text.to_owned(),
    }
}

/// A cell as the value of a field.
fn value_of(ty: &str, text: &str) -> Value {
    match ty {
        "bool" => truth(text).map_or_else(|| json!(text), Value::Bool),
        "date" => json!(day_of(text)),
        "text" | "employee" => json!(text),
        _ => json!(text.replace([',', '，', '¥', '￥', ' '], "")),
    }
}

/// A line's cells as a fact.
pub(super) fn fact_input(what: &Enterable, source: &str, cells: &Cells) -> FactInput {
    let get = |name: &str| cells.get(name).cloned().unwrap_or_default();
    let mut dimensions: Map<String, Value> = what
        .fields
        .iter()
        .filter_map(|f| Some((f.name.clone(), value_of(&f.ty, cells.get(&f.name)?))))
        .collect();
    if let Some(only) = cells.get("for_scheme") {
        dimensions.insert("for_scheme".into(), json!(only));
    }
    let subject = what
        .fields
        .iter()
        .find(|f| f.ty == "employee")
        .and_then(|f| cells.get(&f.name));
    FactInput {
        kind: what.word.clone(),
        source: source.to_owned(),
        source_key: get("source_key"),
        subject: subject.cloned(),
        occurred: day_of(&get("occurred_on")),
        measures: Map::new(),
        dimensions,
        void: cells.get("void").and_then(|v| truth(v)).unwrap_or(false),
    }
}

/// Books that are closed: runs with the schemes' kinds and what a late fact does.
async fn closed_books(app: &App, kind: &str) -> Result<Vec<(RunHead, Late)>, PayError> {
    let mut books = Vec::new();
    let mut shapes: HashMap<String, Option<Late>> = HashMap::new();
    for head in app.store.run_heads(Date::constant(1900, 1, 1)).await? {
        if !head.state.is_booked() {
            continue;
        }
        if !shapes.contains_key(&head.scheme) {
            let found = library::scheme_document(app, &head.scheme, head.from_on).await?;
            let reads = |d: &Document| Shape::of(d).facts.contains_key(kind).then_some(d.header.late);
            shapes.insert(head.scheme.clone(), found.and_then(|f| reads(&f.document)));
        }
        if let Some(late) = shapes.get(&head.scheme).copied().flatten() {
            books.push((head, late));
        }
    }
    Ok(books)
}

/// What a day means for the closed books: late, or refused where no scheme takes late facts.
fn lateness(books: &[(RunHead, Late)], day: Date) -> (bool, bool) {
    let touched: Vec<Late> = books
        .iter()
        .filter(|(h, _)| h.from_on <= day && day < h.to_on)
        .map(|(_, late)| *late)
        .collect();
    let refused = !touched.is_empty() && touched.iter().all(|late| *late == Late::None);
    (!touched.is_empty(), refused)
}

async fn look_facts(
    app: &App,
    what: &Enterable,
    source: &str,
    rows: Vec<(u64, Cells)>,
) -> Result<Vec<Item>, PayError> {
    let inputs: Vec<FactInput> = rows
        .iter()
        .map(|(_, cells)| fact_input(what, source, cells))
        .collect();
    let known = known(app).await?;
    let codes = facts::codes(app, &inputs).await?;
    let heads = app.store.fact_heads(&what.word, source).await?;
    let books = closed_books(app, &what.word).await?;
    let mut seen: HashSet<String> = HashSet::new();
    let mut items = Vec::with_capacity(rows.len());
    for ((line, cells), input) in rows.into_iter().zip(&inputs) {
        let lacks = what
            .fields
            .iter()
            .find(|f| f.required && !input.void && !cells.contains_key(&f.name));
        let mut late = false;
        let does = if let Some(field) = lacks {
            wrong(&field.name, "needed", "a value")
        } else if let Some(field) = foreign_word(what, &cells) {
            wrong(
                &field.name,
                "choice",
                &format!("one of {}", field.options.join(", ")),
            )
        } else {
            match facts::check(app, input, &known, &codes) {
                Err(unfit) => refused(what, &unfit),
                Ok(checked) => {
                    let (is_late, barred) = lateness(&books, checked.day);
                    late = is_late;
                    if barred {
                        wrong(
                            "occurred_on",
                            "closed",
                            "a day after the closed period: late facts are not taken",
                        )
                    } else if !seen.insert(input.source_key.clone()) {
                        wrong("source_key", "twice", "each key once in a file")
                    } else {
                        match heads.get(&input.source_key) {
                            None => Does::New,
                            Some((_, hash)) if hash[..] == checked.hash[..] => Does::Known,
                            Some((revision, _)) => Does::Revise {
                                revision: revision + 1,
                            },
                        }
                    }
                }
            }
        };
        items.push(Item {
            late: late && matches!(does, Does::New | Does::Revise { .. }),
            ..item(line, cells, does)
        });
    }
    Ok(items)
}

/// A field with a word it may not hold.
fn foreign_word<'a>(what: &'a Enterable, cells: &Cells) -> Option<&'a FieldInfo> {
    what.fields.iter().find(|f| {
        let said = cells.get(&f.name);
        !f.options.is_empty() && said.is_some_and(|word| !f.options.contains(word))
    })
}

/// What the door for facts said, by column.
fn refused(what: &Enterable, unfit: &Unfit) -> Does {
    let (pointer, detail) = (&unfit.pointer, &unfit.detail);
    let name = pointer.rsplit('/').next().unwrap_or_default();
    if let Some((word, range)) = &unfit.unreadable {
        let person = || what.fields.iter().find(|f| f.ty == "employee");
        let name = if name == "subject" {
            person().map_or("", |f| &f.name)
        } else {
            name
        };
        return wrong(name, word, range);
    }
    let ty = what.fields.iter().find(|f| f.name == name).map(|f| f.ty.as_str());
    match (name, ty) {
        (_, Some(ty)) => wrong(name, ty, detail),
        ("subject", _) => {
            let column = what
                .fields
                .iter()
                .find(|f| f.ty == "employee")
                .map_or("", |f| f.name.as_str());
            wrong(column, "employee", detail)
        }
        ("occurred_on", _) => wrong(name, "date", detail),
        ("source_key" | "source", _) => wrong(name, "key", detail),
        ("for_scheme", _) => wrong(name, "scheme", detail),
        _ => wrong("", "row", detail),
    }
}

async fn look_attributes(
    app: &App,
    scheme: &str,
    fields: &[FieldInfo],
    rows: Vec<(u64, Cells)>,
) -> Result<Vec<Item>, PayError> {
    let today = app.today();
    let mut seen: HashSet<(String, String)> = HashSet::new();
    let mut items = Vec::with_capacity(rows.len());
    let mut people: HashMap<String, Option<(i64, String)>> = HashMap::new();
    let mut days: HashMap<Date, HashMap<(i64, String), String>> = HashMap::new();
    for (line, mut cells) in rows {
        let code = cells.get("code").cloned().unwrap_or_default();
        if !people.contains_key(&code) {
            let found = app.store.employee(&code, today).await?;
            people.insert(code.clone(), found.map(|p| (p.id.0, p.code)));
        }
        let from = day_of(cells.get("from_on").map_or("", String::as_str));
        let does = match (people[&code].clone(), from.parse::<Date>()) {
            (None, _) => wrong("code", "employee", "an employee's code"),
            (_, Err(_)) => wrong("from_on", "date", "a day like \"2026-11-21\""),
            (Some((id, exact)), Ok(day)) => {
                cells.insert("code".into(), exact.clone());
                cells.insert("from_on".into(), from.clone());
                if let Entry::Vacant(unread) = days.entry(day) {
                    let names: Vec<String> = fields.iter().map(|f| format!("{scheme}.{}", f.name)).collect();
                    let set = app.store.roster_on(day, &names).await?;
                    let set = set.into_iter().filter(|v| v.from_on == from);
                    unread.insert(set.map(|v| ((v.employee_id, v.name), v.value)).collect());
                }
                let known = &days[&day];
                match values(scheme, fields, &cells) {
                    Err(does) => does,
                    Ok(_) if !seen.insert((exact, from.clone())) => {
                        wrong("code", "twice", "each person once for a day")
                    }
                    Ok(values) if values.is_empty() => wrong("", "empty", "at least one attribute"),
                    Ok(values) => {
                        let same = |(name, value): (&String, &Value)| {
                            known.get(&(id, name.clone())) == Some(&value.to_string())
                        };
                        if values.iter().all(same) {
                            Does::Known
                        } else {
                            Does::New
                        }
                    }
                }
            }
        };
        items.push(item(line, cells, does));
    }
    Ok(items)
}

/// A line's attributes by the names they are kept under.
pub(super) fn values(scheme: &str, fields: &[FieldInfo], cells: &Cells) -> Result<Map<String, Value>, Does> {
    let mut values = Map::new();
    for field in fields {
        let Some(text) = cells.get(&field.name) else {
            continue;
        };
        if !field.options.is_empty() && !field.options.contains(text) {
            return Err(wrong(
                &field.name,
                "choice",
                &format!("one of {}", field.options.join(", ")),
            ));
        }
        let given = value_of(&field.ty, text);
        let value = of_kind(&field.ty, &given, &|code| Some(code.to_owned()))
            .map_err(|detail| wrong(&field.name, &field.ty, &detail))?;
        values.insert(format!("{scheme}.{}", field.name), value);
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_answers_are_read_as_people_write_them() {
        for (text, day) in [
            ("2026/1/5", "2026-01-05"),
            ("2026-11-21", "2026-11-21"),
            ("2026年3月8日", "2026-03-08"),
            ("2026-11-21T08:00:00+08:00", "2026-11-21T08:00:00+08:00"),
            ("5/1/2026", "5/1/2026"),
        ] {
            assert_eq!(day_of(text), day);
        }
        assert_eq!(
            (truth("是"), truth("NO"), truth("maybe")),
            (Some(true), Some(false), None)
        );
        assert_eq!(value_of("money", "¥1,200.50"), json!("1200.50"));
    }

    #[test]
    fn a_day_of_a_closed_book_is_late_and_refused_only_where_no_scheme_takes_late_facts() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let head = RunHead {
            id: 1,
            scheme: "10-team-pk".into(),
            period: "2026-10".into(),
            from_on: day("2026-10-01"),
            to_on: day("2026-11-01"),
            state: crate::storage::pay::RunState::Closed,
            total: crate::domain::Money::ZERO,
        };
        let strict = [(head.clone(), Late::None)];
        let both = [(head.clone(), Late::None), (head, Late::Full)];
        assert_eq!(lateness(&strict, day("2026-10-31")), (true, true));
        assert_eq!(lateness(&both, day("2026-10-01")), (true, false));
        assert_eq!(lateness(&strict, day("2026-11-01")), (false, false));
        assert_eq!(lateness(&[], day("2026-10-31")), (false, false));
    }
}
