//! `/app/manage/shop`: what was ordered and waits to be handed over, and what the shop offers.

mod form;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use crate::app::Permission;
use crate::app::shop::{ShopError, cancel_order, hand_over};
use crate::domain::{EmployeeId, OrderState};
use crate::storage::shop::{OrderFilter, ShopItem};
use crate::web::html::{Html, see_other};
use crate::web::pages::paged::cut;
use crate::web::pages::shop::{OrderView, order_view, problem};
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Choice;
use crate::web::{Form, Path, Problem, Query, Web};

/// Orders on a page.
const ROWS: i64 = 50;

/// An order as a row.
#[derive(Clone, Debug)]
pub struct Row {
    pub order: OrderView,
    pub code: String,
    pub name: String,
    pub team: String,
    /// The person has left.
    pub left: bool,
    /// It is the reader's own: somebody else hands over.
    pub own: bool,
    /// The code and the reason that were typed beside it and refused.
    pub typed: (String, String),
    /// What is wrong with them.
    pub wrong: Option<String>,
    /// It is wrong with the code, not with the reason.
    pub wrong_code: bool,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "manage/shop.html")]
pub struct ShopPage {
    pub s: Shell,
    /// The state that is listed, a word of the address.
    pub status: &'static str,
    pub states: Vec<Choice>,
    pub waiting: i64,
    pub rows: Vec<Row>,
    pub next: Option<String>,
    pub previous: Option<String>,
    pub items: Vec<ShopItem>,
    pub done: Option<String>,
    /// What went wrong with an order.
    pub error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    status: Option<String>,
    before: Option<i64>,
    done: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    code: String,
    reason: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/manage/shop", get(show))
        .route("/app/manage/shop/orders/{id}/hand", post(hand))
        .route("/app/manage/shop/orders/{id}/cancel", post(cancel))
        .merge(form::routes())
}

/// What can be said to be done.
const DONE: [&str; 3] = ["handed", "cancelled", "item"];

async fn page(web: &Web, who: &SignedIn, asked: &Asked) -> Result<ShopPage, Problem> {
    let lang = who.lang;
    let store = &web.app.store;
    let status = match asked.status.as_deref() {
        Some("all") => None,
        Some(word) => Some(word.parse::<OrderState>().unwrap_or(OrderState::Ordered)),
        None => Some(OrderState::Ordered),
    };
    let word = status.map_or("all", OrderState::as_str);
    let filter = OrderFilter {
        employee: None,
        status,
    };
    let mut orders = store.orders(filter, asked.before, ROWS + 1).await?;
    let more = cut(&mut orders, ROWS);
    let next = orders
        .last()
        .filter(|_| more)
        .map(|o| format!("/app/manage/shop?status={word}&before={}", o.id));
    let today = web.app.today();
    let teams = store.team_names(today).await?;
    let rows = orders.iter().map(|o| Row {
        order: order_view(lang, o, today),
        code: o.employee_code.clone(),
        name: o.employee_name.clone(),
        team: teams.get(&o.employee_id).cloned().unwrap_or_default(),
        left: o
            .left_on
            .as_deref()
            .is_some_and(|last| last < today.to_string().as_str()),
        own: who.actor.employee() == Some(EmployeeId(o.employee_id)),
        typed: (String::new(), String::new()),
        wrong: None,
        wrong_code: false,
    });
    let state = |w: &'static str| {
        Choice::new(
            format!("/app/manage/shop?status={w}"),
            lang.word("order-list", w),
            w == word,
        )
    };
    Ok(ShopPage {
        s: who.shell(web, Place::ManageShop),
        status: word,
        states: ["ordered", "handed", "cancelled", "all"].map(state).to_vec(),
        waiting: store.orders_waiting().await?,
        rows: rows.collect(),
        next,
        previous: asked.before.map(|_| format!("/app/manage/shop?status={word}")),
        items: store.shop_items().await?,
        done: asked
            .done
            .as_deref()
            .filter(|d| DONE.contains(d))
            .map(|d| lang.word("manage-shop-done", d).to_string()),
        error: None,
    })
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<ShopPage>, Problem> {
    who.need(Permission::RunShop)?;
    page(&web, &who, &asked).await.map(Html)
}

async fn hand(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::RunShop)?;
    match hand_over(&web.app, &who.actor, id, &sent.code).await {
        Ok(_) => Ok(see_other("/app/manage/shop?done=handed")),
        Err(error) => refused(&web, &who, id, sent, error).await,
    }
}

async fn cancel(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::RunShop)?;
    let known = web.app.store.order(id).await?;
    let own = known.is_some_and(|o| who.actor.employee() == Some(EmployeeId(o.employee_id)));
    if own {
        return Err(Problem::forbidden("one's own order is called off in the shop"));
    }
    match cancel_order(&web.app, &who.actor, id, &sent.reason).await {
        Ok(_) => Ok(see_other("/app/manage/shop?done=cancelled")),
        Err(error) => refused(&web, &who, id, sent, error).await,
    }
}

/// The page again, with what was typed and what was wrong with it beside the order.
async fn refused(
    web: &Web,
    who: &SignedIn,
    id: i64,
    sent: Sent,
    error: ShopError,
) -> Result<Response, Problem> {
    let asked = Asked {
        // The page that begins with it: it may be far down the list.
        before: Some(id.saturating_add(1)),
        ..Asked::default()
    };
    let mut page = page(web, who, &asked).await?;
    let wrong_code = matches!(error, ShopError::Field(field) if field != "reason");
    let (words, status) = match error {
        ShopError::Field("reason") => (who.lang.t("order-wrong-reason"), StatusCode::UNPROCESSABLE_ENTITY),
        ShopError::Field(_) => (who.lang.t("order-wrong-code"), StatusCode::UNPROCESSABLE_ENTITY),
        ShopError::Settled => (who.lang.t("order-settled"), StatusCode::CONFLICT),
        other => return Err(problem(other)),
    };
    match page.rows.iter_mut().find(|r| r.order.id == id) {
        Some(row) => {
            row.wrong = Some(words.to_string());
            row.wrong_code = wrong_code;
            row.typed = (sent.code, sent.reason);
        }
        None => page.error = Some(words.to_string()),
    }
    Ok(Html(page).status(status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::i18n::Lang;

    #[test]
    fn the_queue_prints_in_both_languages() {
        for lang in Lang::ALL {
            let row = |(order, n): (OrderView, i32)| Row {
                order,
                code: "zhang".into(),
                name: "张晓雯".into(),
                team: "徐汇店".into(),
                left: n == 0,
                own: n == 1,
                typed: ("A1".into(), "看不清".into()),
                wrong: (n == 0).then(|| lang.t("order-wrong-reason").to_string()),
                wrong_code: false,
            };
            let page = ShopPage {
                s: Shell::sample(lang, Place::ManageShop),
                status: "all",
                states: vec![Choice::new(
                    "/app/manage/shop",
                    lang.word("order-list", "all"),
                    true,
                )],
                waiting: 3,
                rows: crate::web::pages::shop::sample_orders(lang)
                    .into_iter()
                    .zip(0..)
                    .map(row)
                    .collect(),
                next: None,
                previous: None,
                items: Vec::new(),
                done: Some(lang.word("manage-shop-done", "handed").to_string()),
                error: Some(lang.t("order-settled").to_string()),
            };
            crate::web::pages::check_sample("manage-shop", &page.render().unwrap(), lang);
        }
    }
}
