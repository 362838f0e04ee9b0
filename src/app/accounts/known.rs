//! Who an OpenID provider's word is about.

use crate::app::App;
use crate::app::accounts::{self, AccountWish};
use crate::domain::Role;
use crate::storage::signin::insert_subject;
use crate::storage::{Account, StoreError, insert_audit};

/// What a provider says of somebody; already verified.
#[derive(Clone, Debug)]
pub struct Known<'a> {
    /// Who says so.
    pub issuer: &'a str,
    /// Their lasting id there.
    pub subject: &'a str,
    /// What they are found by the first time: a verified e-mail address, an employee code or a login.
    pub name: Option<&'a str>,
    /// Whether an employee without an account gets one.
    pub may_create: bool,
}

/// Why nobody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KnownRefusal {
    /// Nobody here goes by that name, or several do.
    #[error("nobody here is known by what the provider says")]
    Nobody,
    /// The account is turned off, or its owner left.
    #[error("the account is not in use")]
    Ended,
    /// An employee, but without an account.
    #[error("this employee has no sign-in yet")]
    NoAccount,
}

/// The account of a provider's subject: known from before, or found by name once and known from then on.
pub async fn by_subject(app: &App, known: &Known<'_>) -> Result<Result<Account, KnownRefusal>, StoreError> {
    let today = app.today().to_string();
    let live = |account: Account| {
        if account.is_live(&today) {
            Ok(account)
        } else {
            Err(KnownRefusal::Ended)
        }
    };
    if let Some(id) = app.store.account_of_subject(known.issuer, known.subject).await? {
        let account = app.store.account(id).await?;
        return Ok(account.ok_or(KnownRefusal::Nobody).and_then(live));
    }
    let name = known.name.map(super::rules::fold).filter(|n| !n.is_empty());
    let Some(name) = name else {
        return Ok(Err(KnownRefusal::Nobody));
    };
    let account = match one_account(app, &name).await? {
        Ok(account) => account,
        Err(KnownRefusal::NoAccount) if known.may_create => match created(app, &name).await? {
            Some(account) => account,
            None => return Ok(Err(KnownRefusal::Nobody)),
        },
        Err(refusal) => return Ok(Err(refusal)),
    };
    if !account.is_live(&today) {
        return Ok(Err(KnownRefusal::Ended));
    }
    let now = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    insert_subject(&mut tx, known.issuer, known.subject, account.id, now).await?;
    let actor = accounts::actor(&account).word();
    let detail = serde_json::json!({"issuer": known.issuer, "subject": known.subject});
    let subject = format!("account:{}", account.id);
    insert_audit(&mut tx, now, &actor, "account.subject", &subject, &detail).await?;
    tx.commit().await?;
    Ok(Ok(account))
}

async fn one_account(app: &App, name: &str) -> Result<Result<Account, KnownRefusal>, StoreError> {
    let mut meant = app.store.accounts_meant(name).await?;
    if meant.len() > 1 {
        return Ok(Err(KnownRefusal::Nobody));
    }
    if let Some(account) = meant.pop() {
        return Ok(Ok(account));
    }
    let people = app.store.employees_meant(name).await?;
    let [employee] = people.as_slice() else {
        return Ok(Err(KnownRefusal::Nobody));
    };
    Ok(app
        .store
        .account_of(*employee)
        .await?
        .ok_or(KnownRefusal::NoAccount))
}

/// An account for the one employee of this name, as a setting allows.
async fn created(app: &App, name: &str) -> Result<Option<Account>, StoreError> {
    let people = app.store.employees_meant(name).await?;
    let [id] = people.as_slice() else { return Ok(None) };
    let Some(employee) = app.store.employee_by_id(*id, app.today()).await? else {
        return Ok(None);
    };
    if employee.facts.left_on.is_some_and(|last| last < app.today()) {
        return Ok(None);
    }
    let wish = AccountWish {
        login: name,
        name: &employee.facts.name,
        password: None,
        roles: &[Role::Employee],
        employee: Some(*id),
        lang: "zh",
    };
    match accounts::create(app, &wish).await? {
        Ok(account) => app.store.account(account).await,
        // Made by another request at the same moment.
        Err(_) => app.store.account_of(*id).await,
    }
}
