//! Founding and renaming teams.

use serde_json::json;

use crate::app::people::NAME_MAX;
use crate::app::refused::Door;
use crate::app::{Actor, App, Refused};
use crate::storage::insert_audit;
use crate::storage::teams::{insert_team, rename};

/// Founds a team; a name that is there is a conflict.
pub async fn found_team(app: &App, actor: &Actor, name: &str) -> Result<(), Refused> {
    let mut door = Door::default();
    let name = door.line("/name", name, NAME_MAX);
    door.close()?;
    let now = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    if !insert_team(&mut tx, &name, now).await? {
        return Err(Refused::Conflict(format!("there is a team {name:?}")));
    }
    let subject = format!("team:{name}");
    insert_audit(&mut tx, now, &actor.word(), "team.founded", &subject, &json!({})).await?;
    tx.commit().await?;
    Ok(())
}

/// Gives a team another name; boards that were frozen keep the old one.
pub async fn rename_team(app: &App, actor: &Actor, id: i64, name: &str) -> Result<(), Refused> {
    let mut door = Door::default();
    let name = door.line("/name", name, NAME_MAX);
    door.close()?;
    let teams = app.store.teams().await?;
    let known = teams.iter().find(|t| t.id == id);
    let known = known.ok_or_else(|| Refused::NotFound(format!("team {id}")))?;
    if known.name == name {
        return Ok(());
    }
    let now = app.clock.now_ms();
    let mut tx = app.store.begin().await?;
    if !rename(&mut tx, id, &name).await? {
        return Err(Refused::Conflict(format!("there is a team {name:?}")));
    }
    let detail = json!({"before": known.name, "after": name});
    let subject = format!("team:{}", known.code);
    insert_audit(&mut tx, now, &actor.word(), "team.renamed", &subject, &detail).await?;
    tx.commit().await?;
    app.links_changed().await;
    Ok(())
}
