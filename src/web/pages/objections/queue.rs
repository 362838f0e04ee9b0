//! `/app/pay/objections`: the queue, alone or beside one objection; answering and deciding.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::Value;

use crate::app::Permission;
use crate::app::pay::{
    ObjectionVerdict, PayError, SchemeNames, calculate_again, decide_objection, objection_barred, story, talk,
};
use crate::domain::Money;
use crate::storage::pay::{LineRow, Objection, ObjectionState, Run, RunState};
use crate::web::html::{Html, see_other};
use crate::web::i18n::{Lang, TimeTag};
use crate::web::pages::income::view::{self, StoryView};
use crate::web::pages::income::{SaidView, said};
use crate::web::pages::paged::{cut, turns};
use crate::web::pages::pay::view::{self as pay_view, Chip};
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Field, Opt};
use crate::web::{Form, Path, Problem, Query, Web};

/// Objections on a page.
const ROWS: i64 = 50;
/// Pages turned at most.
const PAGES: i64 = 200;

/// An objection in the queue.
#[derive(Clone, Debug)]
pub struct Row {
    pub href: String,
    pub line: i64,
    pub person: String,
    pub what: String,
    pub period: String,
    pub amount: Money,
    pub opened: TimeTag,
    pub state: Chip,
    /// `own` or `first`: why not by who looks.
    pub barred: Option<&'static str>,
    pub current: bool,
}

/// The objection one looks at.
#[derive(Clone, Debug)]
pub struct Case {
    pub id: i64,
    pub person: String,
    pub what: String,
    pub scheme: String,
    pub period: String,
    pub run: i64,
    pub line: i64,
    pub amount: Money,
    pub state: Chip,
    pub run_state: Chip,
    pub said: Vec<SaidView>,
    pub story: StoryView,
    pub says: String,
    pub barred: Option<&'static str>,
    pub waits: bool,
    /// Whether the payout can still be calculated again.
    pub in_review: bool,
    /// Accepted so, and not done yet.
    pub recalculates: bool,
    pub decision: Field,
    pub words: Field,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "objections/queue.html")]
pub struct QueuePage {
    pub s: Shell,
    pub states: Vec<Opt>,
    pub state: String,
    pub rows: Vec<Row>,
    pub previous: Option<String>,
    pub next: Option<String>,
    pub case: Option<Case>,
    pub done: Option<String>,
    pub notice: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    state: Option<String>,
    page: Option<i64>,
    done: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    decision: String,
    words: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/pay/objections", get(list))
        .route("/app/pay/objections/{id}", get(show))
        .route("/app/pay/objections/{id}/decision", post(decide))
        .route("/app/pay/objections/{id}/recalculate", post(recalculate))
}

impl Asked {
    fn state(&self) -> &str {
        self.state
            .as_deref()
            .filter(|s| !s.is_empty())
            .unwrap_or("waiting")
    }

    fn page(&self) -> i64 {
        self.page.unwrap_or(1).clamp(1, PAGES)
    }

    fn query(&self, page: i64) -> String {
        let page = if page > 1 { page.to_string() } else { String::new() };
        let state = Some(self.state()).filter(|s| *s != "waiting").unwrap_or_default();
        pay_view::query(&[("state", state), ("page", &page)])
    }
}

async fn page(web: &Web, who: &SignedIn, asked: &Asked, chosen: Option<i64>) -> Result<QueuePage, Problem> {
    let lang = who.lang;
    let s = who.shell(web, Place::PayObjections);
    let at = asked.page();
    let window = ((at - 1) * ROWS, ROWS + 1);
    let store = &web.app.store;
    let mut found = match asked.state() {
        "waiting" => store.objections(None, true, window).await?,
        "all" => store.objections(None, false, window).await?,
        word => {
            let state = word.parse::<ObjectionState>();
            let wrong = |()| Problem::field("?state", "expected waiting, all or an objection's state");
            store
                .objections(Some(state.map_err(wrong)?), false, window)
                .await?
        }
    };
    let more = cut(&mut found, ROWS);
    let query = asked.query(at);
    let rows = found
        .iter()
        .map(|o| Row {
            href: format!("/app/pay/objections/{}{query}", o.id),
            line: o.line,
            person: o.name.clone(),
            what: view::say(lang, &o.title, &o.code, &o.name),
            period: pay_view::period(lang, &o.period),
            amount: o.amount,
            opened: s.time(&pay_view::instant(o.opened_at)),
            state: view::objection_chip(lang, o.state),
            barred: objection_barred(&who.actor, o).filter(|_| o.state.waits()),
            current: chosen == Some(o.id),
        })
        .collect();
    let mut states = vec![Opt::new("waiting", lang.t("objections-waiting"))];
    let all = ObjectionState::ALL;
    states.extend(all.iter().map(|state| {
        let word = state.as_str();
        Opt::new(word, lang.word("objection-state", word))
    }));
    states.push(Opt::new("all", lang.t("objections-all")));
    let turn = |page: i64| format!("/app/pay/objections{}", asked.query(page));
    let (previous, next) = turns(at, PAGES, more, turn);
    Ok(QueuePage {
        states,
        state: asked.state().to_owned(),
        rows,
        previous,
        next,
        case: None,
        done: None,
        notice: None,
        s,
    })
}

async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<QueuePage>, Problem> {
    who.need(Permission::ReadPay)?;
    page(&web, &who, &asked, None).await.map(Html)
}

async fn case(
    web: &Web,
    who: &SignedIn,
    s: &Shell,
    (o, run, row): (Objection, Run, LineRow),
) -> Result<Case, Problem> {
    let lang = who.lang;
    let steps = web.app.store.objection_steps(o.id).await?;
    let trace: Value = serde_json::from_str(&row.line.trace).unwrap_or_default();
    let scheme = SchemeNames::default()
        .of(&web.app, &run.scheme, run.from_on)
        .await?;
    let asks = o.remedy.as_deref() == Some("recalculate") && o.state == ObjectionState::Accepted;
    Ok(Case {
        what: view::say(lang, &o.title, &o.code, &o.name),
        scheme: pay_view::say(lang, &scheme),
        period: pay_view::period(lang, &o.period),
        run: run.id,
        line: row.id,
        amount: o.amount,
        state: view::objection_chip(lang, o.state),
        run_state: Chip::run(lang, run.state),
        said: said(lang, s, &steps),
        story: StoryView::of(lang, &story(&trace, None), (&o.code, &o.name)),
        says: view::say(lang, &row.line.says, &o.code, &o.name),
        barred: objection_barred(&who.actor, &o),
        waits: o.state.waits(),
        in_review: run.state == RunState::InReview,
        recalculates: asks && run.state == RunState::InReview && who.actor.may(Permission::CalculatePay),
        decision: Field::empty("decision"),
        words: Field::empty("words"),
        id: o.id,
        person: o.name,
    })
}

async fn with_case(web: &Web, who: &SignedIn, asked: &Asked, id: i64) -> Result<QueuePage, Problem> {
    who.need(Permission::ReadPay)?;
    let missing = || Problem::not_found(format_args!("objection {id}"));
    let store = &web.app.store;
    let objection = store.objection(id).await?.ok_or_else(missing)?;
    let run = store.run(objection.run).await?.ok_or_else(missing)?;
    let row = store.run_line(objection.line).await?.ok_or_else(missing)?;
    let mut page = page(web, who, asked, Some(id)).await?;
    page.case = Some(case(web, who, &page.s, (objection, run, row)).await?);
    Ok(page)
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let mut page = with_case(&web, &who, &asked, id).await?;
    let known = ["answer", "accept", "decline", "recalculated"];
    let done = asked
        .done
        .as_deref()
        .and_then(|d| known.into_iter().find(|k| *k == d));
    page.done = done.map(|d| who.lang.word("objections-done", d).to_string());
    Ok(Html(page).into_response())
}

fn refusal(lang: Lang, error: &PayError) -> Option<(StatusCode, String)> {
    match error {
        PayError::Conflict(why) => Some((StatusCode::CONFLICT, pay_view::clash(lang, why))),
        PayError::Forbidden(_) => Some((StatusCode::FORBIDDEN, lang.t("pay-not-you").to_string())),
        PayError::Refused(_) | PayError::Input(_) | PayError::Unable(_) => {
            let words = pay_view::refusal(lang, error);
            words.map(|words| (StatusCode::UNPROCESSABLE_ENTITY, words))
        }
        _ => None,
    }
}

async fn decide(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::ReadPay)?;
    let lang = who.lang;
    let done = match sent.decision.as_str() {
        "answer" => talk(&web.app, &who.actor, id, &sent.words).await,
        word => match ObjectionVerdict::parse(word) {
            Some(verdict) => decide_objection(&web.app, &who.actor, id, verdict, &sent.words).await,
            None => {
                let mut page = with_case(&web, &who, &asked, id).await?;
                if let Some(case) = &mut page.case {
                    case.decision = case.decision.clone().wrong(lang.t("objections-wrong-decision"));
                    case.words.value = sent.words;
                }
                return Ok(Html(page).status(StatusCode::UNPROCESSABLE_ENTITY));
            }
        },
    };
    let error = match done {
        Ok(()) => {
            let word = match sent.decision.as_str() {
                "answer" => "answer",
                "decline" => "decline",
                _ => "accept",
            };
            return Ok(see_other(&format!("/app/pay/objections/{id}?done={word}")));
        }
        Err(error) => error,
    };
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let mut notice = None;
    let wrong = matches!(error, PayError::Wrong(_));
    if !wrong {
        let Some((code, words)) = refusal(lang, &error) else {
            return Err(error.into());
        };
        status = code;
        notice = Some(words);
    }
    let mut page = with_case(&web, &who, &asked, id).await?;
    page.notice = notice;
    if let Some(case) = &mut page.case {
        case.decision.value = sent.decision;
        case.words.value = sent.words;
        if wrong {
            case.words.error = Some(lang.t("objection-words-wrong").to_string());
        }
    }
    Ok(Html(page).status(status))
}

async fn recalculate(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    who.need(Permission::CalculatePay)?;
    let missing = || Problem::not_found(format_args!("objection {id}"));
    let objection = web.app.store.objection(id).await?.ok_or_else(missing)?;
    match calculate_again(&web.app, &who.actor, objection.run).await {
        Ok(_) => Ok(see_other(&format!("/app/pay/objections/{id}?done=recalculated"))),
        Err(error) => {
            let Some((status, words)) = refusal(who.lang, &error) else {
                return Err(error.into());
            };
            let mut page = with_case(&web, &who, &Asked::default(), id).await?;
            page.notice = Some(words);
            Ok(Html(page).status(status))
        }
    }
}
