//! What a person reads of their own: days out of the rollups, clicks out of the rows.

use jiff::civil::Date;
use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::domain::{Class, ClickId, ClickReason, Counts, EmployeeId};
use crate::storage::clicks::on_days;
use crate::storage::{Store, StoreError, convert, reading};

/// Above so many links with clicks, one look along the clicks is cheaper than one look per link.
const LINKS: usize = 200;
/// So many of the latest clicks are looked along for it.
const LATEST: i64 = 5_000;

/// A click as its link's owner reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four facts that do not exclude each other"
)]
pub struct ClickEvent {
    /// Which.
    pub id: ClickId,
    /// When, milliseconds UTC.
    pub at: i64,
    /// The link's code.
    pub link: String,
    /// The campaign's name.
    pub campaign: String,
    /// Where the link was posted.
    pub channel: String,
    /// What it was.
    pub class: Class,
    /// Why.
    pub reason: ClickReason,
    /// Who is credited; `None`: a re-shared link (indirect), or after the last working day.
    pub credited: Option<EmployeeId>,
    /// On a link that a visitor re-shared.
    pub indirect: bool,
    /// Visible time believed, milliseconds; `None`: unmeasured.
    pub dwell_ms: Option<i64>,
    /// A valid click.
    pub valid: bool,
    /// Points were booked for it.
    pub earned: bool,
    /// Scanned, not tapped.
    pub scan: bool,
}

#[derive(sqlx::FromRow)]
struct ClickSqlRow {
    id: Uuid,
    at: i64,
    code: String,
    campaign: String,
    channel: String,
    class: String,
    reason: String,
    employee_id: Option<i64>,
    parent_id: Option<i64>,
    dwell_ms: Option<i64>,
    valid: bool,
    earned: bool,
    scan: bool,
}

impl TryFrom<ClickSqlRow> for ClickEvent {
    type Error = StoreError;

    fn try_from(row: ClickSqlRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: ClickId(row.id),
            at: row.at,
            link: row.code,
            campaign: row.campaign,
            channel: row.channel,
            class: convert::word("clicks", "class", row.class)?,
            reason: convert::word("clicks", "reason", row.reason)?,
            credited: row.employee_id.map(EmployeeId),
            indirect: row.parent_id.is_some(),
            dwell_ms: row.dwell_ms,
            valid: row.valid,
            earned: row.earned,
            scan: row.scan,
        })
    }
}

const CLICK: &str = "select c.id, c.at, l.code, g.name as campaign, l.channel, c.class, c.reason, c.employee_id, \
     l.parent_id, c.dwell_ms, c.valid, c.earned, c.scan from clicks c join links l on l.id = c.link_id \
     join campaigns g on g.id = l.campaign_id where ";

impl Store {
    /// A person's days from `first` up to, not including, `end`, in order; days without anything are left out.
    pub async fn employee_days(
        &self,
        employee: EmployeeId,
        first: Date,
        end: Date,
    ) -> Result<Vec<(Date, Counts)>, StoreError> {
        type Row = (String, i64, i64, i64, i64, i64, i64, i64);
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(
                "select day, requests, human, valid, leads, sales, amount, points from employee_day \
                 where employee_id = $1 and day >= $2 and day < $3 order by day",
            )
            .bind(employee.0)
            .bind(first.to_string())
            .bind(end.to_string())
            .fetch_all(db)
            .await?
        });
        rows.into_iter()
            .map(|(day, requests, human, valid, leads, sales, amount, points)| {
                let counts = Counts {
                    requests,
                    human,
                    valid,
                    leads,
                    sales,
                    amount,
                    points,
                };
                Ok((convert::day("employee_day", "day", day)?, counts))
            })
            .collect()
    }

    /// Clicks on a person's links and on links re-shared from them, the latest first; `before` is the last one read.
    pub async fn clicks_around(
        &self,
        employee: EmployeeId,
        before: ClickId,
        limit: i64,
    ) -> Result<Vec<ClickEvent>, StoreError> {
        let links = self.clicked_links(employee).await?;
        if links.is_empty() {
            return Ok(Vec::new());
        }
        let many = links.len() > LINKS;
        if many {
            // Whoever is clicked often is among the latest clicks of all.
            let rows: Vec<ClickSqlRow> = reading!(self, |db| {
                let mut q = QueryBuilder::new(CLICK);
                // The plus keeps the planner from walking all those links instead of the latest clicks.
                q.push("+l.employee_id = ").push_bind(employee.0);
                q.push(" and c.id < ").push_bind(before.0);
                q.push(" and c.id >= coalesce((select u.id from clicks u where u.id < ")
                    .push_bind(before.0);
                q.push(" order by u.id desc limit 1 offset ").push_bind(LATEST);
                q.push("), ").push_bind(Uuid::nil());
                q.push(") order by c.id desc limit ").push_bind(limit);
                q.build_query_as().fetch_all(db).await?
            });
            if i64::try_from(rows.len()).is_ok_and(|found| found >= limit) {
                return rows.into_iter().map(TryInto::try_into).collect();
            }
        }
        let mut found: Vec<ClickEvent> = Vec::new();
        for days in self.stretches(i64::MIN, before.unix_ms()).await? {
            let left = limit - i64::try_from(found.len()).unwrap_or(limit);
            if left <= 0 {
                break;
            }
            let rows: Vec<ClickSqlRow> = reading!(self, |db| {
                let mut q = QueryBuilder::new(CLICK);
                q.push("c.id in (select x.id from (select u.id from clicks u where u.link_id in (");
                if many {
                    q.push("select id from links where employee_id = ")
                        .push_bind(employee.0);
                } else {
                    let mut list = q.separated(", ");
                    for link in &links {
                        list.push_bind(*link);
                    }
                }
                q.push(")");
                on_days!(q, "u.at", days.clone());
                if many {
                    // A limit inside keeps the planner from walking all clicks of those days, the latest first.
                    q.push(" limit ").push_bind(i64::from(i32::MAX));
                } else {
                    q.push(" and u.id < ").push_bind(before.0);
                    q.push(" order by u.id desc limit ").push_bind(left);
                }
                q.push(") x where x.id < ").push_bind(before.0);
                q.push(" order by x.id desc limit ").push_bind(left).push(")");
                q.push(" order by c.id desc");
                q.build_query_as().fetch_all(db).await?
            });
            for row in rows {
                found.push(row.try_into()?);
            }
        }
        Ok(found)
    }

    /// A person's links, and links re-shared from them, that have clicks; stops counting above [`LINKS`].
    async fn clicked_links(&self, employee: EmployeeId) -> Result<Vec<i64>, StoreError> {
        let limit = i64::try_from(LINKS).unwrap_or(i64::MAX).saturating_add(1);
        let rows: Vec<(i64,)> = reading!(self, |db| {
            sqlx::query_as(
                "select l.id from (select id from links where employee_id = $1 and parent_id is null union all \
                 select c.id from links c where c.parent_id is not null and c.parent_id in \
                 (select id from links where employee_id = $1 and parent_id is null)) l where \
                 exists (select 1 from link_recent r where r.link_id = l.id and r.requests > 0) or \
                 exists (select 1 from link_totals t where t.link_id = l.id and t.requests > 0) limit $2",
            )
            .bind(employee.0)
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }
}
