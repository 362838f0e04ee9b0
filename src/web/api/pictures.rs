//! `/api/v1/links/{code}/qr.svg`, `qr.png`, `poster.png`: see api.md.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::app::mint::visible_link;
use crate::app::pictures::{PictureRefusal, PosterWords, link_poster, link_qr};
use crate::share::{PosterError, QrError};
use crate::web::i18n::Lang;
use crate::web::{Authed, Front, Path, Problem, Query, Web};

/// Side of a QR code unless said, px.
const QR_SIZE: u32 = 600;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(get_qr_svg))
        .routes(routes!(get_qr_png))
        .routes(routes!(get_poster))
}

/// How a QR code is drawn.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct QrOptions {
    /// Side in pixels, 120–2000; 600 unless said.
    size: Option<u32>,
    /// Puts the campaign's picture in the middle (error correction H).
    #[serde(default)]
    logo: bool,
}

/// What a poster says besides names.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PosterOptions {
    /// `zh` or `en`; the firm's language unless said.
    lang: Option<String>,
}

impl From<PictureRefusal> for Problem {
    fn from(refusal: PictureRefusal) -> Self {
        match refusal {
            PictureRefusal::Qr(error @ (QrError::Size | QrError::TooLong)) => Self::field("?size", error),
            PictureRefusal::Qr(error @ QrError::Logo(_)) => Self::field("?logo", error),
            PictureRefusal::Poster(error @ PosterError::Picture(_)) => Self::conflict(error.to_string()),
            PictureRefusal::Store(error) => error.into(),
            error => Self::internal(&error),
        }
    }
}

fn file(media_type: &'static str, bytes: Vec<u8>) -> Response {
    (
        [
            (header::CONTENT_TYPE, media_type),
            (header::CACHE_CONTROL, "private, max-age=60"),
        ],
        bytes,
    )
        .into_response()
}

/// The link's QR code as SVG.
#[utoipa::path(
    get, path = "/links/{code}/qr.svg", tag = "links", params(("code" = String, Path, description = "Code"), QrOptions),
    responses(
        (status = 200, body = String, content_type = "image/svg+xml"),
    ),
)]
async fn get_qr_svg(
    State(app): State<App>,
    Authed(actor): Authed,
    Path(code): Path<String>,
    Query(options): Query<QrOptions>,
) -> Result<Response, Problem> {
    let link = visible_link(&app, &actor, &code).await?;
    let qr = link_qr(&app, &link, options.logo).await?;
    let svg = qr
        .svg(options.size.unwrap_or(QR_SIZE))
        .map_err(PictureRefusal::from)?;
    Ok(file("image/svg+xml", svg.into_bytes()))
}

/// The link's QR code as PNG.
#[utoipa::path(
    get, path = "/links/{code}/qr.png", tag = "links", params(("code" = String, Path, description = "Code"), QrOptions),
    responses(
        (status = 200, body = Vec<u8>, content_type = "image/png"),
    ),
)]
async fn get_qr_png(
    State(app): State<App>,
    Authed(actor): Authed,
    Path(code): Path<String>,
    Query(options): Query<QrOptions>,
) -> Result<Response, Problem> {
    let link = visible_link(&app, &actor, &code).await?;
    let qr = link_qr(&app, &link, options.logo).await?;
    let png = qr
        .png(options.size.unwrap_or(QR_SIZE))
        .map_err(PictureRefusal::from)?;
    Ok(file("image/png", png))
}

/// The link's poster: campaign picture, name and QR code, 1080 × 1920 px.
#[utoipa::path(
    get, path = "/links/{code}/poster.png", tag = "links",
    params(("code" = String, Path, description = "Code"), PosterOptions),
    responses(
        (status = 200, body = Vec<u8>, content_type = "image/png"),
    ),
)]
async fn get_poster(
    State(app): State<App>,
    State(front): State<Arc<Front>>,
    Authed(actor): Authed,
    Path(code): Path<String>,
    Query(options): Query<PosterOptions>,
) -> Result<Response, Problem> {
    let lang = match options.lang.as_deref() {
        None => Lang::Zh,
        Some(text) => text
            .parse()
            .map_err(|()| Problem::field("?lang", "expected zh or en"))?,
    };
    let link = visible_link(&app, &actor, &code).await?;
    let poster = link_poster(&app, &link, poster_words(lang, &front.firm)).await?;
    if !poster.missing.is_empty() {
        tracing::warn!(link = %link.code, missing = ?poster.missing, "the poster's font lacks characters");
    }
    Ok(file("image/png", poster.png))
}

/// What a poster says in this language for this firm.
pub fn poster_words(lang: Lang, firm: &str) -> PosterWords {
    PosterWords {
        invitation: lang.t("poster-invitation").to_string(),
        hint: lang.t("poster-hint").to_string(),
        disclosure: lang.t("disclosure").with("firm", firm).to_string(),
    }
}
