//! Accounts and signing in by password.
//!
//! # Why
//! A wrong password, an unknown login and a disabled account get the same answer after the same work, and waits are counted
//! for logins whether they exist or not, so that nobody learns which do. Hashing is slow on purpose: it runs off the runtime,
//! few at a time.

mod hash;
mod known;
mod link;
mod manage;
mod rules;
mod sessions;
mod wait;

#[cfg(test)]
mod tests;

pub use rules::{
    LoginError, MIN_PASSWORD_CHARS, PasswordError, check_login, check_password, invent, wait_after,
};

pub use known::{Known, KnownRefusal, by_subject};
pub use link::{choose_password, open_link, password_link_for, request_link, use_link};
pub use manage::{
    ManageRefusal, disable, end_all_sessions, give_password, invite, set_roles, take_password, unlock,
};
pub use sessions::{OpenSession, end_session, open_sessions};
pub use wait::forget_rest;

use crate::app::{Actor, App};
use crate::classify::Network;
use crate::domain::{EmployeeId, Role};
use crate::storage::{self, Account, NewAccount, StoreError};

/// Why an account was not made or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountRefusal {
    /// The login breaks a rule.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// The password breaks a rule.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Somebody has this login, or the employee has an account.
    #[error("this login, or this employee's account, exists already")]
    Taken,
    /// There is no such account.
    #[error("no such account")]
    Unknown,
    /// The password of now was not the one given.
    #[error("the current password is another one")]
    WrongPassword,
}

/// Why nobody was signed in. One reason for nearly all causes, see the module's why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefusal {
    /// Login or password are wrong.
    #[error("login or password are wrong")]
    Wrong,
    /// Too many attempts failed before, with this login or from this network: so many seconds are left.
    #[error("too many wrong attempts; try again in {0} s")]
    Wait(i64),
    /// Too many attempts are being checked right now.
    #[error("too many attempts at once; try again in a moment")]
    Busy,
}

/// A new account as a caller wishes it.
#[derive(Clone, Debug)]
pub struct AccountWish<'a> {
    /// E-mail or employee code; case does not matter.
    pub login: &'a str,
    /// What it is greeted by.
    pub name: &'a str,
    /// `None`: the account cannot sign in by password.
    pub password: Option<&'a str>,
    /// What it may do.
    pub roles: &'a [Role],
    /// Whose it is.
    pub employee: Option<EmployeeId>,
    /// `zh` or `en`.
    pub lang: &'a str,
}

/// Makes an administrator who is no employee: the first one, by the command line.
pub async fn create_admin(
    app: &App,
    login: &str,
    name: &str,
    password: &str,
) -> Result<Result<i64, AccountRefusal>, StoreError> {
    let wish = AccountWish {
        login,
        name,
        password: Some(password),
        roles: &[Role::Admin, Role::Manager],
        employee: None,
        lang: "zh",
    };
    create(app, &wish).await
}

/// Makes an account; returns its row.
pub async fn create(app: &App, wish: &AccountWish<'_>) -> Result<Result<i64, AccountRefusal>, StoreError> {
    let login = match check_login(wish.login) {
        Ok(login) => login,
        Err(error) => return Ok(Err(error.into())),
    };
    let mut hash = None;
    if let Some(password) = wish.password {
        if let Err(error) = check_password(password, &login) {
            return Ok(Err(error.into()));
        }
        hash = Some(hash::make(app, password).await);
    }
    let new = NewAccount {
        login: &login,
        employee: wish.employee,
        name: wish.name,
        password_hash: hash.as_deref(),
        roles: wish.roles,
        lang: wish.lang,
        created_at: app.clock.now_ms(),
    };
    let mut tx = app.store.begin().await?;
    let Some(id) = storage::insert_account(&mut tx, &new).await? else {
        return Ok(Err(AccountRefusal::Taken));
    };
    let roles: Vec<&str> = wish.roles.iter().map(|r| r.as_str()).collect();
    let detail = serde_json::json!({"login": login, "roles": roles});
    let (now, subject) = (app.clock.now_ms(), format!("account:{id}"));
    let who = Actor::System.word();
    storage::insert_audit(&mut tx, now, &who, "account.created", &subject, &detail).await?;
    tx.commit().await?;
    Ok(Ok(id))
}

/// Sets an account's password, as an administrator does.
pub async fn set_password(
    app: &App,
    login: &str,
    password: &str,
) -> Result<Result<(), AccountRefusal>, StoreError> {
    let login = match check_login(login) {
        Ok(login) => login,
        Err(error) => return Ok(Err(error.into())),
    };
    if let Err(error) = check_password(password, &login) {
        return Ok(Err(error.into()));
    }
    let Some(account) = app.store.account_by_login(&login).await? else {
        return Ok(Err(AccountRefusal::Unknown));
    };
    let hash = hash::make(app, password).await;
    let mut tx = app.store.begin().await?;
    storage::set_account_password(&mut tx, account.id, &hash, false).await?;
    storage::delete_sessions_of(&mut tx, account.id, None).await?;
    wait::forget(app, &mut tx, &account.login).await?;
    manage::note(app, &mut tx, &Actor::System, "account.password_set", &account).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// Changes one's own password; every other session of the account ends. `session` is the hash of the one that stays.
pub async fn change_password(
    app: &App,
    account: &Account,
    current: &str,
    wished: &str,
    session: Option<&[u8; 32]>,
) -> Result<Result<(), AccountRefusal>, StoreError> {
    if let Err(error) = check_password(wished, &account.login) {
        return Ok(Err(error.into()));
    }
    let right = hash::check(current, account.password_hash.clone()).await;
    if right != Some(true) {
        return Ok(Err(AccountRefusal::WrongPassword));
    }
    let hash = hash::make(app, wished).await;
    let mut tx = app.store.begin().await?;
    storage::set_account_password(&mut tx, account.id, &hash, false).await?;
    storage::delete_sessions_of(&mut tx, account.id, session).await?;
    manage::note(app, &mut tx, &actor(account), "account.password", account).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// Checks a login and password from a network. Wrong ones make the login wait there, longer each time; very many make the
/// whole network wait, or the login wherever it was never right (see `wait`).
pub async fn sign_in(
    app: &App,
    login: &str,
    password: &str,
    network: Network,
) -> Result<Result<Account, SignInRefusal>, StoreError> {
    let login = rules::fold(login);
    let keys = wait::Keys::of(app, &login, network);
    if let Some(seconds) = wait::left(app, &keys).await? {
        return Ok(Err(SignInRefusal::Wait(seconds)));
    }
    let account = app.store.account_by_login(&login).await?;
    let today = app.today().to_string();
    let hash = account.as_ref().and_then(|a| a.password_hash.clone());
    // An unknown login costs as much as a known one.
    let Some(right) = hash::check(password, hash).await else {
        return Ok(Err(SignInRefusal::Busy));
    };
    // Seen again: of many guesses sent at once the later ones are not answered.
    if let Some(seconds) = wait::left(app, &keys).await? {
        return Ok(Err(SignInRefusal::Wait(seconds)));
    }
    match account.filter(|a| right && a.is_live(&today)) {
        Some(account) => {
            wait::right(app, &keys).await?;
            Ok(Ok(account))
        }
        None => {
            wait::wrong(app, &keys).await?;
            Ok(Err(SignInRefusal::Wrong))
        }
    }
}

/// The actor an account acts as.
pub fn actor(account: &Account) -> Actor {
    Actor::Account {
        id: account.id,
        roles: account.roles.clone(),
        employee: account.employee,
    }
}
