//! A scheme's parameters as a form: what stands there, what was typed, what the checker says at which field.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::view;
use crate::payout::{Document, Refused};
use crate::web::i18n::Lang;
use crate::web::ui::Opt;

/// A form's fields by name, as they were sent.
pub type Typed = BTreeMap<String, String>;

/// Rows left empty below what stands in a table.
const SPARE: usize = 2;
/// Most rows of a table that are read.
const ROWS: usize = 500;

/// An input of a table.
#[derive(Clone, Debug)]
pub struct Cell {
    pub name: String,
    pub label: String,
    pub value: String,
    pub options: Vec<Opt>,
    /// Words, not a number.
    pub is_text: bool,
    pub error: bool,
}

/// A parameter as a field.
#[derive(Clone, Debug)]
pub struct Param {
    /// Name and id of its field.
    pub field: String,
    pub id: String,
    pub name: String,
    pub rule: String,
    pub because: String,
    /// `text`, `choice`, `date`, `list` or `rows`.
    pub kind: &'static str,
    pub value: String,
    pub options: Vec<Opt>,
    pub heads: Vec<String>,
    pub rows: Vec<Vec<Cell>>,
    /// What is expected, in words.
    pub expects: String,
    /// There is no default: it must be supplied.
    pub missing: bool,
    /// Differs from the default.
    pub own: bool,
    pub error: Option<String>,
}

/// The parameters of a document, with what stands in force.
pub fn form(lang: Lang, document: &Document, in_force: &Value) -> Vec<Param> {
    each(document, |p| {
        let value = in_force.get(text(p, "id")).filter(|v| !v.is_null());
        param(lang, p, value.unwrap_or(&p["default"]), value.is_some())
    })
}

/// The same as it was typed, with what is wrong at its place.
pub fn typed(lang: Lang, document: &Document, typed: &Typed, wrong: &[Refused]) -> Vec<Param> {
    each(document, |p| {
        let given = read_one(p, typed);
        let mut view = param(lang, p, given.as_ref().unwrap_or(&Value::Null), given.is_some());
        if view.kind == "text" {
            view.value = typed.get(&view.field).cloned().unwrap_or_default();
        }
        let path = format!("params.{}", view.id);
        let here = |w: &&Refused| {
            w.path
                .strip_prefix(&path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        if let Some(refused) = wrong.iter().find(here) {
            mark(
                lang,
                &mut view,
                p,
                refused.path.strip_prefix(&path).unwrap_or_default(),
            );
        }
        view
    })
}

fn each(document: &Document, view: impl Fn(&Value) -> Param) -> Vec<Param> {
    let json = document.to_json();
    json["params"]
        .as_array()
        .into_iter()
        .flatten()
        .map(view)
        .collect()
}

fn text<'a>(p: &'a Value, name: &str) -> &'a str {
    p[name].as_str().unwrap_or_default()
}

/// Marks a parameter, and the cell a path like `[2].gives` names.
fn mark(lang: Lang, view: &mut Param, p: &Value, rest: &str) {
    let place = rest.strip_prefix('[').and_then(|r| r.split_once(']'));
    let row = place.and_then(|(row, _)| row.parse::<usize>().ok());
    let column = place.map_or("", |(_, rest)| rest.trim_start_matches('.'));
    let cells = row.and_then(|row| view.rows.get_mut(row));
    let ty = match (text(p, "type"), column) {
        ("bands", "gives") => text(p, "gives"),
        ("bands", "") => "bands",
        ("bands", _) => text(p, "of"),
        ("table", column) => p["columns"]
            .as_array()
            .and_then(|c| c.iter().find(|c| text(c, "name") == column))
            .map_or("table", |c| text(c, "type")),
        ("list", _) => text(p, "of"),
        (ty, _) => ty,
    };
    for cell in cells.into_iter().flatten() {
        let name = cell.name.rsplit('.').next().unwrap_or_default();
        let low = matches!(column, "from" | "over") && name == "low";
        let high = matches!(column, "upto" | "below") && name == "high";
        cell.error = column.is_empty() || low || high || name == column;
    }
    let at = row.map_or_else(String::new, |row| lang.t("param-row").n("n", row + 1).to_string());
    let ty = if options(p).is_empty() { ty } else { "choice" };
    view.error = Some(format!("{at}{}{}", lang.word("param-wrong", ty), range(lang, p)));
}

/// "（50 到 200）".
fn range(lang: Lang, p: &Value) -> String {
    let bound = |name: &str| p[name].as_str().unwrap_or_default();
    match (bound("min"), bound("over"), bound("max")) {
        ("", "", "") => String::new(),
        (min, "", "") => lang.t("param-min").with("a", min).to_string(),
        ("", over, "") => lang.t("param-over").with("a", over).to_string(),
        ("", "", max) => lang.t("param-max").with("a", max).to_string(),
        (min, over, max) => {
            let low = if min.is_empty() { over } else { min };
            lang.t("param-between")
                .with("a", format!("{low} … {max}"))
                .to_string()
        }
    }
}

fn options(p: &Value) -> Vec<String> {
    if p["type"] == "bool" {
        return vec!["true".to_owned(), "false".to_owned()];
    }
    let words = p["options"].as_array().into_iter().flatten();
    words.filter_map(|w| w.as_str().map(str::to_owned)).collect()
}

/// A word of a choice as people say it; a firm's own as its document writes it.
fn choice(lang: Lang, among: &[String], word: &str) -> Opt {
    if ["true", "false"].contains(&word) {
        return Opt::new(word, lang.word("param-choice", word));
    }
    Opt::new(word, view::option(lang, among, word))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn param(lang: Lang, p: &Value, value: &Value, own: bool) -> Param {
    let id = text(p, "id");
    let field = format!("p.{id}");
    let words = options(p);
    let ty = text(p, "type");
    let kind = match ty {
        "bands" | "table" => "rows",
        "list" => "list",
        "date" => "date",
        _ if words.is_empty() => "text",
        _ => "choice",
    };
    let items = value.as_array().map_or(&[][..], Vec::as_slice);
    let (heads, rows) = match ty {
        "bands" => bands(lang, &field, items),
        "table" => table(lang, &field, p, items),
        _ => (Vec::new(), Vec::new()),
    };
    Param {
        id: id.to_owned(),
        name: view::say_json(lang, &p["name"]),
        rule: text(p, "rule").to_owned(),
        because: {
            // A reason often begins with its rule, which stands before it already.
            let (rule, reason) = (text(p, "rule"), text(&p["reasons"], lang.as_str()));
            let rest = reason.strip_prefix(rule).filter(|_| !rule.is_empty());
            let rest = rest.and_then(|r| r.strip_prefix('：').or_else(|| r.strip_prefix(": ")));
            rest.unwrap_or(reason).to_owned()
        },
        value: match kind {
            "list" => items.iter().map(plain).collect::<Vec<_>>().join("\n"),
            "rows" => String::new(),
            _ => plain(value),
        },
        options: words.iter().map(|w| choice(lang, &words, w)).collect(),
        expects: format!(
            "{}{}",
            lang.word("param-is", if words.is_empty() { ty } else { "choice" }),
            range(lang, p)
        ),
        missing: p["missing"] == true,
        own: own && *value != p["default"],
        error: None,
        field,
        kind,
        heads,
        rows,
    }
}

fn bands(lang: Lang, field: &str, items: &[Value]) -> (Vec<String>, Vec<Vec<Cell>>) {
    let heads = ["low", "low_is", "high", "high_is", "gives"].map(|w| lang.word("param-band", w).to_string());
    let sides = |words: [&'static str; 2]| words.map(|w| Opt::new(w, lang.word("param-side", w))).to_vec();
    let count = items.len() + SPARE;
    let rows = (0..count).map(|at| {
        let band = items.get(at).unwrap_or(&Value::Null);
        let is = |word: &str| band.get(word).is_some_and(|v| !v.is_null());
        let cell = |name: &str, value: String, options: Vec<Opt>| Cell {
            name: format!("{field}.{at}.{name}"),
            label: lang.t("param-cell").n("n", at + 1).to_string()
                + &lang.word("param-band", name).to_string(),
            value,
            options,
            is_text: false,
            error: false,
        };
        let low = if is("over") { "over" } else { "from" };
        let high = if is("below") { "below" } else { "upto" };
        vec![
            cell("low", plain(&band[low]), Vec::new()),
            cell("low_is", low.to_owned(), sides(["from", "over"])),
            cell("high", plain(&band[high]), Vec::new()),
            cell("high_is", high.to_owned(), sides(["upto", "below"])),
            cell("gives", plain(&band["gives"]), Vec::new()),
        ]
    });
    (heads.to_vec(), rows.collect())
}

fn table(lang: Lang, field: &str, p: &Value, items: &[Value]) -> (Vec<String>, Vec<Vec<Cell>>) {
    let columns = p["columns"].as_array().map_or(&[][..], Vec::as_slice);
    let head = |c: &Value| {
        let label = view::say_json(lang, &c["label"]);
        let name = text(c, "name");
        match lang.try_word("param-column", name.replace('.', "_")) {
            Some(word) if label.is_empty() => word.to_string(),
            None if label.is_empty() => name.to_owned(),
            _ => label,
        }
    };
    let rows = (0..items.len() + SPARE).map(|at| {
        let row = items.get(at).unwrap_or(&Value::Null);
        let cell = |c: &Value| {
            let among = options(c);
            let mut words: Vec<Opt> = among.iter().map(|w| choice(lang, &among, w)).collect();
            if !words.is_empty() {
                words.insert(0, Opt::new("", "–"));
            }
            Cell {
                name: format!("{field}.{at}.{}", text(c, "name")),
                label: lang.t("param-cell").n("n", at + 1).to_string() + &head(c),
                value: plain(&row[text(c, "name")]),
                options: words,
                is_text: text(c, "type") == "text",
                error: false,
            }
        };
        columns.iter().map(cell).collect()
    });
    (columns.iter().map(head).collect(), rows.collect())
}

/// What was typed as parameters: those that say something other than the default.
pub fn read(document: &Document, typed: &Typed) -> Map<String, Value> {
    let json = document.to_json();
    let mut params = Map::new();
    for p in json["params"].as_array().into_iter().flatten() {
        if let Some(value) = read_one(p, typed).filter(|v| *v != p["default"]) {
            params.insert(text(p, "id").to_owned(), value);
        }
    }
    params
}

/// A number as people type it: `¥30,000` is `30000`, `１０％` is `10%`.
fn number(text: &str) -> String {
    let narrow = |c: char| match c {
        '０'..='９' | '．' | '％' | '－' | '／' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        other => other,
    };
    let kept = text
        .chars()
        .filter(|c| !matches!(c, ',' | '，' | '¥' | '￥' | ' '));
    kept.map(narrow).collect()
}

fn value_of(ty: &str, typed: &str) -> Value {
    let typed = typed.trim();
    match ty {
        "bool" if typed == "true" => Value::Bool(true),
        "bool" if typed == "false" => Value::Bool(false),
        "text" | "date" | "employee" | "bool" => json!(typed),
        _ => json!(number(typed)),
    }
}

fn read_one(p: &Value, typed: &Typed) -> Option<Value> {
    let field = format!("p.{}", text(p, "id"));
    match text(p, "type") {
        "bands" => rows_of(&field, typed, |row| {
            let get = |name: &str| row.get(name).map_or("", |t| t.trim());
            let mut band = Map::new();
            if !get("low").is_empty() {
                let side = if get("low_is") == "over" { "over" } else { "from" };
                band.insert(side.to_owned(), value_of("money", get("low")));
            }
            if !get("high").is_empty() {
                let side = if get("high_is") == "below" {
                    "below"
                } else {
                    "upto"
                };
                band.insert(side.to_owned(), value_of("money", get("high")));
            }
            if !get("gives").is_empty() {
                band.insert("gives".to_owned(), value_of("ratio", get("gives")));
            }
            band
        }),
        "table" => {
            let columns = p["columns"].as_array().map_or(&[][..], Vec::as_slice);
            rows_of(&field, typed, |row| {
                let filled = columns.iter().filter_map(|c| {
                    let name = text(c, "name");
                    let typed = row.get(name).filter(|t| !t.trim().is_empty())?;
                    Some((name.to_owned(), value_of(text(c, "type"), typed)))
                });
                filled.collect()
            })
        }
        "list" => {
            let typed = typed.get(&field)?;
            let lines = typed.lines().map(str::trim).filter(|l| !l.is_empty()).take(ROWS);
            let list: Vec<Value> = lines.map(|l| value_of(text(p, "of"), l)).collect();
            (!list.is_empty()).then_some(Value::Array(list))
        }
        ty => {
            let typed = typed.get(&field).filter(|t| !t.trim().is_empty())?;
            Some(value_of(ty, typed))
        }
    }
}

/// The rows of a table that say something; `None` where there is none.
fn rows_of(
    field: &str,
    typed: &Typed,
    read: impl Fn(&BTreeMap<&str, &String>) -> Map<String, Value>,
) -> Option<Value> {
    let prefix = format!("{field}.");
    let mut rows: BTreeMap<usize, BTreeMap<&str, &String>> = BTreeMap::new();
    for (name, value) in typed.range(prefix.clone()..) {
        let Some(rest) = name.strip_prefix(&prefix) else {
            break;
        };
        if let Some((row, column)) = rest.split_once('.')
            && let Ok(row) = row.parse::<usize>()
            && rows.len() < ROWS
        {
            rows.entry(row).or_default().insert(column, value);
        }
    }
    let list: Vec<Value> = rows
        .values()
        .map(read)
        .filter(|r| !r.is_empty())
        .map(Value::Object)
        .collect();
    (!list.is_empty()).then_some(Value::Array(list))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        let text = std::fs::read_to_string("schemes/07-new-customers.toml").unwrap();
        Document::parse("07-new-customers.toml", &text).unwrap()
    }

    /// What a browser would send of a form.
    fn sent(params: &[Param]) -> Typed {
        let mut typed = Typed::new();
        for p in params {
            if p.kind == "rows" {
                for cell in p.rows.iter().flatten() {
                    typed.insert(cell.name.clone(), cell.value.clone());
                }
            } else {
                typed.insert(p.field.clone(), p.value.clone());
            }
        }
        typed
    }

    #[test]
    fn a_form_sent_back_untouched_says_what_stood_there() {
        let doc = document();
        let none = form(Lang::Zh, &doc, &json!({}));
        assert_eq!(read(&doc, &sent(&none)), Map::new());
        let own = json!({"gap": "linear", "store_raise": "300.00",
            "batch_bands": [{"from": "0", "below": "30000", "gives": "1/10"}, {"over": "30000", "gives": "0.2"}]});
        let filled = form(Lang::En, &doc, &own);
        assert_eq!(Value::Object(read(&doc, &sent(&filled))), own);
        assert!(filled.iter().find(|p| p.id == "gap").unwrap().own);
    }

    #[test]
    fn numbers_are_taken_as_people_type_them() {
        assert_eq!(number("¥30,000"), "30000");
        assert_eq!(number(" １０％ "), "10%");
        assert_eq!(number("３０，０００．５"), "30000.5");
    }

    #[test]
    fn what_is_wrong_stands_at_its_cell_and_what_was_typed_stays() {
        let doc = document();
        let mut all = sent(&form(Lang::Zh, &doc, &json!({})));
        all.insert("p.batch_bands.1.low".into(), "五万".into());
        all.insert("p.raise_months".into(), "-3".into());
        let params = Value::Object(read(&doc, &all));
        let wrong = doc.params_wrong(&params);
        let shown = typed(Lang::Zh, &doc, &all, &wrong);
        let of = |id: &str| shown.iter().find(|p| p.id == id).unwrap();
        let bands = of("batch_bands");
        assert!(
            bands.error.as_ref().is_some_and(|e| e.contains("第 2 行")),
            "{:?}",
            bands.error
        );
        assert!(bands.rows[1][0].error && bands.rows[1][0].value == "五万" && !bands.rows[1][4].error);
        assert!(of("raise_months").error.is_some() && of("raise_months").value == "-3");
        assert!(of("gap").error.is_none());
    }
}
