//! `/api/v1/shares`: see api.md.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::filed::{Narrow, NewDecision, filed, instant, listed, narrowed};
use crate::app::share::{ShareToFile, decide_on_share, file_share};
use crate::app::{App, Permission};
use crate::storage::shares::ShareRow;
use crate::web::{Authed, Json, List, Path, Problem, Query, Web};

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(post_share, list_shares))
        .routes(routes!(post_share_decision))
}

/// A share that was posted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewShare {
    /// Employee code.
    employee: String,
    /// Code of one of their own links.
    link: String,
    /// The link's channel.
    #[schema(example = "wechat")]
    channel: String,
    /// When it was posted; not in the future.
    posted_at: Timestamp,
    /// Where it can be seen.
    evidence_url: Option<String>,
}

/// A share and what it earned.
#[derive(Debug, Serialize, ToSchema)]
pub struct Share {
    id: i64,
    employee: String,
    link: String,
    campaign: String,
    material: Option<String>,
    channel: String,
    posted_at: Timestamp,
    evidence_url: Option<String>,
    /// `approved` (by the rules, until a person decides) or `rejected`.
    status: String,
    /// `earned`, `repeated-item`, `daily-limit`, `after-leaving` or `rejected`: why it did (not) earn.
    outcome: String,
    /// Points in force.
    points: i64,
    decided_by: Option<String>,
    decided_at: Option<Timestamp>,
    reason: Option<String>,
}

impl From<ShareRow> for Share {
    fn from(row: ShareRow) -> Self {
        Self {
            id: row.id,
            employee: row.employee_code,
            link: row.link_code,
            campaign: row.campaign_slug,
            material: Some(row.material).filter(|m| !m.is_empty()),
            channel: row.channel,
            posted_at: instant(row.posted_at),
            evidence_url: row.evidence_url,
            status: row.status,
            outcome: row.outcome,
            points: row.points,
            decided_by: row.decided_by,
            decided_at: row.decided_at.map(instant),
            reason: row.reason,
        }
    }
}

/// Tells of a share that was posted. It earns 10 points at once when it is the first of its item on its channel and one
/// of the day's first three; a person may find it wanting later.
#[utoipa::path(
    post, path = "/shares", tag = "points", request_body = NewShare,
    responses(
        (status = 201, body = Share, description = "Stored"),
        (status = 200, body = Share, description = "Known: the same link and instant again"),
    ),
)]
async fn post_share(
    State(app): State<App>,
    Authed(actor): Authed,
    Json(new): Json<NewShare>,
) -> Result<(StatusCode, Json<Share>), Problem> {
    let new = ShareToFile {
        employee: new.employee,
        link: new.link,
        channel: new.channel,
        posted_at: new.posted_at,
        evidence_url: new.evidence_url,
        picture: None,
    };
    Ok(filed(file_share(&app, &actor, &new).await?))
}

/// Shares, newest first.
#[utoipa::path(
    get, path = "/shares", tag = "points", params(Narrow),
    responses((status = 200, body = List<Share>)),
)]
async fn list_shares(
    State(app): State<App>,
    Authed(actor): Authed,
    Query(narrow): Query<Narrow>,
) -> Result<Json<List<Share>>, Problem> {
    let (filter, before, limit) = narrowed(&app, &actor, &narrow).await?;
    let rows = app.store.shares(filter, before, limit + 1).await?;
    Ok(listed(rows, limit, |row| row.id))
}

/// Decides on a share: rejected, its points are taken back by one more entry; approved, the rules are applied again.
#[utoipa::path(
    post, path = "/shares/{id}/decision", tag = "points", request_body = NewDecision,
    params(("id" = i64, Path, description = "The share")),
    responses(
        (status = 200, body = Share),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Also on one's own"),
    ),
)]
async fn post_share_decision(
    State(app): State<App>,
    authed: Authed,
    Path(id): Path<i64>,
    Json(new): Json<NewDecision>,
) -> Result<Json<Share>, Problem> {
    let actor = authed.need(Permission::DecidePoints)?;
    let row = decide_on_share(&app, actor, id, new.decision.into(), &new.reason).await?;
    Ok(Json(row.into()))
}
