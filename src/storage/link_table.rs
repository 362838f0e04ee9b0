//! Links, campaigns and employees as the redirect's table in memory wants them.
//!
//! # Why
//! A million rows cost seconds row by row, and half a second as a few hundred texts made inside the database.

use std::collections::HashMap;

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

/// Links in a few texts; [`LinkTexts::links`] reads them.
#[derive(Clone, Debug, Default)]
pub struct LinkTexts(Option<Columns>);

/// A text per column, its values in one order in all of them; what hardly any link has is said of those links alone.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
struct Columns {
    ids: Option<String>,
    codes: Option<String>,
    employees: Option<String>,
    campaigns: Option<String>,
    channels: Option<String>,
    /// Rows of id, child, disabled, expiry, destination, UTM values.
    rare: Option<String>,
}

/// What hardly any link has.
#[derive(Clone, Copy, Debug, Default)]
struct Rare<'a> {
    child: bool,
    disabled: bool,
    expires_at_ms: Option<i64>,
    destination: Option<&'a str>,
    utm: Option<&'a str>,
}

impl LinkTexts {
    /// The links in it.
    pub fn links(&self) -> Result<Vec<TableLink<'_>>, StoreError> {
        let found = self.0.as_ref().map(Columns::links);
        found
            .unwrap_or_else(|| Ok(Vec::new()))
            .map_err(|value| StoreError::Corrupt {
                table: "links",
                column: "*",
                value,
            })
    }
}

fn column(text: &Option<String>) -> std::str::Split<'_, &'static str> {
    text.as_deref().unwrap_or("").split(ROW)
}

impl Columns {
    /// The links, or what is none.
    fn links(&self) -> Result<Vec<TableLink<'_>>, String> {
        let Some(ids) = &self.ids else {
            return Ok(Vec::new());
        };
        let (mut codes, mut channels) = (column(&self.codes), column(&self.channels));
        let (mut employees, mut campaigns) = (column(&self.employees), column(&self.campaigns));
        let mut rare: HashMap<&str, Rare<'_>> = HashMap::new();
        for row in column(&self.rare).filter(|row| !row.is_empty()) {
            let (id, few) = rare_of(row).ok_or(row)?;
            rare.insert(id, few);
        }
        let mut links = Vec::with_capacity(usize::try_from(LINK_CHUNK).unwrap_or(0));
        for id in ids.split(ROW) {
            let values = [codes.next(), employees.next(), campaigns.next(), channels.next()];
            links.push(parse(id, values, rare.remove(id).unwrap_or_default()).ok_or(id)?);
        }
        let mut left = [codes.next(), employees.next(), campaigns.next(), channels.next()]
            .into_iter()
            .flatten();
        match left.next().or_else(|| rare.keys().next().copied()) {
            Some(more) => Err(more.to_owned()),
            None => Ok(links),
        }
    }
}

fn parse<'a>(id: &str, values: [Option<&'a str>; 4], rare: Rare<'a>) -> Option<TableLink<'a>> {
    let [code, employee, campaign, channel] = values;
    Some(TableLink {
        id: LinkId(id.parse().ok()?),
        code: code?,
        employee: EmployeeId(employee?.parse().ok()?),
        campaign: CampaignId(campaign?.parse().ok()?),
        channel: channel?,
        child: rare.child,
        disabled: rare.disabled,
        expires_at_ms: rare.expires_at_ms,
        destination: rare.destination,
        utm: rare.utm,
    })
}

fn rare_of(row: &str) -> Option<(&str, Rare<'_>)> {
    let mut fields = row.split(FIELD);
    let mut next = || fields.next();
    let id = next()?;
    let rare = Rare {
        child: !next()?.is_empty(),
        disabled: !next()?.is_empty(),
        expires_at_ms: match next()? {
            "" => None,
            text => Some(text.parse().ok()?),
        },
        destination: Some(next()?).filter(|text| !text.is_empty()),
        utm: Some(next()?).filter(|text| !text.is_empty()),
    };
    fields.next().is_none().then_some((id, rare))
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

// A column's values one behind the other cost half of what whole rows put together do.
macro_rules! links {
    ($where:literal) => {
        concat!(
            "select string_agg(cast(id as text), $2) as ids, string_agg(code, $2) as codes, \
             string_agg(cast(employee_id as text), $2) as employees, string_agg(cast(campaign_id as text), $2) as campaigns, \
             string_agg(channel, $2) as channels, string_agg(case when parent_id is null and disabled_at is null and \
             expires_at is null and destination is null and utm is null then null else cast(id as text) || $1 || \
             case when parent_id is null then '' else '1' end || $1 || case when disabled_at is null then '' else '1' end || \
             $1 || coalesce(cast(expires_at as text), '') || $1 || coalesce(destination, '') || $1 || coalesce(utm, '') \
             end, $2) as rare from links where ",
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
        let columns: Columns = reading!(self, |db| {
            sqlx::query_as(links!("id > $3 and id <= $4"))
                .bind(FIELD)
                .bind(ROW)
                .bind(after.0)
                .bind(after.0 + LINK_CHUNK)
                .fetch_one(db)
                .await?
        });
        Ok(LinkTexts(Some(columns)))
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
        let columns: Columns = reading!(self, |db| {
            sqlx::query_as(links!("changed_at >= $3"))
                .bind(FIELD)
                .bind(ROW)
                .bind(since_ms)
                .fetch_one(db)
                .await?
        });
        Ok(Some(LinkTexts(Some(columns))))
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

    fn columns(rare: &str) -> Columns {
        let column = |values: [&str; 2]| Some(values.join(ROW));
        Columns {
            ids: column(["7", "9"]),
            codes: column(["abc", "def"]),
            employees: column(["1", "1"]),
            campaigns: column(["2", "3"]),
            channels: column(["wechat", "weibo"]),
            rare: Some(rare.to_owned()).filter(|rare| !rare.is_empty()),
        }
    }

    #[test]
    fn what_hardly_any_link_has_is_said_of_those_alone() {
        let columns = columns(&["9", "", "1", "99", "", "{}"].join(FIELD));
        let links = columns.links().unwrap();
        let [plain, own] = links[..] else {
            panic!("two links: {links:?}")
        };
        assert_eq!(
            (plain.id, plain.code, plain.campaign),
            (LinkId(7), "abc", CampaignId(2))
        );
        assert_eq!(
            (plain.disabled, plain.expires_at_ms, plain.utm),
            (false, None, None)
        );
        assert_eq!(
            (own.id, own.channel, own.campaign),
            (LinkId(9), "weibo", CampaignId(3))
        );
        assert_eq!(
            (own.disabled, own.expires_at_ms, own.utm),
            (true, Some(99), Some("{}"))
        );
        assert_eq!((own.child, own.destination), (false, None));
    }

    #[test]
    fn a_column_or_a_field_too_few_or_too_many_is_corrupt() {
        assert_eq!(columns("").links().map(|links| links.len()), Ok(2));
        for (rare, found) in [
            (["9", "", "1", "99", "", "{}", "x"].join(FIELD), "more fields"),
            (["9", "", "1", "99", ""].join(FIELD), "fewer fields"),
            (["8", "", "1", "99", "", "{}"].join(FIELD), "nobody's"),
        ] {
            assert!(columns(&rare).links().is_err(), "{found}");
        }
        let short = Columns {
            codes: Some("abc".to_owned()),
            ..columns("")
        };
        let long = Columns {
            codes: Some(["abc", "def", "ghi"].join(ROW)),
            ..columns("")
        };
        assert!(short.links().is_err() && long.links().is_err());
    }
}
