//! `/app/review/claims`: the queue, alone or beside one claim; deciding on it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::case::{self, Case};
use crate::app::Permission;
use crate::app::claims::{Barred, ClaimError, ClaimVerdict, barred, decide_on_claim};
use crate::attribution::claim::ClaimState;
use crate::domain::Money;
use crate::storage::claims::QueueFilter;
use crate::web::html::{Html, see_other};
use crate::web::i18n::{Lang, TimeTag};
use crate::web::pages::claims::view::{State as Standing, instant};
use crate::web::pages::paged::{cut, turns};
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Field, Opt};
use crate::web::{Form, Path, Problem, Query, Web};

/// Claims on a page.
const ROWS: i64 = 50;
/// Pages a queue is turned at most; further back one filters.
const PAGES: i64 = 200;

/// A claim in the queue.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: i64,
    pub href: String,
    pub person: String,
    pub bought: String,
    pub amount: Money,
    pub filed: TimeTag,
    pub state: Standing,
    pub contested: bool,
    /// `own` or `first`: why not by who looks.
    pub barred: Option<&'static str>,
    pub current: bool,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "review/claims.html")]
pub struct ReviewPage {
    pub s: Shell,
    pub statuses: Vec<Opt>,
    pub status: String,
    pub employee: Field,
    pub contested: bool,
    /// The filters as they stand in addresses; begins with `?`.
    pub query: String,
    pub rows: Vec<Row>,
    pub previous: Option<String>,
    pub next: Option<String>,
    pub case: Option<Case>,
    pub done: Option<String>,
    pub notice: Option<String>,
}

/// The filters, as addresses carry them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    status: Option<String>,
    employee: Option<String>,
    contested: Option<String>,
    page: Option<i64>,
    done: Option<String>,
}

/// A decision as its form sends it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    decision: String,
    reason: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/review/claims", get(list))
        .route("/app/review/claims/{id}", get(show))
        .route("/app/review/claims/{id}/decision", post(decide))
}

/// The word of a bar.
pub fn barred_word(barred: Barred) -> &'static str {
    match barred {
        Barred::Own => "own",
        Barred::FirstDecider => "first",
    }
}

impl Asked {
    fn status(&self) -> &str {
        self.status
            .as_deref()
            .filter(|s| !s.is_empty())
            .unwrap_or("waiting")
    }

    fn contested(&self) -> bool {
        self.contested.as_deref() == Some("1")
    }

    fn employee(&self) -> &str {
        self.employee.as_deref().unwrap_or_default().trim()
    }

    /// The filters as a query; `page` from 1.
    fn query(&self, page: i64) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("status", self.status());
        if !self.employee().is_empty() {
            query.append_pair("employee", self.employee());
        }
        if self.contested() {
            query.append_pair("contested", "1");
        }
        if page > 1 {
            query.append_pair("page", &page.to_string());
        }
        format!("?{}", query.finish())
    }

    fn page(&self) -> i64 {
        self.page.unwrap_or(1).clamp(1, PAGES)
    }
}

fn statuses(lang: Lang) -> Vec<Opt> {
    let mut list = vec![Opt::new("waiting", lang.t("review-waiting"))];
    let state = |state: &ClaimState| Opt::new(state, lang.word("claim-state", state));
    list.extend(ClaimState::ALL.iter().map(state));
    list.push(Opt::new("all", lang.t("review-all")));
    list
}

/// The queue with nothing chosen.
async fn page(web: &Web, who: &SignedIn, asked: &Asked, chosen: Option<i64>) -> Result<ReviewPage, Problem> {
    let store = &web.app.store;
    let lang = who.lang;
    let s = who.shell(web, Place::Review);
    let mut employee = Field::new("employee", asked.employee());
    let mut filter = QueueFilter {
        contested: asked.contested(),
        ..QueueFilter::default()
    };
    match asked.status() {
        "waiting" => filter.waiting = true,
        "all" => {}
        word => {
            let status = word.parse::<ClaimState>();
            let wrong = || Problem::field("?status", "expected waiting, all or a claim's state");
            filter.status = Some(status.map_err(|()| wrong())?);
        }
    }
    let mut nobody = false;
    if !asked.employee().is_empty() {
        let found = store.employee(asked.employee(), web.app.today()).await?;
        filter.employee = found.map(|e| e.id);
        if filter.employee.is_none() {
            nobody = true;
            employee = employee.wrong(lang.t("review-nobody"));
        }
    }
    let at = asked.page();
    let mut claims = if nobody {
        Vec::new()
    } else {
        store.claim_queue(filter, (at - 1) * ROWS, ROWS + 1).await?
    };
    let more = cut(&mut claims, ROWS);
    let contested = store.contested_claims(&claims).await?;
    let query = asked.query(at);
    let rows = claims
        .iter()
        .map(|c| Row {
            id: c.id,
            href: format!("/app/review/claims/{}{query}", c.id),
            person: c.employee_name.clone(),
            bought: c.bought.clone(),
            amount: c.amount,
            filed: s.moment.time(instant(c.filed_at)),
            state: Standing::of(lang, c.status),
            contested: contested.contains(&c.id),
            barred: barred(&who.actor, c)
                .filter(|_| c.status.is_open())
                .map(barred_word),
            current: chosen == Some(c.id),
        })
        .collect();
    let turn = |page: i64| format!("/app/review/claims{}", asked.query(page));
    let (previous, next) = turns(at, PAGES, more, turn);
    Ok(ReviewPage {
        statuses: statuses(lang),
        status: asked.status().to_owned(),
        employee,
        contested: asked.contested(),
        query,
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
) -> Result<Html<ReviewPage>, Problem> {
    who.need(Permission::DecideClaims)?;
    page(&web, &who, &asked, None).await.map(Html)
}

/// The queue beside one claim.
async fn with_case(web: &Web, who: &SignedIn, asked: &Asked, id: i64) -> Result<ReviewPage, Problem> {
    who.need(Permission::DecideClaims)?;
    let claim = web.app.store.claim(id).await?.ok_or(ClaimError::NotFound(id))?;
    let mut page = page(web, who, asked, Some(id)).await?;
    page.case = Some(case::of(web, who, &page.s, claim).await?);
    Ok(page)
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let mut page = with_case(&web, &who, &asked, id).await?;
    let done = asked.done.as_deref().and_then(|d| d.parse::<ClaimState>().ok());
    page.done = done.map(|d| who.lang.word("review-done", d).to_string());
    Ok(Html(page).into_response())
}

async fn decide(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
    Query(asked): Query<Asked>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::DecideClaims)?;
    let lang = who.lang;
    let verdict = match sent.decision.as_str() {
        "verified" => Ok(ClaimVerdict::Verified),
        "rejected" => Ok(ClaimVerdict::Rejected),
        "needs_information" => Ok(ClaimVerdict::NeedsInformation),
        _ => Err(()),
    };
    let Ok(verdict) = verdict else {
        let mut page = with_case(&web, &who, &asked, id).await?;
        if let Some(case) = &mut page.case {
            case.decision = Field::empty("decision").wrong(lang.t("review-wrong-decision"));
            case.reason.value.clone_from(&sent.reason);
        }
        return Ok(Html(page).status(StatusCode::UNPROCESSABLE_ENTITY));
    };
    let error = match decide_on_claim(&web.app, &who.actor, id, verdict, &sent.reason).await {
        Ok(claim) => {
            let query = asked.query(asked.page());
            let path = format!("/app/review/claims/{id}{query}&done={}", claim.status);
            return Ok(see_other(&path));
        }
        Err(error) => error,
    };
    let (status, notice) = match error {
        ClaimError::Wrong(_) => (StatusCode::UNPROCESSABLE_ENTITY, None),
        // The page itself says why this person may not.
        ClaimError::Forbidden(_) => (StatusCode::FORBIDDEN, Some(lang.t("review-not-you"))),
        ClaimError::Credited(_) => (StatusCode::CONFLICT, Some(lang.t("review-credited"))),
        ClaimError::Conflict(_) => (StatusCode::CONFLICT, Some(lang.t("claim-moved"))),
        other => return Err(other.into()),
    };
    let mut page = with_case(&web, &who, &asked, id).await?;
    page.notice = notice.map(|words| words.to_string());
    if let Some(case) = &mut page.case {
        case.decision.value = sent.decision;
        case.reason.value = sent.reason;
        if status == StatusCode::UNPROCESSABLE_ENTITY {
            case.reason.error = Some(lang.t("review-wrong-reason").to_string());
        }
    }
    Ok(Html(page).status(status))
}
