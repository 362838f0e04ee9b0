//! `/api/v1/links`: see api.md.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Amount;
use super::filed::{instant, listed};
use super::refused::{OwnerFilter, instant_opt, nullable, present};
use crate::app::filing::Filed;
use crate::app::mint::{
    self, BULK_MAX, change_link, mint, mint_bulk, narrowed_campaign, narrowed_employee, visible_link,
};
use crate::app::pictures::leads_to;
use crate::app::{App, Change, Permission};
use crate::domain::Money;
use crate::share::UtmOverrides;
use crate::storage::links;
use crate::web::extract::parse_value;
use crate::web::{Authed, Json, List, Path, Problem, Query, Web};

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(post_link, list_links))
        .routes(routes!(get_link, patch_link))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(post_bulk))
                .layer(DefaultBodyLimit::max(4 * 1024 * 1024)),
        )
}

/// Own UTM values of a link, where they differ from the defaults.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Utm {
    /// Instead of the channel.
    source: Option<String>,
    /// Instead of `employee`.
    medium: Option<String>,
    /// Instead of the campaign's slug.
    campaign: Option<String>,
    /// Instead of the employee code.
    content: Option<String>,
    /// Not sent by default.
    term: Option<String>,
}

impl From<Utm> for UtmOverrides {
    fn from(u: Utm) -> Self {
        Self {
            source: u.source,
            medium: u.medium,
            campaign: u.campaign,
            content: u.content,
            term: u.term,
        }
    }
}

impl From<UtmOverrides> for Utm {
    fn from(u: UtmOverrides) -> Self {
        Self {
            source: u.source,
            medium: u.medium,
            campaign: u.campaign,
            content: u.content,
            term: u.term,
        }
    }
}

/// A link to be minted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLink {
    /// Employee code.
    employee: String,
    /// Campaign slug.
    campaign: String,
    /// Where it is posted; becomes `utm_source`.
    #[schema(example = "wechat-moments")]
    channel: String,
    /// With which material.
    material: Option<String>,
    /// A wished slug: 3–30 ASCII letters, digits, `-`.
    slug: Option<String>,
    /// Expiry, exclusive.
    expires_at: Option<Timestamp>,
    /// Own destination, on the campaign's allow-list.
    destination: Option<String>,
    utm: Option<Utm>,
}

impl From<NewLink> for mint::NewLink {
    fn from(new: NewLink) -> Self {
        Self {
            employee: new.employee,
            campaign: new.campaign,
            channel: new.channel,
            material: new.material,
            slug: new.slug,
            expires_at: new.expires_at,
            destination: new.destination,
            utm: new.utm.map(Into::into),
        }
    }
}

/// What is to change of a link; absent fields stay, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkChange {
    #[serde(default, deserialize_with = "present")]
    disabled: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Timestamp>)]
    expires_at: Change<Timestamp>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    destination: Change<String>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Utm>)]
    utm: Change<Utm>,
}

/// A link.
#[derive(Debug, Serialize, ToSchema)]
pub struct Link {
    id: i64,
    code: String,
    short_url: String,
    employee: String,
    campaign: String,
    channel: String,
    material: Option<String>,
    /// Where a click leads, without its token.
    destination: String,
    utm: Option<Utm>,
    expires_at: Option<Timestamp>,
    disabled: bool,
    /// Whether a visitor's re-sharing made it: indirect credit only.
    child: bool,
    /// Its QR code as SVG.
    qr_svg: String,
    /// Its QR code as PNG.
    qr_png: String,
    /// Its poster as PNG.
    poster: String,
    created_at: Timestamp,
}

/// What came of a link (from the rollups).
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkStats {
    requests: i64,
    human: i64,
    valid: i64,
    leads: i64,
    sales: i64,
    #[schema(value_type = String, example = "199.00")]
    amount: Amount,
}

/// A link with what came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkWithStats {
    #[serde(flatten)]
    link: Link,
    stats: LinkStats,
}

/// One answer of a bulk call.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum BulkAnswer {
    /// 201 or 200.
    Minted {
        /// What this link alone would have been answered with.
        status: u16,
        #[serde(flatten)]
        link: Box<Link>,
    },
    /// The problem this link alone would have been answered with.
    Refused(Problem),
}

/// The answers of a bulk call, in the order of the links.
#[derive(Debug, Serialize, ToSchema)]
pub struct BulkAnswers {
    data: Vec<BulkAnswer>,
}

fn shown(app: &App, link: links::Link) -> Link {
    let code = link.code.as_str();
    let picture = |name: &str| app.urls.on_base(&format!("/api/v1/links/{code}/{name}"));
    Link {
        id: link.id.0,
        short_url: app.urls.short_url(code),
        destination: leads_to(&link),
        qr_svg: picture("qr.svg"),
        qr_png: picture("qr.png"),
        poster: picture("poster.png"),
        code: code.to_owned(),
        employee: link.employee_code,
        campaign: link.campaign_slug,
        channel: link.channel,
        material: Some(link.material).filter(|m| !m.is_empty()),
        utm: link.facts.utm.map(Into::into),
        expires_at: instant_opt(link.facts.expires_at),
        disabled: link.facts.disabled_at.is_some(),
        child: link.parent.is_some(),
        created_at: instant(link.created_at),
    }
}

fn answered(app: &App, minted: Filed<links::Link>) -> (StatusCode, Link) {
    match minted {
        Filed::New(link) => (StatusCode::CREATED, shown(app, link)),
        Filed::Known(link) => (StatusCode::OK, shown(app, link)),
    }
}

/// Mints a link, or answers with the one that exists for the same employee, campaign, channel and material.
#[utoipa::path(
    post, path = "/links", tag = "links", request_body = NewLink,
    responses(
        (status = 201, body = Link, description = "Minted"),
        (status = 200, body = Link, description = "It exists"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The slug is taken, or the link exists under another one"),
    ),
)]
async fn post_link(
    State(app): State<App>,
    Authed(actor): Authed,
    Json(new): Json<NewLink>,
) -> Result<(StatusCode, Json<Link>), Problem> {
    let (status, link) = answered(&app, mint(&app, &actor, &new.into()).await?);
    Ok((status, Json(link)))
}

/// Mints up to 1 000 links; each is answered as it would be alone.
#[utoipa::path(
    post, path = "/links/bulk", tag = "links", request_body = Vec<NewLink>,
    responses((status = 200, body = BulkAnswers)),
)]
async fn post_bulk(
    State(app): State<App>,
    authed: Authed,
    Json(body): Json<serde_json::Value>,
) -> Result<Json<BulkAnswers>, Problem> {
    let actor = authed.need(Permission::Own)?;
    // A list, or the list in an object as answers have it.
    let items = match body {
        serde_json::Value::Array(items) => items,
        serde_json::Value::Object(mut object) => {
            match object.remove("links").or_else(|| object.remove("data")) {
                Some(serde_json::Value::Array(items)) => items,
                _ => return Err(Problem::field("/links", "expected a list of links")),
            }
        }
        _ => return Err(Problem::field("", "expected a list of links")),
    };
    if items.is_empty() || items.len() > BULK_MAX {
        return Err(Problem::field("", format!("expected 1 to {BULK_MAX} links")));
    }
    let parsed: Vec<Result<mint::NewLink, Problem>> = items
        .into_iter()
        .map(|item| parse_value::<NewLink>(item).map(Into::into))
        .collect();
    let readable: Vec<mint::NewLink> = parsed.iter().filter_map(|p| p.as_ref().ok()).cloned().collect();
    let mut minted = mint_bulk(&app, actor, &readable).await?.into_iter();
    let mut data = Vec::with_capacity(parsed.len());
    for item in parsed {
        let answer = item.and_then(|_| match minted.next() {
            Some(result) => result.map_err(Problem::from),
            None => Err(Problem::internal(&"a bulk answer is missing")),
        });
        data.push(match answer {
            Ok(minted) => {
                let (status, link) = answered(&app, minted);
                BulkAnswer::Minted {
                    status: status.as_u16(),
                    link: Box::new(link),
                }
            }
            Err(problem) => BulkAnswer::Refused(problem),
        });
    }
    Ok(Json(BulkAnswers { data }))
}

/// Links of employees, oldest first; a key tied to a person without further rights sees that person's.
#[utoipa::path(
    get, path = "/links", tag = "links", params(OwnerFilter),
    responses((status = 200, body = List<Link>)),
)]
async fn list_links(
    State(app): State<App>,
    Authed(actor): Authed,
    Query(filter): Query<OwnerFilter>,
) -> Result<Json<List<Link>>, Problem> {
    let employee = narrowed_employee(&app, &actor, filter.employee.as_deref()).await?;
    let campaign = narrowed_campaign(&app, filter.campaign.as_deref()).await?;
    let (limit, after) = (filter.page().limit()?, filter.page().after_id()?);
    let rows = app.store.links(employee, campaign, after, limit + 1).await?;
    let rows = rows.into_iter().map(|link| shown(&app, link)).collect();
    Ok(listed(rows, limit, |link: &Link| link.id))
}

/// A link and what came of it.
#[utoipa::path(
    get, path = "/links/{code}", tag = "links", params(("code" = String, Path, description = "Code")),
    responses((status = 200, body = LinkWithStats)),
)]
async fn get_link(
    State(app): State<App>,
    Authed(actor): Authed,
    Path(code): Path<String>,
) -> Result<Json<LinkWithStats>, Problem> {
    let link = visible_link(&app, &actor, &code).await?;
    let totals = app.store.link_totals(link.id).await?;
    let stats = LinkStats {
        requests: totals.requests,
        human: totals.human,
        valid: totals.valid,
        leads: totals.leads,
        sales: totals.sales,
        amount: Amount(Money::from_minor(totals.amount)),
    };
    Ok(Json(LinkWithStats {
        link: shown(&app, link),
        stats,
    }))
}

/// Changes a link; the redirect follows at once.
#[utoipa::path(
    patch, path = "/links/{code}", tag = "links", params(("code" = String, Path, description = "Code")),
    request_body = LinkChange,
    responses((status = 200, body = Link)),
)]
async fn patch_link(
    State(app): State<App>,
    Authed(actor): Authed,
    Path(code): Path<String>,
    Json(change): Json<LinkChange>,
) -> Result<Json<Link>, Problem> {
    let changes = mint::LinkChanges {
        disabled: change.disabled,
        expires_at: change.expires_at,
        destination: change.destination,
        utm: change.utm.map(|utm| utm.map(Into::into)),
    };
    Ok(Json(shown(
        &app,
        change_link(&app, &actor, &code, &changes).await?,
    )))
}
