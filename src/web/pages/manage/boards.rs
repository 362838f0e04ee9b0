//! `/app/manage/boards`: the week's board at a desk: whether it is frozen, what was restated, publishing it, the office
//! display, a picture for the group chat.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use serde::Deserialize;

use super::funnel::{XLSX, download};
use super::grid::{Cell, Grid};
use crate::app::Permission;
use crate::app::Refused;
use crate::app::board::{Board, board};
use crate::app::publish::{publish_board, restated};
use crate::domain::Money;
use crate::ranking::{By, Metric, Value};
use crate::share::{PLACARD_ROWS, Placard, PlacardRow, draw_placard};
use crate::web::html::{Html, see_other};
use crate::web::i18n::{Lang, period_words, span_words};
use crate::web::pages::actors::Actors;
use crate::web::pages::board::view::Scale;
use crate::web::pages::board::{Asked as BoardAsked, Which, freezes_at, periods, spans};
use crate::web::pages::claims::view::instant;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Choice, Field, Opt};
use crate::web::{Form, Problem, Query, Web};

/// Where the page is.
const PATH: &str = "/app/manage/boards";

/// An announcement as it is printed.
#[derive(Clone, Debug)]
pub struct EditionView {
    pub title: String,
    pub note: String,
    pub by: String,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "manage/boards.html")]
pub struct BoardsPage {
    pub s: Shell,
    pub query: String,
    pub spans: Vec<Choice>,
    pub who: Vec<Choice>,
    pub by: &'static str,
    pub period: String,
    pub periods: Vec<Opt>,
    pub metric: &'static str,
    pub metrics: Vec<Opt>,
    pub title: String,
    pub frozen_at: Option<Timestamp>,
    pub freezes_at: Timestamp,
    pub restated: i64,
    pub editions: Vec<EditionView>,
    /// May be published now.
    pub open: bool,
    pub note: Field,
    pub grid: Grid,
    pub notice: Option<String>,
    pub done: Option<String>,
}

impl BoardsPage {
    /// A path with this board asked for.
    fn at(&self, path: &str) -> String {
        format!("{path}?{}", self.query)
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    period: Option<String>,
    metric: Option<String>,
    by: Option<String>,
    done: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    period: String,
    metric: String,
    by: String,
    note: String,
}

impl Asked {
    fn which(&self, web: &Web) -> Result<Which, Problem> {
        let asked = BoardAsked {
            period: self.period.clone(),
            metric: self.metric.clone(),
            by: self.by.clone(),
            all: None,
        };
        Which::of(&web.app, &asked)
    }
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/manage/boards", get(show).post(publish))
        .route("/app/manage/boards.csv", get(csv))
        .route("/app/manage/boards.xlsx", get(xlsx))
        .route("/app/manage/boards.png", get(png))
}

fn cell(metric: Metric, by: By, value: Value, scale: &Scale<'_>) -> Cell {
    match (metric, by) {
        (Metric::Sales, _) => Cell::Money(Money::from_minor(value.rounded())),
        (_, By::Employee) => Cell::Count(value.rounded()),
        (_, By::Team) => Cell::text(scale.value(value)),
    }
}

fn grid(lang: Lang, shown: &Board, scale: &Scale<'_>) -> Grid {
    let columns = [
        ("", lang.t("board-rank").to_string()),
        ("", lang.t("board-name").to_string()),
        ("", lang.t("boards-code").to_string()),
        ("", lang.word("board-column", shown.metric).to_string()),
        ("", lang.t("board-moved").to_string()),
        ("", lang.t("boards-restated").to_string()),
    ];
    let mut grid = Grid::new("board", lang.t("nav-boards"), &columns);
    grid.none = lang.t("board-empty").to_string();
    grid.region = lang
        .t("shell-table")
        .with("what", lang.t("nav-boards").to_string())
        .to_string();
    for row in &shown.rows {
        let view = scale.row(row);
        grid.rows.push(vec![
            Cell::Count(row.rank),
            Cell::Name(view.name, String::new(), view.small),
            Cell::text(&row.code),
            cell(shown.metric, shown.by, row.value, scale),
            row.moved
                .map_or_else(|| Cell::text(lang.t("board-new").to_string()), Cell::Change),
            Cell::text(view.restated.unwrap_or_default()),
        ]);
    }
    for row in &shown.late {
        let view = scale.row(row);
        grid.rows.push(vec![
            Cell::text("–"),
            Cell::Name(view.name, String::new(), view.small),
            Cell::text(&row.code),
            Cell::text("–"),
            Cell::text(""),
            Cell::text(lang.t("board-late").with("value", view.value)),
        ]);
    }
    grid
}

async fn page(web: &Web, who: &SignedIn, which: Which) -> Result<BoardsPage, Problem> {
    who.need(Permission::PublishBoards)?;
    let app = &web.app;
    let lang = who.lang;
    let s = who.shell(web, Place::Boards);
    let shown = board(app, None, which.period, which.metric, which.by).await?;
    let teams = app.store.team_names(app.today()).await?;
    let scale = Scale::of(lang, &shown, &teams);
    let actors = Actors::load(web, lang).await?;
    let known = app
        .store
        .board_editions(&which.period.label(), which.metric, which.by)
        .await?;
    let restated = restated(&shown);
    let open = shown.frozen_at.is_some() && known.first().is_none_or(|last| last.restated != restated);
    let editions = known
        .into_iter()
        .map(|e| EditionView {
            title: lang
                .t("boards-edition")
                .n("n", e.edition)
                .n("restated", e.restated)
                .to_string(),
            by: format!(
                "{} · {}",
                actors.name(&e.published_by),
                s.moment.exact(instant(e.published_at))
            ),
            note: e.note,
        })
        .collect();
    let here = |choice: Choice| Choice {
        href: choice.href.replacen("/app/board?", "/app/manage/boards?", 1),
        ..choice
    };
    Ok(BoardsPage {
        query: which.to_string(),
        spans: spans(app, lang, which)?.into_iter().map(here).collect(),
        who: By::ALL
            .map(|by| {
                let href = format!("{PATH}?{}", which.with_by(by));
                Choice::new(href, lang.word("board-by", by), by == which.by)
            })
            .to_vec(),
        by: which.by.as_str(),
        period: which.period.label(),
        periods: periods(app, lang, which.period),
        metric: which.metric.as_str(),
        metrics: Metric::ALL
            .map(|m| Opt::new(m, lang.word("board-metric", m)))
            .to_vec(),
        title: format!(
            "{} {}",
            period_words(lang, &which.period),
            span_words(lang, &which.period)
        ),
        frozen_at: shown
            .frozen_at
            .and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        freezes_at: freezes_at(app, &which.period),
        restated,
        editions,
        open,
        note: Field::empty("note"),
        grid: grid(lang, &shown, &scale),
        notice: None,
        done: None,
        s,
    })
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<BoardsPage>, Problem> {
    let mut page = page(&web, &who, asked.which(&web)?).await?;
    let done = asked.done.as_deref() == Some("published");
    page.done = done.then(|| who.lang.t("boards-done").to_string());
    Ok(Html(page))
}

async fn publish(State(web): State<Web>, who: SignedIn, Form(sent): Form<Sent>) -> Result<Response, Problem> {
    who.need(Permission::PublishBoards)?;
    let asked = Asked {
        period: Some(sent.period),
        metric: Some(sent.metric),
        by: Some(sent.by),
        done: None,
    };
    let which = asked.which(&web)?;
    let of = (which.metric, which.by);
    let refused = match publish_board(&web.app, &who.actor, which.period, of, &sent.note).await {
        Ok(_) => return Ok(see_other(&format!("{PATH}?{which}&done=published"))),
        Err(refused) => refused,
    };
    let mut page = page(&web, &who, which).await?;
    page.note.value = sent.note;
    let status = match refused {
        Refused::Wrong(_) => {
            page.note.error = Some(who.lang.t("boards-wrong-note").to_string());
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Refused::Conflict(_) => {
            page.notice = Some(who.lang.t("boards-conflict").to_string());
            StatusCode::CONFLICT
        }
        other => return Err(other.into()),
    };
    Ok(Html(page).status(status))
}

async fn csv(State(web): State<Web>, who: SignedIn, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let which = asked.which(&web)?;
    let page = page(&web, &who, which).await?;
    let bytes = page.grid.table().to_csv().map_err(|e| Problem::internal(&e))?;
    Ok(download(
        bytes,
        "text/csv; charset=utf-8",
        &format!("board-{}.csv", which.period.label()),
    ))
}

async fn xlsx(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let which = asked.which(&web)?;
    let page = page(&web, &who, which).await?;
    let bytes = page
        .grid
        .table()
        .to_xlsx(web.app.today())
        .map_err(|e| Problem::internal(&e))?;
    Ok(download(
        bytes,
        XLSX,
        &format!("board-{}.xlsx", which.period.label()),
    ))
}

/// The best twenty as a picture, names as they chose to appear.
async fn png(State(web): State<Web>, who: SignedIn, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    who.need(Permission::PublishBoards)?;
    let lang = who.lang;
    let which = asked.which(&web)?;
    let shown = board(&web.app, None, which.period, which.metric, which.by).await?;
    let teams = web.app.store.team_names(web.app.today()).await?;
    let scale = Scale::of(lang, &shown, &teams);
    let s = who.shell(&web, Place::Boards);
    let rows: Vec<PlacardRow> = shown
        .rows
        .iter()
        .take(PLACARD_ROWS)
        .map(|r| scale.row(r))
        .map(|r| PlacardRow {
            rank: r.rank.to_string(),
            name: r.name,
            small: r.small,
            value: r.value,
        })
        .collect();
    let title = format!("{} {}", lang.t("nav-board"), period_words(lang, &which.period));
    let span = format!(
        "{}{}{}",
        span_words(lang, &which.period),
        lang.t("shell-comma"),
        lang.word("board-metric", which.metric)
    );
    let state = match shown.frozen_at {
        Some(ms) => lang
            .t("board-frozen-at")
            .with("at", s.moment.exact(instant(ms)))
            .to_string(),
        None => {
            let at = s.moment.exact(freezes_at(&web.app, &which.period));
            lang.t("board-freezes-at").with("at", at).to_string()
        }
    };
    let firm = s.firm.to_string();
    let bytes = tokio::task::spawn_blocking(move || {
        draw_placard(&Placard {
            title: &title,
            span: &span,
            state: &state,
            foot: &firm,
            rows: &rows,
        })
    })
    .await
    .map_err(|e| Problem::internal(&e))?
    .map_err(|e| Problem::internal(&e))?;
    Ok(download(
        bytes,
        "image/png",
        &format!("board-{}.png", which.period.label()),
    ))
}
