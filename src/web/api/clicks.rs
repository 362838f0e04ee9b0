//! `/api/v1/clicks`: see api.md.

use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::app::clicks::{OverruleError, overrule_click};
use crate::app::{App, Permission};
use crate::domain::{Class, ClickId};
use crate::storage::clicks::{ClickFilter, ClickView};
use crate::web::pages::paged::cut;
use crate::web::{Authed, Json, List, Page, Path, Problem, Query, Web};

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(list_clicks))
        .routes(routes!(count_clicks))
        .routes(routes!(post_click_class))
}

/// A click.
#[derive(Debug, Serialize, ToSchema)]
pub struct Click {
    id: Uuid,
    at: Timestamp,
    /// The link's code.
    link: String,
    /// `human`, `preview`, `bot`, `prefetch`, `repeat`, `internal`, `self` or `suspect`; only `human` counts.
    class: &'static str,
    /// Why.
    reason: String,
    /// Visible time believed, milliseconds; null: not measured.
    dwell_ms: Option<i64>,
    valid: bool,
    /// ISO 3166 code.
    country: Option<String>,
    region: Option<String>,
    city: Option<String>,
    browser: Option<String>,
    os: Option<String>,
    device: Option<String>,
    /// The referrer's host.
    referrer: Option<String>,
    /// Scanned from a QR code, not tapped.
    scan: bool,
}

impl From<ClickView> for Click {
    fn from(view: ClickView) -> Self {
        Self {
            id: view.id.0,
            at: Timestamp::from_millisecond(view.id.unix_ms()).unwrap_or(Timestamp::UNIX_EPOCH),
            link: view.link,
            class: view.class.as_str(),
            reason: view.reason,
            dwell_ms: view.dwell_ms,
            valid: view.valid,
            country: view.country,
            region: view.region,
            city: view.city,
            browser: view.browser,
            os: view.os,
            device: view.device,
            referrer: view.referrer,
            scan: view.scan,
        }
    }
}

/// How many clicks.
#[derive(Debug, Serialize, ToSchema)]
pub struct Count {
    /// Counted row by row.
    count: i64,
}

/// Which clicks.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// Code of a link.
    link: Option<String>,
    /// A class.
    #[param(example = "human")]
    class: Option<String>,
    /// From this instant, inclusive.
    from: Option<Timestamp>,
    /// To this instant, exclusive.
    to: Option<Timestamp>,
    /// Of a list: how many at most, 1 to 200, default 50.
    limit: Option<u16>,
    /// Of a list: `next_cursor` of the page before.
    cursor: Option<String>,
}

impl Which {
    async fn filter(&self, app: &App) -> Result<ClickFilter, Problem> {
        let link = match &self.link {
            None => None,
            Some(code) => {
                let link = app.store.link(code).await?;
                Some(
                    link.ok_or_else(|| Problem::not_found(format!("link {code:?}")))?
                        .id,
                )
            }
        };
        Ok(ClickFilter {
            link,
            class: self
                .class
                .as_deref()
                .map(|text| class("?class", text))
                .transpose()?,
            from_ms: self.from.map(Timestamp::as_millisecond),
            to_ms: self.to.map(Timestamp::as_millisecond),
        })
    }
}

/// Clicks of every class, newest first.
#[utoipa::path(
    get, path = "/clicks", tag = "clicks", params(Which),
    responses(
        (status = 200, body = List<Click>),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such link"),
    ),
)]
async fn list_clicks(
    State(app): State<App>,
    authed: Authed,
    Query(which): Query<Which>,
) -> Result<Json<List<Click>>, Problem> {
    authed.need(Permission::ReadTracker)?;
    let page = Page {
        limit: which.limit,
        cursor: None,
    };
    let limit = page.limit()?;
    let before = match &which.cursor {
        None => None,
        Some(text) => Some(ClickId(Uuid::parse_str(text).map_err(|_| {
            Problem::field("?cursor", "expected the next_cursor of an earlier answer")
        })?)),
    };
    let filter = which.filter(&app).await?;
    let mut rows = app.store.clicks(&filter, before, limit + 1).await?;
    let more = cut(&mut rows, limit);
    let next_cursor = rows.last().filter(|_| more).map(|row| row.id.to_string());
    Ok(Json(List {
        data: rows.into_iter().map(Click::from).collect(),
        next_cursor,
    }))
}

/// How many clicks there are, counted from their rows.
#[utoipa::path(
    get, path = "/clicks/count", tag = "clicks", params(Which),
    responses(
        (status = 200, body = Count),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "No such link"),
    ),
)]
async fn count_clicks(
    State(app): State<App>,
    authed: Authed,
    Query(which): Query<Which>,
) -> Result<Json<Count>, Problem> {
    authed.need(Permission::ReadTracker)?;
    let filter = which.filter(&app).await?;
    let count = app.store.count_clicks(&filter).await?;
    Ok(Json(Count { count }))
}

/// What a click shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClass {
    /// A class.
    #[schema(example = "human")]
    class: String,
    /// Why; kept in the audit log.
    reason: String,
}

/// Overrules a click's class. Rollups, points and the leads and orders that hang on it follow; the rules do not touch it
/// again.
#[utoipa::path(
    post, path = "/clicks/{id}/class", tag = "clicks", request_body = NewClass,
    params(("id" = Uuid, Path, description = "The click")),
    responses((status = 200, body = Click)),
)]
async fn post_click_class(
    State(app): State<App>,
    authed: Authed,
    Path(id): Path<String>,
    Json(new): Json<NewClass>,
) -> Result<Json<Click>, Problem> {
    let actor = authed.need(Permission::OverruleClicks)?;
    let id = Uuid::parse_str(&id).map_err(|_| Problem::not_found(format!("click {id:?}")))?;
    let class = class("/class", &new.class)?;
    let click = overrule_click(&app, actor, ClickId(id), class, &new.reason).await;
    match click {
        Ok(click) => Ok(Json(click.into())),
        Err(OverruleError::NotFound(id)) => Err(Problem::not_found(format!("click {id}"))),
        Err(error @ OverruleError::Reason) => Err(Problem::field("/reason", error)),
        Err(error @ (OverruleError::Own | OverruleError::Forbidden)) => {
            Err(Problem::forbidden(error.to_string()))
        }
        Err(OverruleError::Store(error)) => Err(error.into()),
    }
}

fn class(pointer: &str, text: &str) -> Result<Class, Problem> {
    text.parse().map_err(|()| {
        let words: Vec<&str> = Class::ALL.into_iter().map(Class::as_str).collect();
        Problem::field(pointer, format!("expected one of {}", words.join(", ")))
    })
}
