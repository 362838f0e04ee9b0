//! `/app/pay/runs/{id}`: one run to be reviewed, and its steps.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::Value;

use super::lines::{self, Asked, LinesView};
use super::notes;
use super::view::{self, Chip};
use crate::app::Permission;
use crate::app::pay::{PayError, Review, approve, calculate, close, pay, review, send_back, submit};
use crate::domain::Money;
use crate::storage::pay::RunState;
use crate::web::html::{Html, see_other};
use crate::web::i18n::{Lang, TimeTag};
use crate::web::pages::actors::Actors;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Field;
use crate::web::{Form, Path, Problem, Query, Web};

mod checks;

/// Most rows of each list beside the lines.
pub(super) const NOTES: usize = 200;

/// A step of the road.
#[derive(Clone, Debug)]
pub struct RoadStep {
    pub word: String,
    pub current: bool,
    /// Who did it, and when.
    pub done: Option<(String, TimeTag)>,
}

/// A rule's sums.
#[derive(Clone, Debug)]
pub struct SumView {
    pub component: String,
    pub name: String,
    pub was: Money,
    pub now: Money,
    pub change: String,
    pub payees: i64,
}

/// Something to look at.
#[derive(Clone, Debug)]
pub struct Note {
    pub chip: Chip,
    pub words: String,
    /// Whom or what it is about.
    pub about: String,
    /// Where to look.
    pub href: String,
}

/// Money nobody got.
#[derive(Clone, Debug)]
pub struct ResidualView {
    pub account: String,
    /// As money; the engine's own text where it is none.
    pub amount: String,
    pub reason: String,
}

/// Somebody considered and not paid.
#[derive(Clone, Debug)]
pub struct OutView {
    pub payee: String,
    pub title: String,
    pub reasons: String,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "pay/run.html")]
pub struct RunPage {
    pub s: Shell,
    pub id: i64,
    pub scheme: String,
    pub name: String,
    pub period: String,
    pub days: String,
    pub state: Chip,
    pub road: Vec<RoadStep>,
    pub total: Money,
    /// Against the period before: how much, percent, which period.
    pub against: Option<(String, Option<String>, String, i64)>,
    pub payees: i64,
    pub line_count: i64,
    pub late: Option<(i64, Money)>,
    pub guard: Option<(i64, Money)>,
    pub outliers: i64,
    pub proposals: i64,
    pub awards: i64,
    pub sums: Vec<SumView>,
    pub before: String,
    pub notes: Vec<Note>,
    pub residuals: Vec<ResidualView>,
    pub out: Vec<OutView>,
    /// How many were left out, all of them.
    pub out_count: usize,
    /// That not all notes, residuals and people left out are listed, where that is so.
    pub cut: [Option<String>; 3],
    pub books: Vec<String>,
    pub checks: Vec<Note>,
    pub lines: LinesView,
    pub calculated: (String, TimeTag),
    pub snapshot: Option<String>,
    /// The next step, and why not by who looks.
    pub offer: Option<(&'static str, Option<&'static str>)>,
    pub stopped: bool,
    pub again: bool,
    /// Whether it is under review and who looks may send it back.
    pub back: bool,
    /// So many warnings need a reason with the next step.
    pub reasons: usize,
    /// What was written to it: what it was about, who wrote it and when, the words.
    pub written: Vec<(String, String, TimeTag, String)>,
    /// The reason that was typed, and what is wrong with it: of the next step, and of sending it back.
    pub reason: Field,
    pub back_reason: Field,
    /// Who sent it back, when and why, while it waits to be calculated again.
    pub returned: Option<(String, TimeTag, String)>,
    pub done: Option<String>,
    pub refused: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Done {
    done: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    reason: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/pay/runs/{id}", get(show))
        .route("/app/pay/runs/{id}/{step}", post(take))
}

fn count(list: &Value) -> i64 {
    list.as_array()
        .map_or(0, |l| i64::try_from(l.len()).unwrap_or(i64::MAX))
}

/// A list of an outcome.
pub(super) fn listed<'a>(outcome: &'a Value, name: &str) -> &'a [Value] {
    outcome[name].as_array().map_or(&[], Vec::as_slice)
}

/// That a list shows less than there is.
fn cut_words(lang: Lang, all: usize) -> Option<String> {
    (all > NOTES).then(|| lang.t("run-cut").n("shown", NOTES).n("all", all).to_string())
}

fn road(web: &Web, who: &SignedIn, review: &Review, names: &Actors) -> Vec<RoadStep> {
    let run = &review.run;
    let tag = |at: i64| crate::web::shell::moment(&web.app, who.lang).time(view::instant(at));
    let calculated = Some((run.calculated_by.clone(), run.calculated_at));
    [
        (RunState::Calculated, &calculated),
        (RunState::InReview, &run.submitted),
        (RunState::Approved, &run.approved),
        (RunState::Closed, &run.closed),
        (RunState::Paid, &run.paid),
    ]
    .into_iter()
    .map(|(state, done)| RoadStep {
        word: who.lang.word("run-state", state.as_str()).to_string(),
        current: run.state == state,
        done: done.as_ref().map(|(by, at)| (names.name(by), tag(*at))),
    })
    .collect()
}

async fn page(web: &Web, who: &SignedIn, id: i64, asked: &Asked) -> Result<RunPage, Problem> {
    let lang = who.lang;
    let review = review(&web.app, &who.actor, id).await?;
    let names = Actors::load(web, lang).await?;
    let run = &review.run;
    let kind = |name: &str| {
        let found = review.kinds.get(name).copied();
        found.map(|(n, fen)| (n, Money::from_minor(fen)))
    };
    let total = review.kinds.values().map(|(_, fen)| fen).sum::<i64>();
    let name = view::say(lang, &review.name);
    let text = |v: &Value, name: &str| v[name].as_str().unwrap_or_default().to_owned();
    let list = |name: &str| listed(&review.outcome, name);
    let payees: std::collections::BTreeSet<&str> = review
        .groups
        .iter()
        .filter(|l| l.group.lines > 0)
        .map(|l| l.group.payee.as_str())
        .collect();
    let moment = crate::web::shell::moment(&web.app, lang);
    let out_count = list("excluded").len();
    let missing = checks::missing(web, lang, &review).await?;
    Ok(RunPage {
        s: who.shell(web, Place::PayRuns),
        id,
        scheme: run.scheme.clone(),
        period: view::period(lang, &run.period),
        days: crate::domain::Period::custom(run.from_on, run.to_on)
            .map_or_else(|_| String::new(), |p| crate::web::i18n::span_words(lang, &p)),
        state: Chip::run(lang, run.state),
        road: road(web, who, &review, &names),
        total: Money::from_minor(total),
        against: review.previous.as_ref().map(|p| {
            let change = total - p.total.minor();
            (
                view::change(change),
                view::percent(total, p.total.minor()),
                view::period(lang, &p.period),
                p.id,
            )
        }),
        payees: i64::try_from(payees.len()).unwrap_or(i64::MAX),
        line_count: review.kinds.values().map(|(n, _)| n).sum(),
        late: kind("late"),
        guard: kind("guard"),
        outliers: i64::try_from(review.groups.iter().filter(|l| l.outlier.is_some()).count()).unwrap_or(0),
        proposals: count(&review.outcome["proposals"]),
        awards: count(&review.outcome["awards"]),
        sums: review
            .components
            .iter()
            .map(|sum| SumView {
                component: sum.component.clone(),
                name: view::say(lang, &sum.name),
                was: sum.was,
                now: sum.now,
                change: view::change(sum.now.minor() - sum.was.minor()),
                payees: sum.payees,
            })
            .collect(),
        before: review
            .previous
            .as_ref()
            .map_or_else(String::new, |p| view::period(lang, &p.period)),
        notes: notes::notes(lang, &review),
        residuals: list("residuals")
            .iter()
            .take(NOTES)
            .map(|r| ResidualView {
                account: lang
                    .word("run-residual", residual_word(&text(r, "account")))
                    .to_string(),
                amount: residual(&text(r, "amount")),
                // Payouts from before it was said for people have the engine's own words.
                reason: Some(view::say_json(lang, &r["says"]))
                    .filter(|says| !says.is_empty())
                    .unwrap_or_else(|| notes::residual_reason(lang, &text(r, "reason"))),
            })
            .collect(),
        out: list("excluded")
            .iter()
            .take(NOTES)
            .map(|x| {
                let reasons = x["reasons"].as_array().map_or(&[][..], Vec::as_slice);
                let reasons: Vec<String> = reasons.iter().map(|r| view::say_json(lang, r)).collect();
                OutView {
                    payee: text(x, "payee"),
                    title: view::say_json(lang, &x["title"]),
                    reasons: reasons.join(&lang.t("shell-comma").to_string()),
                }
            })
            .collect(),
        out_count,
        cut: [
            cut_words(lang, list("warnings").len() + review.guards.len()),
            cut_words(lang, list("residuals").len()),
            cut_words(lang, out_count),
        ],
        books: review.books.iter().map(|b| view::say(lang, &b.note())).collect(),
        checks: checks::checks(lang, &review, &missing),
        lines: lines::of(lang, &review, asked),
        calculated: (
            names.name(&run.calculated_by),
            moment.time(view::instant(run.calculated_at)),
        ),
        snapshot: run
            .snapshot
            .as_ref()
            .map(|hash| hash.iter().map(|b| format!("{b:02x}")).collect::<String>()),
        offer: review.offer.map(|offer| (offer.step, offer.barred)),
        stopped: review.checks.iter().any(|check| check.stops(run.state)),
        again: review.again,
        back: review.back == Some(true),
        reasons: review.reasons,
        written: review
            .notes
            .iter()
            .map(|note| {
                (
                    lang.word("run-written", &note.step).to_string(),
                    names.name(&note.by),
                    moment.time(view::instant(note.at)),
                    note.words.clone(),
                )
            })
            .collect(),
        reason: Field::empty("reason"),
        back_reason: Field::empty("reason").id("back-reason"),
        returned: review
            .notes
            .last()
            .filter(|note| run.state == RunState::Calculated && note.step == "returned")
            .map(|note| {
                (
                    names.name(&note.by),
                    moment.time(view::instant(note.at)),
                    note.words.clone(),
                )
            }),
        done: None,
        refused: None,
        name,
    })
}

/// An amount of the engine as money.
fn residual(text: &str) -> String {
    let (minus, size) = match text.strip_prefix('-') {
        Some(size) => ("−", size),
        None => ("", text),
    };
    Money::parse(size).map_or_else(
        |_| format!("¥{text}"),
        |amount| format!("{minus}{}", crate::web::i18n::yuan(amount)),
    )
}

/// The word of an account nobody got money from; what documents name themselves is `other`.
fn residual_word(account: &str) -> &'static str {
    const KNOWN: [&str; 7] = [
        "company_budget",
        "withheld",
        "held",
        "over_cap",
        "roll_over",
        "team_fund",
        "lapsed",
    ];
    KNOWN
        .into_iter()
        .find(|known| *known == account)
        .unwrap_or("other")
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
    Query(done): Query<Done>,
    Query(asked): Query<Asked>,
) -> Result<Html<RunPage>, Problem> {
    who.need(Permission::ReadPay)?;
    let mut page = page(&web, &who, id, &asked).await?;
    let steps = ["calculate", "submit", "return", "approve", "close", "pay"];
    let done = done.done.as_deref().filter(|d| steps.contains(d));
    page.done = done.map(|d| who.lang.word("run-done", d).to_string());
    Ok(Html(page))
}

async fn take(
    State(web): State<Web>,
    who: SignedIn,
    Path((id, step)): Path<(i64, String)>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::ReadPay)?;
    let (app, actor) = (&web.app, &who.actor);
    let taken = match step.as_str() {
        "again" => match app.store.run(id).await? {
            Some(run) => calculate(app, actor, &run.scheme, &run.period).await,
            None => Err(PayError::NotFound(format!("payout {id}"))),
        },
        "submit" => submit(app, actor, id).await,
        "return" => send_back(app, actor, id, &sent.reason).await,
        "approve" => approve(app, actor, id, &sent.reason).await,
        "close" => close(app, actor, id, &sent.reason).await,
        "pay" => pay(app, actor, id).await,
        _ => return Err(Problem::not_found(format_args!("step {step:?}"))),
    };
    let error = match taken {
        Ok(run) => {
            let done = if step == "again" {
                "calculate"
            } else {
                step.as_str()
            };
            return Ok(see_other(&format!("/app/pay/runs/{}?done={done}", run.id)));
        }
        Err(error) => error,
    };
    let status = match &error {
        PayError::Forbidden(_) => StatusCode::FORBIDDEN,
        PayError::Conflict(_) => StatusCode::CONFLICT,
        PayError::Wrong(_) | PayError::Refused(_) | PayError::Input(_) | PayError::Unable(_) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        PayError::NotFound(_) | PayError::Store(_) => return Err(error.into()),
    };
    let mut page = page(&web, &who, id, &Asked::default()).await?;
    let is_reason = matches!(&error, PayError::Wrong(wrong) if wrong.iter().all(|w| w.pointer == "/reason"));
    if is_reason && step == "return" {
        page.back_reason = Field::new("reason", &sent.reason)
            .id("back-reason")
            .wrong(who.lang.t("run-wrong-return"));
    } else if is_reason {
        page.reason = Field::new("reason", &sent.reason).wrong(who.lang.t("run-wrong-reason"));
    } else {
        page.refused = view::refusal(who.lang, &error);
    }
    Ok(Html(page).status(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_cut_says_how_much_of_it_is_shown() {
        assert_eq!(cut_words(Lang::Zh, NOTES), None);
        let words = cut_words(Lang::Zh, 900).unwrap();
        assert_eq!(words, "只列出前 200 项，共 900 项。");
    }

    #[test]
    fn what_nobody_got_is_printed_as_money() {
        for (text, printed) in [("0.01", "¥0.01"), ("-1234.5", "−¥1,234.50"), ("x", "¥x")] {
            assert_eq!(residual(text), printed);
        }
    }
}
