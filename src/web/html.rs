//! A page as an answer.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::web::Problem;

/// A template rendered as the body of an HTML answer. Its cache policy and security headers are the layers' business.
#[derive(Clone, Debug)]
pub struct Html<T>(pub T);

impl<T: Template> IntoResponse for Html<T> {
    fn into_response(self) -> Response {
        match self.0.render() {
            Ok(body) => {
                let media = HeaderValue::from_static("text/html; charset=utf-8");
                ([(header::CONTENT_TYPE, media)], body).into_response()
            }
            Err(error) => Problem::internal(&error).into_response(),
        }
    }
}

impl<T: Template> Html<T> {
    /// The same page under another status: 422 with a form's errors, 404 …
    pub fn status(self, status: StatusCode) -> Response {
        let mut response = self.into_response();
        if response.status() == StatusCode::OK {
            *response.status_mut() = status;
        }
        response
    }
}

/// 303 to a page of ours, after a POST.
pub fn see_other(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let value = HeaderValue::from_str(path).unwrap_or_else(|_| HeaderValue::from_static("/app"));
    response.headers_mut().insert(header::LOCATION, value);
    response
}
