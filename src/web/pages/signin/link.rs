//! `/app/signin/link`: a link by e-mail that signs in once. `/app/signin/password/{token}`: choosing a password.
//!
//! Opening a link shows a button and changes nothing, as mail scanners open links too.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use tower_sessions::Session;

use crate::app::accounts::{self, AccountRefusal};
use crate::app::{App, Urls};
use crate::storage::signin::LinkPurpose;
use crate::web::form::Form;
use crate::web::html::Html;
use crate::web::i18n::Lang;
use crate::web::shell::Shell;
use crate::web::ui::Field;
use crate::web::{Path, Problem, Sender, Web, layers};

use super::enter;

/// Longest text taken for a login or address, characters.
const MAX_MEANT: usize = 100;

/// Asking for a link.
#[derive(Debug, Template)]
#[template(path = "signin/ask.html")]
struct AskPage {
    s: Shell,
    login: Field,
    /// The answer, the same for everybody.
    is_sent: bool,
}

/// The button behind a link.
#[derive(Debug, Template)]
#[template(path = "signin/open.html")]
struct OpenPage {
    s: Shell,
    /// Whom it signs in; nobody when it is worth nothing.
    name: Option<String>,
    action: String,
}

/// Choosing a password.
#[derive(Debug, Template)]
#[template(path = "signin/choose.html")]
struct ChoosePage {
    s: Shell,
    name: Option<String>,
    login: String,
    wished: Field,
    action: String,
}

#[derive(Debug, Deserialize)]
struct Asked {
    login: String,
}

#[derive(Debug, Default, Deserialize)]
struct Nothing {}

#[derive(Deserialize)]
struct Wished {
    wished: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/signin/link", get(ask).post(send))
        .route("/app/signin/link/{token}", get(open).post(take))
        .route("/app/signin/password/{token}", get(choose).post(chosen))
}

fn on_base(urls: &Urls, path: &str) -> String {
    urls.on_base(path)
}

/// Subject and text of the mail with a link to sign in.
fn signin_letter(app: &App, firm: &str, lang: &str, token: &str) -> (String, String) {
    let lang: Lang = lang.parse().unwrap_or_default();
    let url = on_base(&app.urls, &format!("/app/signin/link/{token}"));
    let subject = lang.t("signin-mail-subject").with("firm", firm).to_string();
    let text = lang.t("signin-mail-text").with("firm", firm).with("url", url);
    (subject, text.to_string())
}

/// Subject and text of an invitation to choose a password.
pub fn invitation(app: &App, firm: &str, lang: &str, token: &str) -> (String, String) {
    let lang: Lang = lang.parse().unwrap_or_default();
    let url = on_base(&app.urls, &format!("/app/signin/password/{token}"));
    let subject = lang.t("invite-mail-subject").with("firm", firm).to_string();
    let text = lang.t("invite-mail-text").with("firm", firm).with("url", url);
    (subject, text.to_string())
}

fn no_mail(web: &Web) -> Result<(), Problem> {
    match web.app.outside.mail {
        Some(_) => Ok(()),
        None => Err(Problem::not_found(
            "way to sign in by e-mail: no mail server is set",
        )),
    }
}

async fn ask(State(web): State<Web>, lang: Lang) -> Result<Html<AskPage>, Problem> {
    no_mail(&web)?;
    Ok(Html(AskPage {
        s: Shell::public(&web, lang),
        login: Field::empty("login"),
        is_sent: false,
    }))
}

async fn send(
    State(web): State<Web>,
    lang: Lang,
    sender: Sender,
    Form(form): Form<Asked>,
) -> Result<Response, Problem> {
    no_mail(&web)?;
    let meant = form.login.trim().to_owned();
    let mut page = AskPage {
        s: Shell::public(&web, lang),
        login: Field::new("login", &meant),
        is_sent: false,
    };
    if meant.is_empty() || meant.chars().count() > MAX_MEANT || meant.chars().any(char::is_control) {
        page.login = page.login.wrong(lang.t("signin-link-login"));
        return Ok(Html(page).status(StatusCode::UNPROCESSABLE_ENTITY));
    }
    web.front.forms.by_network(sender.0).map_err(Problem::too_many)?;
    page.is_sent = true;
    // Beside the answer: how long it takes would tell whether anybody is meant.
    tokio::spawn(async move {
        let write = |lang: &str, token: &str| signin_letter(&web.app, &web.front.firm, lang, token);
        if let Err(error) = accounts::request_link(&web.app, &meant, write).await {
            tracing::warn!(%error, "a link to sign in was not made");
        }
    });
    Ok(Html(page).into_response())
}

/// A page from which one signs in: it leads over the short host.
fn leading(web: &Web, mut response: Response) -> Response {
    layers::allow_short_host(web, &mut response);
    response
}

fn over(web: &Web, lang: Lang) -> Response {
    Html(OpenPage {
        s: Shell::public(web, lang),
        name: None,
        action: String::new(),
    })
    .status(StatusCode::GONE)
}

async fn open(State(web): State<Web>, lang: Lang, Path(token): Path<String>) -> Result<Response, Problem> {
    let found = accounts::open_link(&web.app, &token, LinkPurpose::Signin).await?;
    let Some(account) = found else {
        return Ok(over(&web, lang));
    };
    let page = OpenPage {
        s: Shell::public(&web, account.lang.parse().unwrap_or(lang)),
        name: Some(account.name),
        action: format!("/app/signin/link/{token}"),
    };
    Ok(leading(&web, Html(page).into_response()))
}

async fn take(
    State(web): State<Web>,
    session: Session,
    lang: Lang,
    headers: HeaderMap,
    Path(token): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Problem> {
    match accounts::use_link(&web.app, &token).await? {
        Some(account) => enter(&web, &session, &account, None, &headers).await,
        None => Ok(over(&web, lang)),
    }
}

async fn choose(State(web): State<Web>, lang: Lang, Path(token): Path<String>) -> Result<Response, Problem> {
    let found = accounts::open_link(&web.app, &token, LinkPurpose::Password).await?;
    let Some(account) = found else {
        return Ok(over(&web, lang));
    };
    let page = ChoosePage {
        s: Shell::public(&web, account.lang.parse().unwrap_or(lang)),
        name: Some(account.name),
        login: account.login,
        wished: Field::empty("wished"),
        action: format!("/app/signin/password/{token}"),
    };
    Ok(leading(&web, Html(page).into_response()))
}

async fn chosen(
    State(web): State<Web>,
    session: Session,
    lang: Lang,
    headers: HeaderMap,
    Path(token): Path<String>,
    Form(form): Form<Wished>,
) -> Result<Response, Problem> {
    let found = accounts::open_link(&web.app, &token, LinkPurpose::Password).await?;
    let Some(account) = found else {
        return Ok(over(&web, lang));
    };
    let lang: Lang = account.lang.parse().unwrap_or(lang);
    match accounts::choose_password(&web.app, &token, &form.wished).await? {
        Ok(account) => enter(&web, &session, &account, None, &headers).await,
        Err(AccountRefusal::Password(error)) => {
            let page = ChoosePage {
                s: Shell::public(&web, lang),
                name: Some(account.name),
                login: account.login,
                wished: Field::empty("wished").wrong(lang.word("me-password", error.as_str())),
                action: format!("/app/signin/password/{token}"),
            };
            let page = Html(page).status(StatusCode::UNPROCESSABLE_ENTITY);
            Ok(leading(&web, page))
        }
        Err(_) => Ok(over(&web, lang)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::shell::Place;

    #[test]
    fn the_pages_print_in_both_languages() {
        for lang in Lang::ALL {
            let s = Shell::sample(lang, Place::Elsewhere);
            for is_sent in [false, true] {
                let page = AskPage {
                    s: s.clone(),
                    login: Field::new("login", "<script>").wrong(lang.t("signin-link-login")),
                    is_sent,
                };
                crate::web::pages::check_sample("signin-ask", &page.render().unwrap(), lang);
            }
            for name in [Some("张晓雯".to_owned()), None] {
                let page = OpenPage {
                    s: s.clone(),
                    name: name.clone(),
                    action: "/app/signin/link/x".into(),
                };
                crate::web::pages::check_sample("signin-open", &page.render().unwrap(), lang);
            }
            let page = ChoosePage {
                s,
                name: Some("张晓雯".into()),
                login: "zhang@firm.example".into(),
                wished: Field::empty("wished").wrong(lang.word("me-password", "short")),
                action: "/app/signin/password/x".into(),
            };
            crate::web::pages::check_sample("signin-choose", &page.render().unwrap(), lang);
        }
    }
}
