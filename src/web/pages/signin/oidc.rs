//! `/app/signin/oidc`: to the firm's OpenID Connect provider and back. It begins with a GET, since `form-action` would
//! hold the redirect of a POST back. Until the answer comes the browser keeps what was asked in a cookie; the store keeps
//! nothing for strangers.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng as _;
use serde::Deserialize;
use tower_sessions::Session;

use crate::app::accounts::{Known, KnownRefusal, by_subject};
use crate::openid::{OpenId, OpenIdError, Pending};
use crate::web::i18n::Lang;
use crate::web::session::{is_https, safe_next};
use crate::web::{Problem, Query, Sender, Web};

use super::{Next, enter, page};

/// The cookie that waits for the answer.
const COOKIE: &str = "bole_oidc";
/// It waits this long, seconds.
const SECONDS: u32 = 600;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Back {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/signin/oidc", get(begin))
        .route("/app/signin/oidc/back", get(back))
}

fn provider(web: &Web) -> Result<&OpenId, Problem> {
    let none = || Problem::not_found("OpenID Connect provider: none is set");
    web.app.outside.openid.as_ref().ok_or_else(none)
}

fn cookie(web: &Web, value: &str, seconds: u32) -> Option<HeaderValue> {
    let secure = if is_https(&web.app) { "; Secure" } else { "" };
    let text =
        format!("{COOKIE}={value}; Path=/app/signin/oidc; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).ok()
}

fn read_cookie(headers: &HeaderMap) -> Option<Pending> {
    let all = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok());
    let value = all
        .flat_map(|line| line.split("; "))
        .find_map(|pair| pair.strip_prefix(COOKIE)?.strip_prefix('='))?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(value).ok()?).ok()
}

async fn begin(
    State(web): State<Web>,
    lang: Lang,
    sender: Sender,
    Query(q): Query<Next>,
) -> Result<Response, Problem> {
    let provider = provider(&web)?;
    web.front.forms.by_network(sender.0).map_err(Problem::too_many)?;
    let chance = web.app.with_rng(|rng| {
        [(), (), ()].map(|()| {
            let mut bytes = [0_u8; 33];
            rng.fill_bytes(&mut bytes);
            URL_SAFE_NO_PAD.encode(bytes)
        })
    });
    let next = safe_next(q.next.as_deref()).map(str::to_owned);
    let (url, pending) = match provider.begin(chance, next).await {
        Ok(begun) => begun,
        Err(error) => return Ok(failed(&web, lang, &error)),
    };
    let value = serde_json::to_vec(&pending).unwrap_or_default();
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let (Ok(url), Some(cookie)) = (
        HeaderValue::from_str(url.as_str()),
        cookie(&web, &URL_SAFE_NO_PAD.encode(value), SECONDS),
    ) {
        response.headers_mut().insert(header::LOCATION, url);
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

fn failed(web: &Web, lang: Lang, error: &OpenIdError) -> Response {
    tracing::warn!(%error, "signing in by the provider failed");
    let (status, word) = match error {
        OpenIdError::Away(_) | OpenIdError::Settings(_) => (StatusCode::BAD_GATEWAY, "away"),
        OpenIdError::Refused(_) => (StatusCode::FORBIDDEN, "refused"),
    };
    told(web, lang, status, word)
}

fn told(web: &Web, lang: Lang, status: StatusCode, word: &str) -> Response {
    let words = lang.word("signin-oidc", word).to_string();
    let mut response = page(web, lang, "", None, Some(words));
    *response.status_mut() = status;
    response
}

async fn back(
    State(web): State<Web>,
    session: Session,
    lang: Lang,
    headers: HeaderMap,
    Query(q): Query<Back>,
) -> Result<Response, Problem> {
    let provider = provider(&web)?;
    let mut response = answer(&web, provider, &session, lang, &headers, &q).await?;
    // What was asked is used up, whatever the answer.
    if let Some(cookie) = cookie(&web, "", 0) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn answer(
    web: &Web,
    provider: &OpenId,
    session: &Session,
    lang: Lang,
    headers: &HeaderMap,
    q: &Back,
) -> Result<Response, Problem> {
    if q.error.is_some() {
        return Ok(told(web, lang, StatusCode::FORBIDDEN, "cancelled"));
    }
    let (Some(pending), Some(code), Some(state)) = (read_cookie(headers), &q.code, &q.state) else {
        return Ok(told(web, lang, StatusCode::FORBIDDEN, "refused"));
    };
    let said = match provider.finish(&pending, code, state).await {
        Ok(said) => said,
        Err(error) => return Ok(failed(web, lang, &error)),
    };
    let known = Known {
        issuer: &said.issuer,
        subject: &said.subject,
        name: said.name.as_deref(),
        may_create: web.app.outside.openid_creates,
    };
    match by_subject(&web.app, &known).await? {
        Ok(account) => enter(web, session, &account, pending.next.as_deref(), headers).await,
        Err(refusal) => {
            let word = match refusal {
                KnownRefusal::Nobody => "nobody",
                KnownRefusal::Ended => "ended",
                KnownRefusal::NoAccount => "no-account",
            };
            Ok(told(web, lang, StatusCode::FORBIDDEN, word))
        }
    }
}
