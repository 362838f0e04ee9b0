//! `/app/manage/funnel`: link → click → valid → lead → sale by campaign, content, channel, region and hour; cohorts; who
//! brings it. Everything on screen is also a file.

mod asked;
mod cohorts;
mod cuts;
mod people;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;

use super::grid::Grid;
use crate::app::Permission;
use crate::sheet::{Table, workbook};
use crate::web::chart::{Heat, WideFunnel};
use crate::web::html::Html;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::ui::{Choice, Field, Opt};
use crate::web::{Problem, Query, Web};

pub use asked::{Asked, Filter};

/// The page.
#[derive(Debug, Template)]
#[template(path = "manage/funnel.html")]
pub struct FunnelPage {
    pub s: Shell,
    pub views: Vec<Choice>,
    pub spans: Vec<Choice>,
    pub view: &'static str,
    pub campaigns: Vec<Opt>,
    pub campaign: String,
    pub channels: Vec<Opt>,
    pub channel: String,
    pub materials: Vec<Opt>,
    pub material: String,
    pub regions: Vec<Opt>,
    pub region: String,
    pub from: Field,
    pub to: Field,
    pub headline: String,
    /// When the days were counted; `None`: not yet.
    pub counted: Option<Timestamp>,
    pub wide: Option<WideFunnel>,
    pub heat: Option<Heat>,
    pub grids: Vec<Grid>,
    pub xlsx: String,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new()
        .route("/app/manage/funnel", get(show))
        .route("/app/manage/funnel.csv", get(csv))
        .route("/app/manage/funnel.xlsx", get(xlsx))
}

async fn page(web: &Web, who: &SignedIn, asked: &Asked) -> Result<FunnelPage, Problem> {
    who.need(Permission::ReadTracker)?;
    let lang = who.lang;
    let f = asked::filter(web, lang, asked).await?;
    let lists = asked::lists(web, lang, &f).await?;
    let mut page = FunnelPage {
        s: who.shell(web, Place::Funnel),
        views: f.views(lang),
        spans: f.spans(web, lang),
        view: f.view,
        campaigns: lists.campaigns,
        campaign: f.campaign.as_ref().map(|c| c.slug.clone()).unwrap_or_default(),
        channels: lists.channels,
        channel: f.cut.channel.clone().unwrap_or_default(),
        materials: lists.materials,
        material: f.cut.material.clone().unwrap_or_default(),
        regions: lists.regions,
        region: f.region.clone(),
        from: f.from.clone(),
        to: f.to.clone(),
        headline: String::new(),
        counted: web
            .app
            .store
            .counted_at(f.cut.first, f.cut.end)
            .await?
            .and_then(|ms| Timestamp::from_millisecond(ms).ok()),
        wide: None,
        heat: None,
        grids: Vec::new(),
        xlsx: f.file("xlsx", ""),
    };
    match f.view {
        "people" => people::fill(web, lang, &f, &mut page).await?,
        "cohorts" => cohorts::fill(web, lang, &f, &mut page).await?,
        _ => cuts::fill(web, lang, &f, &mut page).await?,
    }
    for grid in &mut page.grids {
        grid.csv = f.file("csv", grid.key);
        grid.csv_words = lang.t("insight-csv").to_string();
        grid.csv_label = format!("{}{}{}", grid.csv_words, lang.t("shell-colon"), grid.name);
        grid.none = lang.t("insight-none").to_string();
        grid.region = lang.t("shell-table").with("what", &grid.name).to_string();
        if !asked.sort.is_empty() {
            grid.sort(&asked.sort);
        }
    }
    Ok(page)
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<FunnelPage>, Problem> {
    page(&web, &who, &asked).await.map(Html)
}

/// One of the tables, `part` by its key.
async fn csv(State(web): State<Web>, who: SignedIn, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let page = page(&web, &who, &asked).await?;
    let grid = page.grids.iter().find(|g| g.key == asked.part);
    let grid = grid.ok_or_else(|| Problem::field("?part", "expected one of the tables of this page"))?;
    let bytes = grid.table().to_csv().map_err(|e| Problem::internal(&e))?;
    Ok(download(
        bytes,
        "text/csv; charset=utf-8",
        &format!("{}.csv", grid.key),
    ))
}

/// All tables of the page as one workbook.
async fn xlsx(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let page = page(&web, &who, &asked).await?;
    let mut tables: Vec<Table> = page.grids.iter().map(Grid::table).collect();
    if let Some(heat) = &page.heat {
        tables.push(cuts::hours_table(heat));
    }
    let bytes = workbook(&tables, web.app.today()).map_err(|e| Problem::internal(&e))?;
    Ok(download(bytes, XLSX, &format!("funnel-{}.xlsx", page.view)))
}

/// The media type of a workbook.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A file to be kept.
pub fn download(bytes: Vec<u8>, media: &'static str, name: &str) -> Response {
    let mut response = bytes.into_response();
    let head = response.headers_mut();
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    head.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        head.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
