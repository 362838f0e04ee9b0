//! `/api/v1/webhooks`: whom to tell what happened (api.md).

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::filed::{instant, listed};
use super::refused::instant_opt;
use crate::app::webhooks::{
    WebhookMade, WebhookWish, list_deliveries, list_webhooks, make_webhook, remove_webhook, replay,
};
use crate::app::{App, Permission};
use crate::storage::deliveries::DeliveryRow;
use crate::storage::webhooks::Webhook as Row;
use crate::tell::Format;
use crate::web::extract::parse_json;
use crate::web::{Authed, Body, Json, List, Page, Path, Problem, Query, Web};

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(post_webhook, get_webhooks))
        .routes(routes!(delete_webhook))
        .routes(routes!(post_replay))
        .routes(routes!(get_deliveries))
}

/// A webhook to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// http or https; public, unless the setting `webhook_networks` allows its network.
    #[schema(example = "https://crm.example/bole")]
    url: String,
    /// `click.valid`, `lead.created`, `sale.created`, `sale.refunded`, `claim.decided`, `board.frozen`,
    /// `payout.closed`, `payout.paid`.
    events: Vec<String>,
    /// `whsec_` and the base64 of 24 to 64 bytes, or the signing secret of a Feishu or DingTalk robot. Without one a
    /// standard webhook is given one.
    secret: Option<String>,
    #[serde(default)]
    format: WebhookFormat,
}

/// How messages are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum WebhookFormat {
    /// The Standard Webhooks convention: `webhook-id`, `webhook-timestamp`, `webhook-signature: v1,…` over
    /// `id.timestamp.body`; the body is `{type, timestamp, data}`.
    #[default]
    Standard,
    /// A group robot of WeCom.
    Wecom,
    /// A group robot of Feishu.
    Feishu,
    /// A group robot of DingTalk.
    Dingtalk,
}

impl From<WebhookFormat> for Format {
    fn from(format: WebhookFormat) -> Self {
        match format {
            WebhookFormat::Standard => Self::Standard,
            WebhookFormat::Wecom => Self::Wecom,
            WebhookFormat::Feishu => Self::Feishu,
            WebhookFormat::Dingtalk => Self::Dingtalk,
        }
    }
}

impl From<Format> for WebhookFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Standard => Self::Standard,
            Format::Wecom => Self::Wecom,
            Format::Feishu => Self::Feishu,
            Format::Dingtalk => Self::Dingtalk,
        }
    }
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct Webhook {
    id: i64,
    url: String,
    events: Vec<String>,
    format: WebhookFormat,
    /// What messages are signed with: in the answer that made the webhook, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    created_by: String,
    created_at: Timestamp,
    /// Messages that wait to be sent.
    due: i64,
    /// Messages that were given up after a day.
    failed: i64,
    /// When one was last taken.
    sent_at: Option<Timestamp>,
}

impl Webhook {
    fn of(row: Row, secret: Option<String>) -> Self {
        Self {
            id: row.id,
            url: row.url,
            events: row.events.iter().map(ToString::to_string).collect(),
            format: row.format.into(),
            secret,
            created_by: row.created_by,
            created_at: instant(row.created_at),
            due: row.due,
            failed: row.failed,
            sent_at: instant_opt(row.sent_at),
        }
    }
}

impl From<Row> for Webhook {
    fn from(row: Row) -> Self {
        Self::of(row, None)
    }
}

/// Which messages are sent again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// Those filed since; without it all that are kept (30 days).
    since: Option<Timestamp>,
    /// Only those that were given up.
    #[serde(default)]
    failed_only: bool,
}

/// What a replay did.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replayed {
    /// Messages that are due again, with the ids they had; at most 10 000, the oldest first.
    queued: u64,
}

/// A message on its way to a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct Delivery {
    id: i64,
    /// `webhook-id`.
    message: String,
    event: String,
    filed_at: Timestamp,
    /// `due`, `sent` or `failed`.
    state: String,
    attempts: i64,
    /// When it is tried next.
    next_at: Option<Timestamp>,
    /// HTTP status of the last answer.
    status: Option<i64>,
    /// What was wrong the last time.
    detail: String,
    done_at: Option<Timestamp>,
}

impl From<DeliveryRow> for Delivery {
    fn from(row: DeliveryRow) -> Self {
        Self {
            id: row.id,
            message: row.message,
            event: row.event,
            filed_at: instant(row.at),
            next_at: (row.state == "due").then(|| instant(row.next_at)),
            state: row.state,
            attempts: row.attempts,
            status: row.status,
            detail: row.detail,
            done_at: instant_opt(row.done_at),
        }
    }
}

/// Makes a webhook. Messages are sent at least once, tried again with growing pauses for a day.
#[utoipa::path(
    post, path = "/webhooks", tag = "webhooks", request_body = NewWebhook,
    responses(
        (status = 201, body = Webhook, description = "With its secret, said once"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "Too many webhooks"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn post_webhook(
    State(app): State<App>,
    authed: Authed,
    Json(new): Json<NewWebhook>,
) -> Result<(StatusCode, Json<Webhook>), Problem> {
    let actor = authed.need(Permission::Administer)?;
    let wish = WebhookWish {
        url: new.url,
        events: new.events,
        secret: new.secret,
        format: new.format.into(),
    };
    let WebhookMade { webhook, secret } = make_webhook(&app, actor, &wish).await?;
    Ok((StatusCode::CREATED, Json(Webhook::of(webhook, secret))))
}

/// Webhooks, newest first, without their secrets.
#[utoipa::path(
    get, path = "/webhooks", tag = "webhooks", params(Page),
    responses((status = 200, body = List<Webhook>), (status = 403, body = Problem, content_type = "application/problem+json")),
)]
async fn get_webhooks(
    State(app): State<App>,
    authed: Authed,
    Query(page): Query<Page>,
) -> Result<Json<List<Webhook>>, Problem> {
    let actor = authed.need(Permission::Administer)?;
    let limit = page.limit()?;
    let rows = list_webhooks(&app, actor, page.after_id()?, limit + 1).await?;
    Ok(listed(rows, limit, |row| row.id))
}

/// Deletes a webhook; what waits for it is given up.
#[utoipa::path(
    delete, path = "/webhooks/{id}", tag = "webhooks", params(("id" = i64, Path)),
    responses(
        (status = 204, description = "Deleted"),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn delete_webhook(
    State(app): State<App>,
    authed: Authed,
    Path(id): Path<i64>,
) -> Result<StatusCode, Problem> {
    let actor = authed.need(Permission::Administer)?;
    remove_webhook(&app, actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends messages again, with the ids they had; an empty body means all that are kept.
#[utoipa::path(
    post, path = "/webhooks/{id}/replay", tag = "webhooks", params(("id" = i64, Path)), request_body = Option<Replay>,
    responses(
        (status = 202, body = Replayed),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 422, body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn post_replay(
    State(app): State<App>,
    authed: Authed,
    Path(id): Path<i64>,
    Body(bytes): Body,
) -> Result<(StatusCode, Json<Replayed>), Problem> {
    let actor = authed.need(Permission::Administer)?;
    let wish: Replay = if bytes.is_empty() {
        Replay::default()
    } else {
        parse_json(&bytes)?
    };
    let since = wish.since.map_or(0, Timestamp::as_millisecond);
    let queued = replay(&app, actor, id, since, wish.failed_only).await?;
    Ok((StatusCode::ACCEPTED, Json(Replayed { queued })))
}

/// A webhook's messages, newest first: what was sent, what waits, and what was wrong.
#[utoipa::path(
    get, path = "/webhooks/{id}/deliveries", tag = "webhooks", params(("id" = i64, Path), Page),
    responses(
        (status = 200, body = List<Delivery>),
        (status = 403, body = Problem, content_type = "application/problem+json"),
        (status = 404, body = Problem, content_type = "application/problem+json"),
    ),
)]
async fn get_deliveries(
    State(app): State<App>,
    authed: Authed,
    Path(id): Path<i64>,
    Query(page): Query<Page>,
) -> Result<Json<List<Delivery>>, Problem> {
    let actor = authed.need(Permission::Administer)?;
    let limit = page.limit()?;
    let rows = list_deliveries(&app, actor, id, page.after_id()?, limit + 1).await?;
    Ok(listed(rows, limit, |row| row.id))
}
