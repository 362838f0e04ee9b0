//! `/api/v1/customers`: see api.md.

use axum::extract::{DefaultBodyLimit, State};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::conversion_view::Import;
use crate::app::{App, Permission, import_customers};
use crate::web::{Authed, Json, Lines, Problem, Web};

/// Largest import, bytes.
const IMPORT_LIMIT: usize = 8 << 20;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(import_csv))
        .layer(DefaultBodyLimit::max(IMPORT_LIMIT))
}

/// Notes customers the firm knows already (columns `phone`, `email`, `id`, `known_on`): kept as keyed hashes only, so
/// that "new customers only" can tell. Without a date they are known from now on.
#[utoipa::path(
    post, path = "/customers/import", tag = "conversions",
    request_body(content = String, content_type = "text/csv"),
    responses(
        (status = 200, body = Import),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Not such a file"),
    ),
)]
async fn import_csv(
    State(app): State<App>,
    authed: Authed,
    Lines(bytes): Lines,
) -> Result<Json<Import>, Problem> {
    authed.need(Permission::SendConversions)?;
    Ok(Json(import_customers(&app, &bytes).await?.into()))
}
