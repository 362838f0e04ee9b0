//! Clicks for people: lists, one, counts.

use sqlx::QueryBuilder;
use uuid::Uuid;

use crate::domain::{Class, ClickId, LinkId};
use crate::storage::clicks::{class_of, first_id_at};
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
        if let Some(link) = $filter.link {
            $q.push(" and c.link_id = ").push_bind(link.0);
        }
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
        let rows: Vec<Row> = reading!(self, |db| {
            let mut q = QueryBuilder::new(
                "select c.id, l.code, c.class, c.reason, c.dwell_ms, c.valid, c.country, c.region, c.city, c.browser, \
                 c.os, c.device, c.referrer, c.scan from clicks c join links l on l.id = c.link_id where c.id < ",
            );
            q.push_bind(before.0);
            filtered!(q, filter);
            q.push(" order by c.id desc limit ").push_bind(limit);
            q.build_query_as().fetch_all(db).await?
        });
        rows.into_iter().map(from_row).collect()
    }

    /// One click.
    pub async fn click(&self, id: ClickId) -> Result<Option<ClickView>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(
                "select c.id, l.code, c.class, c.reason, c.dwell_ms, c.valid, c.country, c.region, c.city, c.browser, \
                 c.os, c.device, c.referrer, c.scan from clicks c join links l on l.id = c.link_id where c.id = $1",
            )
            .bind(id.0)
            .fetch_optional(db)
            .await?
        });
        row.map(from_row).transpose()
    }

    /// How many clicks there are, counted row by row.
    pub async fn count_clicks(&self, filter: &ClickFilter) -> Result<i64, StoreError> {
        let (count,): (i64,) = reading!(self, |db| {
            let mut q = QueryBuilder::new("select count(*) from clicks c where c.id <= ");
            q.push_bind(Uuid::max());
            filtered!(q, filter);
            q.build_query_as().fetch_one(db).await?
        });
        Ok(count)
    }
}
