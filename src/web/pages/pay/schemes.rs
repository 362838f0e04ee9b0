//! `/app/pay/schemes`: all schemes, and one read as a flow with its bands drawn, its parameters and its versions.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;
use serde_json::Value;

use super::drawn::{Drawn, drawn};
use super::view::{self, Chip};
use crate::app::Permission;
use crate::app::pay::{InForce, documents, scheme_document};
use crate::domain::Money;
use crate::payout::Document;
use crate::payout::outline::Chain;
use crate::storage::pay::{RunHead, Setting};
use crate::web::html::Html;
use crate::web::i18n::{Lang, TimeTag, date_words};
use crate::web::pages::actors::Actors;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::{Path, Problem, Query, Web};

/// A scheme as a row.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: String,
    pub name: String,
    pub every: String,
    pub state: Chip,
    pub since: String,
    pub missing: i64,
    pub last: Option<(i64, String, Money)>,
}

/// The list.
#[derive(Debug, Template)]
#[template(path = "pay/schemes.html")]
pub struct SchemesPage {
    pub s: Shell,
    pub rows: Vec<Row>,
}

/// A part of the way to an amount.
#[derive(Clone, Debug)]
pub struct Box {
    pub does: String,
    pub says: String,
    pub rule: String,
}

/// The way to something that leaves the scheme.
#[derive(Clone, Debug)]
pub struct Flow {
    pub component: String,
    pub title: String,
    pub what: String,
    pub rule: String,
    pub facts: String,
    pub steps: Vec<Box>,
}

/// A parameter in force.
#[derive(Clone, Debug)]
pub struct ParamView {
    pub id: String,
    pub name: String,
    pub rule: String,
    pub value: String,
    pub because: String,
    pub own: bool,
    pub missing: bool,
}

/// A version, and what it changed.
#[derive(Clone, Debug)]
pub struct Version {
    pub from: String,
    pub chip: Chip,
    pub current: bool,
    pub by: String,
    pub at: TimeTag,
    pub note: String,
    /// Parameter, before, after.
    pub diff: Vec<(String, String, String)>,
    /// Parts of the document: `~ param.x`.
    pub document: Vec<String>,
}

/// What a scheme reads.
#[derive(Clone, Debug)]
pub struct Source {
    pub kind: String,
    pub name: String,
    pub fields: String,
}

/// The page of one.
#[derive(Debug, Template)]
#[template(path = "pay/scheme.html")]
pub struct SchemePage {
    pub s: Shell,
    pub id: String,
    pub name: String,
    pub every: String,
    pub source: String,
    pub state: Chip,
    pub missing: Vec<String>,
    pub flows: Vec<Flow>,
    pub drawn: Vec<Drawn>,
    pub params: Vec<ParamView>,
    pub versions: Vec<Version>,
    pub sources: Vec<Source>,
    pub roster: String,
    pub books: Vec<String>,
    pub examples: Vec<String>,
    pub runs: Vec<(i64, String, Money, Chip)>,
    pub late: String,
    pub changes: bool,
    pub done: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    done: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/pay/schemes", get(list))
        .route("/app/pay/schemes/{id}", get(show))
}

/// Parameters nobody supplied.
fn missing(found: &InForce) -> Vec<String> {
    let unset = |name: &&str| found.params.get(*name).is_none();
    found
        .document
        .missing_params()
        .into_iter()
        .filter(unset)
        .map(str::to_owned)
        .collect()
}

fn standing(lang: Lang, found: &InForce, settings: &[Setting]) -> Chip {
    if settings.is_empty() {
        Chip::new("", "dash", lang.t("scheme-never"))
    } else if !found.enabled {
        Chip::new("", "lock", lang.t("scheme-off"))
    } else if missing(found).is_empty() {
        Chip::new("good", "check", lang.t("scheme-on"))
    } else {
        Chip::new("bad", "alert", lang.t("scheme-lacks"))
    }
}

async fn list(State(web): State<Web>, who: SignedIn) -> Result<Html<SchemesPage>, Problem> {
    who.need(Permission::ReadPay)?;
    let (app, lang) = (&web.app, who.lang);
    let mut ids: Vec<String> = documents().keys().cloned().collect();
    ids.extend(app.store.schemes_set().await?);
    ids.sort_unstable();
    ids.dedup();
    let heads = app
        .store
        .run_heads(jiff::civil::Date::constant(1900, 1, 1))
        .await?;
    let today = app.today();
    let mut rows = Vec::new();
    for id in ids {
        let Some(found) = scheme_document(app, &id, today).await? else {
            continue;
        };
        let settings = app.store.settings_of(&id).await?;
        let in_force = settings.iter().find(|s| s.from_on <= today.to_string());
        let last = heads.iter().rev().find(|h| h.scheme == id);
        rows.push(Row {
            name: view::say(lang, &found.document.header.name),
            every: lang.word("scheme-period", found.period()).to_string(),
            state: standing(lang, &found, &settings),
            since: in_force.map_or_else(String::new, |s| s.from_on.clone()),
            missing: i64::try_from(missing(&found).len()).unwrap_or(0),
            last: last.map(|h: &RunHead| (h.id, view::period(lang, &h.period), h.total)),
            id,
        });
    }
    // What is switched on is what is looked for; the sort is stable.
    rows.sort_by_key(|r| r.since.is_empty());
    Ok(Html(SchemesPage {
        s: who.shell(&web, Place::PaySchemes),
        rows,
    }))
}

fn flow(lang: Lang, chain: &Chain) -> Flow {
    let comma = lang.t("shell-comma").to_string();
    let facts: Vec<String> = chain
        .facts
        .iter()
        .map(|(_, label)| view::say(lang, label))
        .collect();
    Flow {
        component: chain.component.clone(),
        title: view::say(lang, &chain.title),
        what: lang.word("flow-out", chain.what).to_string(),
        rule: chain.rule.clone(),
        facts: facts.join(&comma),
        steps: chain
            .steps
            .iter()
            .map(|step| Box {
                does: lang.word("flow", step.does).to_string(),
                says: view::say(lang, &step.label),
                rule: step.rule.clone(),
            })
            .collect(),
    }
}

/// A parameter's value in one line.
pub fn short(lang: Lang, p: &Value, value: &Value) -> String {
    let plain = |v: &Value| match v {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => lang.word("param-choice", yes).to_string(),
        Value::String(word) if p["options"].is_array() => {
            let among = p["options"].as_array().into_iter().flatten();
            let among: Vec<String> = among.filter_map(|w| w.as_str().map(str::to_owned)).collect();
            view::option(lang, &among, word)
        }
        Value::Array(items) if p["type"] == "bands" => {
            let band = |b: &Value| {
                let bound = |word: &str| b.get(word).map(&plain);
                let low = bound("from")
                    .map(|x| format!("≥ {x}"))
                    .or(bound("over").map(|x| format!("> {x}")));
                let high = bound("upto")
                    .map(|x| format!(" ≤ {x}"))
                    .or(bound("below").map(|x| format!(" < {x}")));
                format!(
                    "{}{}: {}",
                    low.unwrap_or_default(),
                    high.unwrap_or_default(),
                    plain(&b["gives"])
                )
            };
            items.iter().map(band).collect::<Vec<_>>().join("; ")
        }
        Value::Array(items) => {
            let one = |item: &Value| match item.as_object() {
                Some(row) => row.values().map(&plain).collect::<Vec<_>>().join(" "),
                None => plain(item),
            };
            items.iter().map(one).collect::<Vec<_>>().join("; ")
        }
        other => plain(other),
    }
}

fn params(lang: Lang, document: &Document, in_force: &Value) -> Vec<ParamView> {
    let json = document.to_json();
    let view = |p: &Value| {
        let text = |name: &str| p[name].as_str().unwrap_or_default();
        let own = in_force.get(text("id"));
        ParamView {
            id: text("id").to_owned(),
            name: view::say_json(lang, &p["name"]),
            rule: text("rule").to_owned(),
            value: short(lang, p, own.unwrap_or(&p["default"])),
            because: p["reasons"][lang.as_str()]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            own: own.is_some(),
            missing: own.is_none() && p["missing"] == true,
        }
    };
    json["params"]
        .as_array()
        .into_iter()
        .flatten()
        .map(view)
        .collect()
}

/// The document of a version; `None`: one that cannot be read any more.
fn document_of(id: &str, setting: Option<&Setting>) -> Option<Arc<Document>> {
    match setting.and_then(|s| s.document.as_deref()) {
        Some(text) => Document::parse(&format!("{id}.toml"), text).ok().map(Arc::new),
        None => documents().get(id).cloned(),
    }
}

/// What changes between two sets of parameters, in the words of the later document: name, before, after.
pub fn changes(lang: Lang, now: &Document, was: &Value, is: &Value) -> Vec<(String, String, String)> {
    let json = now.to_json();
    let rows = json["params"].as_array().into_iter().flatten().filter_map(|p| {
        let name = p["id"].as_str()?;
        let value = |set: &Value| set.get(name).cloned().unwrap_or_else(|| p["default"].clone());
        let (before, after) = (value(was), value(is));
        let shown = (
            view::say_json(lang, &p["name"]),
            short(lang, p, &before),
            short(lang, p, &after),
        );
        (before != after).then_some(shown)
    });
    rows.collect()
}

/// What a version changed against the one before.
fn diff(
    lang: Lang,
    id: &str,
    new: &Setting,
    old: Option<&Setting>,
) -> (Vec<(String, String, String)>, Vec<String>) {
    let read = |s: Option<&Setting>| -> Value {
        s.and_then(|s| serde_json::from_str(&s.params).ok())
            .unwrap_or_default()
    };
    let (is, was) = (read(Some(new)), read(old));
    let Some(now) = document_of(id, Some(new)) else {
        return (Vec::new(), Vec::new());
    };
    let parts = match (
        document_of(id, old),
        old.is_some() && (new.document != old.and_then(|o| o.document.clone())),
    ) {
        (Some(before), true) => crate::payout::whatif::documents(&before, &now),
        _ => Vec::new(),
    };
    (changes(lang, &now, &was, &is), parts)
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Html<SchemePage>, Problem> {
    who.need(Permission::ReadPay)?;
    let (app, lang) = (&web.app, who.lang);
    let found = scheme_document(app, &id, app.today()).await?;
    let found = found.ok_or_else(|| Problem::not_found(format_args!("scheme {id:?}")))?;
    let settings = app.store.settings_of(&id).await?;
    let names = Actors::load(&web, lang).await?;
    let document = &found.document;
    let json = document.to_json();
    let today = app.today().to_string();
    let current = settings.iter().find(|s| s.from_on <= today).map(|s| s.id);
    let moment = crate::web::shell::moment(app, lang);
    let versions = settings.iter().enumerate().map(|(at, s)| {
        let (diff, parts) = diff(lang, &id, s, settings.get(at + 1));
        let chip = match (Some(s.id) == current, s.from_on > today, s.enabled) {
            (true, _, true) => Chip::new("good", "check", lang.t("version-now")),
            (_, true, true) => Chip::new("warn", "clock", lang.t("version-coming")),
            (_, _, false) => Chip::new("", "lock", lang.t("scheme-off")),
            _ => Chip::new("", "dash", lang.t("version-past")),
        };
        Version {
            from: s
                .from_on
                .parse()
                .map_or_else(|_| s.from_on.clone(), |day| date_words(lang, day)),
            current: Some(s.id) == current,
            by: names.name(&s.set_by),
            at: moment.time(view::instant(s.created_at)),
            note: s.note.clone(),
            document: parts,
            chip,
            diff,
        }
    });
    let comma = lang.t("shell-comma").to_string();
    let label = |f: &Value| {
        let label = view::say_json(lang, &f["label"]);
        if label.is_empty() { String::new() } else { label }
    };
    let fields = |list: &Value| {
        let all: Vec<String> = list
            .as_array()
            .into_iter()
            .flatten()
            .map(label)
            .filter(|l| !l.is_empty())
            .collect();
        all.join(&comma)
    };
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let heads = app
        .store
        .run_heads(jiff::civil::Date::constant(1900, 1, 1))
        .await?;
    let mine = heads.iter().rev().filter(|h| h.scheme == id).take(6);
    Ok(Html(SchemePage {
        s: who.shell(&web, Place::PaySchemes),
        name: view::say(lang, &document.header.name),
        every: lang.word("scheme-period", found.period()).to_string(),
        source: document.header.source.clone(),
        state: standing(lang, &found, &settings),
        missing: missing(&found),
        flows: document
            .outline()
            .iter()
            .filter(|c| c.what != "fact")
            .map(|c| flow(lang, c))
            .collect(),
        drawn: drawn(lang, document, &found.params, None),
        params: params(lang, document, &found.params),
        versions: versions.collect(),
        sources: json["facts"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|f| Source {
                kind: text(&f["kind"]),
                name: view::say_json(lang, &f["name"]),
                fields: fields(&f["fields"]),
            })
            .collect(),
        roster: fields(&json["roster"]),
        books: document
            .books
            .iter()
            .map(|b| view::say(lang, &b.note()))
            .collect(),
        examples: json["examples"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|e| view::say_json(lang, &e["name"]))
            .filter(|e| !e.is_empty())
            .collect(),
        runs: mine
            .map(|h| {
                (
                    h.id,
                    view::period(lang, &h.period),
                    h.total,
                    Chip::run(lang, h.state),
                )
            })
            .collect(),
        late: lang.word("scheme-late", text(&json["late"])).to_string(),
        changes: who.actor.may(Permission::CalculatePay),
        done: asked.done.as_deref() == Some("saved"),
        id,
    }))
}
