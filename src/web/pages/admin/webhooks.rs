//! `/app/admin/webhooks`: whom we tell what happened, and `/{id}`: what became of the messages.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;

use crate::app::Permission;
use crate::app::webhooks::{
    WEBHOOKS_MAX, WebhookWish, list_deliveries, list_webhooks, make_webhook, remove_webhook, replay,
    the_webhook,
};
use crate::storage::deliveries::DeliveryRow;
use crate::storage::webhooks::Webhook;
use crate::tell::{Event, Format};
use crate::web::html::{Html, see_other};
use crate::web::i18n::Lang;
use crate::web::pages::paged::cut;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Field, Opt};
use crate::web::{Form, Path, Problem, Query, Web};

/// Messages on a page.
const MESSAGES: i64 = 50;

/// A webhook as a row.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: i64,
    /// Where to, without what a robot's address keeps secret.
    pub address: String,
    pub format: String,
    pub events: Vec<String>,
    pub sent: Option<Timestamp>,
    /// Kind of state, icon, words.
    pub state: (&'static str, &'static str, String),
}

/// A message as a row.
#[derive(Clone, Debug)]
pub struct Sent {
    pub event: String,
    pub message: String,
    pub at: Timestamp,
    pub tries: i64,
    /// Kind of state, icon, words.
    pub state: (&'static str, &'static str, String),
    /// What the receiver answered, or what was wrong.
    pub detail: String,
}

/// A box to tick.
#[derive(Clone, Debug)]
pub struct EventBox {
    pub word: &'static str,
    pub label: String,
    pub is_on: bool,
}

/// The form.
#[derive(Clone, Debug)]
pub struct HookForm {
    pub url: Field,
    pub format: Field,
    pub secret: Field,
    pub events: Vec<EventBox>,
    /// What is wrong with the ticked boxes.
    pub none: Field,
}

/// The list.
#[derive(Debug, Template)]
#[template(path = "admin/webhooks.html")]
pub struct WebhooksPage {
    pub s: Shell,
    pub rows: Vec<Row>,
    pub f: HookForm,
    pub formats: Vec<Opt>,
    /// The new webhook's secret, shown this once.
    pub made: Option<String>,
    pub done: Option<String>,
    /// Why nothing was made.
    pub error: Option<String>,
}

/// One webhook.
#[derive(Debug, Template)]
#[template(path = "admin/webhook.html")]
pub struct WebhookPage {
    pub s: Shell,
    pub row: Row,
    pub messages: Vec<Sent>,
    pub failed: i64,
    pub previous: Option<String>,
    pub next: Option<String>,
    pub done: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Done {
    done: Option<String>,
    /// The last message of the page before.
    before: Option<i64>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/admin/webhooks", get(list).post(make))
        .route("/app/admin/webhooks/{id}", get(show))
        .route("/app/admin/webhooks/{id}/replay", post(again))
        .route("/app/admin/webhooks/{id}/delete", post(delete))
}

impl HookForm {
    /// The form as it was sent; an event's box has the event's word for a name.
    pub fn of(lang: Lang, sent: &BTreeMap<String, String>) -> Self {
        let text = |name: &str| sent.get(name).map_or("", |t| t.trim());
        Self {
            url: Field::new("url", text("url")),
            format: Field::new("format", text("format")),
            secret: Field::new("secret", text("secret")),
            events: Event::ALL
                .map(|event| EventBox {
                    word: event.as_str(),
                    label: event_words(lang, event.as_str()),
                    is_on: sent.contains_key(event.as_str()),
                })
                .into(),
            none: Field::empty("events"),
        }
    }

    pub fn all(&self) -> [&Field; 4] {
        [&self.url, &self.format, &self.none, &self.secret]
    }

    pub fn is_wrong(&self) -> bool {
        self.all().iter().any(|f| f.is_wrong())
    }

    /// Says at a field what is wrong with it.
    pub fn refuse(&mut self, lang: Lang, name: &str) {
        let field = match name {
            "format" => &mut self.format,
            "events" => &mut self.none,
            "secret" => &mut self.secret,
            _ => &mut self.url,
        };
        field.error = Some(lang.word("webhook-wrong", field.name).to_string());
    }
}

/// An event as people say it.
fn event_words(lang: Lang, word: &str) -> String {
    lang.word("webhook-event", word.replace('.', "-")).to_string()
}

/// The formats to choose from.
pub fn format_options(lang: Lang) -> Vec<Opt> {
    Format::ALL
        .map(|f| Opt::new(f.as_str(), lang.word("webhook-format", f.as_str())))
        .into()
}

/// An address without the key that a robot's carries in its path or query.
fn address(url: &str, format: Format) -> String {
    match (format, url::Url::parse(url)) {
        (Format::Standard, _) | (_, Err(_)) => url.to_owned(),
        (_, Ok(url)) => format!("{}://{}/…", url.scheme(), url.host_str().unwrap_or("")),
    }
}

/// A webhook as it is listed.
pub fn row(lang: Lang, hook: &Webhook) -> Row {
    let state = match (hook.failed, hook.due) {
        (0, 0) => ("good", "check", lang.t("webhook-fine").to_string()),
        (0, due) => ("", "clock", lang.t("webhook-due").n("n", due).to_string()),
        (failed, _) => (
            "bad",
            "alert",
            lang.t("webhook-failed").n("n", failed).to_string(),
        ),
    };
    Row {
        id: hook.id,
        address: address(&hook.url, hook.format),
        format: lang.word("webhook-format", hook.format.as_str()).to_string(),
        events: hook
            .events
            .iter()
            .map(|e| event_words(lang, e.as_str()))
            .collect(),
        sent: hook.sent_at.map(stamp),
        state,
    }
}

fn stamp(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

/// A message as it is listed.
pub fn message(lang: Lang, row: DeliveryRow) -> Sent {
    let (kind, icon) = match row.state.as_str() {
        "sent" => ("good", "check"),
        "failed" => ("bad", "alert"),
        _ => ("", "clock"),
    };
    let status = row.status.map(|status| format!("HTTP {status}"));
    let detail = [status, Some(row.detail).filter(|d| !d.is_empty())];
    Sent {
        event: event_words(lang, &row.event),
        message: row.message,
        at: stamp(row.at),
        tries: row.attempts,
        state: (kind, icon, lang.word("webhook-state", &row.state).to_string()),
        detail: detail.into_iter().flatten().collect::<Vec<_>>().join(" · "),
    }
}

async fn page(web: &Web, who: &SignedIn) -> Result<WebhooksPage, Problem> {
    let hooks = list_webhooks(&web.app, &who.actor, None, WEBHOOKS_MAX).await?;
    Ok(WebhooksPage {
        s: who.shell(web, Place::AdminWebhooks),
        rows: hooks.iter().map(|hook| row(who.lang, hook)).collect(),
        f: HookForm::of(who.lang, &BTreeMap::new()),
        formats: format_options(who.lang),
        made: None,
        done: None,
        error: None,
    })
}

async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Query(q): Query<Done>,
) -> Result<Html<WebhooksPage>, Problem> {
    who.need(Permission::Administer)?;
    let mut page = page(&web, &who).await?;
    page.done =
        (q.done.as_deref() == Some("deleted")).then(|| who.lang.t("webhook-done-deleted").to_string());
    Ok(Html(page))
}

async fn make(
    State(web): State<Web>,
    who: SignedIn,
    Form(sent): Form<BTreeMap<String, String>>,
) -> Result<Response, Problem> {
    who.need(Permission::Administer)?;
    let mut f = HookForm::of(who.lang, &sent);
    let format = f.format.value.parse::<Format>();
    if format.is_err() {
        f.refuse(who.lang, "format");
    }
    let wish = WebhookWish {
        url: f.url.value.clone(),
        events: f
            .events
            .iter()
            .filter(|e| e.is_on)
            .map(|e| e.word.to_owned())
            .collect(),
        secret: Some(f.secret.value.clone()).filter(|s| !s.is_empty()),
        format: format.unwrap_or_default(),
    };
    let mut error = None;
    if !f.is_wrong() {
        match make_webhook(&web.app, &who.actor, &wish).await {
            Ok(made) => {
                let mut page = page(&web, &who).await?;
                page.done = Some(who.lang.t("webhook-done-made").to_string());
                page.made = made.secret.filter(|_| wish.secret.is_none());
                return Ok(Html(page).into_response());
            }
            Err(crate::app::Refused::Wrong(wrong)) => {
                for w in wrong {
                    f.refuse(who.lang, w.pointer.trim_start_matches('/'));
                }
            }
            Err(crate::app::Refused::Conflict(_)) => {
                error = Some(who.lang.t("webhook-many").n("n", WEBHOOKS_MAX).to_string());
            }
            Err(other) => return Err(other.into()),
        }
    }
    let mut page = page(&web, &who).await?;
    page.f = f;
    page.error = error;
    Ok(Html(page).status(StatusCode::UNPROCESSABLE_ENTITY))
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
    Query(q): Query<Done>,
) -> Result<Html<WebhookPage>, Problem> {
    who.need(Permission::Administer)?;
    let hook = the_webhook(&web.app, &who.actor, id).await?;
    let mut messages = list_deliveries(&web.app, &who.actor, id, q.before, MESSAGES + 1).await?;
    let more = cut(&mut messages, MESSAGES);
    let next = messages.last().filter(|_| more);
    Ok(Html(WebhookPage {
        s: who.shell(&web, Place::AdminWebhooks),
        row: row(who.lang, &hook),
        failed: hook.failed,
        previous: q.before.map(|_| format!("/app/admin/webhooks/{id}")),
        next: next.map(|m| format!("/app/admin/webhooks/{id}?before={}", m.id)),
        messages: messages.into_iter().map(|row| message(who.lang, row)).collect(),
        done: (q.done.as_deref() == Some("again")).then(|| who.lang.t("webhook-done-again").to_string()),
    }))
}

/// Sends again what was given up.
async fn again(State(web): State<Web>, who: SignedIn, Path(id): Path<i64>) -> Result<Response, Problem> {
    who.need(Permission::Administer)?;
    replay(&web.app, &who.actor, id, 0, true).await?;
    Ok(see_other(&format!("/app/admin/webhooks/{id}?done=again")))
}

async fn delete(State(web): State<Web>, who: SignedIn, Path(id): Path<i64>) -> Result<Response, Problem> {
    who.need(Permission::Administer)?;
    remove_webhook(&web.app, &who.actor, id).await?;
    Ok(see_other("/app/admin/webhooks?done=deleted"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::pages::check_sample;

    #[test]
    fn the_pages_print_with_what_was_typed_and_a_robots_key_hidden() {
        assert_eq!(
            address(
                "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=693a",
                Format::Wecom
            ),
            "https://qyapi.weixin.qq.com/…"
        );
        assert_eq!(
            address("https://crm.example/b", Format::Standard),
            "https://crm.example/b"
        );
        for lang in Lang::ALL {
            let hook = |id, failed, due| Webhook {
                id,
                url: "https://crm.example/<script>".into(),
                format: Format::Standard,
                events: Event::ALL.into(),
                is_signed: true,
                created_by: "account:1".into(),
                created_at: 0,
                due,
                failed,
                sent_at: Some(1_763_000_000_000),
            };
            let rows = [hook(1, 0, 0), hook(2, 0, 3), hook(3, 2, 1)];
            let sent = [("url", "ftp://x"), ("sale.created", "on"), ("secret", "<script>")];
            let sent = sent.map(|(n, v)| (n.to_owned(), v.to_owned()));
            let mut f = HookForm::of(lang, &sent.into());
            for name in ["url", "format", "events", "secret"] {
                f.refuse(lang, name);
            }
            let mut page = WebhooksPage {
                s: Shell::sample(lang, Place::AdminWebhooks),
                rows: rows.iter().map(|hook| row(lang, hook)).collect(),
                f,
                formats: format_options(lang),
                made: Some("whsec_x".into()),
                done: Some(lang.t("webhook-done-made").to_string()),
                error: Some(lang.t("webhook-many").n("n", WEBHOOKS_MAX).to_string()),
            };
            let html = page.render().unwrap();
            check_sample("admin-webhooks", &html, lang);
            assert!(
                html.contains("value=\"ftp://x\"") && !html.contains("<script>"),
                "{html}"
            );
            assert_eq!(
                html.matches(" checked").count(),
                1,
                "what was ticked stays ticked"
            );
            page.rows.clear();
            check_sample("admin-webhooks-empty", &page.render().unwrap(), lang);
            let messages = ["sent", "failed", "due"].map(|state| DeliveryRow {
                id: 1,
                message: "msg_x".into(),
                event: "sale.created".into(),
                at: 1_763_000_000_000,
                state: state.into(),
                attempts: 2,
                next_at: 0,
                status: Some(500),
                detail: "<script>".into(),
                done_at: None,
            });
            let mut page = WebhookPage {
                s: Shell::sample(lang, Place::AdminWebhooks),
                row: row(lang, &rows[2]),
                messages: messages.map(|m| message(lang, m)).into(),
                failed: 2,
                previous: None,
                next: Some("/app/admin/webhooks/3?before=1".into()),
                done: Some(lang.t("webhook-done-again").to_string()),
            };
            let html = page.render().unwrap();
            check_sample("admin-webhook", &html, lang);
            assert!(!html.contains("<script>"), "{html}");
            page.messages.clear();
            check_sample("admin-webhook-empty", &page.render().unwrap(), lang);
        }
    }
}
