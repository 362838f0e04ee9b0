//! `/app/manage/review`: the month against the one before: who, which content, which channel, which reward worked. As a page,
//! as a PDF, as a workbook.

mod rewards;

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use jiff::civil::Date;
use serde::Deserialize;

use super::funnel::{XLSX, download};
use super::grid::{Cell, Grid, percent};
use crate::app::Permission;
use crate::domain::{Counts, Money, Period, PeriodKind};
use crate::paper::{Paper, PaperColumn, PaperTable};
use crate::ranking::By;
use crate::sheet::{Table, workbook};
use crate::storage::slices::{Cut, CutFilter, CutSum};
use crate::web::html::Html;
use crate::web::i18n::{Lang, day_words, grouped, period_words, signed, yuan};
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Choice;
use crate::web::{Problem, Query, Web};
use rewards::{rewards_grid, shop_grid};

/// People, contents and rewards shown.
const ROWS: usize = 10;

/// The page.
#[derive(Debug, Template)]
#[template(path = "manage/monthly.html")]
pub struct MonthlyPage {
    pub s: Shell,
    pub period: Period,
    pub title: String,
    pub months: Vec<Choice>,
    pub figures: Vec<(String, String, String)>,
    pub findings: Vec<String>,
    pub grids: Vec<Grid>,
}

impl MonthlyPage {
    /// The same as a file.
    fn file(&self, kind: &str) -> String {
        format!("/app/manage/review.{kind}?period={}", self.period.label())
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    period: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/manage/review", get(show))
        .route("/app/manage/review.pdf", get(pdf))
        .route("/app/manage/review.xlsx", get(xlsx))
}

fn sum(standings: &[crate::storage::boards::Standing]) -> Counts {
    let mut all = Counts::default();
    for s in standings {
        all += s.counts;
    }
    all
}

/// The days of a running month up to today, and as many of the month before.
fn same_days(period: &Period, before: &Period, today: Date) -> (Period, Period) {
    let end = today.tomorrow().unwrap_or(today);
    let days = end - period.first;
    let until = |p: &Period, end: Date| Period {
        end: end.min(p.end),
        ..*p
    };
    let before_end = before.first.saturating_add(days);
    (until(period, end), until(before, before_end))
}

async fn page(web: &Web, who: &SignedIn, asked: &Asked) -> Result<MonthlyPage, Problem> {
    who.need(Permission::ReadTracker)?;
    let lang = who.lang;
    let app = &web.app;
    let this_month = Period::month_of(app.today()).map_err(|e| Problem::internal(&e))?;
    let period = match asked.period.as_str() {
        "" => this_month,
        text => Period::parse(text)
            .ok()
            .filter(|p| p.kind == PeriodKind::Month)
            .ok_or_else(|| Problem::field("?period", "expected a month like 2026-11"))?,
    };
    let before = period.previous().map_err(|e| Problem::field("?period", e))?;
    let running = period == this_month;
    let title = if running {
        lang.t("monthly-title-running")
    } else {
        lang.t("monthly-title")
    };
    let title = title
        .with("period", period_words(lang, &period))
        .with("before", period_words(lang, &before))
        .with("day", day_words(lang, app.today()))
        .to_string();
    // A month that runs is held against as many days of the one before: against the whole it only ever falls short.
    let shown = period;
    let (period, before) = if running {
        same_days(&period, &before, app.today())
    } else {
        (period, before)
    };
    let store = &app.store;
    let people = store
        .standings(By::Employee, period.first, period.end, period.end)
        .await?;
    let people_before = store
        .standings(By::Employee, before.first, before.end, before.end)
        .await?;
    let (now, was) = (sum(&people), sum(&people_before));
    let (sharers, shares) = store.sharers(period.first, period.end).await?;
    let (sharers_before, shares_before) = store.sharers(before.first, before.end).await?;
    let change = |now: i64, was: i64| {
        let change = signed(now - was);
        if was > 0 {
            let part = ratio(now, was);
            lang.t("monthly-change")
                .with("change", change)
                .with("part", part)
                .to_string()
        } else {
            change
        }
    };
    let figures = vec![
        (
            lang.t("monthly-sharers").to_string(),
            grouped(sharers),
            change(sharers, sharers_before),
        ),
        (
            lang.t("monthly-shares").to_string(),
            grouped(shares),
            change(shares, shares_before),
        ),
        (
            lang.t("funnel-valid").to_string(),
            grouped(now.valid),
            change(now.valid, was.valid),
        ),
        (
            lang.t("col-leads").to_string(),
            grouped(now.leads),
            change(now.leads, was.leads),
        ),
        (
            lang.t("col-amount").to_string(),
            yuan(Money::from_minor(now.amount)),
            signed_yuan(now.amount - was.amount),
        ),
        (
            lang.t("results-points").to_string(),
            grouped(now.points),
            change(now.points, was.points),
        ),
    ];
    let mut grids = vec![who_grid(web, lang, &people, &people_before).await?];
    let of = |p: &Period| CutFilter {
        first: p.first,
        end: p.end,
        ..CutFilter::default()
    };
    let mut findings = Vec::new();
    // The best of a month in which nothing counted is nobody.
    let counts = |cell: Option<&Cell>| matches!(cell, Some(Cell::Count(n)) if *n > 0);
    if let Some(best) = grids[0].rows.first().filter(|row| counts(row.get(1))) {
        findings.push(
            lang.t("monthly-best-person")
                .with("name", best[0].shown())
                .to_string(),
        );
    }
    for (cut, key, head, finding) in [
        (Cut::Material, "materials", "material", "content"),
        (Cut::Channel, "channels", "channel", "channel"),
    ] {
        let now = store.cut_sums(cut, &of(&period)).await?;
        let was = store.cut_sums(cut, &of(&before)).await?;
        let grid = cut_grid(web, lang, cut, (key, head), now, &was).await?;
        if let Some(best) = grid.rows.first().filter(|row| counts(row.get(2))) {
            findings.push(
                lang.word("monthly-best", finding)
                    .with("name", best[0].shown())
                    .to_string(),
            );
        }
        grids.push(grid);
    }
    let rewards = rewards_grid(web, lang, (&period, &before), (now.points, was.points)).await?;
    grids.push(rewards);
    let shop = shop_grid(web, lang, (&period, &before)).await?;
    match shop.rows.first() {
        Some(best) => findings.push(
            lang.t("monthly-best-reward")
                .with("name", best[0].shown())
                .to_string(),
        ),
        None => findings.push(lang.t("monthly-no-reward").to_string()),
    }
    grids.push(shop);
    for grid in &mut grids {
        grid.none = lang.t("insight-none").to_string();
        grid.region = lang.t("shell-table").with("what", &grid.name).to_string();
    }
    let mut months = Vec::new();
    let mut month = Some(this_month);
    for _ in 0..6 {
        let Some(p) = month else { break };
        let href = format!("/app/manage/review?period={}", p.label());
        months.push(Choice::new(href, period_words(lang, &p), p == shown));
        month = p.previous().ok();
    }
    Ok(MonthlyPage {
        s: who.shell(web, Place::Monthly),
        title,
        months,
        period: shown,
        figures,
        findings,
        grids,
    })
}

/// `+12.5%`, `−3.0%` of what was.
fn ratio(now: i64, was: i64) -> String {
    let sign = if now >= was { "+" } else { "−" };
    format!("{sign}{}", percent((now - was).abs(), was))
}

fn signed_yuan(minor: i64) -> String {
    let amount = yuan(Money::from_minor(minor));
    if minor > 0 { format!("+{amount}") } else { amount }
}

async fn who_grid(
    web: &Web,
    lang: Lang,
    people: &[crate::storage::boards::Standing],
    before: &[crate::storage::boards::Standing],
) -> Result<Grid, Problem> {
    let was: HashMap<i64, &Counts> = before.iter().map(|s| (s.who.id, &s.counts)).collect();
    let teams = web.app.store.team_names(web.app.today()).await?;
    let columns = [
        ("", lang.t("insight-person").to_string()),
        ("", lang.t("funnel-valid").to_string()),
        ("", lang.t("insight-change").to_string()),
        ("", lang.t("col-leads").to_string()),
        ("", lang.t("col-amount").to_string()),
        ("", lang.t("results-points").to_string()),
    ];
    let mut grid = Grid::new("people", lang.t("monthly-who").to_string(), &columns);
    let mut order: Vec<_> = people.iter().collect();
    order.sort_by_key(|s| (std::cmp::Reverse((s.counts.valid, s.counts.leads)), s.who.id));
    for s in order
        .into_iter()
        .filter(|s| s.counts.valid + s.counts.leads > 0)
        .take(ROWS)
    {
        let valid_before = was.get(&s.who.id).map_or(0, |c| c.valid);
        grid.rows.push(vec![
            Cell::Name(
                s.who.name.clone(),
                String::new(),
                teams.get(&s.who.id).cloned().unwrap_or_default(),
            ),
            Cell::Count(s.counts.valid),
            Cell::Change(s.counts.valid - valid_before),
            Cell::Count(s.counts.leads),
            Cell::Money(Money::from_minor(s.counts.amount)),
            Cell::Count(s.counts.points),
        ]);
    }
    Ok(grid)
}

async fn cut_grid(
    web: &Web,
    lang: Lang,
    cut: Cut,
    (key, head): (&'static str, &'static str),
    mut now: Vec<CutSum>,
    was: &[CutSum],
) -> Result<Grid, Problem> {
    let was: HashMap<&str, i64> = was
        .iter()
        .map(|s| (s.key.as_str(), s.sums.counts.valid))
        .collect();
    let columns = [
        ("", lang.word("insight", head).to_string()),
        ("", lang.t("funnel-human").to_string()),
        ("", lang.t("funnel-valid").to_string()),
        ("", lang.t("insight-rate").to_string()),
        ("", lang.t("insight-change").to_string()),
        ("", lang.t("col-leads").to_string()),
        ("", lang.t("col-amount").to_string()),
    ];
    let mut grid = Grid::new(key, lang.word("insight", head), &columns);
    now.sort_by_key(|s| (std::cmp::Reverse(s.sums.counts.valid), s.key.clone()));
    for sum in now.iter().take(ROWS) {
        let name = match cut {
            Cut::Channel => lang.channel(&sum.key),
            _ => content_name(web, lang, &sum.key).await?,
        };
        let c = &sum.sums.counts;
        grid.rows.push(vec![
            Cell::Name(name, String::new(), String::new()),
            Cell::Count(c.human),
            Cell::Count(c.valid),
            Cell::Share(c.valid, c.human),
            Cell::Change(c.valid - was.get(sum.key.as_str()).copied().unwrap_or(0)),
            Cell::Count(c.leads),
            Cell::Money(Money::from_minor(c.amount)),
        ]);
    }
    Ok(grid)
}

/// Campaign and title of `winter/m1`.
async fn content_name(web: &Web, lang: Lang, key: &str) -> Result<String, Problem> {
    let (slug, code) = key.split_once('/').unwrap_or((key, ""));
    let campaign = web.app.store.campaign(slug).await?;
    let name = campaign
        .as_ref()
        .map_or_else(|| slug.to_owned(), |c| c.facts.name.clone());
    if code.is_empty() {
        return Ok(format!("{name} · {}", lang.t("insight-no-material")));
    }
    let title = match &campaign {
        Some(c) => {
            let known = web.app.store.materials_of(c.id).await?;
            known.into_iter().find(|m| m.code == code).map(|m| m.facts.title)
        }
        None => None,
    };
    Ok(format!("{name} · {}", title.unwrap_or_else(|| code.to_owned())))
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<MonthlyPage>, Problem> {
    page(&web, &who, &asked).await.map(Html)
}

/// The same as the page says, on paper.
async fn pdf(State(web): State<Web>, who: SignedIn, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let page = page(&web, &who, &asked).await?;
    let mut paper = Paper::new(
        page.title.clone(),
        who.lang.html(),
        page.s.firm.to_string(),
        web.app.today(),
    );
    paper = paper.table(PaperTable {
        columns: vec![
            PaperColumn::left(""),
            PaperColumn::right(""),
            PaperColumn::right(who.lang.t("insight-change").to_string()),
        ],
        rows: page
            .figures
            .iter()
            .map(|(a, b, c)| vec![a.clone(), b.clone(), c.clone()])
            .collect(),
        total: None,
    });
    for words in &page.findings {
        paper = paper.text(words.clone());
    }
    for grid in &page.grids {
        paper = paper.heading(grid.name.clone());
        if grid.rows.is_empty() {
            paper = paper.note(grid.none.clone());
            continue;
        }
        let columns = grid.columns.iter().enumerate().map(|(at, c)| {
            if at == 0 {
                PaperColumn::left(c.head.clone())
            } else {
                PaperColumn::right(c.head.clone())
            }
        });
        paper = paper.table(PaperTable {
            columns: columns.collect(),
            rows: grid
                .rows
                .iter()
                .map(|row| row.iter().map(Cell::shown).collect())
                .collect(),
            total: None,
        });
    }
    let name = format!("review-{}.pdf", page.period.label());
    let bytes = tokio::task::spawn_blocking(move || paper.to_pdf())
        .await
        .map_err(|e| Problem::internal(&e))?
        .map_err(|e| Problem::internal(&e))?;
    Ok(download(bytes, "application/pdf", &name))
}

async fn xlsx(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let page = page(&web, &who, &asked).await?;
    let tables: Vec<Table> = page.grids.iter().map(Grid::table).collect();
    let bytes = workbook(&tables, web.app.today()).map_err(|e| Problem::internal(&e))?;
    Ok(download(
        bytes,
        XLSX,
        &format!("review-{}.xlsx", page.period.label()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_that_runs_is_held_against_as_many_days_and_never_more_than_there_were() {
        for (month, today, days) in [
            ("2026-11", "2026-11-01", ("2026-11-02", "2026-10-02")),
            ("2026-11", "2026-11-22", ("2026-11-23", "2026-10-23")),
            ("2026-03", "2026-03-31", ("2026-04-01", "2026-03-01")),
            ("2026-12", "2026-12-31", ("2027-01-01", "2026-12-01")),
        ] {
            let period = Period::parse(month).unwrap();
            let before = period.previous().unwrap();
            let (now, was) = same_days(&period, &before, today.parse().unwrap());
            assert_eq!((now.first, was.first), (period.first, before.first));
            let ends = (now.end.to_string(), was.end.to_string());
            assert_eq!(ends, (days.0.to_owned(), days.1.to_owned()), "{today}");
        }
    }
}
