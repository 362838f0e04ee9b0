//! The API's description to read and try: Swagger UI, vendored.

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::web::html::Html;
use crate::web::{Web, assets};

/// Swagger UI styles its parts inline and draws `data:` pictures; scripts stay ours.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

#[derive(askama::Template)]
#[template(path = "docs.html")]
struct Docs;

impl Docs {
    #[expect(clippy::unused_self, reason = "called by the template")]
    fn asset(&self, name: &str) -> &'static str {
        assets::url(name)
    }
}

/// `GET /api/docs`.
pub fn routes() -> Router<Web> {
    Router::new().route("/api/docs", get(page))
}

async fn page() -> Response {
    let mut response = Html(Docs).into_response();
    let policy = HeaderValue::from_static(CSP);
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}
