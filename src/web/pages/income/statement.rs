//! `/app/income`: a month's statement; every amount unfolds.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;

use super::view::{self, AwardView, Group, PendingView};
use crate::app::pay::{Statement, statement};
use crate::domain::{Money, Period};
use crate::storage::pay::RunState;
use crate::web::html::Html;
use crate::web::i18n::{day_words, period_words, yuan};
use crate::web::pages::pay::view::Chip;
use crate::web::session::Staff;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Choice;
use crate::web::{Problem, Query, Web};

/// Months to choose from.
const MONTHS: usize = 6;

/// The page.
#[derive(Debug, Template)]
#[template(path = "income/statement.html")]
pub struct IncomePage {
    pub s: Shell,
    pub months: Vec<Choice>,
    /// `2026-10`, for the files.
    pub month: String,
    pub period: String,
    pub note: String,
    pub total: Money,
    pub state: Option<Chip>,
    pub change: Option<String>,
    /// What stands above the lines: until when one may object.
    pub deadline: Option<String>,
    pub groups: Vec<Group>,
    pub awards: Vec<AwardView>,
    pub pending: Vec<PendingView>,
    pub debt: Option<String>,
    /// What was overpaid and is recovered later.
    pub carried: Option<String>,
    /// Words of the steps, when, and which is now.
    pub road: Vec<(String, String, bool)>,
    pub objections: Vec<(i64, String, Chip)>,
    pub done: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    month: Option<String>,
    done: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/app/income", get(show))
}

/// A month out of an address.
pub fn month(text: Option<&str>) -> Result<Option<Period>, Problem> {
    let Some(text) = text.filter(|t| !t.is_empty()) else {
        return Ok(None);
    };
    let period = Period::parse(text).ok();
    let month = period.filter(|p| p.kind == crate::domain::PeriodKind::Month);
    month
        .map(Some)
        .ok_or_else(|| Problem::field("?month", "expected a month, like 2026-11"))
}

async fn show(
    State(web): State<Web>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Html<IncomePage>, Problem> {
    let month = month(asked.month.as_deref())?;
    let found = statement(&web.app, staff.employee, month.map(|p| p.first)).await?;
    let s = staff.who.shell(&web, Place::Income);
    let mut page = page(s, &web, found.as_ref());
    let lang = page.s.lang;
    for objection in web
        .app
        .store
        .objections_of(staff.employee)
        .await?
        .into_iter()
        .take(20)
    {
        let title = view::say(lang, &objection.title, "", "");
        let chip = view::objection_chip(lang, objection.state);
        page.objections.push((objection.id, title, chip));
    }
    if asked.done.as_deref() == Some("withdrawn") {
        page.done = Some(lang.t("objection-done-withdraw").to_string());
    }
    Ok(Html(page))
}

/// The page of a statement, or of none.
pub fn page(s: Shell, web: &Web, found: Option<&Statement>) -> IncomePage {
    let lang = s.lang;
    let mut page = IncomePage {
        months: Vec::new(),
        month: String::new(),
        period: String::new(),
        note: String::new(),
        total: Money::ZERO,
        state: None,
        change: None,
        deadline: None,
        groups: Vec::new(),
        awards: Vec::new(),
        pending: Vec::new(),
        debt: None,
        carried: None,
        road: Vec::new(),
        objections: Vec::new(),
        done: None,
        s,
    };
    let Some(found) = found else { return page };
    let today = web.app.today();
    let chosen = &found.month;
    let at = found.months.iter().position(|m| m == chosen).unwrap_or(0);
    // The chosen month stays among those one can choose.
    let from = found.months.len().saturating_sub(MONTHS).min(at);
    page.months = found.months[from..]
        .iter()
        .take(MONTHS)
        .map(|m| {
            let label = period_words(lang, &m.period);
            Choice::new(
                format!("/app/income?month={}", m.period.label()),
                label,
                m == chosen,
            )
        })
        .collect();
    page.month = chosen.period.label();
    page.period = period_words(lang, &chosen.period);
    page.groups = view::groups(lang, found, today);
    page.awards = view::awards(lang, found);
    page.total = chosen.total;
    page.state = Some(view::run_chip(lang, chosen.state));
    let schemes: std::collections::BTreeSet<&str> = found.runs.iter().map(|r| r.scheme.as_str()).collect();
    page.note = lang
        .t("income-note")
        .with("period", &page.period)
        .n("schemes", schemes.len())
        .to_string();
    page.change = found.before.as_ref().map(|before| {
        let change = chosen.total.minor() - before.total.minor();
        let text = match change {
            0 => lang.t("income-same"),
            1.. => lang.t("income-more"),
            _ => lang.t("income-less"),
        };
        text.with("period", period_words(lang, &before.period))
            .with("amount", yuan(Money::from_minor(change.abs())))
            .to_string()
    });
    page.deadline = found.objects_until.map(|until| {
        let left = i64::from((until - today).get_days());
        lang.t("income-deadline")
            .with("day", day_words(lang, until))
            .n("left", left)
            .to_string()
    });
    page.pending = view::pending(lang, found);
    page.debt = (found.debt > Money::ZERO)
        .then(|| lang.t("income-debt").with("amount", yuan(found.debt)).to_string());
    page.carried = found.carried.as_ref().map(|told| view::carried(lang, told));
    page.road = road(&page.s, web, found);
    page
}

/// Where the slowest payout of the month stands.
fn road(s: &Shell, web: &Web, found: &Statement) -> Vec<(String, String, bool)> {
    const STEPS: [&str; 5] = ["calculated", "in_review", "approved", "closed", "paid"];
    let now = match found.month.state {
        RunState::InReview => 1,
        RunState::Approved => 2,
        RunState::Closed => 3,
        _ => 4,
    };
    STEPS
        .into_iter()
        .enumerate()
        .map(|(at, step)| {
            let last = found.runs.iter().filter_map(|run| run.at[at]).max();
            let day = last
                .filter(|_| at <= now)
                .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
                .map(|t| day_words(s.lang, web.app.day_of(t)));
            let word = s.lang.word("income-step", step).to_string();
            (word, day.unwrap_or_default(), at == now)
        })
        .collect()
}
