//! The audit log: who did what to which thing, when and why.

use crate::storage::{StoreError, Tx, writing};

/// Writes one entry in the transaction of the act it tells of. `at` in milliseconds UTC, `actor` is
/// the actor's word (`account:7`), `detail` what a reader needs to understand the act (never a secret).
pub async fn insert_audit(
    tx: &mut Tx,
    at: i64,
    actor: &str,
    action: &str,
    subject: &str,
    detail: &serde_json::Value,
) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("insert into audit_log (at, actor, action, subject, detail) values ($1, $2, $3, $4, $5)")
            .bind(at)
            .bind(actor)
            .bind(action)
            .bind(subject)
            .bind(detail.to_string())
            .execute(db)
            .await?
            .rows_affected()
    });
    StoreError::check_rows("audit_log", done, 1)
}
