//! Adding differences to the rollups; reading them back.

use std::collections::BTreeMap;

use jiff::civil::Date;
use sqlx::AssertSqlSafe;

use crate::domain::{Counts, EmployeeId, LinkId, Tally};
use crate::storage::bulk::{Bulk, pieces};
use crate::storage::{Store, StoreError, Tx, reading, writing};

macro_rules! people {
    ($period:literal) => {
        concat!(
            " on conflict (",
            $period,
            ", employee_id) do update set requests = t.requests + excluded.requests, \
             human = t.human + excluded.human, valid = t.valid + excluded.valid, leads = t.leads + excluded.leads, \
             sales = t.sales + excluded.sales, amount = t.amount + excluded.amount, \
             points = t.points + excluded.points"
        )
    };
}
static DAYS: Bulk = Bulk::rows(
    "insert into employee_day as t (day, employee_id, requests, human, valid, leads, sales, amount, points) values ",
    9,
    people!("day"),
);
static MONTHS: Bulk = Bulk::rows(
    "insert into employee_month as t (month, employee_id, requests, human, valid, leads, sales, amount, points) values ",
    9,
    people!("month"),
);
static LINKS: Bulk = Bulk::rows(
    "insert into link_recent as t (link_id, requests, human, valid, leads, sales, amount) values ",
    7,
    " on conflict (link_id) do update set requests = t.requests + excluded.requests, \
     human = t.human + excluded.human, valid = t.valid + excluded.valid, leads = t.leads + excluded.leads, \
     sales = t.sales + excluded.sales, amount = t.amount + excluded.amount",
);
/// Of links that were clicked and nothing more, which are nearly all: half as many values to hand over.
static CLICKED: Bulk = Bulk::rows(
    "insert into link_recent as t (link_id, requests, human, valid) values ",
    4,
    " on conflict (link_id) do update set requests = t.requests + excluded.requests, \
     human = t.human + excluded.human, valid = t.valid + excluded.valid",
);
static HOURS: Bulk = Bulk::rows(
    "insert into campaign_hour as t (campaign_id, channel, hour, requests, human, valid, leads, sales, amount) values ",
    9,
    " on conflict (campaign_id, channel, hour) do update set requests = t.requests + excluded.requests, \
     human = t.human + excluded.human, valid = t.valid + excluded.valid, leads = t.leads + excluded.leads, \
     sales = t.sales + excluded.sales, amount = t.amount + excluded.amount",
);

/// Adds a batch's differences to all rollups, in one order for all writers.
pub async fn add(tx: &mut Tx, tally: &Tally) -> Result<(), StoreError> {
    // Months beside days: a board of a quarter reads three rows a person instead of ninety.
    let mut months: BTreeMap<(Date, EmployeeId), Counts> = BTreeMap::new();
    for ((day, employee), counts) in &tally.employee_day {
        *months.entry((day.first_of_month(), *employee)).or_default() += *counts;
    }
    add_people(tx, &DAYS, &tally.employee_day).await?;
    add_people(tx, &MONTHS, &months).await?;
    let links = tally.link.iter().filter(|(_, c)| !c.is_zero());
    let (clicked, links): (Vec<_>, Vec<_>) =
        links.partition(|(_, c)| (c.leads, c.sales, c.amount) == (0, 0, 0));
    for piece in pieces(&clicked) {
        let text = CLICKED.text(tx, piece.len());
        let done = writing!(tx, |db| {
            let mut query = sqlx::query(text);
            for (link, c) in piece {
                query = query.bind(link.0).bind(c.requests).bind(c.human).bind(c.valid);
            }
            query.execute(db).await?.rows_affected()
        });
        StoreError::check_rows("link_recent", done, piece.len() as u64)?;
    }
    for piece in pieces(&links) {
        let text = LINKS.text(tx, piece.len());
        let done = writing!(tx, |db| {
            let mut query = sqlx::query(text);
            for (link, c) in piece {
                query = query.bind(link.0);
                query = query.bind(c.requests).bind(c.human).bind(c.valid);
                query = query.bind(c.leads).bind(c.sales).bind(c.amount);
            }
            query.execute(db).await?.rows_affected()
        });
        StoreError::check_rows("link_recent", done, piece.len() as u64)?;
    }
    let hours: Vec<_> = tally.campaign_hour.iter().filter(|(_, c)| !c.is_zero()).collect();
    for piece in pieces(&hours) {
        let text = HOURS.text(tx, piece.len());
        let done = writing!(tx, |db| {
            let mut query = sqlx::query(text);
            for ((campaign, channel, hour), c) in piece {
                query = query.bind(campaign.0).bind(channel.as_str()).bind(*hour);
                query = query.bind(c.requests).bind(c.human).bind(c.valid);
                query = query.bind(c.leads).bind(c.sales).bind(c.amount);
            }
            query.execute(db).await?.rows_affected()
        });
        StoreError::check_rows("campaign_hour", done, piece.len() as u64)?;
    }
    Ok(())
}

/// What was booked on links since the last fold goes into their totals.
pub async fn fold_links(tx: &mut Tx) -> Result<(), StoreError> {
    const ADD: &str = " on conflict (link_id) do update set requests = t.requests + excluded.requests, \
         human = t.human + excluded.human, valid = t.valid + excluded.valid, leads = t.leads + excluded.leads, \
         sales = t.sales + excluded.sales, amount = t.amount + excluded.amount";
    const INTO: &str = "insert into link_totals as t (link_id, requests, human, valid, leads, sales, amount) \
         select link_id, requests, human, valid, leads, sales, amount from ";
    match tx {
        Tx::Sqlite(tx) => {
            let fold = format!("{INTO} link_recent where true {ADD}");
            let folded = sqlx::query(AssertSqlSafe(fold))
                .execute(&mut **tx)
                .await?
                .rows_affected();
            let gone = sqlx::query("delete from link_recent")
                .execute(&mut **tx)
                .await?
                .rows_affected();
            StoreError::check_rows("link_recent", gone, folded)
        }
        // Others write there meanwhile: what goes and what is added must be the same.
        Tx::Postgres(tx) => {
            let fold = format!(
                "with gone as (delete from link_recent returning *) {INTO} gone order by link_id {ADD}"
            );
            sqlx::query(AssertSqlSafe(fold))
                .execute(&mut **tx)
                .await?
                .rows_affected();
            Ok(())
        }
    }
}

async fn add_people(
    tx: &mut Tx,
    statement: &'static Bulk,
    rows: &BTreeMap<(Date, EmployeeId), Counts>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = rows.iter().filter(|(_, c)| !c.is_zero()).collect();
    for piece in pieces(&rows) {
        let text = statement.text(tx, piece.len());
        let done = writing!(tx, |db| {
            let mut query = sqlx::query(text);
            for ((day, employee), c) in piece {
                query = query.bind(day.to_string()).bind(employee.0);
                query = query.bind(c.requests).bind(c.human).bind(c.valid);
                query = query.bind(c.leads).bind(c.sales).bind(c.amount).bind(c.points);
            }
            query.execute(db).await?.rows_affected()
        });
        StoreError::check_rows("rollups of people", done, piece.len() as u64)?;
    }
    Ok(())
}

impl Store {
    /// A link's totals; zeros when nothing happened yet.
    pub async fn link_totals(&self, link: LinkId) -> Result<Counts, StoreError> {
        let row: Option<(i64, i64, i64, i64, i64, i64)> = reading!(self, |db| {
            sqlx::query_as(
                "select cast(sum(requests) as bigint), cast(sum(human) as bigint), cast(sum(valid) as bigint), \
                 cast(sum(leads) as bigint), cast(sum(sales) as bigint), cast(sum(amount) as bigint) from \
                 (select * from link_totals where link_id = $1 union all select * from link_recent where link_id = $1) as x \
                 having count(*) > 0",
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
