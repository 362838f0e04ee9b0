//! `/api/v1/awards`: best creator of the month.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::filed::{filed, instant, listed};
use crate::app::award::{Post, award_for, give_best_creator};
use crate::app::{App, Permission};
use crate::storage::interactions::AwardRow;
use crate::web::{Authed, Json, List, Page, Problem, Query, Web};

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(post_award, list_awards))
}

/// An award.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAward {
    /// Employee code.
    employee: String,
    /// `best-creator` unless said.
    #[serde(default)]
    kind: AwardKind,
    /// A month that has begun; the one of `posted_at` unless said, without that the last one that is over.
    #[schema(example = "2026-11")]
    month: Option<String>,
    /// Why, 1–500 characters; unless said, what was posted where.
    reason: Option<String>,
    /// Code of the link of theirs that was shared.
    link: Option<String>,
    /// The link's channel.
    #[schema(example = "wechat")]
    channel: Option<String>,
    /// When it was posted; not in the future.
    posted_at: Option<Timestamp>,
    /// Where it can be seen.
    evidence_url: Option<String>,
}

/// Kinds of awards.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AwardKind {
    /// Best content creator of the month: one per month.
    #[default]
    BestCreator,
}

/// An award that was given.
#[derive(Debug, Serialize, ToSchema)]
pub struct Award {
    id: i64,
    employee: String,
    kind: String,
    month: String,
    points: i64,
    reason: String,
    given_by: String,
    given_at: Timestamp,
}

impl From<AwardRow> for Award {
    fn from(row: AwardRow) -> Self {
        Self {
            id: row.id,
            employee: row.employee_code,
            kind: row.kind,
            month: row.month,
            points: row.points,
            reason: row.reason,
            given_by: row.given_by,
            given_at: instant(row.given_at),
        }
    }
}

/// Gives an award: best content creator of the month, 500 points, one per month.
#[utoipa::path(
    post, path = "/awards", tag = "points", request_body = NewAward,
    responses(
        (status = 201, body = Award, description = "Given"),
        (status = 200, body = Award, description = "Known: the same award again"),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Also to oneself"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "The month has one"),
    ),
)]
async fn post_award(
    State(app): State<App>,
    authed: Authed,
    Json(new): Json<NewAward>,
) -> Result<(StatusCode, Json<Award>), Problem> {
    let actor = authed.need(Permission::DecidePoints)?;
    let AwardKind::BestCreator = new.kind;
    let post = Post {
        link: new.link,
        channel: new.channel,
        posted_at: new.posted_at,
        evidence_url: new.evidence_url,
    };
    let new = award_for(&app, new.employee, (new.month, new.reason), &post).await?;
    Ok(filed(give_best_creator(&app, actor, &new).await?))
}

/// Awards, newest first.
#[utoipa::path(
    get, path = "/awards", tag = "points", params(Page),
    responses((status = 200, body = List<Award>), (status = 403, body = Problem, content_type = "application/problem+json")),
)]
async fn list_awards(
    State(app): State<App>,
    authed: Authed,
    Query(page): Query<Page>,
) -> Result<Json<List<Award>>, Problem> {
    authed.need(Permission::ReadTracker)?;
    let limit = page.limit()?;
    let rows = app.store.awards(None, page.after_id()?, limit + 1).await?;
    Ok(listed(rows, limit, |row| row.id))
}
