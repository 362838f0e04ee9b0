//! Customers: known by keyed hashes of their contacts, never by the contacts (attribution.md §5).

use crate::attribution::{ContactHash, ContactKind};
use crate::domain::CustomerId;
use crate::storage::{StoreError, Tx, writing};

/// A customer as found or made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundCustomer {
    /// The row; locked until the transaction ends.
    pub id: CustomerId,
    /// Whether none of the contacts was known.
    pub is_fresh: bool,
    /// All contacts known of the customer, these included.
    pub hashes: Vec<ContactHash>,
}

/// Finds the customer any of these contacts belongs to, or makes one; contacts that lead to several customers make
/// them one. The row stays locked until the transaction ends, so that two decisions about one customer follow one
/// another. `contacts` must not be empty.
pub async fn find_or_make(
    tx: &mut Tx,
    contacts: &[(ContactKind, ContactHash)],
    now_ms: i64,
) -> Result<FoundCustomer, StoreError> {
    // One order for all writers, or two of them could wait for each other.
    let mut contacts = contacts.to_vec();
    contacts.sort_by_key(|(_, hash)| *hash);
    contacts.dedup_by_key(|(_, hash)| *hash);
    let mut owners = Vec::new();
    for (_, hash) in &contacts {
        owners.extend(owner_of(tx, hash).await?);
    }
    let fallback = match owners.iter().min() {
        Some(known) => *known,
        None => make(tx, now_ms).await?,
    };
    for (kind, hash) in &contacts {
        let added = writing!(tx, |db| {
            sqlx::query(
                "insert into customer_keys (hash, kind, customer_id, created_at) values ($1, $2, $3, $4) \
                 on conflict (hash) do nothing",
            )
            .bind(&hash.0[..])
            .bind(kind.as_str())
            .bind(fallback)
            .bind(now_ms)
            .execute(db)
            .await?
            .rows_affected()
        });
        // Somebody else may have made the customer since we looked: theirs counts.
        if added == 0 {
            owners.extend(owner_of(tx, hash).await?);
        }
    }
    let is_fresh = owners.is_empty();
    owners.push(fallback);
    owners.sort_unstable();
    owners.dedup();
    let id = owners[0];
    lock(tx, id, now_ms).await?;
    for other in &owners[1..] {
        merge(tx, *other, id).await?;
    }
    let hashes = hashes_of(tx, id).await?;
    Ok(FoundCustomer {
        id: CustomerId(id),
        is_fresh,
        hashes,
    })
}

/// The customer any of these contacts belongs to, without making or locking one.
pub async fn find(tx: &mut Tx, contacts: &[ContactHash]) -> Result<Option<CustomerId>, StoreError> {
    for hash in contacts {
        if let Some(id) = owner_of(tx, hash).await? {
            return Ok(Some(CustomerId(id)));
        }
    }
    Ok(None)
}

/// All contacts known of a customer.
pub async fn hashes(tx: &mut Tx, customer: CustomerId) -> Result<Vec<ContactHash>, StoreError> {
    hashes_of(tx, customer.0).await
}

/// Locks a customer's row until the transaction ends.
pub async fn lock_customer(tx: &mut Tx, customer: CustomerId, now_ms: i64) -> Result<(), StoreError> {
    lock(tx, customer.0, now_ms).await
}

async fn owner_of(tx: &mut Tx, hash: &ContactHash) -> Result<Option<i64>, StoreError> {
    let row: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as("select customer_id from customer_keys where hash = $1")
            .bind(&hash.0[..])
            .fetch_optional(db)
            .await?
    });
    Ok(row.map(|(id,)| id))
}

async fn make(tx: &mut Tx, now_ms: i64) -> Result<i64, StoreError> {
    let (id,): (i64,) = writing!(tx, |db| {
        sqlx::query_as("insert into customers (seen_at, created_at) values ($1, $1) returning id")
            .bind(now_ms)
            .fetch_one(db)
            .await?
    });
    Ok(id)
}

async fn lock(tx: &mut Tx, id: i64, now_ms: i64) -> Result<(), StoreError> {
    // `for update` exists on one database only; a write locks on both.
    let done = writing!(tx, |db| {
        sqlx::query("update customers set seen_at = $2 where id = $1")
            .bind(id)
            .bind(now_ms)
            .execute(db)
            .await?
            .rows_affected()
    });
    StoreError::check_rows("customers", done, 1)
}

async fn merge(tx: &mut Tx, from: i64, into: i64) -> Result<(), StoreError> {
    writing!(tx, |db| {
        sqlx::query("update customer_keys set customer_id = $2 where customer_id = $1")
            .bind(from)
            .bind(into)
            .execute(&mut *db)
            .await?;
        sqlx::query("update conversions set customer_id = $2 where customer_id = $1")
            .bind(from)
            .bind(into)
            .execute(&mut *db)
            .await?;
        sqlx::query("update claims set customer_id = $2 where customer_id = $1")
            .bind(from)
            .bind(into)
            .execute(&mut *db)
            .await?;
        sqlx::query("update crm_records set customer_id = $2 where customer_id = $1")
            .bind(from)
            .bind(into)
            .execute(&mut *db)
            .await?;
        sqlx::query(
            "insert into customer_imports (customer_id, known_at) \
             select cast($2 as bigint), known_at from customer_imports where customer_id = $1 \
             on conflict (customer_id, known_at) do nothing",
        )
        .bind(from)
        .bind(into)
        .execute(&mut *db)
        .await?;
        sqlx::query("delete from customer_imports where customer_id = $1")
            .bind(from)
            .execute(&mut *db)
            .await?;
        sqlx::query("delete from customers where id = $1")
            .bind(from)
            .execute(&mut *db)
            .await?;
    });
    Ok(())
}

async fn hashes_of(tx: &mut Tx, id: i64) -> Result<Vec<ContactHash>, StoreError> {
    let rows: Vec<(Vec<u8>,)> = writing!(tx, |db| {
        sqlx::query_as("select hash from customer_keys where customer_id = $1")
            .bind(id)
            .fetch_all(db)
            .await?
    });
    rows.into_iter()
        .map(|(bytes,)| {
            let found = bytes.len();
            bytes
                .try_into()
                .map(ContactHash)
                .map_err(|_| StoreError::Corrupt {
                    table: "customer_keys",
                    column: "hash",
                    value: format!("{found} bytes"),
                })
        })
        .collect()
}

/// Notes that the firm knew the customer at an instant; `false` when that was noted before.
pub async fn note_known(tx: &mut Tx, customer: CustomerId, known_at: i64) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into customer_imports (customer_id, known_at) values ($1, $2) \
             on conflict (customer_id, known_at) do nothing",
        )
        .bind(customer.0)
        .bind(known_at)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}

/// When the firm last knew the customer before `before_ms` (milliseconds UTC, exclusive): by an import, a lead or an
/// order that was not rejected. The conversion `except` is not looked at.
pub async fn known_before(
    tx: &mut Tx,
    customer: CustomerId,
    before_ms: i64,
    except: i64,
) -> Result<Option<i64>, StoreError> {
    let (imported,): (Option<i64>,) = writing!(tx, |db| {
        sqlx::query_as("select max(known_at) from customer_imports where customer_id = $1 and known_at < $2")
            .bind(customer.0)
            .bind(before_ms)
            .fetch_one(db)
            .await?
    });
    let (converted,): (Option<i64>,) = writing!(tx, |db| {
        sqlx::query_as(
            "select max(occurred_at) from conversions \
             where customer_id = $1 and occurred_at < $2 and id <> $3 and status <> 'rejected'",
        )
        .bind(customer.0)
        .bind(before_ms)
        .bind(except)
        .fetch_one(db)
        .await?
    });
    Ok(imported.max(converted))
}

/// When the credited lead of this customer nearest to `at_ms` was, milliseconds UTC; rejected ones, and the conversion
/// `except`, aside.
pub async fn credited_lead(
    tx: &mut Tx,
    customer: CustomerId,
    at_ms: i64,
    except: i64,
) -> Result<Option<i64>, StoreError> {
    let row: Option<(i64,)> = writing!(tx, |db| {
        sqlx::query_as(
            "select occurred_at from conversions where customer_id = $1 and id <> $3 and kind = 'lead' \
             and status not in ('rejected', 'uncredited') order by abs(occurred_at - $2), occurred_at limit 1",
        )
        .bind(customer.0)
        .bind(at_ms)
        .bind(except)
        .fetch_optional(db)
        .await?
    });
    Ok(row.map(|(at,)| at))
}
