//! Clicks for people: lists, one, counts.

use std::ops::RangeInclusive;

use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::domain::{Class, ClickId, LinkId};
use crate::storage::clicks::{class_of, days, first_id_at, on_days};
use crate::storage::{Store, StoreError, reading};

/// Which clicks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClickFilter {
    /// On this link.
    pub link: Option<LinkId>,
    /// Of this class.
    pub class: Option<Class>,
    /// From this instant, milliseconds UTC, inclusive.
    pub from_ms: Option<i64>,
    /// To this instant, milliseconds UTC, exclusive.
    pub to_ms: Option<i64>,
}

/// A click as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClickView {
    /// The click.
    pub id: ClickId,
    /// The link's code.
    pub link: String,
    /// Class in force.
    pub class: Class,
    /// Reason in force, a word.
    pub reason: String,
    /// Visible time believed, milliseconds.
    pub dwell_ms: Option<i64>,
    /// Valid.
    pub valid: bool,
    /// ISO 3166 code.
    pub country: Option<String>,
    /// Name of the region.
    pub region: Option<String>,
    /// Name of the city.
    pub city: Option<String>,
    /// Browser or app.
    pub browser: Option<String>,
    /// Operating system.
    pub os: Option<String>,
    /// Kind of device.
    pub device: Option<String>,
    /// Referrer's host.
    pub referrer: Option<String>,
    /// Scanned, not tapped.
    pub scan: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    code: String,
    class: String,
    reason: String,
    dwell_ms: Option<i64>,
    valid: bool,
    country: Option<String>,
    region: Option<String>,
    city: Option<String>,
    browser: Option<String>,
    os: Option<String>,
    device: Option<String>,
    referrer: Option<String>,
    scan: bool,
}

const VIEW: &str = "select c.id, l.code, c.class, c.reason, c.dwell_ms, c.valid, nullif(p.country, '') as country, \
     nullif(p.region, '') as region, nullif(p.city, '') as city, a.browser, a.os, a.device, \
     nullif(a.referrer, '') as referrer, c.scan from clicks c join links l on l.id = c.link_id \
     left join click_agents a on a.id = c.agent_id left join click_places p on p.id = c.place_id where ";

fn from_row(row: Row) -> Result<ClickView, StoreError> {
    Ok(ClickView {
        id: ClickId(row.id),
        link: row.code,
        class: class_of(&row.class)?,
        reason: row.reason,
        dwell_ms: row.dwell_ms,
        valid: row.valid,
        country: row.country,
        region: row.region,
        city: row.city,
        browser: row.browser,
        os: row.os,
        device: row.device,
        referrer: row.referrer,
        scan: row.scan,
    })
}

/// Appends the filter's conditions; `$q` ends in a condition already.
macro_rules! filtered {
    ($q:ident, $filter:expr) => {
        if let Some(class) = $filter.class {
            $q.push(" and c.class = ").push_bind(class.as_str());
        }
        if let Some(from_ms) = $filter.from_ms {
            $q.push(" and c.id >= ").push_bind(first_id_at(from_ms).0);
        }
        if let Some(to_ms) = $filter.to_ms {
            $q.push(" and c.id < ").push_bind(first_id_at(to_ms).0);
        }
    };
}

impl Store {
    /// Clicks, newest first; `before` is the last one of the page before.
    pub async fn clicks(
        &self,
        filter: &ClickFilter,
        before: Option<ClickId>,
        limit: i64,
    ) -> Result<Vec<ClickView>, StoreError> {
        let before = before.unwrap_or(ClickId(Uuid::max()));
        let Some(link) = filter.link else {
            let rows: Vec<Row> = reading!(self, |db| {
                let mut q = QueryBuilder::new(VIEW);
                q.push("c.id < ").push_bind(before.0);
                filtered!(q, filter);
                q.push(" order by c.id desc limit ").push_bind(limit);
                q.build_query_as().fetch_all(db).await?
            });
            return rows.into_iter().map(from_row).collect();
        };
        let mut found: Vec<ClickView> = Vec::new();
        let to_ms = filter.to_ms.unwrap_or(i64::MAX).min(before.unix_ms());
        let mut stretches = self.stretches(filter.from_ms.unwrap_or(i64::MIN), to_ms).await?;
        while let Some(days) = stretches.next().filter(|_| found.len() < count(limit)) {
            let left = limit - i64::try_from(found.len()).unwrap_or(limit);
            let rows: Vec<Row> = reading!(self, |db| {
                let mut q = QueryBuilder::new(VIEW);
                q.push("c.id < ").push_bind(before.0);
                q.push(" and c.link_id = ").push_bind(link.0);
                on_days!(q, "c.at", days.clone());
                filtered!(q, filter);
                q.push(" order by c.id desc limit ").push_bind(left);
                q.build_query_as().fetch_all(db).await?
            });
            for row in rows {
                found.push(from_row(row)?);
            }
        }
        Ok(found)
    }

    /// One click.
    pub async fn click(&self, id: ClickId) -> Result<Option<ClickView>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            let mut q = QueryBuilder::new(VIEW);
            q.push("c.id = ").push_bind(id.0);
            q.build_query_as().fetch_optional(db).await?
        });
        row.map(from_row).transpose()
    }

    /// How many clicks there are, counted row by row.
    pub async fn count_clicks(&self, filter: &ClickFilter) -> Result<i64, StoreError> {
        let Some(link) = filter.link else {
            let (count,): (i64,) = reading!(self, |db| {
                let mut q = QueryBuilder::new("select count(*) from clicks c where c.id <= ");
                q.push_bind(Uuid::max());
                filtered!(q, filter);
                q.build_query_as().fetch_one(db).await?
            });
            return Ok(count);
        };
        let mut sum = 0;
        let (from_ms, to_ms) = (
            filter.from_ms.unwrap_or(i64::MIN),
            filter.to_ms.unwrap_or(i64::MAX),
        );
        for days in self.stretches(from_ms, to_ms).await? {
            let (count,): (i64,) = reading!(self, |db| {
                let mut q = QueryBuilder::new("select count(*) from clicks c where c.link_id = ");
                q.push_bind(link.0);
                on_days!(q, "c.at", days.clone());
                filtered!(q, filter);
                q.build_query_as().fetch_one(db).await?
            });
            sum += count;
        }
        Ok(sum)
    }

    /// The days on which there may be clicks between two instants, latest first, in ever longer stretches: whoever looks
    /// for the latest clicks on a link finds them in the first ones, or goes on.
    pub(in crate::storage) async fn stretches(
        &self,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Stretches, StoreError> {
        let end = |sql: &'static str| async move {
            let row: Option<(Uuid,)> = reading!(self, |db| sqlx::query_as(sql).fetch_optional(db).await?);
            Ok::<_, StoreError>(row.map(|(id,)| ClickId(id).unix_ms()))
        };
        let first = end("select id from clicks order by id limit 1").await?;
        let last = end("select id from clicks order by id desc limit 1").await?;
        let (Some(first), Some(last)) = (first, last) else {
            return Ok(Stretches {
                days: (1, 0),
                length: 1,
            });
        };
        let days = days(first.max(from_ms), last.min(to_ms));
        Ok(Stretches {
            days: (*days.start(), *days.end()),
            length: 1,
        })
    }
}

/// Days in stretches, from the end.
#[derive(Clone, Debug)]
pub(in crate::storage) struct Stretches {
    days: (i64, i64),
    length: i64,
}

/// Days asked for at once, at most.
const LONGEST: i64 = 128;

impl Iterator for Stretches {
    type Item = RangeInclusive<i64>;

    fn next(&mut self) -> Option<Self::Item> {
        let (first, last) = self.days;
        if last < first {
            return None;
        }
        let from = first.max(last - self.length + 1);
        self.days.1 = from - 1;
        self.length = (self.length * 2).min(LONGEST);
        Some(from..=last)
    }
}

fn count(limit: i64) -> usize {
    usize::try_from(limit).unwrap_or(0)
}
