//! One suspicion: its evidence, what a decision would move, the decision.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::{ClickRow, Row, classes, click_row, row};
use crate::app::suspect::{Case, Decision, case, decide_on_suspicion};
use crate::app::{Permission, Refused};
use crate::attribution::odd::Odd;
use crate::domain::{Class, Money};
use crate::web::chart::{Line, Track};
use crate::web::html::{Html, see_other};
use crate::web::i18n::{Lang, yuan};
use crate::web::pages::actors::Actors;
use crate::web::pages::claims::view::instant;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Field, Opt};
use crate::web::{Form, Path, Problem, Web};

/// Clicks shown of a case.
const CLICKS: usize = 100;

/// One suspicion.
#[derive(Debug, Template)]
#[template(path = "manage/fraud_case.html")]
pub struct CasePage {
    pub s: Shell,
    pub row: Row,
    pub status: String,
    pub decided: Option<String>,
    pub explain: String,
    pub chart: Line,
    pub clicks: Vec<ClickRow>,
    pub more: usize,
    pub conversions: Vec<(String, String, String)>,
    /// What each decision moves.
    pub effect_hold: String,
    pub effect_confirm: String,
    /// What may be decided; nothing when it is decided, or about oneself.
    pub choices: Vec<Opt>,
    pub decision: Field,
    pub class: Field,
    pub classes: Vec<Opt>,
    pub reason: Field,
    pub notice: Option<String>,
}

impl CasePage {
    fn fields(&self) -> [&Field; 3] {
        [&self.decision, &self.class, &self.reason]
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    decision: String,
    class: String,
    reason: String,
}

/// The clicks of the case by hour of the day: a pattern over time.
fn chart(web: &Web, lang: Lang, case: &Case) -> Line {
    let mut hours = vec![0i64; 24];
    for click in &case.clicks {
        let at = instant(click.at).to_zoned(web.app.programme.zone.clone());
        if let Some(slot) = usize::try_from(at.hour()).ok().and_then(|h| hours.get_mut(h)) {
            *slot += 1;
        }
    }
    Line {
        label: lang.t("fraud-chart-label").n("n", case.clicks.len()).to_string(),
        caption: lang.t("fraud-chart").to_string(),
        corner: lang.t("fraud-hour").to_string(),
        summary: lang.t("chart-data").to_string(),
        points: (0..24)
            .map(|h| if h % 6 == 0 { h.to_string() } else { String::new() })
            .collect(),
        heads: (0..24).map(|h| h.to_string()).collect(),
        now: Track {
            name: lang.t("insight-clicks").to_string(),
            values: hours.into_iter().map(Some).collect(),
        },
        before: None,
        last_word: String::new(),
    }
}

async fn case_page(web: &Web, who: &SignedIn, id: i64) -> Result<CasePage, Problem> {
    who.need(Permission::OverruleClicks)?;
    let lang = who.lang;
    let found = case(&web.app, id).await?;
    let case = found.ok_or_else(|| Problem::not_found(format_args!("suspicion {id}")))?;
    let s = who.shell(web, Place::Fraud);
    let sum = case.conversions.iter().map(|(.., net)| net).sum();
    let leads = case
        .conversions
        .iter()
        .filter(|(_, kind, _)| kind == "lead")
        .count();
    let sales = case.conversions.len() - leads;
    let effect = |word: &'static str| {
        lang.word("fraud-effect", word)
            .n("leads", leads)
            .n("sales", sales)
            .with("amount", yuan(Money::from_minor(sum)))
            .n(
                "clicks",
                case.clicks.iter().filter(|c| c.class == "human").count(),
            )
            .n("points", case.points)
            .to_string()
    };
    let row = row(who, &case.suspicion);
    let status = case.suspicion.status.clone();
    let words: &[&str] = match (row.own, status.as_str()) {
        (false, "open") => &["hold", "clear", "confirm"],
        (false, "held") => &["clear", "confirm"],
        _ => &[],
    };
    let actors = Actors::load(web, lang).await?;
    let decided = case.suspicion.decided_by.as_ref().map(|by| {
        let name = actors.name(by);
        let at = case
            .suspicion
            .decided_at
            .map(|ms| s.moment.exact(instant(ms)))
            .unwrap_or_default();
        format!(
            "{name} · {at} · {}",
            case.suspicion.reason.clone().unwrap_or_default()
        )
    });
    let explain = match case.suspicion.kind {
        Odd::Regular => lang
            .t("odd-explain-regular")
            .n("s", case.suspicion.evidence.gap_seconds.unwrap_or(0))
            .to_string(),
        kind => lang.word("odd-explain", kind).to_string(),
    };
    Ok(CasePage {
        effect_hold: effect("hold"),
        effect_confirm: effect("confirm"),
        chart: chart(web, lang, &case),
        clicks: case
            .clicks
            .iter()
            .take(CLICKS)
            .map(|c| click_row(&s, c))
            .collect(),
        more: case.clicks.len().saturating_sub(CLICKS),
        conversions: case
            .conversions
            .iter()
            .map(|(id, kind, net)| {
                (
                    id.clone(),
                    lang.word("event", kind).to_string(),
                    yuan(Money::from_minor(*net)),
                )
            })
            .collect(),
        choices: words
            .iter()
            .map(|w| Opt::new(w, lang.word("fraud-choice", w)))
            .collect(),
        decision: Field::empty("decision"),
        class: Field::new("class", "suspect"),
        classes: classes(lang, false),
        reason: Field::empty("reason"),
        notice: None,
        explain,
        decided,
        status,
        row,
        s,
    })
}

pub async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
) -> Result<Html<CasePage>, Problem> {
    case_page(&web, &who, id).await.map(Html)
}

pub async fn decide(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::OverruleClicks)?;
    let lang = who.lang;
    let class = sent.class.parse::<Class>().ok().filter(|c| *c != Class::Human);
    let decision = match (sent.decision.as_str(), class) {
        ("hold", _) => Some(Decision::Hold),
        ("clear", _) => Some(Decision::Clear),
        ("confirm", Some(class)) => Some(Decision::Confirm(class)),
        _ => None,
    };
    let refused = match decision {
        Some(decision) => match decide_on_suspicion(&web.app, &who.actor, id, decision, &sent.reason).await {
            Ok(found) => {
                return Ok(see_other(&format!(
                    "/app/manage/fraud?tab={0}&done={0}",
                    found.status
                )));
            }
            Err(refused) => Some(refused),
        },
        None => None,
    };
    let mut page = case_page(&web, &who, id).await?;
    page.decision.value.clone_from(&sent.decision);
    page.reason.value = sent.reason;
    if let Some(class) = class {
        page.class.value = class.as_str().to_owned();
    }
    let status = match refused {
        None => {
            let word = if sent.decision == "confirm" {
                "wrong-class"
            } else {
                "wrong-decision"
            };
            let field = if sent.decision == "confirm" {
                &mut page.class
            } else {
                &mut page.decision
            };
            field.error = Some(lang.word("fraud", word).to_string());
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Some(Refused::Wrong(_)) => {
            page.reason.error = Some(lang.t("points-need-reason").to_string());
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Some(Refused::Forbidden(_)) => {
            page.notice = Some(lang.t("fraud-not-you").to_string());
            StatusCode::FORBIDDEN
        }
        Some(Refused::Conflict(_)) => {
            page.notice = Some(lang.t("points-conflict").to_string());
            StatusCode::CONFLICT
        }
        Some(other) => return Err(other.into()),
    };
    Ok(Html(page).status(status))
}
