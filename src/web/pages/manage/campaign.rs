//! `/app/manage/campaigns/{slug}`: one campaign with its links, coupons and material; making and changing it.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use super::campaigns::{LATELY_DAYS, Row, since};
use super::coupons::{self, CouponForm, CouponList};
use super::form::{CampaignForm, Sent};
use super::links::{self, LinkForm, LinkRow};
use super::materials::{self, MaterialRow};
use super::pilot::{self, PilotView};
use crate::app::Permission;
use crate::app::campaigns::{CampaignChanges, change_campaign, create_campaign};
use crate::domain::CampaignId;
use crate::storage::campaigns::Campaign;
use crate::web::html::{Html, see_other};
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Field;
use crate::web::{Form, Path, Problem, Query, Web};

/// One campaign.
#[derive(Debug, Template)]
#[template(path = "manage/campaign.html")]
pub struct CampaignPage {
    pub s: Shell,
    pub row: Row,
    pub days: i64,
    pub description: String,
    pub destination: String,
    pub hosts: String,
    pub fallback: Option<String>,
    pub picture: Option<String>,
    /// Whose links are shown.
    pub employee: Field,
    pub links: Vec<LinkRow>,
    pub previous: Option<String>,
    pub next: Option<String>,
    pub coupons: CouponList,
    pub materials: Vec<MaterialRow>,
    pub link_form: LinkForm,
    pub coupon_form: CouponForm,
    pub pilot: PilotView,
    pub done: Option<String>,
}

impl CampaignPage {
    pub fn path(&self) -> String {
        format!("/app/manage/campaigns/{}", self.row.slug)
    }

    /// Its links as a file, of whom they are shown.
    pub fn links_file(&self, ending: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("employee", &self.employee.value);
        format!("{}/links.{ending}?{}", self.path(), query.finish())
    }
}

/// Making or changing a campaign.
#[derive(Debug, Template)]
#[template(path = "manage/campaign_form.html")]
pub struct CampaignFormPage {
    pub s: Shell,
    /// The campaign's slug; `None` for a new one.
    pub slug: Option<String>,
    pub f: CampaignForm,
    /// The picture it has.
    pub picture: Option<String>,
    pub picture_error: Option<String>,
}

/// What the page is asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    pub employee: Option<String>,
    /// The last link of the page before.
    pub after: Option<i64>,
    /// The last coupon of the page before.
    pub coupons: Option<i64>,
    pub done: Option<String>,
}

impl Asked {
    /// The address of the page with these links and these coupons: turning one list leaves the other where it is.
    pub fn address(&self, slug: &str, after: Option<i64>, coupons: Option<i64>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if let Some(employee) = self.employee.as_deref().map(str::trim).filter(|e| !e.is_empty()) {
            query.append_pair("employee", employee);
        }
        for (name, at) in [("after", after), ("coupons", coupons)] {
            if let Some(at) = at {
                query.append_pair(name, &at.to_string());
            }
        }
        format!("/app/manage/campaigns/{slug}?{}", query.finish())
    }
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/manage/new-campaign", get(new).post(create))
        .route("/app/manage/campaigns/{slug}", get(show))
        .route("/app/manage/campaigns/{slug}/edit", get(edit).post(change))
        .route("/app/manage/campaigns/{slug}/state", post(switch))
}

/// The campaign of a path, for those who may read it.
pub async fn known(web: &Web, who: &SignedIn, slug: &str) -> Result<Campaign, Problem> {
    who.need(Permission::ReadTracker)?;
    let found = web.app.store.campaign(slug).await?;
    found.ok_or_else(|| Problem::not_found(format_args!("campaign {slug:?}")))
}

/// The page of a campaign with empty forms.
pub async fn page(
    web: &Web,
    who: &SignedIn,
    campaign: &Campaign,
    asked: &Asked,
) -> Result<CampaignPage, Problem> {
    let app = &web.app;
    let lang = who.lang;
    let totals = app.store.totals_of_campaigns(since(web)).await?;
    let counts = totals
        .get(&CampaignId(campaign.id.0))
        .copied()
        .unwrap_or_default();
    let (links, employee, previous, next) = links::list(web, who, campaign, asked).await?;
    let materials = materials::list(web, campaign).await?;
    let done = asked.done.as_deref().filter(|d| DONE.contains(d));
    Ok(CampaignPage {
        s: who.shell(web, Place::Campaigns),
        row: Row::of(campaign, app.today(), counts),
        days: LATELY_DAYS,
        description: campaign.facts.description.clone(),
        destination: campaign.facts.destination.clone(),
        hosts: campaign.facts.allowed_hosts.join(", "),
        fallback: campaign.facts.fallback_url.clone(),
        picture: campaign
            .has_picture
            .then(|| format!("/app/campaigns/{}/picture", campaign.slug)),
        employee,
        links,
        previous,
        next,
        coupons: coupons::list(web, lang, campaign, asked).await?,
        link_form: LinkForm::new(&materials),
        materials,
        pilot: pilot::of(web, campaign).await?,
        coupon_form: CouponForm::new(),
        done: done.map(|d| lang.word("manage-done", d).to_string()),
    })
}

/// What can be said to be done.
pub const DONE: [&str; 8] = [
    "saved", "created", "picture", "minted", "link", "coupon", "material", "pilot",
];

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Html<CampaignPage>, Problem> {
    let campaign = known(&web, &who, &slug).await?;
    page(&web, &who, &campaign, &asked).await.map(Html)
}

/// The form's page.
pub fn form_page(
    web: &Web,
    who: &SignedIn,
    campaign: Option<&Campaign>,
    f: CampaignForm,
) -> CampaignFormPage {
    let pictured = campaign.filter(|c| c.has_picture);
    CampaignFormPage {
        s: who.shell(web, Place::Campaigns),
        slug: campaign.map(|c| c.slug.clone()),
        f,
        picture: pictured.map(|c| format!("/app/campaigns/{}/picture", c.slug)),
        picture_error: None,
    }
}

async fn new(State(web): State<Web>, who: SignedIn) -> Result<Html<CampaignFormPage>, Problem> {
    who.need(Permission::WriteCampaigns)?;
    Ok(Html(form_page(&web, &who, None, CampaignForm::empty())))
}

async fn create(State(web): State<Web>, who: SignedIn, Form(sent): Form<Sent>) -> Result<Response, Problem> {
    who.need(Permission::WriteCampaigns)?;
    let mut f = CampaignForm::of(&sent);
    if let Some(new) = f.new_campaign(who.lang) {
        match create_campaign(&web.app, &who.actor, &new).await {
            Ok(_) => {
                let slug = new.slug.trim().to_ascii_lowercase();
                return Ok(see_other(&format!("/app/manage/campaigns/{slug}?done=created")));
            }
            Err(refused) => f.refuse(who.lang, refused)?,
        }
    }
    Ok(Html(form_page(&web, &who, None, f)).status(StatusCode::UNPROCESSABLE_ENTITY))
}

async fn edit(
    State(web): State<Web>,
    who: SignedIn,
    Path(slug): Path<String>,
) -> Result<Html<CampaignFormPage>, Problem> {
    who.need(Permission::WriteCampaigns)?;
    let campaign = known(&web, &who, &slug).await?;
    let form = CampaignForm::of_campaign(&campaign);
    Ok(Html(form_page(&web, &who, Some(&campaign), form)))
}

async fn change(
    State(web): State<Web>,
    who: SignedIn,
    Path(slug): Path<String>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::WriteCampaigns)?;
    let campaign = known(&web, &who, &slug).await?;
    let mut f = CampaignForm::of(&sent);
    f.slug = Field::new("slug", &campaign.slug);
    if let Some(changes) = f.changes(who.lang) {
        match change_campaign(&web.app, &who.actor, &slug, &changes).await {
            Ok(_) => return Ok(see_other(&format!("/app/manage/campaigns/{slug}?done=saved"))),
            Err(refused) => f.refuse(who.lang, refused)?,
        }
    }
    Ok(Html(form_page(&web, &who, Some(&campaign), f)).status(StatusCode::UNPROCESSABLE_ENTITY))
}

/// Turns a campaign off or on.
async fn switch(
    State(web): State<Web>,
    who: SignedIn,
    Path(slug): Path<String>,
    Form(sent): Form<Switch>,
) -> Result<Response, Problem> {
    who.need(Permission::WriteCampaigns)?;
    let changes = CampaignChanges {
        disabled: Some(sent.disabled()?),
        ..CampaignChanges::default()
    };
    change_campaign(&web.app, &who.actor, &slug, &changes).await?;
    Ok(see_other(&format!("/app/manage/campaigns/{slug}?done=saved")))
}

/// `disabled=true` or `disabled=false`, as a button sends it.
#[derive(Debug, Deserialize)]
pub struct Switch {
    disabled: String,
}

impl Switch {
    /// Whether it is to be off.
    pub fn disabled(&self) -> Result<bool, Problem> {
        let wrong = || Problem::field("/disabled", "expected true or false");
        self.disabled.parse().map_err(|_| wrong())
    }
}
