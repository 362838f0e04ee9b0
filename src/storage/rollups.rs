//! Adding differences to the rollups; reading them back.

use std::collections::BTreeMap;

use jiff::civil::Date;
use sqlx::QueryBuilder;

use crate::domain::{Counts, EmployeeId, LinkId, Tally};
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// Rows per statement: 10 columns × 500 stays below SQLite's 32 766 binds.
const ROWS: usize = 500;

/// Adds a batch's differences to all rollups, in one order for all writers.
pub async fn add(tx: &mut Tx, tally: &Tally) -> Result<(), StoreError> {
    // Months beside days: a board of a quarter reads three rows a person instead of ninety.
    let mut months: BTreeMap<(Date, EmployeeId), Counts> = BTreeMap::new();
    for ((day, employee), counts) in &tally.employee_day {
        *months.entry((day.first_of_month(), *employee)).or_default() += *counts;
    }
    add_people(
        tx,
        "insert into employee_day as t (day",
        " on conflict (day",
        &tally.employee_day,
    )
    .await?;
    add_people(
        tx,
        "insert into employee_month as t (month",
        " on conflict (month",
        &months,
    )
    .await?;
    let links: Vec<_> = tally.link.iter().filter(|(_, c)| !c.is_zero()).collect();
    for chunk in links.chunks(ROWS) {
        writing!(tx, |db| {
            let mut q = QueryBuilder::new(
                "insert into link_totals as t (link_id, requests, human, valid, leads, sales, amount) ",
            );
            q.push_values(chunk, |mut row, (link, c)| {
                row.push_bind(link.0);
                row.push_bind(c.requests).push_bind(c.human).push_bind(c.valid);
                row.push_bind(c.leads).push_bind(c.sales).push_bind(c.amount);
            });
            q.push(
                " on conflict (link_id) do update set requests = t.requests + excluded.requests, \
                 human = t.human + excluded.human, valid = t.valid + excluded.valid, \
                 leads = t.leads + excluded.leads, sales = t.sales + excluded.sales, \
                 amount = t.amount + excluded.amount",
            );
            let done = q.build().execute(db).await?.rows_affected();
            StoreError::check_rows("link_totals", done, chunk.len() as u64)?;
        });
    }
    let hours: Vec<_> = tally.campaign_hour.iter().filter(|(_, c)| !c.is_zero()).collect();
    for chunk in hours.chunks(ROWS) {
        writing!(tx, |db| {
            let mut q = QueryBuilder::new(
                "insert into campaign_hour as t (campaign_id, channel, hour, requests, human, valid, leads, sales, amount) ",
            );
            q.push_values(chunk, |mut row, ((campaign, channel, hour), c)| {
                row.push_bind(campaign.0)
                    .push_bind(channel.as_str())
                    .push_bind(*hour);
                row.push_bind(c.requests).push_bind(c.human).push_bind(c.valid);
                row.push_bind(c.leads).push_bind(c.sales).push_bind(c.amount);
            });
            q.push(
                " on conflict (campaign_id, channel, hour) do update set requests = t.requests + excluded.requests, \
                 human = t.human + excluded.human, valid = t.valid + excluded.valid, \
                 leads = t.leads + excluded.leads, sales = t.sales + excluded.sales, \
                 amount = t.amount + excluded.amount",
            );
            let done = q.build().execute(db).await?.rows_affected();
            StoreError::check_rows("campaign_hour", done, chunk.len() as u64)?;
        });
    }
    Ok(())
}

/// Adds differences per day or month and person; `into` and `on` end before the key's comma.
async fn add_people(
    tx: &mut Tx,
    into: &'static str,
    on: &'static str,
    changes: &BTreeMap<(Date, EmployeeId), Counts>,
) -> Result<(), StoreError> {
    let changes: Vec<_> = changes.iter().filter(|(_, c)| !c.is_zero()).collect();
    for chunk in changes.chunks(ROWS) {
        writing!(tx, |db| {
            let mut q = QueryBuilder::new(into);
            q.push(", employee_id, requests, human, valid, leads, sales, amount, points) ");
            q.push_values(chunk, |mut row, ((day, employee), c)| {
                row.push_bind(day.to_string()).push_bind(employee.0);
                row.push_bind(c.requests).push_bind(c.human).push_bind(c.valid);
                row.push_bind(c.leads)
                    .push_bind(c.sales)
                    .push_bind(c.amount)
                    .push_bind(c.points);
            });
            q.push(on).push(
                ", employee_id) do update set requests = t.requests + excluded.requests, \
                 human = t.human + excluded.human, valid = t.valid + excluded.valid, \
                 leads = t.leads + excluded.leads, sales = t.sales + excluded.sales, \
                 amount = t.amount + excluded.amount, points = t.points + excluded.points",
            );
            let done = q.build().execute(db).await?.rows_affected();
            StoreError::check_rows("rollup per person", done, chunk.len() as u64)?;
        });
    }
    Ok(())
}

impl Store {
    /// A link's totals; zeros when nothing happened yet.
    pub async fn link_totals(&self, link: LinkId) -> Result<Counts, StoreError> {
        let row: Option<(i64, i64, i64, i64, i64, i64)> = reading!(self, |db| {
            sqlx::query_as(
                "select requests, human, valid, leads, sales, amount from link_totals where link_id = $1",
            )
            .bind(link.0)
            .fetch_optional(db)
            .await?
        });
        Ok(row.map_or_else(
            Counts::default,
            |(requests, human, valid, leads, sales, amount)| Counts {
                requests,
                human,
                valid,
                leads,
                sales,
                amount,
                points: 0,
            },
        ))
    }
}
