//! What is filed for points: shares, exchanges with friends, awards.

use jiff::civil::Date;

use crate::domain::EmployeeId;
use crate::points::DaySoFar;
use crate::storage::convert::day_opt;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// What a share is of: the item (campaign and material) on a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Row of the link.
    pub link: i64,
    /// Whose.
    pub employee: EmployeeId,
    /// The campaign.
    pub campaign: i64,
    /// The material; empty without.
    pub material: String,
    /// The channel.
    pub channel: String,
}

/// A share as it stands.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ShareRow {
    /// Row.
    pub id: i64,
    /// Who posted it.
    pub employee_id: i64,
    /// Their code.
    pub employee_code: String,
    /// The link's row.
    pub link_id: i64,
    /// The link's code.
    pub link_code: String,
    /// The campaign.
    pub campaign_id: i64,
    /// Its slug.
    pub campaign_slug: String,
    /// The material; empty without.
    pub material: String,
    /// The channel.
    pub channel: String,
    /// Milliseconds UTC.
    pub posted_at: i64,
    /// Business day, ISO.
    pub day: String,
    /// Where it can be seen.
    pub evidence_url: Option<String>,
    /// `approved` or `rejected`.
    pub status: String,
    /// A word of [`crate::points::ShareOutcome`].
    pub outcome: String,
    /// Points in force.
    pub points: i64,
    /// Who told us: an actor's word.
    pub filed_by: String,
    /// The person that actor is tied to.
    pub filed_for: Option<i64>,
    /// Milliseconds UTC.
    pub filed_at: i64,
    /// Who decided last.
    pub decided_by: Option<String>,
    /// Milliseconds UTC.
    pub decided_at: Option<i64>,
    /// Why.
    pub reason: Option<String>,
}

/// A share to be written.
#[derive(Clone, Debug)]
pub struct NewShareRow<'a> {
    /// What was shared.
    pub of: &'a Shared,
    /// Milliseconds UTC.
    pub posted_at: i64,
    /// Business day of `posted_at`.
    pub day: Date,
    /// Where it can be seen.
    pub evidence_url: Option<&'a str>,
    /// What became of it.
    pub outcome: &'a str,
    /// Points in force.
    pub points: i64,
    /// Who told us.
    pub filed_by: &'a str,
    /// The person that actor is tied to.
    pub filed_for: Option<EmployeeId>,
    /// Milliseconds UTC.
    pub filed_at: i64,
}

/// What a list is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter<'a> {
    /// One person's.
    pub employee: Option<EmployeeId>,
    /// In this state.
    pub status: Option<&'a str>,
}

/// Writes a decision into a row of a table that keeps decisions like `shares` does.
macro_rules! write_decision {
    ($tx:expr, $table:literal, $id:expr, $decided:expr) => {{
        let done = $crate::storage::writing!($tx, |db| {
            sqlx::query(concat!(
                "update ",
                $table,
                " set status = $2, outcome = $3, points = $4, decided_by = $5, decided_at = $6, reason = $7 where id = $1"
            ))
            .bind($id)
            .bind($decided.status)
            .bind($decided.outcome)
            .bind($decided.points)
            .bind($decided.by)
            .bind($decided.at)
            .bind($decided.reason)
            .execute(db)
            .await?
            .rows_affected()
        });
        StoreError::check_rows(concat!($table, ": decision"), done, 1)
    }};
}

/// What was filed, newest first, narrowed to a person and a state: `$sql!` is the select, `$row` the table's alias in it.
macro_rules! filed_list {
    ($store:expr, $sql:ident, $row:literal, $filter:expr, $before:expr, $limit:expr) => {
        $crate::storage::reading!($store, |db| {
            let mut q = sqlx::QueryBuilder::new($sql!(""));
            q.push(concat!("where ", $row, ".id < "))
                .push_bind($before.unwrap_or(i64::MAX));
            if let Some(employee) = $filter.employee {
                q.push(concat!(" and ", $row, ".employee_id = "))
                    .push_bind(employee.0);
            }
            if let Some(status) = $filter.status {
                q.push(concat!(" and ", $row, ".status = ")).push_bind(status);
            }
            q.push(concat!(" order by ", $row, ".id desc limit "))
                .push_bind($limit);
            q.build_query_as().fetch_all(db).await?
        })
    };
}

pub(super) use {filed_list, write_decision};

macro_rules! share_sql {
    ($rest:literal) => {
        concat!(
            "select s.id, s.employee_id, e.code as employee_code, s.link_id, l.code as link_code, s.campaign_id, \
             c.slug as campaign_slug, s.material, s.channel, s.posted_at, s.day, s.evidence_url, s.status, s.outcome, \
             s.points, s.filed_by, s.filed_for, s.filed_at, s.decided_by, s.decided_at, s.reason from shares s \
             join employees e on e.id = s.employee_id join links l on l.id = s.link_id \
             join campaigns c on c.id = s.campaign_id ",
            $rest
        )
    };
}

impl Store {
    /// Shares, newest first; `before` is the last page's smallest id.
    pub async fn shares(
        &self,
        filter: Filter<'_>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<ShareRow>, StoreError> {
        Ok(filed_list!(self, share_sql, "s", filter, before, limit))
    }

    /// Somebody's latest share of a link (by its code, whatever its case) on a channel up to an instant, rejected ones aside.
    pub async fn latest_share(
        &self,
        employee: EmployeeId,
        (link, channel): (&str, &str),
        until_ms: i64,
    ) -> Result<Option<ShareRow>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(share_sql!(
                "where s.employee_id = $1 and l.code_key = $2 and s.channel = $3 and s.posted_at <= $4 \
                 and s.status <> 'rejected' order by s.posted_at desc, s.id desc limit 1"
            ))
            .bind(employee.0)
            .bind(link.trim().to_ascii_lowercase())
            .bind(channel)
            .bind(until_ms)
            .fetch_optional(db)
            .await?
        }))
    }
}

/// A person's last working day, read inside the transaction.
pub async fn left_on(tx: &mut Tx, employee: EmployeeId) -> Result<Option<Date>, StoreError> {
    let row: Option<(Option<String>,)> = writing!(tx, |db| {
        sqlx::query_as("select left_on from employees where id = $1")
            .bind(employee.0)
            .fetch_optional(db)
            .await?
    });
    day_opt("employees", "left_on", row.and_then(|(day,)| day))
}

/// The share with this id.
pub async fn share(tx: &mut Tx, id: i64) -> Result<Option<ShareRow>, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query_as(share_sql!("where s.id = $1"))
            .bind(id)
            .fetch_optional(db)
            .await?
    }))
}

/// The share of a link at an instant: a share's natural key.
pub async fn share_at(tx: &mut Tx, link: i64, posted_at: i64) -> Result<Option<ShareRow>, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query_as(share_sql!("where s.link_id = $1 and s.posted_at = $2"))
            .bind(link)
            .bind(posted_at)
            .fetch_optional(db)
            .await?
    }))
}

/// What the person's shares other than `except` leave open for one more of this on `day`.
pub async fn day_so_far(
    tx: &mut Tx,
    of: &Shared,
    day: Date,
    except: Option<i64>,
) -> Result<DaySoFar, StoreError> {
    let (earning, same_item): (i64, i64) = writing!(tx, |db| {
        sqlx::query_as(
            "select coalesce(cast(sum(case when day = $2 then 1 else 0 end) as bigint), 0), \
             coalesce(cast(sum(case when campaign_id = $3 and material = $4 and channel = $5 then 1 else 0 end) \
             as bigint), 0) from shares where employee_id = $1 and outcome = 'earned' and id <> $6",
        )
        .bind(of.employee.0)
        .bind(day.to_string())
        .bind(of.campaign)
        .bind(&of.material)
        .bind(&of.channel)
        .bind(except.unwrap_or(0))
        .fetch_one(db)
        .await?
    });
    Ok(DaySoFar {
        earning,
        item_earned: same_item > 0,
    })
}

/// Writes a share; returns its row.
pub async fn insert_share(tx: &mut Tx, new: &NewShareRow<'_>) -> Result<i64, StoreError> {
    let (id,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "insert into shares (employee_id, link_id, campaign_id, material, channel, posted_at, day, evidence_url, \
             status, outcome, points, filed_by, filed_for, filed_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, 'approved', $9, $10, $11, $12, $13) returning id",
        )
        .bind(new.of.employee.0)
        .bind(new.of.link)
        .bind(new.of.campaign)
        .bind(&new.of.material)
        .bind(&new.of.channel)
        .bind(new.posted_at)
        .bind(new.day.to_string())
        .bind(new.evidence_url)
        .bind(new.outcome)
        .bind(new.points)
        .bind(new.filed_by)
        .bind(new.filed_for.map(|e| e.0))
        .bind(new.filed_at)
        .fetch_one(db)
        .await?
    });
    Ok(id)
}

/// What a person decided on a share or exchange.
#[derive(Clone, Copy, Debug)]
pub struct Decided<'a> {
    /// The state.
    pub status: &'a str,
    /// What became of it.
    pub outcome: &'a str,
    /// Points in force.
    pub points: i64,
    /// Who.
    pub by: &'a str,
    /// Milliseconds UTC.
    pub at: i64,
    /// Why; may be empty for an approval.
    pub reason: &'a str,
}

/// Writes a decision on a share.
pub async fn decide_share(tx: &mut Tx, id: i64, decided: &Decided<'_>) -> Result<(), StoreError> {
    write_decision!(tx, "shares", id, decided)
}
