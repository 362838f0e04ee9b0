//! `/api/v1/payout-lines/{id}/hold`, `/release`, `/api/v1/payouts/{id}/holds`: holding pay back, with a reason, by two people.

use axum::extract::State;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::amount::Amount;
use super::claims::NewReason;
use super::filed::{instant, listed};
use super::refused::instant_opt;
use crate::app::pay::{hold_line, release_line};
use crate::app::{App, Permission};
use crate::domain::Money;
use crate::storage::pay::HoldRow;
use crate::web::{Authed, Json, List, Page, Path, Problem, Query, Web};

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(get_holds))
        .routes(routes!(post_hold))
        .routes(routes!(post_release))
}

/// A line that is or was held.
#[derive(Debug, Serialize, ToSchema)]
pub struct Hold {
    id: i64,
    line: i64,
    payout: i64,
    /// Employee code, department or customer.
    payee: String,
    /// The line's name, `zh` and `en`.
    #[schema(value_type = Object)]
    title: Value,
    amount: Amount,
    reason: String,
    held_by: String,
    held_at: Timestamp,
    /// Why it was released; empty while it is held.
    release_reason: Option<String>,
    released_at: Option<Timestamp>,
}

impl From<HoldRow> for Hold {
    fn from(row: HoldRow) -> Self {
        Self {
            id: row.id,
            line: row.line_id,
            payout: row.run_id,
            payee: row.payee,
            title: json!({ "zh": row.title_zh, "en": row.title_en }),
            amount: Amount(Money::from_minor(row.amount)),
            reason: row.reason,
            held_by: row.held_by,
            held_at: instant(row.held_at),
            release_reason: row.release_reason,
            released_at: instant_opt(row.released_at),
        }
    }
}

/// The line's last hold.
async fn last(app: &App, line: i64) -> Result<Json<Hold>, Problem> {
    let missing = || Problem::not_found(format_args!("payout line {line}"));
    let holds = app.store.holds_of_line(line, 1).await?;
    let hold = holds.into_iter().next();
    Ok(Json(hold.ok_or_else(missing)?.into()))
}

/// Lines of a payout that are or were held, newest first.
#[utoipa::path(
    get, path = "/payouts/{id}/holds", tag = "pay", params(("id" = i64, Path, description = "The payout"), Page),
    responses((status = 200, body = List<Hold>)),
)]
async fn get_holds(
    State(app): State<App>,
    authed: Authed,
    Path(id): Path<i64>,
    Query(page): Query<Page>,
) -> Result<Json<List<Hold>>, Problem> {
    authed.need(Permission::ReadPay)?;
    let run = app.store.run_head(id).await?;
    run.ok_or_else(|| Problem::not_found(format_args!("payout {id}")))?;
    let limit = page.limit()?;
    let rows = app.store.holds_of_run(id, page.after_id()?, limit + 1).await?;
    Ok(listed(rows, limit, |row| row.id))
}

/// Holds a line, from its review until it is paid: it is booked with its payout and paid once another person released it.
/// Nobody holds their own.
#[utoipa::path(
    post, path = "/payout-lines/{id}/hold", tag = "pay", request_body = NewReason,
    params(("id" = i64, Path, description = "The line")),
    responses((status = 200, body = Hold)),
)]
async fn post_hold(
    State(app): State<App>,
    authed: Authed,
    Path(id): Path<i64>,
    Json(new): Json<NewReason>,
) -> Result<Json<Hold>, Problem> {
    let actor = authed.need(Permission::ReadPay)?;
    hold_line(&app, actor, id, new.reason()).await?;
    last(&app, id).await
}

/// Releases a held line; never who held it. It is paid with its payout, or with the next one that is paid.
#[utoipa::path(
    post, path = "/payout-lines/{id}/release", tag = "pay", request_body = NewReason,
    params(("id" = i64, Path, description = "The line")),
    responses((status = 200, body = Hold)),
)]
async fn post_release(
    State(app): State<App>,
    authed: Authed,
    Path(id): Path<i64>,
    Json(new): Json<NewReason>,
) -> Result<Json<Hold>, Problem> {
    let actor = authed.need(Permission::ReadPay)?;
    release_line(&app, actor, id, new.reason()).await?;
    last(&app, id).await
}
