//! `/app/admin/settings`: what is in force and where it was said, the files and ways out, retention, backup, health. It is
//! changed in `bole.toml`, by variables or flags, not here: what runs is what was configured.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;

use crate::app::Permission;
use crate::app::webhooks::WEBHOOKS_MAX;
use crate::web::html::Html;
use crate::web::i18n::Lang;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::{Problem, Web};

/// A setting in force; what is secret is not said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inforce {
    /// Its name in `bole.toml`.
    pub name: &'static str,
    /// Its value as text; empty where it is not set.
    pub value: String,
}

/// A file the server reads again when it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it is.
    pub path: String,
    /// Of which kind, by its own word; empty where it cannot be read.
    pub kind: String,
    /// Why it cannot be read.
    pub error: Option<String>,
}

/// Something looked after, and how it is.
#[derive(Clone, Debug)]
pub struct Health {
    pub label: String,
    /// The page that says more; empty when there is none.
    pub href: &'static str,
    /// Kind of state, icon, words.
    pub state: (&'static str, &'static str, String),
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/settings.html")]
pub struct SettingsPage {
    pub s: Shell,
    pub health: Vec<Health>,
    pub files: Vec<Source>,
    /// Kept how long: label and days.
    pub kept: Vec<(String, i64)>,
    pub networks: Vec<(String, String)>,
    pub settings: Arc<[Inforce]>,
    pub version: &'static str,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/app/admin/settings", get(show))
}

/// How the webhooks are, together.
async fn webhooks(web: &Web, lang: Lang) -> Result<(&'static str, &'static str, String), Problem> {
    let hooks = web.app.store.webhooks(None, WEBHOOKS_MAX).await?;
    let failed: i64 = hooks.iter().map(|hook| hook.failed).sum();
    Ok(match (hooks.len(), failed) {
        (0, _) => ("", "dash", lang.word("health", "unset").to_string()),
        (_, 0) => ("good", "check", lang.t("webhook-fine").to_string()),
        _ => (
            "bad",
            "alert",
            lang.t("webhook-failed").n("n", failed).to_string(),
        ),
    })
}

async fn show(State(web): State<Web>, who: SignedIn) -> Result<Html<SettingsPage>, Problem> {
    who.need(Permission::Administer)?;
    let lang = who.lang;
    let state = |is_good: bool, good: &str, bad: &str| {
        if is_good {
            ("good", "check", lang.word("health", good).to_string())
        } else {
            ("warn", "alert", lang.word("health", bad).to_string())
        }
    };
    let store = web.app.store.ping().await.is_ok();
    let waiting = web
        .front
        .probes
        .waiting
        .as_ref()
        .map_or_else(Vec::new, |ask| ask());
    let files = web.front.probes.files.as_ref().map_or_else(Vec::new, |ask| ask());
    let outside = &web.app.outside;
    let files_good = !files.is_empty() && files.iter().all(|f| f.error.is_none());
    let health = vec![
        Health {
            label: lang.t("health-store").to_string(),
            href: "",
            state: state(store, "answers", "away"),
        },
        Health {
            label: lang.t("health-links").to_string(),
            href: "",
            state: state(waiting.is_empty(), "ready", "waiting"),
        },
        Health {
            label: lang.t("health-mail").to_string(),
            href: "",
            state: state(outside.mail.is_some(), "set", "unset"),
        },
        Health {
            label: lang.t("health-oidc").to_string(),
            href: "",
            state: match &outside.openid {
                Some(openid) => ("good", "check", openid.issuer().to_owned()),
                None => ("", "dash", lang.word("health", "unset").to_string()),
            },
        },
        Health {
            label: lang.t("health-geo").to_string(),
            href: "",
            state: state(
                files_good,
                "read",
                if files.is_empty() { "unset" } else { "broken" },
            ),
        },
        Health {
            label: lang.t("health-webhooks").to_string(),
            href: "/app/admin/webhooks",
            state: webhooks(&web, lang).await?,
        },
    ];
    let set = |name: &str| {
        let found = web.front.settings.iter().find(|s| s.name == name);
        found.map(|s| s.value.clone()).unwrap_or_default()
    };
    let days = |name: &str| set(name).parse().unwrap_or(0);
    let kept = vec![
        (
            lang.t("kept-contacts").to_string(),
            days("contact_retention_days"),
        ),
        (lang.t("kept-salts").to_string(), 2),
        (lang.t("kept-answers").to_string(), 2),
        (lang.t("kept-sessions").to_string(), 14),
    ];
    Ok(Html(SettingsPage {
        s: who.shell(&web, Place::AdminSettings),
        health,
        files,
        kept,
        networks: vec![
            (lang.t("networks-internal").to_string(), set("internal_networks")),
            (lang.t("networks-proxies").to_string(), set("trusted_proxies")),
            (lang.t("networks-webhooks").to_string(), set("webhook_networks")),
        ],
        settings: Arc::clone(&web.front.settings),
        version: env!("CARGO_PKG_VERSION"),
    }))
}
