//! `/app/admin/keys`: API keys made (shown once), listed, revoked.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use crate::app::Permission;
use crate::app::api_keys::{KeyWish, make_key, revoke_key};
use crate::domain::Role;
use crate::storage::ApiKey;
use crate::web::html::{Html, see_other};
use crate::web::i18n::Lang;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Field, Opt};
use crate::web::{Form, Path, Problem, Query, Web};

/// A key as a row.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: i64,
    pub name: String,
    pub role: String,
    pub owner: Option<String>,
    pub made: Timestamp,
    pub expires: Option<Timestamp>,
    /// Kind of state, icon, words.
    pub state: (&'static str, &'static str, String),
    pub is_live: bool,
}

/// The form.
#[derive(Clone, Debug)]
pub struct KeyForm {
    pub name: Field,
    pub role: Field,
    pub employee: Field,
    pub expires_on: Field,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/keys.html")]
pub struct KeysPage {
    pub s: Shell,
    pub rows: Vec<Row>,
    pub f: KeyForm,
    pub roles: Vec<Opt>,
    /// The new key, shown this once.
    pub made: Option<String>,
    pub done: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    name: String,
    role: String,
    employee: String,
    expires_on: String,
}

#[derive(Debug, Default, Deserialize)]
struct Done {
    done: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/admin/keys", get(show).post(make))
        .route("/app/admin/keys/{id}/revoke", post(revoke))
}

impl KeyForm {
    fn of(sent: &Sent) -> Self {
        Self {
            name: Field::new("name", sent.name.trim()),
            role: Field::new("role", sent.role.trim()),
            employee: Field::new("employee", sent.employee.trim()),
            expires_on: Field::new("expires_on", sent.expires_on.trim()),
        }
    }

    pub fn all(&self) -> [&Field; 4] {
        [&self.name, &self.role, &self.employee, &self.expires_on]
    }

    pub fn is_wrong(&self) -> bool {
        self.all().iter().any(|f| f.is_wrong())
    }

    pub fn refuse(&mut self, lang: Lang, name: &str) {
        let field = match name {
            "role" => &mut self.role,
            "employee" => &mut self.employee,
            "expires_on" => &mut self.expires_on,
            _ => &mut self.name,
        };
        field.error = Some(lang.word("key-wrong", name).to_string());
    }
}

/// A form nothing was typed into.
pub fn blank() -> KeyForm {
    KeyForm::of(&Sent {
        role: Role::Verifier.as_str().to_owned(),
        ..Sent::default()
    })
}

/// The roles to choose from.
pub fn role_options(lang: Lang) -> Vec<Opt> {
    Role::ALL
        .iter()
        .map(|r| Opt::new(r.as_str(), lang.word("role", r.as_str())))
        .collect()
}

fn row(lang: Lang, key: ApiKey, owner: Option<String>, (now_ms, today): (i64, &str)) -> Row {
    let is_live = key.is_live(now_ms, today);
    let expired = key.expires_at.is_some_and(|end| end <= now_ms);
    let (kind, icon, word) = match (key.revoked_at, is_live) {
        (Some(_), _) => ("", "lock", "revoked"),
        (None, false) if expired => ("", "dash", "expired"),
        (None, false) => ("", "dash", "left"),
        (None, true) => ("good", "check", "live"),
    };
    let stamp = |ms| Timestamp::from_millisecond(ms).unwrap_or_default();
    Row {
        id: key.id,
        name: key.name,
        role: lang.word("role", key.role.as_str()).to_string(),
        owner,
        made: stamp(key.created_at),
        expires: key.expires_at.map(stamp),
        state: (kind, icon, lang.word("key-state", word).to_string()),
        is_live,
    }
}

async fn page(web: &Web, who: &SignedIn) -> Result<KeysPage, Problem> {
    let mut rows = Vec::new();
    let today = web.app.today().to_string();
    let people = web.app.store.people_names().await?;
    for key in web.app.store.api_keys().await?.into_iter().rev() {
        let owner = key.employee.and_then(|id| people.get(&id.0));
        let owner = owner.map(|(_, name)| name.clone());
        rows.push(row(
            who.lang,
            key,
            owner,
            (web.app.clock.now_ms(), today.as_str()),
        ));
    }
    rows.sort_by_key(|row| !row.is_live);
    Ok(KeysPage {
        s: who.shell(web, Place::AdminKeys),
        rows,
        f: blank(),
        roles: role_options(who.lang),
        made: None,
        done: None,
    })
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(q): Query<Done>,
) -> Result<Html<KeysPage>, Problem> {
    who.need(Permission::Administer)?;
    let mut page = page(&web, &who).await?;
    page.done = (q.done.as_deref() == Some("revoked")).then(|| who.lang.t("key-done-revoked").to_string());
    Ok(Html(page))
}

/// The instant after a business day.
fn after(web: &Web, day: Date) -> Option<i64> {
    let next = day.checked_add(1.day()).ok()?;
    let at = next.to_zoned(web.app.programme.zone.clone()).ok()?;
    Some(at.timestamp().as_millisecond())
}

async fn make(State(web): State<Web>, who: SignedIn, Form(sent): Form<Sent>) -> Result<Response, Problem> {
    who.need(Permission::Administer)?;
    let mut f = KeyForm::of(&sent);
    let role = f.role.value.parse::<Role>().ok();
    if role.is_none() {
        f.refuse(who.lang, "role");
    }
    let expires_at = match f.expires_on.value.as_str() {
        "" => None,
        text => {
            let at = text.parse().ok().and_then(|day| after(&web, day));
            if at.is_none() {
                f.refuse(who.lang, "expires_on");
            }
            at
        }
    };
    if let (Some(role), false) = (role, f.is_wrong()) {
        let employee = Some(f.employee.value.clone()).filter(|t| !t.is_empty());
        let wish = KeyWish {
            name: &f.name.value,
            role,
            employee: employee.as_deref(),
            expires_at,
        };
        match make_key(&web.app, &who.actor, &wish).await {
            Ok(key) => {
                let mut page = page(&web, &who).await?;
                page.made = Some(key);
                return Ok(Html(page).into_response());
            }
            Err(crate::app::Refused::Wrong(wrong)) => {
                for w in wrong {
                    f.refuse(who.lang, w.pointer.trim_start_matches('/'));
                }
            }
            Err(other) => return Err(other.into()),
        }
    }
    let mut page = page(&web, &who).await?;
    page.f = f;
    Ok(Html(page).status(StatusCode::UNPROCESSABLE_ENTITY))
}

async fn revoke(State(web): State<Web>, who: SignedIn, Path(id): Path<i64>) -> Result<Response, Problem> {
    who.need(Permission::Administer)?;
    revoke_key(&web.app, &who.actor, id).await?;
    Ok(see_other("/app/admin/keys?done=revoked"))
}
