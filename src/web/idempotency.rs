//! `Idempotency-Key`: the same request again gets the first answer again.

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::app::answers::{open_answer, seal_answer};
use crate::storage::{Begun, Reservation, working_under};
use crate::web::{Authed, Problem};

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The largest request that can be repeated by key, bytes.
const MAX_REQUEST: usize = 16 * 1024 * 1024;
/// The largest answer that is kept, bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// Middleware of the API: writes with an `Idempotency-Key` are done once.
pub async fn idempotency(State(app): State<App>, request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) || !request.headers().contains_key(KEY) {
        return next.run(request).await;
    }
    once(app, request, next)
        .await
        .unwrap_or_else(IntoResponse::into_response)
}

async fn once(app: App, request: Request, next: Next) -> Result<Response, Problem> {
    let key = request
        .headers()
        .get(KEY)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    if !(1..=255).contains(&key.len()) {
        return Err(Problem::unreadable(
            "Idempotency-Key: expected 1 to 255 visible ASCII characters",
        ));
    }
    let (mut parts, body) = request.into_parts();
    let actor = Authed::from_request_parts(&mut parts, &app).await?.0.word();
    let reservation = Reservation {
        actor,
        key,
        at: app.clock.now_ms(),
    };
    let too_large = || {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "the body is larger than 16 MiB",
        )
    };
    let body = to_bytes(body, MAX_REQUEST).await.map_err(|_| too_large())?;
    let mut hash = Sha256::new();
    for part in [
        parts.method.as_str(),
        parts.uri.path(),
        parts.uri.query().unwrap_or(""),
    ] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.update(&body);
    match app
        .store
        .begin_idempotent(
            &reservation,
            &hash.finalize().into(),
            is_repeatable(&parts.method, parts.uri.path()),
        )
        .await?
    {
        Begun::Fresh => {}
        Begun::Answered { status, body } => {
            let body = open_answer(&app, &reservation.actor, &reservation.key, &body).ok_or_else(|| {
                Problem::internal(&"a kept answer does not open with this installation's key")
            })?;
            return Ok(replay(status, body));
        }
        Begun::Running => {
            let detail = "a request with this Idempotency-Key is being worked on";
            return Err(Problem {
                retry_after: Some(1),
                ..Problem::conflict(detail)
            });
        }
        Begun::Lost => {
            let detail = "this request was carried out before, wholly or in part, and its answer was lost when the \
                          server stopped: look at what is there, and send what is missing under another Idempotency-Key";
            return Err(Problem::new(StatusCode::CONFLICT, "answer-lost", detail));
        }
        Begun::OtherContent => {
            return Err(Problem::conflict(
                "this Idempotency-Key was used for a request with other content",
            ));
        }
    }
    let act = next.run(Request::from_parts(parts, Body::from(body)));
    let response = working_under(reservation.clone(), act).await;
    let (parts, body) = response.into_parts();
    let answer = to_bytes(body, MAX_ANSWER)
        .await
        .map_err(|e| Problem::internal(&e))?;
    // A failure on our side, and a refusal to listen (401, 429 …), may turn out otherwise next time.
    let lasting = !parts.status.is_server_error() && parts.status != StatusCode::TOO_MANY_REQUESTS;
    let text = std::str::from_utf8(&answer).ok().filter(|_| lasting);
    // Without a seal nothing is kept: the key is free again.
    let sealed = text.and_then(|text| seal_answer(&app, &reservation.actor, &reservation.key, text));
    app.store
        .end_idempotent(
            &reservation,
            sealed.as_deref().map(|t| (parts.status.as_u16(), t)),
        )
        .await?;
    Ok(Response::from_parts(parts, Body::from(answer)))
}

/// Calls whose things have a key of their own: the same again answers with what is there. Awards without a month, exchanges told
/// by their link and facts are not: what they say depends on when they are read.
const KEYED: [&str; 11] = [
    "bulk",
    "campaigns",
    "claims",
    "conversions",
    "employees",
    "import",
    "links",
    "picture",
    "records",
    "refunds",
    "shares",
];

/// Whether a request can be run again without doing anything twice.
fn is_repeatable(method: &Method, path: &str) -> bool {
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    matches!(*method, Method::PUT | Method::PATCH | Method::DELETE)
        || (*method == Method::POST && KEYED.contains(&last))
}

fn replay(status: u16, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let media = if status.is_success() {
        "application/json"
    } else {
        "application/problem+json"
    };
    let mut response = (status, body).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_something_else_later_is_not_done_again() {
        let again = |path| is_repeatable(&Method::POST, path);
        for path in [
            "/api/v1/conversions",
            "/api/v1/conversions/O-1/refunds/",
            "/api/v1/claims",
        ] {
            assert!(again(path), "{path}");
        }
        for path in [
            "/api/v1/awards",
            "/api/v1/interactions",
            "/api/v1/facts",
            "/api/v1/webhooks",
        ] {
            assert!(!again(path), "{path}");
        }
        assert!(is_repeatable(&Method::PATCH, "/api/v1/employees/z3"));
    }
}
