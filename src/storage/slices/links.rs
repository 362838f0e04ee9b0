//! Links by who posted what where: carried into a table of few rows, so that a page need not count a million links.

use sqlx::QueryBuilder;

use crate::domain::{CampaignId, EmployeeId};
use crate::storage::{Store, StoreError, Tx, convert, reading, writing};

impl Store {
    /// Links by who posted where, visitors' own left out; of one campaign, or of all.
    pub async fn link_people(&self, campaign: Option<CampaignId>) -> Result<Vec<LinkPeople>, StoreError> {
        let mark = self.link_mark().await?;
        let rows: Vec<(String, i64, i64)> = reading!(self, |db| {
            let mut q = QueryBuilder::new(
                "select channel, employee_id, cast(sum(links) as bigint) from (select campaign_id, channel, \
                 employee_id, links from link_people union all select campaign_id, channel, employee_id, 1 from links \
                 where parent_id is null and id > ",
            );
            q.push_bind(mark).push(") as x");
            if let Some(campaign) = campaign {
                q.push(" where campaign_id = ").push_bind(campaign.0);
            }
            q.push(" group by channel, employee_id order by channel, employee_id");
            q.build_query_as().fetch_all(db).await?
        });
        Ok(rows
            .into_iter()
            .map(|(channel, employee, links)| LinkPeople {
                channel,
                employee: EmployeeId(employee),
                links,
            })
            .collect())
    }

    /// The last link that is in `link_people`.
    async fn link_mark(&self) -> Result<i64, StoreError> {
        let row: Option<(String,)> = reading!(self, |db| {
            sqlx::query_as("select value from meta where name = $1")
                .bind(LINK_MARK)
                .fetch_optional(db)
                .await?
        });
        row.map_or(Ok(0), |(text,)| convert::word("meta", LINK_MARK, text))
    }
}

/// Name of the mark in `meta`.
const LINK_MARK: &str = "link_people_to";

/// Carries links made before an instant (milliseconds UTC) into `link_people`, each once; gives how many. Two nodes take
/// turns at the mark's row.
pub async fn carry_links(tx: &mut Tx, made_before: i64) -> Result<i64, StoreError> {
    writing!(tx, |db| {
        let begun = sqlx::query("insert into meta (name, value) values ($1, '0') on conflict (name) do update set value = meta.value")
            .bind(LINK_MARK)
            .execute(&mut *db)
            .await?
            .rows_affected();
        StoreError::check_rows("meta", begun, 1)?;
        let (text,): (String,) = sqlx::query_as("select value from meta where name = $1")
            .bind(LINK_MARK)
            .fetch_one(&mut *db)
            .await?;
        let mark: i64 = convert::word("meta", LINK_MARK, text)?;
        // Up to the first link that is too young: ids are given in order, but not always committed in order.
        let (young,): (Option<i64>,) =
            sqlx::query_as("select min(id) from links where id > $1 and created_at >= $2")
                .bind(mark)
                .bind(made_before)
                .fetch_one(&mut *db)
                .await?;
        let (last,): (Option<i64>,) = sqlx::query_as("select max(id) from links where id > $1 and id < $2")
            .bind(mark)
            .bind(young.unwrap_or(i64::MAX))
            .fetch_one(&mut *db)
            .await?;
        let Some(last) = last else { return Ok(0) };
        let carried = sqlx::query(
            "insert into link_people as t (campaign_id, channel, employee_id, links) select campaign_id, channel, \
             employee_id, count(*) from links where id > $1 and id <= $2 and parent_id is null \
             group by campaign_id, channel, employee_id \
             on conflict (campaign_id, channel, employee_id) do update set links = t.links + excluded.links",
        )
        .bind(mark)
        .bind(last)
        .execute(&mut *db)
        .await?
        .rows_affected();
        tracing::trace!(carried, "people's links were counted");
        let moved = sqlx::query("update meta set value = $2 where name = $1")
            .bind(LINK_MARK)
            .bind(last.to_string())
            .execute(&mut *db)
            .await?
            .rows_affected();
        StoreError::check_rows("meta", moved, 1)?;
        Ok(last - mark)
    })
}

/// How many links somebody has on a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkPeople {
    /// Where.
    pub channel: String,
    /// Who.
    pub employee: EmployeeId,
    /// How many.
    pub links: i64,
}
