//! The picture of a piece of material, for whoever is signed in.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;

use crate::app::Permission;
use crate::domain::MaterialState;
use crate::web::session::SignedIn;
use crate::web::{Path, Problem, Web};

/// The route.
pub fn routes() -> Router<Web> {
    Router::new().route("/app/campaigns/{slug}/materials/{code}/picture", get(show))
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Path((slug, code)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let missing = || Problem::not_found(format_args!("picture of material {code:?} of campaign {slug:?}"));
    let store = &web.app.store;
    let campaign = store.campaign(&slug).await?.ok_or_else(missing)?;
    let material = store.material(campaign.id, &code).await?.ok_or_else(missing)?;
    // What is not approved is for those who write it.
    if material.state != MaterialState::Approved && !who.actor.may(Permission::ReadTracker) {
        return Err(missing());
    }
    let picture = store.material_picture(material.id).await?.ok_or_else(missing)?;
    Ok(crate::web::picture::answer(
        &headers,
        &picture.media_type,
        picture.bytes,
        picture.changed_at,
    ))
}
