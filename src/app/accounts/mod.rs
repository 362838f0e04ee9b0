//! Accounts and signing in by password.
//!
//! # Why
//! A wrong password, an unknown login, a locked or a disabled account get the same answer after the same work, so that
//! nobody learns which logins exist. Hashing is slow on purpose: it runs off the runtime, few at a time.

mod hash;
mod rules;

#[cfg(test)]
mod tests;

pub use rules::{LoginError, MIN_PASSWORD_CHARS, PasswordError, check_login, check_password, wait_after};

use crate::app::{Actor, App};
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

/// Why nobody was signed in. One reason for all causes, see the module's why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInRefusal {
    /// Login or password are wrong, or too many attempts failed before.
    #[error("login or password are wrong, or the account must wait after too many attempts")]
    Wrong,
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
    storage::set_account_password(&mut tx, account.id, &hash).await?;
    storage::delete_sessions_of(&mut tx, account.id, None).await?;
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
    storage::set_account_password(&mut tx, account.id, &hash).await?;
    storage::delete_sessions_of(&mut tx, account.id, session).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// Checks a login and password. After [`rules::FREE_FAILURES`] wrong ones the account waits, longer each time.
pub async fn sign_in(
    app: &App,
    login: &str,
    password: &str,
) -> Result<Result<Account, SignInRefusal>, StoreError> {
    let login = rules::fold(login);
    let account = app.store.account_by_login(&login).await?;
    let now = app.clock.now_ms();
    let today = app.today().to_string();
    let hash = account.as_ref().and_then(|a| a.password_hash.clone());
    // An unknown login costs as much as a known one.
    let Some(right) = hash::check(password, hash).await else {
        return Ok(Err(SignInRefusal::Busy));
    };
    let Some(account) = account else {
        return Ok(Err(SignInRefusal::Wrong));
    };
    if account.locked_until.is_some_and(|end| now < end) || !account.is_live(&today) {
        return Ok(Err(SignInRefusal::Wrong));
    }
    if right {
        if account.failed_count > 0 {
            let mut tx = app.store.begin().await?;
            storage::forget_account_failures(&mut tx, account.id).await?;
            tx.commit().await?;
        }
        return Ok(Ok(account));
    }
    let mut tx = app.store.begin().await?;
    let failures = storage::count_account_failure(&mut tx, account.id).await?;
    if let Some(wait_ms) = wait_after(failures) {
        storage::lock_account(&mut tx, account.id, Some(now + wait_ms)).await?;
        tracing::warn!(
            account = account.id,
            failures,
            wait_ms,
            "account waits after wrong passwords"
        );
    }
    tx.commit().await?;
    Ok(Err(SignInRefusal::Wrong))
}

/// The actor an account acts as.
pub fn actor(account: &Account) -> Actor {
    Actor::Account {
        id: account.id,
        roles: account.roles.clone(),
        employee: account.employee,
    }
}
