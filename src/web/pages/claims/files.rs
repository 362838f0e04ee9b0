//! A claim's attachment, for the claimant and for verifiers: always a download.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

use crate::app::claims::{ClaimError, claim_contact};
use crate::web::session::SignedIn;
use crate::web::{Path, Problem, Web, api};

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/app/claims/{id}/files/{file}", get(show))
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Path((id, file)): Path<(i64, i64)>,
) -> Result<Response, Problem> {
    let claim = web.app.store.claim(id).await?.ok_or(ClaimError::NotFound(id))?;
    // Whoever may see the customer may see the files; a look by others is audited there.
    claim_contact(&web.app, &who.actor, &claim).await?;
    let found = web.app.store.claim_file(id, file).await?;
    let (name, media_type, bytes) =
        found.ok_or_else(|| Problem::not_found(format_args!("attachment {file} of claim {id}")))?;
    Ok(api::download(&name, &media_type, bytes))
}
