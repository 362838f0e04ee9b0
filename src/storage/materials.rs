//! Material: what a campaign gives employees to post, in three voices.

use jiff::civil::Date;

use crate::domain::{CampaignId, MaterialId};
use crate::storage::convert::day_opt;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A piece of material.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Material {
    /// Row.
    pub id: MaterialId,
    /// Whose.
    pub campaign: CampaignId,
    /// What links are minted with; unique in the campaign.
    pub code: String,
    /// What changes.
    pub facts: MaterialFacts,
}

/// What a piece of material says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MaterialFacts {
    /// What people call it.
    pub title: String,
    /// Professional voice.
    pub pro: String,
    /// Everyday voice.
    pub life: String,
    /// Funny voice.
    pub fun: String,
    /// First business day; `None`: the campaign's.
    pub starts_on: Option<Date>,
    /// Last business day.
    pub ends_on: Option<Date>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    campaign_id: i64,
    code: String,
    title: String,
    copy_pro: String,
    copy_life: String,
    copy_fun: String,
    starts_on: Option<String>,
    ends_on: Option<String>,
}

fn from_row(row: Row) -> Result<Material, StoreError> {
    Ok(Material {
        id: MaterialId(row.id),
        campaign: CampaignId(row.campaign_id),
        code: row.code,
        facts: MaterialFacts {
            title: row.title,
            pro: row.copy_pro,
            life: row.copy_life,
            fun: row.copy_fun,
            starts_on: day_opt("materials", "starts_on", row.starts_on)?,
            ends_on: day_opt("materials", "ends_on", row.ends_on)?,
        },
    })
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "select m.id, m.campaign_id, m.code, m.title, m.copy_pro, m.copy_life, m.copy_fun, m.starts_on, m.ends_on \
             from materials m ",
            $tail
        )
    };
}

impl Store {
    /// A campaign's material, newest first.
    pub async fn materials_of(&self, campaign: CampaignId) -> Result<Vec<Material>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(select!("where m.campaign_id = $1 order by m.id desc limit 200"))
                .bind(campaign.0)
                .fetch_all(db)
                .await?
        });
        rows.into_iter().map(from_row).collect()
    }

    /// What can be posted on `day`: material of campaigns that run, what ends first at the top; at most 50.
    pub async fn materials_on(&self, day: Date) -> Result<Vec<Material>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(select!(
                "join campaigns c on c.id = m.campaign_id where c.disabled_at is null \
                 and coalesce(c.starts_on, $1) <= $1 and coalesce(c.ends_on, $1) >= $1 \
                 and coalesce(m.starts_on, $1) <= $1 and coalesce(m.ends_on, $1) >= $1 \
                 order by coalesce(m.ends_on, c.ends_on, '9999-12-31'), m.id desc limit 50"
            ))
            .bind(day.to_string())
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(from_row).collect()
    }
}

/// Stores material, new or known by its code; returns its row.
pub async fn put_material(
    tx: &mut Tx,
    campaign: CampaignId,
    code: &str,
    facts: &MaterialFacts,
    at: i64,
) -> Result<MaterialId, StoreError> {
    let (id,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "insert into materials (campaign_id, code, title, copy_pro, copy_life, copy_fun, starts_on, ends_on, \
             created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (campaign_id, code) do update set \
             title = excluded.title, copy_pro = excluded.copy_pro, copy_life = excluded.copy_life, \
             copy_fun = excluded.copy_fun, starts_on = excluded.starts_on, ends_on = excluded.ends_on returning id",
        )
        .bind(campaign.0)
        .bind(code)
        .bind(&facts.title)
        .bind(&facts.pro)
        .bind(&facts.life)
        .bind(&facts.fun)
        .bind(facts.starts_on.map(|d| d.to_string()))
        .bind(facts.ends_on.map(|d| d.to_string()))
        .bind(at)
        .fetch_one(db)
        .await?
    });
    Ok(MaterialId(id))
}
