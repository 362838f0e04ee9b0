//! Redeeming, and what becomes of an order.

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::json;

use crate::app::filing::Filed;
use crate::app::{Actor, App, Permission};
use crate::domain::{EmployeeId, OrderState};
use crate::points::{Asker, Bar, Offer, Rule, bar, source};
use crate::storage::notices::tell_person;
use crate::storage::points::{lapse, lock_balance, reverse, spend};
use crate::storage::shop::{
    NewOrder, OrderRow, OrderStep, ShopItem, add_stock, insert_order, lock_item, lock_order, move_order,
    order_of_form, ordered_since, take_stock,
};
use crate::storage::teams::memberships;
use crate::storage::{StoreError, Tx, insert_audit};
use crate::tell::{Notice, NoticeKind};

/// Longest word of a form, bytes.
pub const MAX_ONCE: usize = 40;
/// Longest voucher code, characters.
const CODE_MAX: usize = 100;
/// Longest reason, characters.
const REASON_MAX: usize = 300;
/// The reason of what is called off because its owner left.
const LEFT: &str = "left";

/// Why something in the shop was not done.
#[derive(Debug, thiserror::Error)]
pub enum ShopError {
    /// The person cannot redeem the item.
    #[error("cannot be redeemed: {}", .0.as_str())]
    Barred(Bar),
    /// The item costs something else than the form said.
    #[error("the price is {0} points now")]
    Price(i64),
    /// The order was handed over or called off before.
    #[error("the order does not wait any more")]
    Settled,
    /// A field is wrong: its name.
    #[error("wrong: {0}")]
    Field(&'static str),
    /// The caller may not do this.
    #[error("{0}")]
    Forbidden(&'static str),
    /// There is no such thing.
    #[error("no such {0}")]
    NotFound(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What somebody wants of the shop.
#[derive(Clone, Copy, Debug)]
pub struct Redemption<'a> {
    /// The item's row.
    pub item: i64,
    /// The price they saw.
    pub price: i64,
    /// Of the form it came from, 1–40 ASCII letters, digits and `-`.
    pub once: &'a str,
}

/// Redeems an item for oneself: order, points and stock in one transaction. The same form again is the same order.
pub async fn redeem(app: &App, actor: &Actor, wish: Redemption<'_>) -> Result<Filed<OrderRow>, ShopError> {
    let Some(employee) = actor.employee().filter(|_| actor.may(Permission::Own)) else {
        return Err(ShopError::Forbidden("the shop is for employees"));
    };
    let fits = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
    if !(1..=MAX_ONCE).contains(&wish.once.len()) || !wish.once.bytes().all(fits) {
        return Err(ShopError::Field("once"));
    }
    let today = app.today();
    let missing = || ShopError::NotFound("employee".into());
    let person = app
        .store
        .employee_by_id(employee, today)
        .await?
        .ok_or_else(missing)?;
    let now_ms = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    // A person's orders run one after the other: what they had is counted, and the form's second coming finds the first.
    lock_balance(&mut tx, employee).await?;
    if let Some(known) = order_of_form(&mut tx, employee, wish.once).await? {
        return Ok(Filed::Known(known));
    }
    lapse(&mut tx, employee, today, now_ms).await?;
    let item = lock_item(&mut tx, wish.item).await?;
    let item = item.ok_or_else(|| ShopError::NotFound(format!("item {}", wish.item)))?;
    let asker = asker(&mut tx, employee, &item, today, person.facts.left_on).await?;
    if let Some(why) = bar(&offer(&item), &asker, today) {
        return Err(ShopError::Barred(why));
    }
    if item.facts.price != wish.price {
        return Err(ShopError::Price(item.facts.price));
    }
    if !take_stock(&mut tx, item.id).await? {
        return Err(ShopError::Barred(Bar::SoldOut));
    }
    let order = NewOrder {
        item: item.id,
        employee,
        once: wish.once,
        title: &item.facts.title,
        points: item.facts.price,
        at: now_ms,
        day: today,
    };
    let id = insert_order(&mut tx, &order).await?;
    if !spend(
        &mut tx,
        employee,
        &source::order(id),
        item.facts.price,
        now_ms,
        today,
    )
    .await?
    {
        return Err(ShopError::Barred(Bar::Balance));
    }
    let stored = lock_order(&mut tx, id).await?;
    let stored = stored.ok_or_else(|| ShopError::NotFound(format!("order {id}")))?;
    tx.commit().await?;
    Ok(Filed::New(stored))
}

/// An item as it decides.
pub(crate) fn offer(item: &ShopItem) -> Offer<'_> {
    Offer {
        on_sale: item.facts.on_sale,
        price: item.facts.price,
        stock: item.facts.stock,
        limit: item.facts.limit_count,
        starts_on: item.facts.starts_on,
        ends_on: item.facts.ends_on,
        teams: &item.facts.teams,
    }
}

async fn asker(
    tx: &mut Tx,
    employee: EmployeeId,
    item: &ShopItem,
    today: Date,
    left_on: Option<Date>,
) -> Result<Asker, StoreError> {
    let here = |m: &&crate::storage::teams::Membership| {
        m.from_on <= today && m.to_on.is_none_or(|last| today <= last)
    };
    let team = memberships(tx, employee)
        .await?
        .iter()
        .find(here)
        .map(|m| m.team.0);
    let from = item.facts.limit_period.first_day(today);
    Ok(Asker {
        left_on,
        team,
        had: ordered_since(tx, employee, item.id, from).await?,
        balance: crate::storage::points::balance_in(tx, employee).await?,
    })
}

/// Hands an order over, perhaps with a voucher's code; its time to be used begins today. Nobody hands over to themselves.
pub async fn hand_over(app: &App, actor: &Actor, id: i64, code: &str) -> Result<OrderRow, ShopError> {
    let code = code.trim();
    if code.chars().count() > CODE_MAX || code.chars().any(char::is_control) {
        return Err(ShopError::Field("code"));
    }
    let (by, now_ms) = (actor.word(), app.clock.now_ms());
    let known = of_others(app, actor, id).await?;
    let mut tx = app.store.begin().await?;
    let item = lock_item(&mut tx, known.item_id).await?;
    let days = item.and_then(|i| i.facts.use_days);
    let use_by = days.and_then(|days| app.today().checked_add(days.days()).ok());
    let step = OrderStep {
        to: OrderState::Handed,
        code: Some(code).filter(|c| !c.is_empty()),
        use_by,
        by: &by,
        at: now_ms,
        reason: None,
    };
    settle(&mut tx, id, &step, "shop.handed").await?;
    tell_moved(&mut tx, &known, &step).await?;
    let stored = lock_order(&mut tx, id).await?;
    tx.commit().await?;
    stored.ok_or_else(|| ShopError::NotFound(format!("order {id}")))
}

/// Calls an order off: one's own while it waits, or somebody's with a reason by who runs the shop. The points come back,
/// the stock too.
pub async fn cancel_order(app: &App, actor: &Actor, id: i64, reason: &str) -> Result<OrderRow, ShopError> {
    let reason = reason.trim();
    let missing = || ShopError::NotFound(format!("order {id}"));
    let known = app.store.order(id).await?.ok_or_else(missing)?;
    let own = actor.employee().map(|e| e.0) == Some(known.employee_id) && actor.may(Permission::Own);
    if !own {
        if !actor.may(Permission::RunShop) {
            return Err(missing());
        }
        if reason.is_empty() || reason.chars().count() > REASON_MAX {
            return Err(ShopError::Field("reason"));
        }
    }
    let reason = Some(reason).filter(|r| !r.is_empty() && !own);
    give_back(app, &actor.word(), &known, reason).await
}

/// Calls off what waits for people who have left: nothing can be handed to them (a chore). Returns how many.
pub async fn cancel_leavers_orders(app: &App) -> Result<u64, StoreError> {
    let mut done = 0;
    for id in app.store.orders_of_leavers(app.today()).await? {
        let Some(known) = app.store.order(id).await? else {
            continue;
        };
        match give_back(app, &Actor::System.word(), &known, Some(LEFT)).await {
            Ok(_) => done += 1,
            Err(ShopError::Store(error)) => return Err(error),
            Err(_) => {}
        }
    }
    Ok(done)
}

async fn give_back(
    app: &App,
    by: &str,
    known: &OrderRow,
    reason: Option<&str>,
) -> Result<OrderRow, ShopError> {
    let now_ms = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    // In the order in which redeeming locks: balance, item, order.
    lock_balance(&mut tx, EmployeeId(known.employee_id)).await?;
    lock_item(&mut tx, known.item_id).await?;
    let step = OrderStep {
        to: OrderState::Cancelled,
        code: None,
        use_by: None,
        by,
        at: now_ms,
        reason,
    };
    settle(&mut tx, known.id, &step, "shop.cancelled").await?;
    // With a reason it was somebody else; who called off their own order knows.
    if reason.is_some_and(|reason| reason != LEFT) {
        tell_moved(&mut tx, known, &step).await?;
    }
    add_stock(&mut tx, known.item_id).await?;
    reverse(&mut tx, Rule::Redemption, &source::order(known.id), now_ms, "").await?;
    let stored = lock_order(&mut tx, known.id).await?;
    tx.commit().await?;
    stored.ok_or_else(|| ShopError::NotFound(format!("order {}", known.id)))
}

async fn settle(tx: &mut Tx, id: i64, step: &OrderStep<'_>, action: &str) -> Result<(), ShopError> {
    if !move_order(tx, id, step).await? {
        return Err(ShopError::Settled);
    }
    let detail = json!({"reason": step.reason});
    insert_audit(tx, step.at, step.by, action, &format!("order:{id}"), &detail).await?;
    Ok(())
}

/// Tells the owner of an order that it went on, in the transaction that moves it.
async fn tell_moved(tx: &mut Tx, order: &OrderRow, step: &OrderStep<'_>) -> Result<(), StoreError> {
    let notice = Notice {
        kind: NoticeKind::OrderMoved,
        about: format!("order {}, {}", order.id, step.to.as_str()),
        facts: json!({ "order": order.id, "item": order.title, "state": step.to.as_str(),
                       "reason": step.reason.unwrap_or("") }),
    };
    tell_person(tx, EmployeeId(order.employee_id), &notice, step.at).await?;
    Ok(())
}

/// An order of somebody else, for who runs the shop.
async fn of_others(app: &App, actor: &Actor, id: i64) -> Result<OrderRow, ShopError> {
    if !actor.may(Permission::RunShop) {
        return Err(ShopError::Forbidden("only who runs the shop may do this"));
    }
    let known = app.store.order(id).await?;
    let known = known.ok_or_else(|| ShopError::NotFound(format!("order {id}")))?;
    if actor.employee().map(|e| e.0) == Some(known.employee_id) {
        return Err(ShopError::Forbidden("nobody hands over to themselves"));
    }
    Ok(known)
}
