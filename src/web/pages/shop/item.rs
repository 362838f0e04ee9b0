//! `/app/shop/{id}`: one item, what it costs, and redeeming it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::problem;
use super::view::{ItemView, items};
use crate::app::Permission;
use crate::app::shop::{Redemption, ShopError, redeem};
use crate::domain::mint_code;
use crate::points::Bar;
use crate::web::html::{Html, see_other};
use crate::web::session::Staff;
use crate::web::shell::{Place, Shell};
use crate::web::{Form, Path, Problem, Web};

/// The page.
#[derive(Debug, Template)]
#[template(path = "shop/item.html")]
struct ItemPage {
    s: Shell,
    i: ItemView,
    /// Of this form: sent twice it is one order.
    once: String,
    /// Why it was not redeemed just now.
    refused: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Sent {
    price: String,
    once: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/app/shop/{id}", get(show).post(buy))
}

async fn page(web: &Web, staff: &Staff, id: i64) -> Result<ItemPage, Problem> {
    let found = items(web, staff, staff.who.lang)
        .await?
        .into_iter()
        .find(|i| i.id == id);
    let i = found
        .filter(|i| i.shown)
        .ok_or_else(|| Problem::not_found(format_args!("item {id}")))?;
    Ok(ItemPage {
        s: staff.who.shell(web, Place::Shop),
        i,
        once: web.app.with_rng(mint_code).as_str().to_owned(),
        refused: None,
    })
}

async fn show(State(web): State<Web>, staff: Staff, Path(id): Path<i64>) -> Result<Html<ItemPage>, Problem> {
    staff.who.need(Permission::Own)?;
    page(&web, &staff, id).await.map(Html)
}

async fn buy(
    State(web): State<Web>,
    staff: Staff,
    Path(id): Path<i64>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    staff.who.need(Permission::Own)?;
    let lang = staff.who.lang;
    let wrong = |_| Problem::field("/price", "expected the price the page showed");
    let wish = Redemption {
        item: id,
        price: sent.price.trim().parse().map_err(wrong)?,
        once: sent.once.trim(),
    };
    let words = match redeem(&web.app, &staff.who.actor, wish).await {
        Ok(_) => return Ok(see_other("/app/shop?done=ordered#orders")),
        Err(ShopError::Barred(Bar::Balance)) => lang.t("shop-short").to_string(),
        Err(ShopError::Barred(why)) => lang.word("shop-bar", why.as_str()).to_string(),
        Err(ShopError::Price(now)) => lang.t("shop-price-changed").n("n", now).to_string(),
        Err(other) => return Err(problem(other)),
    };
    let mut page = page(&web, &staff, id).await?;
    page.refused = Some(words);
    Ok(Html(page).status(StatusCode::CONFLICT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::i18n::Lang;

    #[test]
    fn an_item_prints_in_both_languages_free_and_barred() {
        for lang in Lang::ALL {
            for i in super::super::view::samples(lang) {
                let free = i.bar.is_none();
                let page = ItemPage {
                    s: Shell::sample(lang, Place::Shop),
                    i,
                    once: "abc2345".into(),
                    refused: Some(lang.t("shop-short").to_string()),
                };
                let html = page.render().unwrap();
                crate::web::pages::check_sample("shop-item", &html, lang);
                assert_eq!(html.contains("name=\"once\""), free);
            }
        }
    }
}
