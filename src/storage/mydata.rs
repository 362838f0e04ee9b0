//! What the firm holds on one person, where no other room asks for it.

use crate::domain::EmployeeId;
use crate::storage::{Store, StoreError, reading};

/// A team somebody was in: name, first day, last day (ISO).
pub type TeamSpan = (String, String, Option<String>);

/// An amount booked for somebody: scheme, period, title in Chinese and English, fen.
pub type PaidLine = (String, String, String, String, i64);

/// Something somebody did: instant (ms UTC), action, what it was done to.
pub type OwnAct = (i64, String, String);

impl Store {
    /// The teams somebody was in, the first one first.
    pub async fn team_history(&self, employee: EmployeeId) -> Result<Vec<TeamSpan>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select t.name, m.from_on, m.to_on from team_members m join teams t on t.id = m.team_id \
                 where m.employee_id = $1 order by m.from_on",
            )
            .bind(employee.0)
            .fetch_all(db)
            .await?
        }))
    }

    /// What was booked for somebody in closed runs, the latest period first.
    pub async fn paid_lines(&self, code: &str) -> Result<Vec<PaidLine>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select r.scheme, r.period, l.title_zh, l.title_en, l.amount from run_lines l \
                 join runs r on r.id = l.run_id where l.payee = $1 and l.payee_kind = 'employee' \
                 and r.state in ('closed', 'paid') order by r.from_on desc, l.id limit 20000",
            )
            .bind(code)
            .fetch_all(db)
            .await?
        }))
    }

    /// What an actor did, by its word, the latest first.
    pub async fn acts_of(&self, actor: &str) -> Result<Vec<OwnAct>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select at, action, subject from audit_log where actor = $1 order by id desc limit 20000",
            )
            .bind(actor)
            .fetch_all(db)
            .await?
        }))
    }
}
