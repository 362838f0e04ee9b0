//! Where one is signed in, as the page `/app/me` lists it, and signing out there from here.

use axum::Router;
use axum::extract::State;
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;
use tower_sessions::Session;

use crate::app::accounts::{OpenSession, end_session, open_sessions};
use crate::web::html::see_other;
use crate::web::session::{SignedIn, id_hash};
use crate::web::{Form, Problem, Web};

/// A session as a row.
#[derive(Clone, Debug)]
pub struct Row {
    pub key: String,
    /// Browser and system; nothing where they are not known.
    pub agent: Option<String>,
    pub begun: Option<Timestamp>,
    pub is_current: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    /// One session, or nothing for all but the one that asks.
    key: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        // Where the list was before it stood on the page itself.
        .route(
            "/app/me/sessions",
            get(|_: SignedIn| async { Redirect::permanent("/app/me#sessions") }),
        )
        .route("/app/me/sessions/end", post(end))
}

/// A session as it is shown.
pub fn row(session: OpenSession) -> Row {
    let stamp = |ms| Timestamp::from_millisecond(ms).unwrap_or_default();
    let known: Vec<&str> = session
        .agent
        .split(' ')
        .filter(|word| !matches!(*word, "" | "other"))
        .map(named)
        .collect();
    Row {
        agent: (!known.is_empty()).then(|| known.join(", ")),
        begun: session.begun_at.map(stamp),
        is_current: session.is_current,
        key: session.key,
    }
}

/// A browser or system by its own name.
pub fn named(word: &str) -> &str {
    match word {
        "wechat" => "WeChat",
        "wecom" => "WeCom",
        "dingtalk" => "DingTalk",
        "feishu" => "Feishu",
        "qqbrowser" => "QQ",
        "chrome" => "Chrome",
        "safari" => "Safari",
        "edge" => "Edge",
        "firefox" => "Firefox",
        "samsung" => "Samsung",
        "huawei" => "Huawei",
        "xiaomi" => "Xiaomi",
        "harmonyos" => "HarmonyOS",
        "ios" => "iOS",
        "android" => "Android",
        "windows" => "Windows",
        "chromeos" => "ChromeOS",
        "macos" => "macOS",
        "linux" => "Linux",
        other => other,
    }
}

async fn sessions(web: &Web, who: &SignedIn, session: &Session) -> Result<Vec<OpenSession>, Problem> {
    let current = session.id().map(|id| id_hash(&id));
    Ok(open_sessions(&web.app, who.account.id, current.as_ref()).await?)
}

/// Where one is signed in, this browser first.
pub async fn rows(web: &Web, who: &SignedIn, session: &Session) -> Result<Vec<Row>, Problem> {
    let mut rows: Vec<Row> = sessions(web, who, session).await?.into_iter().map(row).collect();
    rows.sort_by_key(|row| !row.is_current);
    Ok(rows)
}

async fn end(
    State(web): State<Web>,
    who: SignedIn,
    session: Session,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    for open in sessions(&web, &who, &session).await? {
        let meant = if sent.key.is_empty() {
            !open.is_current
        } else {
            open.key == sent.key
        };
        if meant {
            end_session(&web.app, who.account.id, &open.key).await?;
        }
    }
    Ok(see_other("/app/me?done=ended#sessions"))
}
