//! Bulk rows for the benchmark: links by the million, made inside the database.

use crate::storage::{Store, StoreError, reading, writing};

impl Store {
    /// Fills an empty store with 40 employees in 5 teams, 6 campaigns and `links` links called `bench1`, `bench2`, …
    pub async fn fill_links(&self, links: i64, now_ms: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        writing!(&mut tx, |db| {
            for (count, statement) in [
                (
                    5,
                    "insert into teams (code, name, created_at) select 'b' || i, 'Bench ' || i, $2 from n",
                ),
                (
                    40,
                    "insert into employees (code, code_key, name, hired_on, created_at, changed_at) \
                     select 'bench' || i, 'bench' || i, 'Bench ' || i, '2025-01-01', $2, $2 from n",
                ),
                (
                    40,
                    "insert into team_members (employee_id, team_id, from_on) \
                     select e.id, t.id, '2025-01-01' from n \
                     join employees e on e.code = 'bench' || i join teams t on t.code = 'b' || (i % 5 + 1) \
                     where $2 > 0",
                ),
                (
                    6,
                    "insert into campaigns (slug, name, destination, allowed_hosts, created_at, changed_at) \
                     select 'bench' || i, 'Bench ' || i, 'https://shop.example/product/' || i || '?ref=a', \
                     '[\"shop.example\"]', $2, $2 from n",
                ),
                (
                    links,
                    "insert into links (code, code_key, employee_id, campaign_id, channel, material, created_at, changed_at) \
                     select 'bench' || i, 'bench' || i, e.id, c.id, 'wechat', 'm' || i, $2, $2 from n \
                     join employees e on e.code = 'bench' || (i % 40 + 1) \
                     join campaigns c on c.slug = 'bench' || (i % 6 + 1) order by i",
                ),
            ] {
                let text = format!(
                    "with recursive n (i) as (select 1 union all select i + 1 from n where i < $1) {statement}"
                );
                let done = sqlx::query(sqlx::AssertSqlSafe(text))
                    .bind(count)
                    .bind(now_ms)
                    .execute(&mut *db)
                    .await?
                    .rows_affected();
                StoreError::check_rows("bench fill", done, u64::try_from(count).unwrap_or(0))?;
            }
        });
        tx.commit().await
    }

    /// Fills an empty store with employees `p1`, `p2`, … in teams of twenty, hired in 2020.
    pub async fn fill_people(&self, people: i64, now_ms: i64) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let teams = (people + 19) / 20;
        writing!(&mut tx, |db| {
            for (count, statement) in [
                (
                    teams,
                    "insert into teams (code, name, created_at) select 'g' || i, 'Group ' || i, $2 from n",
                ),
                (
                    people,
                    "insert into employees (code, code_key, name, hired_on, created_at, changed_at) \
                     select 'p' || i, 'p' || i, 'Person ' || i, '2020-01-01', $2, $2 from n",
                ),
                (
                    people,
                    "insert into team_members (employee_id, team_id, from_on) \
                     select e.id, t.id, '2020-01-01' from n join employees e on e.code = 'p' || i \
                     join teams t on t.code = 'g' || ((i - 1) / 20 + 1) where $2 > 0",
                ),
            ] {
                let text = format!(
                    "with recursive n (i) as (select 1 union all select i + 1 from n where i < $1) {statement}"
                );
                let done = sqlx::query(sqlx::AssertSqlSafe(text))
                    .bind(count)
                    .bind(now_ms)
                    .execute(&mut *db)
                    .await?
                    .rows_affected();
                StoreError::check_rows("bench fill", done, u64::try_from(count).unwrap_or(0))?;
            }
        });
        tx.commit().await
    }

    /// Clicks in the store, out of the per-link totals.
    pub async fn requests_in_all(&self) -> Result<i64, StoreError> {
        let (sum,): (i64,) = reading!(self, |db| {
            sqlx::query_as(
                "select coalesce(cast(sum(requests) as bigint), cast(0 as bigint)) from employee_day",
            )
            .fetch_one(db)
            .await?
        });
        Ok(sum)
    }
}
