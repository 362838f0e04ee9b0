//! `/app/manage/points`: what waits for a decision on points, and points by hand. Nobody decides on their own, or on what
//! they asked for themselves.

mod rows;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use crate::app::Permission;
use crate::app::adjust::{ask_adjustment, decide_on_adjustment};
use crate::app::filing::{PointsError, Verdict};
use crate::app::interaction::decide_on_interaction;
use crate::app::share::decide_on_share;
use crate::web::html::{Html, see_other};
use crate::web::i18n::Text;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Choice, Field};
use crate::web::{Form, Path, Problem, Query, Web};
pub use rows::everything;
use rows::{Item, Names, items};

/// Rows of a tab.
const ROWS: i64 = 100;
const TABS: [&str; 4] = ["exchanges", "shares", "hand", "awards"];

/// The page.
#[derive(Debug, Template)]
#[template(path = "manage/points.html")]
pub struct PointsPage {
    pub s: Shell,
    pub tabs: Vec<Choice>,
    pub tab: &'static str,
    /// Of exchanges: those that wait, or all.
    pub states: Vec<Choice>,
    pub items: Vec<Item>,
    pub previous: Option<String>,
    pub next: Option<String>,
    /// The list as a file.
    pub csv: String,
    pub xlsx: String,
    pub employee: Field,
    pub points: Field,
    pub reason: Field,
    pub notice: Option<String>,
    pub done: Option<String>,
}

impl PointsPage {
    /// The form of points by hand.
    fn fields(&self) -> [&Field; 3] {
        [&self.employee, &self.points, &self.reason]
    }

    /// Whether something is wrong with it.
    fn is_wrong(&self) -> bool {
        self.fields().iter().any(|f| f.is_wrong())
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    tab: String,
    /// Of exchanges: `all`, else those that wait.
    state: String,
    /// The last row of the page before.
    before: Option<i64>,
    /// Of points by hand, where those that wait come first: whether that row was decided.
    decided: bool,
    done: String,
    /// Rows at once; nothing: a page's.
    #[serde(skip)]
    rows: Option<i64>,
}

/// What the next page is asked for with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The last row of this page.
    before: i64,
    /// By hand: whether it was decided.
    decided: bool,
}

impl Turn {
    /// Where rows run by their number.
    fn before(id: i64) -> Self {
        Self {
            before: id,
            decided: false,
        }
    }
}

impl Asked {
    /// The list that is meant.
    pub fn tab(&self) -> &'static str {
        TABS.into_iter().find(|t| *t == self.tab).unwrap_or(TABS[0])
    }

    /// Whether decided ones are listed, too.
    pub fn all(&self) -> bool {
        self.state == "all"
    }

    fn rows(&self) -> i64 {
        self.rows.unwrap_or(ROWS)
    }

    /// The address of a page of this list, or of it as a file.
    fn address(&self, file: &str, turn: Option<Turn>) -> String {
        let state = if self.all() { "&state=all" } else { "" };
        let turn = turn.map_or_else(String::new, |Turn { before, decided }| {
            let decided = if decided { "&decided=true" } else { "" };
            format!("&before={before}{decided}")
        });
        format!("/app/manage/points{file}?tab={}{state}{turn}", self.tab())
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    decision: String,
    reason: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ByHand {
    employee: String,
    points: String,
    reason: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/manage/points", get(show).post(ask))
        .route("/app/manage/points/{tab}/{id}", post(decide))
}

async fn page(web: &Web, who: &SignedIn, asked: &Asked) -> Result<PointsPage, Problem> {
    who.need(Permission::DecidePoints)?;
    let tab = asked.tab();
    let lang = who.lang;
    let s = who.shell(web, Place::Points);
    let names = Names::load(web, lang).await?;
    let (items, next) = items(web, who, &s, &names, asked).await?;
    let state = |word: &'static str, words: Text| {
        Choice::new(
            format!("/app/manage/points?tab=exchanges&state={word}"),
            words,
            asked.all() == (word == "all"),
        )
    };
    Ok(PointsPage {
        tabs: TABS
            .map(|t| {
                Choice::new(
                    format!("/app/manage/points?tab={t}"),
                    lang.word("points-tab", t),
                    t == tab,
                )
            })
            .to_vec(),
        states: match tab {
            "exchanges" => vec![
                state("pending", lang.t("points-waiting")),
                state("all", lang.t("points-all")),
            ],
            _ => Vec::new(),
        },
        previous: asked.before.map(|_| asked.address("", None)),
        next: next.map(|turn| asked.address("", Some(turn))),
        csv: asked.address(".csv", None),
        xlsx: asked.address(".xlsx", None),
        tab,
        items,
        employee: Field::empty("employee"),
        points: Field::empty("points"),
        reason: Field::empty("reason"),
        notice: None,
        done: None,
        s,
    })
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<PointsPage>, Problem> {
    let mut page = page(&web, &who, &asked).await?;
    let done = ["approved", "rejected", "asked"]
        .into_iter()
        .find(|d| *d == asked.done);
    page.done = done.map(|d| who.lang.word("points-done", d).to_string());
    Ok(Html(page))
}

async fn decide(
    State(web): State<Web>,
    who: SignedIn,
    Path((tab, id)): Path<(String, i64)>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::DecidePoints)?;
    let tab = TABS
        .into_iter()
        .find(|t| *t == tab && *t != "awards")
        .ok_or_else(|| Problem::not_found(format_args!("queue {tab:?}")))?;
    let verdict = match sent.decision.as_str() {
        "approved" => Verdict::Approved,
        "rejected" => Verdict::Rejected,
        _ => return Err(Problem::field("/decision", "expected approved or rejected")),
    };
    let (app, actor) = (&web.app, &who.actor);
    let result = match tab {
        "shares" => decide_on_share(app, actor, id, verdict, &sent.reason)
            .await
            .map(drop),
        "hand" => decide_on_adjustment(app, actor, id, verdict, &sent.reason)
            .await
            .map(drop),
        _ => decide_on_interaction(app, actor, id, verdict, &sent.reason)
            .await
            .map(drop),
    };
    let (status, word) = match result {
        Ok(()) => {
            return Ok(see_other(&format!(
                "/app/manage/points?tab={tab}&done={}",
                sent.decision
            )));
        }
        Err(PointsError::Field { .. }) => (StatusCode::UNPROCESSABLE_ENTITY, "need-reason"),
        Err(PointsError::Forbidden(_)) => (StatusCode::FORBIDDEN, "not-you"),
        Err(PointsError::Conflict(_)) => (StatusCode::CONFLICT, "conflict"),
        Err(other) => return Err(other.into()),
    };
    let asked = Asked {
        tab: tab.to_owned(),
        // The page that begins with it, in whatever state: it may be far down the list. By hand, those that wait come first.
        state: "all".to_owned(),
        before: (tab != "hand").then(|| id.saturating_add(1)),
        ..Asked::default()
    };
    let mut page = page(&web, &who, &asked).await?;
    let words = who.lang.word("points", word).to_string();
    let here = format!("{tab}-{id}");
    match page.items.iter_mut().find(|i| i.id == here) {
        Some(item) => {
            item.error = Some(words);
            item.reason = sent.reason;
        }
        None => page.notice = Some(words),
    }
    Ok(Html(page).status(status))
}

async fn ask(State(web): State<Web>, who: SignedIn, Form(sent): Form<ByHand>) -> Result<Response, Problem> {
    who.need(Permission::DecidePoints)?;
    let lang = who.lang;
    let points = sent
        .points
        .trim()
        .trim_start_matches('+')
        .replace('−', "-")
        .parse::<i64>();
    let refused = match points {
        Ok(points) => {
            match ask_adjustment(&web.app, &who.actor, sent.employee.trim(), points, &sent.reason).await {
                Ok(_) => return Ok(see_other("/app/manage/points?tab=hand&done=asked")),
                Err(error) => error,
            }
        }
        Err(_) => PointsError::field("/points", "a whole number"),
    };
    let asked = Asked {
        tab: "hand".to_owned(),
        ..Asked::default()
    };
    let mut page = page(&web, &who, &asked).await?;
    page.employee.value = sent.employee;
    page.points.value = sent.points;
    page.reason.value = sent.reason;
    let (status, field, word) = match refused {
        PointsError::Field {
            pointer: "/points", ..
        } => (StatusCode::UNPROCESSABLE_ENTITY, &mut page.points, "wrong-points"),
        PointsError::Field {
            pointer: "/reason", ..
        } => (StatusCode::UNPROCESSABLE_ENTITY, &mut page.reason, "need-reason"),
        PointsError::Field { .. } => (StatusCode::UNPROCESSABLE_ENTITY, &mut page.employee, "nobody"),
        PointsError::Forbidden(_) => (StatusCode::FORBIDDEN, &mut page.employee, "own"),
        other => return Err(other.into()),
    };
    field.error = Some(lang.word("points", word).to_string());
    Ok(Html(page).status(status))
}
