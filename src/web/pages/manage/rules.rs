//! `/app/manage/rules`: the programme's white paper: its versions, and publishing the next one after a look at it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::date;
use crate::app::rules::{RulesToPublish, check_rules, publish_rules, standing};
use crate::app::{Permission, Refused};
use crate::web::html::{Html, see_other};
use crate::web::pages::rules::view::{Changed, Printed, changes, printed};
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Field;
use crate::web::{Form, Problem, Query, Web};

/// A version as a row.
#[derive(Clone, Debug)]
pub struct Row {
    pub number: i64,
    pub effective_on: Date,
    pub note: String,
    pub published_at: Timestamp,
    /// `in-force`, `coming` or `over`.
    pub state: &'static str,
    /// How many accepted it.
    pub accepted: i64,
}

/// A version before it is published.
#[derive(Clone, Debug)]
pub struct Preview {
    pub text: Vec<Printed>,
    /// The number of the version it follows.
    pub before: Option<i64>,
    pub changes: Vec<Changed>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "manage/rules.html")]
pub struct RulesPage {
    pub s: Shell,
    pub rows: Vec<Row>,
    pub body: Field,
    pub effective_on: Field,
    pub note: Field,
    pub preview: Option<Preview>,
    /// Somebody published one meanwhile.
    pub overtaken: bool,
    pub done: bool,
}

impl RulesPage {
    pub fn all(&self) -> [&Field; 3] {
        [&self.body, &self.effective_on, &self.note]
    }

    pub fn is_wrong(&self) -> bool {
        self.all().iter().any(|f| f.is_wrong())
    }
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    done: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    body: String,
    effective_on: String,
    note: String,
    /// `preview` or `publish`.
    step: String,
    /// The newest version when the form was shown: nobody publishes over a version they have not seen.
    after: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/app/manage/rules", get(show).post(publish))
}

async fn page(web: &Web, who: &SignedIn) -> Result<RulesPage, Problem> {
    let known = standing(&web.app, None).await?;
    let accepted = web.app.store.rules_acceptances().await?;
    let rows = known.versions.iter().map(|v| Row {
        number: v.number,
        effective_on: v.effective_on,
        note: v.note.clone(),
        published_at: Timestamp::from_millisecond(v.published_at).unwrap_or_default(),
        state: match known.in_force {
            Some(current) if v.number == current => "in-force",
            Some(current) if v.number < current => "over",
            _ => "coming",
        },
        accepted: accepted.iter().find(|(id, _)| *id == v.id).map_or(0, |(_, n)| *n),
    });
    Ok(RulesPage {
        s: who.shell(web, Place::ManageRules),
        rows: rows.collect(),
        body: Field::new("body", known.versions.first().map_or("", |v| v.body.as_str())),
        effective_on: Field::new("effective_on", web.app.today()),
        note: Field::empty("note"),
        preview: None,
        overtaken: false,
        done: false,
    })
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<RulesPage>, Problem> {
    who.need(Permission::PublishRules)?;
    let mut page = page(&web, &who).await?;
    page.done = asked.done.is_some();
    Ok(Html(page))
}

async fn publish(State(web): State<Web>, who: SignedIn, Form(sent): Form<Sent>) -> Result<Response, Problem> {
    who.need(Permission::PublishRules)?;
    let mut page = page(&web, &who).await?;
    page.body.value = sent.body.replace("\r\n", "\n");
    page.note.value = sent.note.trim().to_owned();
    let day = date(who.lang, &sent.effective_on, &mut page.effective_on);
    page.effective_on.value = sent.effective_on.trim().to_owned();
    if day.is_none() && !page.effective_on.is_wrong() {
        page.effective_on.error = Some(who.lang.word("rules-wrong", "effective_on").to_string());
    }
    let new = RulesToPublish {
        body: page.body.value.clone(),
        effective_on: day.unwrap_or_else(|| web.app.today()),
        note: page.note.value.clone(),
    };
    if let Err(refused) = check_rules(&web.app, &new) {
        refuse(&mut page, &who, refused)?;
    }
    let latest = page.rows.first().map_or(0, |r| r.number).to_string();
    page.overtaken = sent.step == "publish" && sent.after != latest;
    if page.is_wrong() || page.overtaken {
        let status = if page.overtaken {
            StatusCode::CONFLICT
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        return Ok(Html(page).status(status));
    }
    if sent.step == "publish" {
        match publish_rules(&web.app, &who.actor, &new).await {
            Ok(_) => return Ok(see_other("/app/manage/rules?done=published")),
            Err(Refused::Conflict(_)) => {
                page.overtaken = true;
                return Ok(Html(page).status(StatusCode::CONFLICT));
            }
            Err(refused) => {
                refuse(&mut page, &who, refused)?;
                return Ok(Html(page).status(StatusCode::UNPROCESSABLE_ENTITY));
            }
        }
    }
    let versions = web.app.store.rules_versions().await?;
    let before = versions.first();
    page.preview = Some(Preview {
        text: printed(&new.body),
        before: before.map(|v| v.number),
        changes: before.map_or_else(Vec::new, |v| changes(&v.body, &new.body)),
    });
    Ok(Html(page).status(StatusCode::OK))
}

fn refuse(page: &mut RulesPage, who: &SignedIn, refused: Refused) -> Result<(), Problem> {
    let fields = &mut [&mut page.body, &mut page.effective_on, &mut page.note];
    let rest = super::place(who.lang, "rules-wrong", refused, fields)?;
    match rest.into_iter().next() {
        Some(words) => Err(Problem::conflict(words)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::i18n::Lang;

    #[test]
    fn the_page_prints_in_both_languages_with_its_preview_and_errors() {
        for lang in Lang::ALL {
            let wrong = |name: &'static str| Field::empty(name).wrong(lang.word("rules-wrong", name));
            let row = |number, state| Row {
                number,
                effective_on: jiff::civil::date(2026, 11, 1),
                note: "有效点击加分".into(),
                published_at: "2026-11-20T02:00:00Z".parse().unwrap(),
                state,
                accepted: 38,
            };
            let page = RulesPage {
                s: Shell::sample(lang, Place::ManageRules),
                rows: vec![row(3, "coming"), row(2, "in-force"), row(1, "over")],
                body: wrong("body"),
                effective_on: wrong("effective_on"),
                note: wrong("note"),
                preview: Some(Preview {
                    text: printed("# 书\n\n- 一"),
                    before: Some(2),
                    changes: changes("# 书\n\n- 一", "# 书\n\n- 二个字\n- 三"),
                }),
                overtaken: true,
                done: true,
            };
            crate::web::pages::check_sample("manage-rules", &page.render().unwrap(), lang);
        }
    }
}
