//! Refunds of sales: idempotent by their own external id (attribution.md §5).

use crate::attribution::Status;
use crate::domain::{ConversionId, Money};
use crate::storage::conversions::Conversion;
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// A refund as it comes in.
#[derive(Clone, Debug)]
pub struct NewRefund {
    /// The caller's id for it.
    pub external_id: String,
    /// SHA-256 of what was sent.
    pub content_hash: [u8; 32],
    /// Given back, above zero.
    pub amount: Money,
    /// When, milliseconds UTC.
    pub occurred_at: i64,
    /// The actor's word.
    pub created_by: String,
    /// Milliseconds UTC.
    pub created_at: i64,
}

/// A refund as stored.
#[derive(Clone, Debug)]
pub struct Refund {
    /// The row.
    pub id: i64,
    /// The caller's id for it.
    pub external_id: String,
    /// SHA-256 of what was sent.
    pub content_hash: Vec<u8>,
    /// Given back.
    pub amount: Money,
    /// When, milliseconds UTC.
    pub occurred_at: i64,
    /// The conversion's state after it, as first answered.
    pub first_status: Status,
    /// What was left of the amount then.
    pub first_rest: Money,
    /// The sale.
    pub conversion: ConversionId,
}

type Row = (i64, String, Vec<u8>, i64, i64, String, i64, i64);

fn from_row(
    (id, external_id, content_hash, amount, occurred_at, first_status, first_rest, conversion): Row,
) -> Result<Refund, StoreError> {
    Ok(Refund {
        id,
        external_id,
        content_hash,
        amount: Money::from_minor(amount),
        occurred_at,
        first_status: first_status.parse().map_err(|()| StoreError::Corrupt {
            table: "refunds",
            column: "first_status",
            value: first_status,
        })?,
        first_rest: Money::from_minor(first_rest),
        conversion: ConversionId(conversion),
    })
}

impl Store {
    /// A sale's refunds, oldest first (at most 1 000).
    pub async fn refunds_of(&self, conversion: ConversionId) -> Result<Vec<Refund>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(
                "select id, external_id, content_hash, amount, occurred_at, first_status, first_rest, conversion_id \
                 from refunds where conversion_id = $1 order by id limit 1000",
            )
            .bind(conversion.0)
            .fetch_all(db)
            .await?
        });
        rows.into_iter().map(from_row).collect()
    }
}

/// The refund with this external id.
pub async fn by_external_id(tx: &mut Tx, external_id: &str) -> Result<Option<Refund>, StoreError> {
    let row: Option<Row> = writing!(tx, |db| {
        sqlx::query_as(
            "select id, external_id, content_hash, amount, occurred_at, first_status, first_rest, conversion_id \
             from refunds where external_id = $1",
        )
        .bind(external_id)
        .fetch_optional(db)
        .await?
    });
    row.map(from_row).transpose()
}

/// Books a refund on a locked sale: `status` and `rest` are the sale's afterwards. `None` when the external id was
/// taken meanwhile.
pub async fn insert(
    tx: &mut Tx,
    sale: &Conversion,
    refund: &NewRefund,
    status: Status,
    rest: Money,
) -> Result<Option<i64>, StoreError> {
    let row: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as(
            "insert into refunds (external_id, conversion_id, content_hash, amount, occurred_at, first_status, \
             first_rest, created_by, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             on conflict (external_id) do nothing returning id",
        )
        .bind(&refund.external_id)
        .bind(sale.id.0)
        .bind(&refund.content_hash[..])
        .bind(refund.amount.minor())
        .bind(refund.occurred_at)
        .bind(status.as_str())
        .bind(rest.minor())
        .bind(&refund.created_by)
        .bind(refund.created_at)
        .fetch_optional(db)
        .await?
    });
    let Some((id,)) = row else { return Ok(None) };
    let done = writing!(tx, |db| {
        sqlx::query(
            "update conversions set refunded = amount - $2, status = $3, changed_at = $4 where id = $1",
        )
        .bind(sale.id.0)
        .bind(rest.minor())
        .bind(status.as_str())
        .bind(refund.created_at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("conversions", done, 1)?;
    Ok(Some(id))
}
