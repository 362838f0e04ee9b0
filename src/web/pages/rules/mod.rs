//! `/app/rules`: the programme's white paper in its version, what changed, accepting it; and the numbers in force.

pub mod view;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use crate::app::rules::{Standing, accept_rules, standing};
use crate::domain::Programme;
use crate::web::html::{Html, see_other};
use crate::web::session::{SignedIn, Staff, safe_next};
use crate::web::shell::{Place, Shell};
use crate::web::ui::Choice;
use crate::web::{Form, Problem, Query, Web};
use view::{Changed, Printed, changes, printed};

/// A version on the page.
#[derive(Clone, Debug)]
pub struct Shown {
    pub number: i64,
    pub effective_on: Date,
    pub note: String,
    /// `in-force`, `coming` or `over`.
    pub state: &'static str,
    pub text: Vec<Printed>,
    /// The number of the version before.
    pub before: Option<i64>,
    pub changes: Vec<Changed>,
    /// When the reader accepted it.
    pub accepted_at: Option<Timestamp>,
    /// Whether the reader may accept it.
    pub open: bool,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "rules/rules.html")]
struct RulesPage {
    s: Shell,
    p: Programme,
    shown: Option<Shown>,
    versions: Vec<Choice>,
    /// A version that is to come, when another is shown.
    coming: Option<(i64, Date)>,
    /// Where to go after accepting.
    next: Option<String>,
    /// Somebody wanted a link and comes back to it.
    held: bool,
    done: bool,
}

impl RulesPage {
    fn dwell_seconds(&self) -> String {
        seconds(self.p.dwell_limit_ms)
    }

    fn repeat_minutes(&self) -> i64 {
        self.p.repeat_window_ms / 60_000
    }

    fn valid_hours(&self) -> i64 {
        self.p.valid_window_ms / 3_600_000
    }
}

/// The limit a visit must exceed, in seconds (tests and demos set it below one).
pub fn seconds(limit_ms: i64) -> String {
    match limit_ms {
        ms if ms % 1000 == 0 => (ms / 1000).to_string(),
        ms => format!("{}.{}", ms / 1000, ms % 1000 / 100),
    }
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    version: Option<i64>,
    next: Option<String>,
    done: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Accepted {
    version: String,
    next: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/rules", get(show))
        .route("/app/rules/accept", post(accept))
}

/// One version of several, as somebody meets it.
fn shown(known: &Standing, number: i64, may_accept: bool) -> Option<Shown> {
    let version = known.version(number)?;
    let before = known.before(number);
    let current = known.in_force;
    let accepted = known.accepted_at(number);
    Some(Shown {
        number,
        effective_on: version.effective_on,
        note: version.note.clone(),
        state: match current {
            Some(current) if number < current => "over",
            Some(current) if number == current => "in-force",
            _ => "coming",
        },
        text: printed(&version.body),
        before: before.map(|v| v.number),
        changes: before.map_or_else(Vec::new, |v| changes(&v.body, &version.body)),
        accepted_at: accepted.and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        open: may_accept && accepted.is_none() && current.is_none_or(|current| number >= current),
    })
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<RulesPage>, Problem> {
    let employee = who.actor.employee();
    let known = standing(&web.app, employee).await?;
    let number = asked.version.or(known.to_accept);
    let shown = number.and_then(|n| shown(&known, n, employee.is_some()));
    if asked.version.is_some() && shown.is_none() {
        return Err(Problem::not_found(format_args!(
            "version {number:?} of the rules"
        )));
    }
    let versions = known.versions.iter().map(|v| {
        let words = who.lang.t("rules-version").n("n", v.number);
        Choice::new(
            format!("/app/rules?version={}", v.number),
            words,
            Some(v.number) == number,
        )
    });
    let coming = known
        .versions
        .first()
        .filter(|v| known.in_force.is_some_and(|current| current < v.number) && number != Some(v.number));
    let held = match employee {
        Some(employee) => asked.next.is_some() && web.app.store.rules_hold_up(employee).await?,
        None => false,
    };
    Ok(Html(RulesPage {
        s: who.shell(&web, Place::Rules),
        p: web.app.programme.clone(),
        shown,
        versions: versions.collect(),
        coming: coming.map(|v| (v.number, v.effective_on)),
        next: safe_next(asked.next.as_deref()).map(str::to_owned),
        held,
        done: asked.done.is_some(),
    }))
}

async fn accept(
    State(web): State<Web>,
    staff: Staff,
    Form(sent): Form<Accepted>,
) -> Result<Response, Problem> {
    let wrong = |_| Problem::field("/version", "expected a version's number");
    let number = sent.version.trim().parse().map_err(wrong)?;
    accept_rules(&web.app, &staff.who.actor, number).await?;
    let here = format!("/app/rules?version={number}&done=accepted");
    Ok(see_other(safe_next(sent.next.as_deref()).unwrap_or(&here)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::rules::RulesVersion;
    use crate::web::i18n::Lang;

    fn version(number: i64, body: &str) -> RulesVersion {
        RulesVersion {
            id: number,
            number,
            body: body.into(),
            effective_on: jiff::civil::date(2026, 11, 1),
            note: "有效点击加分 <b>".into(),
            published_by: "account:1".into(),
            published_at: 0,
        }
    }

    #[test]
    fn the_page_states_the_numbers_in_force_and_what_changed() {
        let known = Standing {
            versions: vec![
                version(
                    2,
                    "# 白皮书\n\n## 积分\n- 点击 5\n- **严禁**买点击 <script>\n\n月结",
                ),
                version(1, "# 白皮书\n\n## 积分\n- 点击 3\n\n月结"),
            ],
            in_force: Some(2),
            to_accept: Some(2),
            accepted: vec![(1, 0)],
        };
        for lang in Lang::ALL {
            for (number, name) in [(Some(2), "rules"), (Some(1), "rules-old"), (None, "rules-none")] {
                let page = RulesPage {
                    s: Shell::sample(lang, Place::Rules),
                    p: Programme {
                        dwell_limit_ms: 1_500,
                        ..Programme::default()
                    },
                    shown: number.and_then(|n| shown(&known, n, true)),
                    versions: vec![Choice::new("/app/rules?version=2", "2", true)],
                    coming: number.map(|_| (3, jiff::civil::date(2026, 12, 1))),
                    next: Some("/app/share".into()),
                    held: true,
                    done: true,
                };
                let html = page.render().unwrap();
                crate::web::pages::check_sample(name, &html, lang);
                assert!(html.contains("1.5") && html.contains("+500"), "{html}");
                assert_eq!(html.contains("<ins>5</ins>"), number == Some(2), "{html}");
                assert_eq!(html.contains("action=\"/app/rules/accept\""), number == Some(2));
            }
        }
    }
}
