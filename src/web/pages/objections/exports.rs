//! `/app/pay/exports`: files for payroll, bank and books, of a month or of one payout.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use crate::app::Permission;
use crate::app::pay::{ExportKind, ExportOf, SchemeNames, export_table};
use crate::domain::{Money, Period};
use crate::storage::pay::RunState;
use crate::web::html::Html;
use crate::web::i18n::{period_words, yuan};
use crate::web::pages::income::{XLSX, download, month};
use crate::web::pages::pay::view::{self as pay_view, Chip};
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Choice;
use crate::web::{Path, Problem, Query, Web};

/// Months to choose from.
const MONTHS: i32 = 6;

/// A payout whose files there are.
#[derive(Clone, Debug)]
pub struct RunRow {
    pub id: i64,
    pub scheme: String,
    pub period: String,
    pub state: Chip,
    pub total: Money,
    /// Word and address of each file, CSV and XLSX.
    pub files: Vec<(String, String, String)>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "objections/exports.html")]
pub struct ExportsPage {
    pub s: Shell,
    pub months: Vec<Choice>,
    pub period: String,
    /// Payouts of the month that are not closed yet.
    pub open: i64,
    /// What each kind is for, its word, CSV and XLSX.
    pub files: Vec<(String, String, String, String)>,
    pub rows: Vec<RunRow>,
    pub total: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    month: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/pay/exports", get(show))
        .route("/app/pay/exports/{of}/{file}", get(file))
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<ExportsPage>, Problem> {
    who.need(Permission::CalculatePay)?;
    let lang = who.lang;
    let s = who.shell(&web, Place::PayExports);
    let wrong = |_| Problem::field("?month", "expected a month of this era");
    let current = Period::month_of(web.app.today()).map_err(wrong)?;
    let chosen = match month(asked.month.as_deref())? {
        Some(month) => month,
        None => current.previous().unwrap_or(current),
    };
    let mut months = Vec::new();
    let mut at = current;
    for _ in 0..MONTHS {
        let href = format!("/app/pay/exports?month={}", at.label());
        months.push(Choice::new(href, period_words(lang, &at), at == chosen));
        at = at.previous().map_err(wrong)?;
    }
    months.reverse();
    let store = &web.app.store;
    let mut rows = Vec::new();
    let mut names = SchemeNames::default();
    let mut open = 0;
    let mut total = Money::ZERO;
    for head in store.run_heads(chosen.first).await? {
        if head.to_on > chosen.end {
            continue;
        }
        if !matches!(head.state, RunState::Closed | RunState::Paid) {
            open += 1;
            continue;
        }
        total = total.checked_add(head.total).unwrap_or(total);
        let of = head.id.to_string();
        rows.push(RunRow {
            id: head.id,
            scheme: pay_view::say(lang, &names.of(&web.app, &head.scheme, head.from_on).await?),
            period: pay_view::period(lang, &head.period),
            state: Chip::run(lang, head.state),
            total: head.total,
            files: ExportKind::ALL
                .iter()
                .map(|kind| {
                    let word = lang.word("export", kind.as_str()).to_string();
                    let kind = kind.as_str();
                    (
                        word,
                        format!("/app/pay/exports/{of}/{kind}.csv"),
                        format!("/app/pay/exports/{of}/{kind}.xlsx"),
                    )
                })
                .collect(),
        });
    }
    let label = chosen.label();
    let files = ExportKind::ALL
        .iter()
        .map(|kind| {
            let kind = kind.as_str();
            (
                lang.word("export", kind).to_string(),
                lang.word("export-words", kind).to_string(),
                format!("/app/pay/exports/{label}/{kind}.csv"),
                format!("/app/pay/exports/{label}/{kind}.xlsx"),
            )
        })
        .collect();
    Ok(Html(ExportsPage {
        months,
        period: period_words(lang, &chosen),
        open,
        files,
        rows,
        total: yuan(total),
        s,
    }))
}

async fn file(
    State(web): State<Web>,
    who: SignedIn,
    Path((of, file)): Path<(String, String)>,
) -> Result<Response, Problem> {
    who.need(Permission::CalculatePay)?;
    let missing = || Problem::not_found(format_args!("file {file:?}"));
    let (kind, ending) = file.rsplit_once('.').ok_or_else(missing)?;
    let kind = ExportKind::parse(kind).ok_or_else(missing)?;
    let what = match of.parse::<i64>() {
        // Years are no payouts: a number stands for a payout, `2026-10` for a month.
        Ok(id) => ExportOf::Run(id),
        Err(_) => ExportOf::Month(month(Some(&of)).ok().flatten().ok_or_else(missing)?),
    };
    if !matches!(ending, "csv" | "xlsx") {
        return Err(missing());
    }
    let table = export_table(&web.app, &who.actor, what, kind).await?;
    let name = format!("{}-{of}.{ending}", kind.as_str());
    if ending == "csv" {
        let bytes = table.to_csv().map_err(|e| Problem::internal(&e))?;
        return Ok(download(bytes, "text/csv; charset=utf-8", &name).into_response());
    }
    let bytes = table
        .to_xlsx(web.app.today())
        .map_err(|e| Problem::internal(&e))?;
    Ok(download(bytes, XLSX, &name))
}
