//! Filling the shop.

use jiff::civil::Date;
use serde_json::json;

use crate::app::pictures::cleaned;
use crate::app::refused::Door;
use crate::app::{Actor, App, Permission, Refused};
use crate::domain::{ItemKind, LimitPeriod};
use crate::storage::insert_audit;
use crate::storage::shop::{ItemFacts, ShopItem, insert_item, lock_item, put_item_picture, update_item};

/// Longest title, characters.
const TITLE_MAX: usize = 60;
/// Longest description, characters.
const DESCRIPTION_MAX: usize = 1_000;
/// Largest price, stock and limit: whoever types more has slipped.
const NUMBER_MAX: i64 = 1_000_000;
/// Longest time to use a voucher, days.
const DAYS_MAX: i64 = 3_660;

/// An item as a manager wishes it.
#[derive(Clone, Debug)]
pub struct ItemWish {
    /// What people call it, 1–60 characters.
    pub title: String,
    /// At most 1 000 characters.
    pub description: String,
    /// What it is.
    pub kind: ItemKind,
    /// Points, 1–1 000 000.
    pub price: i64,
    /// How many there are; `None`: as many as are asked for.
    pub stock: Option<i64>,
    /// The stock the manager saw when they typed: what was sold since is taken off.
    pub stock_seen: Option<i64>,
    /// Most per person and period.
    pub limit_count: Option<i64>,
    /// The period.
    pub limit_period: LimitPeriod,
    /// First business day.
    pub starts_on: Option<Date>,
    /// Last business day.
    pub ends_on: Option<Date>,
    /// Days to use it after it was handed over.
    pub use_days: Option<i64>,
    /// Whether it is offered.
    pub on_sale: bool,
    /// For these teams, by row; empty: for everybody.
    pub teams: Vec<i64>,
}

/// Stores an item, new (`None`) or known; returns its row.
pub async fn put_item(app: &App, actor: &Actor, id: Option<i64>, wish: &ItemWish) -> Result<i64, Refused> {
    may(actor)?;
    let teams = app.store.teams().await?;
    let mut door = Door::default();
    let mut facts = ItemFacts {
        title: door.line("/title", &wish.title, TITLE_MAX),
        description: door.text("/description", &wish.description, DESCRIPTION_MAX),
        kind: wish.kind,
        price: wish.price,
        stock: wish.stock,
        limit_count: wish.limit_count,
        limit_period: wish.limit_period,
        starts_on: wish.starts_on,
        ends_on: wish.ends_on,
        use_days: wish.use_days,
        on_sale: wish.on_sale,
        teams: wish.teams.clone(),
    };
    facts.teams.sort_unstable();
    facts.teams.dedup();
    let mut within = |pointer, number: Option<i64>, least: i64, most: i64| {
        if number.is_some_and(|n| !(least..=most).contains(&n)) {
            door.wrong(pointer, format!("expected a whole number from {least} to {most}"));
        }
    };
    within("/price", Some(facts.price), 1, NUMBER_MAX);
    within("/stock", facts.stock, 0, NUMBER_MAX);
    within("/limit_count", facts.limit_count, 1, NUMBER_MAX);
    within("/use_days", facts.use_days, 1, DAYS_MAX);
    door.span("/ends_on", facts.starts_on, facts.ends_on);
    if facts.teams.iter().any(|id| !teams.iter().any(|t| t.id == *id)) {
        door.wrong("/teams", "expected teams there are");
    }
    door.close()?;
    let (by, now_ms) = (actor.word(), app.clock.now_ms());
    let mut tx = app.store.begin().await?;
    let id = match id {
        None => insert_item(&mut tx, &facts, &by, now_ms).await?,
        Some(id) => {
            let known = lock_item(&mut tx, id).await?;
            let known: ShopItem = known.ok_or_else(|| Refused::NotFound(format!("item {id}")))?;
            // What was sold or given back between looking and saving stays so.
            let seen = wish.stock_seen.filter(|n| (0..=NUMBER_MAX).contains(n));
            if let (Some(wished), Some(seen), Some(there)) = (facts.stock, seen, known.facts.stock) {
                facts.stock = Some((wished + there - seen).clamp(0, NUMBER_MAX));
            }
            update_item(&mut tx, id, &facts, now_ms).await?;
            id
        }
    };
    let detail =
        json!({"title": facts.title, "price": facts.price, "stock": facts.stock, "on_sale": facts.on_sale});
    insert_audit(&mut tx, now_ms, &by, "shop.item", &format!("item:{id}"), &detail).await?;
    tx.commit().await?;
    Ok(id)
}

/// Puts an item's picture, cleaned.
pub async fn set_item_picture(app: &App, actor: &Actor, id: i64, file: Vec<u8>) -> Result<(), Refused> {
    may(actor)?;
    let kept = cleaned("/picture", file).await?;
    let now_ms = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    if lock_item(&mut tx, id).await?.is_none() {
        return Err(Refused::NotFound(format!("item {id}")));
    }
    put_item_picture(&mut tx, id, kept.media_type, &kept.bytes, now_ms).await?;
    let detail = json!({"media_type": kept.media_type, "bytes": kept.bytes.len()});
    insert_audit(
        &mut tx,
        now_ms,
        &actor.word(),
        "shop.picture",
        &format!("item:{id}"),
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

fn may(actor: &Actor) -> Result<(), Refused> {
    if actor.may(Permission::RunShop) {
        Ok(())
    } else {
        Err(Refused::Forbidden("only who runs the shop may do this"))
    }
}
