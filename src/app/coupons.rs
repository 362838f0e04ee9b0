//! Coupons: made, changed, looked at (attribution.md §1). Redeeming belongs to the conversion's transaction.

use jiff::civil::Date;
use serde_json::json;

use crate::app::filing::Filed;
use crate::app::refused::Door;
use crate::app::{Actor, App, Change, Refused};
use crate::domain::{CampaignId, EmployeeId, Money};
use crate::share::{CouponCode, CouponRefusal, Discount, check_coupon};
use crate::storage::coupons::{Coupon, CouponSettings, insert_coupon, lock_coupon, update_coupon};
use crate::storage::{StoreError, Tx, insert_audit};

/// How many codes are proposed for one employee and discount.
const PROPOSALS: u32 = 200;

/// A new coupon.
#[derive(Clone, Debug, Default)]
pub struct NewCoupon {
    /// Employee code.
    pub employee: String,
    /// Campaign slug.
    pub campaign: String,
    /// A wished code; proposed from the employee code and the discount unless given.
    pub code: Option<String>,
    /// Whole percent, 1–100; this or `amount_off`.
    pub percent_off: Option<i64>,
    /// An amount above zero; this or `percent_off`.
    pub amount_off: Option<Money>,
    /// First business day.
    pub starts_on: Option<Date>,
    /// Last business day.
    pub ends_on: Option<Date>,
    /// Most redemptions.
    pub max_redemptions: Option<i64>,
}

/// What is to change; `None` leaves it, `Some(None)` empties it.
#[derive(Clone, Debug, Default)]
pub struct CouponChanges {
    /// Off or on.
    pub disabled: Option<bool>,
    /// First business day.
    pub starts_on: Change<Date>,
    /// Last business day.
    pub ends_on: Change<Date>,
    /// Most redemptions.
    pub max_redemptions: Change<i64>,
}

fn discount(door: &mut Door, new: &NewCoupon) -> Option<Discount> {
    match (new.percent_off, new.amount_off) {
        (Some(percent), None) => match u8::try_from(percent) {
            Ok(percent @ 1..=100) => return Some(Discount::Percent(percent)),
            _ => door.wrong("/percent_off", "expected a whole number from 1 to 100"),
        },
        (None, Some(amount)) if amount > Money::ZERO => return Some(Discount::Amount(amount)),
        (None, Some(_)) => door.wrong("/amount_off", "expected an amount above 0"),
        _ => door.wrong("/percent_off", "expected either percent_off or amount_off"),
    }
    None
}

/// Makes a coupon. The same code with the same content again gives the first answer; with other content it is a
/// conflict.
pub async fn create_coupon(app: &App, actor: &Actor, new: &NewCoupon) -> Result<Filed<Coupon>, Refused> {
    let mut door = Door::default();
    let employee = app.store.employee(&new.employee, app.today()).await?;
    let campaign = app.store.campaign(&new.campaign).await?;
    match &employee {
        None => door.wrong(
            "/employee",
            format!(
                "expected an employee's code; there is nobody called {:?}",
                new.employee
            ),
        ),
        Some(found) => {
            if let Some(last) = found.facts.left_on.filter(|last| *last < app.today()) {
                door.wrong(
                    "/employee",
                    format!("this employee's last working day was {last}: no new coupons"),
                );
            }
        }
    }
    let over = campaign.as_ref().and_then(|c| c.facts.ends_on);
    if let Some(last) = over.filter(|last| *last < app.today()) {
        let detail = format!("this campaign's last day was {last}: no new coupons");
        door.wrong("/campaign", detail);
    }
    if campaign.is_none() {
        door.wrong(
            "/campaign",
            format!(
                "expected a campaign's slug; there is none called {:?}",
                new.campaign
            ),
        );
    }
    let wished = new
        .code
        .as_deref()
        .and_then(|code| door.parsed("/code", CouponCode::parse(code)));
    let discount = discount(&mut door, new);
    let facts = CouponSettings {
        starts_on: new.starts_on,
        ends_on: new.ends_on,
        max_redemptions: new.max_redemptions,
        disabled_at: None,
    };
    settings(&mut door, &facts, 0);
    door.close()?;
    let (Some(employee), Some(campaign), Some(discount)) = (employee, campaign, discount) else {
        return Err(Refused::at("", "expected employee, campaign and a discount"));
    };
    let (owner, now_ms) = ((employee.id, campaign.id), app.clock.now_ms());
    let mut tx = app.store.begin().await?;
    if let Some(last) = facts.ends_on.filter(|last| *last < app.today()) {
        // What was made while it was to come is answered as before.
        let known = match &wished {
            Some(code) => known_as(&mut tx, code, owner, discount, &facts).await?,
            None => None,
        };
        let detail = format!("expected today or later, not {last}: it would be over already");
        return known
            .map(Filed::Known)
            .ok_or_else(|| Refused::at("/ends_on", detail));
    }
    for attempt in 1..=PROPOSALS {
        let code = wished
            .clone()
            .unwrap_or_else(|| CouponCode::propose(&employee.code, discount, attempt));
        if insert_coupon(&mut tx, &code, owner, discount, &facts, now_ms).await? {
            let detail = json!({"employee": employee.code, "campaign": campaign.slug, "percent_off": new.percent_off,
                                "amount_off": new.amount_off.map(|a| a.to_string()),
                                "max_redemptions": new.max_redemptions});
            let subject = format!("coupon:{code}");
            insert_audit(
                &mut tx,
                now_ms,
                &actor.word(),
                "coupon.created",
                &subject,
                &detail,
            )
            .await?;
            let made = lock_coupon(&mut tx, code.as_str()).await?;
            tx.commit().await?;
            return made.map(Filed::New).ok_or(Refused::NotFound(subject));
        }
        if wished.is_some() {
            return match known_as(&mut tx, &code, owner, discount, &facts).await? {
                Some(known) => Ok(Filed::Known(known)),
                None => Err(Refused::Conflict(format!(
                    "the code {code} is taken by another coupon"
                ))),
            };
        }
    }
    Err(Refused::Conflict(
        "all codes proposed for this employee are taken: wish for one".to_owned(),
    ))
}

/// The coupon of this code, when it says the same.
async fn known_as(
    tx: &mut Tx,
    code: &CouponCode,
    owner: (EmployeeId, CampaignId),
    discount: Discount,
    facts: &CouponSettings,
) -> Result<Option<Coupon>, StoreError> {
    let known = lock_coupon(tx, code.as_str()).await?;
    Ok(known.filter(|known| {
        let same = CouponSettings {
            disabled_at: None,
            ..settings_of(known)
        };
        (known.employee, known.campaign) == owner && known.terms.discount == discount && same == *facts
    }))
}

fn settings(door: &mut Door, facts: &CouponSettings, redeemed: i64) {
    door.span("/ends_on", facts.starts_on, facts.ends_on);
    if let Some(max) = facts.max_redemptions {
        if !(1..=1_000_000_000).contains(&max) {
            door.wrong("/max_redemptions", "expected 1 to 1000000000");
        } else if max < redeemed {
            door.wrong(
                "/max_redemptions",
                format!("expected at least {redeemed}: so often it was redeemed already"),
            );
        }
    }
}

fn settings_of(coupon: &Coupon) -> CouponSettings {
    CouponSettings {
        starts_on: coupon.terms.starts_on,
        ends_on: coupon.terms.ends_on,
        max_redemptions: coupon.terms.max_redemptions,
        disabled_at: coupon.disabled_at,
    }
}

/// Changes a coupon's days, limit, or whether it counts at all.
pub async fn change_coupon(
    app: &App,
    actor: &Actor,
    code: &str,
    changes: &CouponChanges,
) -> Result<Coupon, Refused> {
    let now_ms = app.clock.now_ms();
    let missing = || Refused::NotFound(format!("coupon {code:?}"));
    let mut tx = app.store.begin().await?;
    let known = lock_coupon(&mut tx, code).await?.ok_or_else(missing)?;
    let old = settings_of(&known);
    let facts = CouponSettings {
        starts_on: changes.starts_on.unwrap_or(old.starts_on),
        ends_on: changes.ends_on.unwrap_or(old.ends_on),
        max_redemptions: changes.max_redemptions.unwrap_or(old.max_redemptions),
        disabled_at: match changes.disabled {
            Some(true) => old.disabled_at.or(Some(now_ms)),
            Some(false) => None,
            None => old.disabled_at,
        },
    };
    let mut door = Door::default();
    settings(&mut door, &facts, known.terms.redeemed);
    door.close()?;
    if facts != old {
        update_coupon(&mut tx, known.id, &facts, now_ms).await?;
        let detail = json!({"starts_on": facts.starts_on, "ends_on": facts.ends_on,
                            "max_redemptions": facts.max_redemptions, "disabled": facts.disabled_at.is_some()});
        let subject = format!("coupon:{}", known.code);
        insert_audit(
            &mut tx,
            now_ms,
            &actor.word(),
            "coupon.changed",
            &subject,
            &detail,
        )
        .await?;
    }
    let changed = lock_coupon(&mut tx, code).await?;
    tx.commit().await?;
    changed.ok_or_else(missing)
}

/// What a coupon would take off an order today, or why nothing.
pub async fn quote(
    app: &App,
    code: &str,
    order: Money,
) -> Result<(Coupon, Result<Money, CouponRefusal>), Refused> {
    let coupon = app.store.coupon(code).await?;
    let coupon = coupon.ok_or_else(|| Refused::NotFound(format!("coupon {code:?}")))?;
    let discount = check_coupon(&coupon.terms, order, app.today());
    Ok((coupon, discount))
}
