//! `/api/v1/campaigns`: see api.md.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::filed::{filed, instant, listed};
use super::refused::{emptied, media_type, nullable, present};
use crate::app::campaigns::{self, change_campaign, create_campaign, put_picture};
use crate::app::{App, Change, Permission};
use crate::share::{MAX_PICTURE_BYTES, PictureError};
use crate::storage::campaigns as stored;
use crate::web::{Authed, Body, Json, List, Page, Path, Problem, Query, Web};

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    // One byte more than a picture may have: what is too large is told in our words.
    let pictures = OpenApiRouter::new()
        .routes(routes!(put_campaign_picture, get_campaign_picture))
        .layer(DefaultBodyLimit::max(MAX_PICTURE_BYTES + 1));
    OpenApiRouter::new()
        .routes(routes!(post_campaign, list_campaigns))
        .routes(routes!(get_campaign, patch_campaign))
        .merge(pictures)
}

/// A campaign to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCampaign {
    /// 2–60 ASCII letters, digits, `-`, `_`.
    #[schema(example = "winter-skin")]
    slug: String,
    #[schema(example = "冬季焕肤季")]
    name: String,
    /// A few sentences; also the description in link previews.
    #[serde(default)]
    description: String,
    /// Where its links lead: http(s).
    #[schema(example = "https://shop.example/winter?from=bole#book")]
    destination: String,
    /// Hosts its links may lead to (`shop.example`, `*.shop.example`, `shop.example:8443`); the destination's alone unless said.
    allowed_hosts: Option<Vec<String>>,
    /// First business day.
    #[schema(value_type = Option<String>, format = Date)]
    starts_on: Option<Date>,
    /// Last business day, inclusive.
    #[schema(value_type = Option<String>, format = Date)]
    ends_on: Option<Date>,
    /// Where disabled and expired links lead; a 410 page without it.
    fallback_url: Option<String>,
    /// Own attribution window, 1–365 days.
    attribution_window_days: Option<i64>,
}

/// What is to change of a campaign; absent fields stay, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CampaignChange {
    #[serde(default, deserialize_with = "present")]
    name: Option<String>,
    #[serde(default, deserialize_with = "emptied")]
    description: Option<String>,
    #[serde(default, deserialize_with = "present")]
    destination: Option<String>,
    #[serde(default, deserialize_with = "present")]
    allowed_hosts: Option<Vec<String>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = Date)]
    starts_on: Change<Date>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = Date)]
    ends_on: Change<Date>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    fallback_url: Change<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>)]
    attribution_window_days: Change<i64>,
    #[serde(default, deserialize_with = "present")]
    disabled: Option<bool>,
}

/// A campaign.
#[derive(Debug, Serialize, ToSchema)]
pub struct Campaign {
    id: i64,
    slug: String,
    name: String,
    description: String,
    destination: String,
    allowed_hosts: Vec<String>,
    #[schema(value_type = Option<String>, format = Date)]
    starts_on: Option<Date>,
    #[schema(value_type = Option<String>, format = Date)]
    ends_on: Option<Date>,
    fallback_url: Option<String>,
    attribution_window_days: Option<i64>,
    disabled: bool,
    /// Path of its picture, if it has one.
    picture: Option<String>,
    created_at: Timestamp,
}

impl From<stored::Campaign> for Campaign {
    fn from(c: stored::Campaign) -> Self {
        let picture = c
            .has_picture
            .then(|| format!("/api/v1/campaigns/{}/picture", c.slug));
        Self {
            id: c.id.0,
            slug: c.slug,
            name: c.facts.name,
            description: c.facts.description,
            destination: c.facts.destination,
            allowed_hosts: c.facts.allowed_hosts,
            starts_on: c.facts.starts_on,
            ends_on: c.facts.ends_on,
            fallback_url: c.facts.fallback_url,
            attribution_window_days: c.facts.attribution_window_days,
            disabled: c.facts.disabled_at.is_some(),
            picture,
            created_at: instant(c.created_at),
        }
    }
}

/// Makes a campaign.
#[utoipa::path(
    post, path = "/campaigns", tag = "campaigns", request_body = NewCampaign,
    responses(
        (status = 201, body = Campaign, description = "Made"),
        (status = 200, body = Campaign, description = "Known: the same content again"),
    ),
)]
async fn post_campaign(
    State(app): State<App>,
    authed: Authed,
    Json(new): Json<NewCampaign>,
) -> Result<(StatusCode, Json<Campaign>), Problem> {
    let actor = authed.need(Permission::WriteCampaigns)?;
    let new = campaigns::NewCampaign {
        slug: new.slug,
        name: new.name,
        description: new.description,
        destination: new.destination,
        allowed_hosts: new.allowed_hosts,
        starts_on: new.starts_on,
        ends_on: new.ends_on,
        fallback_url: new.fallback_url,
        attribution_window_days: new.attribution_window_days,
    };
    Ok(filed(create_campaign(&app, actor, &new).await?))
}

/// Campaigns, oldest first.
#[utoipa::path(
    get, path = "/campaigns", tag = "campaigns", params(Page),
    responses((status = 200, body = List<Campaign>)),
)]
async fn list_campaigns(
    State(app): State<App>,
    authed: Authed,
    Query(page): Query<Page>,
) -> Result<Json<List<Campaign>>, Problem> {
    // Whoever mints links must see what for.
    authed.need(Permission::Own)?;
    let (limit, after) = (page.limit()?, page.after_id()?);
    Ok(listed(app.store.campaigns(after, limit + 1).await?, limit, |c| {
        c.id.0
    }))
}

/// One campaign.
#[utoipa::path(
    get, path = "/campaigns/{slug}", tag = "campaigns", params(("slug" = String, Path, description = "Slug")),
    responses((status = 200, body = Campaign)),
)]
async fn get_campaign(
    State(app): State<App>,
    authed: Authed,
    Path(slug): Path<String>,
) -> Result<Json<Campaign>, Problem> {
    authed.need(Permission::Own)?;
    let found = app.store.campaign(&slug).await?;
    found
        .map(|c| Json(c.into()))
        .ok_or_else(|| Problem::not_found(format!("campaign {slug:?}")))
}

/// Changes a campaign; its links follow at once.
#[utoipa::path(
    patch, path = "/campaigns/{slug}", tag = "campaigns", params(("slug" = String, Path, description = "Slug")),
    request_body = CampaignChange,
    responses((status = 200, body = Campaign)),
)]
async fn patch_campaign(
    State(app): State<App>,
    authed: Authed,
    Path(slug): Path<String>,
    Json(change): Json<CampaignChange>,
) -> Result<Json<Campaign>, Problem> {
    let actor = authed.need(Permission::WriteCampaigns)?;
    let changes = campaigns::CampaignChanges {
        name: change.name,
        description: change.description,
        destination: change.destination,
        allowed_hosts: change.allowed_hosts,
        starts_on: change.starts_on,
        ends_on: change.ends_on,
        fallback_url: change.fallback_url,
        attribution_window_days: change.attribution_window_days,
        disabled: change.disabled,
    };
    Ok(Json(change_campaign(&app, actor, &slug, &changes).await?.into()))
}

/// Puts the campaign's picture: a PNG, JPEG or WebP file of at most 5 MB, known by its content.
#[utoipa::path(
    put, path = "/campaigns/{slug}/picture", tag = "campaigns", params(("slug" = String, Path, description = "Slug")),
    request_body(content = Vec<u8>, content_type = "image/*"),
    responses((status = 200, body = Campaign)),
)]
async fn put_campaign_picture(
    State(app): State<App>,
    authed: Authed,
    Path(slug): Path<String>,
    Body(file): Body,
) -> Result<Json<Campaign>, Problem> {
    let actor = authed.need(Permission::WriteCampaigns)?;
    if file.len() > MAX_PICTURE_BYTES {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            PictureError::TooLarge.to_string(),
        ));
    }
    if !crate::share::looks_like_picture(&file) {
        return Err(media_type("a PNG, JPEG or WebP picture; the bytes are none"));
    }
    Ok(Json(put_picture(&app, actor, &slug, file.to_vec()).await?.into()))
}

/// The campaign's picture.
#[utoipa::path(
    get, path = "/campaigns/{slug}/picture", tag = "campaigns", params(("slug" = String, Path, description = "Slug")),
    responses(
        (status = 200, body = Vec<u8>, content_type = "image/jpeg"),
    ),
)]
async fn get_campaign_picture(
    State(app): State<App>,
    authed: Authed,
    Path(slug): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    authed.need(Permission::Own)?;
    let missing = || Problem::not_found(format!("picture of campaign {slug:?}"));
    let campaign = app.store.campaign(&slug).await?.ok_or_else(missing)?;
    let picture = app
        .store
        .campaign_picture(campaign.id)
        .await?
        .ok_or_else(missing)?;
    let headers = [
        (header::CONTENT_TYPE, picture.media_type),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
    ];
    Ok((headers, picture.bytes))
}
