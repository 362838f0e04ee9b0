//! For administrators: people, teams, roles, sign-ins, keys, settings, audit log.

mod acts;
mod audit;
mod audit_file;
mod forms;
mod import;
mod keys;
mod people;
mod person;
mod roles;
mod settings;
mod signin;
mod teams;
#[cfg(test)]
mod tests;
mod webhooks;

pub use settings::{Inforce, Source};

use axum::Router;

use crate::app::accounts::ManageRefusal;
use crate::web::i18n::Lang;
use crate::web::{Problem, Web};

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .merge(audit::routes())
        .merge(import::routes())
        .merge(keys::routes())
        .merge(people::routes())
        .merge(person::routes())
        .merge(roles::routes())
        .merge(settings::routes())
        .merge(signin::routes())
        .merge(teams::routes())
        .merge(webhooks::routes())
}

/// Why an act on an account was not done, in words; what is nobody's fault here is a problem.
fn refused(lang: Lang, refusal: ManageRefusal) -> Result<String, Problem> {
    let word = match refusal {
        ManageRefusal::Store(error) => return Err(error.into()),
        ManageRefusal::Unknown => return Err(Problem::not_found("account")),
        ManageRefusal::Left => "left",
        ManageRefusal::Taken => "taken",
        ManageRefusal::Oneself => "oneself",
        ManageRefusal::LastAdmin => "last-admin",
        ManageRefusal::NoRole => "no-role",
    };
    Ok(lang.word("account-refused", word).to_string())
}
