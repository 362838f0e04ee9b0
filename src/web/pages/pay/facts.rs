//! `/app/pay/facts`: what is recorded, and one fact with every revision of it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::entry::{self, EntryForm};
use super::params::Typed;
use super::view;
use crate::app::Permission;
use crate::app::pay::{Does, Enterable, KindInfo, Known, PayError, TRACKER, enter, is_own_source, known};
use crate::storage::pay::{FactFilter, FactRow};
use crate::web::html::{Html, see_other};
use crate::web::i18n::{Lang, TimeTag, amounts};
use crate::web::pages::actors::Actors;
use crate::web::pages::paged;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Field, Opt};
use crate::web::{Form, Problem, Query, Web};

/// Rows on a page.
const ROWS: i64 = 50;

/// A revision as a row.
#[derive(Clone, Debug)]
pub struct Row {
    pub kind: String,
    pub key: String,
    pub revision: i64,
    pub day: String,
    pub who: String,
    pub says: String,
    pub source: String,
    /// Bole's own sources in words.
    pub from: Option<String>,
    pub at: TimeTag,
    pub void: bool,
    pub by: String,
    pub href: String,
}

/// The list.
#[derive(Debug, Template)]
#[template(path = "pay/facts.html")]
pub struct FactsPage {
    pub s: Shell,
    pub rows: Vec<Row>,
    pub kinds: Vec<Opt>,
    pub kind: String,
    pub source: String,
    pub from: Field,
    pub to: Field,
    pub next: Option<String>,
    pub writes: bool,
    pub done: Option<String>,
}

/// One fact.
#[derive(Debug, Template)]
#[template(path = "pay/fact.html")]
pub struct FactPage {
    pub s: Shell,
    pub kind: String,
    pub kind_name: String,
    pub key: String,
    pub source: String,
    pub rows: Vec<Row>,
    /// The form to revise it; not for Bole's own.
    pub form: Option<EntryForm>,
    pub reason: Field,
    pub void: bool,
    pub revision: i64,
    pub refused: Option<String>,
    pub done: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    kind: Option<String>,
    source: Option<String>,
    from: Option<String>,
    to: Option<String>,
    before: Option<i64>,
    done: Option<String>,
}

/// Which fact.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Which {
    kind: String,
    key: String,
    source: Option<String>,
    done: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/pay/facts", get(list))
        .route("/app/pay/facts/history", get(show).post(revise))
}

/// Every kind, for a select; all of them first.
pub fn kinds(lang: Lang, known: &Known) -> Vec<Opt> {
    let mut list: Vec<Opt> = known
        .kinds()
        .values()
        .map(|k| Opt::new(&k.kind, view::kind_name(lang, known, &k.kind)))
        .collect();
    list.sort_by(|a, b| a.label.cmp(&b.label));
    list.insert(0, Opt::new("", lang.t("facts-all-kinds")));
    list
}

/// A field by its name for people, as the schemes call it.
pub fn field_name(lang: Lang, info: Option<&KindInfo>, field: &str) -> String {
    // Every kind has it, no scheme declares it.
    if field == "for_scheme" {
        return lang.t("fact-for-scheme").to_string();
    }
    let found = info.and_then(|i| i.fields.iter().find(|f| f.name == field));
    view::label_or(lang, found.map(|f| &f.label), field)
}

/// A field's value as people read it. Only what the schemes call money is written as such: an order's number may look
/// like an amount.
pub fn value(lang: Lang, info: Option<&KindInfo>, field: &str, told: &Value) -> String {
    let text = match told {
        Value::String(text) => match customer(text) {
            Some(n) => return lang.t("fact-customer").with("n", n).to_string(),
            None => text.clone(),
        },
        Value::Bool(yes) => return lang.word("param-choice", yes).to_string(),
        other => other.to_string(),
    };
    match info.and_then(|i| i.fields.iter().find(|f| f.name == field)) {
        Some(found) if found.ty == "money" => amounts(&text),
        Some(found) if !found.options.is_empty() => view::option(lang, &found.options, &text),
        _ => text,
    }
}

/// The number in `customer:322`, which stands for a customer nobody can be told by.
fn customer(text: &str) -> Option<&str> {
    let number = text.strip_prefix("customer:")?;
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some(number)
}

/// A fact's fields in one line, by their names for people.
fn says(lang: Lang, info: Option<&KindInfo>, fields: &str) -> String {
    let told: Map<String, Value> = serde_json::from_str(fields).unwrap_or_default();
    let parts: Vec<String> = told
        .iter()
        .map(|(f, v)| format!("{} {}", field_name(lang, info, f), value(lang, info, f, v)))
        .collect();
    parts.join(&lang.t("shell-comma").to_string())
}

fn row(web: &Web, lang: Lang, known: &Known, fact: &FactRow, by: String) -> Row {
    let info = known.kinds().get(&fact.kind);
    let query = view::query(&[
        ("kind", &fact.kind),
        ("key", &fact.source_key),
        ("source", &fact.source),
    ]);
    Row {
        kind: view::kind_name(lang, known, &fact.kind),
        key: fact.source_key.clone(),
        revision: fact.revision,
        day: view::occurred(&crate::web::shell::moment(&web.app, lang), &fact.occurred),
        who: fact.subject.clone().unwrap_or_default(),
        says: says(lang, info, &fact.fields),
        source: fact.source.clone(),
        from: match fact.source.as_str() {
            TRACKER => Some(lang.t("facts-from-tracker").to_string()),
            source => is_own_source(source).then(|| lang.t("facts-from-payout").to_string()),
        },
        at: crate::web::shell::moment(&web.app, lang).time(view::instant(fact.recorded_at)),
        void: fact.void,
        by,
        href: format!("/app/pay/facts/history{query}"),
    }
}

async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<FactsPage>, Problem> {
    who.need(Permission::ReadPay)?;
    let lang = who.lang;
    let text = |part: &Option<String>| {
        part.as_deref()
            .map(str::trim)
            .filter(|t| !t.is_empty())
            .map(str::to_owned)
    };
    let (kind, source) = (text(&asked.kind), text(&asked.source));
    let day = |name: &'static str, part: &Option<String>| {
        let typed = text(part).unwrap_or_default();
        let field = Field::new(name, &typed);
        match typed.parse::<jiff::civil::Date>() {
            Ok(day) => (field, Some(day.to_string())),
            Err(_) if typed.is_empty() => (field, None),
            Err(_) => (field.wrong(lang.t("form-date")), None),
        }
    };
    let ((from_field, from), (to_field, to)) = (day("from", &asked.from), day("to", &asked.to));
    let filter = FactFilter {
        kind: kind.as_deref(),
        source: source.as_deref(),
        from: from.as_deref(),
        to: to.as_deref(),
    };
    let mut found = web.app.store.facts(filter, asked.before, ROWS + 1).await?;
    let more = paged::cut(&mut found, ROWS);
    let known = known(&web.app).await?;
    let last = found.last().filter(|_| more).map(|f| f.id.to_string());
    let or = |t: &Option<String>| t.clone().unwrap_or_default();
    let next = last.map(|before| {
        let pairs = [
            ("kind", or(&kind)),
            ("source", or(&source)),
            ("from", or(&from)),
            ("to", or(&to)),
            ("before", before),
        ];
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (*n, v.as_str())).collect();
        format!("/app/pay/facts{}", view::query(&pairs))
    });
    let done = asked
        .done
        .as_deref()
        .filter(|d| ["entered", "set", "known"].contains(d));
    Ok(Html(FactsPage {
        s: who.shell(&web, Place::PayFacts),
        rows: found
            .iter()
            .map(|f| row(&web, lang, &known, f, String::new()))
            .collect(),
        kinds: kinds(lang, &known),
        kind: or(&kind),
        source: or(&source),
        from: from_field,
        to: to_field,
        next,
        writes: who.actor.may(Permission::CalculatePay),
        done: done.map(|d| lang.word("facts-done", d).to_string()),
    }))
}

async fn page(web: &Web, who: &SignedIn, which: &Which) -> Result<FactPage, Problem> {
    who.need(Permission::ReadPay)?;
    let lang = who.lang;
    let missing = || Problem::not_found(format_args!("fact {:?} of kind {:?}", which.key, which.kind));
    // Where two sources use a key, stories name it with its source in front.
    let (source, key) = match (&which.source, which.key.split_once('/')) {
        (Some(source), _) => (Some(source.clone()), which.key.clone()),
        (None, Some((source, key))) => (Some(source.to_owned()), key.to_owned()),
        (None, None) => (None, which.key.clone()),
    };
    let mut told = web
        .app
        .store
        .fact_revisions(&which.kind, source.as_deref(), &key)
        .await?;
    let mut key = key;
    if told.is_empty() && which.source.is_none() {
        // A key with a stroke of its own.
        key.clone_from(&which.key);
        told = web.app.store.fact_revisions(&which.kind, None, &key).await?;
    }
    let (first, _) = told.first().ok_or_else(missing)?;
    let (source, latest) = (first.source.clone(), first.clone());
    told.retain(|(row, _)| row.source == source);
    let known = known(&web.app).await?;
    let names = Actors::load(web, lang).await?;
    let writes = who.actor.may(Permission::CalculatePay) && !is_own_source(&source);
    let form = Enterable::find(&known, &which.kind)
        .filter(|_| writes)
        .map(|what| EntryForm::of(lang, &what, &entry::cells_of(&what, &latest), true));
    Ok(FactPage {
        s: who.shell(web, Place::PayFacts),
        kind: which.kind.clone(),
        kind_name: view::kind_name(lang, &known, &which.kind),
        rows: told
            .iter()
            .map(|(row_, by)| row(web, lang, &known, row_, names.name(by)))
            .collect(),
        form,
        reason: Field::empty("reason"),
        void: latest.void,
        revision: latest.revision,
        refused: None,
        done: which.done.is_some(),
        source,
        key,
    })
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(which): Query<Which>,
) -> Result<Html<FactPage>, Problem> {
    page(&web, &who, &which).await.map(Html)
}

async fn revise(
    State(web): State<Web>,
    who: SignedIn,
    Query(which): Query<Which>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    who.need(Permission::CalculatePay)?;
    let lang = who.lang;
    let mut page = page(&web, &who, &which).await?;
    let known = known(&web.app).await?;
    let what = Enterable::find(&known, &which.kind)
        .ok_or_else(|| Problem::not_found(format_args!("kind {:?}", which.kind)))?;
    if is_own_source(&page.source) {
        return Err(Problem::forbidden("Bole corrects its own facts"));
    }
    let get = |name: &str| typed.get(name).map_or("", |t| t.trim()).to_owned();
    page.reason = Field::new("reason", get("reason"));
    let mut cells = entry::cells(&what, &typed);
    cells.insert("source_key".into(), page.key.clone());
    if get("act") == "void" {
        cells.insert("void".into(), "true".into());
    } else {
        cells.remove("void");
    }
    let mut form = EntryForm::of(lang, &what, &cells, true);
    if page.reason.value.is_empty() || page.reason.value.chars().count() > 500 {
        page.reason.error = Some(lang.t("fact-wrong-reason").to_string());
        page.form = Some(form);
        return Ok(Html(page).status(StatusCode::UNPROCESSABLE_ENTITY));
    }
    let seen = get("revision").parse::<i64>().unwrap_or(-1);
    let by = (page.source.as_str(), Some(seen), page.reason.value.as_str());
    let status = match enter(&web.app, &who.actor, &what, by, cells).await {
        Ok(item) => match &item.does {
            Does::Wrong { column, word, detail } => {
                form.mark(lang, column, word, detail);
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Does::Known => {
                page.refused = Some(lang.t("fact-same").to_string());
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Does::New | Does::Revise { .. } => {
                let query = view::query(&[
                    ("kind", &page.kind),
                    ("key", &page.key),
                    ("source", &page.source),
                    ("done", "1"),
                ]);
                return Ok(see_other(&format!("/app/pay/facts/history{query}")));
            }
        },
        Err(PayError::Conflict(_)) => {
            page.refused = Some(lang.t("fact-moved").to_string());
            StatusCode::CONFLICT
        }
        Err(other) => return Err(other.into()),
    };
    page.form = Some(form);
    Ok(Html(page).status(status))
}

/// Schemes whose attributes can be entered.
pub fn rosters(lang: Lang, known: &Known) -> Vec<Opt> {
    known
        .schemes()
        .map(|(id, name)| Opt::new(format!("roster:{id}"), view::say(lang, name)))
        .collect()
}
