//! `/app/admin/teams`: teams, how many are in them, founding and renaming.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use crate::app::people::{found_team, rename_team};
use crate::app::{Permission, Refused};
use crate::web::html::{Html, see_other};
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Field;
use crate::web::{Form, Path, Problem, Query, Web};

/// A team as a row.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: i64,
    pub name: String,
    /// Its people's list.
    pub href: String,
    pub people: i64,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/teams.html")]
pub struct TeamsPage {
    pub s: Shell,
    pub rows: Vec<Row>,
    pub name: Field,
    pub done: Option<String>,
    /// Why a renaming was refused.
    pub error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
struct Done {
    done: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/admin/teams", get(show).post(found))
        .route("/app/admin/teams/{id}", post(rename))
}

async fn page(web: &Web, who: &SignedIn) -> Result<TeamsPage, Problem> {
    let sizes = web.app.store.team_sizes(web.app.today()).await?;
    let rows = web.app.store.teams().await?.into_iter().map(|team| {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("team", &team.name)
            .finish();
        Row {
            id: team.id,
            href: format!("/app/admin/people?{query}"),
            people: sizes.get(&team.id).copied().unwrap_or(0),
            name: team.name,
        }
    });
    Ok(TeamsPage {
        s: who.shell(web, Place::AdminTeams),
        rows: rows.collect(),
        name: Field::empty("name"),
        done: None,
        error: None,
    })
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(q): Query<Done>,
) -> Result<Html<TeamsPage>, Problem> {
    who.need(Permission::Administer)?;
    let mut page = page(&web, &who).await?;
    let done = q.done.as_deref().filter(|d| ["founded", "renamed"].contains(d));
    page.done = done.map(|d| who.lang.word("team-done", d).to_string());
    Ok(Html(page))
}

/// Why a name is refused, with its status; anything else is a problem.
fn wrong(who: &SignedIn, refused: Refused) -> Result<(StatusCode, String), Problem> {
    let (status, word) = match refused {
        Refused::Wrong(_) => (StatusCode::UNPROCESSABLE_ENTITY, "name"),
        Refused::Conflict(_) => (StatusCode::CONFLICT, "taken"),
        other => return Err(other.into()),
    };
    Ok((status, who.lang.word("team-wrong", word).to_string()))
}

async fn found(State(web): State<Web>, who: SignedIn, Form(sent): Form<Sent>) -> Result<Response, Problem> {
    who.need(Permission::Administer)?;
    match found_team(&web.app, &who.actor, &sent.name).await {
        Ok(()) => Ok(see_other("/app/admin/teams?done=founded")),
        Err(refused) => {
            let (status, words) = wrong(&who, refused)?;
            let mut page = page(&web, &who).await?;
            page.name = Field::new("name", sent.name.trim()).wrong(words);
            Ok(Html(page).status(status))
        }
    }
}

async fn rename(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::Administer)?;
    match rename_team(&web.app, &who.actor, id, &sent.name).await {
        Ok(()) => Ok(see_other("/app/admin/teams?done=renamed")),
        Err(refused) => {
            let (status, words) = wrong(&who, refused)?;
            let mut page = page(&web, &who).await?;
            page.error = Some(words);
            Ok(Html(page).status(status))
        }
    }
}
