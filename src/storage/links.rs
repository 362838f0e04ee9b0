//! Links.

use sqlx::QueryBuilder;

use crate::domain::{CampaignId, EmployeeId, LinkCode, LinkId};
use crate::share::UtmOverrides;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A link, with the words of what it points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Row.
    pub id: LinkId,
    /// As minted or wished.
    pub code: LinkCode,
    /// Whose.
    pub employee: EmployeeId,
    /// Their code.
    pub employee_code: String,
    /// Their name.
    pub employee_name: String,
    /// For what.
    pub campaign: CampaignId,
    /// Its slug.
    pub campaign_slug: String,
    /// Where the campaign leads.
    pub campaign_destination: String,
    /// Where it is posted.
    pub channel: String,
    /// With which material; empty: none.
    pub material: String,
    /// The link that brought the visitor who re-shared.
    pub parent: Option<LinkId>,
    /// What can change.
    pub facts: LinkSettings,
    /// Milliseconds UTC.
    pub created_at: i64,
}

/// What of a link can change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkSettings {
    /// Own destination, checked; `None`: the campaign's.
    pub destination: Option<String>,
    /// Own UTM values.
    pub utm: Option<UtmOverrides>,
    /// Expiry, milliseconds UTC, exclusive.
    pub expires_at: Option<i64>,
    /// When it was turned off, milliseconds UTC.
    pub disabled_at: Option<i64>,
}

/// What a link is one of: minting again gives the same link.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinkKey {
    /// Whose.
    pub employee: EmployeeId,
    /// For what.
    pub campaign: CampaignId,
    /// Where it is posted.
    pub channel: String,
    /// With which material; empty: none.
    pub material: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    code: String,
    employee_id: i64,
    employee_code: String,
    employee_name: String,
    campaign_id: i64,
    campaign_slug: String,
    campaign_destination: String,
    channel: String,
    material: String,
    parent_id: Option<i64>,
    destination: Option<String>,
    utm: Option<String>,
    expires_at: Option<i64>,
    disabled_at: Option<i64>,
    created_at: i64,
}

fn from_row(row: Row) -> Result<Link, StoreError> {
    let utm = row.utm.map(|text| {
        serde_json::from_str(&text).map_err(|_| StoreError::Corrupt {
            table: "links",
            column: "utm",
            value: text,
        })
    });
    Ok(Link {
        id: LinkId(row.id),
        code: LinkCode::from_store(row.code),
        employee: EmployeeId(row.employee_id),
        employee_code: row.employee_code,
        employee_name: row.employee_name,
        campaign: CampaignId(row.campaign_id),
        campaign_slug: row.campaign_slug,
        campaign_destination: row.campaign_destination,
        channel: row.channel,
        material: row.material,
        parent: row.parent_id.map(LinkId),
        facts: LinkSettings {
            destination: row.destination,
            utm: utm.transpose()?,
            expires_at: row.expires_at,
            disabled_at: row.disabled_at,
        },
        created_at: row.created_at,
    })
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "select l.id, l.code, l.employee_id, e.code as employee_code, e.name as employee_name, \
             l.campaign_id, c.slug as campaign_slug, \
             c.destination as campaign_destination, l.channel, l.material, l.parent_id, l.destination, l.utm, \
             l.expires_at, l.disabled_at, l.created_at from links l join employees e on e.id = l.employee_id \
             join campaigns c on c.id = l.campaign_id ",
            $tail
        )
    };
}

impl Store {
    /// The link with this code, whatever its case.
    pub async fn link(&self, code: &str) -> Result<Option<Link>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(select!("where l.code_key = $1"))
                .bind(code.to_ascii_lowercase())
                .fetch_optional(db)
                .await?
        });
        row.map(from_row).transpose()
    }

    /// The link in this row.
    pub async fn link_by_id(&self, id: LinkId) -> Result<Option<Link>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(select!("where l.id = $1"))
                .bind(id.0)
                .fetch_optional(db)
                .await?
        });
        row.map(from_row).transpose()
    }

    /// Employees' links (no visitors' child links) by row, `after` the last one seen, perhaps of one employee or
    /// campaign only.
    pub async fn links(
        &self,
        employee: Option<EmployeeId>,
        campaign: Option<CampaignId>,
        after: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Link>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            let mut q = QueryBuilder::new(select!("where l.parent_id is null and l.id > "));
            q.push_bind(after.unwrap_or(0));
            // Only what is asked for, so that a person's few links are found by index among a million.
            if let Some(employee) = employee {
                q.push(" and l.employee_id = ").push_bind(employee.0);
            }
            if let Some(campaign) = campaign {
                q.push(" and l.campaign_id = ").push_bind(campaign.0);
            }
            q.push(" order by l.id limit ").push_bind(limit);
            q.build_query_as().fetch_all(db).await?
        });
        rows.into_iter().map(from_row).collect()
    }

    /// An employee's own links, newest first.
    pub async fn newest_links(&self, employee: EmployeeId, limit: i64) -> Result<Vec<Link>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(select!(
                "where l.parent_id is null and l.employee_id = $1 order by l.id desc limit $2"
            ))
            .bind(employee.0)
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(from_row).collect()
    }
}

/// The employee's link of this key, if it was minted.
pub async fn link_by_key(tx: &mut Tx, key: &LinkKey) -> Result<Option<Link>, StoreError> {
    let row: Option<Row> = writing!(tx, |db| {
        sqlx::query_as(select!(
            "where l.employee_id = $1 and l.campaign_id = $2 and l.channel = $3 and l.material = $4 \
             and l.parent_id is null"
        ))
        .bind(key.employee.0)
        .bind(key.campaign.0)
        .bind(&key.channel)
        .bind(&key.material)
        .fetch_optional(db)
        .await?
    });
    row.map(from_row).transpose()
}

/// The link with this code, locked for this transaction.
pub async fn lock_link(tx: &mut Tx, code: &str) -> Result<Option<Link>, StoreError> {
    let row: Option<Row> = writing!(tx, |db| {
        sqlx::query("update links set code_key = code_key where code_key = $1")
            .bind(code.to_ascii_lowercase())
            .execute(&mut *db)
            .await?;
        sqlx::query_as(select!("where l.code_key = $1"))
            .bind(code.to_ascii_lowercase())
            .fetch_optional(db)
            .await?
    });
    row.map(from_row).transpose()
}

/// Stores a new link of an employee; `false` when its code or its key is taken (look which).
pub async fn insert_link(
    tx: &mut Tx,
    code: &LinkCode,
    key: &LinkKey,
    facts: &LinkSettings,
    at: i64,
) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into links (code, code_key, employee_id, campaign_id, channel, material, destination, utm, \
             expires_at, disabled_at, created_at, changed_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) on conflict do nothing",
        )
        .bind(code.as_str())
        .bind(code.key())
        .bind(key.employee.0)
        .bind(key.campaign.0)
        .bind(&key.channel)
        .bind(&key.material)
        .bind(&facts.destination)
        .bind(utm_text(facts))
        .bind(facts.expires_at)
        .bind(facts.disabled_at)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}

/// Changes a link's settings.
pub async fn update_link(tx: &mut Tx, id: LinkId, facts: &LinkSettings, at: i64) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update links set destination = $2, utm = $3, expires_at = $4, disabled_at = $5, changed_at = $6 \
             where id = $1",
        )
        .bind(id.0)
        .bind(&facts.destination)
        .bind(utm_text(facts))
        .bind(facts.expires_at)
        .bind(facts.disabled_at)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("links", done, 1)
}

fn utm_text(facts: &LinkSettings) -> Option<String> {
    let utm = facts.utm.as_ref().filter(|utm| !utm.is_empty())?;
    serde_json::to_string(utm).ok()
}
