//! Objecting in one tap, and what became of it: `/app/income/objections/{id}`.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use super::view;
use crate::app::pay::{PayError, appeal_objection, object, objection_deadline, talk, withdraw_objection};
use crate::domain::Money;
use crate::storage::pay::{Objection, ObjectionState, ObjectionStep, RunState};
use crate::web::html::{Html, see_other};
use crate::web::i18n::{Lang, TimeTag, day_words};
use crate::web::pages::pay::view::{self as pay_view, Chip};
use crate::web::session::Staff;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Field;
use crate::web::{Form, Path, Problem, Web};

/// What was said, as it is shown.
#[derive(Clone, Debug)]
pub struct SaidView {
    pub what: String,
    pub words: String,
    pub at: TimeTag,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "income/objection.html")]
pub struct ObjectionPage {
    pub s: Shell,
    pub id: i64,
    /// The line it is about, on the statement; `None` while its payout is calculated again, or without it.
    pub href: Option<String>,
    pub title: String,
    pub period: String,
    pub month: String,
    pub amount: Money,
    pub state: Chip,
    /// What happens now.
    pub next: String,
    pub said: Vec<SaidView>,
    pub words: Field,
    /// `reply` or `appeal`: what one may say now.
    pub may: Option<&'static str>,
    pub may_withdraw: bool,
    pub notice: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    words: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/income/lines/{id}/objection", post(open))
        .route("/app/income/objections/{id}", get(show))
        .route("/app/income/objections/{id}/{step}", post(step))
}

/// The timeline of an objection.
pub fn said(lang: Lang, s: &Shell, steps: &[ObjectionStep]) -> Vec<SaidView> {
    steps
        .iter()
        .map(|step| SaidView {
            what: lang.word("objection-step", step.step.as_str()).to_string(),
            words: step.words.clone(),
            at: s.time(&pay_view::instant(step.at)),
        })
        .collect()
}

/// Opens an objection. Without words it says that one asks for a check: one tap is enough.
async fn open(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let lang = staff.who.lang;
    let default = lang.t("objection-default").to_string();
    let words = if sent.words.trim().is_empty() {
        &default
    } else {
        &sent.words
    };
    match object(&web.app, &staff.who.actor, id, words).await {
        Ok(objection) => Ok(see_other(&format!("/app/income/objections/{objection}"))),
        Err(error @ PayError::Conflict(_)) => {
            // Tapped twice: the objection that is there is what one wanted.
            let mine = web.app.store.objections_of(staff.employee).await?;
            match mine.iter().find(|o| o.line == id) {
                Some(known) => Ok(see_other(&format!("/app/income/objections/{}", known.id))),
                None => Err(error.into()),
            }
        }
        Err(other) => Err(other.into()),
    }
}

async fn page(web: &Web, staff: &Staff, id: i64) -> Result<ObjectionPage, Problem> {
    let missing = || Problem::not_found(format_args!("objection {id}"));
    let objection = web.app.store.objection(id).await?.ok_or_else(missing)?;
    if objection.employee != staff.employee {
        return Err(missing());
    }
    let run = web.app.store.run(objection.run).await?.ok_or_else(missing)?;
    let steps = web.app.store.objection_steps(id).await?;
    let row = web.app.store.run_line(objection.line).await?;
    let is_shown = !matches!(run.state, RunState::Calculated | RunState::Superseded)
        && row.is_some_and(|row| row.run == run.id);
    let s = staff.who.shell(web, Place::Income);
    let lang = s.lang;
    let month = run.to_on.yesterday().unwrap_or(run.from_on);
    let may = match objection.state {
        state if state.waits() => Some("reply"),
        ObjectionState::Declined => appeal_until(web, &objection).map(|_| "appeal"),
        _ => None,
    };
    let month = format!("{:04}-{:02}", month.year(), month.month());
    let href = format!("/app/income?month={month}#line-{}", objection.line);
    Ok(ObjectionPage {
        title: view::say(lang, &objection.title, &objection.code, &objection.name),
        href: is_shown.then_some(href),
        period: pay_view::period(lang, &objection.period),
        month,
        amount: objection.amount,
        state: view::objection_chip(lang, objection.state),
        next: next(lang, web, &objection),
        said: said(lang, &s, &steps),
        words: Field::empty("words"),
        may,
        may_withdraw: objection.state.waits(),
        notice: None,
        id,
        s,
    })
}

/// The last day for an appeal, while it is not over.
fn appeal_until(web: &Web, objection: &Objection) -> Option<jiff::civil::Date> {
    let (_, _, at) = objection.decided.as_ref()?;
    let until = objection_deadline(&web.app, *at);
    (web.app.today() <= until).then_some(until)
}

fn next(lang: Lang, web: &Web, objection: &Objection) -> String {
    let day = appeal_until(web, objection).map(|d| day_words(lang, d));
    let word = match (objection.state, objection.remedy.as_deref()) {
        (ObjectionState::Accepted, Some("recalculate")) => "accepted-recalculate",
        (ObjectionState::Accepted, _) => "accepted-fact",
        (ObjectionState::Declined, _) if day.is_none() => "declined-late",
        (state, _) => state.as_str(),
    };
    lang.word("objection-next", word)
        .with("day", day.unwrap_or_default())
        .to_string()
}

async fn show(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<i64>,
) -> Result<Html<ObjectionPage>, Problem> {
    page(&web, &staff, id).await.map(Html)
}

async fn step(
    State(web): State<Web>,
    staff: Staff,
    Path((id, step)): Path<(i64, String)>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let actor = &staff.who.actor;
    // Only one's own: another's is not there.
    let mut page = page(&web, &staff, id).await?;
    let done = match step.as_str() {
        "reply" => talk(&web.app, actor, id, &sent.words).await,
        "appeal" => appeal_objection(&web.app, actor, id, &sent.words).await,
        "withdraw" => withdraw_objection(&web.app, actor, id).await,
        _ => return Err(Problem::not_found(format_args!("step {step:?}"))),
    };
    let lang = staff.who.lang;
    let status = match done {
        Ok(()) if step == "withdraw" => {
            return Ok(see_other(&format!(
                "/app/income?month={}&done=withdrawn",
                page.month
            )));
        }
        Ok(()) => return Ok(see_other(&format!("/app/income/objections/{id}"))),
        Err(PayError::Wrong(_)) => {
            page.words = Field::new("words", &sent.words).wrong(lang.t("objection-words-wrong"));
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Err(PayError::Conflict(_)) => {
            page.words.value = sent.words;
            page.notice = Some(lang.t("objection-moved").to_string());
            StatusCode::CONFLICT
        }
        Err(other) => return Err(other.into()),
    };
    Ok(Html(page).status(status))
}
