//! Campaigns: where links lead, when they run, what they show.

use jiff::civil::Date;
use serde_json::json;

use crate::app::filing::Filed;
use crate::app::pictures::cleaned;
use crate::app::refused::Door;
use crate::app::{Actor, App, Change, Refused};
use crate::share::{AllowedHosts, Destination, DestinationError};
use crate::storage::campaigns::{
    Campaign, CampaignFacts, insert_campaign, lock_campaign, own_destinations, put_campaign_picture,
    update_campaign,
};
use crate::storage::insert_audit;

/// Longest name, characters: two lines of a poster.
const NAME_MAX: usize = 80;
/// Longest description, characters.
const DESCRIPTION_MAX: usize = 2000;

/// A new campaign.
#[derive(Clone, Debug, Default)]
pub struct NewCampaign {
    /// 2–60 ASCII letters, digits, `-`, `_`; capitals are folded.
    pub slug: String,
    /// What people and posters call it.
    pub name: String,
    /// A few sentences.
    pub description: String,
    /// Where its links lead.
    pub destination: String,
    /// Hosts its links may lead to; the destination's alone unless said.
    pub allowed_hosts: Option<Vec<String>>,
    /// First business day.
    pub starts_on: Option<Date>,
    /// Last business day.
    pub ends_on: Option<Date>,
    /// Where disabled and expired links lead.
    pub fallback_url: Option<String>,
    /// Own attribution window, days.
    pub attribution_window_days: Option<i64>,
}

/// What is to change; `None` leaves it, `Some(None)` empties it.
#[derive(Clone, Debug, Default)]
pub struct CampaignChanges {
    /// Name.
    pub name: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// Destination; held against the allow-list again.
    pub destination: Option<String>,
    /// Allow-list.
    pub allowed_hosts: Option<Vec<String>>,
    /// First business day.
    pub starts_on: Change<Date>,
    /// Last business day.
    pub ends_on: Change<Date>,
    /// Fallback.
    pub fallback_url: Change<String>,
    /// Own attribution window, days.
    pub attribution_window_days: Change<i64>,
    /// Off or on.
    pub disabled: Option<bool>,
}

/// A campaign's slug at the door.
fn slug(text: &str) -> Result<String, &'static str> {
    let text = text.trim().to_ascii_lowercase();
    let fits = (2..=60).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if fits {
        Ok(text)
    } else {
        Err("a campaign's slug has 2 to 60 ASCII letters, digits, '-' and '_'")
    }
}

/// Checks a record as a whole; `allowed` is `None` when nobody said which hosts.
fn checked(
    app: &App,
    door: &mut Door,
    facts: &CampaignFacts,
    allowed: Option<&[String]>,
) -> (CampaignFacts, AllowedHosts) {
    let destination = door.parsed("/destination", Destination::parse(&facts.destination));
    let hosts = match (allowed, &destination) {
        (Some(entries), _) => AllowedHosts::parse(entries).unwrap_or_else(|(at, error)| {
            let entry = entries.get(at).map_or("", String::as_str);
            door.wrong("/allowed_hosts", format!("{entry:?}: {error}"));
            AllowedHosts::default()
        }),
        (None, Some(destination)) => AllowedHosts::of(destination),
        (None, None) => AllowedHosts::default(),
    };
    if let Some(destination) = &destination
        && !hosts.allows(destination)
        && !app.urls.is_landing(destination.as_str())
    {
        door.wrong(
            "/destination",
            DestinationError::Host(destination.host().to_owned()),
        );
    }
    let fallback = facts.fallback_url.as_deref().map(Destination::parse);
    let fallback = fallback.and_then(|result| door.parsed("/fallback_url", result));
    door.span("/ends_on", facts.starts_on, facts.ends_on);
    if facts
        .attribution_window_days
        .is_some_and(|days| !(1..=365).contains(&days))
    {
        door.wrong("/attribution_window_days", "expected 1 to 365 days");
    }
    let facts = CampaignFacts {
        name: door.line("/name", &facts.name, NAME_MAX),
        description: door.text("/description", &facts.description, DESCRIPTION_MAX),
        destination: destination.map(|d| d.as_str().to_owned()).unwrap_or_default(),
        allowed_hosts: hosts.entries(),
        fallback_url: fallback.map(|d| d.as_str().to_owned()),
        ..facts.clone()
    };
    (facts, hosts)
}

/// Makes a campaign. The same slug with the same content again gives the first answer; with other content it is a
/// conflict.
pub async fn create_campaign(
    app: &App,
    actor: &Actor,
    new: &NewCampaign,
) -> Result<Filed<Campaign>, Refused> {
    let mut door = Door::default();
    let slug = door.parsed("/slug", slug(&new.slug)).unwrap_or_default();
    let facts = CampaignFacts {
        name: new.name.clone(),
        description: new.description.clone(),
        destination: new.destination.clone(),
        allowed_hosts: Vec::new(),
        starts_on: new.starts_on,
        ends_on: new.ends_on,
        fallback_url: new.fallback_url.clone(),
        attribution_window_days: new.attribution_window_days,
        disabled_at: None,
    };
    let (facts, _) = checked(app, &mut door, &facts, new.allowed_hosts.as_deref());
    door.close()?;
    let now_ms = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    if insert_campaign(&mut tx, &slug, &facts, now_ms).await?.is_none() {
        let known = lock_campaign(&mut tx, &slug).await?;
        return match known.filter(|known| known.facts == facts) {
            Some(known) => Ok(Filed::Known(known)),
            None => Err(Refused::Conflict(format!(
                "the slug {slug:?} is known with other content; change it by PATCH, or take another slug"
            ))),
        };
    }
    let detail =
        json!({"name": facts.name, "destination": facts.destination, "allowed_hosts": facts.allowed_hosts});
    let subject = format!("campaign:{slug}");
    insert_audit(
        &mut tx,
        now_ms,
        &actor.word(),
        "campaign.created",
        &subject,
        &detail,
    )
    .await?;
    let made = lock_campaign(&mut tx, &slug).await?;
    tx.commit().await?;
    app.links_changed().await;
    made.map(Filed::New).ok_or_else(|| Refused::NotFound(subject))
}

/// Changes a campaign; its links follow at once.
pub async fn change_campaign(
    app: &App,
    actor: &Actor,
    slug: &str,
    changes: &CampaignChanges,
) -> Result<Campaign, Refused> {
    let now_ms = app.clock.now_ms();
    let missing = || Refused::NotFound(format!("campaign {slug:?}"));
    let mut tx = app.store.begin().await?;
    let known = lock_campaign(&mut tx, slug).await?.ok_or_else(missing)?;
    let old = known.facts.clone();
    let allowed = changes
        .allowed_hosts
        .clone()
        .unwrap_or_else(|| old.allowed_hosts.clone());
    let facts = CampaignFacts {
        name: changes.name.clone().unwrap_or(old.name),
        description: changes.description.clone().unwrap_or(old.description),
        destination: changes.destination.clone().unwrap_or(old.destination),
        allowed_hosts: Vec::new(),
        starts_on: changes.starts_on.unwrap_or(old.starts_on),
        ends_on: changes.ends_on.unwrap_or(old.ends_on),
        fallback_url: changes.fallback_url.clone().unwrap_or(old.fallback_url),
        attribution_window_days: changes
            .attribution_window_days
            .unwrap_or(old.attribution_window_days),
        disabled_at: match changes.disabled {
            Some(true) => old.disabled_at.or(Some(now_ms)),
            Some(false) => None,
            None => old.disabled_at,
        },
    };
    let mut door = Door::default();
    let (facts, hosts) = checked(app, &mut door, &facts, Some(&allowed));
    if changes.allowed_hosts.is_some() {
        for own in own_destinations(&mut tx, known.id).await? {
            if app.urls.is_landing(&own) {
                continue;
            }
            if let Err(error) = Destination::parse_allowed(&own, &hosts) {
                door.wrong(
                    "/allowed_hosts",
                    format!("links of this campaign lead to {own}: {error}"),
                );
            }
        }
    }
    door.close()?;
    if facts != known.facts {
        update_campaign(&mut tx, known.id, &facts, now_ms).await?;
        let detail = json!({"name": facts.name, "destination": facts.destination, "allowed_hosts": facts.allowed_hosts,
                            "starts_on": facts.starts_on, "ends_on": facts.ends_on,
                            "disabled": facts.disabled_at.is_some()});
        let subject = format!("campaign:{}", known.slug);
        insert_audit(
            &mut tx,
            now_ms,
            &actor.word(),
            "campaign.changed",
            &subject,
            &detail,
        )
        .await?;
    }
    let changed = lock_campaign(&mut tx, slug).await?;
    tx.commit().await?;
    app.links_changed().await;
    changed.ok_or_else(missing)
}

/// Puts a campaign's picture: known by its content, written anew before it is kept.
pub async fn put_picture(app: &App, actor: &Actor, slug: &str, file: Vec<u8>) -> Result<Campaign, Refused> {
    let missing = || Refused::NotFound(format!("campaign {slug:?}"));
    if app.store.campaign(slug).await?.is_none() {
        return Err(missing());
    }
    let kept = cleaned("", file).await?;
    let now_ms = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    let known = lock_campaign(&mut tx, slug).await?.ok_or_else(missing)?;
    put_campaign_picture(&mut tx, known.id, kept.media_type, &kept.bytes, now_ms).await?;
    let detail = json!({"media_type": kept.media_type, "bytes": kept.bytes.len()});
    let subject = format!("campaign:{}", known.slug);
    insert_audit(
        &mut tx,
        now_ms,
        &actor.word(),
        "campaign.picture",
        &subject,
        &detail,
    )
    .await?;
    tx.commit().await?;
    app.links_changed().await;
    Ok(Campaign {
        has_picture: true,
        ..known
    })
}
