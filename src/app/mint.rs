//! Minting links (attribution.md §1).
//!
//! # Why
//! Code and natural key can both be taken, by us or by somebody minting at the same instant: the row is inserted without
//! naming a constraint, and a refused insert looks which of the two it was.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::json;

use crate::app::filing::Filed;
use crate::app::refused::Door;
use crate::app::{Actor, App, Change, Permission, Refused};
use crate::domain::{Channel, EmployeeId, LinkCode, mint_code};
use crate::share::{AllowedHosts, Destination, UtmOverrides};
use crate::storage::campaigns::Campaign;
use crate::storage::employees::Employee;
use crate::storage::links::{Link, LinkKey, LinkSettings, insert_link, link_by_key, lock_link, update_link};
use crate::storage::{StoreError, Tx, insert_audit};

/// Most links of one call.
pub const BULK_MAX: usize = 1000;
/// How often a minted code may be taken before we give up: at 10^9 links one in 27 is.
const MINT_TRIES: u32 = 20;
/// Longest UTM value and material, characters.
const VALUE_MAX: usize = 100;

/// A link to be minted.
#[derive(Clone, Debug, Default)]
pub struct NewLink {
    /// Employee code.
    pub employee: String,
    /// Campaign slug.
    pub campaign: String,
    /// Where it is posted.
    pub channel: String,
    /// With which material.
    pub material: Option<String>,
    /// A wished slug.
    pub slug: Option<String>,
    /// Expiry, exclusive.
    pub expires_at: Option<Timestamp>,
    /// Own destination, on the campaign's allow-list.
    pub destination: Option<String>,
    /// Own UTM values.
    pub utm: Option<UtmOverrides>,
}

/// What is to change; `None` leaves it, `Some(None)` empties it.
#[derive(Clone, Debug, Default)]
pub struct LinkChanges {
    /// Off or on.
    pub disabled: Option<bool>,
    /// Expiry, exclusive.
    pub expires_at: Change<Timestamp>,
    /// Own destination.
    pub destination: Change<String>,
    /// Own UTM values.
    pub utm: Change<UtmOverrides>,
}

/// People and campaigns already looked up, for a thousand links of the same few.
#[derive(Default)]
struct Known {
    employees: HashMap<String, Option<Employee>>,
    campaigns: HashMap<String, Option<Campaign>>,
    /// Campaigns in a pilot that somebody is no part of.
    closed: HashMap<EmployeeId, BTreeSet<i64>>,
}

/// A link whose fields are right.
struct Wish {
    key: LinkKey,
    code: Option<LinkCode>,
    facts: LinkSettings,
    left: Option<jiff::civil::Date>,
    /// Why it would lead nowhere from its first day on: the field, and what is wrong with it.
    over: Option<(&'static str, String)>,
}

/// Mints a link, or gives the one that exists for the same employee, campaign, channel and material.
pub async fn mint(app: &App, actor: &Actor, new: &NewLink) -> Result<Filed<Link>, Refused> {
    let wish = wish(app, actor, new, &mut Known::default()).await?;
    let mut tx = app.store.begin().await?;
    let minted = mint_in(app, actor, &mut tx, &wish).await?;
    tx.commit().await?;
    if let Filed::New(_) = minted {
        app.links_changed().await;
    }
    Ok(minted)
}

/// Mints up to [`BULK_MAX`] links in one transaction, each with an answer of its own.
pub async fn mint_bulk(
    app: &App,
    actor: &Actor,
    all: &[NewLink],
) -> Result<Vec<Result<Filed<Link>, Refused>>, Refused> {
    if all.len() > BULK_MAX {
        return Err(Refused::at("", format!("expected at most {BULK_MAX} links")));
    }
    let mut known = Known::default();
    let mut wishes = Vec::with_capacity(all.len());
    for new in all {
        match wish(app, actor, new, &mut known).await {
            Err(Refused::Store(error)) => return Err(error.into()),
            other => wishes.push(other),
        }
    }
    let mut tx = app.store.begin().await?;
    let mut answers = Vec::with_capacity(all.len());
    for wish in wishes {
        let answer = match wish {
            Ok(wish) => mint_in(app, actor, &mut tx, &wish).await,
            Err(refused) => Err(refused),
        };
        match answer {
            Err(Refused::Store(error)) => return Err(error.into()),
            other => answers.push(other),
        }
    }
    tx.commit().await?;
    app.links_changed().await;
    Ok(answers)
}

/// Looks at every field.
async fn wish(app: &App, actor: &Actor, new: &NewLink, known: &mut Known) -> Result<Wish, Refused> {
    let mut door = Door::default();
    let employee = if let Some(found) = known.employees.get(&new.employee) {
        found.clone()
    } else {
        let found = app.store.employee(&new.employee, app.today()).await?;
        known.employees.insert(new.employee.clone(), found.clone());
        found
    };
    if !actor.may(Permission::WriteCampaigns) {
        let own = employee.as_ref().map(|e| e.id);
        if own.is_none() || own != actor.employee() || !actor.may(Permission::Own) {
            return Err(Refused::Forbidden("this key mints links of its own person only"));
        }
    }
    let campaign = if let Some(found) = known.campaigns.get(&new.campaign) {
        found.clone()
    } else {
        let found = app.store.campaign(&new.campaign).await?;
        known.campaigns.insert(new.campaign.clone(), found.clone());
        found
    };
    if employee.is_none() {
        let detail = format!(
            "expected an employee's code; there is nobody called {:?}",
            new.employee
        );
        door.wrong("/employee", detail);
    }
    if campaign.is_none() {
        let detail = format!(
            "expected a campaign's slug; there is none called {:?}",
            new.campaign
        );
        door.wrong("/campaign", detail);
    }
    let channel = door.parsed("/channel", Channel::parse(&new.channel));
    let material = door.line_opt("/material", new.material.as_deref(), VALUE_MAX);
    let code = new
        .slug
        .as_deref()
        .and_then(|slug| door.parsed("/slug", LinkCode::parse(slug)));
    let facts = LinkSettings {
        destination: own_destination(app, &mut door, new.destination.as_deref(), campaign.as_ref()),
        utm: own_utm(&mut door, new.utm.clone()),
        expires_at: new.expires_at.map(Timestamp::as_millisecond),
        disabled_at: None,
    };
    door.close()?;
    let (Some(employee), Some(campaign), Some(channel)) = (employee, campaign, channel) else {
        return Err(Refused::at("", "expected employee, campaign and channel"));
    };
    if let Entry::Vacant(unasked) = known.closed.entry(employee.id) {
        unasked.insert(app.store.campaigns_closed_to(employee.id, app.today()).await?);
    }
    if known
        .closed
        .get(&employee.id)
        .is_some_and(|closed| closed.contains(&campaign.id.0))
    {
        let detail = "this campaign is in a pilot that this employee is no part of";
        return Err(Refused::at("/campaign", detail));
    }
    Ok(Wish {
        key: LinkKey {
            employee: employee.id,
            campaign: campaign.id,
            channel: channel.as_str().to_owned(),
            material: material.unwrap_or_default(),
        },
        code,
        facts,
        left: employee.facts.left_on.filter(|last| *last < app.today()),
        over: over(app, new, &campaign),
    })
}

/// What is over before the link begins.
fn over(app: &App, new: &NewLink, campaign: &Campaign) -> Option<(&'static str, String)> {
    if let Some(last) = campaign.facts.ends_on.filter(|last| *last < app.today()) {
        return Some((
            "/campaign",
            format!("this campaign's last day was {last}: no new links"),
        ));
    }
    let end = new.expires_at?;
    let is_past = end.as_millisecond() <= app.clock.now_ms();
    is_past.then(|| ("/expires_at", format!("expected an instant to come, not {end}")))
}

fn own_destination(
    app: &App,
    door: &mut Door,
    text: Option<&str>,
    campaign: Option<&Campaign>,
) -> Option<String> {
    if text.is_some_and(|text| app.urls.is_landing(text)) {
        let destination = door.parsed("/destination", Destination::parse(text?))?;
        return Some(destination.as_str().to_owned());
    }
    let allowed = AllowedHosts::parse(&campaign?.facts.allowed_hosts).unwrap_or_default();
    let destination = door.parsed("/destination", Destination::parse_allowed(text?, &allowed))?;
    Some(destination.as_str().to_owned())
}

fn own_utm(door: &mut Door, utm: Option<UtmOverrides>) -> Option<UtmOverrides> {
    let utm = utm.filter(|utm| !utm.is_empty())?;
    for (pointer, value) in [
        ("/utm/source", &utm.source),
        ("/utm/medium", &utm.medium),
        ("/utm/campaign", &utm.campaign),
        ("/utm/content", &utm.content),
        ("/utm/term", &utm.term),
    ] {
        door.line_opt(pointer, value.as_deref(), VALUE_MAX);
    }
    Some(utm)
}

async fn mint_in(app: &App, actor: &Actor, tx: &mut Tx, wish: &Wish) -> Result<Filed<Link>, Refused> {
    if let Some(link) = link_by_key(tx, &wish.key).await? {
        return known_link(wish, link);
    }
    if let Some(last) = wish.left {
        return Err(Refused::at(
            "/employee",
            format!("this employee's last working day was {last}: no new links"),
        ));
    }
    if let Some((field, detail)) = &wish.over {
        return Err(Refused::at(field, detail));
    }
    let now_ms = app.clock.now_ms();
    for _ in 0..MINT_TRIES {
        let code = wish.code.clone().unwrap_or_else(|| app.with_rng(mint_code));
        if insert_link(tx, &code, &wish.key, &wish.facts, now_ms).await? {
            let link = link_by_key(tx, &wish.key).await?;
            let link = link.ok_or_else(|| Refused::NotFound(format!("link {code}")))?;
            let detail = json!({"employee": link.employee_code, "campaign": link.campaign_slug, "channel": link.channel});
            let subject = format!("link:{code}");
            insert_audit(tx, now_ms, &actor.word(), "link.minted", &subject, &detail).await?;
            return Ok(Filed::New(link));
        }
        // Somebody minted the same link in between?
        if let Some(link) = link_by_key(tx, &wish.key).await? {
            return known_link(wish, link);
        }
        if wish.code.is_some() {
            return Err(Refused::Conflict(format!("the slug {code} is taken")));
        }
    }
    Err(Refused::Conflict(format!(
        "{MINT_TRIES} random codes were taken; try again"
    )))
}

/// The link that exists; wishing for another slug than it has is a conflict.
fn known_link(wish: &Wish, link: Link) -> Result<Filed<Link>, Refused> {
    match &wish.code {
        Some(code) if *code != link.code => Err(Refused::Conflict(format!(
            "this employee already has the link {} for this campaign, channel and material; codes do not change",
            link.code
        ))),
        _ => Ok(Filed::Known(link)),
    }
}

/// Changes a link; the redirect follows at once. Somebody without the right to write campaigns changes their own links
/// only, and not where they lead.
pub async fn change_link(
    app: &App,
    actor: &Actor,
    code: &str,
    changes: &LinkChanges,
) -> Result<Link, Refused> {
    let now_ms = app.clock.now_ms();
    let missing = || Refused::NotFound(format!("link {code:?}"));
    // Read before the transaction begins: who holds one connection must not wait for a second.
    let campaign = match (&changes.destination, app.store.link(code).await?) {
        (Some(Some(_)), Some(link)) => app.store.campaign_by_id(link.campaign).await?,
        _ => None,
    };
    let mut tx = app.store.begin().await?;
    let link = lock_link(&mut tx, code).await?.ok_or_else(missing)?;
    if !actor.may(Permission::WriteCampaigns) {
        let own = actor.employee() == Some(link.employee) && actor.may(Permission::Own);
        if !own || changes.destination.is_some() || changes.utm.is_some() {
            return Err(Refused::Forbidden(
                "this key disables links of its own person only",
            ));
        }
    }
    let mut door = Door::default();
    let mut facts = link.facts.clone();
    if let Some(disabled) = changes.disabled {
        facts.disabled_at = if disabled {
            facts.disabled_at.or(Some(now_ms))
        } else {
            None
        };
    }
    if let Some(expires_at) = changes.expires_at {
        facts.expires_at = expires_at.map(Timestamp::as_millisecond);
    }
    if let Some(destination) = &changes.destination {
        facts.destination = own_destination(app, &mut door, destination.as_deref(), campaign.as_ref());
    }
    if let Some(utm) = &changes.utm {
        facts.utm = own_utm(&mut door, utm.clone());
    }
    door.close()?;
    if facts != link.facts {
        update_link(&mut tx, link.id, &facts, now_ms).await?;
        let detail = json!({"disabled": facts.disabled_at.is_some(), "expires_at": facts.expires_at,
                            "destination": facts.destination});
        let subject = format!("link:{}", link.code);
        insert_audit(&mut tx, now_ms, &actor.word(), "link.changed", &subject, &detail).await?;
    }
    tx.commit().await?;
    app.links_changed().await;
    Ok(Link { facts, ..link })
}

/// A link that this actor may see: everybody's, or one's own.
pub async fn visible_link(app: &App, actor: &Actor, code: &str) -> Result<Link, Refused> {
    let link = app.store.link(code).await?;
    let own = |link: &Link| actor.may(Permission::Own) && actor.employee() == Some(link.employee);
    link.filter(|link| actor.may(Permission::ReadTracker) || own(link))
        .ok_or_else(|| Refused::NotFound(format!("link {code:?}")))
}

/// Whom a list is narrowed to: the one asked for, and only oneself without the right to read everybody's.
pub async fn narrowed_employee(
    app: &App,
    actor: &Actor,
    code: Option<&str>,
) -> Result<Option<crate::domain::EmployeeId>, Refused> {
    let asked = match code {
        Some(code) => {
            let found = app.store.employee_id_by_code(code).await?;
            let detail = format!("expected an employee's code; there is nobody called {code:?}");
            Some(found.ok_or_else(|| Refused::at("?employee", detail))?)
        }
        None => None,
    };
    if actor.may(Permission::ReadTracker) {
        return Ok(asked);
    }
    match actor.employee() {
        Some(me) if asked.is_none_or(|asked| asked == me) && actor.may(Permission::Own) => Ok(Some(me)),
        _ => Err(Refused::Forbidden("this key sees its own person's only")),
    }
}

/// The campaign a list is narrowed to.
pub async fn narrowed_campaign(
    app: &App,
    slug: Option<&str>,
) -> Result<Option<crate::domain::CampaignId>, Refused> {
    let Some(slug) = slug else { return Ok(None) };
    let found: Result<_, StoreError> = app.store.campaign(slug).await;
    let detail = format!("expected a campaign's slug; there is none called {slug:?}");
    Ok(Some(found?.ok_or_else(|| Refused::at("?campaign", detail))?.id))
}
