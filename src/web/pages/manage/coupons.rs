//! A campaign's coupons.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::post;
use jiff::civil::Date;
use serde::Deserialize;

use super::campaign::{Asked, Switch, known, page};
use super::{date, place};
use crate::app::Permission;
use crate::app::coupons::{CouponChanges, NewCoupon, change_coupon, create_coupon};
use crate::domain::Money;
use crate::share::Discount;
use crate::storage::campaigns::Campaign;
use crate::web::html::{Html, see_other};
use crate::web::i18n::{Lang, yuan};
use crate::web::pages::paged::cut;
use crate::web::session::SignedIn;
use crate::web::ui::Field;
use crate::web::{Form, Path, Problem, Query, Web};

/// Coupons on a page, the newest first.
const ROWS: i64 = 50;

/// A coupon as a row.
#[derive(Clone, Debug)]
pub struct CouponRow {
    pub code: String,
    pub employee: String,
    pub off: String,
    pub ends: Option<Date>,
    pub redeemed: i64,
    pub most: Option<i64>,
    pub disabled: bool,
}

/// A page of coupons.
#[derive(Clone, Debug, Default)]
pub struct CouponList {
    pub rows: Vec<CouponRow>,
    /// Where this page begins, so that a button on it leads back to it.
    pub before: Option<i64>,
    pub previous: Option<String>,
    pub next: Option<String>,
}

impl CouponList {
    /// What a button's address carries to lead back to this page.
    pub fn query(&self) -> String {
        self.before.map_or_else(String::new, |b| format!("?coupons={b}"))
    }
}

/// A new coupon.
#[derive(Clone, Debug)]
pub struct CouponForm {
    pub employee: Field,
    pub code: Field,
    pub amount_off: Field,
    pub percent_off: Field,
    pub ends_on: Field,
    pub max_redemptions: Field,
    pub others: Vec<String>,
}

impl CouponForm {
    pub fn new() -> Self {
        Self::of(&Sent::default())
    }

    fn of(sent: &Sent) -> Self {
        Self {
            employee: Field::new("employee", sent.employee.trim()).id("coupon-employee"),
            code: Field::new("code", sent.code.trim()),
            amount_off: Field::new("amount_off", sent.amount_off.trim()),
            percent_off: Field::new("percent_off", sent.percent_off.trim()),
            ends_on: Field::new("ends_on", sent.ends_on.trim()),
            max_redemptions: Field::new("max_redemptions", sent.max_redemptions.trim()),
            others: Vec::new(),
        }
    }

    pub fn all(&self) -> [&Field; 6] {
        [
            &self.employee,
            &self.code,
            &self.amount_off,
            &self.percent_off,
            &self.ends_on,
            &self.max_redemptions,
        ]
    }

    pub fn is_wrong(&self) -> bool {
        !self.others.is_empty() || self.all().iter().any(|f| f.is_wrong())
    }

    fn read(&mut self, lang: Lang, campaign: &Campaign) -> Option<NewCoupon> {
        let number = |field: &mut Field| {
            let text = field.value.trim();
            if text.is_empty() {
                return None;
            }
            let parsed = text.parse::<i64>();
            if parsed.is_err() {
                field.error = Some(lang.word("coupon-wrong", field.name).to_string());
            }
            parsed.ok()
        };
        let percent_off = number(&mut self.percent_off);
        let max_redemptions = number(&mut self.max_redemptions);
        let amount_off = match self.amount_off.value.as_str() {
            "" => None,
            text => match Money::parse(text) {
                Ok(amount) => Some(amount),
                Err(_) => {
                    self.amount_off.error = Some(lang.word("coupon-wrong", "amount_off").to_string());
                    None
                }
            },
        };
        let new = NewCoupon {
            employee: self.employee.value.clone(),
            campaign: campaign.slug.clone(),
            code: Some(self.code.value.clone()).filter(|c| !c.is_empty()),
            percent_off,
            amount_off,
            starts_on: None,
            ends_on: date(lang, &self.ends_on.value.clone(), &mut self.ends_on),
            max_redemptions,
        };
        (!self.is_wrong()).then_some(new)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    employee: String,
    code: String,
    amount_off: String,
    percent_off: String,
    ends_on: String,
    max_redemptions: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/manage/campaigns/{slug}/coupons", post(create))
        .route("/app/manage/coupons/{code}/state", post(switch))
}

/// What a coupon takes off, in words.
pub fn off(lang: Lang, discount: Discount) -> String {
    match discount {
        Discount::Percent(percent) => lang.t("share-percent-off").with("n", percent).to_string(),
        Discount::Amount(amount) => lang
            .t("share-amount-off")
            .with("amount", yuan(amount))
            .to_string(),
    }
}

/// A page of a campaign's coupons.
pub async fn list(web: &Web, lang: Lang, campaign: &Campaign, asked: &Asked) -> Result<CouponList, Problem> {
    let before = asked.coupons;
    let mut coupons = web
        .app
        .store
        .newest_coupons(campaign.id, before, ROWS + 1)
        .await?;
    let more = cut(&mut coupons, ROWS);
    let address = |before| format!("{}#coupons", asked.address(&campaign.slug, asked.after, before));
    let next = coupons.last().filter(|_| more).map(|c| address(Some(c.id.0)));
    let row = |c: crate::storage::coupons::Coupon| CouponRow {
        code: c.code,
        employee: c.employee_code,
        off: off(lang, c.terms.discount),
        ends: c.terms.ends_on,
        redeemed: c.terms.redeemed,
        most: c.terms.max_redemptions,
        disabled: c.disabled_at.is_some(),
    };
    Ok(CouponList {
        rows: coupons.into_iter().map(row).collect(),
        before,
        previous: before.map(|_| address(None)),
        next,
    })
}

async fn create(
    State(web): State<Web>,
    who: SignedIn,
    Path(slug): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::WriteCampaigns)?;
    let campaign = known(&web, &who, &slug).await?;
    let mut f = CouponForm::of(&sent);
    if let Some(new) = f.read(who.lang, &campaign) {
        match create_coupon(&web.app, &who.actor, &new).await {
            Ok(_) => {
                return Ok(see_other(&format!(
                    "/app/manage/campaigns/{slug}?done=coupon#coupons"
                )));
            }
            Err(refused) => {
                let mut fields = [
                    &mut f.employee,
                    &mut f.code,
                    &mut f.amount_off,
                    &mut f.percent_off,
                    &mut f.ends_on,
                    &mut f.max_redemptions,
                ];
                f.others = place(who.lang, "coupon-wrong", refused, &mut fields)?;
            }
        }
    }
    let mut shown = page(&web, &who, &campaign, &Asked::default()).await?;
    shown.coupon_form = f;
    Ok(Html(shown).status(StatusCode::UNPROCESSABLE_ENTITY))
}

async fn switch(
    State(web): State<Web>,
    who: SignedIn,
    Path(code): Path<String>,
    Query(asked): Query<Asked>,
    Form(sent): Form<Switch>,
) -> Result<Response, Problem> {
    who.need(Permission::WriteCampaigns)?;
    let changes = CouponChanges {
        disabled: Some(sent.disabled()?),
        ..CouponChanges::default()
    };
    let coupon = change_coupon(&web.app, &who.actor, &code, &changes).await?;
    let page = asked
        .coupons
        .map_or_else(String::new, |before| format!("&coupons={before}"));
    Ok(see_other(&format!(
        "/app/manage/campaigns/{}?done=coupon{page}#coupons",
        coupon.campaign_slug
    )))
}
