//! `/app/notices`: what one is told, under the bell. `/app/notices/settings`: what one does not want to hear.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;

use crate::app::notices::{mark_read, opt_out};
use crate::storage::notices::NoticeRow;
use crate::tell::{Channel, NoticeKind};
use crate::web::html::{Html, see_other};
use crate::web::i18n::Lang;
use crate::web::pages::paged::cut;
use crate::web::session::{Gate, Staff};
use crate::web::shell::{Place, Shell};
use crate::web::telling::{leads_to, sentence};
use crate::web::{Form, Problem, Query, Web};

/// Notices on a page.
const ON_A_PAGE: i64 = 30;

/// The list.
#[derive(Debug, Template)]
#[template(path = "notices/list.html")]
struct NoticesPage {
    s: Shell,
    lines: Vec<Line>,
    /// The newest one, when any is unread: all up to it are marked at once.
    unread: Option<i64>,
    /// The page of older ones.
    older: Option<String>,
}

/// A notice on the page.
#[derive(Debug)]
struct Line {
    text: String,
    href: String,
    at: Timestamp,
    unread: bool,
}

/// What one wants to hear.
#[derive(Debug, Template)]
#[template(path = "notices/settings.html")]
struct SettingsPage {
    s: Shell,
    groups: Vec<Group>,
    /// Where mail goes.
    email: Option<String>,
    done: bool,
}

/// The choices of a channel.
#[derive(Debug)]
struct Group {
    channel: &'static str,
    choices: Vec<Choice>,
}

/// One box.
#[derive(Debug)]
struct Choice {
    kind: NoticeKind,
    on: bool,
}

#[derive(Debug, Deserialize)]
struct Asked {
    before: Option<i64>,
    done: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Read {
    newest: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/notices", get(show))
        .route("/app/notices/read", post(read))
        .route("/app/notices/settings", get(settings).post(save))
}

fn line(lang: Lang, row: &NoticeRow) -> Line {
    Line {
        text: sentence(lang, row.kind, &row.facts),
        href: leads_to(row.kind, &row.facts),
        at: Timestamp::from_millisecond(row.at).unwrap_or(Timestamp::UNIX_EPOCH),
        unread: row.read_at.is_none(),
    }
}

async fn show(State(web): State<Web>, staff: Staff, Query(q): Query<Asked>) -> Result<Response, Problem> {
    let mut rows = web
        .app
        .store
        .notices(staff.employee, q.before, ON_A_PAGE + 1)
        .await?;
    let more = cut(&mut rows, ON_A_PAGE);
    let older = rows
        .last()
        .filter(|_| more)
        .map(|last| format!("/app/notices?before={}", last.id));
    let newest = rows.iter().map(|row| row.id).max();
    let page = NoticesPage {
        unread: newest.filter(|_| rows.iter().any(|row| row.read_at.is_none())),
        lines: rows.iter().map(|row| line(staff.who.lang, row)).collect(),
        older,
        s: staff.who.shell(&web, Place::Notices),
    };
    Ok(Html(page).into_response())
}

async fn read(State(web): State<Web>, staff: Staff, Form(form): Form<Read>) -> Result<Response, Gate> {
    let newest = form
        .newest
        .parse()
        .map_err(|_| Problem::field("/newest", "expected a whole number"))?;
    mark_read(&web.app, staff.employee, newest)
        .await
        .map_err(Problem::from)?;
    Ok(see_other("/app/notices"))
}

fn groups(optouts: &[(Channel, NoticeKind)]) -> Vec<Group> {
    let choices = |channel: Channel| {
        NoticeKind::ALL.map(|kind| Choice {
            kind,
            on: !optouts.contains(&(channel, kind)),
        })
    };
    Channel::ALL
        .map(|channel| Group {
            channel: channel.as_str(),
            choices: choices(channel).into(),
        })
        .into()
}

async fn settings(State(web): State<Web>, staff: Staff, Query(q): Query<Asked>) -> Result<Response, Problem> {
    let optouts = web.app.store.notice_optouts(staff.employee).await?;
    let addressee = web.app.store.addressee(staff.employee).await?;
    let page = SettingsPage {
        s: staff.who.shell(&web, Place::Notices),
        groups: groups(&optouts),
        email: addressee.and_then(|a| a.email),
        done: q.done.is_some(),
    };
    Ok(Html(page).into_response())
}

/// Stores which boxes are ticked (`app-claim-decided=on`): what is not ticked is not told. Names nobody knows are refused.
async fn save(
    State(web): State<Web>,
    staff: Staff,
    Form(form): Form<BTreeMap<String, String>>,
) -> Result<Response, Gate> {
    let mut on = Vec::new();
    for name in form.keys() {
        let parsed = name.split_once('-').and_then(|(channel, kind)| {
            Some((channel.parse::<Channel>().ok()?, kind.parse::<NoticeKind>().ok()?))
        });
        let Some(choice) = parsed else {
            return Err(Problem::field(&format!("/{name}"), "expected a box of this form").into());
        };
        on.push(choice);
    }
    let optouts: Vec<(Channel, NoticeKind)> = Channel::ALL
        .into_iter()
        .flat_map(|channel| NoticeKind::ALL.map(|kind| (channel, kind)))
        .filter(|choice| !on.contains(choice))
        .collect();
    opt_out(&web.app, &staff.who.actor.word(), staff.employee, &optouts)
        .await
        .map_err(Problem::from)?;
    Ok(see_other("/app/notices/settings?done=1"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_pages_print_in_both_languages() {
        for lang in Lang::ALL {
            let rows: Vec<NoticeRow> = NoticeKind::ALL
                .into_iter()
                .zip(1..)
                .map(|(kind, id)| NoticeRow {
                    id,
                    kind,
                    facts: json!({
                        "claim": 7, "state": if kind == NoticeKind::ConversionMoved { "held" } else { "verified" }, "reason": "<script>", "points": 35, "on": "2027-12-31",
                        "zh": "提成", "en": "Commission", "period": "2026-W46", "rank": 3, "of": 12, "item": "x",
                        "conversion": "sale",
                    }),
                    at: 1_795_000_000_000,
                    read_at: (id > 3).then_some(1),
                })
                .collect();
            let page = NoticesPage {
                s: Shell::sample(lang, Place::Notices),
                lines: rows.iter().map(|row| line(lang, row)).collect(),
                unread: Some(9),
                older: Some("/app/notices?before=1".into()),
            };
            crate::web::pages::check_sample("notices", &page.render().unwrap(), lang);
            let page = NoticesPage {
                s: Shell::sample(lang, Place::Notices),
                lines: Vec::new(),
                unread: None,
                older: None,
            };
            crate::web::pages::check_sample("notices-empty", &page.render().unwrap(), lang);
            for email in [None, Some("zhang@firm.example".to_owned())] {
                let page = SettingsPage {
                    s: Shell::sample(lang, Place::Notices),
                    groups: groups(&[(Channel::Mail, NoticeKind::BoardFrozen)]),
                    email,
                    done: true,
                };
                crate::web::pages::check_sample("notices-settings", &page.render().unwrap(), lang);
            }
        }
    }
}
