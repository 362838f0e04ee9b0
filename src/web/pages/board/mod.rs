//! `/app/board`: my place pinned, the board, the last period beside it. `/app/board/screen`: the office display.

mod screen;
pub(in crate::web::pages) mod view;

use std::collections::HashMap;
use std::fmt;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use crate::app::App;
use crate::app::board::{Board, board};
use crate::app::honour::progress;
use crate::domain::{EmployeeId, Period};
use crate::ranking::{By, Metric};
use crate::web::html::Html;
use crate::web::i18n::{Lang, period_words, span_words};
use crate::web::pages::manage::honours::{GoalView, goal_view};
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Choice, Opt};
use crate::web::{Problem, Query, Web};

use view::{MineView, RowView, Scale};

/// Rows shown before "show all" is asked for.
const ROWS: usize = 50;

/// Rows shown at most.
const ROWS_MAX: usize = 2_000;

/// What a URL asks for: the filters, which all live there.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::web::pages) struct Asked {
    pub period: Option<String>,
    pub metric: Option<String>,
    pub by: Option<String>,
    pub all: Option<String>,
}

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web::pages) struct Which {
    pub period: Period,
    pub metric: Metric,
    pub by: By,
}

impl Which {
    /// Out of a URL; what is left out is this week, points, people. Anything else is 422.
    pub fn of(app: &App, asked: &Asked) -> Result<Self, Problem> {
        let period = match asked.period.as_deref() {
            None | Some("") => Period::week_of(app.today()).map_err(|e| Problem::internal(&e))?,
            Some(text) => Period::parse(text).map_err(|e| Problem::field("?period", e))?,
        };
        let metric = asked
            .metric
            .as_deref()
            .filter(|m| !m.is_empty())
            .unwrap_or("points");
        let by = asked
            .by
            .as_deref()
            .filter(|b| !b.is_empty())
            .unwrap_or("employee");
        Ok(Self {
            period,
            metric: metric
                .parse()
                .map_err(|()| Problem::field("?metric", "expected points, clicks, leads or sales"))?,
            by: by
                .parse()
                .map_err(|()| Problem::field("?by", "expected employee or team"))?,
        })
    }

    fn with_period(self, period: Period) -> Self {
        Self { period, ..self }
    }

    pub fn with_by(self, by: By) -> Self {
        Self { by, ..self }
    }
}

impl fmt::Display for Which {
    /// The query that asks for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "period={}&metric={}&by={}",
            self.period.label(),
            self.metric,
            self.by
        )
    }
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "board/board.html")]
struct BoardPage {
    s: Shell,
    which: Which,
    /// This period and the one before.
    spans: Vec<Choice>,
    /// People or teams.
    who: Vec<Choice>,
    periods: Vec<Opt>,
    metrics: Vec<Opt>,
    frozen_at: Option<Timestamp>,
    freezes_at: Timestamp,
    rows: Vec<RowView>,
    late: Vec<RowView>,
    mine: Option<MineView>,
    /// How many there are, when not all are shown.
    more: Option<usize>,
    side: Option<Side>,
    /// Goals of my team and of the firm.
    goals: Vec<GoalView>,
    /// The month of a vote that is open.
    vote: Option<Period>,
    /// What was said when it was published, and when.
    published: Option<(String, Timestamp)>,
}

/// The period before, beside a running one.
#[derive(Debug)]
struct Side {
    period: Period,
    href: String,
    frozen_at: Option<Timestamp>,
    rows: Vec<RowView>,
    restated: usize,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/board", get(show))
        .merge(screen::routes())
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<BoardPage>, Problem> {
    let app = &web.app;
    let which = Which::of(app, &asked)?;
    let viewer = who.actor.employee();
    let shown = board(app, viewer, which.period, which.metric, which.by).await?;
    let teams = app.store.team_names(app.today()).await?;
    let side = match which.period.previous() {
        Ok(before) if shown.frozen_at.is_none() => {
            Some(beside(app, viewer, which.with_period(before)).await?)
        }
        _ => None,
    };
    let published = match shown.frozen_at {
        Some(_) => {
            let editions = app
                .store
                .board_editions(&which.period.label(), which.metric, which.by)
                .await?;
            editions.into_iter().next().and_then(|e| {
                let at = Timestamp::from_millisecond(e.published_at).ok()?;
                Some((e.note, at))
            })
        }
        None => None,
    };
    let lang = who.lang;
    let team = match viewer {
        Some(person) => app.store.team_on(person.0, app.today()).await?,
        None => None,
    };
    let goals = progress(app, Some(team)).await?;
    let now_ms = app.clock.now_ms();
    let open = app.store.votes(2).await?;
    let open = open
        .into_iter()
        .find(|v| v.closed_at.is_none() && now_ms < v.closes_at);
    let titles = titles(app, which.by).await?;
    let scale = Scale::of(lang, &shown, &teams);
    let limit = if asked.all.is_some() { ROWS_MAX } else { ROWS };
    let rows: Vec<RowView> = shown
        .rows
        .iter()
        .take(limit)
        .map(|r| titled(scale.row(r), r, &titles))
        .collect();
    Ok(Html(BoardPage {
        s: who.shell(&web, Place::Board),
        which,
        spans: spans(app, lang, which)?,
        who: By::ALL
            .map(|by| {
                let href = format!("/app/board?{}", which.with_by(by));
                Choice::new(href, lang.word("board-by", by), by == which.by)
            })
            .to_vec(),
        periods: periods(app, lang, which.period),
        metrics: Metric::ALL
            .map(|m| Opt::new(m, lang.word("board-metric", m)))
            .to_vec(),
        frozen_at: shown
            .frozen_at
            .and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        freezes_at: freezes_at(app, &which.period),
        late: shown.late.iter().take(ROWS).map(|r| scale.row(r)).collect(),
        mine: scale.mine(&shown, app.programme.points.click),
        more: (shown.rows.len() > rows.len()).then_some(shown.rows.len()),
        rows,
        side: side.map(|(which, board)| side_of(lang, which, &board)),
        published,
        goals: goals.iter().map(|p| goal_view(lang, p)).collect(),
        vote: open
            .filter(|_| viewer.is_some())
            .and_then(|v| Period::parse(&v.month).ok()),
    }))
}

/// A year, milliseconds: titles older than that are history.
const TITLES_MS: i64 = 366 * 24 * 3_600_000;

/// Titles of people on a board; hidden names show none.
async fn titles(app: &App, by: By) -> Result<HashMap<i64, String>, Problem> {
    let mut titles = HashMap::new();
    if by == By::Employee {
        for (employee, _, title) in app.store.titles(app.clock.now_ms() - TITLES_MS).await? {
            titles.entry(employee).or_insert(title);
        }
    }
    Ok(titles)
}

/// A row with its person's title, unless they hide their name.
fn titled(mut view: RowView, row: &crate::app::board::BoardRow, titles: &HashMap<i64, String>) -> RowView {
    if let Some(title) = titles.get(&row.subject).filter(|_| row.name != "*") {
        view.small = if view.small.is_empty() {
            title.clone()
        } else {
            format!("{} · {title}", view.small)
        };
    }
    view
}

async fn beside(app: &App, viewer: Option<EmployeeId>, which: Which) -> Result<(Which, Board), Problem> {
    let board = board(app, viewer, which.period, which.metric, which.by).await?;
    Ok((which, board))
}

/// The best three of the period before, and mine.
fn side_of(lang: Lang, which: Which, board: &Board) -> Side {
    let teams = std::collections::HashMap::new();
    let scale = Scale::of(lang, board, &teams);
    let shown = board
        .rows
        .iter()
        .enumerate()
        .filter(|(i, row)| *i < 3 || row.mine);
    Side {
        period: which.period,
        href: format!("/app/board?{which}"),
        frozen_at: board
            .frozen_at
            .and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        rows: shown.map(|(_, row)| scale.row(row)).collect(),
        restated: board.rows.iter().filter(|r| r.restated.is_some()).count() + board.late.len(),
    }
}

/// When a period's board freezes: 24 h after its end (attribution.md §8).
pub(in crate::web::pages) fn freezes_at(app: &App, period: &Period) -> Timestamp {
    let end = period.to(&app.programme.zone);
    end.checked_add(24.hours()).unwrap_or(end)
}

/// The period shown, with its neighbours in time.
pub(in crate::web::pages) fn spans(app: &App, lang: Lang, which: Which) -> Result<Vec<Choice>, Problem> {
    let today = app.today();
    let running = which.period.contains(today);
    let this_week = Period::week_of(today).map_err(|e| Problem::internal(&e))?;
    let mut periods = Vec::new();
    if let Ok(before) = which.period.previous() {
        periods.push(before);
    }
    periods.push(which.period);
    if !running && which.period != this_week {
        periods.push(this_week);
    }
    let choices = periods.into_iter().map(|period| {
        let state = if period.contains(today) { "running" } else { "over" };
        let name = period_words(lang, &period);
        let label = lang.word("board-span", state).with("period", name);
        let href = format!("/app/board?{}", which.with_period(period));
        Choice::new(href, label, period == which.period)
    });
    Ok(choices.collect())
}

/// The periods of the filter: weeks, months, quarters back from today, and the one shown.
pub(in crate::web::pages) fn periods(app: &App, lang: Lang, shown: Period) -> Vec<Opt> {
    let today = app.today();
    let mut list: Vec<Period> = Vec::new();
    for (first, count) in [
        (Period::week_of(today), 12),
        (Period::month_of(today), 6),
        (Period::quarter_of(today), 4),
    ] {
        let mut next = first.ok();
        for _ in 0..count {
            let Some(period) = next else { break };
            list.push(period);
            next = period.previous().ok();
        }
    }
    if !list.contains(&shown) {
        list.push(shown);
    }
    let name = |p: &Period| {
        let span = span_words(lang, p);
        lang.t("board-period")
            .with("period", period_words(lang, p))
            .with("span", span)
            .to_string()
    };
    list.iter().map(|p| Opt::new(p.label(), name(p))).collect()
}

#[cfg(test)]
mod tests;
