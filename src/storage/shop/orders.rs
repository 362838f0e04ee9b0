//! What was ordered in the shop.

use jiff::civil::Date;

use crate::domain::{EmployeeId, OrderState};
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// An order as it stands.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct OrderRow {
    /// Row.
    pub id: i64,
    /// The item.
    pub item_id: i64,
    /// Who ordered.
    pub employee_id: i64,
    /// Their code.
    pub employee_code: String,
    /// Their name.
    pub employee_name: String,
    /// Their last working day, ISO.
    pub left_on: Option<String>,
    /// What the item was called when it was ordered.
    pub title: String,
    /// What was paid.
    pub points: i64,
    /// Milliseconds UTC.
    pub ordered_at: i64,
    /// A word of [`OrderState`].
    pub status: String,
    /// Code of the voucher handed over.
    pub code: Option<String>,
    /// Its last day, ISO.
    pub use_by: Option<String>,
    /// Who handed it over or called it off: an actor's word.
    pub decided_by: Option<String>,
    /// Milliseconds UTC.
    pub decided_at: Option<i64>,
    /// Why it was called off.
    pub reason: Option<String>,
}

/// An order to be written.
#[derive(Clone, Debug)]
pub struct NewOrder<'a> {
    /// The item.
    pub item: i64,
    /// Who orders.
    pub employee: EmployeeId,
    /// Of the form it came from.
    pub once: &'a str,
    /// What the item is called.
    pub title: &'a str,
    /// What is paid.
    pub points: i64,
    /// Milliseconds UTC.
    pub at: i64,
    /// Business day of `at`.
    pub day: Date,
}

/// What a list of orders is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderFilter {
    /// One person's.
    pub employee: Option<EmployeeId>,
    /// In this state.
    pub status: Option<OrderState>,
}

/// A step of an order that waits.
#[derive(Clone, Copy, Debug)]
pub struct OrderStep<'a> {
    /// Where it leads.
    pub to: OrderState,
    /// Code of the voucher.
    pub code: Option<&'a str>,
    /// Its last day.
    pub use_by: Option<Date>,
    /// Who.
    pub by: &'a str,
    /// Milliseconds UTC.
    pub at: i64,
    /// Why.
    pub reason: Option<&'a str>,
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "select o.id, o.item_id, o.employee_id, e.code as employee_code, e.name as employee_name, e.left_on, \
             o.title, o.points, o.ordered_at, o.status, o.code, o.use_by, o.decided_by, o.decided_at, o.reason \
             from shop_orders o join employees e on e.id = o.employee_id ",
            $tail
        )
    };
}

impl Store {
    /// Orders, newest first; `before` is the last page's smallest id.
    pub async fn orders(
        &self,
        filter: OrderFilter,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<OrderRow>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(select!(
                "where ($1 = 0 or o.employee_id = $1) and ($2 = '' or o.status = $2) and o.id < $3 \
                 order by o.id desc limit $4"
            ))
            .bind(filter.employee.map_or(0, |e| e.0))
            .bind(filter.status.map_or("", OrderState::as_str))
            .bind(before.unwrap_or(i64::MAX))
            .bind(limit)
            .fetch_all(db)
            .await?
        }))
    }

    /// The order with this id.
    pub async fn order(&self, id: i64) -> Result<Option<OrderRow>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(select!("where o.id = $1"))
                .bind(id)
                .fetch_optional(db)
                .await?
        }))
    }

    /// How many orders wait to be handed over.
    pub async fn orders_waiting(&self) -> Result<i64, StoreError> {
        let (count,): (i64,) = reading!(self, |db| {
            sqlx::query_as("select count(*) from shop_orders where status = 'ordered'")
                .fetch_one(db)
                .await?
        });
        Ok(count)
    }

    /// Orders that wait although their people's last working day is before `today`; at most 1 000.
    pub async fn orders_of_leavers(&self, today: Date) -> Result<Vec<i64>, StoreError> {
        let rows: Vec<(i64,)> = reading!(self, |db| {
            sqlx::query_as(
                "select o.id from shop_orders o join employees e on e.id = o.employee_id \
                 where o.status = 'ordered' and e.left_on < $1 order by o.id limit 1000",
            )
            .bind(today.to_string())
            .fetch_all(db)
            .await?
        });
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    /// How many of each item a person ordered since a day and did not call off: item and count.
    pub async fn orders_since(
        &self,
        employee: EmployeeId,
        from: Date,
    ) -> Result<Vec<(i64, i64)>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as(
                "select item_id, count(*) from shop_orders \
                 where employee_id = $1 and day >= $2 and status <> 'cancelled' group by item_id",
            )
            .bind(employee.0)
            .bind(day_text(from))
            .fetch_all(db)
            .await?
        }))
    }
}

/// A day as rows are compared by it: years before 0 sort wrongly as text, so all time begins with the empty one.
fn day_text(day: Date) -> String {
    if day.year() < 1 {
        String::new()
    } else {
        day.to_string()
    }
}

/// How many of an item a person ordered since a day and did not call off, read inside the transaction.
pub async fn ordered_since(
    tx: &mut Tx,
    employee: EmployeeId,
    item: i64,
    from: Date,
) -> Result<i64, StoreError> {
    let (count,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "select count(*) from shop_orders \
             where employee_id = $1 and item_id = $2 and day >= $3 and status <> 'cancelled'",
        )
        .bind(employee.0)
        .bind(item)
        .bind(day_text(from))
        .fetch_one(db)
        .await?
    });
    Ok(count)
}

/// The order that came from a form.
pub async fn order_of_form(
    tx: &mut Tx,
    employee: EmployeeId,
    once: &str,
) -> Result<Option<OrderRow>, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query_as(select!("where o.employee_id = $1 and o.once = $2"))
            .bind(employee.0)
            .bind(once)
            .fetch_optional(db)
            .await?
    }))
}

/// Writes an order; returns its row.
pub async fn insert_order(tx: &mut Tx, new: &NewOrder<'_>) -> Result<i64, StoreError> {
    let (id,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "insert into shop_orders (item_id, employee_id, once, title, points, ordered_at, day, status) \
             values ($1, $2, $3, $4, $5, $6, $7, 'ordered') returning id",
        )
        .bind(new.item)
        .bind(new.employee.0)
        .bind(new.once)
        .bind(new.title)
        .bind(new.points)
        .bind(new.at)
        .bind(new.day.to_string())
        .fetch_one(db)
        .await?
    });
    Ok(id)
}

/// An order, locked for this transaction.
pub async fn lock_order(tx: &mut Tx, id: i64) -> Result<Option<OrderRow>, StoreError> {
    Ok(writing!(tx, |db| {
        sqlx::query("update shop_orders set status = status where id = $1")
            .bind(id)
            .execute(&mut *db)
            .await?;
        sqlx::query_as(select!("where o.id = $1"))
            .bind(id)
            .fetch_optional(db)
            .await?
    }))
}

/// Moves an order that waits; `false`, and nothing written, when it does not wait any more.
pub async fn move_order(tx: &mut Tx, id: i64, step: &OrderStep<'_>) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update shop_orders set status = $2, code = $3, use_by = $4, decided_by = $5, decided_at = $6, \
             reason = $7 where id = $1 and status = 'ordered'",
        )
        .bind(id)
        .bind(step.to.as_str())
        .bind(step.code)
        .bind(step.use_by.map(|d| d.to_string()))
        .bind(step.by)
        .bind(step.at)
        .bind(step.reason)
        .execute(db)
        .await?
        .rows_affected()
    });
    Ok(done == 1)
}
