//! Accounts: who may sign in, and how often it went wrong.

use crate::domain::{EmployeeId, Role};
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// An account as the store knows it.
#[derive(Clone, Debug)]
pub struct Account {
    /// Row.
    pub id: i64,
    /// Lower case.
    pub login: String,
    /// The person it belongs to.
    pub employee: Option<EmployeeId>,
    /// What it is greeted by.
    pub name: String,
    /// Argon2id as a PHC string; `None`: cannot sign in by password.
    pub password_hash: Option<String>,
    /// What it may do.
    pub roles: Vec<Role>,
    /// `zh` or `en`.
    pub lang: String,
    /// The password was given by an admin: it opens nothing but the choosing of another.
    pub is_temporary: bool,
    /// Turned off by an admin.
    pub disabled_at: Option<i64>,
    /// The employee's last working day, ISO text.
    pub left_on: Option<String>,
}

impl Account {
    /// Whether it opens doors on a business day (ISO text).
    pub fn is_live(&self, today: &str) -> bool {
        self.disabled_at.is_none() && self.left_on.as_deref().is_none_or(|last| today <= last)
    }
}

/// What a new account is made of.
#[derive(Clone, Debug)]
pub struct NewAccount<'a> {
    /// Lower case, unique.
    pub login: &'a str,
    /// The person it belongs to; one account each.
    pub employee: Option<EmployeeId>,
    /// What it is greeted by.
    pub name: &'a str,
    /// PHC string.
    pub password_hash: Option<&'a str>,
    /// What it may do.
    pub roles: &'a [Role],
    /// `zh` or `en`.
    pub lang: &'a str,
    /// Milliseconds UTC.
    pub created_at: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    login: String,
    employee_id: Option<i64>,
    name: String,
    password_hash: Option<String>,
    roles: String,
    lang: String,
    temporary: i64,
    disabled_at: Option<i64>,
    left_on: Option<String>,
}

fn from_row(row: Row) -> Result<Account, StoreError> {
    let roles: Result<Vec<Role>, ()> = row.roles.split(',').map(str::parse).collect();
    let roles = roles.map_err(|()| StoreError::Corrupt {
        table: "accounts",
        column: "roles",
        value: row.roles.clone(),
    })?;
    Ok(Account {
        id: row.id,
        login: row.login,
        employee: row.employee_id.map(EmployeeId),
        name: row.name,
        password_hash: row.password_hash,
        roles,
        lang: row.lang,
        is_temporary: row.temporary != 0,
        disabled_at: row.disabled_at,
        left_on: row.left_on,
    })
}

macro_rules! account_where {
    ($condition:literal) => {
        concat!(
            "select a.id, a.login, a.employee_id, a.name, a.password_hash, a.roles, a.lang, ",
            "cast(a.temporary as bigint) as temporary, a.disabled_at, e.left_on ",
            "from accounts a left join employees e on e.id = a.employee_id where ",
            $condition
        )
    };
}

impl Store {
    /// The account with this login (lower case), live or not.
    pub async fn account_by_login(&self, login: &str) -> Result<Option<Account>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(account_where!("a.login = $1"))
                .bind(login)
                .fetch_optional(db)
                .await?
        });
        row.map(from_row).transpose()
    }

    /// The person behind an actor's word (`account:7`, `key:3`), if it is tied to one today.
    pub async fn person_behind(&self, word: &str) -> Result<Option<EmployeeId>, StoreError> {
        let (sql, id) = match word.split_once(':') {
            Some(("account", id)) => ("select employee_id from accounts where id = $1", id),
            Some(("key", id)) => ("select employee_id from api_keys where id = $1", id),
            _ => return Ok(None),
        };
        let Ok(id) = id.parse::<i64>() else {
            return Ok(None);
        };
        let row: Option<(Option<i64>,)> = reading!(self, |db| {
            sqlx::query_as(sql).bind(id).fetch_optional(db).await?
        });
        Ok(row.and_then(|(person,)| person).map(EmployeeId))
    }

    /// The account with this row, live or not.
    pub async fn account(&self, id: i64) -> Result<Option<Account>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(account_where!("a.id = $1"))
                .bind(id)
                .fetch_optional(db)
                .await?
        });
        row.map(from_row).transpose()
    }

    /// Accounts that hold any role besides employee, and those of nobody employed, by name.
    pub async fn accounts_with_duties(&self) -> Result<Vec<Account>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(account_where!(
                "a.roles <> 'employee' or a.employee_id is null order by a.name, a.id"
            ))
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(from_row).collect()
    }

    /// Accounts a person may mean by this text (lower case): their login, or the e-mail of the employee they are.
    pub async fn accounts_meant(&self, text: &str) -> Result<Vec<Account>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(account_where!(
                "a.login = $1 or lower(e.email) = $1 order by a.id limit 3"
            ))
            .bind(text)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(from_row).collect()
    }

    /// The account of an employee.
    pub async fn account_of(&self, employee: EmployeeId) -> Result<Option<Account>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(account_where!("a.employee_id = $1"))
                .bind(employee.0)
                .fetch_optional(db)
                .await?
        });
        row.map(from_row).transpose()
    }
}

/// Stores a new account; `None` when the login, or the employee's account, exists.
pub async fn insert_account(tx: &mut Tx, new: &NewAccount<'_>) -> Result<Option<i64>, StoreError> {
    let roles: Vec<&str> = new.roles.iter().map(|r| r.as_str()).collect();
    let row: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as(
            "insert into accounts (login, employee_id, name, password_hash, roles, lang, created_at) \
             values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing returning id",
        )
        .bind(new.login)
        .bind(new.employee.map(|e| e.0))
        .bind(new.name)
        .bind(new.password_hash)
        .bind(roles.join(","))
        .bind(new.lang)
        .bind(new.created_at)
        .fetch_optional(db)
        .await?
    });
    Ok(row.map(|(id,)| id))
}

/// Sets an account's password; `false` when there is no such account. `is_temporary`: it is to be changed first.
pub async fn set_account_password(
    tx: &mut Tx,
    id: i64,
    hash: &str,
    is_temporary: bool,
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("update accounts set password_hash = $2, temporary = $3 where id = $1")
            .bind(id)
            .bind(hash)
            .bind(i64::from(is_temporary))
            .execute(db)
            .await?
            .rows_affected()
    });
    Ok(done == 1)
}

/// Takes an account's password away: it signs in by link or provider only. `false` when there is no such account.
pub async fn clear_account_password(tx: &mut Tx, id: i64) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("update accounts set password_hash = null, temporary = 0 where id = $1")
            .bind(id)
            .execute(db)
            .await?
            .rows_affected()
    });
    Ok(done == 1)
}

/// Sets what an account may do.
pub async fn set_account_roles(tx: &mut Tx, id: i64, roles: &[Role]) -> Result<(), StoreError> {
    let words: Vec<&str> = roles.iter().map(|r| r.as_str()).collect();
    let done = writing!(tx, |db| {
        sqlx::query("update accounts set roles = $2 where id = $1")
            .bind(id)
            .bind(words.join(","))
            .execute(db)
            .await?
            .rows_affected()
    });
    StoreError::check_rows("accounts", done, 1)
}

/// Turns an account off at an instant (milliseconds UTC), or on again.
pub async fn set_account_disabled(tx: &mut Tx, id: i64, at: Option<i64>) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("update accounts set disabled_at = $2 where id = $1")
            .bind(id)
            .bind(at)
            .execute(db)
            .await?
            .rows_affected()
    });
    StoreError::check_rows("accounts", done, 1)
}

/// All accounts inside a transaction in which no other changes who is admin: every such act takes these rows.
pub async fn lock_admins(tx: &mut Tx) -> Result<Vec<Account>, StoreError> {
    let rows: Vec<Row> = writing!(tx, |db| {
        // A write that changes nothing locks the rows on both databases.
        sqlx::query("update accounts set login = login where roles like '%admin%'")
            .execute(&mut *db)
            .await?;
        sqlx::query_as(account_where!("a.roles like '%admin%' order by a.id"))
            .fetch_all(db)
            .await?
    });
    rows.into_iter().map(from_row).collect()
}

/// Sets an account's language; `false` when there is no such account.
pub async fn set_account_lang(tx: &mut Tx, id: i64, lang: &str) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("update accounts set lang = $2 where id = $1")
            .bind(id)
            .bind(lang)
            .execute(db)
            .await?
            .rows_affected()
    });
    Ok(done == 1)
}
