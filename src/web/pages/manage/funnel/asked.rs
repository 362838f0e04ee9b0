//! What a URL asks for, and the lists its filters choose from.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;

use crate::domain::Period;
use crate::storage::campaigns::Campaign;
use crate::storage::slices::{Cut, CutFilter};
use crate::web::i18n::{Lang, period_words};
use crate::web::pages::manage::date;
use crate::web::ui::{Choice, Field, Opt};
use crate::web::{Problem, Web};

/// Days shown unless said.
const DAYS: i64 = 30;
/// Longest span.
const DAYS_MAX: i64 = 400;
/// The word for clicks whose region is unknown.
const UNKNOWN: &str = "-";

/// The filters, which all live in the address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    pub view: String,
    pub campaign: String,
    pub channel: String,
    pub material: String,
    pub region: String,
    pub from: String,
    pub to: String,
    pub sort: String,
    /// Which table a CSV is of.
    pub part: String,
}

/// The filters, understood.
#[derive(Clone, Debug)]
pub struct Filter {
    pub view: &'static str,
    pub campaign: Option<Campaign>,
    pub cut: CutFilter,
    /// The region as the address says it.
    pub region: String,
    pub from: Field,
    pub to: Field,
}

/// What can be chosen.
#[derive(Debug, Default)]
pub struct Lists {
    pub campaigns: Vec<Opt>,
    pub channels: Vec<Opt>,
    pub materials: Vec<Opt>,
    pub regions: Vec<Opt>,
}

/// The views of the page.
const VIEWS: [&str; 3] = ["funnel", "people", "cohorts"];

/// Understands the address. Dates that are none are said at their fields and the last 30 days shown; a campaign nobody
/// knows is 404.
pub async fn filter(web: &Web, lang: Lang, asked: &Asked) -> Result<Filter, Problem> {
    let view = VIEWS.into_iter().find(|v| *v == asked.view).unwrap_or("funnel");
    let campaign = match asked.campaign.trim() {
        "" => None,
        slug => {
            let found = web.app.store.campaign(slug).await?;
            Some(found.ok_or_else(|| Problem::not_found(format_args!("campaign {slug:?}")))?)
        }
    };
    let today = web.app.today();
    let mut from = Field::new("from", asked.from.trim());
    let mut to = Field::new("to", asked.to.trim());
    let last = date(lang, &asked.to, &mut to).unwrap_or(today);
    let earlier = last.saturating_sub((DAYS - 1).days());
    let mut first = date(lang, &asked.from, &mut from).unwrap_or(earlier);
    if last < first {
        from = from.wrong(lang.t("insight-backwards"));
        first = earlier;
    }
    if i64::from((last - first).get_days()) >= DAYS_MAX {
        from = from.wrong(lang.t("insight-long").n("d", DAYS_MAX));
        first = last.saturating_sub((DAYS_MAX - 1).days());
    }
    if !from.is_wrong() {
        from.value = first.to_string();
    }
    if !to.is_wrong() {
        to.value = last.to_string();
    }
    let some = |text: &str| Some(text.trim()).filter(|t| !t.is_empty()).map(str::to_owned);
    Ok(Filter {
        view,
        cut: CutFilter {
            first,
            end: last.tomorrow().unwrap_or(Date::MAX),
            campaign: campaign.as_ref().map(|c| c.id),
            channel: some(&asked.channel),
            material: some(&asked.material).filter(|_| campaign.is_some()),
            region: some(&asked.region).map(|r| if r == UNKNOWN { String::new() } else { r }),
        },
        region: asked.region.trim().to_owned(),
        campaign,
        from,
        to,
    })
}

/// The lists of the filters: what there is in the span.
pub async fn lists(web: &Web, lang: Lang, f: &Filter) -> Result<Lists, Problem> {
    let store = &web.app.store;
    let everything = |word: &'static str| Opt::new("", lang.word("insight-all", word));
    let mut lists = Lists::default();
    lists.campaigns.push(everything("campaigns"));
    for campaign in store.campaign_names().await? {
        lists.campaigns.push(Opt::new(&campaign.slug, &campaign.name));
    }
    let of_campaign = CutFilter {
        first: f.cut.first,
        end: f.cut.end,
        campaign: f.cut.campaign,
        ..CutFilter::default()
    };
    lists.channels.push(everything("channels"));
    for sum in store.cut_sums(Cut::Channel, &of_campaign).await? {
        lists.channels.push(Opt::new(&sum.key, lang.channel(&sum.key)));
    }
    lists.materials.push(everything("materials"));
    if let Some(campaign) = &f.campaign {
        for material in store.materials_of(campaign.id).await? {
            lists
                .materials
                .push(Opt::new(&material.code, &material.facts.title));
        }
    }
    lists.regions.push(everything("regions"));
    for sum in store.cut_sums(Cut::Region, &of_campaign).await? {
        let value = if sum.key.is_empty() { UNKNOWN } else { &sum.key };
        lists.regions.push(Opt::new(value, region_words(lang, &sum.key)));
    }
    Ok(lists)
}

/// A region as people read it.
pub fn region_words(lang: Lang, key: &str) -> String {
    match key {
        "" => lang.t("insight-unknown-region").to_string(),
        crate::app::slices::OTHERS => lang.t("insight-others").to_string(),
        key => key.replace('/', " "),
    }
}

impl Filter {
    /// The address with these filters, for another view, span or file.
    fn query(&self, view: &str, first: Date, last: Date) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("view", view);
        if let Some(campaign) = &self.campaign {
            query.append_pair("campaign", &campaign.slug);
        }
        for (name, value) in [("channel", &self.cut.channel), ("material", &self.cut.material)] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        if !self.region.is_empty() {
            query.append_pair("region", &self.region);
        }
        query.append_pair("from", &first.to_string());
        query.append_pair("to", &last.to_string());
        query.finish()
    }

    fn last(&self) -> Date {
        self.cut.end.yesterday().unwrap_or(self.cut.end)
    }

    /// The page with these filters.
    pub fn page(&self) -> String {
        format!(
            "/app/manage/funnel?{}",
            self.query(self.view, self.cut.first, self.last())
        )
    }

    /// A file of what is shown; `part` is the table's key.
    pub fn file(&self, kind: &str, part: &str) -> String {
        let query = self.query(self.view, self.cut.first, self.last());
        let part = if part.is_empty() {
            String::new()
        } else {
            format!("&part={part}")
        };
        format!("/app/manage/funnel.{kind}?{query}{part}")
    }

    /// The views as links.
    pub fn views(&self, lang: Lang) -> Vec<Choice> {
        VIEWS
            .into_iter()
            .map(|view| {
                let href = format!(
                    "/app/manage/funnel?{}",
                    self.query(view, self.cut.first, self.last())
                );
                Choice::new(href, lang.word("insight-view", view), view == self.view)
            })
            .collect()
    }

    /// Spans one often asks for.
    pub fn spans(&self, web: &Web, lang: Lang) -> Vec<Choice> {
        let today = web.app.today();
        let mut spans: Vec<(String, Date, Date)> = Vec::new();
        for period in [Period::week_of(today), Period::month_of(today)]
            .into_iter()
            .flatten()
        {
            for period in [Some(period), period.previous().ok()].into_iter().flatten() {
                let last = period.end.yesterday().unwrap_or(period.end).min(today);
                spans.push((period_words(lang, &period), period.first, last));
            }
        }
        for days in [DAYS, 90] {
            let name = lang.t("insight-lately").n("d", days).to_string();
            spans.push((name, today.saturating_sub((days - 1).days()), today));
        }
        spans
            .into_iter()
            .map(|(name, first, last)| {
                let href = format!("/app/manage/funnel?{}", self.query(self.view, first, last));
                Choice::new(href, name, first == self.cut.first && last == self.last())
            })
            .collect()
    }
}
