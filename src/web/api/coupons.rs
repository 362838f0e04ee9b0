//! `/api/v1/coupons`: see api.md.

use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Amount;
use super::filed::{filed, instant, listed};
use super::refused::{OwnerFilter, nullable, present};
use crate::app::coupons::{self, change_coupon, create_coupon, quote};
use crate::app::mint::{narrowed_campaign, narrowed_employee};
use crate::app::{App, Change, Permission};
use crate::domain::Money;
use crate::share::{CouponRefusal, Discount};
use crate::storage::coupons as stored;
use crate::web::{Authed, Json, List, Path, Problem, Query, Web};

/// The routes of this resource.
pub fn routes() -> OpenApiRouter<Web> {
    OpenApiRouter::new()
        .routes(routes!(post_coupon, list_coupons))
        .routes(routes!(get_coupon, patch_coupon))
}

/// A coupon to be made; exactly one of `percent_off` and `amount_off`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCoupon {
    /// Employee code.
    employee: String,
    /// Campaign slug.
    campaign: String,
    /// 3–20 of A–Z, 0–9, `-`; proposed when absent.
    #[schema(example = "ZHANGSAN10")]
    code: Option<String>,
    /// Whole percent, 1–100; `"10"` and `"10%"` are 10.
    #[serde(default, deserialize_with = "whole_percent")]
    percent_off: Option<i64>,
    /// An amount above 0.
    #[schema(value_type = Option<String>, example = "30.00")]
    amount_off: Option<Amount>,
    /// First business day.
    #[schema(value_type = Option<String>, format = Date)]
    starts_on: Option<Date>,
    /// Last business day, inclusive.
    #[schema(value_type = Option<String>, format = Date)]
    ends_on: Option<Date>,
    max_redemptions: Option<i64>,
}

/// A whole percent as a number, or as a text as people write it.
fn whole_percent<'de, D: Deserializer<'de>>(d: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Said {
        Number(i64),
        Text(String),
    }
    let wrong = || D::Error::custom("expected a whole percent from 1 to 100, like 10 or \"10%\"");
    let said = Option::<Said>::deserialize(d).map_err(|_| wrong())?;
    said.map(|said| match said {
        Said::Number(n) => Ok(n),
        Said::Text(text) => text
            .strip_suffix('%')
            .unwrap_or(&text)
            .parse()
            .map_err(|_| wrong()),
    })
    .transpose()
}

/// What is to change of a coupon; absent fields stay, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CouponChange {
    #[serde(default, deserialize_with = "present")]
    disabled: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = Date)]
    starts_on: Change<Date>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = Date)]
    ends_on: Change<Date>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<i64>)]
    max_redemptions: Change<i64>,
}

/// A coupon.
#[derive(Debug, Serialize, ToSchema)]
pub struct Coupon {
    id: i64,
    code: String,
    employee: String,
    campaign: String,
    percent_off: Option<u8>,
    #[schema(value_type = Option<String>, example = "30.00")]
    amount_off: Option<Amount>,
    #[schema(value_type = Option<String>, format = Date)]
    starts_on: Option<Date>,
    #[schema(value_type = Option<String>, format = Date)]
    ends_on: Option<Date>,
    max_redemptions: Option<i64>,
    redeemed: i64,
    disabled: bool,
    created_at: Timestamp,
}

impl From<stored::Coupon> for Coupon {
    fn from(c: stored::Coupon) -> Self {
        let (percent_off, amount_off) = match c.terms.discount {
            Discount::Percent(percent) => (Some(percent), None),
            Discount::Amount(amount) => (None, Some(Amount(amount))),
        };
        Self {
            id: c.id.0,
            code: c.code,
            employee: c.employee_code,
            campaign: c.campaign_slug,
            percent_off,
            amount_off,
            starts_on: c.terms.starts_on,
            ends_on: c.terms.ends_on,
            max_redemptions: c.terms.max_redemptions,
            redeemed: c.terms.redeemed,
            disabled: c.terms.disabled,
            created_at: instant(c.created_at),
        }
    }
}

/// What an order is checked with.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct QuoteOptions {
    /// The order's amount, like `199.00`; 0 unless said.
    #[param(value_type = Option<String>)]
    order_amount: Option<Amount>,
}

/// What a coupon takes off an order today.
#[derive(Debug, Serialize, ToSchema)]
pub struct Quote {
    /// Whether it counts.
    valid: bool,
    /// Why not: `disabled`, `not_started`, `ended`, `employee_left` or `exhausted`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// The same in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// What is taken off; `0.00` when it does not count.
    #[schema(value_type = String, example = "19.90")]
    discount: Amount,
    #[serde(flatten)]
    coupon: Coupon,
}

/// Makes a coupon.
#[utoipa::path(
    post, path = "/coupons", tag = "coupons", request_body = NewCoupon,
    responses(
        (status = 201, body = Coupon, description = "Made"),
        (status = 200, body = Coupon, description = "Known: the same code and content again"),
    ),
)]
async fn post_coupon(
    State(app): State<App>,
    authed: Authed,
    Json(new): Json<NewCoupon>,
) -> Result<(StatusCode, Json<Coupon>), Problem> {
    let actor = authed.need(Permission::WriteCampaigns)?;
    let new = coupons::NewCoupon {
        employee: new.employee,
        campaign: new.campaign,
        code: new.code,
        percent_off: new.percent_off,
        amount_off: new.amount_off.map(|a| a.0),
        starts_on: new.starts_on,
        ends_on: new.ends_on,
        max_redemptions: new.max_redemptions,
    };
    Ok(filed(create_coupon(&app, actor, &new).await?))
}

/// Coupons, oldest first; a key tied to a person without further rights sees that person's.
#[utoipa::path(
    get, path = "/coupons", tag = "coupons", params(OwnerFilter),
    responses((status = 200, body = List<Coupon>)),
)]
async fn list_coupons(
    State(app): State<App>,
    Authed(actor): Authed,
    Query(filter): Query<OwnerFilter>,
) -> Result<Json<List<Coupon>>, Problem> {
    let employee = narrowed_employee(&app, &actor, filter.employee.as_deref()).await?;
    let campaign = narrowed_campaign(&app, filter.campaign.as_deref()).await?;
    let (limit, after) = (filter.page().limit()?, filter.page().after_id()?);
    let rows = app.store.coupons(employee, campaign, after, limit + 1).await?;
    Ok(listed(rows, limit, |c| c.id.0))
}

/// What the coupon takes off an order today, or why nothing. Whether a redemption is still free is decided once more when
/// the sale is sent.
#[utoipa::path(
    get, path = "/coupons/{code}", tag = "coupons",
    params(("code" = String, Path, description = "Code, in any case"), QuoteOptions),
    responses((status = 200, body = Quote)),
)]
async fn get_coupon(
    State(app): State<App>,
    authed: Authed,
    Path(code): Path<String>,
    Query(options): Query<QuoteOptions>,
) -> Result<Json<Quote>, Problem> {
    authed.need(Permission::Own)?;
    let order = options.order_amount.map_or(Money::ZERO, |a| a.0);
    let (coupon, discount) = quote(&app, &code, order).await?;
    let refusal = discount.err();
    Ok(Json(Quote {
        valid: refusal.is_none(),
        reason: refusal.map(CouponRefusal::as_str),
        detail: refusal.map(|r| r.to_string()),
        discount: Amount(discount.unwrap_or(Money::ZERO)),
        coupon: coupon.into(),
    }))
}

/// Changes a coupon's days, limit, or whether it counts at all.
#[utoipa::path(
    patch, path = "/coupons/{code}", tag = "coupons", params(("code" = String, Path, description = "Code")),
    request_body = CouponChange,
    responses((status = 200, body = Coupon)),
)]
async fn patch_coupon(
    State(app): State<App>,
    authed: Authed,
    Path(code): Path<String>,
    Json(change): Json<CouponChange>,
) -> Result<Json<Coupon>, Problem> {
    let actor = authed.need(Permission::WriteCampaigns)?;
    let changes = coupons::CouponChanges {
        disabled: change.disabled,
        starts_on: change.starts_on,
        ends_on: change.ends_on,
        max_redemptions: change.max_redemptions,
    };
    Ok(Json(change_coupon(&app, actor, &code, &changes).await?.into()))
}
