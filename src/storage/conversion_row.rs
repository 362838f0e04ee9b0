//! A conversion as a value: before it is decided, decided, and read back.

use jiff::civil::Date;
use uuid::Uuid;

use crate::attribution::{ConversionKind, Source, Status, Step, Via};
use crate::domain::{
    CampaignId, ClickId, ConversionId, CouponId, Currency, CustomerId, EmployeeId, LinkId, Money,
};
use crate::storage::StoreError;

/// What is known of a conversion before it is decided.
#[derive(Clone, Debug)]
pub struct NewConversion {
    /// The caller's id for it.
    pub external_id: String,
    /// SHA-256 of what was sent.
    pub content_hash: [u8; 32],
    /// Lead or sale.
    pub kind: ConversionKind,
    /// Where it came from.
    pub source: Source,
    /// When, milliseconds UTC.
    pub occurred_at: i64,
    /// The business day of that.
    pub day: Date,
    /// Paid; zero for leads.
    pub amount: Money,
    /// Of the amount.
    pub currency: Currency,
    /// The shop's word for what was sold.
    pub product_class: Option<String>,
    /// The click its token speaks for.
    pub click: Option<ClickId>,
    /// The coupon as handed in.
    pub coupon_code: Option<String>,
    /// How long the form was open, milliseconds.
    pub form_ms: Option<i64>,
    /// `pending` becomes `approved` then, milliseconds UTC.
    pub hold_until: i64,
    /// The actor's word.
    pub created_by: String,
    /// Milliseconds UTC.
    pub created_at: i64,
}

/// What a decision leaves in the row.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The customer, when contacts were given.
    pub customer: Option<CustomerId>,
    /// The coupon redeemed.
    pub coupon: Option<CouponId>,
    /// Why the coupon handed in was not.
    pub coupon_refusal: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// What credited.
    pub via: Option<Via>,
    /// Credited in full.
    pub credited_to: Option<EmployeeId>,
    /// Credited indirectly.
    pub indirect_to: Option<EmployeeId>,
    /// Booked to this link.
    pub link: Option<LinkId>,
    /// Booked to this campaign and channel.
    pub campaign: Option<(CampaignId, String)>,
    /// The click that credited.
    pub touch: Option<ClickId>,
    /// Since when the customer is bound.
    pub bound_at: Option<i64>,
    /// The steps.
    pub steps: Vec<Step>,
}

/// A conversion as stored.
#[derive(Clone, Debug)]
pub struct Conversion {
    /// The row.
    pub id: ConversionId,
    /// The caller's id for it.
    pub external_id: String,
    /// SHA-256 of what was sent.
    pub content_hash: Vec<u8>,
    /// Lead or sale.
    pub kind: ConversionKind,
    /// Where it came from.
    pub source: Source,
    /// When, milliseconds UTC.
    pub occurred_at: i64,
    /// The business day it is booked at.
    pub day: Date,
    /// Paid.
    pub amount: Money,
    /// Gone back.
    pub refunded: Money,
    /// ISO 4217.
    pub currency: String,
    /// The shop's word for what was sold.
    pub product_class: Option<String>,
    /// The customer.
    pub customer: Option<CustomerId>,
    /// The click its token speaks for.
    pub click: Option<ClickId>,
    /// The coupon as handed in.
    pub coupon_code: Option<String>,
    /// The coupon redeemed.
    pub coupon: Option<CouponId>,
    /// Why it was not.
    pub coupon_refusal: Option<String>,
    /// How long the form was open.
    pub form_ms: Option<i64>,
    /// What was answered first.
    pub first_status: Status,
    /// Where it stands.
    pub status: Status,
    /// What credited.
    pub via: Option<Via>,
    /// Credited in full.
    pub credited_to: Option<EmployeeId>,
    /// That employee's code.
    pub credited_code: Option<String>,
    /// Credited indirectly.
    pub indirect_to: Option<EmployeeId>,
    /// That employee's code.
    pub indirect_code: Option<String>,
    /// Booked to this link.
    pub link: Option<LinkId>,
    /// Booked to this campaign.
    pub campaign: Option<CampaignId>,
    /// Booked to this channel.
    pub channel: Option<String>,
    /// Since when the customer is bound.
    pub bound_at: Option<i64>,
    /// The steps.
    pub steps: Vec<Step>,
    /// `pending` becomes `approved` then.
    pub hold_until: i64,
    /// The actor's word.
    pub created_by: String,
    /// Milliseconds UTC.
    pub created_at: i64,
    /// Who decided last.
    pub decided_by: Option<String>,
    /// Why.
    pub decided_reason: Option<String>,
    /// When.
    pub decided_at: Option<i64>,
}

impl Conversion {
    /// Amount less refunds.
    pub fn net(&self) -> Money {
        Money::from_minor(self.amount.minor() - self.refunded.minor())
    }
}

/// The row as it is stored.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: i64,
    external_id: String,
    content_hash: Vec<u8>,
    kind: String,
    source: String,
    occurred_at: i64,
    day: String,
    amount: i64,
    refunded: i64,
    currency: String,
    product_class: Option<String>,
    customer_id: Option<i64>,
    click_id: Option<Uuid>,
    coupon_code: Option<String>,
    coupon_id: Option<i64>,
    coupon_refusal: Option<String>,
    form_ms: Option<i64>,
    first_status: String,
    status: String,
    via: Option<String>,
    credited_to: Option<i64>,
    credited_code: Option<String>,
    indirect_to: Option<i64>,
    indirect_code: Option<String>,
    link_id: Option<i64>,
    campaign_id: Option<i64>,
    channel: Option<String>,
    bound_at: Option<i64>,
    decision: String,
    hold_until: i64,
    created_by: String,
    created_at: i64,
    decided_by: Option<String>,
    decided_reason: Option<String>,
    decided_at: Option<i64>,
}

pub(super) fn corrupt(column: &'static str, value: impl Into<String>) -> StoreError {
    StoreError::Corrupt {
        table: "conversions",
        column,
        value: value.into(),
    }
}

impl TryFrom<Row> for Conversion {
    type Error = StoreError;

    fn try_from(r: Row) -> Result<Self, StoreError> {
        let via = r
            .via
            .map(|v| v.parse().map_err(|()| corrupt("via", v)))
            .transpose()?;
        Ok(Self {
            kind: r.kind.parse().map_err(|()| corrupt("kind", r.kind))?,
            source: r.source.parse().map_err(|()| corrupt("source", r.source))?,
            day: r.day.parse().map_err(|_| corrupt("day", r.day))?,
            first_status: r
                .first_status
                .parse()
                .map_err(|()| corrupt("first_status", r.first_status))?,
            status: r.status.parse().map_err(|()| corrupt("status", r.status))?,
            steps: serde_json::from_str(&r.decision).map_err(|_| corrupt("decision", r.decision))?,
            id: ConversionId(r.id),
            external_id: r.external_id,
            content_hash: r.content_hash,
            occurred_at: r.occurred_at,
            amount: Money::from_minor(r.amount),
            refunded: Money::from_minor(r.refunded),
            currency: r.currency,
            product_class: r.product_class,
            customer: r.customer_id.map(CustomerId),
            click: r.click_id.map(ClickId),
            coupon_code: r.coupon_code,
            coupon: r.coupon_id.map(CouponId),
            coupon_refusal: r.coupon_refusal,
            form_ms: r.form_ms,
            via,
            credited_to: r.credited_to.map(EmployeeId),
            credited_code: r.credited_code,
            indirect_to: r.indirect_to.map(EmployeeId),
            indirect_code: r.indirect_code,
            link: r.link_id.map(LinkId),
            campaign: r.campaign_id.map(CampaignId),
            channel: r.channel,
            bound_at: r.bound_at,
            hold_until: r.hold_until,
            created_by: r.created_by,
            created_at: r.created_at,
            decided_by: r.decided_by,
            decided_reason: r.decided_reason,
            decided_at: r.decided_at,
        })
    }
}
