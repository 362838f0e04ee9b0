//! Material: what a campaign gives employees to post, in three voices, with a picture and where it stands.

use jiff::civil::Date;

use crate::domain::{CampaignId, MaterialId, MaterialState};
use crate::storage::convert::{day_opt, word};
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
    /// Where it stands.
    pub state: MaterialState,
    /// Who wrote what stands there: an actor's word.
    pub made_by: String,
    /// Who approved or withdrew it last: an actor's word.
    pub decided_by: Option<String>,
    /// When, milliseconds UTC.
    pub decided_at: Option<i64>,
    /// When it was first approved, milliseconds UTC.
    pub published_at: Option<i64>,
    /// When its text, dates or picture changed last, milliseconds UTC.
    pub changed_at: i64,
    /// When its own picture was put, milliseconds UTC; `None`: it has none.
    pub picture_at: Option<i64>,
}

/// What a piece of material says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MaterialFacts {
    /// What people call it.
    pub title: String,
    /// Professional voice. `{link}` stands for one's own link; without it the link follows below.
    pub pro: String,
    /// Everyday voice.
    pub life: String,
    /// Funny voice.
    pub fun: String,
    /// A short film to be posted with it (http or https).
    pub video_url: Option<String>,
    /// First business day; `None`: the campaign's.
    pub starts_on: Option<Date>,
    /// Last business day.
    pub ends_on: Option<Date>,
}

/// What a list of material is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct MaterialFilter {
    /// One campaign's.
    pub campaign: Option<CampaignId>,
    /// In this state.
    pub state: Option<MaterialState>,
}

/// A picture of material.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct MaterialPicture {
    /// `image/png` or `image/jpeg`.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// When it was put, milliseconds UTC.
    pub changed_at: i64,
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
    video_url: Option<String>,
    starts_on: Option<String>,
    ends_on: Option<String>,
    state: String,
    made_by: String,
    decided_by: Option<String>,
    decided_at: Option<i64>,
    published_at: Option<i64>,
    changed_at: i64,
    picture_at: Option<i64>,
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
            video_url: row.video_url,
            starts_on: day_opt("materials", "starts_on", row.starts_on)?,
            ends_on: day_opt("materials", "ends_on", row.ends_on)?,
        },
        state: word("materials", "state", row.state)?,
        made_by: row.made_by,
        decided_by: row.decided_by,
        decided_at: row.decided_at,
        published_at: row.published_at,
        changed_at: row.changed_at,
        picture_at: row.picture_at,
    })
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "select m.id, m.campaign_id, m.code, m.title, m.copy_pro, m.copy_life, m.copy_fun, m.video_url, \
             m.starts_on, m.ends_on, m.state, m.made_by, m.decided_by, m.decided_at, m.published_at, m.changed_at, \
             p.changed_at as picture_at from materials m left join material_pictures p on p.material_id = m.id ",
            $tail
        )
    };
}

impl Store {
    /// A campaign's material in every state, newest first.
    pub async fn materials_of(&self, campaign: CampaignId) -> Result<Vec<Material>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(select!("where m.campaign_id = $1 order by m.id desc limit 200"))
                .bind(campaign.0)
                .fetch_all(db)
                .await?
        });
        rows.into_iter().map(from_row).collect()
    }

    /// Material of all campaigns, newest first; `before` is the last page's smallest id.
    pub async fn materials(
        &self,
        filter: MaterialFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Material>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(select!(
                "where ($1 = 0 or m.campaign_id = $1) and ($2 = '' or m.state = $2) and m.id < $3 \
                 order by m.id desc limit $4"
            ))
            .bind(filter.campaign.map_or(0, |c| c.0))
            .bind(filter.state.map_or("", MaterialState::as_str))
            .bind(before.unwrap_or(i64::MAX))
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(from_row).collect()
    }

    /// One piece of material.
    pub async fn material(&self, campaign: CampaignId, code: &str) -> Result<Option<Material>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(select!("where m.campaign_id = $1 and m.code = $2"))
                .bind(campaign.0)
                .bind(code)
                .fetch_optional(db)
                .await?
        });
        row.map(from_row).transpose()
    }

    /// What can be posted on `day`: approved material of campaigns that run, what ends first at the top, of that the
    /// newest; at most 50.
    pub async fn materials_on(&self, day: Date) -> Result<Vec<Material>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(select!(
                "join campaigns c on c.id = m.campaign_id where c.disabled_at is null and m.state = 'approved' \
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

    /// The picture of a piece of material.
    pub async fn material_picture(&self, id: MaterialId) -> Result<Option<MaterialPicture>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select media_type, bytes, changed_at from material_pictures where material_id = $1",
            )
            .bind(id.0)
            .fetch_optional(db)
            .await?
        }))
    }
}

/// One piece of material, locked for this transaction.
pub async fn lock_material(
    tx: &mut Tx,
    campaign: CampaignId,
    code: &str,
) -> Result<Option<Material>, StoreError> {
    let row: Option<Row> = writing!(tx, |db| {
        sqlx::query("update materials set code = code where campaign_id = $1 and code = $2")
            .bind(campaign.0)
            .bind(code)
            .execute(&mut *db)
            .await?;
        sqlx::query_as(select!("where m.campaign_id = $1 and m.code = $2"))
            .bind(campaign.0)
            .bind(code)
            .fetch_optional(db)
            .await?
    });
    row.map(from_row).transpose()
}

/// Stores material in a state, new or known by its code; returns its row.
pub async fn put_material(
    tx: &mut Tx,
    campaign: CampaignId,
    code: &str,
    facts: &MaterialFacts,
    state: MaterialState,
    made_by: &str,
    at: i64,
) -> Result<MaterialId, StoreError> {
    let (id,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "insert into materials (campaign_id, code, title, copy_pro, copy_life, copy_fun, video_url, starts_on, \
             ends_on, state, made_by, created_at, changed_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) \
             on conflict (campaign_id, code) do update set title = excluded.title, copy_pro = excluded.copy_pro, \
             copy_life = excluded.copy_life, copy_fun = excluded.copy_fun, video_url = excluded.video_url, \
             starts_on = excluded.starts_on, ends_on = excluded.ends_on, state = excluded.state, \
             made_by = excluded.made_by, changed_at = excluded.changed_at returning id",
        )
        .bind(campaign.0)
        .bind(code)
        .bind(&facts.title)
        .bind(&facts.pro)
        .bind(&facts.life)
        .bind(&facts.fun)
        .bind(&facts.video_url)
        .bind(facts.starts_on.map(|d| d.to_string()))
        .bind(facts.ends_on.map(|d| d.to_string()))
        .bind(state.as_str())
        .bind(made_by)
        .bind(at)
        .fetch_one(db)
        .await?
    });
    Ok(MaterialId(id))
}

/// Writes who approved material or withdrew it; its first approval is when it was published.
pub async fn decide_material(
    tx: &mut Tx,
    id: MaterialId,
    state: MaterialState,
    by: &str,
    at: i64,
) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update materials set state = $2, decided_by = $3, decided_at = $4, \
             published_at = case when $2 = 'approved' then coalesce(published_at, $4) else published_at end \
             where id = $1",
        )
        .bind(id.0)
        .bind(state.as_str())
        .bind(by)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("materials: decision", done, 1)
}

/// Puts the picture of material in the place of the one it had; the material is in `state` then, `made_by` this actor.
pub async fn put_material_picture(
    tx: &mut Tx,
    id: MaterialId,
    (media_type, bytes): (&str, &[u8]),
    state: MaterialState,
    made_by: &str,
    at: i64,
) -> Result<(), StoreError> {
    let (pictures, materials) = writing!(tx, |db| {
        let pictures = sqlx::query(
            "insert into material_pictures (material_id, media_type, bytes, changed_at) values ($1, $2, $3, $4) \
             on conflict (material_id) do update set media_type = excluded.media_type, bytes = excluded.bytes, \
             changed_at = excluded.changed_at",
        )
        .bind(id.0)
        .bind(media_type)
        .bind(bytes)
        .bind(at)
        .execute(&mut *db)
        .await?
        .rows_affected();
        let materials =
            sqlx::query("update materials set state = $2, made_by = $3, changed_at = $4 where id = $1")
                .bind(id.0)
                .bind(state.as_str())
                .bind(made_by)
                .bind(at)
                .execute(db)
                .await?
                .rows_affected();
        (pictures, materials)
    });
    StoreError::check_rows("material_pictures", pictures, 1)?;
    StoreError::check_rows("materials: picture", materials, 1)
}
