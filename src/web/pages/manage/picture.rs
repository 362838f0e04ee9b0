//! A campaign's picture: putting it, and showing it to whoever is signed in.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};

use super::campaign::{form_page, known};
use super::form::CampaignForm;
use crate::app::campaigns::put_picture;
use crate::app::{Permission, Refused};
use crate::web::html::{Html, see_other};
use crate::web::session::SignedIn;
use crate::web::{Path, Problem, Web};

/// The largest upload, bytes: a phone's photo.
pub const LIMIT: usize = 12 << 20;

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/campaigns/{slug}/picture", get(show))
        .route(
            "/app/manage/campaigns/{slug}/picture",
            post(put).layer(DefaultBodyLimit::max(LIMIT)),
        )
}

async fn show(
    State(web): State<Web>,
    _who: SignedIn,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let missing = || Problem::not_found(format_args!("picture of campaign {slug:?}"));
    let campaign = web.app.store.campaign(&slug).await?.ok_or_else(missing)?;
    let picture = web
        .app
        .store
        .campaign_picture(campaign.id)
        .await?
        .ok_or_else(missing)?;
    Ok(crate::web::picture::answer(
        &headers,
        &picture.media_type,
        picture.bytes,
        picture.changed_at,
    ))
}

async fn put(
    State(web): State<Web>,
    who: SignedIn,
    Path(slug): Path<String>,
    multipart: Result<Multipart, axum::extract::multipart::MultipartRejection>,
) -> Result<Response, Problem> {
    who.need(Permission::WriteCampaigns)?;
    let campaign = known(&web, &who, &slug).await?;
    let multipart = multipart.map_err(|_| Problem::unreadable("expected a form with a file"))?;
    let bytes = first_file(multipart).await?;
    let refused = match put_picture(&web.app, &who.actor, &slug, bytes).await {
        Ok(_) => return Ok(see_other(&format!("/app/manage/campaigns/{slug}?done=picture"))),
        Err(refused) => refused,
    };
    match refused {
        Refused::Wrong(_) | Refused::Conflict(_) => {
            let mut page = form_page(&web, &who, Some(&campaign), CampaignForm::of_campaign(&campaign));
            page.picture_error = Some(who.lang.t("campaign-picture-wrong").to_string());
            Ok(Html(page).status(StatusCode::UNPROCESSABLE_ENTITY))
        }
        other => Err(other.into()),
    }
}

/// The bytes of the field `picture`; none where there is no file or one of more than 12 MB, so that it is said at the
/// field as with any other file that is no picture.
pub async fn first_file(mut multipart: Multipart) -> Result<Vec<u8>, Problem> {
    let broken = |error: axum::extract::multipart::MultipartError| {
        if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
            Ok(Vec::new())
        } else {
            Err(Problem::unreadable("the upload could not be read to its end"))
        }
    };
    loop {
        match multipart.next_field().await {
            Ok(Some(field)) if field.name() == Some("picture") => {
                return field.bytes().await.map(|bytes| bytes.to_vec()).or_else(broken);
            }
            Ok(Some(_)) => {}
            Ok(None) => return Ok(Vec::new()),
            Err(error) => return broken(error),
        }
    }
}
