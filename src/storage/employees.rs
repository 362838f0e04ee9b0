//! Employees.

use jiff::civil::Date;

use crate::domain::{DisplayName, EmployeeId};
use crate::storage::convert::{day_opt, like, word};
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// An employee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Employee {
    /// Row.
    pub id: EmployeeId,
    /// What people say; unique whatever its case.
    pub code: String,
    /// What others must know to change.
    pub facts: EmployeeFacts,
    /// How they appear to others on boards.
    pub display: DisplayName,
    /// Team on the day asked for; of whoever has not begun, on their first day.
    pub team: Option<String>,
    /// Milliseconds UTC.
    pub created_at: i64,
}

/// What an employee's record says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmployeeFacts {
    /// Full name.
    pub name: String,
    /// E-mail.
    pub email: Option<String>,
    /// Phone.
    pub phone: Option<String>,
    /// What they may be called on boards.
    pub nickname: Option<String>,
    /// First working day.
    pub hired_on: Option<Date>,
    /// Last working day.
    pub left_on: Option<Date>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    code: String,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    nickname: Option<String>,
    display: String,
    hired_on: Option<String>,
    left_on: Option<String>,
    team: Option<String>,
    created_at: i64,
}

fn from_row(row: Row) -> Result<Employee, StoreError> {
    Ok(Employee {
        id: EmployeeId(row.id),
        code: row.code,
        facts: EmployeeFacts {
            name: row.name,
            email: row.email,
            phone: row.phone,
            nickname: row.nickname,
            hired_on: day_opt("employees", "hired_on", row.hired_on)?,
            left_on: day_opt("employees", "left_on", row.left_on)?,
        },
        display: word("employees", "display", row.display)?,
        team: row.team,
        created_at: row.created_at,
    })
}

/// What codes are matched by: lower case.
pub fn code_key(code: &str) -> String {
    code.to_lowercase()
}

/// `$1` is the day the team is asked for.
macro_rules! select {
    ($tail:literal) => {
        concat!(
            "select e.id, e.code, e.name, e.email, e.phone, e.nickname, e.display, e.hired_on, e.left_on, e.created_at, \
             (select t.name from team_members m join teams t on t.id = m.team_id where m.employee_id = e.id \
             and m.from_on <= case when e.hired_on > $1 then e.hired_on else $1 end \
             and (m.to_on is null or m.to_on >= $1) order by m.from_on limit 1) as team from employees e ",
            $tail
        )
    };
}

impl Store {
    /// The employee with this code, whatever its case.
    pub async fn employee(&self, code: &str, today: Date) -> Result<Option<Employee>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(select!("where e.code_key = $2"))
                .bind(today.to_string())
                .bind(code_key(code))
                .fetch_optional(db)
                .await?
        });
        row.map(from_row).transpose()
    }

    /// The employee in this row.
    pub async fn employee_by_id(&self, id: EmployeeId, today: Date) -> Result<Option<Employee>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(select!("where e.id = $2"))
                .bind(today.to_string())
                .bind(id.0)
                .fetch_optional(db)
                .await?
        });
        row.map(from_row).transpose()
    }

    /// Everybody's code and name, by row.
    pub async fn people_names(&self) -> Result<std::collections::HashMap<i64, (String, String)>, StoreError> {
        let rows: Vec<(i64, String, String)> = reading!(self, |db| {
            sqlx::query_as("select id, code, name from employees")
                .fetch_all(db)
                .await?
        });
        Ok(rows
            .into_iter()
            .map(|(id, code, name)| (id, (code, name)))
            .collect())
    }

    /// Employees by row, `after` the last one seen; `text` is found in code or name, whatever its case.
    pub async fn employees(
        &self,
        text: Option<&str>,
        after: Option<i64>,
        limit: i64,
        today: Date,
    ) -> Result<Vec<Employee>, StoreError> {
        let pattern = format!("%{}%", like(&text.unwrap_or_default().to_lowercase()));
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(select!(
                "where e.id > $2 and (e.code_key like $3 escape '!' or lower(e.name) like $3 escape '!') order by e.id limit $4"
            ))
            .bind(today.to_string())
            .bind(after.unwrap_or(0))
            .bind(pattern)
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(from_row).collect()
    }
}

impl Store {
    /// Employees an outsider may mean by this text (lower case): by code or e-mail; at most two.
    pub async fn employees_meant(&self, text: &str) -> Result<Vec<EmployeeId>, StoreError> {
        let rows: Vec<(i64,)> = reading!(self, |db| {
            sqlx::query_as(
                "select id from employees where code_key = $1 or lower(email) = $1 order by id limit 2",
            )
            .bind(text)
            .fetch_all(db)
            .await?
        });
        Ok(rows.into_iter().map(|(id,)| EmployeeId(id)).collect())
    }
}

/// Somebody as a CRM's note may name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPerson {
    /// Row.
    pub id: EmployeeId,
    /// Code.
    pub code: String,
    /// Full name.
    pub name: String,
    /// E-mail.
    pub email: Option<String>,
}

const BY_CODE_OR_NAME: &str = "select id, code, name, email from employees where code_key = $1 \
     or lower(replace(replace(name, ' ', ''), '\u{3000}', '')) = $2 order by id";

/// What [`BY_CODE_OR_NAME`] is bound to.
fn folded(text: &str) -> (String, String) {
    let plain: String = text.split_whitespace().collect();
    (code_key(text), plain.to_lowercase())
}

impl From<(i64, String, String, Option<String>)> for NamedPerson {
    fn from((id, code, name, email): (i64, String, String, Option<String>)) -> Self {
        Self {
            id: EmployeeId(id),
            code,
            name,
            email,
        }
    }
}

/// Everybody who goes by this code or full name, whatever its case and spaces; those who left included.
pub async fn people_by_code_or_name(tx: &mut Tx, text: &str) -> Result<Vec<NamedPerson>, StoreError> {
    let (key, plain) = folded(text);
    let rows: Vec<(i64, String, String, Option<String>)> = writing!(tx, |db| {
        sqlx::query_as(BY_CODE_OR_NAME)
            .bind(key)
            .bind(plain)
            .fetch_all(db)
            .await?
    });
    Ok(rows.into_iter().map(NamedPerson::from).collect())
}

impl Store {
    /// The same outside a transaction.
    pub async fn people_by_code_or_name(&self, text: &str) -> Result<Vec<NamedPerson>, StoreError> {
        let (key, plain) = folded(text);
        let rows: Vec<(i64, String, String, Option<String>)> = reading!(self, |db| {
            sqlx::query_as(BY_CODE_OR_NAME)
                .bind(key)
                .bind(plain)
                .fetch_all(db)
                .await?
        });
        Ok(rows.into_iter().map(NamedPerson::from).collect())
    }
}

/// The employee with this code, locked for this transaction.
pub async fn lock_employee(tx: &mut Tx, code: &str, today: Date) -> Result<Option<Employee>, StoreError> {
    // A write that changes nothing locks the row on both databases.
    let row: Option<Row> = writing!(tx, |db| {
        sqlx::query("update employees set code_key = code_key where code_key = $1")
            .bind(code_key(code))
            .execute(&mut *db)
            .await?;
        sqlx::query_as(select!("where e.code_key = $2"))
            .bind(today.to_string())
            .bind(code_key(code))
            .fetch_optional(db)
            .await?
    });
    row.map(from_row).transpose()
}

/// Stores a new employee; `None` when the code is taken (whatever its case).
pub async fn insert_employee(
    tx: &mut Tx,
    code: &str,
    facts: &EmployeeFacts,
    at: i64,
) -> Result<Option<EmployeeId>, StoreError> {
    let row: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as(
            "insert into employees (code, code_key, name, email, phone, nickname, hired_on, left_on, created_at, changed_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) on conflict (code_key) do nothing returning id",
        )
        .bind(code)
        .bind(code_key(code))
        .bind(&facts.name)
        .bind(&facts.email)
        .bind(&facts.phone)
        .bind(&facts.nickname)
        .bind(facts.hired_on.map(|d| d.to_string()))
        .bind(facts.left_on.map(|d| d.to_string()))
        .bind(at)
        .fetch_optional(db)
        .await?
    });
    Ok(row.map(|(id,)| EmployeeId(id)))
}

/// Changes an employee's record.
pub async fn update_employee(
    tx: &mut Tx,
    id: EmployeeId,
    facts: &EmployeeFacts,
    at: i64,
) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update employees set name = $2, email = $3, phone = $4, nickname = $5, hired_on = $6, left_on = $7, \
             changed_at = $8 where id = $1",
        )
        .bind(id.0)
        .bind(&facts.name)
        .bind(&facts.email)
        .bind(&facts.phone)
        .bind(&facts.nickname)
        .bind(facts.hired_on.map(|d| d.to_string()))
        .bind(facts.left_on.map(|d| d.to_string()))
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("employees", done, 1)
}

/// Sets how an employee appears to others on boards; `false` when there is no such employee.
pub async fn set_employee_display(
    tx: &mut Tx,
    id: EmployeeId,
    display: DisplayName,
    nickname: Option<&str>,
    at: i64,
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("update employees set display = $2, nickname = $3, changed_at = $4 where id = $1")
            .bind(id.0)
            .bind(display.as_str())
            .bind(nickname)
            .bind(at)
            .execute(db)
            .await?
            .rows_affected()
    });
    Ok(done == 1)
}
