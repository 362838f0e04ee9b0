//! `/app/manage/shop/new` and `/app/manage/shop/items/{id}`: an item of the shop as a form.

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use crate::app::shop::{ItemWish, put_item, set_item_picture};
use crate::app::{Permission, Refused};
use crate::domain::{ItemKind, LimitPeriod};
use crate::share::{MAX_PICTURE_BYTES, clean_picture};
use crate::storage::shop::ShopItem;
use crate::web::html::{Html, see_other};
use crate::web::i18n::Lang;
use crate::web::pages::manage::{date, place};
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Field, Opt};
use crate::web::{Path, Problem, Upload, Web};

/// A picture and what is typed, bytes.
const LIMIT: usize = MAX_PICTURE_BYTES + (256 << 10);

/// A team to choose.
#[derive(Clone, Debug)]
pub struct TeamChoice {
    pub id: i64,
    pub name: String,
    pub chosen: bool,
}

/// The form's page.
#[derive(Debug, Template)]
#[template(path = "manage/shop_item.html")]
pub struct ItemFormPage {
    pub s: Shell,
    /// The item's row; `None` for a new one.
    pub id: Option<i64>,
    pub title: Field,
    pub description: Field,
    pub kind: Field,
    pub kinds: Vec<Opt>,
    pub price: Field,
    pub stock: Field,
    /// The stock when the form was shown.
    pub stock_seen: String,
    pub limit_count: Field,
    pub limit_period: Field,
    pub periods: Vec<Opt>,
    pub starts_on: Field,
    pub ends_on: Field,
    pub use_days: Field,
    pub teams: Vec<TeamChoice>,
    pub teams_error: Option<String>,
    pub on_sale: bool,
    pub picture: Field,
    /// The picture it has.
    pub shown: Option<String>,
}

impl ItemFormPage {
    pub fn all(&self) -> [&Field; 10] {
        [
            &self.title,
            &self.description,
            &self.kind,
            &self.price,
            &self.stock,
            &self.limit_count,
            &self.starts_on,
            &self.ends_on,
            &self.use_days,
            &self.picture,
        ]
    }

    /// What is wrong beside the fields.
    pub fn others(&self) -> Vec<String> {
        self.teams_error.iter().cloned().collect()
    }

    pub fn is_wrong(&self) -> bool {
        self.teams_error.is_some() || self.all().iter().any(|f| f.is_wrong())
    }

    pub fn action(&self) -> String {
        match self.id {
            Some(id) => format!("/app/manage/shop/items/{id}"),
            None => "/app/manage/shop/new".to_owned(),
        }
    }
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/manage/shop/new", get(new).post(create))
        .route("/app/manage/shop/items/{id}", get(edit).post(change))
        .layer(DefaultBodyLimit::max(LIMIT))
}

async fn page(web: &Web, who: &SignedIn, item: Option<&ShopItem>) -> Result<ItemFormPage, Problem> {
    let lang = who.lang;
    let number = |n: Option<i64>| n.map_or_else(String::new, |n| n.to_string());
    let day = |d: Option<jiff::civil::Date>| d.map_or_else(String::new, |d| d.to_string());
    let facts = item.map(|i| &i.facts);
    let teams = web.app.store.teams().await?.into_iter().map(|t| TeamChoice {
        chosen: facts.is_some_and(|f| f.teams.contains(&t.id)),
        id: t.id,
        name: t.name,
    });
    Ok(ItemFormPage {
        s: who.shell(web, Place::ManageShop),
        id: item.map(|i| i.id),
        title: Field::new("title", facts.map_or("", |f| f.title.as_str())),
        description: Field::new("description", facts.map_or("", |f| f.description.as_str())),
        kind: Field::new("kind", facts.map_or(ItemKind::Voucher, |f| f.kind).as_str()),
        kinds: ItemKind::ALL
            .map(|k| Opt::new(k.as_str(), lang.word("shop-kind", k.as_str())))
            .to_vec(),
        price: Field::new("price", number(facts.map(|f| f.price))),
        stock: Field::new("stock", number(facts.and_then(|f| f.stock))),
        stock_seen: number(facts.and_then(|f| f.stock)),
        limit_count: Field::new("limit_count", number(facts.and_then(|f| f.limit_count))),
        limit_period: Field::new(
            "limit_period",
            facts.map_or(LimitPeriod::Month, |f| f.limit_period).as_str(),
        ),
        periods: LimitPeriod::ALL
            .map(|p| Opt::new(p.as_str(), lang.word("shop-period", p.as_str())))
            .to_vec(),
        starts_on: Field::new("starts_on", day(facts.and_then(|f| f.starts_on))),
        ends_on: Field::new("ends_on", day(facts.and_then(|f| f.ends_on))),
        use_days: Field::new("use_days", number(facts.and_then(|f| f.use_days))),
        teams: teams.collect(),
        teams_error: None,
        on_sale: facts.is_none_or(|f| f.on_sale),
        picture: Field::empty("picture"),
        shown: item
            .filter(|i| i.picture_at.is_some())
            .map(|i| format!("/app/shop/items/{}/picture", i.id)),
    })
}

/// What was typed, into the page; the wish out of it when every field can be read.
fn read(lang: Lang, sent: &Upload, p: &mut ItemFormPage) -> Option<ItemWish> {
    for field in [
        &mut p.title,
        &mut p.description,
        &mut p.kind,
        &mut p.price,
        &mut p.stock,
        &mut p.limit_count,
        &mut p.limit_period,
        &mut p.starts_on,
        &mut p.ends_on,
        &mut p.use_days,
    ] {
        field.value = sent.text(field.name).trim().to_owned();
    }
    p.stock_seen = sent.text("stock_seen").trim().to_owned();
    p.on_sale = sent.texts.contains_key("on_sale");
    for team in &mut p.teams {
        team.chosen = sent.texts.contains_key(&format!("team-{}", team.id));
    }
    let number = |field: &mut Field| -> Option<i64> {
        if field.value.is_empty() {
            return None;
        }
        let parsed = field.value.parse::<i64>().ok();
        if parsed.is_none() {
            field.error = Some(lang.word("shop-wrong", field.name).to_string());
        }
        parsed
    };
    let price = number(&mut p.price);
    if price.is_none() {
        p.price.error = Some(lang.word("shop-wrong", "price").to_string());
    }
    let kind = p.kind.value.parse::<ItemKind>();
    if kind.is_err() {
        p.kind.error = Some(lang.word("shop-wrong", "kind").to_string());
    }
    let starts = p.starts_on.value.clone();
    let ends = p.ends_on.value.clone();
    let wish = ItemWish {
        title: p.title.value.clone(),
        description: p.description.value.clone(),
        kind: kind.unwrap_or(ItemKind::Voucher),
        price: price.unwrap_or(0),
        stock: number(&mut p.stock),
        stock_seen: p.stock_seen.parse().ok(),
        limit_count: number(&mut p.limit_count),
        limit_period: p.limit_period.value.parse().unwrap_or(LimitPeriod::Month),
        starts_on: date(lang, &starts, &mut p.starts_on),
        ends_on: date(lang, &ends, &mut p.ends_on),
        use_days: number(&mut p.use_days),
        on_sale: p.on_sale,
        teams: p.teams.iter().filter(|t| t.chosen).map(|t| t.id).collect(),
    };
    (!p.is_wrong()).then_some(wish)
}

async fn new(State(web): State<Web>, who: SignedIn) -> Result<Html<ItemFormPage>, Problem> {
    who.need(Permission::RunShop)?;
    page(&web, &who, None).await.map(Html)
}

async fn known(web: &Web, id: i64) -> Result<ShopItem, Problem> {
    let found = web.app.store.shop_item(id).await?;
    found.ok_or_else(|| Problem::not_found(format_args!("item {id}")))
}

async fn edit(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
) -> Result<Html<ItemFormPage>, Problem> {
    who.need(Permission::RunShop)?;
    let item = known(&web, id).await?;
    page(&web, &who, Some(&item)).await.map(Html)
}

async fn create(State(web): State<Web>, who: SignedIn, sent: Upload) -> Result<Response, Problem> {
    put(web, who, None, sent).await
}

async fn change(
    State(web): State<Web>,
    who: SignedIn,
    Path(id): Path<i64>,
    sent: Upload,
) -> Result<Response, Problem> {
    put(web, who, Some(id), sent).await
}

async fn put(web: Web, who: SignedIn, id: Option<i64>, mut sent: Upload) -> Result<Response, Problem> {
    who.need(Permission::RunShop)?;
    let item = match id {
        Some(id) => Some(known(&web, id).await?),
        None => None,
    };
    let mut p = page(&web, &who, item.as_ref()).await?;
    let wish = read(who.lang, &sent, &mut p);
    let file = sent.files.pop().map(|(_, bytes)| bytes);
    // Looked at before anything is stored: a wrong picture keeps the rest from being saved without it.
    if sent.too_large || !takes(file.as_ref()).await {
        p.picture.error = Some(who.lang.t("picture-wrong").to_string());
    }
    let Some(wish) = wish.filter(|_| !p.is_wrong()) else {
        let status = if sent.too_large {
            StatusCode::PAYLOAD_TOO_LARGE
        } else {
            StatusCode::UNPROCESSABLE_ENTITY
        };
        return Ok(Html(p).status(status));
    };
    match put_item(&web.app, &who.actor, id, &wish).await {
        Ok(id) => {
            if let Some(bytes) = file {
                set_item_picture(&web.app, &who.actor, id, bytes.to_vec()).await?;
            }
            Ok(see_other("/app/manage/shop?done=item#items"))
        }
        Err(refused) => refuse(who.lang, p, refused),
    }
}

/// Whether a file, if there is one, is a picture we take.
async fn takes(file: Option<&Bytes>) -> bool {
    let Some(bytes) = file.cloned() else { return true };
    tokio::task::spawn_blocking(move || clean_picture(&bytes).is_ok())
        .await
        .unwrap_or(false)
}

fn refuse(lang: Lang, mut p: ItemFormPage, refused: Refused) -> Result<Response, Problem> {
    let fields = &mut [
        &mut p.title,
        &mut p.description,
        &mut p.price,
        &mut p.stock,
        &mut p.limit_count,
        &mut p.use_days,
        &mut p.ends_on,
    ];
    let rest = place(lang, "shop-wrong", refused, fields)?;
    if !rest.is_empty() {
        p.teams_error = Some(lang.word("shop-wrong", "teams").to_string());
    }
    Ok(Html(p).status(StatusCode::UNPROCESSABLE_ENTITY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_prints_in_both_languages_with_its_errors() {
        for lang in Lang::ALL {
            let wrong = |name: &'static str| Field::empty(name).wrong(lang.word("shop-wrong", name));
            let page = ItemFormPage {
                s: Shell::sample(lang, Place::ManageShop),
                id: Some(3),
                title: wrong("title"),
                description: wrong("description"),
                kind: wrong("kind"),
                kinds: vec![Opt::new("voucher", lang.word("shop-kind", "voucher"))],
                price: wrong("price"),
                stock: wrong("stock"),
                stock_seen: "3".into(),
                limit_count: wrong("limit_count"),
                limit_period: Field::new("limit_period", "month"),
                periods: LimitPeriod::ALL
                    .map(|p| Opt::new(p.as_str(), lang.word("shop-period", p.as_str())))
                    .to_vec(),
                starts_on: Field::empty("starts_on"),
                ends_on: wrong("ends_on"),
                use_days: wrong("use_days"),
                teams: vec![TeamChoice {
                    id: 1,
                    name: "徐汇店".into(),
                    chosen: true,
                }],
                teams_error: Some(lang.word("shop-wrong", "teams").to_string()),
                on_sale: true,
                picture: Field::empty("picture").wrong(lang.t("picture-wrong")),
                shown: Some("/app/shop/items/3/picture".into()),
            };
            crate::web::pages::check_sample("manage-shop-item", &page.render().unwrap(), lang);
        }
    }
}
