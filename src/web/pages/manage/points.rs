//! `/app/manage/points`: what waits for a decision on points, and points by hand. Nobody decides on their own, or on what
//! they asked for themselves.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use crate::app::Permission;
use crate::app::adjust::{ask_adjustment, decide_on_adjustment};
use crate::app::filing::{PointsError, Verdict};
use crate::app::interaction::decide_on_interaction;
use crate::app::share::decide_on_share;
use crate::domain::EmployeeId;
use crate::storage::shares::Filter;
use crate::web::html::{Html, see_other};
use crate::web::i18n::{Lang, TimeTag};
use crate::web::pages::claims::view::instant;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Choice, Field};
use crate::web::{Form, Path, Problem, Query, Web};

/// Rows of a tab.
const ROWS: i64 = 100;

const TABS: [&str; 4] = ["exchanges", "shares", "hand", "awards"];

/// Something to decide on, or decided.
#[derive(Clone, Debug)]
pub struct Item {
    /// `exchanges-7`: its form's id, unique in the page.
    pub id: String,
    /// Where its form goes.
    pub action: String,
    pub person: String,
    pub team: String,
    pub what: String,
    pub at: TimeTag,
    pub evidence: Option<String>,
    pub points: String,
    /// `pending`, `approved` or `rejected`.
    pub status: String,
    /// Who decided and why.
    pub decided: Option<String>,
    /// May be approved, rejected; nothing of it when barred.
    pub approve: bool,
    pub reject: bool,
    /// Why not by who looks: `own` or `filed`.
    pub barred: Option<&'static str>,
    /// The balance now and after, of points by hand.
    pub effect: Option<String>,
    /// What was wrong with the last decision on it.
    pub error: Option<String>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "manage/points.html")]
pub struct PointsPage {
    pub s: Shell,
    pub tabs: Vec<Choice>,
    pub tab: &'static str,
    pub items: Vec<Item>,
    pub employee: Field,
    pub points: Field,
    pub reason: Field,
    pub notice: Option<String>,
    pub done: Option<String>,
}

impl PointsPage {
    /// The form of points by hand.
    fn fields(&self) -> [&Field; 3] {
        [&self.employee, &self.points, &self.reason]
    }

    /// Whether something is wrong with it.
    fn is_wrong(&self) -> bool {
        self.fields().iter().any(|f| f.is_wrong())
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    tab: String,
    done: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    decision: String,
    reason: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct ByHand {
    employee: String,
    points: String,
    reason: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/manage/points", get(show).post(ask))
        .route("/app/manage/points/{tab}/{id}", post(decide))
}

fn tab_of(text: &str) -> &'static str {
    TABS.into_iter().find(|t| *t == text).unwrap_or(TABS[0])
}

/// People's names and teams, and what actors are called.
struct Names {
    people: HashMap<i64, (String, String)>,
    teams: HashMap<i64, String>,
    actors: BTreeMap<String, String>,
}

impl Names {
    fn actor(&self, lang: Lang, word: &str) -> String {
        match word {
            "system" => lang.t("review-system").to_string(),
            word => self.actors.get(word).cloned().unwrap_or_else(|| word.to_owned()),
        }
    }
}

/// Why somebody may not decide.
fn barred(who: &SignedIn, person: i64, filed_by: &str, filed_for: Option<i64>) -> Option<&'static str> {
    let me = who.actor.employee();
    if me == Some(EmployeeId(person)) {
        Some("own")
    } else if who.actor.word() == filed_by || (me.is_some() && me.map(|e| e.0) == filed_for) {
        Some("filed")
    } else {
        None
    }
}

async fn page(web: &Web, who: &SignedIn, tab: &'static str) -> Result<PointsPage, Problem> {
    who.need(Permission::DecidePoints)?;
    let store = &web.app.store;
    let lang = who.lang;
    let s = who.shell(web, Place::Points);
    let names = Names {
        people: store.people_names().await?,
        teams: store.team_names(web.app.today()).await?,
        actors: store.actor_names().await?,
    };
    let items = match tab {
        "shares" => shares(web, who, &s, &names).await?,
        "hand" => by_hand(web, who, &s, &names).await?,
        "awards" => awards(web, &s, &names, lang).await?,
        _ => exchanges(web, who, &s, &names).await?,
    };
    Ok(PointsPage {
        tabs: TABS
            .map(|t| {
                Choice::new(
                    format!("/app/manage/points?tab={t}"),
                    lang.word("points-tab", t),
                    t == tab,
                )
            })
            .to_vec(),
        tab,
        items,
        employee: Field::empty("employee"),
        points: Field::empty("points"),
        reason: Field::empty("reason"),
        notice: None,
        done: None,
        s,
    })
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<PointsPage>, Problem> {
    let mut page = page(&web, &who, tab_of(&asked.tab)).await?;
    let done = ["approved", "rejected", "asked"]
        .into_iter()
        .find(|d| *d == asked.done);
    page.done = done.map(|d| who.lang.word("points-done", d).to_string());
    Ok(Html(page))
}

/// What all kinds of items have.
struct Row<'a> {
    tab: &'static str,
    id: i64,
    employee: i64,
    what: String,
    at: i64,
    evidence: Option<&'a str>,
    points: i64,
    status: &'a str,
    decided: Option<(&'a str, &'a str)>,
    filed: (&'a str, Option<i64>),
}

fn item(who: &SignedIn, s: &Shell, names: &Names, row: Row<'_>) -> Item {
    let lang = who.lang;
    let person = names
        .people
        .get(&row.employee)
        .map(|(_, name)| name.clone())
        .unwrap_or_default();
    let barred = barred(who, row.employee, row.filed.0, row.filed.1);
    let decided = row.decided.map(|(by, reason)| {
        let text = lang.t("points-decided-by").with("who", names.actor(lang, by));
        if reason.is_empty() {
            text.to_string()
        } else {
            format!("{text} {reason}")
        }
    });
    Item {
        id: format!("{}-{}", row.tab, row.id),
        action: format!("/app/manage/points/{}/{}", row.tab, row.id),
        person,
        team: names.teams.get(&row.employee).cloned().unwrap_or_default(),
        what: row.what,
        at: s.moment.time(instant(row.at)),
        evidence: row.evidence.map(str::to_owned),
        points: crate::web::i18n::signed(row.points),
        approve: barred.is_none() && row.status != "approved",
        reject: barred.is_none() && row.status != "rejected",
        status: row.status.to_owned(),
        decided,
        barred,
        effect: None,
        error: None,
    }
}

async fn exchanges(web: &Web, who: &SignedIn, s: &Shell, names: &Names) -> Result<Vec<Item>, Problem> {
    let store = &web.app.store;
    let pending = Filter {
        status: Some("pending"),
        ..Filter::default()
    };
    let mut rows = store.interactions(pending, None, ROWS).await?;
    rows.extend(
        store
            .interactions(Filter::default(), None, ROWS / 4)
            .await?
            .into_iter()
            .filter(|r| r.status != "pending"),
    );
    Ok(rows
        .iter()
        .map(|r| {
            let worth = if r.status == "pending" {
                web.app.programme.points.interaction
            } else {
                r.points
            };
            let row = Row {
                tab: "exchanges",
                id: r.id,
                employee: r.employee_id,
                what: who
                    .lang
                    .t("points-with-friend")
                    .with("friend", &r.friend)
                    .to_string(),
                at: r.occurred_at,
                evidence: r.evidence_url.as_deref(),
                points: worth,
                status: &r.status,
                decided: r
                    .decided_by
                    .as_deref()
                    .map(|by| (by, r.reason.as_deref().unwrap_or_default())),
                filed: (&r.filed_by, r.filed_for),
            };
            item(who, s, names, row)
        })
        .collect())
}

async fn shares(web: &Web, who: &SignedIn, s: &Shell, names: &Names) -> Result<Vec<Item>, Problem> {
    let rows = web.app.store.shares(Filter::default(), None, ROWS).await?;
    Ok(rows
        .iter()
        .map(|r| {
            let channel = who.lang.channel(&r.channel);
            let outcome = who.lang.word("points-outcome", &r.outcome);
            let row = Row {
                tab: "shares",
                id: r.id,
                employee: r.employee_id,
                what: format!("{channel} · {} · {outcome}", r.campaign_slug),
                at: r.posted_at,
                evidence: r.evidence_url.as_deref(),
                points: r.points,
                status: &r.status,
                decided: r
                    .decided_by
                    .as_deref()
                    .map(|by| (by, r.reason.as_deref().unwrap_or_default())),
                filed: (&r.filed_by, r.filed_for),
            };
            item(who, s, names, row)
        })
        .collect())
}

async fn by_hand(web: &Web, who: &SignedIn, s: &Shell, names: &Names) -> Result<Vec<Item>, Problem> {
    let mut items = Vec::new();
    for r in web.app.store.adjustments(ROWS).await? {
        let row = Row {
            tab: "hand",
            id: r.id,
            employee: r.employee_id,
            what: format!("{} ({})", r.reason, names.actor(who.lang, &r.asked_by)),
            at: r.asked_at,
            evidence: None,
            points: r.points,
            status: &r.status,
            decided: r
                .decided_by
                .as_deref()
                .map(|by| (by, r.decision_reason.as_deref().unwrap_or_default())),
            filed: (&r.asked_by, r.asked_for),
        };
        let mut item = item(who, s, names, row);
        // Decided once and for all: a correction is asked for anew.
        let waits = r.status == "pending";
        item.approve &= waits;
        item.reject &= waits;
        if waits {
            let now = web.app.store.point_balance(EmployeeId(r.employee_id)).await?;
            let effect = who
                .lang
                .t("points-effect")
                .n("now", now)
                .n("then", now + r.points);
            item.effect = Some(effect.to_string());
        }
        items.push(item);
    }
    Ok(items)
}

async fn awards(web: &Web, s: &Shell, names: &Names, lang: Lang) -> Result<Vec<Item>, Problem> {
    let rows = web.app.store.awards(None, None, ROWS).await?;
    Ok(rows
        .into_iter()
        .map(|r| Item {
            id: format!("awards-{}", r.id),
            action: String::new(),
            person: names
                .people
                .get(&r.employee_id)
                .map(|(_, n)| n.clone())
                .unwrap_or_default(),
            team: names.teams.get(&r.employee_id).cloned().unwrap_or_default(),
            what: format!(
                "{} · {} · {}",
                lang.t("event-rule-best-creator"),
                r.month,
                r.reason
            ),
            at: s.moment.time(instant(r.given_at)),
            evidence: None,
            points: crate::web::i18n::signed(r.points),
            status: "approved".to_owned(),
            decided: Some(
                lang.t("points-given-by")
                    .with("who", names.actor(lang, &r.given_by))
                    .to_string(),
            ),
            approve: false,
            reject: false,
            barred: None,
            effect: None,
            error: None,
        })
        .collect())
}

async fn decide(
    State(web): State<Web>,
    who: SignedIn,
    Path((tab, id)): Path<(String, i64)>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::DecidePoints)?;
    let tab = TABS
        .into_iter()
        .find(|t| *t == tab && *t != "awards")
        .ok_or_else(|| Problem::not_found(format_args!("queue {tab:?}")))?;
    let verdict = match sent.decision.as_str() {
        "approved" => Verdict::Approved,
        "rejected" => Verdict::Rejected,
        _ => return Err(Problem::field("/decision", "expected approved or rejected")),
    };
    let (app, actor) = (&web.app, &who.actor);
    let result = match tab {
        "shares" => decide_on_share(app, actor, id, verdict, &sent.reason)
            .await
            .map(drop),
        "hand" => decide_on_adjustment(app, actor, id, verdict, &sent.reason)
            .await
            .map(drop),
        _ => decide_on_interaction(app, actor, id, verdict, &sent.reason)
            .await
            .map(drop),
    };
    let (status, word) = match result {
        Ok(()) => {
            return Ok(see_other(&format!(
                "/app/manage/points?tab={tab}&done={}",
                sent.decision
            )));
        }
        Err(PointsError::Field { .. }) => (StatusCode::UNPROCESSABLE_ENTITY, "need-reason"),
        Err(PointsError::Forbidden(_)) => (StatusCode::FORBIDDEN, "not-you"),
        Err(PointsError::Conflict(_)) => (StatusCode::CONFLICT, "conflict"),
        Err(other) => return Err(other.into()),
    };
    let mut page = page(&web, &who, tab).await?;
    let words = who.lang.word("points", word).to_string();
    let here = format!("{tab}-{id}");
    match page.items.iter_mut().find(|i| i.id == here) {
        Some(item) => item.error = Some(words),
        None => page.notice = Some(words),
    }
    Ok(Html(page).status(status))
}

async fn ask(State(web): State<Web>, who: SignedIn, Form(sent): Form<ByHand>) -> Result<Response, Problem> {
    who.need(Permission::DecidePoints)?;
    let lang = who.lang;
    let points = sent
        .points
        .trim()
        .trim_start_matches('+')
        .replace('−', "-")
        .parse::<i64>();
    let refused = match points {
        Ok(points) => {
            match ask_adjustment(&web.app, &who.actor, sent.employee.trim(), points, &sent.reason).await {
                Ok(_) => return Ok(see_other("/app/manage/points?tab=hand&done=asked")),
                Err(error) => error,
            }
        }
        Err(_) => PointsError::field("/points", "a whole number"),
    };
    let mut page = page(&web, &who, "hand").await?;
    page.employee.value = sent.employee;
    page.points.value = sent.points;
    page.reason.value = sent.reason;
    let (status, field, word) = match refused {
        PointsError::Field {
            pointer: "/points", ..
        } => (StatusCode::UNPROCESSABLE_ENTITY, &mut page.points, "wrong-points"),
        PointsError::Field {
            pointer: "/reason", ..
        } => (StatusCode::UNPROCESSABLE_ENTITY, &mut page.reason, "need-reason"),
        PointsError::Field { .. } => (StatusCode::UNPROCESSABLE_ENTITY, &mut page.employee, "nobody"),
        PointsError::Forbidden(_) => (StatusCode::FORBIDDEN, &mut page.employee, "own"),
        other => return Err(other.into()),
    };
    field.error = Some(lang.word("points", word).to_string());
    Ok(Html(page).status(status))
}
