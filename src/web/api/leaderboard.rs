//! `/api/v1/leaderboard`: boards by people and by teams (api.md).

use axum::extract::State;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::board::{Board, BoardRow, board};
use crate::app::{App, Permission};
use crate::domain::{Money, Period};
use crate::ranking::{By, Metric, Value};
use crate::web::api::Amount;
use crate::web::{Authed, Json, Problem, Query, Web};

/// Rows of one answer when nothing else is asked for.
const ROWS: usize = 1000;
/// Rows of one answer at most.
const ROWS_MAX: usize = 10_000;

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new().routes(routes!(get_leaderboard))
}

/// Which board.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// `2026-W47`, `2026-11`, `2026-Q4`, or own dates `2026-11-01..2026-11-16` (half-open); this week when left out.
    period: Option<String>,
    /// `points` (when left out), `clicks`, `leads` or `sales`.
    metric: Option<String>,
    /// `employee` (when left out) or `team`.
    by: Option<String>,
    /// The best so many, at most 10 000; 1 000 when left out.
    limit: Option<usize>,
}

/// A board.
#[derive(Debug, Serialize, ToSchema)]
pub struct Leaderboard {
    period: BoardPeriod,
    metric: String,
    by: String,
    /// Best first. On a frozen board these are the places that stand.
    rows: Vec<Row>,
    /// On a frozen board: who had no place then and has one by later facts; `rank` is today's.
    late: Vec<Row>,
}

/// A board's span.
#[derive(Debug, Serialize, ToSchema)]
pub struct BoardPeriod {
    /// `2026-W47` …
    label: String,
    /// First instant.
    from: Timestamp,
    /// First instant after it.
    to: Timestamp,
    /// Whether the places stand.
    frozen: bool,
    /// Since when.
    frozen_at: Option<Timestamp>,
}

/// A place.
#[derive(Debug, Serialize, ToSchema)]
pub struct Row {
    /// 1, 2, 2, 4.
    rank: i64,
    /// Of the employee or team; null for other people's when the key sees its own person only.
    code: Option<String>,
    /// As they chose to appear.
    name: String,
    /// Points, clicks and leads as numbers (a team's per active member, 2 decimals), sales as an amount.
    value: BoardValue,
    /// Places since the period before, positive upward; null when new.
    moved: Option<i64>,
    /// What is missing to draw level with the next better place; null for the first.
    distance: Option<BoardValue>,
    /// A team's total and active members.
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<TeamValue>,
    /// On a frozen board: what it would be today, when that differs.
    restated: Option<Restated>,
}

/// What a team's value is made of.
#[derive(Debug, Serialize, ToSchema)]
pub struct TeamValue {
    total: BoardValue,
    members: i64,
}

/// What a frozen row would be today.
#[derive(Debug, Serialize, ToSchema)]
pub struct Restated {
    /// Null without a place.
    rank: Option<i64>,
    value: BoardValue,
}

/// A value of a board.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum BoardValue {
    /// Points, clicks, leads.
    Count(i64),
    /// The same per member, 2 decimals.
    PerMember(f64),
    /// Sales.
    Amount(Amount),
}

fn shown(metric: Metric, value: Value) -> BoardValue {
    if metric == Metric::Sales {
        return BoardValue::Amount(Amount(Money::from_minor(value.rounded())));
    }
    if value.total() % value.members() == 0 {
        return BoardValue::Count(value.total() / value.members());
    }
    let hundredths = value.hundredths();
    let text = format!("{}.{:02}", hundredths / 100, (hundredths % 100).abs());
    BoardValue::PerMember(text.parse().unwrap_or_default())
}

fn row(metric: Metric, by: By, all_codes: bool, row: BoardRow) -> Row {
    Row {
        rank: row.rank,
        code: (all_codes || row.mine || by == By::Team).then_some(row.code),
        name: row.name,
        value: shown(metric, row.value),
        moved: row.moved,
        distance: row.missing.map(|value| shown(metric, value)),
        team: (by == By::Team).then(|| TeamValue {
            total: shown(metric, Value::whole(row.value.total())),
            members: row.value.members(),
        }),
        restated: row.restated.map(|now| Restated {
            rank: now.rank,
            value: shown(metric, now.value),
        }),
    }
}

impl Leaderboard {
    /// A board as it is answered: its best `limit` rows; `all_codes` tells other people's codes too.
    pub fn new(board: Board, zone: &TimeZone, all_codes: bool, limit: usize) -> Self {
        let Board {
            period,
            metric,
            by,
            frozen_at,
            rows,
            late,
        } = board;
        let shown = |rows: Vec<BoardRow>| -> Vec<Row> {
            let best = rows.into_iter().take(limit);
            best.map(|r| row(metric, by, all_codes, r)).collect()
        };
        Self {
            period: BoardPeriod {
                label: period.label(),
                from: period.from(zone),
                to: period.to(zone),
                frozen: frozen_at.is_some(),
                frozen_at: frozen_at.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
            },
            metric: metric.to_string(),
            by: by.to_string(),
            rows: shown(rows),
            late: shown(late),
        }
    }
}

/// The board of a period: live out of the rollups, or frozen 24 h after its end with what was restated since.
#[utoipa::path(
    get, path = "/leaderboard", tag = "boards", params(Which),
    responses((status = 200, body = Leaderboard)),
)]
async fn get_leaderboard(
    State(app): State<App>,
    authed: Authed,
    Query(which): Query<Which>,
) -> Result<Json<Leaderboard>, Problem> {
    let actor = authed.need(Permission::Own)?;
    let period = match &which.period {
        Some(text) => Period::parse(text),
        None => Period::week_of(app.today()),
    }
    .map_err(|e| Problem::field("?period", e))?;
    let metric = match which.metric.as_deref() {
        None => Metric::default(),
        Some(word) => word
            .parse()
            .map_err(|()| Problem::field("?metric", "expected points, clicks, leads or sales"))?,
    };
    let by = match which.by.as_deref() {
        None => By::default(),
        Some(word) => word
            .parse()
            .map_err(|()| Problem::field("?by", "expected employee or team"))?,
    };
    let limit = which.limit.unwrap_or(ROWS);
    if !(1..=ROWS_MAX).contains(&limit) {
        return Err(Problem::field(
            "?limit",
            "expected a whole number from 1 to 10000",
        ));
    }
    let all_codes = actor.may(Permission::ReadTracker);
    let board = board(&app, actor.employee(), period, metric, by).await?;
    Ok(Json(Leaderboard::new(
        board,
        &app.programme.zone,
        all_codes,
        limit,
    )))
}
