//! A campaign's material: title and copy in three voices.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::campaign::known;
use super::date;
use crate::app::Permission;
use crate::app::materials::{put_material, wrong_with};
use crate::storage::campaigns::Campaign;
use crate::storage::materials::MaterialFacts;
use crate::web::html::{Html, see_other};
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Field;
use crate::web::{Form, Path, Problem, Query, Web};

/// Material as a row.
#[derive(Clone, Debug)]
pub struct MaterialRow {
    pub code: String,
    pub title: String,
    pub ends: Option<jiff::civil::Date>,
}

/// The form's page.
#[derive(Debug, Template)]
#[template(path = "manage/material_form.html")]
pub struct MaterialPage {
    pub s: Shell,
    pub campaign: String,
    pub slug: String,
    /// Whether it is there already, so that its code stands.
    pub exists: bool,
    pub code: Field,
    pub title: Field,
    pub pro: Field,
    pub life: Field,
    pub fun: Field,
    pub video_url: Field,
    pub starts_on: Field,
    pub ends_on: Field,
}

impl MaterialPage {
    pub fn back(&self) -> String {
        format!("/app/manage/campaigns/{}", self.slug)
    }

    pub fn all(&self) -> [&Field; 8] {
        [
            &self.code,
            &self.title,
            &self.pro,
            &self.life,
            &self.fun,
            &self.video_url,
            &self.starts_on,
            &self.ends_on,
        ]
    }

    pub fn is_wrong(&self) -> bool {
        self.all().iter().any(|f| f.is_wrong())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    code: String,
    title: String,
    pro: String,
    life: String,
    fun: String,
    video_url: String,
    starts_on: String,
    ends_on: String,
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    code: Option<String>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/app/manage/campaigns/{slug}/material", get(show).post(put))
}

/// A campaign's material, newest first.
pub async fn list(web: &Web, campaign: &Campaign) -> Result<Vec<MaterialRow>, Problem> {
    let found = web.app.store.materials_of(campaign.id).await?;
    let row = |m: crate::storage::materials::Material| MaterialRow {
        code: m.code,
        title: m.facts.title,
        ends: m.facts.ends_on,
    };
    Ok(found.into_iter().map(row).collect())
}

fn page(s: Shell, campaign: &Campaign, exists: bool, sent: &Sent) -> MaterialPage {
    MaterialPage {
        s,
        campaign: campaign.facts.name.clone(),
        slug: campaign.slug.clone(),
        exists,
        code: Field::new("code", sent.code.trim()),
        title: Field::new("title", sent.title.trim()),
        pro: Field::new("pro", sent.pro.trim()),
        life: Field::new("life", sent.life.trim()),
        fun: Field::new("fun", sent.fun.trim()),
        video_url: Field::new("video_url", sent.video_url.trim()),
        starts_on: Field::new("starts_on", sent.starts_on.trim()),
        ends_on: Field::new("ends_on", sent.ends_on.trim()),
    }
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Html<MaterialPage>, Problem> {
    who.need(Permission::WriteCampaigns)?;
    let campaign = known(&web, &who, &slug).await?;
    let s = who.shell(&web, Place::Campaigns);
    let Some(code) = asked.code else {
        return Ok(Html(page(s, &campaign, false, &Sent::default())));
    };
    let found = web.app.store.material(campaign.id, &code).await?;
    let material = found.ok_or_else(|| Problem::not_found(format_args!("material {code:?}")))?;
    let day = |day: Option<jiff::civil::Date>| day.map_or_else(String::new, |d| d.to_string());
    let sent = Sent {
        code: material.code,
        title: material.facts.title,
        pro: material.facts.pro,
        life: material.facts.life,
        fun: material.facts.fun,
        video_url: material.facts.video_url.unwrap_or_default(),
        starts_on: day(material.facts.starts_on),
        ends_on: day(material.facts.ends_on),
    };
    Ok(Html(page(s, &campaign, true, &sent)))
}

async fn put(
    State(web): State<Web>,
    who: SignedIn,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::WriteCampaigns)?;
    let campaign = known(&web, &who, &slug).await?;
    let lang = who.lang;
    let mut shown = page(
        who.shell(&web, Place::Campaigns),
        &campaign,
        asked.code.is_some(),
        &sent,
    );
    let facts = MaterialFacts {
        title: shown.title.value.clone(),
        pro: shown.pro.value.clone(),
        life: shown.life.value.clone(),
        fun: shown.fun.value.clone(),
        video_url: Some(shown.video_url.value.clone()).filter(|v| !v.is_empty()),
        starts_on: date(lang, &sent.starts_on, &mut shown.starts_on),
        ends_on: date(lang, &sent.ends_on, &mut shown.ends_on),
    };
    let code = asked.code.unwrap_or_else(|| shown.code.value.clone());
    for name in wrong_with(&code, &facts) {
        let words = lang.word("material-wrong", name).to_string();
        let field = match name {
            "code" => &mut shown.code,
            "title" => &mut shown.title,
            "pro" => &mut shown.pro,
            "life" => &mut shown.life,
            "fun" => &mut shown.fun,
            "video_url" => &mut shown.video_url,
            _ => &mut shown.ends_on,
        };
        field.error = Some(words);
    }
    if shown.is_wrong() {
        return Ok(Html(shown).status(StatusCode::UNPROCESSABLE_ENTITY));
    }
    put_material(&web.app, &who.actor, campaign.id, &code, &facts).await?;
    Ok(see_other(&format!(
        "/app/manage/campaigns/{slug}?done=material#materials"
    )))
}
