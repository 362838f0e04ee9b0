//! `/api/v1/payouts`, `/api/v1/payout-lines`: see api.md.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::filed::listed;
use super::payout_view::{Explanation, Payout, PayoutLine};
use crate::app::pay::{
    Reader, Two, approve, calculate, candidates, close, pay, reader_codes, redacted, send_back, story, submit,
};
use crate::app::{App, Permission};
use crate::storage::pay::{LineKind, LineRow, Run, RunState};
use crate::web::extract::parse_json;
use crate::web::{Authed, Body, Json, List, Page, Path, Problem, Query, Web};

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(post_payout, list_payouts))
        .routes(routes!(get_payout))
        .routes(routes!(get_lines))
        .routes(routes!(post_submit))
        .routes(routes!(post_return))
        .routes(routes!(post_approve))
        .routes(routes!(post_close))
        .routes(routes!(post_pay))
        .routes(routes!(get_explanation))
}

/// What to calculate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPayout {
    /// Scheme id.
    scheme: String,
    period: PeriodText,
}

/// A period.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(
    untagged,
    expecting = "expected \"2026-11\", \"2026-Q4\", \"2026\" or {\"from\": \"2026-11-03\", \"to\": \"2026-11-08\"}"
)]
pub enum PeriodText {
    /// `2026-11`, `2026-Q4` or `2026`.
    Label(String),
    /// An activity's days.
    Days {
        /// First day.
        from: String,
        /// The day after the last.
        to: String,
    },
}

/// Why a step is taken.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepReason {
    /// 1 to 500 characters.
    #[serde(default)]
    reason: Option<String>,
}

impl StepReason {
    /// Out of a body that may be left out.
    fn of(body: &[u8]) -> Result<String, Problem> {
        if body.trim_ascii().is_empty() {
            return Ok(String::new());
        }
        let told: Option<Self> = parse_json(body)?;
        Ok(told.and_then(|told| told.reason).unwrap_or_default())
    }
}

/// What a list is narrowed to.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PayoutList {
    /// Only this scheme.
    scheme: Option<String>,
    /// How many at most.
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Which lines.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct LineList {
    /// Only this payee's.
    payee: Option<String>,
    /// How many at most.
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Calculates a scheme for a period. Nothing is booked; calculated again, the earlier calculation is set aside.
#[utoipa::path(
    post, path = "/payouts", tag = "pay", request_body = NewPayout,
    responses(
        (status = 201, body = Payout),
        (status = 422, body = Problem, content_type = "application/problem+json",
         description = "A parameter or attribute is missing, or a fact cannot be read: it says where"),
    ),
)]
async fn post_payout(
    State(app): State<App>,
    authed: Authed,
    Json(new): Json<NewPayout>,
) -> Result<(StatusCode, Json<Payout>), Problem> {
    let actor = authed.need(Permission::CalculatePay)?;
    let period = match new.period {
        PeriodText::Label(label) => label,
        PeriodText::Days { from, to } => format!("{from}..{to}"),
    };
    let run = calculate(&app, actor, &new.scheme, &period).await?;
    Ok((StatusCode::CREATED, Json(run.into())))
}

/// Payouts, newest first.
#[utoipa::path(
    get, path = "/payouts", tag = "pay", params(PayoutList),
    responses((status = 200, body = List<Payout>)),
)]
async fn list_payouts(
    State(app): State<App>,
    authed: Authed,
    Query(list): Query<PayoutList>,
) -> Result<Json<List<Payout>>, Problem> {
    authed.need(Permission::ReadPay)?;
    let page = Page {
        limit: list.limit,
        cursor: list.cursor,
    };
    let limit = page.limit()?;
    let rows = app
        .store
        .runs(list.scheme.as_deref(), page.after_id()?, limit + 1)
        .await?;
    Ok(listed(rows, limit, |run| run.id))
}

/// A payout.
#[utoipa::path(
    get, path = "/payouts/{id}", tag = "pay", params(("id" = i64, Path, description = "The payout")),
    responses((status = 200, body = Payout)),
)]
async fn get_payout(
    State(app): State<App>,
    authed: Authed,
    Path(id): Path<i64>,
) -> Result<Json<Payout>, Problem> {
    authed.need(Permission::ReadPay)?;
    let run = app.store.run(id).await?;
    let run = run.ok_or_else(|| Problem::not_found(format_args!("payout {id}")))?;
    with_notes(&app, run).await
}

/// The lines of a payout: everybody's for who may read pay; one's own once it is under review.
#[utoipa::path(
    get, path = "/payouts/{id}/lines", tag = "pay", params(("id" = i64, Path, description = "The payout"), LineList),
    responses((status = 200, body = List<PayoutLine>)),
)]
async fn get_lines(
    State(app): State<App>,
    Authed(actor): Authed,
    Path(id): Path<i64>,
    Query(list): Query<LineList>,
) -> Result<Json<List<PayoutLine>>, Problem> {
    let missing = || Problem::not_found(format_args!("payout {id}"));
    let run = app.store.run(id).await?;
    let mut payee = list.payee;
    if !actor.may(Permission::ReadPay) {
        let own = own_code(&app, &actor).await?;
        let forbidden = || Problem::forbidden("this key sees its own person's pay only");
        let own = own.filter(|own| payee.as_ref().is_none_or(|asked| asked.eq_ignore_ascii_case(own)));
        payee = Some(own.ok_or_else(forbidden)?);
        let state = run.as_ref().ok_or_else(missing)?.state;
        if matches!(state, RunState::Calculated | RunState::Superseded) {
            return Err(missing());
        }
    }
    run.ok_or_else(missing)?;
    // Capitals make no difference in codes.
    if let Some(asked) = &payee
        && let Some(person) = app.store.employee(asked, app.today()).await?
    {
        payee = Some(person.code);
    }
    let page = Page {
        limit: list.limit,
        cursor: list.cursor,
    };
    let limit = page.limit()?;
    let mut rows = app
        .store
        .run_lines(id, payee.as_deref(), page.after_id()?, limit + 1)
        .await?;
    if let Some(me) = payee.as_deref().filter(|_| !actor.may(Permission::ReadPay)) {
        rows.retain(|row| row.line.payee_kind == "employee");
        for row in &mut rows {
            let trace = serde_json::from_str(&row.line.trace).unwrap_or_default();
            row.line.says = own_words(&app, me, row, &trace).await?.0;
        }
    }
    Ok(listed(rows, limit, |row| row.id))
}

/// A payout with what was written to it.
async fn with_notes(app: &App, run: Run) -> Result<Json<Payout>, Problem> {
    let notes = app.store.run_notes(run.id).await?;
    Ok(Json(Payout::noted(run, notes)))
}

async fn own_code(app: &App, actor: &crate::app::Actor) -> Result<Option<String>, Problem> {
    let Some(person) = actor.employee().filter(|_| actor.may(Permission::Own)) else {
        return Ok(None);
    };
    Ok(app
        .store
        .employee_by_id(person, app.today())
        .await?
        .map(|p| p.code))
}

/// Puts a payout up for review.
#[utoipa::path(
    post, path = "/payouts/{id}/submit", tag = "pay", params(("id" = i64, Path, description = "The payout")),
    responses((status = 200, body = Payout)),
)]
async fn post_submit(
    State(app): State<App>,
    authed: Authed,
    Path(id): Path<i64>,
) -> Result<Json<Payout>, Problem> {
    let actor = authed.need(Permission::CalculatePay)?;
    Ok(Json(submit(&app, actor, id).await?.into()))
}

/// Sends a payout under review back to be calculated again, with a reason; finance, or an approver it does not pay.
#[utoipa::path(
    post, path = "/payouts/{id}/return", tag = "pay", params(("id" = i64, Path, description = "The payout")),
    request_body = StepReason,
    responses(
        (status = 200, body = Payout),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "It is not under review"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "No reason"),
    ),
)]
async fn post_return(
    State(app): State<App>,
    authed: Authed,
    Path(id): Path<i64>,
    Body(body): Body,
) -> Result<Json<Payout>, Problem> {
    let actor = authed.need(Permission::ReadPay)?;
    let reason = StepReason::of(&body)?;
    with_notes(&app, send_back(&app, actor, id, &reason).await?).await
}

/// Approves a payout under review; never who calculated it, nor whom it pays. Where its warnings or the guards' ask for a
/// reason (`needs_reason`, GC-22), the body gives it; otherwise it may be left out.
#[utoipa::path(
    post, path = "/payouts/{id}/approve", tag = "pay", params(("id" = i64, Path, description = "The payout")),
    request_body(content = Option<StepReason>),
    responses(
        (status = 200, body = Payout),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Its warnings need a reason"),
    ),
)]
async fn post_approve(
    State(app): State<App>,
    authed: Authed,
    Path(id): Path<i64>,
    Body(body): Body,
) -> Result<Json<Payout>, Problem> {
    let actor = authed.need(Permission::ApprovePay)?;
    let reason = StepReason::of(&body)?;
    with_notes(&app, approve(&app, actor, id, &reason).await?).await
}

/// Closes an approved payout: guards, booking, seal. Refused before its last day is over, while a scheme due in its days was
/// not calculated, or a guard in force cannot be. A reason as at the approval, where only now the guards ask for one.
#[utoipa::path(
    post, path = "/payouts/{id}/close", tag = "pay", params(("id" = i64, Path, description = "The payout")),
    request_body(content = Option<StepReason>),
    responses(
        (status = 200, body = Payout),
        (status = 409, body = Problem, content_type = "application/problem+json",
         description = "It is not approved, or something waits that comes first"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Its warnings need a reason"),
    ),
)]
async fn post_close(
    State(app): State<App>,
    authed: Authed,
    Path(id): Path<i64>,
    Body(body): Body,
) -> Result<Json<Payout>, Problem> {
    let actor = authed.need(Permission::CalculatePay)?;
    let reason = StepReason::of(&body)?;
    with_notes(&app, close(&app, actor, id, &reason).await?).await
}

/// Pays a closed payout; debts are settled first.
#[utoipa::path(
    post, path = "/payouts/{id}/pay", tag = "pay", params(("id" = i64, Path, description = "The payout")),
    responses((status = 200, body = Payout)),
)]
async fn post_pay(
    State(app): State<App>,
    authed: Authed,
    Path(id): Path<i64>,
) -> Result<Json<Payout>, Problem> {
    let actor = authed.need(Permission::CalculatePay)?;
    Ok(Json(pay(&app, actor, id).await?.into()))
}

/// How an amount came about, down to the facts: for who may read pay, and for whom it pays once it is under review.
#[utoipa::path(
    get, path = "/payout-lines/{id}/explanation", tag = "pay", params(("id" = i64, Path, description = "The line")),
    responses((status = 200, body = Explanation)),
)]
async fn get_explanation(
    State(app): State<App>,
    Authed(actor): Authed,
    Path(id): Path<i64>,
) -> Result<Json<Explanation>, Problem> {
    let missing = || Problem::not_found(format_args!("payout line {id}"));
    let row = app.store.run_line(id).await?.ok_or_else(missing)?;
    let trace: serde_json::Value = serde_json::from_str(&row.line.trace).unwrap_or_default();
    if !actor.may(Permission::ReadPay) {
        let own = own_code(&app, &actor).await?;
        let run = app.store.run(row.run).await?.ok_or_else(missing)?;
        let hidden = matches!(run.state, RunState::Calculated | RunState::Superseded);
        let is_own = |own: &String| row.line.payee_kind == "employee" && *own == row.line.payee;
        let own = own.filter(|own| !hidden && is_own(own));
        return own_explanation(&app, &own.ok_or_else(missing)?, &row, &trace).await;
    }
    let (zh, en) = row.line.says;
    Ok(Json(Explanation {
        sentences: json!({ "zh": zh, "en": en }),
        trace,
    }))
}

/// How an own amount came about: own rows and totals, nobody else's rows (L-06).
async fn own_explanation(
    app: &App,
    me: &str,
    row: &LineRow,
    trace: &serde_json::Value,
) -> Result<Json<Explanation>, Problem> {
    let ((zh, en), trace) = own_words(app, me, row, trace).await?;
    Ok(Json(Explanation {
        sentences: json!({ "zh": zh, "en": en }),
        trace,
    }))
}

async fn own_words(
    app: &App,
    me: &str,
    row: &LineRow,
    trace: &serde_json::Value,
) -> Result<(Two, serde_json::Value), Problem> {
    // What the guards took is told by its sentence alone: it names an order and this payee.
    if row.line.kind == LineKind::Guard {
        return Ok((row.line.says.clone(), json!({})));
    }
    let mut named = std::collections::BTreeSet::new();
    candidates(trace, &mut named);
    let others = reader_codes(app, me, named).await?;
    let reader = Reader { me, others: &others };
    let told = story(trace, Some(&reader));
    let own = |pick: fn(&Two) -> &String| {
        let steps = told.steps.iter().map(|(says, _)| pick(says));
        let all: Vec<&str> = steps
            .chain(told.books.iter().map(pick))
            .map(String::as_str)
            .collect();
        all.join("; ")
    };
    Ok(((own(|t| &t.0), own(|t| &t.1)), redacted(trace, &reader)))
}
