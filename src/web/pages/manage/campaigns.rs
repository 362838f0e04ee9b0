//! `/app/manage/campaigns`: all campaigns with what they brought lately.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use jiff::civil::Date;
use serde::Deserialize;

use crate::app::Permission;
use crate::domain::{Counts, Money};
use crate::storage::campaigns::Campaign;
use crate::web::html::Html;
use crate::web::pages::paged;
use crate::web::session::SignedIn;
use crate::web::shell::{Place, Shell};
use crate::web::{Problem, Query, Web};

/// Campaigns on a page.
const ROWS: i64 = 100;

/// Days the sums look back.
pub const LATELY_DAYS: i64 = 30;

/// Where a campaign stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Running,
    Coming,
    Over,
    Disabled,
}

impl Standing {
    pub fn of(campaign: &Campaign, today: Date) -> Self {
        let facts = &campaign.facts;
        if facts.disabled_at.is_some() {
            Self::Disabled
        } else if facts.ends_on.is_some_and(|last| last < today) {
            Self::Over
        } else if facts.starts_on.is_some_and(|first| today < first) {
            Self::Coming
        } else {
            Self::Running
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Coming => "coming",
            Self::Over => "over",
            Self::Disabled => "disabled",
        }
    }

    pub const fn kind(self) -> &'static str {
        match self {
            Self::Running => "good",
            Self::Coming => "warn",
            Self::Over | Self::Disabled => "",
        }
    }

    pub const fn icon(self) -> &'static str {
        match self {
            Self::Running => "check",
            Self::Coming => "clock",
            Self::Over => "dash",
            Self::Disabled => "lock",
        }
    }
}

/// A campaign as a row.
#[derive(Clone, Debug)]
pub struct Row {
    pub slug: String,
    pub name: String,
    pub standing: Standing,
    pub starts: Option<Date>,
    pub ends: Option<Date>,
    pub counts: Counts,
}

impl Row {
    pub fn of(campaign: &Campaign, today: Date, counts: Counts) -> Self {
        Self {
            slug: campaign.slug.clone(),
            name: campaign.facts.name.clone(),
            standing: Standing::of(campaign, today),
            starts: campaign.facts.starts_on,
            ends: campaign.facts.ends_on,
            counts,
        }
    }

    pub fn amount(&self) -> Money {
        Money::from_minor(self.counts.amount)
    }
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "manage/campaigns.html")]
pub struct CampaignsPage {
    pub s: Shell,
    pub rows: Vec<Row>,
    pub days: i64,
    pub previous: Option<String>,
    pub next: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    after: Option<i64>,
}

/// The routes.
pub fn routes() -> Router<Web> {
    Router::new().route("/app/manage/campaigns", get(show))
}

/// The first hour of the sums, milliseconds UTC.
pub fn since(web: &Web) -> i64 {
    let ms = web.app.clock.now_ms() - LATELY_DAYS * 86_400_000;
    ms - ms.rem_euclid(3_600_000)
}

async fn show(
    State(web): State<Web>,
    who: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<CampaignsPage>, Problem> {
    who.need(Permission::ReadTracker)?;
    let mut campaigns = web.app.store.campaigns(asked.after, ROWS + 1).await?;
    let more = paged::cut(&mut campaigns, ROWS);
    let next = campaigns
        .last()
        .filter(|_| more)
        .map(|c| format!("/app/manage/campaigns?after={}", c.id));
    let totals = web.app.store.totals_of_campaigns(since(&web)).await?;
    let today = web.app.today();
    let mut rows: Vec<Row> = campaigns
        .iter()
        .map(|c| Row::of(c, today, totals.get(&c.id).copied().unwrap_or_default()))
        .collect();
    // What runs is what a manager looks for.
    rows.sort_by_key(|r| (r.standing as u8, std::cmp::Reverse(r.counts.human)));
    Ok(Html(CampaignsPage {
        s: who.shell(&web, Place::Campaigns),
        rows,
        days: LATELY_DAYS,
        previous: asked.after.map(|_| "/app/manage/campaigns".to_owned()),
        next,
    }))
}
