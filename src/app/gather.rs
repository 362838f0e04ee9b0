//! Evidence out of the store, read under the customer's lock and handed to the pure decision.

use jiff::civil::Date;

use crate::app::Vault;
use crate::app::claims::{claim_doubts, claim_id};
use crate::attribution::claim::OrderKey;
use crate::attribution::{
    ClickFact, ContactHash, ConversionKind, CouponFact, CouponRefusal, Evidence, Owner, Person, Touch,
    is_own_contact,
};
use crate::domain::{ClickId, ConversionId, CouponId, CustomerId, EmployeeId, Money};
use crate::share;
use crate::storage::claims::{Claim, true_claim_of};
use crate::storage::touches::{EmployeeRow, TouchRow};
use crate::storage::{StoreError, Tx, binding, coupons, customers, touches};

/// What a conversion says, and what became of its coupon if it was decided before.
pub(in crate::app) struct Basis<'a> {
    /// Its row.
    pub id: ConversionId,
    /// The caller's id for it: redeems the coupon.
    pub external_id: &'a str,
    /// Lead or sale.
    pub kind: ConversionKind,
    /// When, milliseconds UTC.
    pub occurred_at: i64,
    /// The business day of that.
    pub day: Date,
    /// Paid.
    pub amount: Money,
    /// The click its token speaks for.
    pub click: Option<ClickId>,
    /// The coupon handed in.
    pub coupon_code: Option<&'a str>,
    /// Decided before: the coupon redeemed then, and why the one handed in was not.
    pub redeemed: Option<(Option<CouponId>, Option<String>)>,
    /// The customer and all contacts known of them; locked.
    pub customer: Option<(CustomerId, Vec<ContactHash>)>,
    /// How long the form was open, milliseconds.
    pub form_ms: Option<i64>,
    /// Milliseconds UTC.
    pub now_ms: i64,
}

/// The evidence, and what gathering it did.
pub(in crate::app) struct Gathered {
    /// For [`crate::attribution::decide`].
    pub evidence: Evidence,
    /// The coupon redeemed.
    pub coupon: Option<CouponId>,
    /// Why the coupon handed in was not.
    pub coupon_refusal: Option<String>,
}

/// Reads everything a decision looks at. A sale's coupon is redeemed on the way: that is a fact, whoever is credited.
pub(in crate::app) async fn gather(
    tx: &mut Tx,
    vault: &Vault,
    basis: &Basis<'_>,
) -> Result<Gathered, StoreError> {
    let hashes: &[ContactHash] = basis.customer.as_ref().map_or(&[], |(_, hashes)| hashes);
    let people = People { vault, hashes };
    let customer = basis.customer.as_ref().map(|(id, _)| *id);
    let coupon = match basis.coupon_code {
        None => None,
        Some(code) => Some(coupon_fact(tx, &people, basis, code).await?),
    };
    let click = match basis.click {
        None => None,
        Some(click) => Some(match touches::by_click(tx, click).await? {
            None => ClickFact::NotLoaded(click),
            Some(row) => ClickFact::Known(touch(tx, &people, customer, basis.id, row).await?),
        }),
    };
    let mut earlier = Vec::new();
    let mut owner = None;
    let mut known_before_ms = None;
    let mut lead_ms = None;
    if let Some(customer) = customer {
        for row in touches::of_customer(tx, customer, basis.id.0).await? {
            earlier.push(touch(tx, &people, Some(customer), basis.id, row).await?);
        }
        if let Some(row) = binding(tx, customer, basis.occurred_at, basis.id.0).await? {
            owner = Some(Owner {
                person: people.by_id(tx, row.employee).await?,
                bound_at_ms: row.bound_at,
                held: row.held,
                link: row.link,
                campaign: row.campaign,
            });
        }
        known_before_ms = customers::known_before(tx, customer, basis.occurred_at, basis.id.0).await?;
        if basis.kind == ConversionKind::Lead {
            lead_ms = customers::credited_lead(tx, customer, basis.occurred_at, basis.id.0).await?;
        }
    }
    let is_claims_own = claim_id(basis.external_id).is_some();
    let (claim, doubts) = match claim_of(tx, basis).await? {
        None => (None, Vec::new()),
        Some(claim) => (
            Some(people.by_id(tx, claim.employee).await?),
            claim_doubts(tx, &claim, basis.external_id).await?,
        ),
    };
    let (redeemed, coupon_refusal) = match &coupon {
        None => (None, None),
        Some(CouponFact::Good { coupon, .. }) => {
            ((basis.kind == ConversionKind::Sale).then_some(*coupon), None)
        }
        Some(CouponFact::Refused { refusal, .. }) => (None, Some(refusal.as_str().to_owned())),
    };
    Ok(Gathered {
        evidence: Evidence {
            kind: basis.kind,
            occurred_at_ms: basis.occurred_at,
            day: basis.day,
            coupon,
            click,
            touches: earlier,
            owner,
            known_before_ms,
            lead_ms,
            claim,
            is_claims_own,
            doubts,
            form_ms: basis.form_ms,
        },
        coupon: redeemed,
        coupon_refusal,
    })
}

/// The claim found true for this conversion: its own, or one that names its order.
async fn claim_of(tx: &mut Tx, basis: &Basis<'_>) -> Result<Option<Claim>, StoreError> {
    let own = claim_id(basis.external_id);
    let order = OrderKey::parse(basis.external_id).filter(|_| own.is_none());
    let claim = true_claim_of(tx, own, order.as_ref().map(OrderKey::as_str)).await?;
    Ok(claim.filter(|c| c.kind == basis.kind))
}

async fn coupon_fact(
    tx: &mut Tx,
    people: &People<'_>,
    basis: &Basis<'_>,
    code: &str,
) -> Result<CouponFact, StoreError> {
    let refused = |refusal| CouponFact::Refused {
        code: code.to_owned(),
        refusal,
    };
    let Some(coupon) = coupons::lock_coupon(tx, code).await? else {
        return Ok(refused(CouponRefusal::Unknown));
    };
    let refusal = match &basis.redeemed {
        Some((_, Some(word))) => CouponRefusal::of_word(word),
        Some((Some(_), None)) => None,
        Some((None, None)) | None => match share::check_coupon(&coupon.terms, basis.amount, basis.day) {
            Ok(_) if basis.kind == ConversionKind::Lead => None,
            Ok(_) => {
                let done = coupons::redeem(tx, coupon.id, basis.external_id, basis.now_ms).await?;
                (!done).then_some(CouponRefusal::Exhausted)
            }
            Err(refusal) => Some(match refusal {
                share::CouponRefusal::Disabled => CouponRefusal::Disabled,
                share::CouponRefusal::NotStarted(_) => CouponRefusal::NotStarted,
                share::CouponRefusal::Ended(_) => CouponRefusal::Expired,
                share::CouponRefusal::EmployeeLeft(_) => CouponRefusal::OwnerLeft,
                share::CouponRefusal::Exhausted(_) => CouponRefusal::Exhausted,
            }),
        },
    };
    Ok(match refusal {
        Some(refusal) => refused(refusal),
        None => CouponFact::Good {
            person: people.by_id(tx, coupon.employee).await?,
            code: coupon.code,
            coupon: coupon.id,
            campaign: coupon.campaign,
        },
    })
}

async fn touch(
    tx: &mut Tx,
    people: &People<'_>,
    customer: Option<CustomerId>,
    except: ConversionId,
    row: TouchRow,
) -> Result<Touch, StoreError> {
    let known_before_ms = match customer {
        None => None,
        Some(customer) => customers::known_before(tx, customer, row.at_ms, except.0).await?,
    };
    Ok(Touch {
        person: people.of(&row.employee)?,
        click: row.click,
        at_ms: row.at_ms,
        class: row.class,
        link: row.link,
        campaign: row.campaign,
        channel: row.channel,
        window_days: row.window_days,
        generation: row.generation,
        known_before_ms,
    })
}

/// Employees seen beside the customer's contacts.
struct People<'a> {
    vault: &'a Vault,
    hashes: &'a [ContactHash],
}

impl People<'_> {
    fn of(&self, row: &EmployeeRow) -> Result<Person, StoreError> {
        let left_on = row.left_on.as_ref().map(|text| {
            text.parse().map_err(|_| StoreError::Corrupt {
                table: "employees",
                column: "left_on",
                value: text.clone(),
            })
        });
        Ok(Person {
            id: row.id,
            code: row.code.clone(),
            left_on: left_on.transpose()?,
            is_customer: !self.hashes.is_empty() && is_own_contact(&self.vault.own_hashes(row), self.hashes),
        })
    }

    async fn by_id(&self, tx: &mut Tx, id: EmployeeId) -> Result<Person, StoreError> {
        let row = touches::employee(tx, id).await?;
        self.of(&row.ok_or(StoreError::RowCount {
            what: "employees",
            found: 0,
            expected: 1,
        })?)
    }
}
