//! `/app/admin/people/{code}`: one person's record, roles and sign-in. `/app/admin/new-person`.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use crate::app::Permission;
use crate::app::accounts::{OpenSession, open_sessions};
use crate::app::people::{change_employee, create_employee};
use crate::domain::Role;
use crate::storage::Account;
use crate::storage::employees::Employee;
use crate::web::html::{Html, see_other};
use crate::web::i18n::Lang;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::{Form, Path, Problem, Query, Web};

use super::forms::{PersonForm, SentPerson};

/// A role to be ticked.
#[derive(Clone, Debug)]
pub struct RoleBox {
    pub word: &'static str,
    pub label: String,
    pub hint: String,
    pub is_held: bool,
}

/// How somebody signs in.
#[derive(Clone, Debug)]
pub struct Access {
    pub login: String,
    pub has_password: bool,
    pub is_temporary: bool,
    pub is_locked: bool,
    pub sessions: i64,
}

/// A secret shown once.
#[derive(Clone, Debug)]
pub enum Shown {
    /// A link to be handed over.
    Link(String),
    /// Login and password.
    Password(String, String),
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/person.html")]
pub struct PersonPage {
    pub s: Shell,
    pub code: String,
    pub name: String,
    pub f: PersonForm,
    pub teams: Vec<String>,
    pub access: Option<Access>,
    pub roles: Vec<RoleBox>,
    /// Whether it is the page of who looks: own rights are another's business.
    pub is_self: bool,
    pub is_gone: bool,
    pub can_mail: bool,
    pub done: Option<String>,
    pub error: Option<String>,
    pub shown: Option<Shown>,
}

/// Somebody new.
#[derive(Debug, Template)]
#[template(path = "admin/new_person.html")]
pub struct NewPersonPage {
    pub s: Shell,
    pub f: PersonForm,
    pub teams: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Done {
    done: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/admin/people/{code}", get(show).post(save))
        .route("/app/admin/new-person", get(blank).post(create))
}

/// The boxes of all roles.
pub fn role_boxes(lang: Lang, held: &[Role]) -> Vec<RoleBox> {
    let role_box = |role: Role| RoleBox {
        word: role.as_str(),
        label: lang.word("role", role.as_str()).to_string(),
        hint: lang.word("role-may", role.as_str()).to_string(),
        is_held: held.contains(&role),
    };
    Role::ALL.map(role_box).to_vec()
}

pub async fn found(web: &Web, code: &str) -> Result<Employee, Problem> {
    let employee = web.app.store.employee(code, web.app.today()).await?;
    employee.ok_or_else(|| Problem::not_found(format!("employee {code:?}")))
}

fn access(account: &Account, sessions: &[OpenSession]) -> Access {
    Access {
        login: account.login.clone(),
        has_password: account.password_hash.is_some(),
        is_temporary: account.is_temporary,
        is_locked: account.disabled_at.is_some(),
        sessions: i64::try_from(sessions.len()).unwrap_or(i64::MAX),
    }
}

async fn team_names(web: &Web) -> Result<Vec<String>, Problem> {
    Ok(web.app.store.teams().await?.into_iter().map(|t| t.name).collect())
}

/// The page of somebody.
pub async fn page(web: &Web, who: &SignedIn, employee: &Employee) -> Result<PersonPage, Problem> {
    let account = web.app.store.account_of(employee.id).await?;
    let sessions = match &account {
        Some(account) => open_sessions(&web.app, account.id, None).await?,
        None => Vec::new(),
    };
    let held = account.as_ref().map_or(&[][..], |a| &a.roles);
    Ok(PersonPage {
        s: who.shell(web, Place::AdminPeople),
        code: employee.code.clone(),
        name: employee.facts.name.clone(),
        f: PersonForm::known(employee),
        teams: team_names(web).await?,
        access: account.as_ref().map(|a| access(a, &sessions)),
        roles: role_boxes(who.lang, held),
        is_self: who.actor.employee() == Some(employee.id),
        is_gone: employee.facts.left_on.is_some_and(|last| last < web.app.today()),
        can_mail: web.app.outside.mail.is_some() && employee.facts.email.is_some(),
        done: None,
        error: None,
        shown: None,
    })
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Path(code): Path<String>,
    Query(q): Query<Done>,
) -> Result<Html<PersonPage>, Problem> {
    who.need(Permission::Administer)?;
    let employee = found(&web, &code).await?;
    let mut page = page(&web, &who, &employee).await?;
    let known = [
        "created", "saved", "roles", "invited", "taken", "locked", "unlocked", "waits", "sessions",
    ];
    let done = q.done.as_deref().filter(|d| known.contains(d));
    page.done = done.map(|d| who.lang.word("person-done", d).to_string());
    Ok(Html(page))
}

/// A person's address, for going back to.
pub fn address(code: &str, done: &str) -> String {
    let code: String = url::form_urlencoded::byte_serialize(code.as_bytes()).collect();
    format!("/app/admin/people/{code}?done={done}")
}

async fn save(
    State(web): State<Web>,
    who: SignedIn,
    Path(code): Path<String>,
    Form(sent): Form<SentPerson>,
) -> Result<Response, Problem> {
    who.need(Permission::Administer)?;
    let employee = found(&web, &code).await?;
    let mut f = PersonForm::of(&sent);
    f.code.value.clone_from(&employee.code);
    if let Some(changes) = f.changes(who.lang, &employee) {
        match change_employee(&web.app, &who.actor, &employee.code, &changes).await {
            Ok(changed) => return Ok(see_other(&address(&changed.code, "saved"))),
            Err(refused) => f.refuse(who.lang, refused)?,
        }
    }
    let mut page = page(&web, &who, &employee).await?;
    page.f = f;
    Ok(Html(page).status(StatusCode::UNPROCESSABLE_ENTITY))
}

async fn blank(State(web): State<Web>, who: SignedIn) -> Result<Html<NewPersonPage>, Problem> {
    who.need(Permission::Administer)?;
    Ok(Html(NewPersonPage {
        s: who.shell(&web, Place::AdminPeople),
        f: PersonForm::of(&SentPerson::default()),
        teams: team_names(&web).await?,
    }))
}

async fn create(
    State(web): State<Web>,
    who: SignedIn,
    Form(sent): Form<SentPerson>,
) -> Result<Response, Problem> {
    who.need(Permission::Administer)?;
    let mut f = PersonForm::of(&sent);
    if let Some(new) = f.new_employee(who.lang) {
        match create_employee(&web.app, &who.actor, &new).await {
            Ok(made) => return Ok(see_other(&address(&made.into_inner().code, "created"))),
            Err(refused) => f.refuse(who.lang, refused)?,
        }
    }
    let page = NewPersonPage {
        s: who.shell(&web, Place::AdminPeople),
        f,
        teams: team_names(&web).await?,
    };
    Ok(Html(page)
        .status(StatusCode::UNPROCESSABLE_ENTITY)
        .into_response())
}
