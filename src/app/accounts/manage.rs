//! What administrators do to other people's sign-ins; each act is in the audit log.

use serde_json::json;

use crate::app::accounts::link::{INVITE_MS, address_of, make};
use crate::app::accounts::{check_login, hash, rules, wait};
use crate::app::{Actor, App, Permission};
use crate::domain::Role;
use crate::mail::Mail;
use crate::storage::employees::Employee;
use crate::storage::signin::{LinkPurpose, end_signin_links};
use crate::storage::{self, Account, NewAccount, StoreError, Tx, insert_audit};

/// Why an act was not done.
#[derive(Debug, thiserror::Error)]
pub enum ManageRefusal {
    /// No such employee or account.
    #[error("no such account")]
    Unknown,
    /// They left.
    #[error("this person has left")]
    Left,
    /// Neither their e-mail nor their code can be a login: somebody has both.
    #[error("somebody else signs in with this person's e-mail and code")]
    Taken,
    /// One's own rights are changed by somebody else.
    #[error("nobody changes their own rights or locks themselves out: another administrator does")]
    Oneself,
    /// Somebody must be able to administer.
    #[error("the last administrator stays")]
    LastAdmin,
    /// Without a role an account is none.
    #[error("at least one role")]
    NoRole,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes an act on an account into the audit log.
pub(super) async fn note(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    action: &str,
    account: &Account,
) -> Result<(), StoreError> {
    note_with(app, tx, actor, action, account, &json!({})).await
}

async fn note_with(
    app: &App,
    tx: &mut Tx,
    actor: &Actor,
    action: &str,
    account: &Account,
    detail: &serde_json::Value,
) -> Result<(), StoreError> {
    let mut detail = detail.clone();
    detail["login"] = json!(account.login);
    let subject = format!("account:{}", account.id);
    insert_audit(tx, app.clock.now_ms(), &actor.word(), action, &subject, &detail).await
}

/// The account of an employee at work; made when there is none, with their e-mail as its login, or else their code.
async fn account_for(app: &App, actor: &Actor, employee: &Employee) -> Result<Account, ManageRefusal> {
    if employee.facts.left_on.is_some_and(|last| last < app.today()) {
        return Err(ManageRefusal::Left);
    }
    if let Some(account) = app.store.account_of(employee.id).await? {
        return Ok(account);
    }
    let mut tx = app.store.begin().await?;
    for login in [employee.facts.email.as_deref(), Some(employee.code.as_str())] {
        let Some(Ok(login)) = login.map(check_login) else {
            continue;
        };
        let new = NewAccount {
            login: &login,
            employee: Some(employee.id),
            name: &employee.facts.name,
            password_hash: None,
            roles: &[Role::Employee],
            lang: "zh",
            created_at: app.clock.now_ms(),
        };
        if let Some(id) = storage::insert_account(&mut tx, &new).await? {
            let subject = format!("account:{id}");
            let detail = json!({"login": login, "employee": employee.code});
            let now = app.clock.now_ms();
            insert_audit(&mut tx, now, &actor.word(), "account.created", &subject, &detail).await?;
            tx.commit().await?;
            return app.store.account(id).await?.ok_or(ManageRefusal::Unknown);
        }
    }
    drop(tx);
    // Another administrator may have made it a moment ago.
    app.store
        .account_of(employee.id)
        .await?
        .ok_or(ManageRefusal::Taken)
}

async fn employee(app: &App, code: &str) -> Result<Employee, ManageRefusal> {
    let found = app.store.employee(code, app.today()).await?;
    found.ok_or(ManageRefusal::Unknown)
}

/// Gives an employee a link by which they choose a password, good for a week and once; earlier links end. `write` makes
/// subject and text out of the language and the token. The token is given back where no mail went out: without a sender,
/// without an address, or refused.
pub async fn invite(
    app: &App,
    actor: &Actor,
    code: &str,
    by_mail: bool,
    write: impl Fn(&str, &str) -> (String, String),
) -> Result<Result<(), String>, ManageRefusal> {
    let account = account_for(app, actor, &employee(app, code).await?).await?;
    let to = address_of(app, &account).await?.filter(|_| by_mail);
    let mut tx = app.store.begin().await?;
    end_signin_links(&mut tx, account.id, app.clock.now_ms()).await?;
    let token = make(app, &mut tx, account.id, LinkPurpose::Password, INVITE_MS).await?;
    let detail = json!({"by_mail": to.is_some() && app.outside.mail.is_some()});
    note_with(app, &mut tx, actor, "account.invited", &account, &detail).await?;
    tx.commit().await?;
    let (Some(mailer), Some(to)) = (&app.outside.mail, to) else {
        return Ok(Err(token));
    };
    let (subject, text) = write(&account.lang, &token);
    let mail = Mail {
        to,
        subject,
        text,
        html: None,
        id: format!("invite-{}-{}", account.id, app.clock.now_ms()),
        at: app.now(),
    };
    match mailer.send(&mail).await {
        Ok(()) => Ok(Ok(())),
        Err(error) => {
            tracing::warn!(account = account.id, %error, "an invitation was not sent");
            Ok(Err(token))
        }
    }
}

/// Gives an employee a first (or another) password, which opens nothing but the choosing of their own; login and password.
/// Their sessions end.
pub async fn give_password(app: &App, actor: &Actor, code: &str) -> Result<(String, String), ManageRefusal> {
    let account = account_for(app, actor, &employee(app, code).await?).await?;
    let password = rules::invent(app);
    let hash = hash::make(app, &password).await;
    let mut tx = app.store.begin().await?;
    storage::set_account_password(&mut tx, account.id, &hash, true).await?;
    storage::delete_sessions_of(&mut tx, account.id, None).await?;
    end_signin_links(&mut tx, account.id, app.clock.now_ms()).await?;
    wait::forget(app, &mut tx, &account.login).await?;
    note(app, &mut tx, actor, "account.password_given", &account).await?;
    tx.commit().await?;
    Ok((account.login, password))
}

/// Takes an account's password away and ends its sessions and links: it comes in by link or provider from now on.
pub async fn take_password(app: &App, actor: &Actor, id: i64) -> Result<(), ManageRefusal> {
    let account = app.store.account(id).await?.ok_or(ManageRefusal::Unknown)?;
    let mut tx = app.store.begin().await?;
    storage::clear_account_password(&mut tx, id).await?;
    storage::delete_sessions_of(&mut tx, id, None).await?;
    end_signin_links(&mut tx, id, app.clock.now_ms()).await?;
    note(app, &mut tx, actor, "account.password_taken", &account).await?;
    tx.commit().await?;
    Ok(())
}

/// Whether an actor is this account, or the employee behind it.
fn is_oneself(actor: &Actor, account: &Account) -> bool {
    let own = matches!(actor, Actor::Account { id, .. } if *id == account.id);
    own || (actor.employee().is_some() && actor.employee() == account.employee)
}

/// Whether nobody else who is live administers; out of the locked accounts, whatever was read of this one before.
fn is_last_admin(app: &App, admins: &[Account], id: i64) -> bool {
    let today = app.today().to_string();
    let administers = |a: &Account| {
        a.roles
            .iter()
            .any(|r| crate::app::allows(*r, Permission::Administer))
    };
    let (this, others): (Vec<&Account>, Vec<&Account>) =
        admins.iter().filter(|a| administers(a)).partition(|a| a.id == id);
    !this.is_empty() && !others.iter().any(|a| a.is_live(&today))
}

/// Sets what an account may do. Sessions stay: rights are read anew at each request.
pub async fn set_roles(app: &App, actor: &Actor, id: i64, roles: &[Role]) -> Result<(), ManageRefusal> {
    let mut wished = roles.to_vec();
    wished.sort_unstable();
    wished.dedup();
    if wished.is_empty() {
        return Err(ManageRefusal::NoRole);
    }
    let account = app.store.account(id).await?.ok_or(ManageRefusal::Unknown)?;
    if is_oneself(actor, &account) {
        return Err(ManageRefusal::Oneself);
    }
    let mut tx = app.store.begin().await?;
    let admins = storage::lock_admins(&mut tx).await?;
    if !wished.contains(&Role::Admin) && is_last_admin(app, &admins, id) {
        return Err(ManageRefusal::LastAdmin);
    }
    storage::set_account_roles(&mut tx, id, &wished).await?;
    let words = |roles: &[Role]| roles.iter().map(|r| r.as_str()).collect::<Vec<_>>();
    let detail = json!({"before": words(&account.roles), "after": words(&wished)});
    note_with(app, &mut tx, actor, "account.roles", &account, &detail).await?;
    tx.commit().await?;
    Ok(())
}

/// Locks an account, which ends its sessions and links, or unlocks it.
pub async fn disable(app: &App, actor: &Actor, id: i64, off: bool) -> Result<(), ManageRefusal> {
    let account = app.store.account(id).await?.ok_or(ManageRefusal::Unknown)?;
    if is_oneself(actor, &account) {
        return Err(ManageRefusal::Oneself);
    }
    let now = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    let admins = storage::lock_admins(&mut tx).await?;
    if off && is_last_admin(app, &admins, id) {
        return Err(ManageRefusal::LastAdmin);
    }
    storage::set_account_disabled(&mut tx, id, off.then_some(now)).await?;
    if off {
        storage::delete_sessions_of(&mut tx, id, None).await?;
        end_signin_links(&mut tx, id, now).await?;
    }
    let action = if off { "account.locked" } else { "account.unlocked" };
    note(app, &mut tx, actor, action, &account).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends the waits of an account after wrong passwords.
pub async fn unlock(app: &App, actor: &Actor, id: i64) -> Result<(), ManageRefusal> {
    let account = app.store.account(id).await?.ok_or(ManageRefusal::Unknown)?;
    let mut tx = app.store.begin().await?;
    wait::forget(app, &mut tx, &account.login).await?;
    note(app, &mut tx, actor, "account.wait_ended", &account).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends all sessions of an account; how many.
pub async fn end_all_sessions(app: &App, actor: &Actor, id: i64) -> Result<u64, ManageRefusal> {
    let account = app.store.account(id).await?.ok_or(ManageRefusal::Unknown)?;
    let mut tx = app.store.begin().await?;
    let done = storage::delete_sessions_of(&mut tx, id, None).await?;
    note(app, &mut tx, actor, "account.sessions_ended", &account).await?;
    tx.commit().await?;
    Ok(done)
}
