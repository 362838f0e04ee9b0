//! `/app/pay/runs`: the period board, and calculating a scheme for a period.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use jiff::civil::Date;
use serde::Deserialize;

use super::view::{self, Chip};
use crate::app::Permission;
use crate::app::pay::{Board, PayError, board, calculate, next_step};
use crate::domain::{Money, Period};
use crate::storage::pay::RunHead;
use crate::web::html::{Html, see_other};
use crate::web::i18n::Lang;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Field, Opt};
use crate::web::{Form, Problem, Query, Web};

/// A run as a cell or a row shows it.
#[derive(Clone, Debug)]
pub struct RunView {
    pub id: i64,
    pub scheme: String,
    pub period: String,
    pub state: Chip,
    pub total: Money,
    /// What it waits for, in words.
    pub waits: String,
}

/// A scheme's place in a month.
#[derive(Clone, Debug)]
pub struct CellView {
    pub runs: Vec<RunView>,
    /// Where to calculate what is missing.
    pub missing: Option<String>,
    /// Something is due here when the period is over.
    pub coming: bool,
}

/// A scheme on the board.
#[derive(Clone, Debug)]
pub struct RowView {
    pub scheme: String,
    pub name: String,
    pub every: String,
    pub cells: Vec<CellView>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "pay/runs.html")]
pub struct RunsPage {
    pub s: Shell,
    pub months: Vec<String>,
    pub rows: Vec<RowView>,
    /// Sums of what is calculated or further, per month.
    pub totals: Vec<Money>,
    pub open: Vec<RunView>,
    pub missing: i64,
    pub earlier: Option<String>,
    pub later: Option<String>,
    pub schemes: Vec<Opt>,
    pub scheme: Field,
    pub period: Field,
    pub refused: Option<String>,
    pub calculates: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    until: Option<String>,
    scheme: Option<String>,
    period: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    scheme: String,
    period: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/app/pay/runs", get(show).post(calculate_one))
}

impl RunView {
    fn of(lang: Lang, head: &RunHead, name: impl Fn(&str) -> String) -> Self {
        Self {
            id: head.id,
            scheme: name(&head.scheme),
            period: view::period(lang, &head.period),
            state: Chip::run(lang, head.state),
            total: head.total,
            waits: next_step(head.state)
                .map_or_else(String::new, |step| lang.word("run-waits", step).to_string()),
        }
    }
}

fn rows(lang: Lang, known: &Board, calculates: bool) -> Vec<RowView> {
    let row = |row: &crate::app::pay::BoardRow| {
        let name = view::say(lang, &row.name);
        let cell = |cell: &crate::app::pay::BoardCell| {
            let at = |label: &str| {
                let asked = view::query(&[("scheme", &row.scheme), ("period", label)]);
                format!("/app/pay/runs{asked}#calculate")
            };
            CellView {
                runs: cell
                    .runs
                    .iter()
                    .map(|h| RunView::of(lang, h, |_| name.clone()))
                    .collect(),
                missing: cell
                    .due
                    .as_deref()
                    .filter(|_| cell.is_missing)
                    .map(|label| if calculates { at(label) } else { String::new() }),
                coming: cell.due.is_some() && cell.runs.is_empty() && !cell.is_missing,
            }
        };
        RowView {
            every: lang.word("scheme-period", &row.period).to_string(),
            cells: row.cells.iter().map(cell).collect(),
            scheme: row.scheme.clone(),
            name,
        }
    };
    known.rows.iter().map(row).collect()
}

async fn page(web: &Web, who: &SignedIn, asked: &Asked) -> Result<RunsPage, Problem> {
    let lang = who.lang;
    let today = web.app.today();
    let until = match asked.until.as_deref().filter(|text| !text.is_empty()) {
        None => today,
        Some(text) => format!("{text}-01")
            .parse::<Date>()
            .ok()
            .filter(|day| (1901..=2198).contains(&day.year()))
            .ok_or_else(|| Problem::field("?until", "expected a month like 2026-11"))?,
    };
    let known = board(&web.app, until).await?;
    let calculates = who.actor.may(Permission::CalculatePay);
    let names: std::collections::BTreeMap<&str, String> = known
        .rows
        .iter()
        .map(|r| (r.scheme.as_str(), view::say(lang, &r.name)))
        .collect();
    let name = |id: &str| names.get(id).cloned().unwrap_or_else(|| id.to_owned());
    let link = |month: Option<Period>| month.map(|m| format!("/app/pay/runs?until={}", m.label()));
    let newest = known.months[0];
    let totals = (0..known.months.len()).map(|at| {
        let runs = known
            .rows
            .iter()
            .filter(|r| !r.is_guard)
            .flat_map(|r| &r.cells[at].runs);
        runs.fold(Money::ZERO, |sum, run| sum.checked_add(run.total).unwrap_or(sum))
    });
    let last_month = Period::month_of(today).and_then(|m| m.previous());
    let period = asked
        .period
        .clone()
        .or_else(|| last_month.ok().map(|p| p.label()));
    Ok(RunsPage {
        s: who.shell(web, Place::PayRuns),
        totals: totals.collect(),
        missing: known
            .rows
            .iter()
            .flat_map(|r| &r.cells)
            .filter(|c| c.is_missing)
            .count()
            .try_into()
            .unwrap_or(0),
        earlier: link(known.months.last().and_then(|m| m.previous().ok())),
        later: link(
            (until < today)
                .then(|| Period::month_of(newest.end).ok())
                .flatten(),
        ),
        months: known
            .months
            .iter()
            .map(|m| crate::web::i18n::period_words(lang, m))
            .collect(),
        rows: rows(lang, &known, calculates),
        open: known.open.iter().map(|h| RunView::of(lang, h, name)).collect(),
        schemes: known
            .rows
            .iter()
            .map(|r| Opt::new(&r.scheme, view::say(lang, &r.name)))
            .collect(),
        scheme: Field::new("scheme", asked.scheme.clone().unwrap_or_default()),
        period: Field::new("period", period.unwrap_or_default()),
        refused: None,
        calculates,
    })
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<RunsPage>, Problem> {
    who.need(Permission::ReadPay)?;
    page(&web, &who, &asked).await.map(Html)
}

async fn calculate_one(
    State(web): State<Web>,
    who: SignedIn,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::CalculatePay)?;
    let lang = who.lang;
    let error = match calculate(&web.app, &who.actor, sent.scheme.trim(), sent.period.trim()).await {
        Ok(run) => return Ok(see_other(&format!("/app/pay/runs/{}?done=calculate", run.id))),
        Err(error) => error,
    };
    let asked = Asked {
        until: None,
        scheme: Some(sent.scheme),
        period: Some(sent.period),
    };
    let mut page = page(&web, &who, &asked).await?;
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    match &error {
        PayError::Wrong(wrong) if wrong.iter().all(|w| matches!(w.pointer, "/scheme" | "/period")) => {
            for w in wrong {
                let name = w.pointer.trim_start_matches('/');
                let field = if name == "scheme" {
                    &mut page.scheme
                } else {
                    &mut page.period
                };
                field.error = Some(lang.word("runs-wrong", name).to_string());
            }
        }
        PayError::Conflict(why) => {
            status = StatusCode::CONFLICT;
            page.period.error = Some(view::clash(lang, why));
        }
        _ => match view::refusal(lang, &error) {
            Some(words) => page.refused = Some(words),
            None => return Err(error.into()),
        },
    }
    Ok(Html(page).status(status))
}
