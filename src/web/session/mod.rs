//! Who is signed in, by a cookie.
//!
//! # Why
//! The cookie carries a random id and nothing else; the store keeps its hash and whose it is. A handler that takes
//! [`SignedIn`] cannot be reached without signing in; one that takes [`Staff`] belongs to an employee.

mod store;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tower_sessions::cookie::SameSite;
use tower_sessions::{Expiry, Session, SessionManagerLayer};

use crate::app::pay::decides_objections;
use crate::app::{Actor, App, Permission, accounts};
use crate::classify::Agent;
use crate::domain::EmployeeId;
use crate::storage::Account;
use crate::web::i18n::Lang;
use crate::web::shell::{Place, Shell, Viewer, Waiting};
use crate::web::{Problem, Web};

pub use store::{Sessions, id_hash};

/// Name of the session's cookie.
pub const SESSION_COOKIE: &str = "bole_session";

/// A session ends this long after signing in, seconds.
pub const SESSION_SECONDS: i64 = 14 * 24 * 3600;

/// The key in a session's data that names the account.
const ACCOUNT: &str = "account";

/// The layer that finds and keeps sessions.
pub fn layer(app: &App) -> SessionManagerLayer<Sessions> {
    SessionManagerLayer::new(Sessions(app.clone()))
        .with_name(SESSION_COOKIE)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_secure(is_https(app))
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(time::Duration::seconds(SESSION_SECONDS)))
}

/// Whether people reach us by https, so that cookies may insist on it.
pub fn is_https(app: &App) -> bool {
    app.urls.base.scheme() == "https"
}

/// Signs an account in: under a fresh id, so that an id planted before is worth nothing. Of the browser's `user_agent` the
/// names of browser and system are kept, for the list of one's sessions.
pub async fn begin(session: &Session, account: i64, user_agent: &str, now_ms: i64) -> Result<(), Problem> {
    session.cycle_id().await.map_err(|e| Problem::internal(&e))?;
    let agent = Agent::parse(user_agent);
    let agent = format!("{} {}", agent.browser, agent.os);
    let put = async {
        session.insert("agent", agent).await?;
        session.insert("begun_at", now_ms).await?;
        session.insert(ACCOUNT, account).await
    };
    put.await.map_err(|e| Problem::internal(&e))
}

/// Ends the session.
pub async fn end(session: &Session) -> Result<(), Problem> {
    session.flush().await.map_err(|e| Problem::internal(&e))
}

/// Whoever is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Their account.
    pub account: Account,
    /// Who they act as.
    pub actor: Actor,
    /// The language of their account.
    pub lang: Lang,
    /// What waits for them; known where a page is asked for.
    pub waiting: Waiting,
    /// Titles they were given; for pages only.
    pub titles: Vec<String>,
}

impl SignedIn {
    /// 403 unless they may do this.
    pub fn need(&self, permission: Permission) -> Result<&Actor, Problem> {
        if self.actor.may(permission) {
            Ok(&self.actor)
        } else {
            Err(Problem::forbidden(format!(
                "this account may not do this ({permission:?})"
            )))
        }
    }

    /// The shell of a page of theirs.
    pub fn shell(&self, web: &Web, place: Place) -> Shell {
        Shell {
            place,
            viewer: Some(Viewer {
                name: self.account.name.clone(),
                actor: self.actor.clone(),
                titles: self.titles.clone(),
            }),
            waiting: self.waiting,
            ..Shell::public(web, self.lang)
        }
    }
}

/// A signed-in employee.
#[derive(Clone, Debug)]
pub struct Staff {
    /// Who is signed in.
    pub who: SignedIn,
    /// The employee they are.
    pub employee: EmployeeId,
}

/// Why a page is not shown: nobody is signed in, or something failed.
#[derive(Debug)]
pub enum Gate {
    /// To the sign-in page, and back to this path.
    SignIn {
        /// Where to come back to.
        next: String,
        /// The browser does not follow by itself (htmx, event streams).
        partial: bool,
    },
    /// Something else.
    Problem(Problem),
}

impl From<Problem> for Gate {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl IntoResponse for Gate {
    fn into_response(self) -> Response {
        let (next, partial) = match self {
            Self::Problem(problem) => return problem.into_response(),
            Self::SignIn { next, partial } => (next, partial),
        };
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("next", &next)
            .finish();
        let path = format!("/app/signin?{query}");
        if !partial {
            return crate::web::html::see_other(&path);
        }
        let mut response = Problem::unauthenticated().into_response();
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        if let Ok(value) = HeaderValue::from_str(&path) {
            response.headers_mut().insert("hx-redirect", value);
        }
        response
    }
}

/// A path of ours to lead back to: below `/app`, nothing a browser could read as another host.
pub fn safe_next(next: Option<&str>) -> Option<&str> {
    next.filter(|n| {
        (*n == "/app" || n.starts_with("/app/") || n.starts_with("/app?"))
            && n.len() <= 512
            && !n.contains("//")
            && !n.contains('\\')
            && n.bytes().all(|b| b.is_ascii_graphic())
    })
}

impl<S> FromRequestParts<S> for SignedIn
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Gate;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Gate> {
        if let Some(known) = parts.extensions.get::<Self>() {
            return Ok(known.clone());
        }
        let app = App::from_ref(state);
        let account = match parts.extensions.get::<Session>() {
            Some(session) => session
                .get::<i64>(ACCOUNT)
                .await
                .map_err(|e| Problem::internal(&e))?,
            None => None,
        };
        let account = match account {
            Some(id) => app.store.account(id).await.map_err(Problem::from)?,
            None => None,
        };
        let today = app.today().to_string();
        let Some(account) = account.filter(|a| a.is_live(&today)) else {
            return Err(sign_in_first(parts));
        };
        let lang = account.lang.parse().unwrap_or_default();
        let actor = accounts::actor(&account);
        let known = Self {
            waiting: waiting(&app, &actor, parts).await?,
            titles: titles(&app, &actor, parts).await?,
            actor,
            account,
            lang,
        };
        parts.extensions.insert(lang);
        parts.extensions.insert(known.clone());
        Ok(known)
    }
}

/// Whether a page is asked for, not a file or a part.
fn wants_page(parts: &Parts) -> bool {
    let accept = parts.headers.get(header::ACCEPT).and_then(|v| v.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// Titles of who asks.
async fn titles(app: &App, actor: &Actor, parts: &Parts) -> Result<Vec<String>, Problem> {
    match actor.employee().filter(|_| wants_page(parts)) {
        Some(own) => {
            let honours = app.store.honours_of(own).await?;
            Ok(honours.into_iter().map(|h| h.title).take(3).collect())
        }
        None => Ok(Vec::new()),
    }
}

/// What waits for somebody; counted for pages only, which show it in their bars.
async fn waiting(app: &App, actor: &Actor, parts: &Parts) -> Result<Waiting, Problem> {
    if !wants_page(parts) {
        return Ok(Waiting::default());
    }
    Ok(Waiting {
        claims: match actor.employee() {
            Some(own) => app.store.claims_asking(own).await?,
            None => 0,
        },
        notices: match actor.employee() {
            Some(own) => app.store.unread_notices(own).await?,
            None => 0,
        },
        review: if actor.may(Permission::DecideClaims) {
            app.store.claims_waiting_for(actor.employee()).await?
        } else {
            0
        },
        objections: if decides_objections(actor) {
            app.store.objections_waiting(None).await?
        } else {
            0
        },
        points: if actor.may(Permission::DecidePoints) {
            app.store.points_waiting().await?
        } else {
            0
        },
        fraud: if actor.may(Permission::OverruleClicks) {
            app.store.suspicions_open().await?
        } else {
            0
        },
    })
}

fn sign_in_first(parts: &Parts) -> Gate {
    let headers = &parts.headers;
    let streams = headers
        .get(header::ACCEPT)
        .is_some_and(|v| v.as_bytes().starts_with(b"text/event-stream"));
    let path = parts.uri.path_and_query().map_or("/app", |p| p.as_str());
    Gate::SignIn {
        next: if parts.method == Method::GET { path } else { "/app" }.to_owned(),
        partial: streams || headers.contains_key("hx-request"),
    }
}

impl<S> FromRequestParts<S> for Staff
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = Gate;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Gate> {
        let who = SignedIn::from_request_parts(parts, state).await?;
        match who.actor.employee() {
            Some(employee) => Ok(Self { who, employee }),
            None => {
                Err(Problem::forbidden("this page belongs to an employee; this account is not one's").into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::safe_next;

    #[test]
    fn the_way_back_after_signing_in_stays_on_our_pages() {
        assert_eq!(safe_next(Some("/app/board?by=team")), Some("/app/board?by=team"));
        for foreign in [
            "https://evil.example/",
            "//evil.example",
            "/app//evil.example",
            "/\\evil.example",
            "/application",
            "/app/\r\nset-cookie:x",
            "/api/v1/keys",
            "",
        ] {
            assert_eq!(safe_next(Some(foreign)), None, "{foreign:?}");
        }
    }
}
