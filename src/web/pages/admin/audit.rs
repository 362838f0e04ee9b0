//! `/app/admin/audit`: who did what to which thing, when; searched, and as CSV. `/app/pay/audit`: of it what was done to pay,
//! for who reads pay.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use super::acts::act_words;
use super::audit_file;
use crate::app::Permission;
use crate::storage::{AuditEntry, AuditQuery};
use crate::web::html::Html;
use crate::web::i18n::Lang;
use crate::web::pages::actors::Actors;
use crate::web::pages::paged::cut;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Field, Opt};
use crate::web::{Problem, Query, Web};

/// Entries on a page.
const ROWS: i64 = 100;
/// Longest text asked for, characters.
const MAX_TEXT: usize = 100;

/// An entry as a row.
#[derive(Clone, Debug)]
pub struct Row {
    pub at: Timestamp,
    /// The actor's name, or what it is called by.
    pub actor: String,
    /// The actor's word.
    pub word: String,
    pub action: String,
    /// The same in words.
    pub act: String,
    pub subject: String,
    /// What was noted: names and values.
    pub detail: Vec<(String, String)>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/audit.html")]
pub struct AuditPage {
    pub s: Shell,
    /// Its heading.
    pub title: String,
    /// Where it is.
    pub base: &'static str,
    pub actor: Field,
    pub action: String,
    pub actions: Vec<Opt>,
    pub subject: Field,
    pub from: Field,
    pub to: Field,
    pub rows: Vec<Row>,
    /// The same as a file.
    pub csv: String,
    pub previous: Option<String>,
    pub next: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    actor: String,
    action: String,
    subject: String,
    from: String,
    to: String,
    before: Option<i64>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/admin/audit", get(show))
        .route("/app/admin/audit.csv", get(csv))
        .route("/app/pay/audit", get(show_pay))
        .route("/app/pay/audit.csv", get(csv_pay))
}

/// Which log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Log {
    Whole,
    Pay,
}

impl Log {
    const fn base(self) -> &'static str {
        match self {
            Self::Whole => "/app/admin/audit",
            Self::Pay => "/app/pay/audit",
        }
    }

    fn allowed(self, who: &SignedIn) -> Result<(), Problem> {
        who.need(match self {
            Self::Whole => Permission::Administer,
            Self::Pay => Permission::ReadPay,
        })
        .map(drop)
    }
}

impl Asked {
    fn short(mut self) -> Self {
        for text in [&mut self.actor, &mut self.action, &mut self.subject] {
            *text = text.trim().chars().take(MAX_TEXT).collect();
        }
        self
    }

    fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("actor", &self.actor),
            ("action", &self.action),
            ("subject", &self.subject),
            ("from", &self.from),
            ("to", &self.to),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }
}

/// A business day's first instant; an error where it is no day.
fn start(web: &Web, text: &str) -> Result<Option<i64>, ()> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let day: Date = text.trim().parse().map_err(|_| ())?;
    let at = day.to_zoned(web.app.programme.zone.clone()).map_err(|_| ())?;
    Ok(Some(at.timestamp().as_millisecond()))
}

/// What is looked for; wrong days look for nothing and say so.
async fn asked_for(
    web: &Web,
    log: Log,
    asked: &Asked,
    limit: i64,
) -> Result<(AuditQuery, [bool; 2]), Problem> {
    let from = start(web, &asked.from);
    let to = match asked
        .to
        .trim()
        .parse::<Date>()
        .ok()
        .and_then(|d| d.checked_add(1.day()).ok())
    {
        Some(next) => start(web, &next.to_string()),
        None if asked.to.trim().is_empty() => Ok(None),
        None => Err(()),
    };
    let wrong = [from.is_err(), to.is_err()];
    let query = AuditQuery {
        actor: actor_word(web, &asked.actor).await?,
        action: asked.action.clone(),
        subject: asked.subject.clone(),
        pay: log == Log::Pay,
        from: from.unwrap_or(None),
        to: to.unwrap_or(None),
        before: asked.before,
        limit: if wrong == [false, false] { limit } else { 0 },
    };
    Ok((query, wrong))
}

/// An actor as people write it: `account:7` and the like, or a login.
async fn actor_word(web: &Web, text: &str) -> Result<String, Problem> {
    if text.is_empty() || text.contains(':') || text == "system" {
        return Ok(text.to_owned());
    }
    let account = web.app.store.account_by_login(&text.to_lowercase()).await?;
    Ok(account.map_or_else(|| text.to_owned(), |a| format!("account:{}", a.id)))
}

fn detail(text: &str) -> Vec<(String, String)> {
    let value: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let Some(object) = value.as_object() else {
        return Vec::new();
    };
    object
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (name.clone(), text)
        })
        .collect()
}

fn row(lang: Lang, actors: &Actors, entry: &AuditEntry) -> Row {
    Row {
        act: act_words(lang, &entry.action),
        at: Timestamp::from_millisecond(entry.at).unwrap_or_default(),
        actor: actors.name(&entry.actor),
        word: entry.actor.clone(),
        action: entry.action.clone(),
        subject: entry.subject.clone(),
        detail: detail(&entry.detail),
    }
}

fn field(lang: Lang, name: &'static str, text: &str, is_wrong: bool) -> Field {
    let field = Field::new(name, text);
    if is_wrong {
        field.wrong(lang.t("form-date"))
    } else {
        field
    }
}

async fn show(web: State<Web>, who: SignedIn, asked: Query<Asked>) -> Result<Html<AuditPage>, Problem> {
    page_of(Log::Whole, web, who, asked).await
}

async fn show_pay(web: State<Web>, who: SignedIn, asked: Query<Asked>) -> Result<Html<AuditPage>, Problem> {
    page_of(Log::Pay, web, who, asked).await
}

async fn page_of(
    log: Log,
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<AuditPage>, Problem> {
    log.allowed(&who)?;
    let asked = asked.short();
    let (query, [wrong_from, wrong_to]) = asked_for(&web, log, &asked, ROWS + 1).await?;
    let base = log.base();
    let mut entries = web.app.store.audit(&query).await?;
    let more = cut(&mut entries, ROWS);
    let actors = Actors::load(&web, who.lang).await?;
    let page = |before: Option<i64>| {
        let (mut query, before) = (asked.query(), before.map(|id| format!("before={id}")));
        if let Some(before) = before {
            query = if query.is_empty() {
                before
            } else {
                format!("{query}&{before}")
            };
        }
        if query.is_empty() {
            base.to_owned()
        } else {
            format!("{base}?{query}")
        }
    };
    let mut actions = vec![Opt::new("", who.lang.t("audit-any"))];
    actions.extend(
        web.app
            .store
            .audit_actions(log == Log::Pay)
            .await?
            .iter()
            .map(|a| Opt::new(a, act_words(who.lang, a))),
    );
    Ok(Html(AuditPage {
        s: who.shell(
            &web,
            if log == Log::Pay {
                Place::PayAudit
            } else {
                Place::AdminAudit
            },
        ),
        title: who
            .lang
            .t(if log == Log::Pay {
                "nav-pay-audit"
            } else {
                "nav-audit"
            })
            .to_string(),
        base,
        actor: Field::new("actor", &asked.actor),
        action: asked.action.clone(),
        actions,
        subject: Field::new("subject", &asked.subject),
        from: field(who.lang, "from", &asked.from, wrong_from),
        to: field(who.lang, "to", &asked.to, wrong_to),
        rows: entries
            .iter()
            .map(|entry| row(who.lang, &actors, entry))
            .collect(),
        csv: format!("{base}.csv?{}", asked.query()),
        previous: asked.before.map(|_| page(None)),
        next: entries.last().filter(|_| more).map(|last| page(Some(last.id))),
    }))
}

async fn csv(web: State<Web>, who: SignedIn, asked: Query<Asked>) -> Result<Response, Problem> {
    file_of(Log::Whole, web, who, asked).await
}

async fn csv_pay(web: State<Web>, who: SignedIn, asked: Query<Asked>) -> Result<Response, Problem> {
    file_of(Log::Pay, web, who, asked).await
}

async fn file_of(
    log: Log,
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    log.allowed(&who)?;
    let (query, wrong) = asked_for(&web, log, &asked.short(), ROWS).await?;
    for (name, is_wrong) in ["?from", "?to"].into_iter().zip(wrong) {
        if is_wrong {
            return Err(Problem::field(name, who.lang.t("form-date")));
        }
    }
    let actors = Actors::load(&web, who.lang).await?;
    audit_file::stream(web.app, actors, query).await
}
