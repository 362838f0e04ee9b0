//! `/app/results`: the number first, then trend, funnel, what is not certain yet, and why each event did or did not count.

pub(in crate::web::pages) mod event;
mod view;

#[cfg(test)]
mod tests;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use serde::Deserialize;

use crate::app::pay::months;
use crate::app::results::{EventCursor, Results, Span, events, results};
use crate::domain::{Money, Period};
use crate::web::chart::{Funnel, Line};
use crate::web::html::Html;
use crate::web::i18n::{Lang, day_words, grouped, period_words, signed, yuan};
use crate::web::session::Staff;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Choice;
use crate::web::{Problem, Query, Web};

use event::EventView;
use view::Pending;

/// Events on a page.
const EVENTS: usize = 20;

/// Which days, and where the list of events goes on.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    span: Option<String>,
    after: Option<String>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "results/results.html")]
struct ResultsPage {
    s: Shell,
    spans: Vec<Choice>,
    /// `week`, `month` or `all`.
    span: &'static str,
    /// From when to when.
    since: String,
    points: String,
    /// Compared with the same days before.
    change: Option<String>,
    valid: String,
    leads: String,
    sales: String,
    amount: String,
    balance: i64,
    /// The last month of pay: its name and sum before tax.
    income: Option<(String, String)>,
    trend: Option<Line>,
    funnel: Funnel,
    not_human: i64,
    not_valid: i64,
    pending: Vec<Pending>,
    events: Vec<EventView>,
    /// Where the list goes on.
    more: Option<String>,
    /// Whether anything was ever counted.
    nothing: bool,
}

/// The list alone, for "more".
#[derive(Debug, Template)]
#[template(path = "results/events.html")]
struct MorePage {
    s: Shell,
    events: Vec<EventView>,
    more: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/results", get(show))
        .route("/app/results/events", get(more))
}

fn span_word(span: Span) -> &'static str {
    match span {
        Span::Week => "week",
        Span::Month => "month",
        Span::All => "all",
    }
}

fn span_of(asked: &Asked) -> Result<Span, Problem> {
    match asked.span.as_deref() {
        None | Some("" | "week") => Ok(Span::Week),
        Some("month") => Ok(Span::Month),
        Some("all") => Ok(Span::All),
        Some(_) => Err(Problem::field("?span", "expected week, month or all")),
    }
}

fn cursor_of(asked: &Asked) -> Result<EventCursor, Problem> {
    match asked.after.as_deref() {
        None | Some("") => Ok(EventCursor::default()),
        Some(text) => EventCursor::parse(text)
            .ok_or_else(|| Problem::field("?after", "expected the address of an earlier page's link")),
    }
}

async fn list(
    web: &Web,
    staff: &Staff,
    after: EventCursor,
) -> Result<(Vec<EventView>, Option<String>), Problem> {
    let found = events(&web.app, staff.employee, after, EVENTS).await?;
    let words = event::Words::new(web, staff);
    let views = found.events.iter().map(|e| words.of(e)).collect();
    Ok((views, found.next.map(|next| next.text())))
}

async fn show(
    State(web): State<Web>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Html<ResultsPage>, Problem> {
    let span = span_of(&asked)?;
    let found = results(&web.app, staff.employee, span).await?;
    let (events, more) = list(&web, &staff, cursor_of(&asked)?).await?;
    let pending = view::pending(&web.app, staff.who.lang, staff.employee).await?;
    let s = staff.who.shell(&web, Place::Results);
    let mut page = page(s, span, &found, pending, events, more);
    let paid = months(&web.app, staff.employee).await?;
    page.income = paid.last().map(|month| {
        let period = period_words(staff.who.lang, &month.period);
        (period, yuan(month.total))
    });
    Ok(Html(page))
}

/// More of the list: alone for htmx, as the whole page's next part otherwise.
async fn more(
    State(web): State<Web>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Html<MorePage>, Problem> {
    let (events, more) = list(&web, &staff, cursor_of(&asked)?).await?;
    Ok(Html(MorePage {
        s: staff.who.shell(&web, Place::Results),
        events,
        more,
    }))
}

fn page(
    s: Shell,
    span: Span,
    found: &Results,
    pending: Vec<Pending>,
    events: Vec<EventView>,
    more: Option<String>,
) -> ResultsPage {
    let lang = s.lang;
    let counts = &found.counts;
    let word = span_word(span);
    let all = [Span::Week, Span::Month, Span::All];
    let choice = |of: Span| {
        let of = span_word(of);
        Choice::new(
            format!("/app/results?span={of}"),
            lang.word("results-span", of),
            of == word,
        )
    };
    ResultsPage {
        spans: all.map(choice).to_vec(),
        span: word,
        since: lang
            .t("results-since")
            .with("day", day_words(lang, found.first))
            .to_string(),
        points: grouped(counts.points),
        change: found.before.map(|before| {
            let words = lang
                .word("results-before", word)
                .with("before", grouped(before.points));
            words
                .with("change", signed(counts.points - before.points))
                .to_string()
        }),
        valid: grouped(counts.valid),
        leads: grouped(counts.leads),
        sales: grouped(counts.sales),
        amount: yuan(Money::from_minor(counts.amount)),
        balance: found.balance,
        income: None,
        trend: view::trend(lang, span, found, period_of(span, found)),
        funnel: view::funnel(lang, counts),
        not_human: found.not_human(),
        not_valid: found.not_valid(),
        nothing: counts.requests == 0 && events.is_empty(),
        pending,
        events,
        more,
        s,
    }
}

fn period_of(span: Span, found: &Results) -> Option<Period> {
    match span {
        Span::Week => Period::week_of(found.first).ok(),
        Span::Month => Period::month_of(found.first).ok(),
        Span::All => None,
    }
}

/// A funnel's steps and the words of a language, for samples elsewhere.
pub(super) const FUNNEL: [&str; 4] = ["human", "valid", "leads", "sales"];

/// The name of a funnel's step.
pub(super) fn step_name(lang: Lang, step: &str) -> String {
    lang.word("funnel", step).to_string()
}
