//! `/api/v1/employees/{code}/points`: a person's balance and ledger (api.md).

use axum::extract::State;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::{App, Permission};
use crate::storage::points::PointEntry;
use crate::web::pages::paged::cut;
use crate::web::{Authed, Json, Page, Path, Problem, Query, Web};

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(get_points))
}

/// A person's points.
#[derive(Debug, Serialize, ToSchema)]
pub struct Points {
    /// What can be spent; negative when points already spent were taken back.
    balance: i64,
    /// The ledger, newest first.
    entries: Vec<Entry>,
    /// Where to go on; null at the end.
    next_cursor: Option<String>,
}

/// An entry of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub struct Entry {
    /// `share`, `click`, `interaction`, `best-creator`, `redemption` or `expiry`.
    rule: String,
    /// Negative for what was taken back, spent or lapsed.
    points: i64,
    /// What it stands for, like `click:0199…` or `share:17`.
    source: String,
    /// When that happened.
    at: Timestamp,
    /// The business day it is booked to.
    day: Date,
    /// When it was written.
    recorded_at: Timestamp,
    /// Why, where a person decided.
    note: Option<String>,
}

impl From<PointEntry> for Entry {
    fn from(entry: PointEntry) -> Self {
        let instant = |ms| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
        Self {
            rule: entry.rule.to_string(),
            points: entry.points,
            source: entry.source,
            at: instant(entry.at),
            day: entry.day,
            recorded_at: instant(entry.recorded_at),
            note: Some(entry.note).filter(|n| !n.is_empty()),
        }
    }
}

/// A person's balance and ledger, newest first.
#[utoipa::path(
    get, path = "/employees/{code}/points", tag = "points",
    params(("code" = String, Path, description = "Employee code"), Page),
    responses((status = 200, body = Points)),
)]
async fn get_points(
    State(app): State<App>,
    Authed(actor): Authed,
    Path(code): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Points>, Problem> {
    let found = app.store.employee(&code, app.today()).await?.map(|p| p.id);
    let own = found.is_some() && found == actor.employee() && actor.may(Permission::Own);
    if !own && !actor.may(Permission::ReadTracker) {
        return Err(Problem::forbidden("this key sees its own person's points only"));
    }
    let person = found.ok_or_else(|| Problem::not_found(format!("employee {code:?}")))?;
    let limit = page.limit()?;
    let mut entries = app
        .store
        .point_entries(person, page.after_id()?, limit + 1)
        .await?;
    let more = cut(&mut entries, limit);
    let next_cursor = entries.last().filter(|_| more).map(|e| e.id.to_string());
    Ok(Json(Points {
        balance: app.store.point_balance(person).await?,
        entries: entries.into_iter().map(Into::into).collect(),
        next_cursor,
    }))
}
