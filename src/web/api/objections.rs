//! `/api/v1/objections`: doubting one's own pay, and deciding on it.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::amount::Amount;
use super::claims::{NewAnswer, NewReason};
use super::filed::{instant, listed};
use crate::app::pay::{
    ObjectionVerdict, PayError, appeal_objection, decide_objection, decides_objections, object,
    objection_deadline, talk, withdraw_objection,
};
use crate::app::{Actor, App, Permission};
use crate::storage::pay::{Objection as Row, ObjectionState, ObjectionStep};
use crate::web::{Authed, Json, List, Page, Path, Problem, Query, Web};

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(post_objection, list_objections))
        .routes(routes!(get_objection))
        .routes(routes!(post_decision))
        .routes(routes!(post_answer))
        .routes(routes!(post_appeal))
        .routes(routes!(post_withdraw))
}

/// A doubt about one's own pay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewObjection {
    /// The payout line.
    line: i64,
    /// What is wrong with it, 1 to 2 000 characters.
    reason: String,
}

/// A decision on an objection.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewObjectionDecision {
    decision: ObjectionDecision,
    /// The employee reads it, 1 to 2 000 characters.
    reason: String,
}

/// The decision.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ObjectionDecision {
    /// Right: the payout, which is still under review, is calculated again.
    Recalculate,
    /// Right: a fact is corrected, and the next period carries the difference.
    Fact,
    /// Not right.
    Declined,
}

/// What a list is narrowed to.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ObjectionList {
    /// Employee code.
    employee: Option<String>,
    /// `open`, `appealed`, `accepted`, `declined`, `dismissed` or `withdrawn`.
    status: Option<String>,
    /// How many at most.
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// An objection.
#[derive(Debug, Serialize, ToSchema)]
pub struct Objection {
    id: i64,
    /// The line of the payout that counts: it follows when the payout is calculated again.
    line: i64,
    payout: i64,
    scheme: String,
    period: String,
    /// Employee code.
    employee: String,
    /// The line's name, `zh` and `en`.
    #[schema(value_type = Object)]
    title: Value,
    amount: Amount,
    status: &'static str,
    /// `recalculate` or `fact`, once accepted.
    remedy: Option<String>,
    opened_at: Timestamp,
    decided_at: Option<Timestamp>,
}

impl From<Row> for Objection {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            line: row.line,
            payout: row.run,
            scheme: row.scheme,
            period: row.period,
            employee: row.code,
            title: json!({ "zh": row.title.0, "en": row.title.1 }),
            amount: Amount(row.amount),
            status: row.state.as_str(),
            remedy: row.remedy,
            opened_at: instant(row.opened_at),
            decided_at: row.decided.map(|(_, _, at)| instant(at)),
        }
    }
}

/// Something said about an objection.
#[derive(Debug, Serialize, ToSchema)]
pub struct Said {
    /// `open`, `answer`, `reply`, `accept`, `decline`, `appeal`, `dismiss` or `withdraw`.
    step: String,
    words: String,
    at: Timestamp,
    /// Who, for those who look after objections.
    by: Option<String>,
}

/// An objection with what was said.
#[derive(Debug, Serialize, ToSchema)]
pub struct ObjectionDetail {
    #[serde(flatten)]
    objection: Objection,
    said: Vec<Said>,
    /// The last day of an appeal, once declined.
    #[schema(value_type = Option<String>, format = Date)]
    appeal_until: Option<Date>,
}

/// The same refusals, at this call's own field.
fn at(pointer: &'static str) -> impl FnOnce(PayError) -> Problem {
    move |error| match error {
        PayError::Wrong(mut wrong) => {
            for one in wrong.iter_mut().filter(|one| one.pointer == "/words") {
                one.pointer = pointer;
            }
            PayError::Wrong(wrong).into()
        }
        other => other.into(),
    }
}

/// An objection as this actor may see it: their own, or any for who looks after them.
async fn seen(app: &App, actor: &Actor, id: i64) -> Result<Row, Problem> {
    let missing = || Problem::not_found(format_args!("objection {id}"));
    let row = app.store.objection(id).await?.ok_or_else(missing)?;
    let own = actor.may(Permission::Own) && actor.employee() == Some(row.employee);
    if own || actor.may(Permission::ReadPay) {
        Ok(row)
    } else {
        Err(missing())
    }
}

async fn told(app: &App, actor: &Actor, id: i64) -> Result<Json<ObjectionDetail>, Problem> {
    let row = seen(app, actor, id).await?;
    let names = decides_objections(actor);
    let said = |step: ObjectionStep| Said {
        step: step.step,
        words: step.words,
        at: instant(step.at),
        by: Some(step.actor).filter(|_| names),
    };
    let steps = app.store.objection_steps(id).await?;
    let declined = row.state == ObjectionState::Declined;
    let decided = row.decided.as_ref().filter(|_| declined);
    Ok(Json(ObjectionDetail {
        appeal_until: decided.map(|(_, _, at)| objection_deadline(app, *at)),
        said: steps.into_iter().map(said).collect(),
        objection: row.into(),
    }))
}

/// Objects to a line of one's own, while its payout's query window is open. One objection to a line.
#[utoipa::path(
    post, path = "/objections", tag = "pay", request_body = NewObjection,
    responses((status = 201, body = ObjectionDetail)),
)]
async fn post_objection(
    State(app): State<App>,
    Authed(actor): Authed,
    Json(new): Json<NewObjection>,
) -> Result<(StatusCode, Json<ObjectionDetail>), Problem> {
    let id = object(&app, &actor, new.line, &new.reason).await?;
    Ok((StatusCode::CREATED, told(&app, &actor, id).await?))
}

/// Objections, newest first: everybody's for who may read pay, else one's own.
#[utoipa::path(
    get, path = "/objections", tag = "pay", params(ObjectionList),
    responses((status = 200, body = List<Objection>)),
)]
async fn list_objections(
    State(app): State<App>,
    Authed(actor): Authed,
    Query(list): Query<ObjectionList>,
) -> Result<Json<List<Objection>>, Problem> {
    let mut employee = match &list.employee {
        None => None,
        Some(code) => {
            let found = app.store.employee(code, app.today()).await?;
            let unknown = || Problem::field("?employee", format!("there is nobody with the code {code:?}"));
            Some(found.ok_or_else(unknown)?.id)
        }
    };
    if !actor.may(Permission::ReadPay) {
        let own = actor.employee().filter(|_| actor.may(Permission::Own));
        let own = own.filter(|own| employee.is_none_or(|asked| asked == *own));
        let forbidden = || Problem::forbidden("this key sees its own person's objections only");
        employee = Some(own.ok_or_else(forbidden)?);
    }
    let status = match &list.status {
        None => None,
        Some(word) => Some(word.parse::<ObjectionState>().map_err(|()| {
            let words: Vec<_> = ObjectionState::ALL.iter().map(|s| s.as_str()).collect();
            Problem::field("?status", format!("expected one of {}", words.join(", ")))
        })?),
    };
    let page = Page {
        limit: list.limit,
        cursor: list.cursor,
    };
    let limit = page.limit()?;
    let rows = app
        .store
        .objections_before(status, employee, page.after_id()?, limit + 1)
        .await?;
    Ok(listed(rows, limit, |row| row.id))
}

/// An objection with everything said about it.
#[utoipa::path(
    get, path = "/objections/{id}", tag = "pay", params(("id" = i64, Path, description = "The objection")),
    responses((status = 200, body = ObjectionDetail)),
)]
async fn get_objection(
    State(app): State<App>,
    Authed(actor): Authed,
    Path(id): Path<i64>,
) -> Result<Json<ObjectionDetail>, Problem> {
    told(&app, &actor, id).await
}

/// Decides on an objection. Nobody decides on their own; an appeal goes to another person than the first decision.
#[utoipa::path(
    post, path = "/objections/{id}/decision", tag = "pay", request_body = NewObjectionDecision,
    params(("id" = i64, Path, description = "The objection")),
    responses((status = 200, body = ObjectionDetail)),
)]
async fn post_decision(
    State(app): State<App>,
    authed: Authed,
    Path(id): Path<i64>,
    Json(new): Json<NewObjectionDecision>,
) -> Result<Json<ObjectionDetail>, Problem> {
    let actor = authed.need(Permission::ReadPay)?;
    let verdict = match new.decision {
        ObjectionDecision::Recalculate => ObjectionVerdict::Recalculate,
        ObjectionDecision::Fact => ObjectionVerdict::Fact,
        ObjectionDecision::Declined => ObjectionVerdict::Decline,
    };
    let done = decide_objection(&app, actor, id, verdict, &new.reason).await;
    done.map_err(at("/reason"))?;
    told(&app, actor, id).await
}

/// Says something about an objection that waits: the employee, or who looks after it. It goes on waiting.
#[utoipa::path(
    post, path = "/objections/{id}/answer", tag = "pay", request_body = NewAnswer,
    params(("id" = i64, Path, description = "The objection")),
    responses((status = 200, body = ObjectionDetail)),
)]
async fn post_answer(
    State(app): State<App>,
    Authed(actor): Authed,
    Path(id): Path<i64>,
    Json(new): Json<NewAnswer>,
) -> Result<Json<ObjectionDetail>, Problem> {
    let done = talk(&app, &actor, id, new.answer()).await;
    done.map_err(at("/answer"))?;
    told(&app, &actor, id).await
}

/// Appeals against a decision on one's own objection, within as many days as one had to object.
#[utoipa::path(
    post, path = "/objections/{id}/appeal", tag = "pay", request_body = NewReason,
    params(("id" = i64, Path, description = "The objection")),
    responses((status = 200, body = ObjectionDetail)),
)]
async fn post_appeal(
    State(app): State<App>,
    Authed(actor): Authed,
    Path(id): Path<i64>,
    Json(new): Json<NewReason>,
) -> Result<Json<ObjectionDetail>, Problem> {
    let done = appeal_objection(&app, &actor, id, new.reason()).await;
    done.map_err(at("/reason"))?;
    told(&app, &actor, id).await
}

/// Takes an own objection back.
#[utoipa::path(
    post, path = "/objections/{id}/withdraw", tag = "pay", params(("id" = i64, Path, description = "The objection")),
    responses((status = 200, body = ObjectionDetail)),
)]
async fn post_withdraw(
    State(app): State<App>,
    Authed(actor): Authed,
    Path(id): Path<i64>,
) -> Result<Json<ObjectionDetail>, Problem> {
    withdraw_objection(&app, &actor, id).await?;
    told(&app, &actor, id).await
}
