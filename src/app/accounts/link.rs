//! One-time links: to sign in by e-mail, and to choose a password.
//!
//! A link names 256 random bits of which the store keeps the hash. Looking at it (a mail scanner does) changes nothing: a
//! button on its page posts, and the first post wins. Asking for one says the same whether the address is known or not, in
//! the same time: everything else happens after the answer.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng as _;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::app::accounts::{self, AccountRefusal, hash, rules, wait};
use crate::domain::EmployeeId;
use crate::mail::{Mail, mailbox};
use crate::storage::signin::{
    LinkPurpose, end_signin_links, insert_signin_link, signin_links_since, use_signin_link,
};
use crate::storage::{self, Account, StoreError, Tx};

/// A link that signs in is good for 15 minutes.
pub const SIGNIN_MS: i64 = 15 * 60_000;
/// An invitation to choose a password is good for a week.
pub const INVITE_MS: i64 = 7 * 86_400_000;
/// Links to sign in that one account may have within their time.
const MOST_LINKS: i64 = 3;

pub(super) fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Makes a link for an account inside a transaction; its token.
pub(super) async fn make(
    app: &App,
    tx: &mut Tx,
    account: i64,
    purpose: LinkPurpose,
    lives_ms: i64,
) -> Result<String, StoreError> {
    let mut bytes = [0_u8; 32];
    app.with_rng(|rng| rng.fill_bytes(&mut bytes));
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let now = app.clock.now_ms();
    insert_signin_link(tx, &token_hash(&token), account, purpose, now, now + lives_ms).await?;
    Ok(token)
}

/// Where an account's mail goes: the employee's address, or a login that is one.
pub(super) async fn address_of(app: &App, account: &Account) -> Result<Option<String>, StoreError> {
    let employee = match account.employee {
        Some(EmployeeId(id)) => app.store.employee_by_id(EmployeeId(id), app.today()).await?,
        None => None,
    };
    let written = employee
        .and_then(|e| e.facts.email)
        .or_else(|| Some(account.login.clone()));
    Ok(written.filter(|text| text.contains('@') && mailbox(text).is_ok()))
}

/// Sends whoever is meant a link to sign in, if anybody is: by login or e-mail address. `write` makes subject and text out
/// of the language and the token. Call it beside the answer, not before: how long it takes tells.
pub async fn request_link(
    app: &App,
    meant: &str,
    write: impl Fn(&str, &str) -> (String, String),
) -> Result<(), StoreError> {
    let Some(mailer) = &app.outside.mail else {
        return Ok(());
    };
    let today = app.today().to_string();
    let mut found = app.store.accounts_meant(&rules::fold(meant)).await?;
    found.retain(|account| account.is_live(&today));
    // An address two people share signs neither in.
    let [account] = found.as_slice() else {
        return Ok(());
    };
    let Some(to) = address_of(app, account).await? else {
        return Ok(());
    };
    let now = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    if signin_links_since(&mut tx, account.id, now - SIGNIN_MS).await? >= MOST_LINKS {
        return Ok(());
    }
    let token = make(app, &mut tx, account.id, LinkPurpose::Signin, SIGNIN_MS).await?;
    tx.commit().await?;
    let (subject, text) = write(&account.lang, &token);
    let [a, b, c, d, ..] = token_hash(&token);
    let mail = Mail {
        to,
        subject,
        text,
        html: None,
        id: format!("signin-{}-{:08x}", account.id, u32::from_be_bytes([a, b, c, d])),
        at: app.now(),
    };
    if let Err(error) = mailer.send(&mail).await {
        tracing::warn!(account = account.id, %error, "a link to sign in was not sent");
    }
    Ok(())
}

/// The account a link belongs to, while it can be used. Changes nothing.
pub async fn open_link(app: &App, token: &str, purpose: LinkPurpose) -> Result<Option<Account>, StoreError> {
    let now = app.clock.now_ms();
    let Some(id) = app.store.signin_link(&token_hash(token), purpose, now).await? else {
        return Ok(None);
    };
    let today = app.today().to_string();
    Ok(app.store.account(id).await?.filter(|a| a.is_live(&today)))
}

/// Uses a link to sign in up; whom it signs in.
pub async fn use_link(app: &App, token: &str) -> Result<Option<Account>, StoreError> {
    let now = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    let id = use_signin_link(&mut tx, &token_hash(token), LinkPurpose::Signin, now).await?;
    let Some(id) = id else { return Ok(None) };
    tx.commit().await?;
    let today = app.today().to_string();
    Ok(app.store.account(id).await?.filter(|a| a.is_live(&today)))
}

/// A link to choose a password at once: for whoever came with one an admin gave them.
pub async fn password_link_for(app: &App, account: &Account) -> Result<String, StoreError> {
    let mut tx = app.store.begin().await?;
    let token = make(app, &mut tx, account.id, LinkPurpose::Password, SIGNIN_MS).await?;
    tx.commit().await?;
    Ok(token)
}

/// Sets the password somebody chose by a link, and uses the link up; the account, `Unknown` when the link is worth nothing.
/// Other links and sessions of the account end.
pub async fn choose_password(
    app: &App,
    token: &str,
    wished: &str,
) -> Result<Result<Account, AccountRefusal>, StoreError> {
    let Some(account) = open_link(app, token, LinkPurpose::Password).await? else {
        return Ok(Err(AccountRefusal::Unknown));
    };
    if let Err(error) = rules::check_password(wished, &account.login) {
        return Ok(Err(error.into()));
    }
    let hash = hash::make(app, wished).await;
    let now = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    if use_signin_link(&mut tx, &token_hash(token), LinkPurpose::Password, now)
        .await?
        .is_none()
    {
        return Ok(Err(AccountRefusal::Unknown));
    }
    end_signin_links(&mut tx, account.id, now).await?;
    storage::set_account_password(&mut tx, account.id, &hash, false).await?;
    storage::delete_sessions_of(&mut tx, account.id, None).await?;
    wait::forget(app, &mut tx, &account.login).await?;
    let actor = accounts::actor(&account);
    accounts::manage::note(app, &mut tx, &actor, "account.password", &account).await?;
    tx.commit().await?;
    Ok(Ok(account))
}
