//! Totals for lists: of many links at once, of campaigns over a time.

use std::collections::HashMap;

use sqlx::QueryBuilder;

use crate::domain::{CampaignId, Counts, LinkId};
use crate::storage::{Store, StoreError, reading};

/// Ids per statement.
const IDS: usize = 1000;

type Row = (i64, i64, i64, i64, i64, i64, i64);

fn from_row((id, requests, human, valid, leads, sales, amount): Row) -> (i64, Counts) {
    let counts = Counts {
        requests,
        human,
        valid,
        leads,
        sales,
        amount,
        points: 0,
    };
    (id, counts)
}

impl Store {
    /// Totals of links; those nothing happened to are left out.
    pub async fn totals_of_links(&self, links: &[LinkId]) -> Result<HashMap<i64, Counts>, StoreError> {
        let mut totals = HashMap::with_capacity(links.len());
        for chunk in links.chunks(IDS) {
            let rows: Vec<Row> = reading!(self, |db| {
                let mut q = QueryBuilder::new(
                    "select link_id, cast(sum(requests) as bigint), cast(sum(human) as bigint), \
                     cast(sum(valid) as bigint), cast(sum(leads) as bigint), cast(sum(sales) as bigint), \
                     cast(sum(amount) as bigint) from (",
                );
                for (table, then) in [
                    ("link_totals", " union all "),
                    ("link_recent", ") as x group by link_id"),
                ] {
                    q.push("select * from ").push(table).push(" where link_id in (");
                    let mut ids = q.separated(", ");
                    for link in chunk {
                        ids.push_bind(link.0);
                    }
                    q.push(")").push(then);
                }
                q.build_query_as().fetch_all(db).await?
            });
            totals.extend(rows.into_iter().map(from_row));
        }
        Ok(totals)
    }

    /// What each campaign brought since an instant (milliseconds UTC, whole hours); those without anything are left out.
    pub async fn totals_of_campaigns(&self, since: i64) -> Result<HashMap<CampaignId, Counts>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(
                "select campaign_id, cast(sum(requests) as bigint), cast(sum(human) as bigint), \
                 cast(sum(valid) as bigint), cast(sum(leads) as bigint), cast(sum(sales) as bigint), \
                 cast(sum(amount) as bigint) from campaign_hour where hour >= $1 group by campaign_id",
            )
            .bind(since)
            .fetch_all(db)
            .await?
        });
        Ok(rows
            .into_iter()
            .map(from_row)
            .map(|(id, counts)| (CampaignId(id), counts))
            .collect())
    }
}
