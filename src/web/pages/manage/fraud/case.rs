//! One suspicion: its evidence, what a decision would move, the decision.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::{ClickRow, Row, classes, click_row, row};
use crate::app::suspect::{Case, Decision, Moves, case, decide_on_suspicion};
use crate::app::{Permission, Refused};
use crate::attribution::ConversionKind;
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
use crate::web::{Form, Path, Problem, Query, Web};

/// Clicks shown of a case.
const CLICKS: usize = 100;
/// Leads and orders shown at first.
const STAKES: usize = 100;

/// A lead or order a decision would move.
#[derive(Clone, Debug)]
pub struct StakeRow {
    pub id: String,
    pub kind: String,
    pub amount: String,
    pub state: String,
    /// Which decisions would move it.
    pub moved_by: String,
}

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
    pub conversions: Vec<StakeRow>,
    /// How many more would be moved, and where all of them are listed.
    pub more_conversions: Option<(usize, String)>,
    /// What each decision moves.
    pub effects: Vec<String>,
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
pub struct Asked {
    /// Whether all leads and orders are to be listed.
    all: Option<String>,
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

/// What may be decided about a case in this state; nothing when it is decided.
fn decisions(status: &str) -> &'static [(&'static str, Decision)] {
    static ALL: [(&str, Decision); 3] = [
        ("hold", Decision::Hold),
        ("clear", Decision::Clear),
        ("confirm", Decision::Confirm(Class::Suspect)),
    ];
    match status {
        "open" => &ALL,
        "held" => &ALL[1..],
        _ => &[],
    }
}

fn effect(lang: Lang, web: &Web, word: &'static str, moves: &Moves) -> String {
    let leads = moves
        .conversions
        .iter()
        .filter(|c| c.kind == ConversionKind::Lead)
        .count();
    let sum = moves.conversions.iter().map(|c| c.net.minor()).sum();
    let human = moves.clicks.iter().filter(|c| c.class == "human").count();
    let earned = moves.clicks.iter().filter(|c| c.earned).count();
    let points = i64::try_from(earned).unwrap_or(0) * web.app.programme.points.click;
    lang.word("fraud-effect", word)
        .n("leads", leads)
        .n("sales", moves.conversions.len() - leads)
        .with("amount", yuan(Money::from_minor(sum)))
        .n("clicks", human)
        .n("points", points)
        .to_string()
}

/// What the decisions would move: each lead or order once, with those that would move it.
fn stakes(lang: Lang, moves: &[(&'static str, Moves)]) -> Vec<StakeRow> {
    let mut rows: Vec<StakeRow> = Vec::new();
    // Confirming moves the most, so the rest finds its row there.
    for (word, moves) in moves.iter().rev() {
        for c in &moves.conversions {
            let by = lang.word("fraud-moved", *word).to_string();
            match rows.iter_mut().find(|row| row.id == c.external_id) {
                Some(row) => row.moved_by = format!("{by} · {}", row.moved_by),
                None => rows.push(StakeRow {
                    id: c.external_id.clone(),
                    kind: lang.word("event", c.kind).to_string(),
                    amount: if c.kind == ConversionKind::Lead {
                        String::new()
                    } else {
                        yuan(c.net)
                    },
                    state: lang.word("fraud-state", c.status).to_string(),
                    moved_by: by,
                }),
            }
        }
    }
    rows
}

async fn case_page(web: &Web, who: &SignedIn, id: i64, all: bool) -> Result<CasePage, Problem> {
    who.need(Permission::OverruleClicks)?;
    let lang = who.lang;
    let found = case(&web.app, id).await?;
    let case = found.ok_or_else(|| Problem::not_found(format_args!("suspicion {id}")))?;
    let s = who.shell(web, Place::Fraud);
    let row = row(who, &case.suspicion);
    let status = case.suspicion.status.clone();
    let moves: Vec<(&str, Moves)> = decisions(&status)
        .iter()
        .map(|(word, decision)| (*word, case.moves(*decision)))
        .collect();
    let effects = moves
        .iter()
        .map(|(word, moves)| effect(lang, web, word, moves))
        .collect();
    let mut conversions = stakes(lang, &moves);
    let rest = conversions.len().saturating_sub(STAKES);
    let more_conversions =
        (rest > 0 && !all).then(|| (rest, format!("/app/manage/fraud/{id}?all=1#conversions")));
    if more_conversions.is_some() {
        conversions.truncate(STAKES);
    }
    let words = moves.iter().map(|(word, _)| *word).filter(|_| !row.own);
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
        effects,
        chart: chart(web, lang, &case),
        clicks: case
            .clicks
            .iter()
            .take(CLICKS)
            .map(|c| click_row(&s, c))
            .collect(),
        more: case.clicks.len().saturating_sub(CLICKS),
        conversions,
        more_conversions,
        choices: words.map(|w| Opt::new(w, lang.word("fraud-choice", w))).collect(),
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
    Query(asked): Query<Asked>,
) -> Result<Html<CasePage>, Problem> {
    case_page(&web, &who, id, asked.all.is_some()).await.map(Html)
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
    let mut page = case_page(&web, &who, id, false).await?;
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
