//! `/app/pay/facts/new`: one fact, or one person's attributes, by hand.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::facts;
use super::params::Typed;
use super::view;
use crate::app::Permission;
use crate::app::pay::{Does, Enterable, FieldInfo, enter, known};
use crate::storage::pay::FactRow;
use crate::web::html::{Html, see_other};
use crate::web::i18n::Lang;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Opt;
use crate::web::{Form, Problem, Query, Web};

/// A field of the form.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its column.
    pub column: String,
    /// Name and id in the page.
    pub field: String,
    pub label: String,
    /// `text`, `date` or `choice`.
    pub kind: &'static str,
    pub value: String,
    pub options: Vec<Opt>,
    pub hint: String,
    pub required: bool,
    pub error: Option<String>,
}

/// The form.
#[derive(Clone, Debug)]
pub struct EntryForm {
    pub inputs: Vec<Input>,
    pub others: Vec<String>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "pay/fact_new.html")]
pub struct NewPage {
    pub s: Shell,
    pub kinds: Vec<Opt>,
    pub rosters: Vec<Opt>,
    pub kind: String,
    pub name: String,
    pub is_roster: bool,
    pub form: Option<EntryForm>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    kind: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/app/pay/facts/new", get(show).post(send))
}

/// A cell's place in the page.
fn field_of(column: &str) -> String {
    format!("f.{column}")
}

/// What was typed, by column; empty ones are none.
pub fn cells(what: &Enterable, typed: &Typed) -> BTreeMap<String, String> {
    let columns = what.columns();
    let cell = |c: &(String, String, String, bool)| {
        let value = typed.get(&field_of(&c.0))?.trim();
        (!value.is_empty()).then(|| (c.0.clone(), value.to_owned()))
    };
    columns.iter().filter_map(cell).collect()
}

/// A fact's latest revision as cells.
pub fn cells_of(what: &Enterable, fact: &FactRow) -> BTreeMap<String, String> {
    let told: Map<String, Value> = serde_json::from_str(&fact.fields).unwrap_or_default();
    let plain = |v: &Value| match v {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut cells: BTreeMap<String, String> = told.iter().map(|(name, v)| (name.clone(), plain(v))).collect();
    cells.insert("source_key".into(), fact.source_key.clone());
    cells.insert("occurred_on".into(), fact.occurred.clone());
    let employee = what.fields.iter().find(|f| f.ty == "employee");
    if let (Some(field), Some(person)) = (employee, &fact.subject) {
        cells.entry(field.name.clone()).or_insert_with(|| person.clone());
    }
    cells
}

impl EntryForm {
    /// The form for a kind with what stands in it; `fixed`: its key cannot be changed.
    pub fn of(lang: Lang, what: &Enterable, cells: &BTreeMap<String, String>, fixed: bool) -> Self {
        let columns = what.columns();
        let shown = columns
            .iter()
            .filter(|c| c.0 != "void" && !(fixed && c.0 == "source_key"));
        let inputs = shown.map(|(column, zh, en, required)| {
            let info = what.fields.iter().find(|f| f.name == *column);
            // A line of attributes needs any one of them.
            let names_whom = info.is_some_and(|f| f.required && f.ty == "employee") && what.scheme.is_none();
            input(
                lang,
                info,
                (column, zh, en, *required || names_whom),
                cells.get(column),
            )
        });
        Self {
            inputs: inputs.collect(),
            others: Vec::new(),
        }
    }

    /// Says at a column what is wrong there.
    pub fn mark(&mut self, lang: Lang, column: &str, word: &str, detail: &str) {
        let words = lang.word("entry-wrong", word).with("detail", detail).to_string();
        match self.inputs.iter_mut().find(|i| i.column == column) {
            Some(input) => input.error = Some(words),
            None => self.others.push(words),
        }
    }

    /// Whether anything is.
    pub fn is_wrong(&self) -> bool {
        !self.others.is_empty() || self.inputs.iter().any(|i| i.error.is_some())
    }
}

fn input(
    lang: Lang,
    info: Option<&FieldInfo>,
    (column, zh, en, required): (&str, &str, &str, bool),
    value: Option<&String>,
) -> Input {
    let ty = info.map_or("text", |f| f.ty.as_str());
    let words: Vec<String> = match (ty, info) {
        ("bool", _) => vec!["true".to_owned(), "false".to_owned()],
        (_, Some(info)) => info.options.clone(),
        _ => Vec::new(),
    };
    let option = |word: &String| match (ty, word.as_str()) {
        ("bool", yes) => Opt::new(yes, lang.word("param-choice", yes)),
        (_, word) => Opt::new(word, view::option(lang, &words, word)),
    };
    let mut options: Vec<Opt> = words.iter().map(option).collect();
    let is_choice = !options.is_empty();
    if is_choice {
        options.insert(0, Opt::new("", "–"));
    }
    let is_day = matches!(column, "occurred_on" | "from_on") || ty == "date";
    let value = value.cloned().unwrap_or_default();
    Input {
        field: field_of(column),
        label: match lang {
            Lang::Zh => zh.to_owned(),
            Lang::En => en.to_owned(),
        },
        // An instant does not fit a date field.
        kind: match (is_choice, is_day && value.len() <= 10) {
            (true, _) => "choice",
            (_, true) => "date",
            _ => "text",
        },
        hint: match (column, ty) {
            ("source_key", _) => lang.t("entry-key-hint").to_string(),
            ("from_on", _) => lang.t("entry-from-hint").to_string(),
            ("for_scheme", _) => lang.t("entry-scheme-hint").to_string(),
            ("occurred_on" | "code", _) | (_, "text" | "bool" | "date") => String::new(),
            (_, "employee") => lang.t("entry-person-hint").to_string(),
            (_, ty) => lang.word("param-is", ty).to_string(),
        },
        required,
        column: column.to_owned(),
        error: None,
        options,
        value,
    }
}

async fn page(web: &Web, who: &SignedIn, word: &str) -> Result<(NewPage, Option<Enterable>), Problem> {
    who.need(Permission::CalculatePay)?;
    let lang = who.lang;
    let known = known(&web.app).await?;
    let missing = || Problem::not_found(format_args!("kind {word:?}"));
    let what = match word {
        "" => None,
        word => Some(Enterable::find(&known, word).ok_or_else(missing)?),
    };
    let page = NewPage {
        s: who.shell(web, Place::PayFacts),
        kinds: facts::kinds(lang, &known),
        rosters: facts::rosters(lang, &known),
        kind: word.to_owned(),
        name: what
            .as_ref()
            .map_or_else(String::new, |w| view::say(lang, &w.label)),
        is_roster: what.as_ref().is_some_and(|w| w.scheme.is_some()),
        form: what
            .as_ref()
            .map(|w| EntryForm::of(lang, w, &BTreeMap::new(), false)),
    };
    Ok((page, what))
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<NewPage>, Problem> {
    let word = asked.kind.unwrap_or_default();
    page(&web, &who, word.trim()).await.map(|(page, _)| Html(page))
}

async fn send(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let lang = who.lang;
    let (mut page, what) = page(&web, &who, asked.kind.as_deref().unwrap_or_default().trim()).await?;
    let Some(what) = what else {
        return Err(Problem::field("?kind", "expected a kind of fact"));
    };
    let cells = cells(&what, &typed);
    let mut form = EntryForm::of(lang, &what, &cells, false);
    let item = enter(&web.app, &who.actor, &what, ("form", None, ""), cells).await?;
    let done = match &item.does {
        Does::Wrong { column, word, detail } => {
            form.mark(lang, column, word, detail);
            page.form = Some(form);
            return Ok(Html(page)
                .status(StatusCode::UNPROCESSABLE_ENTITY)
                .into_response());
        }
        Does::Known => "known",
        _ if what.scheme.is_some() => "set",
        _ => "entered",
    };
    let kind = if what.scheme.is_some() {
        ""
    } else {
        what.word.as_str()
    };
    Ok(see_other(&format!(
        "/app/pay/facts{}",
        view::query(&[("kind", kind), ("done", done)])
    )))
}
