//! `/app/signin`, `/app/signout`, `/app/lang`.

mod link;
mod oidc;

pub use link::invitation;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use tower_sessions::Session;

use crate::app::accounts::{self, SignInRefusal};
use crate::domain::{DisplayName, EmployeeId};
use crate::storage::{self, Account};
use crate::web::form::Form;
use crate::web::html::{Html, see_other};
use crate::web::i18n::{Lang, lang_cookie};
use crate::web::session::{self, SignedIn, safe_next};
use crate::web::shell::Shell;
use crate::web::ui::Field;
use crate::web::{Problem, Query, Sender, Web, layers};

/// The sign-in page.
#[derive(Debug, Template)]
#[template(path = "signin.html")]
struct SignInPage {
    s: Shell,
    login: Field,
    password: Field,
    next: Option<String>,
    error: Option<String>,
    /// Whether a link by e-mail may be asked for.
    by_mail: bool,
    /// Where the firm's provider is reached, when there is one.
    by_provider: Option<String>,
}

/// Where to go after signing in.
#[derive(Debug, Deserialize)]
struct Next {
    next: Option<String>,
}

/// The sign-in form.
#[derive(Deserialize)]
struct SignIn {
    login: String,
    password: String,
    next: Option<String>,
}

/// The language switch.
#[derive(Debug, Deserialize)]
struct Switch {
    lang: String,
    next: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/signin", get(show).post(sign_in))
        .merge(link::routes())
        .merge(oidc::routes())
        .route("/app/signout", post(sign_out))
        .route("/app/lang", post(switch))
}

fn page(web: &Web, lang: Lang, login: &str, next: Option<&str>, error: Option<String>) -> Response {
    let mut response = Html(SignInPage {
        s: Shell::public(web, lang),
        login: Field::new("login", login),
        password: Field::empty("password"),
        by_mail: web.app.outside.mail.is_some(),
        by_provider: web
            .app
            .outside
            .openid
            .as_ref()
            .map(|_| with_next("/app/signin/oidc", next)),
        next: safe_next(next).map(str::to_owned),
        error,
    })
    .into_response();
    layers::allow_short_host(web, &mut response);
    response
}

/// A path with the way back.
fn with_next(path: &str, next: Option<&str>) -> String {
    match safe_next(next) {
        Some(next) => {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("next", next);
            format!("{path}?{}", query.finish())
        }
        None => path.to_owned(),
    }
}

async fn show(
    State(web): State<Web>,
    lang: Lang,
    who: Result<SignedIn, session::Gate>,
    Query(q): Query<Next>,
) -> Response {
    match who {
        Ok(_) => see_other(safe_next(q.next.as_deref()).unwrap_or("/app")),
        Err(_) => page(&web, lang, "", q.next.as_deref(), None),
    }
}

async fn sign_in(
    State(web): State<Web>,
    session: Session,
    lang: Lang,
    sender: Sender,
    headers: HeaderMap,
    Form(form): Form<SignIn>,
) -> Result<Response, Problem> {
    let found = accounts::sign_in(&web.app, &form.login, &form.password, sender.0).await?;
    let account = match found {
        Ok(account) => account,
        Err(refusal) => {
            let (status, error, wait) = match refusal {
                SignInRefusal::Wrong => {
                    let words = lang.word("signin-error", "wrong").to_string();
                    (StatusCode::UNPROCESSABLE_ENTITY, words, None)
                }
                SignInRefusal::Busy => {
                    let words = lang.word("signin-error", "busy").to_string();
                    (StatusCode::TOO_MANY_REQUESTS, words, None)
                }
                SignInRefusal::Wait(seconds) => (
                    StatusCode::TOO_MANY_REQUESTS,
                    wait_words(lang, seconds),
                    Some(seconds),
                ),
            };
            let mut response = page(&web, lang, &form.login, form.next.as_deref(), Some(error));
            *response.status_mut() = status;
            if let Some(seconds) = wait {
                let value = header::HeaderValue::from(seconds);
                response.headers_mut().insert(header::RETRY_AFTER, value);
            }
            return Ok(response);
        }
    };
    if account.is_temporary {
        // A password somebody else knows opens nothing but the choosing of one's own.
        let token = accounts::password_link_for(&web.app, &account).await?;
        return Ok(see_other(&format!("/app/signin/password/{token}")));
    }
    enter(&web, &session, &account, form.next.as_deref(), &headers).await
}

/// How long to wait, in words: seconds up to two minutes, then minutes.
fn wait_words(lang: Lang, seconds: i64) -> String {
    if seconds <= 120 {
        lang.t("signin-wait-seconds").n("n", seconds).to_string()
    } else {
        lang.t("signin-wait-minutes")
            .n("n", (seconds + 59) / 60)
            .to_string()
    }
}

/// Signs an account in and leads on.
async fn enter(
    web: &Web,
    session: &Session,
    account: &Account,
    next: Option<&str>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok());
    session::begin(session, account.id, agent.unwrap_or(""), web.app.clock.now_ms()).await?;
    let next = safe_next(next).unwrap_or("/app");
    let next = asked_once(web, account, next).await?;
    let mut response = see_other(&way_in(web, account, &next));
    let lang = account.lang.parse().unwrap_or(Lang::Zh);
    let cookie = lang_cookie(lang, session::is_https(&web.app));
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// At the first sign-in, by way of the question how to appear on boards (attribution.md §8).
async fn asked_once(web: &Web, account: &Account, next: &str) -> Result<String, Problem> {
    let employee = match account.employee {
        Some(id) => web.app.store.employee_by_id(id, web.app.today()).await?,
        None => None,
    };
    if employee.is_none_or(|e| e.display != DisplayName::Unasked) {
        return Ok(next.to_owned());
    }
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("next", next);
    Ok(format!("/app/welcome?{}", query.finish()))
}

/// Over the short host, where a browser is to be known as a member of staff's; else straight on.
fn way_in(web: &Web, account: &Account, next: &str) -> String {
    // Staff who are no employees are known too, as nobody's in particular.
    let employee = account.employee.unwrap_or(EmployeeId(0));
    match &web.front.staff_door {
        Some(door) => door.way_in(employee, &web.app.urls.on_base(next)),
        None => next.to_owned(),
    }
}

/// Ends the session, and by way of the short host what the browser is known as there.
async fn sign_out(State(web): State<Web>, session: Session) -> Result<Response, Problem> {
    session::end(&session).await?;
    let next = "/app/signin";
    Ok(see_other(&match &web.front.staff_door {
        Some(door) => door.way_out(&web.app.urls.on_base(next)),
        None => next.to_owned(),
    }))
}

/// Changes the language: of the account when somebody is signed in, and of the browser.
async fn switch(
    State(web): State<Web>,
    who: Result<SignedIn, session::Gate>,
    Form(form): Form<Switch>,
) -> Result<Response, Problem> {
    let lang: Lang = form
        .lang
        .parse()
        .map_err(|()| Problem::field("/lang", "expected zh or en"))?;
    let next = safe_next(form.next.as_deref());
    let back = match who {
        Ok(who) => {
            let mut tx = web.app.store.begin().await?;
            storage::set_account_lang(&mut tx, who.account.id, lang.as_str()).await?;
            tx.commit().await?;
            next.unwrap_or("/app/me").to_owned()
        }
        Err(_) => match next {
            Some(next) => {
                let mut query = url::form_urlencoded::Serializer::new(String::new());
                query.append_pair("next", next);
                format!("/app/signin?{}", query.finish())
            }
            None => "/app/signin".to_owned(),
        },
    };
    let mut response = see_other(&back);
    let cookie = lang_cookie(lang, session::is_https(&web.app));
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::shell::Place;

    #[test]
    fn the_page_has_the_fields_outsiders_rely_on() {
        for lang in Lang::ALL {
            let page = SignInPage {
                s: Shell::sample(lang, Place::Elsewhere),
                login: Field::new("login", "zhang\"><script>"),
                password: Field::empty("password"),
                next: Some("/app/board".into()),
                error: Some(lang.word("signin-error", "wrong").to_string()),
                by_mail: true,
                by_provider: Some("/app/signin/oidc".into()),
            };
            let html = page.render().unwrap();
            assert!(html.contains("name=\"login\"") && html.contains("name=\"password\""));
            assert!(!html.contains("<script"), "what was typed is escaped");
            crate::web::pages::check_sample("signin", &html, lang);
        }
    }
}
