//! What the shop offers.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::domain::{ItemKind, LimitPeriod};
use crate::storage::convert::{day_opt, word};
use crate::storage::{Store, StoreError, Tx, reading, writing};

/// An item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShopItem {
    /// Row.
    pub id: i64,
    /// What can change.
    pub facts: ItemFacts,
    /// When its picture was put, milliseconds UTC; `None`: it has none.
    pub picture_at: Option<i64>,
}

/// What an item's record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemFacts {
    /// What people call it.
    pub title: String,
    /// A few sentences; may be empty.
    pub description: String,
    /// What it is.
    pub kind: ItemKind,
    /// Points, over 0.
    pub price: i64,
    /// How many are left; `None`: as many as are asked for.
    pub stock: Option<i64>,
    /// Most per person and period.
    pub limit_count: Option<i64>,
    /// The period.
    pub limit_period: LimitPeriod,
    /// First business day.
    pub starts_on: Option<Date>,
    /// Last business day.
    pub ends_on: Option<Date>,
    /// Days to use it after it was handed over; `None`: for ever.
    pub use_days: Option<i64>,
    /// Whether it is offered.
    pub on_sale: bool,
    /// For these teams, by row; empty: for everybody.
    pub teams: Vec<i64>,
}

/// A picture of an item.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ItemPicture {
    /// `image/png` or `image/jpeg`.
    pub media_type: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// When it was put, milliseconds UTC.
    pub changed_at: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    title: String,
    description: String,
    kind: String,
    price: i64,
    stock: Option<i64>,
    limit_count: Option<i64>,
    limit_period: String,
    starts_on: Option<String>,
    ends_on: Option<String>,
    use_days: Option<i64>,
    on_sale: i64,
    picture_at: Option<i64>,
}

fn from_row(row: Row, teams: Vec<i64>) -> Result<ShopItem, StoreError> {
    Ok(ShopItem {
        id: row.id,
        facts: ItemFacts {
            title: row.title,
            description: row.description,
            kind: word("shop_items", "kind", row.kind)?,
            price: row.price,
            stock: row.stock,
            limit_count: row.limit_count,
            limit_period: word("shop_items", "limit_period", row.limit_period)?,
            starts_on: day_opt("shop_items", "starts_on", row.starts_on)?,
            ends_on: day_opt("shop_items", "ends_on", row.ends_on)?,
            use_days: row.use_days,
            on_sale: row.on_sale == 1,
            teams,
        },
        picture_at: row.picture_at,
    })
}

macro_rules! select {
    ($tail:literal) => {
        concat!(
            "select i.id, i.title, i.description, i.kind, i.price, i.stock, i.limit_count, i.limit_period, i.starts_on, \
             i.ends_on, i.use_days, i.on_sale, p.changed_at as picture_at \
             from shop_items i left join shop_pictures p on p.item_id = i.id ",
            $tail
        )
    };
}

impl Store {
    /// Items, what is offered first, of that the cheapest; at most 2 000, more than anybody reads.
    pub async fn shop_items(&self) -> Result<Vec<ShopItem>, StoreError> {
        let rows: Vec<Row> = reading!(self, |db| {
            sqlx::query_as(select!("order by i.on_sale desc, i.price, i.id limit 2000"))
                .fetch_all(db)
                .await?
        });
        let teams: Vec<(i64, i64)> = reading!(self, |db| {
            sqlx::query_as("select item_id, team_id from shop_item_teams order by item_id, team_id")
                .fetch_all(db)
                .await?
        });
        let mut by_item: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (item, team) in teams {
            by_item.entry(item).or_default().push(team);
        }
        rows.into_iter()
            .map(|row| {
                let teams = by_item.remove(&row.id).unwrap_or_default();
                from_row(row, teams)
            })
            .collect()
    }

    /// The item in this row.
    pub async fn shop_item(&self, id: i64) -> Result<Option<ShopItem>, StoreError> {
        let row: Option<Row> = reading!(self, |db| {
            sqlx::query_as(select!("where i.id = $1"))
                .bind(id)
                .fetch_optional(db)
                .await?
        });
        let teams: Vec<(i64,)> = reading!(self, |db| {
            sqlx::query_as("select team_id from shop_item_teams where item_id = $1 order by team_id")
                .bind(id)
                .fetch_all(db)
                .await?
        });
        let teams = teams.into_iter().map(|(team,)| team).collect();
        row.map(|row| from_row(row, teams)).transpose()
    }

    /// The picture of an item.
    pub async fn item_picture(&self, item: i64) -> Result<Option<ItemPicture>, StoreError> {
        Ok(reading!(self, |db| {
            sqlx::query_as("select media_type, bytes, changed_at from shop_pictures where item_id = $1")
                .bind(item)
                .fetch_optional(db)
                .await?
        }))
    }
}

/// An item, locked for this transaction.
pub async fn lock_item(tx: &mut Tx, id: i64) -> Result<Option<ShopItem>, StoreError> {
    let (row, teams): (Option<Row>, Vec<(i64,)>) = writing!(tx, |db| {
        sqlx::query("update shop_items set title = title where id = $1")
            .bind(id)
            .execute(&mut *db)
            .await?;
        let row = sqlx::query_as(select!("where i.id = $1"))
            .bind(id)
            .fetch_optional(&mut *db)
            .await?;
        let teams = sqlx::query_as("select team_id from shop_item_teams where item_id = $1 order by team_id")
            .bind(id)
            .fetch_all(db)
            .await?;
        (row, teams)
    });
    let teams = teams.into_iter().map(|(team,)| team).collect();
    row.map(|row| from_row(row, teams)).transpose()
}

/// Stores a new item; returns its row.
pub async fn insert_item(tx: &mut Tx, facts: &ItemFacts, by: &str, at: i64) -> Result<i64, StoreError> {
    let (id,): (i64,) = writing!(tx, |db| {
        sqlx::query_as(
            "insert into shop_items (title, description, kind, price, stock, limit_count, limit_period, starts_on, \
             ends_on, use_days, on_sale, made_by, created_at, changed_at) \
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13) returning id",
        )
        .bind(&facts.title)
        .bind(&facts.description)
        .bind(facts.kind.as_str())
        .bind(facts.price)
        .bind(facts.stock)
        .bind(facts.limit_count)
        .bind(facts.limit_period.as_str())
        .bind(facts.starts_on.map(|d| d.to_string()))
        .bind(facts.ends_on.map(|d| d.to_string()))
        .bind(facts.use_days)
        .bind(i64::from(facts.on_sale))
        .bind(by)
        .bind(at)
        .fetch_one(db)
        .await?
    });
    put_teams(tx, id, &facts.teams).await?;
    Ok(id)
}

/// Writes what an item's record says.
pub async fn update_item(tx: &mut Tx, id: i64, facts: &ItemFacts, at: i64) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "update shop_items set title = $2, description = $3, kind = $4, price = $5, stock = $6, limit_count = $7, \
             limit_period = $8, starts_on = $9, ends_on = $10, use_days = $11, on_sale = $12, changed_at = $13 \
             where id = $1",
        )
        .bind(id)
        .bind(&facts.title)
        .bind(&facts.description)
        .bind(facts.kind.as_str())
        .bind(facts.price)
        .bind(facts.stock)
        .bind(facts.limit_count)
        .bind(facts.limit_period.as_str())
        .bind(facts.starts_on.map(|d| d.to_string()))
        .bind(facts.ends_on.map(|d| d.to_string()))
        .bind(facts.use_days)
        .bind(i64::from(facts.on_sale))
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("shop_items", done, 1)?;
    put_teams(tx, id, &facts.teams).await
}

async fn put_teams(tx: &mut Tx, item: i64, teams: &[i64]) -> Result<(), StoreError> {
    writing!(tx, |db| {
        sqlx::query("delete from shop_item_teams where item_id = $1")
            .bind(item)
            .execute(&mut *db)
            .await?;
        for team in teams {
            let done = sqlx::query("insert into shop_item_teams (item_id, team_id) values ($1, $2)")
                .bind(item)
                .bind(team)
                .execute(&mut *db)
                .await?
                .rows_affected();
            StoreError::check_rows("shop_item_teams", done, 1)?;
        }
    });
    Ok(())
}

/// Takes one from the stock; `false`, and nothing written, when nothing is left.
pub async fn take_stock(tx: &mut Tx, id: i64) -> Result<bool, StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("update shop_items set stock = stock - 1 where id = $1 and (stock is null or stock > 0)")
            .bind(id)
            .execute(db)
            .await?
            .rows_affected()
    });
    Ok(done == 1)
}

/// Puts one back on the stock.
pub async fn add_stock(tx: &mut Tx, id: i64) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query("update shop_items set stock = stock + 1 where id = $1")
            .bind(id)
            .execute(db)
            .await?
            .rows_affected()
    });
    StoreError::check_rows("shop_items: stock", done, 1)
}

/// Puts an item's picture in the place of the one it had.
pub async fn put_item_picture(
    tx: &mut Tx,
    item: i64,
    media_type: &str,
    bytes: &[u8],
    at: i64,
) -> Result<(), StoreError> {
    let done = writing!(tx, |db| {
        sqlx::query(
            "insert into shop_pictures (item_id, media_type, bytes, changed_at) values ($1, $2, $3, $4) \
             on conflict (item_id) do update set media_type = excluded.media_type, bytes = excluded.bytes, \
             changed_at = excluded.changed_at",
        )
        .bind(item)
        .bind(media_type)
        .bind(bytes)
        .bind(at)
        .execute(db)
        .await?
        .rows_affected()
    });
    StoreError::check_rows("shop_pictures", done, 1)
}
