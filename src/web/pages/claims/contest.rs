//! `/app/claims/{id}/contest`: saying that a claimed deal is one's own. Whose claim it is is not said.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use crate::app::Permission;
use crate::app::claims::{ClaimError, contest};
use crate::web::html::{Html, see_other};
use crate::web::session::Staff;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Field;
use crate::web::{Form, Path, Problem, Web};

/// The form alone: where what was typed must be changed, or one comes back to it.
#[derive(Debug, Template)]
#[template(path = "claims/contest.html")]
pub struct ContestPage {
    pub s: Shell,
    pub id: i64,
    pub reason: Field,
    pub notice: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Sent {
    reason: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/app/claims/{id}/contest", get(show).post(send))
}

fn page(web: &Web, staff: &Staff, id: i64, reason: Field) -> ContestPage {
    ContestPage {
        s: staff.who.shell(web, Place::Claims),
        id,
        reason,
        notice: None,
    }
}

async fn show(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<i64>,
) -> Result<Html<ContestPage>, Problem> {
    staff.who.need(Permission::Own)?;
    Ok(Html(page(&web, &staff, id, Field::empty("reason"))))
}

async fn send(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    let lang = staff.who.lang;
    let reason = Field::new("reason", &sent.reason);
    match contest(&web.app, &staff.who.actor, id, &sent.reason).await {
        Ok(()) => Ok(see_other("/app/claims?done=contested")),
        Err(ClaimError::Wrong(_)) => {
            let reason = reason.wrong(lang.t("claim-wrong-text"));
            Ok(Html(page(&web, &staff, id, reason)).status(StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(ClaimError::Conflict(_)) => {
            let mut page = page(&web, &staff, id, reason);
            page.notice = Some(lang.t("claim-contest-late").to_string());
            Ok(Html(page).status(StatusCode::CONFLICT))
        }
        Err(other) => Err(other.into()),
    }
}
