//! Campaigns and their pictures.

use jiff::civil::Date;

use crate::domain::CampaignId;
use crate::storage::convert::day_opt;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// Row.
    pub id: CampaignId,
    /// What people say, and `utm_campaign`; lower case.
    pub slug: String,
    /// What can change.
    pub facts: CampaignFacts,
    /// Whether it has a picture.
    pub has_picture: bool,
    /// Milliseconds UTC.
    pub created_at: i64,
}

/// What a campaign's record says; destination and hosts were checked at the door.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignFacts {
    /// What people and posters call it.
    pub name: String,
    /// A few sentences; also the Open Graph description.
    pub description: String,
    /// Where its links lead.
    pub destination: String,
    /// Hosts its links may lead to, as entries of `share::AllowedHosts`.
    pub allowed_hosts: Vec<String>,
    /// First business day.
    pub starts_on: Option<Date>,
    /// Last business day.
    pub ends_on: Option<Date>,
    /// Where disabled and expired links lead.
    pub fallback_url: Option<String>,
    /// Its own attribution window, days; `None`: the programme's.
    pub attribution_window_days: Option<i64>,
    /// When it was turned off, milliseconds UTC.
    pub disabled_at: Option<i64>,
}

/// A campaign's picture.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CampaignPicture {
    /// `image/png` or `image/jpeg`.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// When it was put, milliseconds UTC.
    pub changed_at: i64,
}

/// What a campaign is called.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct CampaignName {
    /// Row.
    pub id: i64,
    /// What addresses say.
    pub slug: String,
    /// What people say.
    pub name: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    slug: String,
    name: String,
    description: String,
    destination: String,
    allowed_hosts: String,
    starts_on: Option<String>,
    ends_on: Option<String>,
    fallback_url: Option<String>,
    attribution_window_days: Option<i64>,
    disabled_at: Option<i64>,
    picture: i64,
    created_at: i64,
}

fn from_row(row: Row) -> Result<Campaign, StoreError> {
    let allowed_hosts = serde_json::from_str(&row.allowed_hosts).map_err(|_| StoreError::Corrupt {
        table: "campaigns",
        column: "allowed_hosts",
        value: row.allowed_hosts,
    })?;
    Ok(Campaign {
        id: CampaignId(row.id),
        slug: row.slug,
        facts: CampaignFacts {
            name: row.name,
            description: row.description,
            destination: row.destination,
            allowed_hosts,
            starts_on: day_opt("campaigns", "starts_on", row.starts_on)?,
            ends_on: day_opt("campaigns", "ends_on", row.ends_on)?,
            fallback_url: row.fallback_url,
            attribution_window_days: row.attribution_window_days,
            disabled_at: row.disabled_at,
        },
        has_picture: row.picture > 0,
        created_at: row.created_at,
    })
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "select c.id, c.slug, c.name, c.description, c.destination, c.allowed_hosts, c.starts_on, c.ends_on, \
             c.fallback_url, c.attribution_window_days, c.disabled_at, c.created_at, \
             (select count(*) from campaign_pictures p where p.campaign_id = c.id) as picture from campaigns c ",
            $tail
        )
    };
}

impl Store {
    /// The campaign with this slug.
    pub async fn campaign(&self, slug: &str) -> Result<Option<Campaign>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(select!("where c.slug = $1"))
                .bind(slug.to_ascii_lowercase())
                .fetch_optional(db)
                .await?
        });
        row.map(from_row).transpose()
    }

    /// The campaign in this row.
    pub async fn campaign_by_id(&self, id: CampaignId) -> Result<Option<Campaign>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(select!("where c.id = $1"))
                .bind(id.0)
                .fetch_optional(db)
                .await?
        });
        row.map(from_row).transpose()
    }

    /// Campaigns by row, `after` the last one seen.
    pub async fn campaigns(&self, after: Option<i64>, limit: i64) -> Result<Vec<Campaign>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(select!("where c.id > $1 order by c.id limit $2"))
                .bind(after.unwrap_or(0))
                .bind(limit)
                .fetch_all(db)
                .await?
        });
        rows.into_iter().map(from_row).collect()
    }

    /// Campaigns that are not turned off and not over on a business day, newest first. All of them: what is cut here is
    /// what nobody can post.
    pub async fn open_campaigns(&self, day: Date) -> Result<Vec<Campaign>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(select!(
                "where c.disabled_at is null and coalesce(c.ends_on, $1) >= $1 order by c.id desc"
            ))
            .bind(day.to_string())
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(from_row).collect()
    }

    /// What all campaigns are called, newest first.
    pub async fn campaign_names(&self) -> Result<Vec<CampaignName>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as("select id, slug, name from campaigns order by id desc")
                .fetch_all(db)
                .await?
        }))
    }

    /// A campaign's picture.
    pub async fn campaign_picture(&self, id: CampaignId) -> Result<Option<CampaignPicture>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select media_type, bytes, changed_at from campaign_pictures where campaign_id = $1",
            )
            .bind(id.0)
            .fetch_optional(db)
            .await?
        }))
    }
}

/// The campaign with this slug, locked for this transaction.
pub async fn lock_campaign(tx: &mut Tx, slug: &str) -> Result<Option<Campaign>, StoreError> {
    let row: Option<Row> = writing!(tx, |db| {
        sqlx::query("update campaigns set slug = slug where slug = $1")
            .bind(slug.to_ascii_lowercase())
            .execute(&mut *db)
            .await?;
        sqlx::query_as(select!("where c.slug = $1"))
            .bind(slug.to_ascii_lowercase())
            .fetch_optional(db)
            .await?
    });
    row.map(from_row).transpose()
}

/// Own destinations of a campaign's links, each once.
pub async fn own_destinations(tx: &mut Tx, id: CampaignId) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = writing!(tx, |db| {
        sqlx::query_as(
            "select distinct destination from links where campaign_id = $1 and destination is not null",
        )
        .bind(id.0)
        .fetch_all(db)
        .await?
    });
    Ok(rows.into_iter().map(|(destination,)| destination).collect())
}

/// Stores a new campaign; `None` when the slug is taken.
pub async fn insert_campaign(
    tx: &mut Tx,
    slug: &str,
    facts: &CampaignFacts,
    at: i64,
) -> Result<Option<CampaignId>, StoreError> {
    let row: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as(
            "insert into campaigns (slug, name, description, destination, allowed_hosts, starts_on, ends_on, fallback_url, \
             attribution_window_days, disabled_at, created_at, changed_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) on conflict (slug) do nothing returning id",
        )
        .bind(slug)
        .bind(&facts.name)
        .bind(&facts.description)
        .bind(&facts.destination)
        .bind(serde_json::json!(facts.allowed_hosts).to_string())
        .bind(facts.starts_on.map(|d| d.to_string()))
        .bind(facts.ends_on.map(|d| d.to_string()))
        .bind(&facts.fallback_url)
        .bind(facts.attribution_window_days)
        .bind(facts.disabled_at)
        .bind(at)
        .fetch_optional(db)
        .await?
    });
    Ok(row.map(|(id,)| CampaignId(id)))
}

/// Changes a campaign's record.
pub async fn update_campaign(
    tx: &mut Tx,
    id: CampaignId,
    facts: &CampaignFacts,
    at: i64,
) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update campaigns set name = $2, description = $3, destination = $4, allowed_hosts = $5, starts_on = $6, \
             ends_on = $7, fallback_url = $8, attribution_window_days = $9, disabled_at = $10, changed_at = $11 \
             where id = $1",
        )
        .bind(id.0)
        .bind(&facts.name)
        .bind(&facts.description)
        .bind(&facts.destination)
        .bind(serde_json::json!(facts.allowed_hosts).to_string())
        .bind(facts.starts_on.map(|d| d.to_string()))
        .bind(facts.ends_on.map(|d| d.to_string()))
        .bind(&facts.fallback_url)
        .bind(facts.attribution_window_days)
        .bind(facts.disabled_at)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("campaigns", done, 1)
}

/// Puts a campaign's picture in the place of the one it had.
pub async fn put_campaign_picture(
    tx: &mut Tx,
    id: CampaignId,
    media_type: &str,
    bytes: &[u8],
    at: i64,
) -> Result<(), StoreError> {
    let (pictures, campaigns) = writing!(tx, |db| {
        let pictures = sqlx::query(
            "insert into campaign_pictures (campaign_id, media_type, bytes, changed_at) values ($1, $2, $3, $4) \
             on conflict (campaign_id) do update set media_type = excluded.media_type, bytes = excluded.bytes, \
             changed_at = excluded.changed_at",
        )
        .bind(id.0)
        .bind(media_type)
        .bind(bytes)
        .bind(at)
        .execute(&mut *db)
        .await?
        .rows_affected();
        let campaigns = sqlx::query("update campaigns set changed_at = $2 where id = $1")
            .bind(id.0)
            .bind(at)
            .execute(db)
            .await?
            .rows_affected();
        (pictures, campaigns)
    });
    StoreError::check_rows("campaign_pictures", pictures, 1)?;
    StoreError::check_rows("campaigns", campaigns, 1)
}
