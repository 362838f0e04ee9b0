//! Pictures out of the store, as answers.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A picture for whoever is signed in: kept by the browser and asked for again by its tag.
pub fn answer(headers: &HeaderMap, media_type: &str, bytes: Vec<u8>, changed_at: i64) -> Response {
    let etag = format!("\"{changed_at}\"");
    let known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|v| v == etag.as_str());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        bytes.into_response()
    };
    let head = response.headers_mut();
    head.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-cache"),
    );
    for (name, value) in [(header::CONTENT_TYPE, media_type), (header::ETAG, &etag)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            head.insert(name, value);
        }
    }
    response
}
