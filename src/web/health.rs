//! What operators and load balancers ask: `/healthz`, `/readyz`, `/metrics`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::time::timeout;

use crate::web::Web;
use crate::web::pages::admin::Source;

/// How long the store may take to answer: whoever probes gives up soon, too.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// Something that can be asked without waiting.
type Ask<T> = Arc<dyn Fn() -> T + Send + Sync>;

/// Where the answers come from; the server wires them, tests leave them out.
#[derive(Clone, Default)]
pub struct Probes {
    /// Files the server reads again when they change.
    pub files: Option<Ask<Vec<Source>>>,
    /// What is not ready yet, e.g. `link table: loading`; empty when links can be followed.
    pub waiting: Option<Ask<Vec<String>>>,
    /// The metrics in Prometheus' text format.
    pub metrics: Option<Ask<String>>,
}

/// The three routes; none needs a sign-in, none says anything about people.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

/// 200 when the store answers and nothing else is waited for, else 503 with one reason a line.
async fn ready(State(web): State<Web>) -> Response {
    let mut reasons = web
        .front
        .probes
        .waiting
        .as_ref()
        .map_or_else(Vec::new, |ask| ask());
    let reason = match timeout(PATIENCE, web.app.store.ping()).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(late) => Some(late.to_string()),
    };
    if let Some(error) = reason {
        tracing::warn!(error, "store does not answer");
        reasons.push("store: does not answer".to_owned());
    }
    if reasons.is_empty() {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n").into_response()
    }
}

async fn metrics(State(web): State<Web>) -> Response {
    match &web.front.probes.metrics {
        Some(ask) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], ask()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
