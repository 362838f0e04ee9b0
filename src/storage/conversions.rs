//! Conversions: one row per external id, with its written decision (attribution.md §5).

use uuid::Uuid;

use crate::attribution::claim::OrderKey;
use crate::attribution::{ContactHash, ConversionKind, Source, Status, Step, Via};
use crate::domain::{ClickId, ConversionId, EmployeeId};
pub use crate::storage::conversion_row::{Conversion, Decided, NewConversion};
use crate::storage::conversion_row::{Row, corrupt};
use crate::storage::{Store, StoreError, Tx, reading, writing};

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
    /// by their link, click or coupon. `before` is (`occurred_at`, `id`) of the last one read.
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

    /// Whether a customer with one of these contacts has a conversion whose external id begins like this (ASCII letters,
    /// digits and `-`), rejected ones aside.
    pub async fn has_form_lead(&self, contacts: &[ContactHash], prefix: &str) -> Result<bool, StoreError> {
        for hash in contacts {
            let row: Option<(i64,)> = reading!(self, |db| {
                sqlx::query_as(
                    "select v.id from conversions v join customer_keys k on k.customer_id = v.customer_id \
                     where k.hash = $1 and substr(v.external_id, 1, length($2)) = $2 and v.status <> 'rejected' limit 1",
                )
                .bind(&hash.0[..])
                .bind(prefix)
                .fetch_optional(db)
                .await?
            });
            if row.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
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

    /// Clicks of classes that credit nobody, by which something pending or held is credited all the same.
    pub async fn clicks_credited_in_vain(&self, limit: i64) -> Result<Vec<ClickId>, StoreError> {
        let rows: Vec<(Uuid,)> = reading!(self, |db| {
            sqlx::query_as(
                "select distinct c.id from conversions v join clicks c on c.id = v.touch_id \
                 where v.status in ('pending', 'held') and c.class not in ('human', 'repeat', 'suspect') \
                 order by c.id limit $1",
            )
            .bind(limit)
            .fetch_all(db)
            .await?
        });
        Ok(rows.into_iter().map(|(id,)| ClickId(id)).collect())
    }
}

/// Takes an external id: the new row, undecided, or `None` when it is taken. Waits for another transaction that is
/// taking the same id.
pub async fn take(tx: &mut Tx, new: &NewConversion) -> Result<Option<ConversionId>, StoreError> {
    // What came out of a claim is no order of the shop's.
    let order = OrderKey::parse(&new.external_id).filter(|_| new.source != Source::Claim);
    let row: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as(
            "insert into conversions (external_id, content_hash, kind, source, occurred_at, day, amount, currency, \
             product_class, click_id, coupon_code, form_ms, first_status, status, decision, hold_until, created_by, \
             created_at, changed_at, order_key) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, \
             'uncredited', 'uncredited', '[]', $13, $14, $15, $15, $16) on conflict (external_id) do nothing returning id",
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
        .bind(order.as_ref().map(OrderKey::as_str))
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

/// What hangs on a click.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfClick {
    /// The caller's id for it.
    pub external_id: String,
    /// Whose it is.
    pub customer: Option<i64>,
    /// Came with its token or is credited by it; else its customer is bound by something that is.
    pub direct: bool,
}

/// Conversions that came with a click's token or are credited by it, and those that hang on the binding they make, in the
/// order they happened: what can still change, and of what is settled (approved, paid) what the click itself credits.
pub async fn of_click(tx: &mut Tx, click: ClickId) -> Result<Vec<OfClick>, StoreError> {
    let rows: Vec<(String, Option<i64>, i64)> = writing!(tx, |db| {
        // A touch is a click that came with a conversion of the same customer.
        sqlx::query_as(
            "select f.external_id, f.customer_id, cast(f.direct as bigint) from ( \
               select external_id, customer_id, occurred_at, id, 1 as direct from conversions where click_id = $1 \
               and (status in ('uncredited', 'pending', 'held') or (touch_id = $1 and status in ('approved', 'paid'))) \
             union all \
               select external_id, customer_id, occurred_at, id, case when touch_id = $1 then 1 else 0 end as direct \
               from conversions where customer_id in (select customer_id from conversions where click_id = $1) \
               and (click_id is null or click_id <> $1) \
               and (status in ('uncredited', 'pending', 'held') \
                    and (touch_id = $1 or (touch_id is null and (via is null or via = 'customer'))) \
                    or touch_id = $1 and status in ('approved', 'paid')) \
             ) f order by f.occurred_at, f.id",
        )
        .bind(click.0)
        .fetch_all(db)
        .await?
    });
    let found = rows.into_iter().map(|(external_id, customer, direct)| OfClick {
        external_id,
        customer,
        direct: direct == 1,
    });
    Ok(found.collect())
}

/// Since when a conversion binds its customer; `None`: it does not.
pub async fn bind(tx: &mut Tx, id: ConversionId, bound_at: Option<i64>) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("update conversions set bound_at = $2 where id = $1")
            .bind(id.0)
            .bind(bound_at)
            .execute(db)
            .await?
            .rows_affected()
    });
    StoreError::check_rows("conversions", done, 1)
}

/// Writes a decision's steps down again; nothing else of it changes.
pub async fn write_steps(
    tx: &mut Tx,
    id: ConversionId,
    steps: &[Step],
    now_ms: i64,
) -> Result<(), StoreError> {
    let steps = serde_json::to_string(steps).map_err(|e| corrupt("decision", e.to_string()))?;
    let done = writing!(tx, |db| {
        sqlx::query("update conversions set decision = $2, changed_at = $3 where id = $1")
            .bind(id.0)
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
    writing!(tx, |db| {
        // `for update` exists on one database only; a write locks on both.
        sqlx::query("update conversions set changed_at = changed_at where external_id = $1")
            .bind(external_id)
            .execute(db)
            .await?;
    });
    by_external_id(tx, external_id).await
}

/// The shop's own conversion of an order, locked until the transaction ends: by its number as written, else the first one
/// of that spelling.
pub async fn lock_by_order(
    tx: &mut Tx,
    kind: ConversionKind,
    written: &str,
    key: &str,
) -> Result<Option<Conversion>, StoreError> {
    let found: Option<(String,)> = writing!(tx, |db| {
        sqlx::query_as(
            "select external_id from conversions where kind = $1 and (external_id = $2 or order_key = $3) \
             order by case when external_id = $2 then 0 else 1 end, id limit 1",
        )
        .bind(kind.as_str())
        .bind(written)
        .bind(key)
        .fetch_optional(db)
        .await?
    });
    match found {
        Some((external_id,)) => lock_by_external_id(tx, &external_id).await,
        None => Ok(None),
    }
}

/// A conversion as the transaction sees it, not locked.
pub async fn by_external_id(tx: &mut Tx, external_id: &str) -> Result<Option<Conversion>, StoreError> {
    let row: Option<Row> = writing!(tx, |db| {
        sqlx::query_as(conversion_sql!("where v.external_id = $1"))
            .bind(external_id)
            .fetch_optional(db)
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
