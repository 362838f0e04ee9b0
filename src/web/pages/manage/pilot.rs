//! A campaign's pilot: who tries it first, and opening it to everybody.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;

use super::campaign::{Asked, known, page};
use crate::app::pilot::{add_to_pilot, open_to_all, remove_from_pilot, start_pilot};
use crate::app::{Permission, Refused};
use crate::storage::campaigns::Campaign;
use crate::storage::pilots::PilotMember;
use crate::web::html::{Html, see_other};
use crate::web::session::SignedIn;
use crate::web::ui::Field;
use crate::web::{Form, Path, Problem, Web};

/// A pilot as it is printed.
#[derive(Clone, Debug)]
pub struct PilotView {
    /// `none`, `running` or `opened`.
    pub state: &'static str,
    pub members: Vec<PilotMember>,
    pub who: Field,
}

/// A campaign's pilot.
pub async fn of(web: &Web, campaign: &Campaign) -> Result<PilotView, Problem> {
    let state = match web.app.store.pilot(campaign.id).await? {
        None => "none",
        Some(p) if p.opened_at.is_none() => "running",
        Some(_) => "opened",
    };
    let members = if state == "running" {
        web.app.store.pilot_members(campaign.id).await?
    } else {
        Vec::new()
    };
    Ok(PilotView {
        state,
        members,
        who: Field::empty("who"),
    })
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    /// `start`, `open`, `add` or `remove`.
    act: String,
    who: String,
    member: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/app/manage/campaigns/{slug}/pilot", post(change))
}

async fn change(
    State(web): State<Web>,
    who: SignedIn,
    Path(slug): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::WriteCampaigns)?;
    let campaign = known(&web, &who, &slug).await?;
    let (app, actor) = (&web.app, &who.actor);
    let result = match sent.act.as_str() {
        "start" => start_pilot(app, actor, &slug).await,
        "open" => open_to_all(app, actor, &slug).await,
        "add" => add_to_pilot(app, actor, &slug, &sent.who).await,
        "remove" => remove_from_pilot(app, actor, &slug, sent.member.parse().unwrap_or(0)).await,
        _ => return Err(Problem::field("/act", "expected start, open, add or remove")),
    };
    let (status, word) = match result {
        Ok(()) => {
            return Ok(see_other(&format!(
                "/app/manage/campaigns/{slug}?done=pilot#pilot"
            )));
        }
        Err(Refused::Wrong(_)) => (StatusCode::UNPROCESSABLE_ENTITY, "nobody"),
        Err(Refused::Conflict(_)) => (StatusCode::CONFLICT, "conflict"),
        Err(other) => return Err(other.into()),
    };
    let mut page = page(&web, &who, &campaign, &Asked::default()).await?;
    page.pilot.who = Field::new("who", sent.who).wrong(who.lang.word("pilot", word));
    Ok(Html(page).status(status))
}
