//! One door for errors (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::storage::StoreError;

/// A field of the request that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// JSON pointer into the body (RFC 6901), or `?name` for a query parameter.
    #[schema(example = "/amount")]
    pub pointer: String,
    /// What was expected.
    pub detail: String,
}

/// An error answer: `application/problem+json`, or a page where HTML is accepted (the pages' layer renders that from
/// the copy in the response's extensions).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// A word for the kind of problem, stable: `/problems/<word>`.
    #[serde(rename = "type")]
    pub kind: Box<str>,
    /// The status in words.
    pub title: &'static str,
    /// The HTTP status.
    #[serde(serialize_with = "status_number")]
    #[schema(value_type = u16, example = 422)]
    pub status: StatusCode,
    /// What happened and what was expected.
    pub detail: String,
    /// What it is about, where that is not what was asked for: a path of ours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<Box<str>>,
    /// Which fields are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Seconds to wait before trying again (429, 503).
    #[serde(skip)]
    pub retry_after: Option<u32>,
    /// The detail as a page says it, in Chinese and English, where that is not the API's words.
    #[serde(skip)]
    pub said: Option<Box<(String, String)>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn status_number<S: serde::Serializer>(status: &StatusCode, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem of any status.
    pub fn new(status: StatusCode, word: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/problems/{word}").into(),
            title: status.canonical_reason().unwrap_or("Error"),
            status,
            detail: detail.into(),
            instance: None,
            errors: Vec::new(),
            retry_after: None,
            said: None,
        }
    }

    /// 400: could not be read.
    pub fn unreadable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "unreadable", detail)
    }

    /// 401: no valid key or session.
    pub fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "a valid API key is needed: Authorization: Bearer <key>",
        )
    }

    /// 403.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// 404: `what` is missing, e.g. `employee "e7"`.
    pub fn not_found(what: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", format!("no such {what}"))
    }

    /// 409.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail)
    }

    /// 422: understood but wrong, at one field.
    pub fn field(pointer: &str, detail: impl std::fmt::Display) -> Self {
        Self::fields(vec![FieldError {
            pointer: pointer.to_owned(),
            detail: detail.to_string(),
        }])
    }

    /// 422 with all fields that are wrong.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let detail = errors
            .iter()
            .map(|e| match e.pointer.as_str() {
                "" => e.detail.clone(),
                pointer => format!("{pointer}: {}", e.detail),
            })
            .collect::<Vec<_>>()
            .join("; ");
        Self {
            errors,
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
        }
    }

    /// 429.
    pub fn too_many(seconds: u32) -> Self {
        let detail = format!("too many requests; try again in {seconds} s");
        Self {
            retry_after: Some(seconds),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many", detail)
        }
    }

    /// 500. Logs the cause once; the answer says nothing inward.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "something went wrong on our side; it has been logged",
        )
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let full = error.is_about_disk();
        if full || error.is_transient() {
            if full {
                tracing::error!(%error, "store has no room, or its disk fails");
            } else {
                tracing::warn!(%error, "store busy or away");
            }
            let detail = if full {
                "the database has no room or its disk fails; nothing was stored; try again when that is over"
            } else {
                "the database is busy or away; nothing was stored; try again"
            };
            let status = StatusCode::SERVICE_UNAVAILABLE;
            return Self {
                retry_after: Some(2),
                ..Self::new(status, "unavailable", detail)
            };
        }
        Self::internal(&error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}
