//! What every answer of the site gets: security headers, a cache policy, problems as pages.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::web::i18n::Lang;
use crate::web::pages::errors;
use crate::web::{Problem, Web};

/// What our pages may load: our own files, nothing inline.
pub const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CSP),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=()",
    ),
];

/// Security headers and `no-store`, unless the handler said otherwise.
pub async fn guard(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in &HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("private, no-store"));
    response
}

/// Errors in the form the caller reads: a page where HTML is accepted, else `application/problem+json`. An error
/// without a body (a method that is not allowed, a body the framework refused) becomes a [`Problem`] first.
pub async fn problems(State(web): State<Web>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_api = request.uri().path().starts_with("/api/");
    let wants_page = !is_api
        && !headers.contains_key("hx-request")
        && headers
            .get_all(header::ACCEPT)
            .iter()
            .any(|v| v.to_str().is_ok_and(|v| v.contains("text/html")));
    let lang = Lang::of(headers);
    let response = name_bare_errors(next.run(request).await);
    let Some(problem) = response
        .extensions()
        .get::<Problem>()
        .filter(|_| wants_page)
        .cloned()
    else {
        return response;
    };
    let mut page = errors::page(&web, lang, &problem);
    keep_headers(&response, &mut page);
    page.extensions_mut().insert(problem);
    page
}

/// For the pages one signs in and out from: that leads over the short host and back, and browsers hold a form's
/// redirects to `form-action` too.
pub fn allow_short_host(web: &Web, response: &mut Response) {
    let short = web.app.urls.short.origin().ascii_serialization();
    let policy = CSP.replace("form-action 'self'", &format!("form-action 'self' {short}"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

fn name_bare_errors(response: Response) -> Response {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    let is_said = response.extensions().get::<Problem>().is_some()
        || response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|v| !v.as_bytes().starts_with(b"text/plain"));
    if !is_error || is_said {
        return response;
    }
    let (word, detail) = match status.as_u16() {
        404 => ("not-found", "nothing is here"),
        405 => ("method", "this address does not take this method"),
        408 | 503 => (
            "unavailable",
            "this took too long; nothing is known to be stored; try again",
        ),
        413 => ("too-large", "the body is larger than this call takes"),
        415 => ("media-type", "this call takes another media type"),
        _ => ("refused", "the request was refused"),
    };
    let mut named = Problem::new(status, word, detail).into_response();
    keep_headers(&response, &mut named);
    named
}

/// What an error's headers say beside its body: which methods there are, when to try again.
fn keep_headers(from: &Response, into: &mut Response) {
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = from.headers().get(&name) {
            into.headers_mut().insert(name, value.clone());
        }
    }
}
