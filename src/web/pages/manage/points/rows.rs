//! The rows of the lists: what was told or asked for, of whom, and what became of it.

use std::collections::HashMap;

use super::{Asked, Turn};
use crate::domain::EmployeeId;
use crate::storage::shares::Filter;
use crate::web::i18n::{Lang, TimeTag, grouped};
use crate::web::pages::actors::Actors;
use crate::web::pages::checkin::{campaign_names, posted_where};
use crate::web::pages::claims::view::instant;
use crate::web::pages::paged::cut;
use crate::web::pages::pay::view::period;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::{Problem, Web};

/// Rows read at once for a file.
const AT_ONCE: i64 = 1_000;

/// Something to decide on, or decided.
#[derive(Clone, Debug)]
pub struct Item {
    /// `exchanges-7`: its form's id, unique in the page.
    pub id: String,
    /// Where its form goes.
    pub action: String,
    pub person: String,
    /// Their code: of two with the same name.
    pub code: String,
    pub team: String,
    pub what: String,
    pub at: TimeTag,
    pub evidence: Option<String>,
    pub points: String,
    /// The same as a number.
    pub worth: i64,
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
    /// What was typed as the reason of a decision that was refused.
    pub reason: String,
    /// What was wrong with the last decision on it.
    pub error: Option<String>,
}

/// People's names and teams, and what actors are called.
pub struct Names {
    pub people: HashMap<i64, (String, String)>,
    pub teams: HashMap<i64, String>,
    pub actors: Actors,
}

impl Names {
    pub async fn load(web: &Web, lang: Lang) -> Result<Self, Problem> {
        let store = &web.app.store;
        Ok(Self {
            people: store.people_names().await?,
            teams: store.team_names(web.app.today()).await?,
            actors: Actors::load(web, lang).await?,
        })
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
    let (code, person) = names.people.get(&row.employee).cloned().unwrap_or_default();
    let barred = barred(who, row.employee, row.filed.0, row.filed.1);
    let decided = row.decided.map(|(by, reason)| {
        let name = names.actors.name(by);
        if reason.is_empty() {
            name
        } else {
            let text = lang.t("points-decided-by").with("who", name);
            // The text ends as its language parts it from what follows.
            format!("{text}{reason}")
        }
    });
    Item {
        id: format!("{}-{}", row.tab, row.id),
        action: format!("/app/manage/points/{}/{}", row.tab, row.id),
        person,
        code,
        team: names.teams.get(&row.employee).cloned().unwrap_or_default(),
        what: row.what,
        at: s.moment.time(instant(row.at)),
        evidence: row.evidence.map(str::to_owned),
        points: crate::web::i18n::signed(row.points),
        worth: row.points,
        approve: barred.is_none() && row.status != "approved",
        reject: barred.is_none() && row.status != "rejected",
        status: row.status.to_owned(),
        decided,
        barred,
        effect: None,
        reason: String::new(),
        error: None,
    }
}

/// Rows of a page, and the next one, where there is one.
pub type Turned = Result<(Vec<Item>, Option<Turn>), Problem>;

pub async fn items(web: &Web, who: &SignedIn, s: &Shell, names: &Names, asked: &Asked) -> Turned {
    match asked.tab() {
        "shares" => shares(web, who, s, names, asked).await,
        "hand" => by_hand(web, who, s, names, asked).await,
        "awards" => awards(web, s, names, asked).await,
        _ => exchanges(web, who, s, names, asked).await,
    }
}

/// Everything on a list, for a file: at most `most`, and whether there is more.
pub async fn everything(
    web: &Web,
    who: &SignedIn,
    asked: &Asked,
    most: usize,
) -> Result<(Vec<Item>, bool), Problem> {
    let (s, names) = (who.shell(web, Place::Points), Names::load(web, who.lang).await?);
    let mut asked = Asked {
        before: None,
        rows: Some(AT_ONCE),
        ..asked.clone()
    };
    let mut all: Vec<Item> = Vec::new();
    loop {
        let (mut found, next) = items(web, who, &s, &names, &asked).await?;
        all.append(&mut found);
        match next {
            Some(_) if all.len() >= most => {
                all.truncate(most);
                return Ok((all, true));
            }
            Some(turn) => asked.before = Some(turn.before),
            None => return Ok((all, false)),
        }
    }
}

async fn exchanges(web: &Web, who: &SignedIn, s: &Shell, names: &Names, asked: &Asked) -> Turned {
    let filter = Filter {
        status: (!asked.all()).then_some("pending"),
        ..Filter::default()
    };
    let mut rows = web
        .app
        .store
        .interactions(filter, asked.before, asked.rows() + 1)
        .await?;
    let more = cut(&mut rows, asked.rows());
    let next = rows.last().filter(|_| more).map(|r| Turn::before(r.id));
    let items = rows
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
        .collect();
    Ok((items, next))
}

async fn shares(web: &Web, who: &SignedIn, s: &Shell, names: &Names, asked: &Asked) -> Turned {
    let store = &web.app.store;
    let mut rows = store
        .shares(Filter::default(), asked.before, asked.rows() + 1)
        .await?;
    let more = cut(&mut rows, asked.rows());
    let next = rows.last().filter(|_| more).map(|r| Turn::before(r.id));
    let campaigns = campaign_names(web).await?;
    let items = rows
        .iter()
        .map(|r| {
            let posted = posted_where(who.lang, &campaigns, &r.campaign_slug, &r.channel);
            let outcome = who.lang.word("points-outcome", &r.outcome);
            let row = Row {
                tab: "shares",
                id: r.id,
                employee: r.employee_id,
                what: format!("{posted} · {outcome}"),
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
        .collect();
    Ok((items, next))
}

async fn by_hand(web: &Web, who: &SignedIn, s: &Shell, names: &Names, asked: &Asked) -> Turned {
    let (store, most) = (&web.app.store, asked.rows() + 1);
    let mut rows = if asked.rows.is_some() {
        store.newest_adjustments(asked.before, most).await?
    } else {
        let after = asked.before.map(|id| (!asked.decided, id));
        store.adjustments(after, most).await?
    };
    let more = cut(&mut rows, asked.rows());
    let next = rows.last().filter(|_| more).map(|r| Turn {
        before: r.id,
        decided: r.status != "pending",
    });
    let mut items = Vec::new();
    for r in rows {
        let row = Row {
            tab: "hand",
            id: r.id,
            employee: r.employee_id,
            what: who
                .lang
                .t("points-asked-by")
                .with("what", &r.reason)
                .with("who", names.actors.name(&r.asked_by))
                .to_string(),
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
        if waits && asked.rows.is_none() {
            let now = web.app.store.point_balance(EmployeeId(r.employee_id)).await?;
            let effect = who
                .lang
                .t("points-effect")
                .with("now", grouped(now))
                .with("then", grouped(now + r.points));
            item.effect = Some(effect.to_string());
        }
        items.push(item);
    }
    Ok((items, next))
}

async fn awards(web: &Web, s: &Shell, names: &Names, asked: &Asked) -> Turned {
    let lang = s.lang;
    let mut rows = web.app.store.awards(None, asked.before, asked.rows() + 1).await?;
    let more = cut(&mut rows, asked.rows());
    let next = rows.last().filter(|_| more).map(|r| Turn::before(r.id));
    let items = rows
        .into_iter()
        .map(|r| (names.people.get(&r.employee_id).cloned().unwrap_or_default(), r))
        .map(|((code, person), r)| Item {
            id: format!("awards-{}", r.id),
            action: String::new(),
            person,
            code,
            team: names.teams.get(&r.employee_id).cloned().unwrap_or_default(),
            what: format!(
                "{} · {} · {}",
                lang.t("event-rule-best-creator"),
                period(lang, &r.month),
                r.reason
            ),
            at: s.moment.time(instant(r.given_at)),
            evidence: None,
            points: crate::web::i18n::signed(r.points),
            worth: r.points,
            status: "approved".to_owned(),
            decided: Some(
                lang.t("points-given-by")
                    .with("who", names.actors.name(&r.given_by))
                    .to_string(),
            ),
            approve: false,
            reject: false,
            barred: None,
            effect: None,
            reason: String::new(),
            error: None,
        })
        .collect();
    Ok((items, next))
}
