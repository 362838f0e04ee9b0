//! The site put together: pages, API, files, and the layers around them.

use std::any::Any;
use std::time::Duration;

use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, Method, Request, Response, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::csrf::CsrfLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::web::{
    Problem, Web, api, assets, docs, drain, gate, health, idempotency, landing, layers, pages, session,
};

/// Bodies, unless a route says otherwise, bytes.
const BODY_LIMIT: usize = 1 << 20;

/// An answer that takes longer is given up: the largest import takes a fraction of it.
const TIMEOUT: Duration = Duration::from_secs(60);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Everything but the redirect and the beacon, which carry none of these layers. Merge those beside it: this router
/// has no fallback, so that `/{code}` can have the rest.
pub fn router(web: Web) -> Router {
    let limit_ms = web.app.programme.dwell_limit_ms;
    let pages = pages::routes()
        .layer(middleware::from_fn_with_state(web.clone(), gate::pages))
        .layer(session::layer(&web.app));
    let api = api::router()
        .layer(middleware::from_fn_with_state(web.app.clone(), idempotency))
        .layer(middleware::from_fn_with_state(web.clone(), gate::api));
    let site = Router::new()
        .route("/", get(|| async { Redirect::to("/app") }))
        .merge(pages)
        .merge(landing::routes())
        .merge(api)
        .merge(docs::routes())
        .merge(assets::routes())
        .route("/b.js", get(async move || crate::redirect::script(limit_ms)))
        .route("/app/{*rest}", get(nothing))
        .route("/api/{*rest}", axum::routing::any(nothing))
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(csrf())
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            TIMEOUT,
        ))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(drain::drain))
        .layer(middleware::from_fn_with_state(web.clone(), layers::problems))
        .layer(middleware::from_fn(layers::guard))
        .layer(
            CompressionLayer::new().compress_when(
                SizeAbove::new(512)
                    .and(NotForContentType::IMAGES)
                    .and(NotForContentType::SSE),
            ),
        );
    site.merge(health::routes())
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .with_state(web)
}

/// The path only: queries carry tokens.
fn span(request: &Request<Body>) -> tracing::Span {
    let id = request
        .headers()
        .get(REQUEST_ID)
        .and_then(|v| v.to_str().ok())
        .unwrap_or("");
    tracing::info_span!("request", method = %request.method(), path = request.uri().path(), id)
}

async fn nothing(uri: Uri) -> Problem {
    Problem::not_found(format_args!("page {:?}", uri.path()))
}

/// Refuses what another site's page sends with our visitor's cookies. What carries a key of its own (the API), or has
/// no session to abuse (beacon, landing page), comes from other sites rightly.
fn csrf() -> CsrfLayer<impl FnMut(tower_http::csrf::ProtectionError) -> Response<Body> + Clone> {
    CsrfLayer::new()
        .with_insecure_bypass(|_: &Method, uri: &Uri| {
            let path = uri.path();
            path.starts_with("/api/") || path.starts_with("/l/") || path == "/b"
        })
        .with_rejection_response(|_| {
            Problem::forbidden("this came from a page of another site; go back to ours and try there")
                .into_response()
        })
}

#[expect(clippy::needless_pass_by_value, reason = "tower-http's signature")]
fn panicked(cause: Box<dyn Any + Send + 'static>) -> Response<Body> {
    let cause = cause
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| cause.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic".to_owned());
    Problem::internal(&cause).into_response()
}
