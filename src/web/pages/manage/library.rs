//! `/app/manage/materials`: all material with where it stands; approving what another wrote, withdrawing, pictures.

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::campaign::known;
use super::picture::{LIMIT, first_file};
use crate::app::materials::{MaterialStep, decide_on_material, put_material_picture};
use crate::app::{Permission, Refused};
use crate::domain::MaterialState;
use crate::storage::campaigns::CampaignName;
use crate::storage::materials::MaterialFilter;
use crate::web::html::{Html, see_other};
use crate::web::i18n::date_words;
use crate::web::pages::actors::Actors;
use crate::web::pages::claims::view::instant;
use crate::web::pages::paged::cut;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::Choice;
use crate::web::{Form, Path, Problem, Query, Web};

/// Material on a page.
const ROWS: i64 = 100;
const TABS: [&str; 4] = ["all", "draft", "approved", "withdrawn"];

/// A piece of material.
#[derive(Clone, Debug)]
pub struct Item {
    pub key: String,
    pub slug: String,
    pub code: String,
    pub title: String,
    pub campaign: String,
    pub voices: String,
    pub video: Option<String>,
    pub days: String,
    pub state: MaterialState,
    /// When its first day is to come.
    pub scheduled: bool,
    pub made: String,
    pub decided: Option<String>,
    pub picture: Option<String>,
    /// Who looks wrote it: another approves.
    pub mine: bool,
    pub error: Option<String>,
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "manage/library.html")]
pub struct LibraryPage {
    pub s: Shell,
    pub tabs: Vec<Choice>,
    pub items: Vec<Item>,
    /// Those that want material: open ones, newest first.
    pub campaigns: Vec<(String, String)>,
    pub previous: Option<String>,
    pub next: Option<String>,
    pub done: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    tab: String,
    done: String,
    before: Option<i64>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Sent {
    step: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/manage/materials", get(list))
        .route("/app/manage/materials/{slug}/{code}", post(decide))
        .route(
            "/app/manage/materials/{slug}/{code}/picture",
            get(picture).post(put).layer(DefaultBodyLimit::max(LIMIT)),
        )
}

async fn page(web: &Web, who: &SignedIn, asked: &Asked) -> Result<LibraryPage, Problem> {
    who.need(Permission::WriteCampaigns)?;
    let lang = who.lang;
    let store = &web.app.store;
    let s = who.shell(web, Place::Materials);
    let tab = TABS.into_iter().find(|t| *t == asked.tab).unwrap_or(TABS[0]);
    let filter = MaterialFilter {
        campaign: None,
        state: tab.parse().ok(),
    };
    let today = web.app.today();
    // Before the names: a campaign made in between has a name then.
    let mut materials = store.materials(filter, asked.before, ROWS + 1).await?;
    let more = cut(&mut materials, ROWS);
    let actors = Actors::load(web, lang).await?;
    let campaigns: HashMap<i64, CampaignName> = store
        .campaign_names()
        .await?
        .into_iter()
        .map(|c| (c.id, c))
        .collect();
    let address = |before: Option<i64>| match before {
        Some(id) => format!("/app/manage/materials?tab={tab}&before={id}"),
        None => format!("/app/manage/materials?tab={tab}"),
    };
    let next = materials.last().filter(|_| more).map(|m| address(Some(m.id.0)));
    let mut items = Vec::new();
    for m in materials {
        let Some(campaign) = campaigns.get(&m.campaign.0) else {
            return Err(Problem::internal(&"material of no campaign"));
        };
        let voices: Vec<String> = [
            ("pro", &m.facts.pro),
            ("life", &m.facts.life),
            ("fun", &m.facts.fun),
        ]
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(voice, _)| lang.word("voice", voice).to_string())
        .collect();
        let day = |d: jiff::civil::Date| date_words(lang, d);
        let path = format!("/app/manage/materials/{}/{}", campaign.slug, m.code);
        items.push(Item {
            key: format!("{}-{}", campaign.slug, m.code),
            slug: campaign.slug.clone(),
            title: m.facts.title,
            campaign: campaign.name.clone(),
            voices: voices.join(" · "),
            video: m.facts.video_url,
            days: match (m.facts.starts_on, m.facts.ends_on) {
                (None, None) => lang.t("campaign-days-any").to_string(),
                (Some(first), Some(last)) => format!("{} – {}", day(first), day(last)),
                (Some(first), None) => lang.t("campaign-days-from").with("day", day(first)).to_string(),
                (None, Some(last)) => lang.t("campaign-days-until").with("day", day(last)).to_string(),
            },
            scheduled: m.facts.starts_on.is_some_and(|first| today < first),
            state: m.state,
            mine: who.actor.is_same(store, &m.made_by).await?,
            made: actors.name(&m.made_by),
            decided: m
                .decided_by
                .as_deref()
                .zip(m.decided_at)
                .map(|(by, at)| format!("{} · {}", actors.name(by), s.moment.exact(instant(at)))),
            picture: m.picture_at.map(|at| format!("{path}/picture?v={at}")),
            code: m.code,
            error: None,
        });
    }
    let done = ["approved", "withdrawn", "picture"]
        .into_iter()
        .find(|d| *d == asked.done);
    Ok(LibraryPage {
        tabs: TABS
            .map(|t| {
                Choice::new(
                    format!("/app/manage/materials?tab={t}"),
                    lang.word("library-tab", t),
                    t == tab,
                )
            })
            .to_vec(),
        items,
        campaigns: store
            .open_campaigns(today)
            .await?
            .into_iter()
            .map(|c| (c.slug, c.facts.name))
            .collect(),
        previous: asked.before.map(|_| address(None)),
        next,
        done: done.map(|d| lang.word("library-done", d).to_string()),
        s,
    })
}

async fn list(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<LibraryPage>, Problem> {
    page(&web, &who, &asked).await.map(Html)
}

/// The page with what was wrong at its item.
async fn refused(
    web: &Web,
    who: &SignedIn,
    (slug, code): (&str, &str),
    error: Refused,
) -> Result<Response, Problem> {
    let (status, word) = match error {
        Refused::Forbidden(_) => (StatusCode::FORBIDDEN, "own"),
        Refused::Wrong(_) => (StatusCode::UNPROCESSABLE_ENTITY, "wrong-picture"),
        Refused::Conflict(_) => (StatusCode::CONFLICT, "conflict"),
        other => return Err(other.into()),
    };
    let mut page = page(web, who, &Asked::default()).await?;
    let words = who.lang.word("library", word).to_string();
    if let Some(item) = page.items.iter_mut().find(|i| i.slug == slug && i.code == code) {
        item.error = Some(words);
    }
    Ok(Html(page).status(status))
}

async fn decide(
    State(web): State<Web>,
    who: SignedIn,
    Path((slug, code)): Path<(String, String)>,
    Form(sent): Form<Sent>,
) -> Result<Response, Problem> {
    who.need(Permission::WriteCampaigns)?;
    let campaign = known(&web, &who, &slug).await?;
    let (step, word) = match sent.step.as_str() {
        "approve" => (MaterialStep::Approve, "approved"),
        "withdraw" => (MaterialStep::Withdraw, "withdrawn"),
        _ => return Err(Problem::field("/step", "expected approve or withdraw")),
    };
    match decide_on_material(&web.app, &who.actor, campaign.id, &code, step).await {
        Ok(_) => Ok(see_other(&format!("/app/manage/materials?done={word}"))),
        Err(error) => refused(&web, &who, (&slug, &code), error).await,
    }
}

async fn put(
    State(web): State<Web>,
    who: SignedIn,
    Path((slug, code)): Path<(String, String)>,
    multipart: Result<Multipart, axum::extract::multipart::MultipartRejection>,
) -> Result<Response, Problem> {
    who.need(Permission::WriteCampaigns)?;
    let campaign = known(&web, &who, &slug).await?;
    let multipart = multipart.map_err(|_| Problem::unreadable("expected a form with a file"))?;
    let bytes = first_file(multipart).await?;
    match put_material_picture(&web.app, &who.actor, campaign.id, &code, bytes).await {
        Ok(()) => Ok(see_other("/app/manage/materials?done=picture")),
        Err(error) => refused(&web, &who, (&slug, &code), error).await,
    }
}

async fn picture(
    State(web): State<Web>,
    who: SignedIn,
    Path((slug, code)): Path<(String, String)>,
) -> Result<Response, Problem> {
    who.need(Permission::WriteCampaigns)?;
    let campaign = known(&web, &who, &slug).await?;
    let missing = || Problem::not_found(format_args!("picture of material {code:?}"));
    let material = web
        .app
        .store
        .material(campaign.id, &code)
        .await?
        .ok_or_else(missing)?;
    let picture = web
        .app
        .store
        .material_picture(material.id)
        .await?
        .ok_or_else(missing)?;
    let mut response = picture.bytes.into_response();
    let head = response.headers_mut();
    head.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, max-age=3600"),
    );
    if let Ok(media) = HeaderValue::from_str(&picture.media_type) {
        head.insert(header::CONTENT_TYPE, media);
    }
    Ok(response)
}
