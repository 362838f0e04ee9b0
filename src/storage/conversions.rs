//! Conversions: one row per external id, with its written decision (attribution.md §5).

use jiff::civil::Date;
use uuid::Uuid;

use crate::attribution::{ConversionKind, Source, Status, Step, Via};
use crate::domain::{
    CampaignId, ClickId, ConversionId, CouponId, Currency, CustomerId, EmployeeId, LinkId, Money,
};
use crate::storage::{Store, StoreError, Tx, reading, writing};

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

#[derive(sqlx::FromRow)]
struct Row {
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

macro_rules! conversion_sql {
    ($rest:literal) => {
        concat!(
            "select v.id, v.external_id, v.content_hash, v.kind, v.source, v.occurred_at, v.day, v.amount, v.refunded, ",
            "v.currency, v.product_class, v.customer_id, v.click_id, v.coupon_code, v.coupon_id, v.coupon_refusal, ",
            "v.form_ms, v.first_status, v.status, v.via, v.credited_to, e.code as credited_code, v.indirect_to, ",
            "i.code as indirect_code, v.link_id, v.campaign_id, v.channel, v.bound_at, v.decision, v.hold_until, ",
            "v.created_by, v.created_at, v.decided_by, v.decided_reason, v.decided_at from conversions v ",
            "left join employees e on e.id = v.credited_to left join employees i on i.id = v.indirect_to ",
            $rest
        )
    };
}

fn corrupt(column: &'static str, value: impl Into<String>) -> StoreError {
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

/// What a list shows.
#[derive(Clone, Debug, Default)]
pub struct ConversionFilter {
    /// Only this state.
    pub status: Option<Status>,
    /// Only this kind.
    pub kind: Option<ConversionKind>,
    /// Only what this employee is credited with, directly or indirectly.
    pub employee: Option<EmployeeId>,
    /// First instant, milliseconds UTC.
    pub from_ms: Option<i64>,
    /// First instant after, milliseconds UTC.
    pub to_ms: Option<i64>,
    /// Only rows before this one: lists run from the newest back.
    pub before: Option<i64>,
}

impl Store {
    /// A conversion by the caller's id for it.
    pub async fn conversion(&self, external_id: &str) -> Result<Option<Conversion>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(conversion_sql!("where v.external_id = $1"))
                .bind(external_id)
                .fetch_optional(db)
                .await?
        });
        row.map(TryInto::try_into).transpose()
    }

    /// Conversions, the newest row first, at most `limit`.
    pub async fn conversions(
        &self,
        filter: &ConversionFilter,
        limit: i64,
    ) -> Result<Vec<Conversion>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(conversion_sql!(
                "where ($1 is null or v.status = $1) and ($2 is null or v.kind = $2) \
                 and (cast($3 as bigint) is null or v.credited_to = $3 or v.indirect_to = $3) \
                 and v.occurred_at >= $4 and v.occurred_at < $5 and v.id < $6 order by v.id desc limit $7"
            ))
            .bind(filter.status.map(Status::as_str))
            .bind(filter.kind.map(ConversionKind::as_str))
            .bind(filter.employee.map(|e| e.0))
            .bind(filter.from_ms.unwrap_or(i64::MIN))
            .bind(filter.to_ms.unwrap_or(i64::MAX))
            .bind(filter.before.unwrap_or(i64::MAX))
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// What concerns a person, the latest first: credited to them, indirectly theirs, or credited to nobody though it came
    /// by their link, click or coupon. `before` is (occurred_at, id) of the last one read.
    pub async fn conversions_around(
        &self,
        employee: EmployeeId,
        before: (i64, i64),
        limit: i64,
    ) -> Result<Vec<Conversion>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(conversion_sql!(
                "where v.id in (select a.id from (select id from conversions where credited_to = $1 \
                 and (occurred_at < $2 or (occurred_at = $2 and id < $3)) order by occurred_at desc, id desc limit $4) a \
                 union all select b.id from (select id from conversions where indirect_to = $1 \
                 and (occurred_at < $2 or (occurred_at = $2 and id < $3)) order by occurred_at desc, id desc limit $4) b \
                 union all select u.id from (select c.id from conversions c left join clicks k on k.id = c.click_id \
                 left join links l on l.id = coalesce(c.link_id, k.link_id) \
                 left join coupons p on p.code_key = lower(c.coupon_code) \
                 where c.status = 'uncredited' and c.credited_to is null and c.indirect_to is null \
                 and (l.employee_id = $1 or p.employee_id = $1) \
                 and (c.occurred_at < $2 or (c.occurred_at = $2 and c.id < $3)) \
                 order by c.occurred_at desc, c.id desc limit $4) u) \
                 order by v.occurred_at desc, v.id desc limit $4"
            ))
            .bind(employee.0)
            .bind(before.0)
            .bind(before.1)
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(TryInto::try_into).collect()
    }

    /// External ids of pending conversions whose hold is over, the oldest first.
    pub async fn conversions_due(&self, now_ms: i64, limit: i64) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = reading!(self, |db| {
            sqlx::query_as(
                "select external_id from conversions where status = 'pending' and hold_until <= $1 \
                 order by hold_until, id limit $2",
            )
            .bind(now_ms)
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// External ids of uncredited conversions that came with one of these clicks' tokens.
    pub async fn uncredited_by_click(&self, click: ClickId) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = reading!(self, |db| {
            sqlx::query_as("select external_id from conversions where click_id = $1 and status = 'uncredited' order by id")
                .bind(click.0)
                .fetch_all(db)
                .await?
        });
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// External ids of uncredited conversions whose click had not reached the store when they were decided and now has.
    pub async fn conversions_with_late_click(&self, limit: i64) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = reading!(self, |db| {
            sqlx::query_as(
                "select v.external_id from conversions v join clicks c on c.id = v.click_id \
                 where v.status = 'uncredited' and v.decision like '%\"click-not-loaded\"%' order by v.id limit $1",
            )
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }
}

/// Takes an external id: the new row, undecided, or `None` when it is taken. Waits for another transaction that is
/// taking the same id.
pub async fn take(tx: &mut Tx, new: &NewConversion) -> Result<Option<ConversionId>, StoreError> {
    let row: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as(
            "insert into conversions (external_id, content_hash, kind, source, occurred_at, day, amount, currency, \
             product_class, click_id, coupon_code, form_ms, first_status, status, decision, hold_until, created_by, \
             created_at, changed_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'uncredited', \
             'uncredited', '[]', $13, $14, $15, $15) on conflict (external_id) do nothing returning id",
        )
        .bind(&new.external_id)
        .bind(&new.content_hash[..])
        .bind(new.kind.as_str())
        .bind(new.source.as_str())
        .bind(new.occurred_at)
        .bind(new.day.to_string())
        .bind(new.amount.minor())
        .bind(new.currency.as_str())
        .bind(&new.product_class)
        .bind(new.click.map(|c| c.0))
        .bind(&new.coupon_code)
        .bind(new.form_ms)
        .bind(new.hold_until)
        .bind(&new.created_by)
        .bind(new.created_at)
        .fetch_optional(db)
        .await?
    });
    Ok(row.map(|(id,)| ConversionId(id)))
}

/// Writes the decision down. `first` also fixes what a repeated request is answered with.
pub async fn write_decision(
    tx: &mut Tx,
    id: ConversionId,
    decided: &Decided,
    first: bool,
    now_ms: i64,
) -> Result<(), StoreError> {
    let steps = serde_json::to_string(&decided.steps).map_err(|e| corrupt("decision", e.to_string()))?;
    let done = writing!(tx, |db| {
        sqlx::query(
            "update conversions set customer_id = $2, coupon_id = $3, coupon_refusal = $4, status = $5, \
             first_status = case when $6 then $5 else first_status end, via = $7, credited_to = $8, indirect_to = $9, \
             link_id = $10, campaign_id = $11, channel = $12, touch_id = $13, bound_at = $14, decision = $15, \
             changed_at = $16 where id = $1",
        )
        .bind(id.0)
        .bind(decided.customer.map(|c| c.0))
        .bind(decided.coupon.map(|c| c.0))
        .bind(&decided.coupon_refusal)
        .bind(decided.status.as_str())
        .bind(first)
        .bind(decided.via.map(Via::as_str))
        .bind(decided.credited_to.map(|e| e.0))
        .bind(decided.indirect_to.map(|e| e.0))
        .bind(decided.link.map(|l| l.0))
        .bind(decided.campaign.as_ref().map(|(c, _)| c.0))
        .bind(decided.campaign.as_ref().map(|(_, channel)| channel.as_str()))
        .bind(decided.touch.map(|c| c.0))
        .bind(decided.bound_at)
        .bind(steps)
        .bind(now_ms)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("conversions", done, 1)
}

/// A conversion, locked until the transaction ends.
pub async fn lock_by_external_id(tx: &mut Tx, external_id: &str) -> Result<Option<Conversion>, StoreError> {
    let row: Option<Row> = writing!(tx, |db| {
        // `for update` exists on one database only; a write locks on both.
        sqlx::query("update conversions set changed_at = changed_at where external_id = $1")
            .bind(external_id)
            .execute(&mut *db)
            .await?;
        sqlx::query_as(conversion_sql!("where v.external_id = $1"))
            .bind(external_id)
            .fetch_optional(&mut *db)
            .await?
    });
    row.map(TryInto::try_into).transpose()
}

/// Moves a conversion to another state, with who, why and when (`None`: the program itself).
pub async fn set_status(
    tx: &mut Tx,
    id: ConversionId,
    status: Status,
    decided: Option<(&str, &str)>,
    now_ms: i64,
) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update conversions set status = $2, decided_by = coalesce($3, decided_by), \
             decided_reason = coalesce($4, decided_reason), \
             decided_at = case when cast($3 as text) is null then decided_at else $5 end, changed_at = $5 where id = $1",
        )
        .bind(id.0)
        .bind(status.as_str())
        .bind(decided.map(|(who, _)| who))
        .bind(decided.map(|(_, why)| why))
        .bind(now_ms)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("conversions", done, 1)
}

/// The conversion that binds a customer at an instant: the last credited one up to it, else the first after it.
#[derive(Clone, Debug)]
pub struct BindingRow {
    /// Who brought the customer.
    pub employee: EmployeeId,
    /// Since when.
    pub bound_at: i64,
    /// Whether it is held.
    pub held: bool,
    /// Its link.
    pub link: Option<LinkId>,
    /// Its campaign and channel.
    pub campaign: Option<(CampaignId, String)>,
}

/// Who a customer is bound to around `at_ms`; conversions that were rejected bind nobody.
pub async fn binding(
    tx: &mut Tx,
    customer: CustomerId,
    at_ms: i64,
    except: i64,
) -> Result<Option<BindingRow>, StoreError> {
    type Found = (i64, i64, String, Option<i64>, Option<i64>, Option<String>);
    let row: Option<Found> =
        writing!(tx, |db| {
            let before: Option<Found> = sqlx::query_as(
                "select credited_to, bound_at, status, link_id, campaign_id, channel from conversions \
             where customer_id = $1 and occurred_at <= $2 and id <> $3 and credited_to is not null \
             and bound_at is not null and status <> 'rejected' order by occurred_at desc, id desc limit 1",
            )
            .bind(customer.0)
            .bind(at_ms)
            .bind(except)
            .fetch_optional(&mut *db)
            .await?;
            match before {
                Some(row) => Some(row),
                None => sqlx::query_as(
                    "select credited_to, bound_at, status, link_id, campaign_id, channel from conversions \
                     where customer_id = $1 and occurred_at > $2 and id <> $3 and credited_to is not null \
                     and bound_at is not null and status <> 'rejected' order by occurred_at, id limit 1",
                )
                .bind(customer.0)
                .bind(at_ms)
                .bind(except)
                .fetch_optional(&mut *db)
                .await?,
            }
        });
    Ok(row.map(
        |(employee, bound_at, status, link, campaign, channel)| BindingRow {
            employee: EmployeeId(employee),
            bound_at,
            held: status == Status::Held.as_str(),
            link: link.map(LinkId),
            campaign: campaign.map(CampaignId).zip(channel),
        },
    ))
}
