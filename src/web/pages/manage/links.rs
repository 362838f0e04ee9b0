//! A campaign's links: minting for somebody, turning off, expiry, QR code and poster.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use super::campaign::{Asked, Switch, known, page};
use super::materials::MaterialRow;
use super::{date, place};
use crate::app::mint::{LinkChanges, NewLink, change_link, mint, visible_link};
use crate::app::pictures::{link_poster, link_qr};
use crate::app::{App, Permission};
use crate::domain::{Counts, Money};
use crate::storage::campaigns::Campaign;
use crate::storage::links::Link;
use crate::web::api::poster_words;
use crate::web::html::{Html, see_other};
use crate::web::pages::paged;
use crate::web::pages::share::CHANNELS;
use crate::web::session::SignedIn;
use crate::web::ui::{Field, Opt};
use crate::web::{Form, Path, Problem, Web};

/// Links on a page.
const ROWS: i64 = 50;

/// Side of a QR code to download, px.
const QR_SIZE: u32 = 1000;

/// A link as a row.
#[derive(Clone, Debug)]
pub struct LinkRow {
    pub code: String,
    pub url: String,
    pub employee: String,
    /// Their name.
    pub person: String,
    pub channel: String,
    pub material: String,
    pub disabled: bool,
    /// Last business day it redirects, when it ends.
    pub last_day: Option<Date>,
    pub counts: Counts,
    /// A last day that was typed and is none, and what is wrong with it.
    pub wrong: Option<(String, String)>,
}

impl LinkRow {
    pub fn amount(&self) -> Money {
        Money::from_minor(self.counts.amount)
    }
}

/// Minting for somebody.
#[derive(Clone, Debug)]
pub struct LinkForm {
    pub employee: Field,
    pub channel: Field,
    pub channels: Vec<&'static str>,
    pub material: Field,
    pub materials: Vec<Opt>,
    pub slug: Field,
    pub expires_on: Field,
    pub others: Vec<String>,
}

impl LinkForm {
    pub fn new(materials: &[MaterialRow]) -> Self {
        let none = Opt::new("", "–");
        let own = materials.iter().map(|m| Opt::new(&m.code, &m.title));
        Self {
            employee: Field::empty("employee"),
            channel: Field::new("channel", CHANNELS[0]),
            channels: CHANNELS.to_vec(),
            material: Field::empty("material"),
            materials: std::iter::once(none).chain(own).collect(),
            slug: Field::empty("slug"),
            expires_on: Field::empty("expires_on"),
            others: Vec::new(),
        }
    }

    pub fn all(&self) -> [&Field; 5] {
        [
            &self.employee,
            &self.channel,
            &self.material,
            &self.slug,
            &self.expires_on,
        ]
    }

    pub fn is_wrong(&self) -> bool {
        !self.others.is_empty() || self.all().iter().any(|f| f.is_wrong())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    employee: String,
    channel: String,
    material: String,
    slug: String,
    expires_on: String,
}

#[derive(Debug, Deserialize)]
struct Expiry {
    expires_on: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/manage/campaigns/{slug}/links", post(create))
        .route("/app/manage/links/{code}/state", post(switch))
        .route("/app/manage/links/{code}/expiry", post(expire))
        .route("/app/links/{code}/poster.png", get(poster))
        .route("/app/links/{code}/qr.svg", get(qr_svg))
        .route("/app/links/{code}/qr.png", get(qr_png))
}

/// A page of a campaign's links, narrowed to an employee when asked: rows, the filter, the pages beside it.
pub async fn list(
    web: &Web,
    who: &SignedIn,
    campaign: &Campaign,
    asked: &Asked,
) -> Result<(Vec<LinkRow>, Field, Option<String>, Option<String>), Problem> {
    let app = &web.app;
    let mut filter =
        Field::new("employee", asked.employee.as_deref().unwrap_or("").trim()).id("filter-employee");
    let employee = match filter.value.as_str() {
        "" => None,
        code => match app.store.employee(code, app.today()).await? {
            Some(employee) => Some(employee.id),
            None => {
                filter.error = Some(who.lang.word("link-wrong", "employee").to_string());
                return Ok((Vec::new(), filter, None, None));
            }
        },
    };
    let mut links = app
        .store
        .links(employee, Some(campaign.id), asked.after, ROWS + 1)
        .await?;
    let more = paged::cut(&mut links, ROWS);
    let address = |after| format!("{}#links", asked.address(&campaign.slug, after, asked.coupons));
    let next = links.last().filter(|_| more).map(|l| address(Some(l.id.0)));
    let previous = asked.after.map(|_| address(None));
    let ids: Vec<_> = links.iter().map(|l| l.id).collect();
    let totals = app.store.totals_of_links(&ids).await?;
    let rows = links
        .into_iter()
        .map(|l| LinkRow {
            last_day: last_day(app, &l),
            url: app.urls.short_url(l.code.as_str()),
            code: l.code.as_str().to_owned(),
            employee: l.employee_code,
            person: l.employee_name,
            channel: l.channel,
            material: l.material,
            disabled: l.facts.disabled_at.is_some(),
            counts: totals.get(&l.id.0).copied().unwrap_or_default(),
            wrong: None,
        })
        .collect();
    Ok((rows, filter, previous, next))
}

/// The last business day a link redirects, where it ends.
pub fn last_day(app: &App, link: &Link) -> Option<Date> {
    let last = Timestamp::from_millisecond(link.facts.expires_at? - 1).ok()?;
    Some(app.day_of(last))
}

/// The first instant after a business day: a link's end is exclusive, a day's is not.
fn end_of(app: &App, day: Date) -> Option<Timestamp> {
    let next = day.checked_add(1.day()).ok()?;
    Some(next.to_zoned(app.programme.zone.clone()).ok()?.timestamp())
}

async fn create(
    State(web): State<Web>,
    who: SignedIn,
    Path(slug): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::WriteCampaigns)?;
    let campaign = known(&web, &who, &slug).await?;
    let mut shown = page(&web, &who, &campaign, &Asked::default()).await?;
    let f = &mut shown.link_form;
    for (field, text) in [
        (&mut f.employee, &sent.employee),
        (&mut f.channel, &sent.channel),
        (&mut f.material, &sent.material),
        (&mut f.slug, &sent.slug),
        (&mut f.expires_on, &sent.expires_on),
    ] {
        text.trim().clone_into(&mut field.value);
    }
    let expires = date(who.lang, &sent.expires_on, &mut f.expires_on);
    if !f.is_wrong() {
        let some = |text: &str| Some(text.trim().to_owned()).filter(|t| !t.is_empty());
        let new = NewLink {
            employee: f.employee.value.clone(),
            campaign: campaign.slug.clone(),
            channel: f.channel.value.clone(),
            material: some(&sent.material),
            slug: some(&sent.slug),
            expires_at: expires.and_then(|day| end_of(&web.app, day)),
            ..NewLink::default()
        };
        match mint(&web.app, &who.actor, &new).await {
            Ok(_) => {
                let mut query = url::form_urlencoded::Serializer::new(String::new());
                query
                    .append_pair("employee", &new.employee)
                    .append_pair("done", "minted");
                return Ok(see_other(&format!(
                    "/app/manage/campaigns/{slug}?{}#links",
                    query.finish()
                )));
            }
            Err(refused) => {
                let mut fields = [
                    &mut f.employee,
                    &mut f.channel,
                    &mut f.material,
                    &mut f.slug,
                    &mut f.expires_on,
                ];
                f.others = place(who.lang, "link-wrong", refused, &mut fields)?;
            }
        }
    }
    Ok(Html(shown).status(StatusCode::UNPROCESSABLE_ENTITY))
}

/// Back to the campaign of a link.
async fn changed(web: &Web, who: &SignedIn, code: &str, changes: &LinkChanges) -> Result<Response, Problem> {
    let link = change_link(&web.app, &who.actor, code, changes).await?;
    Ok(see_other(&format!(
        "/app/manage/campaigns/{}?employee={}&done=link#links",
        link.campaign_slug, link.employee_code
    )))
}

async fn switch(
    State(web): State<Web>,
    who: SignedIn,
    Path(code): Path<String>,
    Form(sent): Form<Switch>,
) -> Result<Response, Problem> {
    who.need(Permission::WriteCampaigns)?;
    let changes = LinkChanges {
        disabled: Some(sent.disabled()?),
        ..LinkChanges::default()
    };
    changed(&web, &who, &code, &changes).await
}

/// Sets the last day a link redirects, or takes it away.
async fn expire(
    State(web): State<Web>,
    who: SignedIn,
    Path(code): Path<String>,
    Form(sent): Form<Expiry>,
) -> Result<Response, Problem> {
    who.need(Permission::WriteCampaigns)?;
    let mut field = Field::new("expires_on", &sent.expires_on);
    let day = date(who.lang, &sent.expires_on, &mut field);
    if let Some(error) = field.error {
        let link = web.app.store.link(&code).await?;
        let link = link.ok_or_else(|| Problem::not_found(format_args!("link {code:?}")))?;
        let campaign = known(&web, &who, &link.campaign_slug).await?;
        let asked = Asked {
            employee: Some(link.employee_code),
            // The page that begins with this link: it may be far down the list.
            after: Some(link.id.0 - 1),
            ..Asked::default()
        };
        let mut shown = page(&web, &who, &campaign, &asked).await?;
        if let Some(row) = shown.links.iter_mut().find(|row| row.code == link.code.as_str()) {
            row.wrong = Some((field.value, error));
        }
        return Ok(Html(shown).status(StatusCode::UNPROCESSABLE_ENTITY));
    }
    let changes = LinkChanges {
        expires_at: Some(day.and_then(|day| end_of(&web.app, day))),
        ..LinkChanges::default()
    };
    changed(&web, &who, &code, &changes).await
}

fn file(media: &'static str, bytes: Vec<u8>) -> Response {
    let head = [
        (header::CONTENT_TYPE, media),
        (header::CACHE_CONTROL, "private, max-age=60"),
    ];
    (head, bytes).into_response()
}

async fn poster(
    State(web): State<Web>,
    who: SignedIn,
    Path(code): Path<String>,
) -> Result<Response, Problem> {
    let link = visible_link(&web.app, &who.actor, &code).await?;
    let words = poster_words(who.lang, &web.front.firm);
    let poster = link_poster(&web.app, &link, words).await?;
    Ok(file("image/png", poster.png))
}

async fn qr_svg(
    State(web): State<Web>,
    who: SignedIn,
    Path(code): Path<String>,
) -> Result<Response, Problem> {
    let link = visible_link(&web.app, &who.actor, &code).await?;
    let qr = link_qr(&web.app, &link, false).await?;
    let svg = qr.svg(QR_SIZE).map_err(|e| Problem::internal(&e))?;
    Ok(file("image/svg+xml", svg.into_bytes()))
}

async fn qr_png(
    State(web): State<Web>,
    who: SignedIn,
    Path(code): Path<String>,
) -> Result<Response, Problem> {
    let link = visible_link(&web.app, &who.actor, &code).await?;
    let qr = link_qr(&web.app, &link, false).await?;
    let png = qr.png(QR_SIZE).map_err(|e| Problem::internal(&e))?;
    Ok(file("image/png", png))
}
