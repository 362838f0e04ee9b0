//! What an administrator does to somebody's sign-in and roles.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;

use crate::app::Permission;
use crate::app::accounts::{
    disable, end_all_sessions, give_password, invite, set_roles, take_password, unlock,
};
use crate::domain::Role;
use crate::storage::employees::Employee;
use crate::web::html::{Html, see_other};
use crate::web::pages::signin::invitation;
use crate::web::session::SignedIn;
use crate::web::{Form, Path, Problem, Web};

use super::person::{Shown, address, found, page};
use super::refused;

#[derive(Debug, Deserialize)]
struct Act {
    act: String,
}

/// A box for each role; absent where it is not ticked.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Ticked {
    employee: Option<String>,
    manager: Option<String>,
    verifier: Option<String>,
    finance: Option<String>,
    approver: Option<String>,
    admin: Option<String>,
}

impl Ticked {
    fn roles(&self) -> Vec<Role> {
        [
            (&self.employee, Role::Employee),
            (&self.manager, Role::Manager),
            (&self.verifier, Role::Verifier),
            (&self.finance, Role::Finance),
            (&self.approver, Role::Approver),
            (&self.admin, Role::Admin),
        ]
        .into_iter()
        .filter(|(ticked, _)| ticked.is_some())
        .map(|(_, role)| role)
        .collect()
    }
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/admin/people/{code}/signin", post(act))
        .route("/app/admin/people/{code}/roles", post(roles))
}

async fn again(web: &Web, who: &SignedIn, employee: &Employee, error: String) -> Result<Response, Problem> {
    let mut page = page(web, who, employee).await?;
    page.error = Some(error);
    Ok(Html(page).status(StatusCode::UNPROCESSABLE_ENTITY))
}

async fn shown(web: &Web, who: &SignedIn, employee: &Employee, shown: Shown) -> Result<Response, Problem> {
    let mut page = page(web, who, employee).await?;
    page.shown = Some(shown);
    Ok(Html(page).into_response())
}

async fn act(
    State(web): State<Web>,
    who: SignedIn,
    Path(code): Path<String>,
    Form(sent): Form<Act>,
) -> Result<Response, Problem> {
    who.need(Permission::Administer)?;
    let employee = found(&web, &code).await?;
    let (app, actor) = (&web.app, &who.actor);
    let write = |lang: &str, token: &str| invitation(app, &web.front.firm, lang, token);
    let account = || async {
        let account = app.store.account_of(employee.id).await?;
        account.map(|a| a.id).ok_or_else(|| Problem::not_found("account"))
    };
    let done = match sent.act.as_str() {
        by @ ("invite" | "link") => match invite(app, actor, &employee.code, by == "invite", write).await {
            Ok(Ok(())) => Ok("invited"),
            Ok(Err(token)) => {
                let url = app.urls.on_base(&format!("/app/signin/password/{token}"));
                return shown(&web, &who, &employee, Shown::Link(url)).await;
            }
            Err(refusal) => Err(refusal),
        },
        "password" => match give_password(app, actor, &employee.code).await {
            Ok((login, password)) => {
                let secret = Shown::Password(login, password);
                return shown(&web, &who, &employee, secret).await;
            }
            Err(refusal) => Err(refusal),
        },
        "take" => take_password(app, actor, account().await?)
            .await
            .map(|()| "taken"),
        "lock" => disable(app, actor, account().await?, true)
            .await
            .map(|()| "locked"),
        "unlock" => disable(app, actor, account().await?, false)
            .await
            .map(|()| "unlocked"),
        "waits" => unlock(app, actor, account().await?).await.map(|()| "waits"),
        "sessions" => end_all_sessions(app, actor, account().await?)
            .await
            .map(|_| "sessions"),
        _ => return Err(Problem::field("/act", "expected one of the page's buttons")),
    };
    match done {
        Ok(done) => Ok(see_other(&address(&employee.code, done))),
        Err(refusal) => {
            let error = refused(who.lang, refusal)?;
            again(&web, &who, &employee, error).await
        }
    }
}

async fn roles(
    State(web): State<Web>,
    who: SignedIn,
    Path(code): Path<String>,
    Form(sent): Form<Ticked>,
) -> Result<Response, Problem> {
    who.need(Permission::Administer)?;
    let employee = found(&web, &code).await?;
    let account = web.app.store.account_of(employee.id).await?;
    let account = account.ok_or_else(|| Problem::not_found("account"))?;
    match set_roles(&web.app, &who.actor, account.id, &sent.roles()).await {
        Ok(()) => Ok(see_other(&address(&employee.code, "roles"))),
        Err(refusal) => {
            let error = refused(who.lang, refusal)?;
            again(&web, &who, &employee, error).await
        }
    }
}
