//! The statement as a file: PDF to print and keep, XLSX to reckon with.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::statement::month;
use super::view::{self, Group, LineView};
use crate::app::pay::{Statement, statement};
use crate::domain::Money;
use crate::paper::{Paper, PaperColumn, PaperTable};
use crate::sheet::{Cell, Column, Table};
use crate::web::i18n::{Lang, period_words, yuan};
use crate::web::session::Staff;
use crate::web::{Path, Problem, Web};

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/app/income/files/{name}", get(file))
}

/// A file to be kept, under a name.
pub fn download(bytes: Vec<u8>, media: &'static str, name: &str) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// Media type of a workbook.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

async fn file(State(web): State<Web>, staff: Staff, Path(name): Path<String>) -> Result<Response, Problem> {
    let missing = || Problem::not_found(format_args!("file {name:?}"));
    let (label, kind) = name.rsplit_once('.').ok_or_else(missing)?;
    let month = month(Some(label)).ok().flatten().ok_or_else(missing)?;
    let found = statement(&web.app, staff.employee, Some(month.first)).await?;
    let found = found.ok_or_else(missing)?;
    let lang = staff.who.lang;
    let groups = view::groups(lang, &found, web.app.today());
    let file = format!("income-{label}.{kind}");
    match kind {
        "pdf" => {
            let paper = paper(lang, &web.front.firm, &found, &groups, web.app.today());
            let bytes = paper.to_pdf().map_err(|e| Problem::internal(&e))?;
            Ok(download(bytes, "application/pdf", &file))
        }
        "xlsx" => {
            let table = sheet(lang, &found, &groups);
            let bytes = table
                .to_xlsx(web.app.today())
                .map_err(|e| Problem::internal(&e))?;
            Ok(download(bytes, XLSX, &file))
        }
        _ => Err(missing()),
    }
}

/// What a line says under its name.
fn small(lang: Lang, line: &LineView) -> String {
    let mut parts = Vec::new();
    if let Some(late) = &line.late {
        parts.push(late.clone());
    }
    if let Some(guard) = &line.guard {
        parts.push(guard.clone());
    }
    if let Some(held) = &line.held {
        parts.push(lang.t("income-held").with("reason", held).to_string());
    }
    if !line.small.is_empty() {
        parts.push(line.small.clone());
    }
    parts.join(" ")
}

/// The statement on paper.
pub fn paper(lang: Lang, firm: &str, found: &Statement, groups: &[Group], today: jiff::civil::Date) -> Paper {
    let period = period_words(lang, &found.month.period);
    let title = lang.t("income-paper-title").with("period", &period).to_string();
    let footer = lang
        .t("income-paper-footer")
        .with("firm", firm)
        .with("name", &found.name)
        .with("code", &found.code)
        .to_string();
    let state = view::run_chip(lang, found.month.state).word;
    let mut paper = Paper::new(title, lang.html(), footer, today)
        .text(format!("{} ({}) {state}", found.name, found.code))
        .heading(lang.t("income-lines").to_string());
    let mut rows = Vec::new();
    for group in groups {
        for line in &group.lines {
            let what = small(lang, line);
            let name = if what.is_empty() {
                line.title.clone()
            } else {
                format!("{}\n{what}", line.title)
            };
            rows.push(vec![group.name.clone(), name, yuan(line.amount)]);
        }
    }
    paper = paper.table(PaperTable {
        columns: vec![
            PaperColumn::left(lang.t("income-scheme").to_string()),
            PaperColumn::left(lang.t("income-item").to_string()),
            PaperColumn::right(lang.t("income-amount").to_string()),
        ],
        rows,
        total: Some(vec![
            lang.t("income-total").to_string(),
            String::new(),
            yuan(found.month.total),
        ]),
    });
    let awards = view::awards(lang, found);
    if !awards.is_empty() {
        let worth = |worth: Option<Money>| worth.map(yuan).unwrap_or_default();
        paper = paper
            .heading(lang.t("income-awards").to_string())
            .table(PaperTable {
                columns: vec![
                    PaperColumn::left(lang.t("income-scheme").to_string()),
                    PaperColumn::left(lang.t("income-item").to_string()),
                    PaperColumn::right(lang.t("income-award-worth").to_string()),
                ],
                rows: awards
                    .into_iter()
                    .map(|a| {
                        vec![
                            a.scheme,
                            format!("{}\n{} {}", a.title, a.what, a.state.word),
                            worth(a.worth),
                        ]
                    })
                    .collect(),
                total: None,
            });
    }
    if found.debt > Money::ZERO {
        paper = paper.text(lang.t("income-debt").with("amount", yuan(found.debt)).to_string());
    }
    if let Some(told) = &found.carried {
        paper = paper.text(view::carried(lang, told));
    }
    let pending = view::pending(lang, found);
    if !pending.is_empty() {
        paper = paper
            .heading(lang.t("income-pending-title").to_string())
            .table(PaperTable {
                columns: vec![
                    PaperColumn::left(lang.t("income-item").to_string()),
                    PaperColumn::left(lang.t("income-why").to_string()),
                    PaperColumn::right(lang.t("income-amount").to_string()),
                ],
                rows: pending
                    .into_iter()
                    .map(|p| vec![p.what, p.why, p.amount])
                    .collect(),
                total: None,
            });
    }
    paper = paper.heading(lang.t("income-how").to_string());
    for group in groups {
        for line in &group.lines {
            paper = paper.subheading(format!("{} {} {}", group.name, line.title, yuan(line.amount)));
            for (says, _) in &line.story.steps {
                paper = paper.text(says.clone());
            }
            for source in &line.story.sources {
                paper = paper.note(source.says.clone());
            }
            if line.story.more > 0 {
                paper = paper.note(
                    lang.t("income-more-sources-paper")
                        .n("n", line.story.more)
                        .to_string(),
                );
            }
            for book in &line.story.books {
                paper = paper.note(book.clone());
            }
        }
    }
    paper.note(lang.t("income-pretax").to_string())
}

/// The statement as a table.
fn sheet(lang: Lang, found: &Statement, groups: &[Group]) -> Table {
    let mut table = Table::new(
        found.month.period.label(),
        vec![
            Column::text(lang.t("income-scheme").to_string()),
            Column::text(lang.t("income-period").to_string()),
            Column::text(lang.t("income-item").to_string()),
            Column::text(lang.t("income-about").to_string()),
            Column::text(lang.t("income-state-head").to_string()),
            Column::money(lang.t("income-amount-pretax").to_string()),
            Column::money(lang.t("income-award-worth").to_string()),
            Column::text(lang.t("income-how").to_string()),
        ],
    );
    for group in groups {
        for line in &group.lines {
            let how: Vec<&str> = line.story.steps.iter().map(|(says, _)| says.as_str()).collect();
            table.push(vec![
                group.name.as_str().into(),
                group.period.as_str().into(),
                line.title.as_str().into(),
                small(lang, line).into(),
                line.state.as_deref().unwrap_or(&group.state.word).into(),
                line.amount.into(),
                Cell::Empty,
                how.join("; ").into(),
            ]);
        }
    }
    for award in view::awards(lang, found) {
        table.push(vec![
            award.scheme.into(),
            period_words(lang, &found.month.period).into(),
            award.title.into(),
            award.what.into(),
            award.state.word.into(),
            Cell::Empty,
            award.worth.into(),
            Cell::Empty,
        ]);
    }
    let mut totals = vec![Cell::Empty; 8];
    totals[0] = lang.t("income-total").to_string().into();
    totals[5] = found.month.total.into();
    table.totals = Some(totals);
    table
}
