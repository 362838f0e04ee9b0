//! Extractors whose rejections are ours.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::classify::{Network, client_address};
use crate::web::object::Objects;
use crate::web::{FieldError, Problem, Web};

/// A JSON body. Unreadable is 400, another media type 415, too large 413, readable but wrong 422 with the JSON pointer.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let media = media_of(&request);
        if media != "application/json" && !(media.starts_with("application/") && media.ends_with("+json")) {
            let detail = format!("content-type {media:?}: expected application/json");
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "media-type",
                detail,
            ));
        }
        let Body(bytes) = Body::from_request(request, state).await?;
        parse_json(&bytes).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Parses JSON with our problems.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(Objects(&mut deserializer)).map_err(|error| {
        let pointer = pointer_of(error.path());
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data => Problem::field(&pointer, in_words(&inner.to_string())),
            _ => Problem::unreadable(format!("not valid JSON: {inner}")),
        }
    })?;
    deserializer
        .end()
        .map_err(|e| Problem::unreadable(format!("not valid JSON: {e}")))?;
    Ok(value)
}

/// Reads a JSON value that is part of a body: wrong is 422 with the pointer below it.
pub fn parse_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, Problem> {
    read_value(value).map_err(|wrong| Problem::fields(vec![wrong]))
}

/// Reads a JSON value that is part of a body, or says where in it what is wrong.
pub fn read_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(Objects(value)).map_err(|error| FieldError {
        pointer: pointer_of(error.path()),
        detail: in_words(&error.into_inner().to_string()),
    })
}

/// RFC 6901 form of a serde path.
fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Seq { index } => pointer.push_str(&index.to_string()),
            Segment::Map { key } => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Segment::Enum { variant } => pointer.push_str(variant),
            Segment::Unknown => pointer.push('?'),
        }
    }
    pointer
}

/// A body of bytes within the route's limit; over it 413.
#[derive(Debug)]
pub struct Body(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Bytes::from_request(request, state)
            .await
            .map(Self)
            .map_err(|rejection: BytesRejection| {
                if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                    Problem::new(
                        StatusCode::PAYLOAD_TOO_LARGE,
                        "too-large",
                        "the body is larger than this call takes",
                    )
                } else {
                    Problem::unreadable("the body could not be read to its end")
                }
            })
    }
}

/// A file of lines: CSV, or a spreadsheet saved as one. What can be none by its media type is 415.
#[derive(Debug)]
pub struct Lines(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Lines {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let media = media_of(&request);
        // Browsers, shops and scripts call a CSV file many things; these it never is.
        let other = media.contains("json") || media.ends_with("xml") && !media.contains("sheet");
        if other
            || ["multipart/", "image/", "audio/", "video/"]
                .iter()
                .any(|kind| media.starts_with(kind))
        {
            let detail = format!("content-type {media:?}: expected text/csv");
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "media-type",
                detail,
            ));
        }
        let Body(bytes) = Body::from_request(request, state).await?;
        Ok(Self(bytes))
    }
}

/// The media type a request says its body has, in lower case and without parameters; empty when it says none.
fn media_of(request: &Request) -> String {
    let media = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok());
    let media = media.unwrap_or("").split(';').next().unwrap_or("");
    media.trim().to_ascii_lowercase()
}

/// Query parameters; wrong ones are 422.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = match mended(parts.uri.query().unwrap_or("")) {
            Some(uri) => axum::extract::Query::<T>::try_from_uri(&uri),
            None => axum::extract::Query::<T>::from_request_parts(parts, state).await,
        };
        match read {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let text = rejection.body_text();
                let text = text.trim_start_matches("Failed to deserialize query string: ");
                Err(Problem::fields(vec![query_error(text)]))
            }
        }
    }
}

/// The query with the `+` of instants (`2026-11-21T00:00:00+08:00`) escaped, where somebody did not: there it can mean no
/// space. `None` when there is nothing to mend.
fn mended(query: &str) -> Option<Uri> {
    if !query.contains('+') {
        return None;
    }
    let parts: Vec<String> = query
        .split('&')
        .map(|part| match part.rsplit_once('+') {
            Some((before, offset)) if ends_an_instant(before) && is_offset(offset) => {
                format!("{before}%2B{offset}")
            }
            _ => part.to_owned(),
        })
        .collect();
    let mended = parts.join("&");
    (mended != query)
        .then(|| format!("/?{mended}").parse().ok())
        .flatten()
}

/// Whether a text ends with date and time of day: `…2026-11-21T00:00`, seconds and fractions as one likes.
fn ends_an_instant(text: &str) -> bool {
    let value = text
        .rsplit('=')
        .next()
        .unwrap_or("")
        .replace("%3A", ":")
        .replace("%3a", ":");
    value.contains(['T', 't']) && value.parse::<jiff::civil::DateTime>().is_ok()
}

/// Whether a text is hours and minutes: `08:00`, `08%3A00`, `0800`, `08`.
fn is_offset(text: &str) -> bool {
    let digits = text.replace("%3A", "").replace("%3a", "").replace(':', "");
    matches!(digits.len(), 2 | 4) && digits.bytes().all(|b| b.is_ascii_digit())
}

/// What was expected, in words of JSON: callers do not know what a type is called in here.
fn in_words(message: &str) -> String {
    let Some((before, expected)) = message.rsplit_once("expected ") else {
        return message.to_owned();
    };
    let at = expected.find(" at line ").unwrap_or(expected.len());
    let (expected, place) = expected.split_at(at);
    let whole = ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "usize"];
    let words = if whole.contains(&expected) {
        "a whole number"
    } else if matches!(expected, "f32" | "f64") {
        "a number"
    } else if expected.starts_with("struct ")
        || expected == "a map"
        || expected.starts_with("internally tagged ")
    {
        "an object"
    } else if matches!(expected, "a sequence" | "sequence") || expected.starts_with("tuple ") {
        "a list"
    } else {
        expected
    };
    format!("{before}expected {words}{place}")
}

/// What is wrong at which parameter, out of `name: what is wrong`.
fn query_error(text: &str) -> FieldError {
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let (name, detail) = match text.split_once(": ") {
        Some((name, detail)) if is_name(name) => (name, detail),
        _ => ("", text),
    };
    FieldError {
        pointer: format!("?{name}"),
        detail: in_words(detail),
    }
}

/// Path parameters; what cannot be a name is 404.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(value)| Self(value))
            .map_err(|_| Problem::not_found(format!("path {:?}", parts.uri.path())))
    }
}

/// The network a request came from; behind a trusted proxy, the one it names.
#[derive(Clone, Copy, Debug)]
pub struct Sender(pub Network);

impl FromRequestParts<Web> for Sender {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
        let forwarded = parts.headers.get_all("x-forwarded-for");
        let lines = forwarded.iter().filter_map(|line| line.to_str().ok());
        let address = client_address(peer, lines, &web.front.trusted_proxies);
        Ok(Self(Network::of(address)))
    }
}

/// `limit` and `cursor` of a list (api.md): limit 1–200, default 50; cursors are opaque, out of the last answer.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// How many at most.
    pub limit: Option<u16>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl Page {
    /// The limit in force; out of range is 422.
    pub fn limit(&self) -> Result<i64, Problem> {
        match self.limit.unwrap_or(50) {
            n @ 1..=200 => Ok(i64::from(n)),
            _ => Err(Problem::field("?limit", "expected a whole number from 1 to 200")),
        }
    }

    /// The cursor as the number lists by row id use; anything else is 422.
    pub fn after_id(&self) -> Result<Option<i64>, Problem> {
        let Some(text) = &self.cursor else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|_| Problem::field("?cursor", "expected the next_cursor of an earlier answer"))
    }
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Where to go on; null at the end.
    pub next_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plus_of_an_instant_is_mended_and_no_other() {
        for (query, expected) in [
            (
                "from=2026-11-21T00:00:00+08:00",
                Some("from=2026-11-21T00:00:00%2B08:00"),
            ),
            (
                "a=1&to=2026-11-21T00%3A00+0800&b=2",
                Some("a=1&to=2026-11-21T00%3A00%2B0800&b=2"),
            ),
            (
                "from=2026-11-21T00:00:00.5+08",
                Some("from=2026-11-21T00:00:00.5%2B08"),
            ),
            ("from=2026-11-21T00:00:00%2B08:00", None),
            ("q=a+b", None),
            ("q=2026-11-21+08:00:00", None),
            ("link=abc", None),
        ] {
            let found = mended(query).and_then(|uri| uri.query().map(str::to_owned));
            assert_eq!(found.as_deref(), expected, "{query}");
        }
    }

    #[test]
    fn what_was_expected_is_said_in_words_of_json() {
        for (said, expected) in [
            (
                "invalid type: string \"10\", expected i64 at line 1 column 8",
                "invalid type: string \"10\", expected a whole number at line 1 column 8",
            ),
            (
                "invalid type: null, expected struct NewEmployee with 7 elements",
                "invalid type: null, expected an object",
            ),
            (
                "invalid type: integer `3`, expected a string",
                "invalid type: integer `3`, expected a string",
            ),
            ("missing field `kind`", "missing field `kind`"),
        ] {
            assert_eq!(in_words(said), expected);
        }
    }
}
