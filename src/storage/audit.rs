//! The audit log: who did what to which thing, when and why.

use crate::storage::bulk::{Bulk, pieces};
use crate::storage::convert::like;
use crate::storage::{Store, StoreError, Tx, reading, writing};

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

/// Writes one entry for each of many things the same act was done to, in few statements: subjects with their details.
pub async fn insert_audits(
    tx: &mut Tx,
    at: i64,
    actor: &str,
    action: &str,
    entries: &[(String, serde_json::Value)],
) -> Result<(), StoreError> {
    let mut done = 0;
    for piece in pieces(entries) {
        let text = ENTRIES.text(tx, piece.len());
        done += writing!(&mut *tx, |db| {
            let mut query = sqlx::query(text);
            for (subject, detail) in piece {
                query = query
                    .bind(at)
                    .bind(actor)
                    .bind(action)
                    .bind(subject)
                    .bind(detail.to_string());
            }
            query.execute(db).await?.rows_affected()
        });
    }
    StoreError::check_rows("audit_log", done, entries.len() as u64)
}

static ENTRIES: Bulk = Bulk::rows(
    "insert into audit_log (at, actor, action, subject, detail) values ",
    5,
    "",
);

/// What is looked for in the log; empty texts look for anything.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// Actor's word, whole.
    pub actor: String,
    /// Beginning of the action.
    pub action: String,
    /// Part of the subject.
    pub subject: String,
    /// Only what was done to pay: schemes, facts, payouts, objections, proposals, awards.
    pub pay: bool,
    /// First instant, milliseconds UTC.
    pub from: Option<i64>,
    /// Instant after the last, milliseconds UTC.
    pub to: Option<i64>,
    /// Entries before this one.
    pub before: Option<i64>,
    /// At most.
    pub limit: i64,
}

/// An entry.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct AuditEntry {
    /// Row.
    pub id: i64,
    /// Milliseconds UTC.
    pub at: i64,
    /// `account:7`, `key:3` or `system`.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// JSON.
    pub detail: String,
}

/// Whether an act was done to pay: to a scheme, a fact, an attribute, a payout, an objection, a proposal or an award.
macro_rules! of_pay {
    () => {
        "substr(action, 1, 4) in ('sche', 'fact', 'attr', 'payo', 'obje', 'prop') \
         or action in ('award.accepted', 'award.declined', 'award.handed_over', 'award.withdrawn')"
    };
}

impl Store {
    /// Entries, latest first.
    pub async fn audit(&self, asked: &AuditQuery) -> Result<Vec<AuditEntry>, StoreError> {
        // Actions are written in lower case; `like` folds case on one of the two databases only.
        let action = format!("{}%", like(&asked.action.trim().to_lowercase()));
        let subject = format!("%{}%", like(&asked.subject.trim().to_lowercase()));
        Ok(reading!(self, |db| {
            sqlx::query_as(concat!(
                "select id, at, actor, action, subject, detail from audit_log \
                 where ($1 = '' or actor = $1) and action like $2 escape '!' and lower(subject) like $3 escape '!' \
                 and at >= $4 and at < $5 and id < $6 and (not $8 or ",
                of_pay!(),
                ") order by id desc limit $7"
            ))
            .bind(asked.actor.trim())
            .bind(action)
            .bind(subject)
            .bind(asked.from.unwrap_or(i64::MIN))
            .bind(asked.to.unwrap_or(i64::MAX))
            .bind(asked.before.unwrap_or(i64::MAX))
            .bind(asked.limit)
            .bind(asked.pay)
            .fetch_all(db)
            .await?
        }))
    }

    /// Every kind of action there is an entry of: for choosing.
    pub async fn audit_actions(&self, pay: bool) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = reading!(self, |db| {
            sqlx::query_as(concat!(
                "select distinct action from audit_log where not $1 or ",
                of_pay!(),
                " order by action"
            ))
            .bind(pay)
            .fetch_all(db)
            .await?
        });
        Ok(rows.into_iter().map(|(action,)| action).collect())
    }
}
