//! `/app/admin/roles`: what each role may do, and who holds one.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;

use crate::app::{Permission, allows};
use crate::domain::Role;
use crate::web::html::Html;
use crate::web::i18n::Lang;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::{Problem, Web};

/// A right and who has it.
#[derive(Clone, Debug)]
pub struct Right {
    pub label: String,
    /// One per role, in the order of the heads.
    pub held: Vec<bool>,
}

/// Somebody with a duty.
#[derive(Clone, Debug)]
pub struct Holder {
    pub name: String,
    pub login: String,
    /// Their page, where they are an employee.
    pub href: Option<String>,
    pub roles: Vec<String>,
    pub is_locked: bool,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "admin/roles.html")]
pub struct RolesPage {
    pub s: Shell,
    pub heads: Vec<String>,
    pub rights: Vec<Right>,
    pub holders: Vec<Holder>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/app/admin/roles", get(show))
}

/// The word of a permission in texts: `ReadTracker` is `read-tracker`.
pub fn permission_word(permission: Permission) -> String {
    let mut word = String::new();
    for c in format!("{permission:?}").chars() {
        if c.is_ascii_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.push(c.to_ascii_lowercase());
    }
    word
}

/// The table of rights, as the one place decides them.
pub fn rights(lang: Lang) -> Vec<Right> {
    Permission::ALL
        .into_iter()
        .map(|permission| Right {
            label: lang.word("right", permission_word(permission)).to_string(),
            held: Role::ALL.iter().map(|role| allows(*role, permission)).collect(),
        })
        .collect()
}

/// Names of the roles, as heads.
pub fn heads(lang: Lang) -> Vec<String> {
    Role::ALL
        .iter()
        .map(|role| lang.word("role", role.as_str()).to_string())
        .collect()
}

async fn show(State(web): State<Web>, who: SignedIn) -> Result<Html<RolesPage>, Problem> {
    who.need(Permission::Administer)?;
    let lang = who.lang;
    let mut holders = Vec::new();
    for account in web.app.store.accounts_with_duties().await? {
        let employee = match account.employee {
            Some(id) => web.app.store.employee_by_id(id, web.app.today()).await?,
            None => None,
        };
        holders.push(Holder {
            href: employee.map(|e| {
                let code: String = url::form_urlencoded::byte_serialize(e.code.as_bytes()).collect();
                format!("/app/admin/people/{code}")
            }),
            roles: account
                .roles
                .iter()
                .map(|r| lang.word("role", r.as_str()).to_string())
                .collect(),
            is_locked: account.disabled_at.is_some(),
            name: account.name,
            login: account.login,
        });
    }
    Ok(Html(RolesPage {
        s: who.shell(&web, Place::AdminRoles),
        heads: heads(lang),
        rights: rights(lang),
        holders,
    }))
}
