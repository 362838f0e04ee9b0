//! The office display: the board from five metres, live by server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_stream::{Stream, StreamExt};

use super::view::{RowView, Scale};
use super::{Asked, Which, freezes_at};
use crate::app::board::board;
use crate::domain::Counts;
use crate::ranking::By;
use crate::web::html::Html;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::{Problem, Query, Web};

/// Rows that fit and can be read from five metres.
const ROWS: usize = 8;

/// How often a display is brought up to date.
const EVERY: Duration = Duration::from_secs(2);

/// Displays at once; each costs one look at the rollups every [`EVERY`].
const DISPLAYS: usize = 32;

static SEATS: std::sync::LazyLock<Arc<Semaphore>> =
    std::sync::LazyLock::new(|| Arc::new(Semaphore::new(DISPLAYS)));

/// The part that changes.
#[derive(Debug, Template)]
#[template(path = "board/live.html")]
struct Live {
    s: Shell,
    which: Which,
    rows: Vec<RowView>,
    today: Counts,
    freezes_at: Timestamp,
    frozen: bool,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "board/screen.html")]
struct ScreenPage {
    s: Shell,
    which: Which,
    live: Live,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/board/screen", get(show))
        .route("/app/board/screen/live", get(live))
}

async fn read(web: &Web, who: &SignedIn, which: Which) -> Result<Live, Problem> {
    let app = &web.app;
    // Nobody is "me" on an office display.
    let shown = board(app, None, which.period, which.metric, which.by).await?;
    let teams = app.store.team_names(app.today()).await?;
    let scale = Scale::of(who.lang, &shown, &teams);
    let today = app.today();
    let tomorrow = today.tomorrow().unwrap_or(today);
    let mut counts = Counts::default();
    for standing in app
        .store
        .standings(By::Employee, today, tomorrow, tomorrow)
        .await?
    {
        counts += standing.counts;
    }
    Ok(Live {
        s: who.shell(web, Place::Board),
        which,
        rows: shown.rows.iter().take(ROWS).map(|r| scale.row(r)).collect(),
        today: counts,
        freezes_at: freezes_at(app, &which.period),
        frozen: shown.frozen_at.is_some(),
    })
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<ScreenPage>, Problem> {
    let which = Which::of(&web.app, &asked)?;
    let live = read(&web, &who, which).await?;
    Ok(Html(ScreenPage {
        s: who.shell(&web, Place::Board),
        which,
        live,
    }))
}

/// The changing part, whenever it changed. A display without a period in its address moves on to the next week.
async fn live(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    Which::of(&web.app, &asked)?;
    let Ok(seat) = Arc::clone(&SEATS).try_acquire_owned() else {
        return Ok(StatusCode::SERVICE_UNAVAILABLE.into_response());
    };
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(15));
    Ok(Sse::new(updates(web, who, asked, seat))
        .keep_alive(keep_alive)
        .into_response())
}

fn updates(
    web: Web,
    who: SignedIn,
    asked: Asked,
    seat: OwnedSemaphorePermit,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let ticks = tokio_stream::iter(std::iter::repeat(())).throttle(EVERY);
    let rendered = ticks.then(move |()| {
        let (web, who, asked) = (web.clone(), who.clone(), asked.clone());
        let _seat = &seat;
        async move {
            let which = Which::of(&web.app, &asked).ok()?;
            read(&web, &who, which).await.ok()?.render().ok()
        }
    });
    let mut last = String::new();
    rendered.filter_map(move |html| {
        let html = html?;
        // The clock at the bottom alone is no news.
        let news = html.split("<!--clock-->").next().unwrap_or("").to_owned();
        if news == last {
            return None;
        }
        last = news;
        Some(Ok(Event::default().data(html)))
    })
}

#[cfg(test)]
pub(super) fn sample(s: Shell, which: Which, rows: Vec<RowView>) -> String {
    let live = Live {
        s: s.clone(),
        which,
        rows,
        today: Counts {
            valid: 126,
            leads: 9,
            sales: 4,
            amount: 119_200,
            ..Counts::default()
        },
        freezes_at: "2026-11-23T16:00:00Z".parse().unwrap(),
        frozen: false,
    };
    ScreenPage { s, which, live }.render().unwrap()
}
