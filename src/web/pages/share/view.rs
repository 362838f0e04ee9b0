//! What can be posted today, as it is printed.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::app::App;
use crate::domain::EmployeeId;
use crate::share::{Discount, Freshness, PostText, fill_post, freshness};
use crate::storage::StoreError;
use crate::storage::campaigns::Campaign;
use crate::storage::coupons::Coupon;
use crate::storage::links::Link;
use crate::storage::materials::{Material, MaterialFacts};
use crate::web::i18n::{Lang, yuan};
use crate::web::ui::Choice;

/// Where people post, in the order they are offered; the first is what a link is made for when nothing is chosen.
pub const CHANNELS: [&str; 4] = ["wechat-moments", "wechat-group", "xiaohongshu", "weibo"];

/// One's own links of a campaign that are looked at: materials times channels, some dozens.
const MOST_LINKS: i64 = 1_000;

/// A voice of the copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// `pro`, `life` or `fun`.
    pub key: &'static str,
    /// The words, one's own link in them where they ask for it.
    pub text: String,
    /// Whether the link stands in the words; it follows below them otherwise.
    pub has_link: bool,
}

/// One's own link to the item on the channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLink {
    pub code: String,
    pub url: String,
    /// Turned off or past its end.
    pub dead: bool,
}

/// One's own coupon of the campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnCoupon {
    pub code: String,
    /// "¥30 off".
    pub off: String,
}

/// The item in front.
#[derive(Clone, Debug)]
pub struct Item {
    pub slug: String,
    pub campaign: String,
    /// The material's code; empty: the campaign as it is.
    pub material: String,
    pub title: String,
    pub picture: Option<String>,
    /// A film to post with it.
    pub video: Option<String>,
    pub fresh: Freshness,
    pub ends: Option<Date>,
    pub voices: Vec<Voice>,
    pub channel: String,
    pub channels: Vec<Choice>,
    pub link: Option<OwnLink>,
    pub coupon: Option<OwnCoupon>,
}

impl Item {
    /// What identifies it in a URL.
    pub fn query(slug: &str, material: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("campaign", slug)
            .append_pair("material", material);
        query.finish()
    }
}

/// Something that can be posted: material, or a campaign that has none.
#[derive(Clone, Debug)]
pub struct Postable {
    pub campaign: Campaign,
    pub material: Option<Material>,
}

impl Postable {
    pub fn material_code(&self) -> &str {
        self.material.as_ref().map_or("", |m| m.code.as_str())
    }

    pub fn title(&self) -> &str {
        let title = self.material.as_ref().map(|m| m.facts.title.as_str());
        title
            .filter(|t| !t.is_empty())
            .unwrap_or(&self.campaign.facts.name)
    }

    fn ends(&self) -> Option<Date> {
        let own = self.material.as_ref().and_then(|m| m.facts.ends_on);
        match (own, self.campaign.facts.ends_on) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Its picture, else the campaign's.
    fn picture(&self) -> Option<String> {
        let slug = &self.campaign.slug;
        match &self.material {
            Some(m) if m.picture_at.is_some() => {
                Some(format!("/app/campaigns/{slug}/materials/{}/picture", m.code))
            }
            _ => self
                .campaign
                .has_picture
                .then(|| format!("/app/campaigns/{slug}/picture")),
        }
    }

    /// How fresh it is; a campaign without material counts from its first day.
    pub fn fresh(&self, app: &App) -> Freshness {
        let day = |ms: i64| Timestamp::from_millisecond(ms).map_or(Date::MIN, |at| app.day_of(at));
        let (published, starts) = match &self.material {
            Some(m) => (m.published_at.unwrap_or(0), m.facts.starts_on),
            None => (self.campaign.created_at, self.campaign.facts.starts_on),
        };
        freshness(day(published), starts, app.today())
    }

    fn voices(&self, link: Option<&str>, lang: Lang, firm: &str) -> Vec<Voice> {
        let disclosure = lang.t("disclosure").with("firm", firm).to_string();
        let blank = lang.t("share-link-here").to_string();
        let nothing = MaterialFacts::default();
        let facts = self.material.as_ref().map_or(&nothing, |m| &m.facts);
        let mut voices: Vec<Voice> = [("pro", &facts.pro), ("life", &facts.life), ("fun", &facts.fun)]
            .into_iter()
            .filter(|(_, text)| !text.trim().is_empty())
            .map(|(key, text)| {
                let PostText { text, has_link } = fill_post(text, link, &blank, &disclosure);
                Voice { key, text, has_link }
            })
            .collect();
        if voices.is_empty() {
            let facts = &self.campaign.facts;
            let line = facts.description.trim();
            let text = if line.is_empty() {
                facts.name.clone()
            } else {
                format!("{}{}{line}", facts.name, lang.t("shell-colon"))
            };
            voices.push(Voice {
                key: "pro",
                text,
                has_link: false,
            });
        }
        voices
    }
}

/// Everything that can be posted on a day, what ends first at the top.
pub async fn postables(app: &App, day: Date) -> Result<Vec<Postable>, StoreError> {
    let mut campaigns: Vec<Campaign> = app.store.open_campaigns(day).await?;
    campaigns.retain(|c| c.facts.starts_on.is_none_or(|first| first <= day));
    let mut list: Vec<Postable> = Vec::new();
    for material in app.store.materials_on(day).await? {
        if let Some(campaign) = campaigns.iter().find(|c| c.id == material.campaign) {
            list.push(Postable {
                campaign: campaign.clone(),
                material: Some(material),
            });
        }
    }
    for campaign in &campaigns {
        if !list.iter().any(|p| p.campaign.id == campaign.id) {
            list.push(Postable {
                campaign: campaign.clone(),
                material: None,
            });
        }
    }
    Ok(list)
}

/// One's own links to an item, on whichever channels they were minted for.
async fn own_links(app: &App, employee: EmployeeId, item: &Postable) -> Result<Vec<Link>, StoreError> {
    let mut links = app
        .store
        .links(Some(employee), Some(item.campaign.id), None, MOST_LINKS)
        .await?;
    links.retain(|l| l.material == item.material_code());
    Ok(links)
}

/// One's own coupon of a campaign that can be used today.
async fn own_coupon(
    app: &App,
    lang: Lang,
    employee: EmployeeId,
    item: &Postable,
) -> Result<Option<OwnCoupon>, StoreError> {
    let today = app.today();
    let coupons: Vec<Coupon> = app
        .store
        .coupons(Some(employee), Some(item.campaign.id), None, 50)
        .await?;
    let usable = |c: &&Coupon| {
        c.disabled_at.is_none()
            && c.terms.starts_on.is_none_or(|first| first <= today)
            && c.terms.ends_on.is_none_or(|last| today <= last)
    };
    Ok(coupons.iter().find(usable).map(|c| OwnCoupon {
        code: c.code.clone(),
        off: match c.terms.discount {
            Discount::Percent(percent) => lang.t("share-percent-off").with("n", percent).to_string(),
            Discount::Amount(amount) => lang
                .t("share-amount-off")
                .with("amount", yuan(amount))
                .to_string(),
        },
    }))
}

/// The item in front, with one's own link and coupon.
pub async fn item(
    app: &App,
    (lang, firm): (Lang, &str),
    employee: EmployeeId,
    chosen: &Postable,
    wished: Option<&str>,
) -> Result<Item, StoreError> {
    let links = own_links(app, employee, chosen).await?;
    let now = app.clock.now_ms();
    let query = Item::query(&chosen.campaign.slug, chosen.material_code());
    // The usual channels, then those a link was minted for all the same.
    let mut offered: Vec<&str> = CHANNELS.to_vec();
    for link in &links {
        if !offered.contains(&link.channel.as_str()) {
            offered.push(&link.channel);
        }
    }
    let channel = wished.filter(|c| offered.contains(c)).unwrap_or(CHANNELS[0]);
    let channels = offered.iter().map(|c| {
        Choice::new(
            format!("/app/share?{query}&channel={c}"),
            lang.channel(c),
            *c == channel,
        )
    });
    let channels: Vec<Choice> = channels.collect();
    let link = links.iter().find(|l| l.channel == channel);
    let url = link.map(|l| app.urls.short_url(l.code.as_str()));
    Ok(Item {
        slug: chosen.campaign.slug.clone(),
        campaign: chosen.campaign.facts.name.clone(),
        material: chosen.material_code().to_owned(),
        title: chosen.title().to_owned(),
        picture: chosen.picture(),
        video: chosen.material.as_ref().and_then(|m| m.facts.video_url.clone()),
        fresh: chosen.fresh(app),
        ends: chosen.ends(),
        voices: chosen.voices(url.as_deref(), lang, firm),
        channel: channel.to_owned(),
        channels,
        link: link.map(|l| OwnLink {
            url: app.urls.short_url(l.code.as_str()),
            code: l.code.as_str().to_owned(),
            dead: l.facts.disabled_at.is_some() || l.facts.expires_at.is_some_and(|end| end <= now),
        }),
        coupon: own_coupon(app, lang, employee, chosen).await?,
    })
}
