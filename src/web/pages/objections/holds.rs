//! `/app/pay/lines/{id}/hold`: holding a line back, and another person releasing it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use crate::app::Permission;
use crate::app::pay::{PayError, hold_line, may_hold, release_line};
use crate::domain::Money;
use crate::web::html::{Html, see_other};
use crate::web::i18n::TimeTag;
use crate::web::pages::actors::Actors;
use crate::web::pages::income::view;
use crate::web::pages::pay::view as pay_view;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Field;
use crate::web::{Form, Path, Problem, Web};

/// Holds of a line that are shown, the one in force and earlier ones.
const EARLIER: i64 = 100;

/// The page.
#[derive(Debug, Template)]
#[template(path = "objections/hold.html")]
pub struct HoldPage {
    pub s: Shell,
    pub line: i64,
    pub run: i64,
    pub title: String,
    pub payee: String,
    pub period: String,
    pub amount: Money,
    /// Why, by whom and since when it is held.
    pub held: Option<(String, String, TimeTag)>,
    /// Whether it is held by who looks: another person releases it.
    pub own: bool,
    /// Earlier holds: why held, why released.
    pub earlier: Vec<(String, String)>,
    pub reason: Field,
    pub may: bool,
    pub notice: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    reason: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/pay/lines/{id}/hold", get(show).post(hold))
        .route("/app/pay/lines/{id}/release", post(release))
}

async fn page(web: &Web, who: &SignedIn, id: i64) -> Result<HoldPage, Problem> {
    who.need(Permission::ReadPay)?;
    let missing = || Problem::not_found(format_args!("payout line {id}"));
    let row = web.app.store.run_line(id).await?.ok_or_else(missing)?;
    let run = web.app.store.run(row.run).await?.ok_or_else(missing)?;
    let s = who.shell(web, Place::PayRuns);
    let holds = web.app.store.holds_of_line(id, EARLIER).await?;
    let held = holds.iter().find(|h| h.released_at.is_none());
    let own = match held {
        Some(h) => who.actor.is_same(&web.app.store, &h.held_by).await?,
        None => false,
    };
    let actors = Actors::load(web, s.lang).await?;
    let held = held.map(|h| {
        let at = s.time(&pay_view::instant(h.held_at));
        (h.reason.clone(), actors.name(&h.held_by), at)
    });
    let released = holds
        .iter()
        .filter_map(|h| Some((h.reason.clone(), h.release_reason.clone()?)));
    let payee = match row.line.payee_kind.as_str() {
        "employee" => web.app.store.employee(&row.line.payee, web.app.today()).await?,
        _ => None,
    };
    let payee = payee.map_or_else(|| row.line.payee.clone(), |e| e.facts.name);
    Ok(HoldPage {
        line: id,
        run: run.id,
        title: view::say(s.lang, &row.line.title, &row.line.payee, &payee),
        payee,
        period: pay_view::period(s.lang, &run.period),
        amount: row.line.amount,
        held,
        own,
        earlier: released.collect(),
        reason: Field::empty("reason"),
        may: may_hold(&who.actor),
        notice: None,
        s,
    })
}

async fn show(State(web): State<Web>, who: SignedIn, Path(id): Path<i64>) -> Result<Html<HoldPage>, Problem> {
    page(&web, &who, id).await.map(Html)
}

async fn hold(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let done = hold_line(&web.app, &who.actor, id, &sent.reason).await;
    answer(&web, &who, id, sent, done).await
}

async fn release(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let done = release_line(&web.app, &who.actor, id, &sent.reason).await;
    answer(&web, &who, id, sent, done).await
}

async fn answer(
    web: &Web,
    who: &SignedIn,
    id: i64,
    sent: Sent,
    done: Result<(), PayError>,
) -> Result<Response, Problem> {
    let (status, error) = match done {
        Ok(()) => return Ok(see_other(&format!("/app/pay/lines/{id}/hold"))),
        Err(error @ PayError::Wrong(_)) => (StatusCode::UNPROCESSABLE_ENTITY, error),
        Err(error @ PayError::Conflict(_)) => (StatusCode::CONFLICT, error),
        Err(error @ PayError::Forbidden(_)) => (StatusCode::FORBIDDEN, error),
        Err(other) => return Err(other.into()),
    };
    let mut page = page(web, who, id).await?;
    page.reason = Field::new("reason", &sent.reason);
    if matches!(error, PayError::Wrong(_)) {
        page.reason = page.reason.wrong(who.lang.t("objection-words-wrong"));
    } else {
        page.notice = pay_view::refusal(who.lang, &error);
    }
    Ok(Html(page).status(status))
}
