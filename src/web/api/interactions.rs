//! `/api/v1/interactions`: exchanges with friends under a share.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::filed::{Narrow, NewDecision, filed, instant, listed, narrowed};
use crate::app::interaction::{
    InteractionToFile, decide_on_interaction, file_interaction, share_told_by_link,
};
use crate::app::{Actor, App, Permission};
use crate::storage::interactions::InteractionRow;
use crate::web::{Authed, Json, List, Path, Problem, Query, Web};

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(post_interaction, list_interactions))
        .routes(routes!(post_interaction_decision))
}

/// A friend's positive exchange under a share.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInteraction {
    /// Employee code.
    employee: String,
    /// Id of the share it was under; or `link` and `channel`.
    share: Option<i64>,
    /// Code of the link that was shared: the latest share of it on `channel` is meant.
    link: Option<String>,
    /// Where it was shared.
    #[schema(example = "wechat")]
    channel: Option<String>,
    /// The friend, as the employee calls them; once per friend per share. Unless said, told apart by `evidence_url`, else by
    /// the instant.
    friend: Option<String>,
    /// When; not in the future, not before the share. Either this or `posted_at`.
    occurred_at: Option<Timestamp>,
    /// The same.
    posted_at: Option<Timestamp>,
    /// Where it can be seen.
    evidence_url: Option<String>,
}

/// Longest friend told apart by an address, characters.
const FRIEND_MAX: usize = 60;

impl NewInteraction {
    fn at(&self) -> Result<Timestamp, Problem> {
        match (self.occurred_at, self.posted_at) {
            (Some(at), None) | (None, Some(at)) => Ok(at),
            _ => Err(Problem::field(
                "/occurred_at",
                "expected either occurred_at or posted_at",
            )),
        }
    }

    /// Whom the exchange was with. An address ends with what tells it from others.
    fn friend(&self, at: Timestamp) -> String {
        let address = self.evidence_url.as_deref().map(|url| {
            let short = url.split_once("://").map_or(url, |(_, rest)| rest);
            let skip = short.chars().count().saturating_sub(FRIEND_MAX);
            short.chars().skip(skip).collect()
        });
        let told = self.friend.clone().or(address);
        told.unwrap_or_else(|| at.to_string())
    }

    async fn share(&self, app: &App, actor: &Actor, at: Timestamp) -> Result<i64, Problem> {
        match (self.share, &self.link, &self.channel) {
            (Some(share), None, None) => Ok(share),
            (None, Some(link), Some(channel)) => {
                let told = (link.as_str(), channel.as_str());
                Ok(share_told_by_link(app, actor, &self.employee, told, at).await?)
            }
            (None, Some(_), None) => Err(Problem::field(
                "/channel",
                "expected the channel of the share, like \"wechat\"",
            )),
            _ => Err(Problem::field(
                "/share",
                "expected either the id of a share, or link and channel",
            )),
        }
    }
}

/// An exchange and what it earned.
#[derive(Debug, Serialize, ToSchema)]
pub struct Interaction {
    id: i64,
    employee: String,
    share: i64,
    friend: String,
    occurred_at: Timestamp,
    evidence_url: Option<String>,
    /// `pending`, `approved` or `rejected`.
    status: String,
    /// `pending`, `earned`, `after-leaving` or `rejected`.
    outcome: String,
    /// Points in force.
    points: i64,
    decided_by: Option<String>,
    decided_at: Option<Timestamp>,
    reason: Option<String>,
}

impl From<InteractionRow> for Interaction {
    fn from(row: InteractionRow) -> Self {
        Self {
            id: row.id,
            employee: row.employee_code,
            share: row.share_id,
            friend: row.friend,
            occurred_at: instant(row.occurred_at),
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

/// Tells of a positive exchange with a friend under a share; it waits for a decision.
#[utoipa::path(
    post, path = "/interactions", tag = "points", request_body = NewInteraction,
    responses(
        (status = 201, body = Interaction, description = "Stored, pending"),
        (status = 200, body = Interaction, description = "Known: the same friend under the same share again"),
    ),
)]
async fn post_interaction(
    State(app): State<App>,
    Authed(actor): Authed,
    Json(new): Json<NewInteraction>,
) -> Result<(StatusCode, Json<Interaction>), Problem> {
    let at = new.at()?;
    let new = InteractionToFile {
        share: new.share(&app, &actor, at).await?,
        friend: new.friend(at),
        employee: new.employee,
        occurred_at: at,
        evidence_url: new.evidence_url,
        picture: None,
    };
    Ok(filed(file_interaction(&app, &actor, &new).await?))
}

/// Exchanges, newest first.
#[utoipa::path(
    get, path = "/interactions", tag = "points", params(Narrow),
    responses((status = 200, body = List<Interaction>)),
)]
async fn list_interactions(
    State(app): State<App>,
    Authed(actor): Authed,
    Query(narrow): Query<Narrow>,
) -> Result<Json<List<Interaction>>, Problem> {
    let (filter, before, limit) = narrowed(&app, &actor, &narrow).await?;
    let rows = app.store.interactions(filter, before, limit + 1).await?;
    Ok(listed(rows, limit, |row| row.id))
}

/// Decides on an exchange: approved it earns 15 points, once per friend per share.
#[utoipa::path(
    post, path = "/interactions/{id}/decision", tag = "points", request_body = NewDecision,
    params(("id" = i64, Path, description = "The exchange")),
    responses(
        (status = 200, body = Interaction),
        (status = 403, body = Problem, content_type = "application/problem+json", description = "Also on one's own"),
    ),
)]
async fn post_interaction_decision(
    State(app): State<App>,
    authed: Authed,
    Path(id): Path<i64>,
    Json(new): Json<NewDecision>,
) -> Result<Json<Interaction>, Problem> {
    let actor = authed.need(Permission::DecidePoints)?;
    let row = decide_on_interaction(&app, actor, id, new.decision.into(), &new.reason).await?;
    Ok(Json(row.into()))
}
