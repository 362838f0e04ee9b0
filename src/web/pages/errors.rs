//! Errors as pages that look like the firm.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::web::html::Html;
use crate::web::i18n::Lang;
use crate::web::shell::Shell;
use crate::web::{Problem, Web};

/// One page for all errors: what happened, what to do.
#[derive(Debug, Template)]
#[template(path = "errors/error.html")]
struct ErrorPage {
    s: Shell,
    status: i64,
    title: String,
    words: String,
    /// What exactly was expected, where that helps.
    detail: Option<String>,
    /// Whether there is a way on: staff have one, a customer with a dead link asks whoever sent it.
    back: bool,
}

/// The word a status' texts go by.
fn word(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "signin",
        403 => "forbidden",
        404 => "missing",
        405 | 400 | 415 | 422 => "wrong",
        409 => "conflict",
        410 => "gone",
        413 => "large",
        429 => "many",
        503 => "away",
        _ => "failed",
    }
}

/// A problem as a page, in the problem's status.
pub fn page(web: &Web, lang: Lang, problem: &Problem) -> Response {
    let word = word(problem.status);
    // Said in the API's words, for whoever looks after the system: people's mistakes are told at their fields.
    let telling = matches!(word, "wrong" | "conflict" | "large");
    Html(ErrorPage {
        s: Shell::public(web, lang),
        status: i64::from(problem.status.as_u16()),
        title: lang.word("error-title", word).to_string(),
        words: lang.word("error-words", word).to_string(),
        detail: telling.then(|| match (&problem.said, lang) {
            (Some(said), Lang::Zh) => said.0.clone(),
            (Some(said), Lang::En) => said.1.clone(),
            (None, _) => problem.detail.clone(),
        }),
        back: true,
    })
    .status(problem.status)
}

/// 404 for a code nobody knows: the customer typed it, or it was cut off.
pub fn not_found(web: &Web, lang: Lang) -> Response {
    dead_link(web, lang, StatusCode::NOT_FOUND, "link")
}

/// 410 for a link that was turned off or is over, without a fallback.
pub fn gone(web: &Web, lang: Lang) -> Response {
    dead_link(web, lang, StatusCode::GONE, "over")
}

/// Link pages are served outside the site's layers, so they carry their own headers.
fn dead_link(web: &Web, lang: Lang, status: StatusCode, word: &'static str) -> Response {
    let mut response = Html(ErrorPage {
        s: Shell::public(web, lang),
        status: i64::from(status.as_u16()),
        title: lang.word("error-title", word).to_string(),
        words: lang.word("error-words", word).to_string(),
        detail: None,
        back: false,
    })
    .into_response();
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(crate::web::layers::CSP),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::shell::Place;

    #[test]
    fn every_status_has_its_words_in_both_languages() {
        for lang in Lang::ALL {
            for status in [400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429, 500, 503] {
                let word = word(StatusCode::from_u16(status).unwrap());
                let page = ErrorPage {
                    s: Shell::sample(lang, Place::Elsewhere),
                    status: i64::from(status),
                    title: lang.word("error-title", word).to_string(),
                    words: lang.word("error-words", word).to_string(),
                    detail: Some("expected <that>".into()),
                    back: true,
                };
                let html = page.render().unwrap();
                assert!(html.contains(&status.to_string()));
                crate::web::pages::check_sample(&format!("error-{status}"), &html, lang);
                assert!(html.contains("&#60;that&#62;"), "details are escaped");
            }
        }
    }
}
