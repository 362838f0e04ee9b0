//! Coupons and their redemptions.

use jiff::civil::Date;

use crate::domain::{CampaignId, CouponId, EmployeeId, Money};
use crate::share::{CouponCode, CouponTerms, Discount};
use crate::storage::convert::day_opt;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A coupon, with the words of what it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coupon {
    /// Row.
    pub id: CouponId,
    /// In capitals.
    pub code: String,
    /// Whose.
    pub employee: EmployeeId,
    /// Their code.
    pub employee_code: String,
    /// For what.
    pub campaign: CampaignId,
    /// Its slug.
    pub campaign_slug: String,
    /// What `share::check_coupon` looks at.
    pub terms: CouponTerms,
    /// When it was turned off, milliseconds UTC.
    pub disabled_at: Option<i64>,
    /// Milliseconds UTC.
    pub created_at: i64,
}

/// What of a coupon can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CouponSettings {
    /// First business day.
    pub starts_on: Option<Date>,
    /// Last business day.
    pub ends_on: Option<Date>,
    /// Most redemptions.
    pub max_redemptions: Option<i64>,
    /// When it was turned off, milliseconds UTC.
    pub disabled_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    code: String,
    employee_id: i64,
    employee_code: String,
    left_on: Option<String>,
    campaign_id: i64,
    campaign_slug: String,
    campaign_starts_on: Option<String>,
    campaign_ends_on: Option<String>,
    campaign_disabled_at: Option<i64>,
    percent_off: Option<i64>,
    amount_off: Option<i64>,
    starts_on: Option<String>,
    ends_on: Option<String>,
    max_redemptions: Option<i64>,
    redeemed: i64,
    disabled_at: Option<i64>,
    created_at: i64,
}

fn from_row(row: Row) -> Result<Coupon, StoreError> {
    let percent = row.percent_off.and_then(|p| u8::try_from(p).ok());
    let discount = percent
        .map(Discount::Percent)
        .or(row.amount_off.map(|a| Discount::Amount(Money::from_minor(a))))
        .ok_or(StoreError::Corrupt {
            table: "coupons",
            column: "percent_off",
            value: format!("{:?}", row.percent_off),
        })?;
    Ok(Coupon {
        id: CouponId(row.id),
        code: row.code,
        employee: EmployeeId(row.employee_id),
        employee_code: row.employee_code,
        campaign: CampaignId(row.campaign_id),
        campaign_slug: row.campaign_slug,
        terms: CouponTerms {
            discount,
            starts_on: day_opt("coupons", "starts_on", row.starts_on)?,
            ends_on: day_opt("coupons", "ends_on", row.ends_on)?,
            max_redemptions: row.max_redemptions,
            redeemed: row.redeemed,
            disabled: row.disabled_at.is_some(),
            employee_left_on: day_opt("employees", "left_on", row.left_on)?,
            campaign_days: (
                day_opt("campaigns", "starts_on", row.campaign_starts_on)?,
                day_opt("campaigns", "ends_on", row.campaign_ends_on)?,
            ),
            campaign_disabled: row.campaign_disabled_at.is_some(),
        },
        disabled_at: row.disabled_at,
        created_at: row.created_at,
    })
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "select p.id, p.code, p.employee_id, e.code as employee_code, e.left_on, p.campaign_id, \
             c.slug as campaign_slug, c.starts_on as campaign_starts_on, c.ends_on as campaign_ends_on, \
             c.disabled_at as campaign_disabled_at, p.percent_off, p.amount_off, p.starts_on, p.ends_on, p.max_redemptions, \
             p.redeemed, p.disabled_at, p.created_at from coupons p join employees e on e.id = p.employee_id \
             join campaigns c on c.id = p.campaign_id ",
            $tail
        )
    };
}

impl Store {
    /// The coupon with this code, whatever its case.
    pub async fn coupon(&self, code: &str) -> Result<Option<Coupon>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(select!("where p.code_key = $1"))
                .bind(code.trim().to_ascii_lowercase())
                .fetch_optional(db)
                .await?
        });
        row.map(from_row).transpose()
    }

    /// Coupons by row, `after` the last one seen, perhaps of one employee or campaign only.
    pub async fn coupons(
        &self,
        employee: Option<EmployeeId>,
        campaign: Option<CampaignId>,
        after: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Coupon>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(select!(
                "where p.id > $1 and p.employee_id = coalesce($2, p.employee_id) \
                 and p.campaign_id = coalesce($3, p.campaign_id) order by p.id limit $4"
            ))
            .bind(after.unwrap_or(0))
            .bind(employee.map(|e| e.0))
            .bind(campaign.map(|c| c.0))
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(from_row).collect()
    }

    /// A campaign's coupons, newest first; `before` is the last page's smallest row.
    pub async fn newest_coupons(
        &self,
        campaign: CampaignId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Coupon>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(select!(
                "where p.campaign_id = $1 and p.id < $2 order by p.id desc limit $3"
            ))
            .bind(campaign.0)
            .bind(before.unwrap_or(i64::MAX))
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(from_row).collect()
    }
}

/// The coupon with this code as this transaction sees it (and, on SQLite, nobody can change before it ends).
pub async fn coupon_in(tx: &mut Tx, code: &str) -> Result<Option<Coupon>, StoreError> {
    let row: Option<Row> = writing!(tx, |db| {
        sqlx::query_as(select!("where p.code_key = $1"))
            .bind(code.trim().to_ascii_lowercase())
            .fetch_optional(db)
            .await?
    });
    row.map(from_row).transpose()
}

/// The coupon with this code, locked for this transaction.
pub async fn lock_coupon(tx: &mut Tx, code: &str) -> Result<Option<Coupon>, StoreError> {
    writing!(tx, |db| {
        sqlx::query("update coupons set code_key = code_key where code_key = $1")
            .bind(code.trim().to_ascii_lowercase())
            .execute(db)
            .await?;
    });
    coupon_in(tx, code).await
}

/// Stores a new coupon; `false` when its code is taken.
pub async fn insert_coupon(
    tx: &mut Tx,
    code: &CouponCode,
    (employee, campaign): (EmployeeId, CampaignId),
    discount: Discount,
    facts: &CouponSettings,
    at: i64,
) -> Result<bool, StoreError> {
    let (percent, amount) = match discount {
        Discount::Percent(percent) => (Some(i64::from(percent)), None),
        Discount::Amount(amount) => (None, Some(amount.minor())),
    };
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into coupons (code, code_key, employee_id, campaign_id, percent_off, amount_off, starts_on, ends_on, \
             max_redemptions, disabled_at, created_at, changed_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) on conflict (code_key) do nothing",
        )
        .bind(code.as_str())
        .bind(code.as_str().to_ascii_lowercase())
        .bind(employee.0)
        .bind(campaign.0)
        .bind(percent)
        .bind(amount)
        .bind(facts.starts_on.map(|d| d.to_string()))
        .bind(facts.ends_on.map(|d| d.to_string()))
        .bind(facts.max_redemptions)
        .bind(facts.disabled_at)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}

/// Changes a coupon's settings.
pub async fn update_coupon(
    tx: &mut Tx,
    id: CouponId,
    facts: &CouponSettings,
    at: i64,
) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update coupons set starts_on = $2, ends_on = $3, max_redemptions = $4, disabled_at = $5, changed_at = $6 \
             where id = $1",
        )
        .bind(id.0)
        .bind(facts.starts_on.map(|d| d.to_string()))
        .bind(facts.ends_on.map(|d| d.to_string()))
        .bind(facts.max_redemptions)
        .bind(facts.disabled_at)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("coupons", done, 1)
}

/// Redeems a coupon for a conversion (`source`: its external id, at most once each): one conditional update, so that
/// no number of writers can pass the limit. `false`, and nothing written, when it is used up or was disabled. Dates and
/// leavers are the caller's check (`share::check_coupon`).
pub async fn redeem(tx: &mut Tx, coupon: CouponId, source: &str, at: i64) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update coupons set redeemed = redeemed + 1 where id = $1 and disabled_at is null \
             and (max_redemptions is null or redeemed < max_redemptions)",
        )
        .bind(coupon.0)
        .execute(db)
        .await?
        .rows_affected()
    });
    if done == 0 {
        return Ok(false);
    }
    let done = writing!(tx, |db| {
        sqlx::query("insert into coupon_redemptions (source, coupon_id, at) values ($1, $2, $3)")
            .bind(source)
            .bind(coupon.0)
            .bind(at)
            .execute(db)
            .await?
            .rows_affected()
    });
    StoreError::check_rows("coupon_redemptions", done, 1)?;
    Ok(true)
}
