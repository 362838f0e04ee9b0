//! What the forms of the page do, and what they answer when they are wrong.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::{Asked, HonoursPage, PATH, RowTyped, page};
use crate::app::honour::{GoalToSet, HonourToGive, end_goal, give_honour, set_goal, take_honour_back};
use crate::app::vote::{NewVote, count_vote, open_vote};
use crate::app::{Permission, Refused};
use crate::domain::Money;
use crate::ranking::Metric;
use crate::web::html::{Html, see_other};
use crate::web::pages::manage::date;
use crate::web::session::SignedIn;
use crate::web::ui::Field;
use crate::web::{Form, Path, Problem, Web};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    month: String,
    closes_on: String,
    candidates: String,
    team: String,
    metric: String,
    first: String,
    last: String,
    target: String,
    reward: String,
    employee: String,
    kind: String,
    title: String,
    span: String,
    reason: String,
    winner: String,
}

/// Where something was typed: a form of its tab, or one beside a row.
#[derive(Clone, Copy)]
struct At {
    tab: &'static str,
    /// The vote or honour.
    row: Option<i64>,
}

impl At {
    const fn form(tab: &'static str) -> Self {
        Self { tab, row: None }
    }

    const fn row(tab: &'static str, row: i64) -> Self {
        Self { tab, row: Some(row) }
    }
}

/// The page of a tab with what was typed and what is wrong with it.
async fn refused(
    web: &Web,
    who: &SignedIn,
    at: At,
    sent: Sent,
    refused: Refused,
) -> Result<Response, Problem> {
    let tab = at.tab;
    let asked = Asked {
        tab: tab.to_owned(),
        // The page that begins with it: it may be far down the list.
        before: at.row.map(|row| row.saturating_add(1)),
        ..Asked::default()
    };
    let mut page = page(web, who, &asked).await?;
    if let Some(row) = at.row {
        return beside(who, row, sent, refused, page);
    }
    for (name, value) in [
        ("month", sent.month),
        ("closes_on", sent.closes_on),
        ("candidates", sent.candidates),
        ("team", sent.team),
        ("metric", sent.metric),
        ("first", sent.first),
        ("last", sent.last),
        ("target", sent.target),
        ("reward", sent.reward),
        ("employee", sent.employee),
        ("kind", sent.kind),
        ("title", sent.title),
        ("span", sent.span),
        ("reason", sent.reason),
    ] {
        if let Some(field) = page.field(name).filter(|_| !value.is_empty()) {
            field.value = value;
        }
    }
    let lang = who.lang;
    let status = match refused {
        Refused::Wrong(wrong) => {
            for w in wrong {
                let name = w.pointer.trim_start_matches('/').to_owned();
                let words = lang.word("honours-wrong", &name).to_string();
                match page.field(&name) {
                    Some(field) => field.error = Some(words),
                    None => page.notice = Some(words),
                }
            }
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Refused::Forbidden(_) => {
            page.notice = Some(lang.t("honours-own").to_string());
            StatusCode::FORBIDDEN
        }
        Refused::Conflict(_) => {
            page.notice = Some(lang.word("honours-conflict", tab).to_string());
            StatusCode::CONFLICT
        }
        other => return Err(other.into()),
    };
    Ok(Html(page).status(status))
}

/// The same for a form beside a row: its reason is not the other form's.
fn beside(
    who: &SignedIn,
    row: i64,
    sent: Sent,
    refused: Refused,
    mut page: HonoursPage,
) -> Result<Response, Problem> {
    let lang = who.lang;
    let (status, words) = match refused {
        Refused::Wrong(wrong) => {
            let name = wrong
                .first()
                .map_or("reason", |w| w.pointer.trim_start_matches('/'));
            let words = lang.word("honours-wrong", name);
            (StatusCode::UNPROCESSABLE_ENTITY, words)
        }
        Refused::Forbidden(_) => (StatusCode::FORBIDDEN, lang.t("honours-own")),
        Refused::Conflict(_) => (StatusCode::CONFLICT, lang.word("honours-conflict", page.tab)),
        other => return Err(other.into()),
    };
    let words = words.to_string();
    match page.row(row) {
        Some(typed) => {
            *typed = RowTyped {
                winner: sent.winner,
                reason: sent.reason,
                error: Some(words),
            }
        }
        None => page.notice = Some(words),
    }
    Ok(Html(page).status(status))
}

/// Back to the tab with a word on what was done, or the tab with what is wrong.
async fn told<T>(
    web: &Web,
    who: &SignedIn,
    (at, done): (At, &str),
    sent: Sent,
    ended: Result<T, Refused>,
) -> Result<Response, Problem> {
    match ended {
        Ok(_) => Ok(see_other(&format!("{PATH}?tab={}&done={done}", at.tab))),
        Err(error) => refused(web, who, at, sent, error).await,
    }
}

pub async fn vote(
    State(web): State<Web>,
    who: SignedIn,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::DecidePoints)?;
    let mut day = Field::empty("closes_on");
    let new = NewVote {
        month: sent.month.clone(),
        closes_on: date(who.lang, &sent.closes_on, &mut day),
        candidates: sent
            .candidates
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .take(50)
            .map(|line| {
                let (code, work) = line.split_once([' ', ',', '，', '\t']).unwrap_or((line, ""));
                (code.trim().to_owned(), work.trim().to_owned())
            })
            .collect(),
    };
    let ended = open_vote(&web.app, &who.actor, &new).await;
    told(&web, &who, (At::form("vote"), "opened"), sent, ended).await
}

pub async fn count(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::DecidePoints)?;
    let winner = Some(sent.winner.as_str());
    let ended = count_vote(&web.app, &who.actor, id, winner, &sent.reason).await;
    told(&web, &who, (At::row("vote", id), "counted"), sent, ended).await
}

pub async fn goal(
    State(web): State<Web>,
    who: SignedIn,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::PublishBoards)?;
    let (mut first, mut last) = (Field::empty("first"), Field::empty("last"));
    let typed = sent.target.trim().replace([',', '，'], "");
    let target = if sent.metric == Metric::Sales.as_str() {
        Money::parse(&typed).ok().map(Money::minor)
    } else {
        typed.parse::<i64>().ok()
    };
    let new = GoalToSet {
        team: sent.team.clone(),
        metric: sent.metric.clone(),
        first: date(who.lang, &sent.first, &mut first),
        last: date(who.lang, &sent.last, &mut last),
        target,
        reward: sent.reward.clone(),
    };
    let ended = set_goal(&web.app, &who.actor, &new).await;
    told(&web, &who, (At::form("goals"), "set"), sent, ended).await
}

pub async fn withdraw_goal(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    who.need(Permission::PublishBoards)?;
    let ended = end_goal(&web.app, &who.actor, id).await;
    told(&web, &who, (At::form("goals"), "ended"), Sent::default(), ended).await
}

pub async fn honour(
    State(web): State<Web>,
    who: SignedIn,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::DecidePoints)?;
    let new = HonourToGive {
        employee: sent.employee.clone(),
        kind: sent.kind.clone(),
        title: sent.title.clone(),
        span: sent.span.clone(),
        reason: sent.reason.clone(),
    };
    let ended = give_honour(&web.app, &who.actor, &new).await;
    told(&web, &who, (At::form("honours"), "given"), sent, ended).await
}

pub async fn withdraw(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::DecidePoints)?;
    let ended = take_honour_back(&web.app, &who.actor, id, &sent.reason).await;
    told(&web, &who, (At::row("honours", id), "withdrawn"), sent, ended).await
}
