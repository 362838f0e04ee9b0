//! `/app/shop`: what points buy, one's orders, redeeming.

mod item;
mod view;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use crate::app::Permission;
use crate::app::shop::{ShopError, cancel_order};
use crate::storage::shop::OrderFilter;
use crate::web::html::{Html, see_other};
use crate::web::pages::paged::cut;
use crate::web::session::{SignedIn, Staff};
use crate::web::shell::{Place, Shell};
use crate::web::{Path, Problem, Query, Web};
#[cfg(test)]
pub use view::sample_orders;
use view::{ItemView, items};
pub use view::{OrderView, order_view};

/// Orders on a page.
const ORDERS: i64 = 20;

/// The page.
#[derive(Debug, Template)]
#[template(path = "shop/shop.html")]
struct ShopPage {
    s: Shell,
    balance: i64,
    /// How many of them lapse at the end of this year.
    lapsing: i64,
    items: Vec<ItemView>,
    orders: Vec<OrderView>,
    previous: Option<String>,
    next: Option<String>,
    done: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    before: Option<i64>,
    done: Option<String>,
}

/// What can be said to be done.
const DONE: [&str; 3] = ["ordered", "cancelled", "settled"];

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/shop", get(show))
        .route("/app/shop/orders/{id}/cancel", post(cancel))
        .route("/app/shop/items/{id}/picture", get(picture))
        .merge(item::routes())
}

async fn show(
    State(web): State<Web>,
    staff: Staff,
    Query(asked): Query<Asked>,
) -> Result<Html<ShopPage>, Problem> {
    staff.who.need(Permission::Own)?;
    let lang = staff.who.lang;
    let store = &web.app.store;
    let filter = OrderFilter {
        employee: Some(staff.employee),
        status: None,
    };
    let mut orders = store.orders(filter, asked.before, ORDERS + 1).await?;
    let more = cut(&mut orders, ORDERS);
    let next = orders
        .last()
        .filter(|_| more)
        .map(|o| format!("/app/shop?before={}#orders", o.id));
    let today = web.app.today();
    let balance = store.point_balance(staff.employee).await?;
    Ok(Html(ShopPage {
        s: staff.who.shell(&web, Place::Shop),
        balance,
        lapsing: store
            .points_lapsing(staff.employee, today.year())
            .await?
            .min(balance)
            .max(0),
        // What is not offered any more is not for sale; what is to come, or for others, says so.
        items: items(&web, &staff, lang)
            .await?
            .into_iter()
            .filter(|i| i.shown)
            .collect(),
        orders: orders.iter().map(|o| order_view(lang, o, today)).collect(),
        previous: asked.before.map(|_| "/app/shop#orders".to_owned()),
        next,
        done: asked
            .done
            .as_deref()
            .filter(|d| DONE.contains(d))
            .map(|d| lang.word("shop-done", d).to_string()),
    }))
}

/// Calls one's own order off while it waits.
async fn cancel(State(web): State<Web>, staff: Staff, Path(id): Path<i64>) -> Result<Response, Problem> {
    let known = web.app.store.order(id).await?;
    if known.is_none_or(|o| o.employee_id != staff.employee.0) {
        return Err(Problem::not_found(format_args!("order {id}")));
    }
    match cancel_order(&web.app, &staff.who.actor, id, "").await {
        Ok(_) => Ok(see_other("/app/shop?done=cancelled#orders")),
        Err(ShopError::Settled) => Ok(see_other("/app/shop?done=settled#orders")),
        Err(error) => Err(problem(error)),
    }
}

/// An item's picture.
async fn picture(
    State(web): State<Web>,
    _who: SignedIn,
    Path(id): Path<i64>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found = web.app.store.item_picture(id).await?;
    let found = found.ok_or_else(|| Problem::not_found(format_args!("picture of item {id}")))?;
    Ok(crate::web::picture::answer(
        &headers,
        &found.media_type,
        found.bytes,
        found.changed_at,
    ))
}

/// What a page cannot say at a field.
pub fn problem(error: ShopError) -> Problem {
    match error {
        ShopError::Store(error) => error.into(),
        ShopError::Forbidden(words) => Problem::forbidden(words),
        ShopError::NotFound(what) => Problem::not_found(what),
        ShopError::Field(name) => Problem::field(&format!("/{name}"), "wrong"),
        other => Problem::conflict(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::i18n::Lang;

    #[test]
    fn the_shop_prints_in_both_languages_with_every_state() {
        for lang in Lang::ALL {
            let page = ShopPage {
                s: Shell::sample(lang, Place::Shop),
                balance: 1_240,
                lapsing: 300,
                items: view::samples(lang),
                orders: view::sample_orders(lang),
                previous: None,
                next: Some("/app/shop?before=3#orders".into()),
                done: Some(lang.word("shop-done", "ordered").to_string()),
            };
            crate::web::pages::check_sample("shop", &page.render().unwrap(), lang);
            let empty = ShopPage {
                items: Vec::new(),
                orders: Vec::new(),
                next: None,
                done: None,
                lapsing: 0,
                ..page
            };
            crate::web::pages::check_sample("shop-empty", &empty.render().unwrap(), lang);
        }
    }
}
