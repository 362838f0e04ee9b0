//! Pilots: campaigns that chosen people and teams try before everybody.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::domain::{CampaignId, EmployeeId};
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A pilot as it stands.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Pilot {
    /// When it began, milliseconds UTC.
    pub started_at: i64,
    /// When the campaign was opened to everybody.
    pub opened_at: Option<i64>,
}

/// Somebody in a pilot: a person or a team.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct PilotMember {
    /// Row.
    pub id: i64,
    /// The person's code, or the team's.
    pub code: String,
    /// The name.
    pub name: String,
    /// A team.
    pub is_team: bool,
}

impl Store {
    /// A campaign's pilot; `None`: it never had one.
    pub async fn pilot(&self, campaign: CampaignId) -> Result<Option<Pilot>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as("select started_at, opened_at from pilots where campaign_id = $1")
                .bind(campaign.0)
                .fetch_optional(db)
                .await?
        }))
    }

    /// Who is in a campaign's pilot.
    pub async fn pilot_members(&self, campaign: CampaignId) -> Result<Vec<PilotMember>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select m.id, coalesce(e.code, t.code) as code, coalesce(e.name, t.name) as name, \
                 m.team_id is not null as is_team from pilot_members m left join employees e on e.id = m.employee_id \
                 left join teams t on t.id = m.team_id where m.campaign_id = $1 order by m.id",
            )
            .bind(campaign.0)
            .fetch_all(db)
            .await?
        }))
    }

    /// Campaigns closed to somebody on a day: in a pilot they are not part of, themselves or by their team.
    pub async fn campaigns_closed_to(
        &self,
        employee: EmployeeId,
        day: Date,
    ) -> Result<BTreeSet<i64>, StoreError> {
        let rows: Vec<(i64,)> = reading!(self, |db| {
            sqlx::query_as(
                "select p.campaign_id from pilots p where p.opened_at is null and not exists ( \
                 select 1 from pilot_members m where m.campaign_id = p.campaign_id and (m.employee_id = $1 \
                 or m.team_id in (select t.team_id from team_members t where t.employee_id = $1 and t.from_on <= $2 \
                 and (t.to_on is null or t.to_on >= $2))))",
            )
            .bind(employee.0)
            .bind(day.to_string())
            .fetch_all(db)
            .await?
        });
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }
}

/// Begins a pilot, or begins it again after the campaign was opened.
pub async fn start_pilot_row(tx: &mut Tx, campaign: CampaignId, by: &str, at: i64) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into pilots (campaign_id, started_by, started_at) values ($1, $2, $3) on conflict (campaign_id) \
             do update set started_by = excluded.started_by, started_at = excluded.started_at, opened_by = null, \
             opened_at = null",
        )
        .bind(campaign.0)
        .bind(by)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("pilots", done, 1)
}

/// Opens a campaign to everybody; `false`, and nothing written, when it is open.
pub async fn open_pilot_row(
    tx: &mut Tx,
    campaign: CampaignId,
    by: &str,
    at: i64,
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update pilots set opened_by = $2, opened_at = $3 where campaign_id = $1 and opened_at is null",
        )
        .bind(campaign.0)
        .bind(by)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}

/// Takes a person or a team into a pilot; `false` when they are in it.
pub async fn insert_pilot_member(
    tx: &mut Tx,
    campaign: CampaignId,
    (employee, team): (Option<i64>, Option<i64>),
    by: &str,
    at: i64,
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into pilot_members (campaign_id, employee_id, team_id, added_by, added_at) \
             values ($1, $2, $3, $4, $5) on conflict do nothing",
        )
        .bind(campaign.0)
        .bind(employee)
        .bind(team)
        .bind(by)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}

/// Takes somebody out of a pilot; `false` when they are not in it.
pub async fn delete_pilot_member(tx: &mut Tx, campaign: CampaignId, id: i64) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("delete from pilot_members where campaign_id = $1 and id = $2")
            .bind(campaign.0)
            .bind(id)
            .execute(db)
            .await?
            .rows_affected()
    });
    Ok(done == 1)
}
