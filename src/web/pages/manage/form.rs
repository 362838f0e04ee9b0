//! A campaign's form: what was typed, read into what the application takes.

use serde::Deserialize;

use super::{date, place};
use crate::app::Refused;
use crate::app::campaigns::{CampaignChanges, NewCampaign};
use crate::storage::campaigns::Campaign;
use crate::web::Problem;
use crate::web::i18n::Lang;
use crate::web::ui::Field;

/// The form as it is sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    slug: String,
    name: String,
    description: String,
    destination: String,
    allowed_hosts: String,
    starts_on: String,
    ends_on: String,
    fallback_url: String,
    attribution_window_days: String,
}

/// The form as it is shown.
#[derive(Clone, Debug)]
pub struct CampaignForm {
    pub slug: Field,
    pub name: Field,
    pub description: Field,
    pub destination: Field,
    pub allowed_hosts: Field,
    pub starts_on: Field,
    pub ends_on: Field,
    pub fallback_url: Field,
    pub attribution_window_days: Field,
    /// What is wrong with no field in particular.
    pub others: Vec<String>,
}

impl CampaignForm {
    pub fn of(sent: &Sent) -> Self {
        Self {
            slug: Field::new("slug", &sent.slug),
            name: Field::new("name", &sent.name),
            description: Field::new("description", &sent.description),
            destination: Field::new("destination", &sent.destination),
            allowed_hosts: Field::new("allowed_hosts", &sent.allowed_hosts),
            starts_on: Field::new("starts_on", &sent.starts_on),
            ends_on: Field::new("ends_on", &sent.ends_on),
            fallback_url: Field::new("fallback_url", &sent.fallback_url),
            attribution_window_days: Field::new("attribution_window_days", &sent.attribution_window_days),
            others: Vec::new(),
        }
    }

    pub fn empty() -> Self {
        Self::of(&Sent::default())
    }

    pub fn of_campaign(campaign: &Campaign) -> Self {
        let facts = &campaign.facts;
        let day = |day: Option<jiff::civil::Date>| day.map_or_else(String::new, |d| d.to_string());
        Self::of(&Sent {
            slug: campaign.slug.clone(),
            name: facts.name.clone(),
            description: facts.description.clone(),
            destination: facts.destination.clone(),
            allowed_hosts: facts.allowed_hosts.join("\n"),
            starts_on: day(facts.starts_on),
            ends_on: day(facts.ends_on),
            fallback_url: facts.fallback_url.clone().unwrap_or_default(),
            attribution_window_days: facts
                .attribution_window_days
                .map_or_else(String::new, |d| d.to_string()),
        })
    }

    fn fields(&mut self) -> [&mut Field; 9] {
        [
            &mut self.slug,
            &mut self.name,
            &mut self.description,
            &mut self.destination,
            &mut self.allowed_hosts,
            &mut self.starts_on,
            &mut self.ends_on,
            &mut self.fallback_url,
            &mut self.attribution_window_days,
        ]
    }

    /// The fields, for the summary at the top.
    pub fn all(&self) -> [&Field; 9] {
        [
            &self.slug,
            &self.name,
            &self.description,
            &self.destination,
            &self.allowed_hosts,
            &self.starts_on,
            &self.ends_on,
            &self.fallback_url,
            &self.attribution_window_days,
        ]
    }

    pub fn is_wrong(&self) -> bool {
        !self.others.is_empty() || self.all().iter().any(|f| f.is_wrong())
    }

    /// Marks what the application refused.
    pub fn refuse(&mut self, lang: Lang, refused: Refused) -> Result<(), Problem> {
        self.others = place(lang, "campaign-wrong", refused, &mut self.fields())?;
        Ok(())
    }

    /// What was typed as a new campaign; `None` when a field cannot be read, and then it is marked.
    pub fn new_campaign(&mut self, lang: Lang) -> Option<NewCampaign> {
        let hosts = self.hosts();
        let new = NewCampaign {
            slug: self.slug.value.clone(),
            name: self.name.value.clone(),
            description: self.description.value.clone(),
            destination: self.destination.value.trim().to_owned(),
            allowed_hosts: (!hosts.is_empty()).then_some(hosts),
            starts_on: date(lang, &self.starts_on.value.clone(), &mut self.starts_on),
            ends_on: date(lang, &self.ends_on.value.clone(), &mut self.ends_on),
            fallback_url: self.fallback(),
            attribution_window_days: self.window(lang),
        };
        (!self.is_wrong()).then_some(new)
    }

    /// What was typed as changes; an empty list of hosts means the destination's own.
    pub fn changes(&mut self, lang: Lang) -> Option<CampaignChanges> {
        let new = self.new_campaign(lang)?;
        let own_host = url::Url::parse(&new.destination)
            .ok()
            .and_then(|u| u.host_str().map(str::to_owned));
        Some(CampaignChanges {
            name: Some(new.name),
            description: Some(new.description),
            destination: Some(new.destination),
            allowed_hosts: new.allowed_hosts.or_else(|| own_host.map(|h| vec![h])),
            starts_on: Some(new.starts_on),
            ends_on: Some(new.ends_on),
            fallback_url: Some(new.fallback_url),
            attribution_window_days: Some(new.attribution_window_days),
            disabled: None,
        })
    }

    /// Hosts parted by spaces, commas or lines.
    fn hosts(&self) -> Vec<String> {
        let parts = self
            .allowed_hosts
            .value
            .split(|c: char| c.is_whitespace() || matches!(c, ',' | '，' | '、' | ';'));
        parts.filter(|p| !p.is_empty()).map(str::to_owned).collect()
    }

    fn fallback(&self) -> Option<String> {
        Some(self.fallback_url.value.trim().to_owned()).filter(|u| !u.is_empty())
    }

    fn window(&mut self, lang: Lang) -> Option<i64> {
        let text = self.attribution_window_days.value.trim();
        if text.is_empty() {
            return None;
        }
        match text.parse() {
            Ok(days) => Some(days),
            Err(_) => {
                let words = lang.word("campaign-wrong", "attribution_window_days").to_string();
                self.attribution_window_days.error = Some(words);
                None
            }
        }
    }
}
