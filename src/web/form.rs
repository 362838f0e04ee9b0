//! Forms, with our rejections.

use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

use crate::web::{Body, Problem};

/// A form sent as `application/x-www-form-urlencoded`; what a page of ours would not send is 400, 415 or 422.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_form = request
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|v| v.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
        if !is_form {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "media-type",
                "expected a form (application/x-www-form-urlencoded)",
            ));
        }
        let Body(bytes) = Body::from_request(request, state).await?;
        let pairs: Vec<(String, String)> = url::form_urlencoded::parse(&bytes).into_owned().collect();
        // The first value of a name stands; empty optional fields are absent.
        let mut object = serde_json::Map::new();
        for (name, value) in pairs {
            object.entry(name).or_insert(serde_json::Value::String(value));
        }
        serde_path_to_error::deserialize(serde_json::Value::Object(object))
            .map(Self)
            .map_err(|error| Problem::field(&format!("/{}", error.path()), error.inner()))
    }
}
