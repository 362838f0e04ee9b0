//! `/api/v1/points`: see api.md.

use utoipa_axum::router::OpenApiRouter;

use crate::web::Web;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
}
