//! Links, campaigns and employees as the redirect's table in memory wants them.
//!
//! # Why
//! A million rows cost seconds row by row, and half a second as a few hundred texts made inside the database.

use jiff::civil::Date;

use crate::domain::{CampaignId, EmployeeId, LinkId};
use crate::storage::convert::day_opt;
use crate::storage::{Store, StoreError, reading};

/// Ids per text.
pub const LINK_CHUNK: i64 = 8_192;

/// Parts fields and rows; no text of a link may contain them (they are control characters).
const FIELD: &str = "\u{1f}";
const ROW: &str = "\u{1e}";

/// A link, as the table wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableLink<'a> {
    /// Row.
    pub id: LinkId,
    /// As minted or wished.
    pub code: &'a str,
    /// Whose.
    pub employee: EmployeeId,
    /// For what.
    pub campaign: CampaignId,
    /// Where it is posted.
    pub channel: &'a str,
    /// A visitor's child link.
    pub child: bool,
    /// Turned off.
    pub disabled: bool,
    /// Expiry, milliseconds UTC, exclusive.
    pub expires_at_ms: Option<i64>,
    /// Own destination.
    pub destination: Option<&'a str>,
    /// Own UTM values, JSON.
    pub utm: Option<&'a str>,
}

/// Links in one text; [`LinkTexts::iter`] reads them.
#[derive(Clone, Debug, Default)]
pub struct LinkTexts(Option<String>);

impl LinkTexts {
    /// The links in it.
    pub fn iter(&self) -> impl Iterator<Item = Result<TableLink<'_>, StoreError>> {
        self.0
            .as_deref()
            .unwrap_or("")
            .split(ROW)
            .filter(|row| !row.is_empty())
            .map(|row| {
                parse(row).ok_or_else(|| StoreError::Corrupt {
                    table: "links",
                    column: "*",
                    value: row.to_owned(),
                })
            })
    }
}

fn parse(row: &str) -> Option<TableLink<'_>> {
    let mut fields = row.split(FIELD);
    let mut next = || fields.next();
    let filled = |text: &'_ str| !text.is_empty();
    let link = TableLink {
        id: LinkId(next()?.parse().ok()?),
        code: next()?,
        employee: EmployeeId(next()?.parse().ok()?),
        campaign: CampaignId(next()?.parse().ok()?),
        channel: next()?,
        child: filled(next()?),
        disabled: filled(next()?),
        expires_at_ms: match next()? {
            "" => None,
            text => Some(text.parse().ok()?),
        },
        destination: Some(next()?).filter(|text| !text.is_empty()),
        utm: Some(next()?).filter(|text| !text.is_empty()),
    };
    fields.next().is_none().then_some(link)
}

/// A campaign, as the table wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableCampaign {
    /// Row.
    pub id: CampaignId,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// A few sentences.
    pub description: String,
    /// Where its links lead.
    pub destination: String,
    /// First business day.
    pub starts_on: Option<Date>,
    /// Last business day.
    pub ends_on: Option<Date>,
    /// Where disabled and expired links lead.
    pub fallback_url: Option<String>,
    /// Turned off.
    pub disabled: bool,
    /// Whether it has a picture.
    pub has_picture: bool,
    /// When it changed, milliseconds UTC.
    pub changed_at: i64,
}

#[derive(sqlx::FromRow)]
struct CampaignRow {
    id: i64,
    slug: String,
    name: String,
    description: String,
    destination: String,
    starts_on: Option<String>,
    ends_on: Option<String>,
    fallback_url: Option<String>,
    disabled_at: Option<i64>,
    picture: Option<i64>,
    changed_at: i64,
}

macro_rules! links {
    ($where:literal) => {
        concat!(
            "select string_agg(cast(id as text) || $1 || code || $1 || cast(employee_id as text) || $1 || \
             cast(campaign_id as text) || $1 || channel || $1 || case when parent_id is null then '' else '1' end || $1 || \
             case when disabled_at is null then '' else '1' end || $1 || coalesce(cast(expires_at as text), '') || $1 || \
             coalesce(destination, '') || $1 || coalesce(utm, ''), $2) from links where ",
            $where
        )
    };
}

impl Store {
    /// The largest id of a link; 0 when there is none.
    pub async fn last_link(&self) -> Result<LinkId, StoreError> {
        let (id,): (i64,) = reading!(self, |db| {
            sqlx::query_as("select coalesce(max(id), 0) from links")
                .fetch_one(db)
                .await?
        });
        Ok(LinkId(id))
    }

    /// The links with ids above `after`, up to [`LINK_CHUNK`] further on.
    pub async fn table_links(&self, after: LinkId) -> Result<LinkTexts, StoreError> {
        let (text,): (Option<String>,) = reading!(self, |db| {
            sqlx::query_as(links!("id > $3 and id <= $4"))
                .bind(FIELD)
                .bind(ROW)
                .bind(after.0)
                .bind(after.0 + LINK_CHUNK)
                .fetch_one(db)
                .await?
        });
        Ok(LinkTexts(text))
    }

    /// The links changed at `since_ms` or later; `None` when they are more than `most`.
    pub async fn table_links_since(&self, since_ms: i64, most: i64) -> Result<Option<LinkTexts>, StoreError> {
        let (count,): (i64,) = reading!(self, |db| {
            sqlx::query_as(
                "select count(*) from (select 1 as one from links where changed_at >= $1 limit $2) as x",
            )
            .bind(since_ms)
            .bind(most + 1)
            .fetch_one(db)
            .await?
        });
        if count > most {
            return Ok(None);
        }
        if count == 0 {
            return Ok(Some(LinkTexts(None)));
        }
        let (text,): (Option<String>,) = reading!(self, |db| {
            sqlx::query_as(links!("changed_at >= $3"))
                .bind(FIELD)
                .bind(ROW)
                .bind(since_ms)
                .fetch_one(db)
                .await?
        });
        Ok(Some(LinkTexts(text)))
    }

    /// When links changed last, milliseconds UTC; 0 when there is none.
    pub async fn links_changed_at(&self) -> Result<i64, StoreError> {
        let (at,): (i64,) = reading!(self, |db| {
            sqlx::query_as("select coalesce(max(changed_at), 0) from links")
                .fetch_one(db)
                .await?
        });
        Ok(at)
    }

    /// The campaigns changed at `since_ms` or later.
    pub async fn table_campaigns_since(&self, since_ms: i64) -> Result<Vec<TableCampaign>, StoreError> {
        let rows: Vec<CampaignRow> = reading!(self, |db| {
            sqlx::query_as(
                "select c.id, c.slug, c.name, c.description, c.destination, c.starts_on, c.ends_on, c.fallback_url, \
                 c.disabled_at, p.campaign_id as picture, c.changed_at from campaigns c \
                 left join campaign_pictures p on p.campaign_id = c.id where c.changed_at >= $1",
            )
            .bind(since_ms)
            .fetch_all(db)
            .await?
        });
        rows.into_iter()
            .map(|row| {
                Ok(TableCampaign {
                    id: CampaignId(row.id),
                    slug: row.slug,
                    name: row.name,
                    description: row.description,
                    destination: row.destination,
                    starts_on: day_opt("campaigns", "starts_on", row.starts_on)?,
                    ends_on: day_opt("campaigns", "ends_on", row.ends_on)?,
                    fallback_url: row.fallback_url,
                    disabled: row.disabled_at.is_some(),
                    has_picture: row.picture.is_some(),
                    changed_at: row.changed_at,
                })
            })
            .collect()
    }

    /// Employees changed at `since_ms` or later: row, code, when.
    pub async fn table_employees_since(
        &self,
        since_ms: i64,
    ) -> Result<Vec<(EmployeeId, String, i64)>, StoreError> {
        let rows: Vec<(i64, String, i64)> = reading!(self, |db| {
            sqlx::query_as("select id, code, changed_at from employees where changed_at >= $1")
                .bind(since_ms)
                .fetch_all(db)
                .await?
        });
        Ok(rows
            .into_iter()
            .map(|(id, code, at)| (EmployeeId(id), code, at))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_with_a_field_too_few_or_too_many_is_corrupt() {
        let row = ["7", "abc", "1", "2", "wechat", "", "1", "99", "", "{}"].join(FIELD);
        let link = parse(&row).unwrap();
        assert_eq!(
            (link.id, link.disabled, link.expires_at_ms, link.utm),
            (LinkId(7), true, Some(99), Some("{}"))
        );
        assert_eq!((link.child, link.destination), (false, None));
        assert_eq!(parse(&format!("{row}{FIELD}")), None);
        assert_eq!(parse(row.rsplit_once(FIELD).unwrap().0), None);
    }
}
