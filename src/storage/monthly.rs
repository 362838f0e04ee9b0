//! What the monthly review asks beside the slices: what was earned by which rule, and what it was spent on.

use jiff::civil::Date;

use crate::storage::{Store, StoreError, reading};

/// Points of a span by rule, as many as there were, how many points.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Earned {
    /// A rule's word; `click` is what is left of the days' sums.
    pub rule: String,
    /// How often; of clicks 0.
    pub times: i64,
    /// How many points.
    pub points: i64,
}

/// What was bought in the points shop.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Bought {
    /// What it was called.
    pub title: String,
    /// How often.
    pub times: i64,
    /// For how many points.
    pub points: i64,
}

impl Store {
    /// Points that people filed for, were awarded and were given by hand, by rule, from `first` up to, not including, `end`.
    pub async fn earned_by_rule(&self, first: Date, end: Date) -> Result<Vec<Earned>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select 'share' as rule, count(*) as times, coalesce(cast(sum(points) as bigint), cast(0 as bigint)) as points \
                 from shares where day >= $1 and day < $2 and points > 0 union all \
                 select 'interaction', count(*), coalesce(cast(sum(points) as bigint), cast(0 as bigint)) \
                 from interactions where day >= $1 and day < $2 and points > 0 union all \
                 select rule, count(*), cast(sum(points) as bigint) from point_entries \
                 where rule in ('best-creator', 'adjustment') and day >= $1 and day < $2 group by rule",
            )
            .bind(first.to_string())
            .bind(end.to_string())
            .fetch_all(db)
            .await?
        }))
    }

    /// What was bought in the points shop, most often first; cancelled orders are left out.
    pub async fn bought(&self, first: Date, end: Date) -> Result<Vec<Bought>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select title, count(*) as times, cast(sum(points) as bigint) as points from shop_orders \
                 where day >= $1 and day < $2 and status <> 'cancelled' group by title order by 2 desc, 1 limit 50",
            )
            .bind(first.to_string())
            .bind(end.to_string())
            .fetch_all(db)
            .await?
        }))
    }

    /// How many people shared something.
    pub async fn sharers(&self, first: Date, end: Date) -> Result<(i64, i64), StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select count(distinct employee_id), count(*) from shares where day >= $1 and day < $2 \
                 and status <> 'rejected'",
            )
            .bind(first.to_string())
            .bind(end.to_string())
            .fetch_one(db)
            .await?
        }))
    }
}
