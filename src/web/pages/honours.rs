//! `/app/honours`: one's honours, the team's goals, the vote for the month's best creator.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use crate::app::Refused;
use crate::app::honour::progress;
use crate::app::vote::cast_ballot;
use crate::web::html::{Html, see_other};
use crate::web::i18n::label_words;
use crate::web::pages::claims::view::instant;
use crate::web::pages::manage::honours::{GoalView, goal_view};
use crate::web::session::Staff;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Field;
use crate::web::{Form, Problem, Query, Web};

/// An honour of one's own.
#[derive(Clone, Debug)]
pub struct Own {
    pub title: String,
    pub kind: String,
    pub span: String,
    pub reason: String,
}

/// A candidate to choose.
#[derive(Clone, Debug)]
pub struct Choose {
    pub code: String,
    pub name: String,
    pub work: String,
    pub me: bool,
}

/// The vote that is open.
#[derive(Clone, Debug)]
pub struct OpenVote {
    pub id: i64,
    pub month: String,
    pub closes: String,
    pub candidates: Vec<Choose>,
    /// Whom one voted for.
    pub voted: Option<String>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "honours/honours.html")]
pub struct HonoursPage {
    pub s: Shell,
    pub own: Vec<Own>,
    pub goals: Vec<GoalView>,
    pub vote: Option<OpenVote>,
    pub candidate: Field,
    pub past: Vec<String>,
    pub notice: Option<String>,
    pub done: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    done: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    vote: String,
    candidate: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/app/honours", get(show).post(cast))
}

async fn page(web: &Web, staff: &Staff) -> Result<HonoursPage, Problem> {
    let app = &web.app;
    let lang = staff.who.lang;
    let s = staff.who.shell(web, Place::Board);
    let own = app.store.honours_of(staff.employee).await?;
    let own = own
        .into_iter()
        .map(|h| Own {
            kind: lang.word("honour", &h.kind).to_string(),
            span: label_words(lang, &h.span),
            title: h.title,
            reason: h.reason,
        })
        .collect();
    let team = app.store.team_on(staff.employee.0, app.today()).await?;
    let goals = progress(app, Some(team)).await?;
    let now_ms = app.clock.now_ms();
    let names = app.store.people_names().await?;
    let (mut vote, mut past) = (None, Vec::new());
    for v in app.store.votes(6).await? {
        let month = label_words(lang, &v.month);
        if let Some((_, name)) = v.winner_id.and_then(|id| names.get(&id)) {
            past.push(
                lang.t("vote-winner")
                    .with("month", month)
                    .with("name", name)
                    .to_string(),
            );
        } else if v.closed_at.is_none() && now_ms < v.closes_at && vote.is_none() {
            let voted = app.store.ballot(v.id, staff.employee).await?;
            let candidates = app.store.candidates(v.id).await?;
            let mut candidates: Vec<Choose> = candidates
                .into_iter()
                .map(|c| Choose {
                    me: c.employee_id == staff.employee.0,
                    code: c.code,
                    name: c.name,
                    work: c.work,
                })
                .collect();
            // Not by ballots: nobody is to follow the crowd.
            candidates.sort_by(|a, b| a.code.cmp(&b.code));
            vote = Some(OpenVote {
                id: v.id,
                month,
                closes: s.moment.exact(instant(v.closes_at)),
                voted: voted
                    .and_then(|id| names.get(&id.0))
                    .map(|(_, name)| name.clone()),
                candidates,
            });
        }
    }
    Ok(HonoursPage {
        s,
        own,
        goals: goals.iter().map(|p| goal_view(lang, p)).collect(),
        vote,
        candidate: Field::empty("candidate"),
        past,
        notice: None,
        done: false,
    })
}

async fn show(
    State(web): State<Web>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Html<HonoursPage>, Problem> {
    let mut page = page(&web, &staff).await?;
    page.done = asked.done == "voted";
    Ok(Html(page))
}

async fn cast(State(web): State<Web>, staff: Staff, Form(sent): Form<Sent>) -> Result<Response, Problem> {
    let lang = staff.who.lang;
    let vote = sent
        .vote
        .parse::<i64>()
        .map_err(|_| Problem::field("/vote", "expected a vote's number"))?;
    let refused = match cast_ballot(&web.app, &staff.who.actor, vote, &sent.candidate).await {
        Ok(()) => return Ok(see_other("/app/honours?done=voted")),
        Err(refused) => refused,
    };
    let mut page = page(&web, &staff).await?;
    let status = match refused {
        Refused::Wrong(_) => {
            page.candidate.error = Some(lang.t("vote-wrong").to_string());
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Refused::Conflict(_) => {
            let open = page.vote.as_ref().is_some_and(|v| v.id == vote);
            let word = if open { "already" } else { "closed" };
            page.notice = Some(lang.word("vote", word).to_string());
            StatusCode::CONFLICT
        }
        other => return Err(other.into()),
    };
    Ok(Html(page).status(status))
}
