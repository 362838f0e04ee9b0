//! What a click on a link counts for.

use sqlx::QueryBuilder;

use crate::domain::{CampaignId, EmployeeId, LinkId};
use crate::storage::boards::{Subject, subject};
use crate::storage::{StoreError, Tx, writing};

/// Ids per statement.
const CHUNK: usize = 500;

/// Where a link's clicks are booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkCredit {
    /// The link.
    pub link: LinkId,
    /// Whose it is; of a visitor's child link, the root's.
    pub employee: EmployeeId,
    /// Campaign.
    pub campaign: CampaignId,
    /// Channel, a word.
    pub channel: String,
    /// A visitor's child link: indirect credit only.
    pub child: bool,
}

type Row = (i64, i64, i64, String, Option<i64>);

/// Where these links' clicks are booked; links nobody knows are left out.
pub async fn link_credits(tx: &mut Tx, links: &[LinkId]) -> Result<Vec<LinkCredit>, StoreError> {
    let mut found = Vec::with_capacity(links.len());
    for chunk in links.chunks(CHUNK) {
        let rows: Vec<Row> = writing!(tx, |db| {
            let mut q = QueryBuilder::new(
                "select id, employee_id, campaign_id, channel, parent_id from links where id in (",
            );
            let mut list = q.separated(", ");
            for link in chunk {
                list.push_bind(link.0);
            }
            q.push(")");
            q.build_query_as().fetch_all(db).await?
        });
        found.extend(
            rows.into_iter()
                .map(|(link, employee, campaign, channel, parent)| LinkCredit {
                    link: LinkId(link),
                    employee: EmployeeId(employee),
                    campaign: CampaignId(campaign),
                    channel,
                    child: parent.is_some(),
                }),
        );
    }
    Ok(found)
}

/// When people last changed, milliseconds UTC: what was read of them before is out of date.
pub async fn people_changed_at(tx: &mut Tx) -> Result<i64, StoreError> {
    let (at,): (i64,) = writing!(tx, |db| {
        sqlx::query_as("select coalesce(max(changed_at), 0) from employees")
            .fetch_one(db)
            .await?
    });
    Ok(at)
}

/// Everybody who left: the last working day, ISO text.
pub async fn last_days(tx: &mut Tx) -> Result<Vec<(EmployeeId, String)>, StoreError> {
    let rows: Vec<(i64, String)> = writing!(tx, |db| {
        sqlx::query_as("select id, left_on from employees where left_on is not null")
            .fetch_all(db)
            .await?
    });
    Ok(rows.into_iter().map(|(id, day)| (EmployeeId(id), day)).collect())
}

/// A link in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkWords {
    /// The link.
    pub link: LinkId,
    /// Its code.
    pub code: String,
    /// Whose it is; of a visitor's child link, the root's.
    pub who: Subject,
    /// Slug of its campaign.
    pub campaign: String,
    /// The campaign's name.
    pub campaign_name: String,
}

#[derive(sqlx::FromRow)]
struct WordsRow {
    id: i64,
    code: String,
    slug: String,
    campaign_name: String,
    employee_id: i64,
    employee_code: String,
    name: String,
    nickname: Option<String>,
    display: String,
}

/// These links in words; those nobody knows are left out.
pub async fn link_words(tx: &mut Tx, links: &[LinkId]) -> Result<Vec<LinkWords>, StoreError> {
    let mut found = Vec::with_capacity(links.len());
    for chunk in links.chunks(CHUNK) {
        let rows: Vec<WordsRow> = writing!(&mut *tx, |db| {
            let mut q = QueryBuilder::new(
                "select l.id, l.code, c.slug, c.name as campaign_name, e.id as employee_id, e.code as employee_code, \
                 e.name, e.nickname, e.display from links l \
                 join employees e on e.id = l.employee_id join campaigns c on c.id = l.campaign_id where l.id in (",
            );
            let mut list = q.separated(", ");
            for link in chunk {
                list.push_bind(link.0);
            }
            q.push(")");
            q.build_query_as().fetch_all(db).await?
        });
        for row in rows {
            found.push(LinkWords {
                link: LinkId(row.id),
                code: row.code,
                who: subject((
                    row.employee_id,
                    row.employee_code,
                    row.name,
                    row.nickname,
                    row.display,
                ))?,
                campaign: row.slug,
                campaign_name: row.campaign_name,
            });
        }
    }
    Ok(found)
}
