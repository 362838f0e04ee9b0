//! `/app/me/sessions`: where one is signed in, and signing out there from here.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;
use tower_sessions::Session;

use crate::app::accounts::{OpenSession, end_session, open_sessions};
use crate::web::html::{Html, see_other};
use crate::web::session::{SignedIn, id_hash};
use crate::web::shell::{Place, Shell};
use crate::web::{Form, Problem, Query, Web};

/// A session as a row.
#[derive(Clone, Debug)]
pub struct Row {
    pub key: String,
    /// Browser and system; nothing where they are not known.
    pub agent: Option<String>,
    pub begun: Option<Timestamp>,
    pub is_current: bool,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "me/sessions.html")]
pub struct SessionsPage {
    pub s: Shell,
    pub rows: Vec<Row>,
    pub done: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    /// One session, or nothing for all but the one that asks.
    key: String,
}

#[derive(Debug, Default, Deserialize)]
struct Done {
    done: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/me/sessions", get(show))
        .route("/app/me/sessions/end", post(end))
}

fn row(session: OpenSession) -> Row {
    let stamp = |ms| Timestamp::from_millisecond(ms).unwrap_or_default();
    let known: Vec<&str> = session
        .agent
        .split(' ')
        .filter(|word| !matches!(*word, "" | "other"))
        .collect();
    Row {
        agent: (!known.is_empty()).then(|| known.join(", ")),
        begun: session.begun_at.map(stamp),
        is_current: session.is_current,
        key: session.key,
    }
}

async fn sessions(web: &Web, who: &SignedIn, session: &Session) -> Result<Vec<OpenSession>, Problem> {
    let current = session.id().map(|id| id_hash(&id));
    Ok(open_sessions(&web.app, who.account.id, current.as_ref()).await?)
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    session: Session,
    Query(q): Query<Done>,
) -> Result<Html<SessionsPage>, Problem> {
    let mut rows: Vec<Row> = sessions(&web, &who, &session)
        .await?
        .into_iter()
        .map(row)
        .collect();
    rows.sort_by_key(|row| !row.is_current);
    Ok(Html(SessionsPage {
        s: who.shell(&web, Place::Me),
        rows,
        done: q.done.is_some(),
    }))
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
    Ok(see_other("/app/me/sessions?done=ended"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::i18n::Lang;

    #[test]
    fn the_page_prints_in_both_languages() {
        for lang in Lang::ALL {
            let line = |key: &str, is_current: bool, agent: &str| {
                row(OpenSession {
                    key: key.into(),
                    agent: agent.into(),
                    begun_at: (!is_current).then_some(1_763_000_000_000),
                    ends_at: 1_764_000_000_000,
                    is_current,
                })
            };
            let page = SessionsPage {
                s: Shell::sample(lang, Place::Me),
                rows: vec![line("a", true, "wechat ios"), line("b", false, "other other")],
                done: true,
            };
            crate::web::pages::check_sample("me-sessions", &page.render().unwrap(), lang);
        }
    }
}
