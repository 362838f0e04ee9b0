//! Pilots: a campaign is opened to chosen people and teams first (schemes.md 0, R16); others neither see it nor get links.

use serde_json::json;

use crate::app::{Actor, App, Permission, Refused};
use crate::domain::CampaignId;
use crate::storage::insert_audit;
use crate::storage::pilots::{delete_pilot_member, insert_pilot_member, open_pilot_row, start_pilot_row};

async fn campaign_of(app: &App, actor: &Actor, slug: &str) -> Result<CampaignId, Refused> {
    if !actor.may(Permission::WriteCampaigns) {
        return Err(Refused::Forbidden("only who writes campaigns may do this"));
    }
    let found = app.store.campaign(slug).await?;
    Ok(found
        .ok_or_else(|| Refused::NotFound(format!("campaign {slug:?}")))?
        .id)
}

/// Closes a campaign to all but the pilot's members. Links that were minted before go on redirecting.
pub async fn start_pilot(app: &App, actor: &Actor, slug: &str) -> Result<(), Refused> {
    let campaign = campaign_of(app, actor, slug).await?;
    let (by, now_ms) = (actor.word(), app.clock.now_ms());
    let mut tx = app.store.begin().await?;
    start_pilot_row(&mut tx, campaign, &by, now_ms).await?;
    insert_audit(
        &mut tx,
        now_ms,
        &by,
        "pilot.start",
        &format!("campaign:{slug}"),
        &json!({}),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Opens a campaign to everybody.
pub async fn open_to_all(app: &App, actor: &Actor, slug: &str) -> Result<(), Refused> {
    let campaign = campaign_of(app, actor, slug).await?;
    let (by, now_ms) = (actor.word(), app.clock.now_ms());
    let mut tx = app.store.begin().await?;
    if !open_pilot_row(&mut tx, campaign, &by, now_ms).await? {
        tx.rollback().await?;
        return Err(Refused::Conflict("this campaign is open to everybody".to_owned()));
    }
    insert_audit(
        &mut tx,
        now_ms,
        &by,
        "pilot.open",
        &format!("campaign:{slug}"),
        &json!({}),
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Takes a person (by code) or a team (by code or name) into the pilot.
pub async fn add_to_pilot(app: &App, actor: &Actor, slug: &str, who: &str) -> Result<(), Refused> {
    let campaign = campaign_of(app, actor, slug).await?;
    let running = app
        .store
        .pilot(campaign)
        .await?
        .is_some_and(|p| p.opened_at.is_none());
    if !running {
        return Err(Refused::Conflict(
            "this campaign has no pilot under way".to_owned(),
        ));
    }
    let who = who.trim();
    let person = app.store.employee(who, app.today()).await?.map(|p| p.id.0);
    let teams = app.store.teams().await?;
    let team = teams
        .iter()
        .find(|t| t.code == who || t.name == who)
        .map(|t| t.id)
        .filter(|_| person.is_none());
    if person.is_none() && team.is_none() {
        return Err(Refused::at(
            "/who",
            "an employee's code, or a team's code or name",
        ));
    }
    let (by, now_ms) = (actor.word(), app.clock.now_ms());
    let mut tx = app.store.begin().await?;
    if !insert_pilot_member(&mut tx, campaign, (person, team), &by, now_ms).await? {
        tx.rollback().await?;
        return Err(Refused::Conflict("they are in the pilot already".to_owned()));
    }
    let detail = json!({"who": who});
    insert_audit(
        &mut tx,
        now_ms,
        &by,
        "pilot.add",
        &format!("campaign:{slug}"),
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Takes a member out of the pilot; their links go on redirecting.
pub async fn remove_from_pilot(app: &App, actor: &Actor, slug: &str, member: i64) -> Result<(), Refused> {
    let campaign = campaign_of(app, actor, slug).await?;
    let (by, now_ms) = (actor.word(), app.clock.now_ms());
    let mut tx = app.store.begin().await?;
    if !delete_pilot_member(&mut tx, campaign, member).await? {
        tx.rollback().await?;
        return Err(Refused::NotFound(format!("pilot member {member}")));
    }
    let detail = json!({"member": member});
    insert_audit(
        &mut tx,
        now_ms,
        &by,
        "pilot.remove",
        &format!("campaign:{slug}"),
        &detail,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}
