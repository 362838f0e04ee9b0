//! API keys: stored hashed, carry a role, can expire and be revoked.

use crate::domain::{EmployeeId, Role};
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A key as the store knows it.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Row.
    pub id: i64,
    /// What it is called.
    pub name: String,
    /// Its one role.
    pub role: Role,
    /// The person it is tied to.
    pub employee: Option<EmployeeId>,
    /// Milliseconds UTC.
    pub created_at: i64,
    /// Milliseconds UTC, exclusive.
    pub expires_at: Option<i64>,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
    /// The last working day of the person it is tied to (ISO text).
    pub left_on: Option<String>,
}

impl ApiKey {
    /// Whether it opens doors at `now_ms` on a business day (ISO text): a leaver's does not, as their account does not.
    pub fn is_live(&self, now_ms: i64, today: &str) -> bool {
        self.revoked_at.is_none()
            && self.expires_at.is_none_or(|end| now_ms < end)
            && self.left_on.as_deref().is_none_or(|last| today <= last)
    }
}

type Row = (
    i64,
    String,
    String,
    Option<i64>,
    i64,
    Option<i64>,
    Option<i64>,
    Option<String>,
);

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "select k.id, k.name, k.role, k.employee_id, k.created_at, k.expires_at, k.revoked_at, e.left_on \
             from api_keys k left join employees e on e.id = k.employee_id ",
            $tail
        )
    };
}

fn from_row(
    (id, name, role, employee, created_at, expires_at, revoked_at, left_on): Row,
) -> Result<ApiKey, StoreError> {
    let role = role.parse().map_err(|()| StoreError::Corrupt {
        table: "api_keys",
        column: "role",
        value: role,
    })?;
    Ok(ApiKey {
        id,
        name,
        role,
        employee: employee.map(EmployeeId),
        created_at,
        expires_at,
        revoked_at,
        left_on,
    })
}

impl Store {
    /// The key with this SHA-256, live or not.
    pub async fn api_key_by_hash(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(select!("where k.key_hash = $1"))
                .bind(&hash[..])
                .fetch_optional(db)
                .await?
        });
        row.map(from_row).transpose()
    }

    /// The employee with this code, whatever its case.
    pub async fn employee_id_by_code(&self, code: &str) -> Result<Option<EmployeeId>, StoreError> {
        let row: Option<(i64,)> = reading!(self, |db| {
            sqlx::query_as("select id from employees where code_key = $1")
                .bind(code.to_lowercase())
                .fetch_optional(db)
                .await?
        });
        Ok(row.map(|(id,)| EmployeeId(id)))
    }

    /// All keys, oldest first.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(select!("order by k.id")).fetch_all(db).await?
        });
        rows.into_iter().map(from_row).collect()
    }
}

/// Stores a new key; returns its row.
pub async fn insert_api_key(
    tx: &mut Tx,
    name: &str,
    hash: &[u8; 32],
    role: Role,
    employee: Option<EmployeeId>,
    created_at: i64,
    expires_at: Option<i64>,
) -> Result<i64, StoreError> {
    let (id,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "insert into api_keys (name, key_hash, role, employee_id, created_at, expires_at) \
             values ($1, $2, $3, $4, $5, $6) returning id",
        )
        .bind(name)
        .bind(&hash[..])
        .bind(role.as_str())
        .bind(employee.map(|e| e.0))
        .bind(created_at)
        .bind(expires_at)
        .fetch_one(db)
        .await?
    });
    Ok(id)
}

/// Revokes a key; `false` when there is none or it was revoked before.
pub async fn revoke_api_key(tx: &mut Tx, id: i64, at: i64) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("update api_keys set revoked_at = $2 where id = $1 and revoked_at is null")
            .bind(id)
            .bind(at)
            .execute(db)
            .await?
            .rows_affected()
    });
    Ok(done == 1)
}
