//! `/app/claims`: deals no link could see. The list, the form, a claim's own page, contesting somebody else's.
//!
//! # Why
//! An employee files in a minute on a phone and then wants one thing: where it stands and what is asked of them. Whose
//! claim holds a deal is never said here.

mod claim;
mod contest;
mod files;
mod form;
mod new;
#[cfg(test)]
mod tests;
pub mod view;

use askama::Template;
use axum::Router;
use axum::extract;
use axum::routing::get;
use serde::Deserialize;

use crate::app::claims::claim_contact;
use crate::app::{LeadContact, Permission};
use crate::domain::Money;
use crate::storage::claims::{Claim, ClaimFilter};
use crate::web::html::Html;
use crate::web::i18n::{Lang, day_words};
use crate::web::pages::paged::cut;
use crate::web::session::Staff;
use crate::web::shell::{Place, Shell};
use crate::web::{Problem, Query, Web};

use view::State;

/// Claims on a page.
const ROWS: i64 = 30;

/// A claim in the list.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: i64,
    pub customer: String,
    pub bought: String,
    pub day: String,
    pub amount: Money,
    pub state: State,
}

/// The list.
#[derive(Debug, Template)]
#[template(path = "claims/list.html")]
struct ListPage {
    s: Shell,
    rows: Vec<Row>,
    previous: Option<String>,
    next: Option<String>,
    done: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    before: Option<i64>,
    done: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/claims", get(list))
        .merge(new::routes())
        .merge(claim::routes())
        .merge(contest::routes())
        .merge(files::routes())
}

/// The customer as the claimant knows them; their contact where there is no name.
fn customer(lang: Lang, contact: Option<&LeadContact>) -> String {
    contact
        .and_then(|c| c.name.clone().or(c.phone.clone()).or(c.email.clone()))
        .unwrap_or_else(|| lang.t("claim-erased").to_string())
}

impl Row {
    fn of(lang: Lang, claim: &Claim, contact: Option<&LeadContact>) -> Self {
        Self {
            id: claim.id,
            customer: customer(lang, contact),
            bought: claim.bought.clone(),
            day: day_words(lang, claim.occurred_on),
            amount: claim.amount,
            state: State::of(lang, claim.status),
        }
    }
}

async fn list(
    extract::State(web): extract::State<Web>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Html<ListPage>, Problem> {
    staff.who.need(Permission::Own)?;
    let filter = ClaimFilter {
        employee: Some(staff.employee),
        ..ClaimFilter::default()
    };
    let mut claims = web.app.store.claims(filter, asked.before, ROWS + 1).await?;
    let more = cut(&mut claims, ROWS);
    let next = claims.last().filter(|_| more);
    let next = next.map(|c| format!("/app/claims?before={}", c.id));
    let lang = staff.who.lang;
    let mut rows = Vec::with_capacity(claims.len());
    for claim in &claims {
        let contact = claim_contact(&web.app, &staff.who.actor, claim).await?;
        rows.push(Row::of(lang, claim, contact.as_ref()));
    }
    let done = asked.done.as_deref().filter(|d| *d == "contested");
    Ok(Html(ListPage {
        s: staff.who.shell(&web, Place::Claims),
        rows,
        previous: asked.before.map(|_| "/app/claims".to_owned()),
        next,
        done: done.map(|d| lang.word("claim-done", d).to_string()),
    }))
}
