//! `/app/manage/fraud`: what looks odd, with its evidence; what is held; suspect clicks. A person holds, releases, overrules
//! with a reason, and sees before what it moves.

mod case;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use crate::app::clicks::{OverruleError, overrule_click};
use crate::app::{Permission, VerdictError, give_verdict};
use crate::attribution::{Status, Verdict};
use crate::domain::{Class, ClickId, Money};
use crate::storage::conversions::ConversionFilter;
use crate::storage::suspicions::{ClickEvidence, Suspicion};
use crate::web::cause::reason_words;
use crate::web::decision;
use crate::web::html::{Html, see_other};
use crate::web::i18n::{Lang, TimeTag, date_words, yuan};
use crate::web::pages::claims::view::instant;
use crate::web::pages::manage::grid::percent;
use crate::web::pages::paged::{cut, turns};
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Choice, Opt};
use crate::web::{Form, Problem, Query, Web};

/// Rows of a list.
const ROWS: i64 = 100;
/// Most pages of suspicions.
const PAGES: i64 = 1_000;

const TABS: [&str; 6] = ["open", "held", "cleared", "confirmed", "conversions", "clicks"];

/// A suspicion as a row.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: i64,
    pub person: String,
    pub code: String,
    pub day: String,
    pub kind: String,
    pub words: String,
    pub share: String,
    pub own: bool,
    pub reason: Option<String>,
}

/// A held lead or order.
#[derive(Clone, Debug)]
pub struct HeldRow {
    pub id: String,
    pub kind: String,
    pub amount: String,
    pub employee: String,
    pub at: TimeTag,
    pub why: String,
    pub own: bool,
    /// What was typed as the reason of a decision that was refused.
    pub reason: String,
    pub error: Option<String>,
}

/// A click as evidence.
#[derive(Clone, Debug)]
pub struct ClickRow {
    pub id: String,
    pub at: String,
    pub person: String,
    pub link: String,
    pub channel: String,
    pub class: String,
    pub why: String,
    pub dwell: String,
    pub valid: bool,
    pub visitor: String,
    pub network: String,
    pub place: String,
    pub agent: String,
    /// The class and the reason of a decision that was refused.
    pub chosen: String,
    pub reason: String,
    pub error: Option<String>,
}

/// The list.
#[derive(Debug, Template)]
#[template(path = "manage/fraud.html")]
pub struct FraudPage {
    pub s: Shell,
    pub tabs: Vec<Choice>,
    pub tab: &'static str,
    pub rows: Vec<Row>,
    pub held: Vec<HeldRow>,
    pub clicks: Vec<ClickRow>,
    pub classes: Vec<Opt>,
    pub next: Option<String>,
    pub previous: Option<String>,
    pub done: Option<String>,
    pub notice: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    tab: String,
    done: String,
    /// The last row of the page before; a click's is a UUID.
    before: String,
    /// The page of suspicions, from 1: their latest day comes first, not their newest row.
    page: Option<i64>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/manage/fraud", get(list))
        .route("/app/manage/fraud/{id}", get(case::show).post(case::decide))
        .route("/app/manage/fraud/conversions", post(decide_conversion))
        .route("/app/manage/fraud/clicks", post(decide_click))
}

fn classes(lang: Lang, all: bool) -> Vec<Opt> {
    Class::ALL
        .into_iter()
        .filter(|c| all || *c != Class::Human)
        .map(|c| Opt::new(c.as_str(), lang.word("decision-class", c.as_str())))
        .collect()
}

fn row(who: &SignedIn, s: &Suspicion) -> Row {
    let lang = who.lang;
    Row {
        id: s.id,
        person: s.name.clone(),
        code: s.code.clone(),
        day: date_words(lang, s.day),
        kind: lang.word("odd", s.kind).to_string(),
        words: lang
            .word("odd-words", s.kind)
            .n("hits", s.hits)
            .n("base", s.base)
            .to_string(),
        share: percent(s.hits, s.base),
        own: who.actor.employee() == Some(s.employee),
        reason: s.reason.clone(),
    }
}

fn click_row(s: &Shell, c: &ClickEvidence) -> ClickRow {
    let short = |bytes: &[u8]| {
        bytes
            .iter()
            .take(3)
            .map(|b| format!("{b:02x}"))
            .collect::<String>()
    };
    ClickRow {
        id: c.id.to_string(),
        at: s.moment.exact(instant(c.at)),
        person: c.employee.clone(),
        link: c.code.clone(),
        channel: s.lang.channel(&c.channel),
        class: s.lang.word("decision-class", &c.class).to_string(),
        why: match c.reason.as_str() {
            "" | "person" => String::new(),
            reason => s.lang.word("why", reason).to_string(),
        },
        dwell: c.dwell_ms.map_or_else(
            || "–".to_owned(),
            |ms| {
                let seconds = format!("{}.{}", ms / 1000, (ms % 1000) / 100);
                s.lang.t("fraud-seconds").with("n", seconds).to_string()
            },
        ),
        valid: c.valid,
        visitor: c.visitor.as_deref().map(short).unwrap_or_default(),
        network: c
            .network
            .map(|n| format!("{:04x}", n & 0xffff))
            .unwrap_or_default(),
        place: c.place.clone().unwrap_or_default(),
        agent: c
            .agent
            .as_deref()
            .map_or_else(String::new, |a| agent_words(s.lang, a)),
        chosen: Class::Human.as_str().to_owned(),
        reason: String::new(),
        error: None,
    }
}

/// `wechat · mobile` as people say it.
fn agent_words(lang: Lang, agent: &str) -> String {
    let (browser, device) = agent.split_once(" · ").unwrap_or((agent, "other"));
    let device = match device {
        "mobile" | "tablet" | "desktop" => lang.word("device", device).to_string(),
        _ => lang.t("device-other").to_string(),
    };
    match browser {
        "" | "other" => device,
        // Apps people post in are channels, too, and called alike.
        browser => match lang.channel(browser) {
            name if name == browser => format!("{} {device}", crate::web::pages::sessions::named(browser)),
            name => format!("{name} {device}"),
        },
    }
}

async fn page(web: &Web, who: &SignedIn, asked: &Asked) -> Result<FraudPage, Problem> {
    who.need(Permission::OverruleClicks)?;
    let store = &web.app.store;
    let lang = who.lang;
    let s = who.shell(web, Place::Fraud);
    let tab = TABS.into_iter().find(|t| *t == asked.tab).unwrap_or(TABS[0]);
    let mut page = FraudPage {
        tabs: TABS
            .map(|t| {
                Choice::new(
                    format!("/app/manage/fraud?tab={t}"),
                    lang.word("fraud-tab", t),
                    t == tab,
                )
            })
            .to_vec(),
        tab,
        rows: Vec::new(),
        held: Vec::new(),
        clicks: Vec::new(),
        classes: classes(lang, true),
        next: None,
        previous: (!asked.before.is_empty()).then(|| format!("/app/manage/fraud?tab={tab}")),
        done: None,
        notice: None,
        s,
    };
    match tab {
        "conversions" => {
            let filter = ConversionFilter {
                status: Some(Status::Held),
                before: asked.before.parse().ok(),
                ..ConversionFilter::default()
            };
            let mut held = store.conversions(&filter, ROWS + 1).await?;
            let more = cut(&mut held, ROWS);
            page.next = held
                .last()
                .filter(|_| more)
                .map(|c| format!("/app/manage/fraud?tab=conversions&before={}", c.id.0));
            for c in held {
                let own = who.actor.employee();
                page.held.push(HeldRow {
                    kind: lang.word("event", c.kind).to_string(),
                    amount: if c.amount == Money::ZERO {
                        String::new()
                    } else {
                        yuan(c.net())
                    },
                    employee: c
                        .credited_code
                        .clone()
                        .or(c.indirect_code.clone())
                        .unwrap_or_default(),
                    at: page.s.moment.time(instant(c.occurred_at)),
                    why: match &c.decided_reason {
                        Some(reason) if !reason.is_empty() => reason_words(lang, reason),
                        _ => decision::headline(lang, &web.app.programme.zone, &c.steps),
                    },
                    own: own.is_some() && (own == c.credited_to || own == c.indirect_to),
                    id: c.external_id,
                    reason: String::new(),
                    error: None,
                });
            }
        }
        "clicks" => {
            let before = ClickId(asked.before.parse().unwrap_or(uuid::Uuid::max()));
            let mut rows = store.suspect_clicks(before, ROWS / 2 + 1).await?;
            let more = cut(&mut rows, ROWS / 2);
            page.next = rows
                .last()
                .filter(|_| more)
                .map(|c| format!("/app/manage/fraud?tab=clicks&before={}", c.id));
            page.clicks = rows.iter().map(|c| click_row(&page.s, c)).collect();
        }
        status => {
            let at = asked.page.unwrap_or(1).clamp(1, PAGES);
            let mut found = store.suspicions(status, (at - 1) * ROWS, ROWS + 1).await?;
            let more = cut(&mut found, ROWS);
            (page.previous, page.next) = turns(at, PAGES, more, |n| {
                format!("/app/manage/fraud?tab={status}&page={n}")
            });
            page.rows = found.iter().map(|s| row(who, s)).collect();
        }
    }
    let done = [
        "held",
        "cleared",
        "confirmed",
        "released",
        "rejected",
        "overruled",
    ]
    .into_iter()
    .find(|d| *d == asked.done);
    page.done = done.map(|d| lang.word("fraud-done", d).to_string());
    Ok(page)
}

async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<FraudPage>, Problem> {
    page(&web, &who, &asked).await.map(Html)
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct OneSent {
    id: String,
    decision: String,
    class: String,
    reason: String,
}

/// Releases or rejects a held lead or order.
async fn decide_conversion(
    State(web): State<Web>,
    who: SignedIn,
    Form(sent): Form<OneSent>,
) -> Result<Response, Problem> {
    who.need(Permission::DecideConversions)?;
    let verdict = match sent.decision.as_str() {
        "released" => Verdict::Released,
        "rejected" => Verdict::Rejected,
        _ => return Err(Problem::field("/decision", "expected released or rejected")),
    };
    let (status, word) = match give_verdict(&web.app, &who.actor, &sent.id, verdict, Some(&sent.reason)).await
    {
        Ok(_) => {
            let path = format!("/app/manage/fraud?tab=conversions&done={}", sent.decision);
            return Ok(see_other(&path));
        }
        Err(VerdictError::Reason) => (StatusCode::UNPROCESSABLE_ENTITY, "need-reason"),
        Err(VerdictError::Own) => (StatusCode::FORBIDDEN, "not-you"),
        Err(VerdictError::Refused(_)) => (StatusCode::CONFLICT, "conflict"),
        Err(VerdictError::Missing) => return Err(Problem::not_found("conversion")),
        Err(VerdictError::Store(error)) => return Err(error.into()),
    };
    // The page that begins with it: it may be far down the list.
    let known = web.app.store.conversion(&sent.id).await?;
    let asked = Asked {
        tab: "conversions".to_owned(),
        before: known.map_or_else(String::new, |c| c.id.0.saturating_add(1).to_string()),
        ..Asked::default()
    };
    let mut page = page(&web, &who, &asked).await?;
    let words = who.lang.word("fraud", word).to_string();
    match page.held.iter_mut().find(|h| h.id == sent.id) {
        Some(held) => {
            held.error = Some(words);
            held.reason = sent.reason;
        }
        None => page.notice = Some(words),
    }
    Ok(Html(page).status(status))
}

/// Gives a suspect click the class a person says it has.
async fn decide_click(
    State(web): State<Web>,
    who: SignedIn,
    Form(sent): Form<OneSent>,
) -> Result<Response, Problem> {
    who.need(Permission::OverruleClicks)?;
    let id = sent.id.parse::<uuid::Uuid>().map(ClickId);
    let id = id.map_err(|_| Problem::field("/id", "expected a click's id"))?;
    let class = sent.class.parse::<Class>();
    let class = class.map_err(|()| Problem::field("/class", "expected a class"))?;
    let (status, word) = match overrule_click(&web.app, &who.actor, id, class, &sent.reason).await {
        Ok(_) => return Ok(see_other("/app/manage/fraud?tab=clicks&done=overruled")),
        Err(OverruleError::Reason) => (StatusCode::UNPROCESSABLE_ENTITY, "need-reason"),
        Err(OverruleError::Own | OverruleError::Forbidden) => (StatusCode::FORBIDDEN, "not-you"),
        Err(OverruleError::NotFound(_)) => return Err(Problem::not_found("click")),
        Err(OverruleError::Store(error)) => return Err(error.into()),
    };
    let asked = Asked {
        tab: "clicks".to_owned(),
        before: uuid::Uuid::from_u128(id.0.as_u128().saturating_add(1)).to_string(),
        ..Asked::default()
    };
    let mut page = page(&web, &who, &asked).await?;
    let words = who.lang.word("fraud", word).to_string();
    match page.clicks.iter_mut().find(|c| c.id == sent.id) {
        Some(click) => {
            click.error = Some(words);
            click.chosen = sent.class;
            click.reason = sent.reason;
        }
        None => page.notice = Some(words),
    }
    Ok(Html(page).status(status))
}
