//! What the tracker knows, in the words of pay facts: read, never written.

use uuid::Uuid;

use crate::storage::{Store, StoreError, reading};

/// A click that earned.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct EarnedClick {
    /// Its id.
    pub id: Uuid,
    /// Milliseconds UTC.
    pub at: i64,
    /// Code of who is credited.
    pub employee: String,
    /// The link's code.
    pub link: String,
    /// Visible time, milliseconds.
    pub dwell_ms: Option<i64>,
}

/// A share, or an exchange under one.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Posted {
    /// Row.
    pub id: i64,
    /// Milliseconds UTC.
    pub at: i64,
    /// Code of who.
    pub employee: String,
    /// Campaign and material of a share; the friend of an exchange.
    pub what: String,
    /// Channel of a share; the share of an exchange.
    pub place: String,
    /// Whether it was approved.
    pub approved: bool,
}

/// A lead or an order with whom it is credited to.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Credited {
    /// The caller's id for it.
    pub external_id: String,
    /// `lead` or `sale`.
    pub kind: String,
    /// Milliseconds UTC.
    pub at: i64,
    /// Fen.
    pub amount: i64,
    /// The shop's word for what was sold, or what kind of lead it is.
    pub product_class: Option<String>,
    /// The customer's row.
    pub customer: Option<i64>,
    /// `pending`, `approved`, …
    pub status: String,
    /// `coupon`, `click`, `customer` or `claim`.
    pub via: Option<String>,
    /// Code of who is credited.
    pub employee: Option<String>,
    /// Code of who is credited indirectly.
    pub indirect: Option<String>,
}

/// Money that went back.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Returned {
    /// The caller's id for it.
    pub external_id: String,
    /// Of which order.
    pub of: String,
    /// The order's status.
    pub status: String,
    /// Whether the order is somebody's, directly.
    pub credited: bool,
    /// When the order was made; milliseconds UTC.
    pub ordered_at: i64,
    /// Milliseconds UTC.
    pub at: i64,
    /// Fen.
    pub amount: i64,
}

/// The smallest click id of an instant: ids sort by it.
fn first_id(ms: i64) -> Uuid {
    let ms = u64::try_from(ms.max(0)).unwrap_or(0).min((1 << 48) - 1);
    Uuid::from_u128(u128::from(ms) << 80)
}

impl Store {
    /// Clicks that earned within these instants, milliseconds UTC, half-open.
    pub async fn pay_clicks(&self, from: i64, to: i64) -> Result<Vec<EarnedClick>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select c.id, c.at, e.code as employee, l.code as link, c.dwell_ms from clicks c \
                 join employees e on e.id = c.employee_id join links l on l.id = c.link_id \
                 where c.id >= $1 and c.id < $2 and c.earned order by c.id",
            )
            .bind(first_id(from))
            .bind(first_id(to))
            .fetch_all(db)
            .await?
        }))
    }

    /// Shares within these instants.
    pub async fn pay_shares(&self, from: i64, to: i64) -> Result<Vec<Posted>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select s.id, s.posted_at as at, e.code as employee, c.slug || '/' || s.material as what, \
                 s.channel as place, s.status = 'approved' as approved from shares s \
                 join employees e on e.id = s.employee_id join campaigns c on c.id = s.campaign_id \
                 where s.posted_at >= $1 and s.posted_at < $2 order by s.id",
            )
            .bind(from)
            .bind(to)
            .fetch_all(db)
            .await?
        }))
    }

    /// Exchanges with friends within these instants.
    pub async fn pay_interactions(&self, from: i64, to: i64) -> Result<Vec<Posted>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select i.id, i.occurred_at as at, e.code as employee, i.friend_key as what, \
                 cast(i.share_id as text) as place, i.status = 'approved' as approved from interactions i \
                 join employees e on e.id = i.employee_id where i.occurred_at >= $1 and i.occurred_at < $2 order by i.id",
            )
            .bind(from)
            .bind(to)
            .fetch_all(db)
            .await?
        }))
    }

    /// Leads and orders within these instants that somebody is credited with.
    pub async fn pay_conversions(&self, from: i64, to: i64) -> Result<Vec<Credited>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select v.external_id, v.kind, v.occurred_at as at, v.amount, v.product_class, \
                 v.customer_id as customer, v.status, v.via, e.code as employee, i.code as indirect from conversions v \
                 left join employees e on e.id = v.credited_to left join employees i on i.id = v.indirect_to \
                 where v.occurred_at >= $1 and v.occurred_at < $2 \
                 and (v.credited_to is not null or v.indirect_to is not null) order by v.id",
            )
            .bind(from)
            .bind(to)
            .fetch_all(db)
            .await?
        }))
    }

    /// Refunds of orders since an instant, and those that occurred since then, of however old an order.
    pub async fn pay_refunds(&self, from: i64) -> Result<Vec<Returned>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select r.external_id, v.external_id as of, v.status, v.kind <> 'lead' and v.credited_to is not null \
                 and v.indirect_to is null as credited, v.occurred_at as ordered_at, r.occurred_at as at, r.amount from refunds r \
                 join conversions v on v.id = r.conversion_id \
                 where v.occurred_at >= $1 or r.occurred_at >= $1 order by r.id",
            )
            .bind(from)
            .fetch_all(db)
            .await?
        }))
    }
}
