//! `/app/claims/new`: filing a claim, files included.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::form::{ClaimForm, wrong_files};
use crate::app::Permission;
use crate::app::claims::{ClaimError, MAX_FILE, attach, file_claim, wrong_fields};
use crate::app::filing::Filed;
use crate::attribution::claim::{HOLD_DAYS, MAX_ATTACHMENTS};
use crate::web::html::{Html, see_other};
use crate::web::session::Staff;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Field;
use crate::web::{Problem, Upload, Web};

/// Room for all files and what is typed, bytes.
pub const LIMIT: usize = MAX_ATTACHMENTS * MAX_FILE + (256 << 10);

/// The deal is held already.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The other claim.
    pub id: i64,
    /// Because the order is the same; else the customer is.
    pub same_order: bool,
    /// Whether that other claim is one's own.
    pub own: bool,
    /// Why it is mine: begins with the story told.
    pub reason: Field,
}

/// The form's page.
#[derive(Debug, Template)]
#[template(path = "claims/new.html")]
pub struct NewPage {
    pub s: Shell,
    pub f: ClaimForm,
    pub taken: Option<Taken>,
    pub hold_days: i64,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route(
        "/app/claims/new",
        get(show).post(file).layer(DefaultBodyLimit::max(LIMIT)),
    )
}

fn page(web: &Web, staff: &Staff, f: ClaimForm) -> NewPage {
    NewPage {
        s: staff.who.shell(web, Place::Claims),
        f,
        taken: None,
        hold_days: HOLD_DAYS,
    }
}

async fn show(State(web): State<Web>, staff: Staff) -> Result<Html<NewPage>, Problem> {
    staff.who.need(Permission::Own)?;
    Ok(Html(page(&web, &staff, ClaimForm::new(web.app.today()))))
}

async fn file(State(web): State<Web>, staff: Staff, sent: Upload) -> Result<Response, Problem> {
    staff.who.need(Permission::Own)?;
    let lang = staff.who.lang;
    let today = web.app.today();
    let person = web.app.store.employee_by_id(staff.employee, today).await?;
    let person = person.ok_or_else(|| Problem::not_found("employee of this account"))?;
    let mut f = ClaimForm::of(&sent);
    f.files.error = wrong_files(lang, &sent, MAX_ATTACHMENTS);
    let input = f.read(lang, person.code, today);
    f.refuse(lang, &wrong_fields(&web.app, &input));
    if f.is_wrong() {
        let status = if sent.too_large {
            StatusCode::PAYLOAD_TOO_LARGE
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        return Ok(Html(page(&web, &staff, f)).status(status));
    }
    match file_claim(&web.app, &staff.who.actor, input).await {
        Ok(filed) => {
            let (claim, done) = match filed {
                Filed::New(claim) => (claim, "filed"),
                Filed::Known(claim) => (claim, "known"),
            };
            for (name, bytes) in &sent.files {
                match attach(&web.app, &staff.who.actor, claim.id, name, bytes).await {
                    // A record of the CRM may have verified it at once: what it no longer needs is not kept.
                    Ok(_) | Err(ClaimError::Conflict(_)) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(see_other(&format!("/app/claims/{}?done={done}", claim.id)))
        }
        Err(ClaimError::Taken { id, grounds }) => {
            let other = web.app.store.claim(id).await?;
            let mut page = page(&web, &staff, f);
            page.taken = Some(Taken {
                id,
                same_order: grounds == "the same order",
                own: other.is_some_and(|c| c.employee == staff.employee),
                reason: Field::new("reason", &page.f.story.value),
            });
            Ok(Html(page).status(StatusCode::CONFLICT))
        }
        Err(ClaimError::Wrong(wrong)) => {
            f.refuse(lang, &wrong);
            Ok(Html(page(&web, &staff, f)).status(StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(other) => Err(other.into()),
    }
}
