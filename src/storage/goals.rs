//! Team goals, and the talent scouts' pool.

use jiff::civil::Date;

use crate::ranking::Metric;
use crate::storage::{Store, StoreError, Tx, convert, reading, writing};

/// A goal as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Goal {
    /// Row.
    pub id: i64,
    /// Whose; `None`: the firm's.
    pub team: Option<(i64, String)>,
    /// What is counted.
    pub metric: Metric,
    /// First business day.
    pub first: Date,
    /// Last business day.
    pub last: Date,
    /// How much; of sales in minor units.
    pub target: i64,
    /// What everybody gets.
    pub reward: String,
    /// When it was withdrawn, milliseconds UTC.
    pub ended_at: Option<i64>,
}

/// A goal to be written.
#[derive(Clone, Debug)]
pub struct NewGoal<'a> {
    /// Whose; `None`: the firm's.
    pub team: Option<i64>,
    /// What is counted.
    pub metric: Metric,
    /// First business day.
    pub first: Date,
    /// Last business day.
    pub last: Date,
    /// How much.
    pub target: i64,
    /// What everybody gets.
    pub reward: &'a str,
    /// Who sets it.
    pub by: &'a str,
    /// Milliseconds UTC.
    pub at: i64,
}

/// What visitors who re-shared somebody's post brought.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Scout {
    /// Who.
    pub employee_id: i64,
    /// Leads that count.
    pub leads: i64,
    /// Sales that count.
    pub sales: i64,
    /// Net amount, minor units.
    pub amount: i64,
}

type Row = (
    i64,
    Option<i64>,
    Option<String>,
    String,
    String,
    String,
    i64,
    String,
    Option<i64>,
);

impl Store {
    /// Goals, the latest end first.
    pub async fn goals(&self, limit: i64) -> Result<Vec<Goal>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(
                "select g.id, g.team_id, t.name, g.metric, g.first_on, g.last_on, g.target, g.reward, g.ended_at \
                 from team_goals g left join teams t on t.id = g.team_id order by g.last_on desc, g.id desc limit $1",
            )
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        rows.into_iter()
            .map(
                |(id, team, name, metric, first, last, target, reward, ended_at)| {
                    Ok(Goal {
                        id,
                        team: team.zip(name),
                        metric: convert::word("team_goals", "metric", metric)?,
                        first: convert::day("team_goals", "first_on", first)?,
                        last: convert::day("team_goals", "last_on", last)?,
                        target,
                        reward,
                        ended_at,
                    })
                },
            )
            .collect()
    }

    /// What re-sharing brought within these instants, by whose post it was; most conversions first.
    pub async fn scouts(&self, from: i64, to: i64) -> Result<Vec<Scout>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select indirect_to as employee_id, \
                 cast(sum(case when kind = 'lead' then 1 else 0 end) as bigint) as leads, \
                 cast(sum(case when kind = 'sale' then 1 else 0 end) as bigint) as sales, \
                 cast(sum(amount - refunded) as bigint) as amount from conversions where indirect_to is not null \
                 and occurred_at >= $1 and occurred_at < $2 and status in ('pending', 'approved', 'paid') \
                 group by indirect_to order by count(*) desc, indirect_to",
            )
            .bind(from)
            .bind(to)
            .fetch_all(db)
            .await?
        }))
    }
}

/// Writes a goal; its row.
pub async fn insert_goal(tx: &mut Tx, new: &NewGoal<'_>) -> Result<i64, StoreError> {
    let (id,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "insert into team_goals (team_id, metric, first_on, last_on, target, reward, set_by, set_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8) returning id",
        )
        .bind(new.team)
        .bind(new.metric.as_str())
        .bind(new.first.to_string())
        .bind(new.last.to_string())
        .bind(new.target)
        .bind(new.reward)
        .bind(new.by)
        .bind(new.at)
        .fetch_one(db)
        .await?
    });
    Ok(id)
}

/// Withdraws a goal; `false`, and nothing written, when it was withdrawn.
pub async fn end_goal_row(tx: &mut Tx, id: i64, by: &str, at: i64) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("update team_goals set ended_by = $2, ended_at = $3 where id = $1 and ended_at is null")
            .bind(id)
            .bind(by)
            .bind(at)
            .execute(db)
            .await?
            .rows_affected()
    });
    Ok(done == 1)
}
